/*-------------------------------------------------------------------------
 *
 * pager.c
 *	  Which request comes next, and the rows of all answers.
 *
 * Page numbers are our own; the server's nextPage URI only says whether there
 * is one, since the token would follow it wherever it leads.
 *
 * While the executor consumes a page, the next one is on its way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/batch.h"
#include "answer/page.h"
#include "api/time.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "net/exchange.h"
#include "net/http.h"
#include "scan/pager.h"
#include "scan/rows.h"
#include "shared/clock.h"
#include "shared/density.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* After so many records the transfer of the next page gets a turn */
#define ADVANCE_EVERY 32

/* So many pages in a row may bring nothing new before that is absurd */
#define MAX_BARREN_PAGES 100

/* An answer that is kept for a rescan that asks the same again */
typedef struct KeptAnswer
{
	uint64		hash;			/* of the URL: key of the table */
	char	   *url;
	ClfHttpResponse response;
} KeptAnswer;

struct ClfPager
{
	/* for the pager's life */
	const ClfTable *table;
	MemoryContext cxt;
	ClfExchange *exchange;
	bool		send_ahead;
	double		limit;			/* rows that are enough; 0: all may be needed */
	bool		partial;		/* may the query need but a part of the rows? */
	ClfActivity *activity;
	ClfRows    *rows;
	TimestampTz now;			/* by the API's clock, for all its queries; 0:
								 * not known yet */
	TimestampTz fixed_at;		/* when that was, by the local clock */
	MemoryContext kept_cxt;		/* NULL: answers are not kept */
	HTAB	   *kept;

	/* for one run of a query */
	const ClfQuery *query;
	bool		window_empty;
	ClfWindow	window;
	TimestampTz until;			/* its end, moved back past the page ceiling */
	bool		at_end;

	/* the page being consumed, and the one after it */
	MemoryContext page_cxt;
	ClfPage    *page;
	int			page_number;	/* 0: none yet */
	int			page_size;		/* smaller than all others for a limit */
	int			next_record;
	int			new_records;	/* given out of it, so far */
	int			barren_pages;	/* in a row before it, without new records */
	char	   *next_url;		/* of the page that is to come; NULL: it is
								 * not decided on yet */
};

/* ----------
 * Where an error happened
 * ----------
 */

static void
record_error_context(void *arg)
{
	ClfPager   *pager = arg;

	errcontext("record %d on page %d for foreign table \"%s\"",
			   pager->next_record, pager->page_number,
			   pager->table->relname);
}

/* ----------
 * Life
 * ----------
 */

/*
 * clf_pager_create
 *		A pager for one scan, owned by the memory context, as are the requests
 *		that it sends, ahead of need or not.  Its rows have the selected fields;
 *		nothing may be selected any more after the start.  The role is the one
 *		whose user mapping counts.  keep: the scan may be started over, with
 *		other values, so answers are kept as far as work_mem allows.
 */
ClfPager   *
clf_pager_create(MemoryContext cxt, const ClfTable *table,
				 const ClfScanPlan *plan, ClfSelection *selection,
				 Oid userid, bool send_ahead, bool keep,
				 ClfActivity *activity)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPager   *pager = palloc0(sizeof(ClfPager));

	pager->table = table;
	pager->cxt = cxt;
	pager->exchange = clf_exchange_create(cxt, table, table->server->base_url,
										  userid, activity);
	pager->activity = activity;
	pager->send_ahead = send_ahead;
	pager->limit = plan->limit;
	pager->partial = plan->partial;
	pager->rows = clf_rows_create(cxt, table, plan->sorted, selection);
	pager->page_cxt = AllocSetContextCreate(cxt, "call_log_fdw page",
											ALLOCSET_DEFAULT_SIZES);
	if (keep)
		pager->kept_cxt = AllocSetContextCreate(cxt, "call_log_fdw answers",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return pager;
}

/* Stand before the first record of the page that is here, or of none */
static void
reset_run(ClfPager *pager)
{
	clf_rows_start(pager->rows, pager->query);
	if (pager->page)
		clf_rows_open_page(pager->rows, pager->page);
	pager->next_record = 0;
	pager->barren_pages = 0;
	if (pager->query->since_token)
		clf_rows_add_token(pager->rows, pager->query->since_token);
	pager->at_end = pager->query->nothing;
}

/* What was decided on as the next page is not, after all */
static void
forget_next(ClfPager *pager)
{
	if (pager->next_url)
		pfree(pager->next_url);
	pager->next_url = NULL;
}

/* Forget the pages as well */
static void
reset_pages(ClfPager *pager)
{
	clf_exchange_abandon(pager->exchange);
	forget_next(pager);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	pager->page_number = 0;
	pager->page_size = pager->query->page_size;
	reset_run(pager);
}

/*
 * clf_pager_start
 *		Begin to answer a query, which must live until the next start.  Nothing
 *		is sent before the first row is asked for.
 */
void
clf_pager_start(ClfPager *pager, const ClfQuery *query)
{
	if (clf_query_lacks_since(query))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("the query does not say since when to list changes"),
				 errhint("Add a condition since = '<time>', or since_token = "
						 "'<sync_token of the last change that you have>'.")));
	clf_exchange_expect(pager->exchange, clf_query_chunk_count(query));
	pager->query = query;
	reset_pages(pager);
}

/*
 * clf_pager_rewind
 *		Give out the same query's rows once more, of the same window.  When the
 *		first page is still here, it is not fetched again.
 */
void
clf_pager_rewind(ClfPager *pager)
{
	if (pager->page_number == 1 && pager->until == pager->window.to)
		reset_run(pager);
	else
		reset_pages(pager);
}

/* ----------
 * Answers that are kept
 * ----------
 */

static uint64
url_hash(const char *url)
{
	return hash_bytes_extended((const unsigned char *) url, strlen(url), 0);
}

/* The answer that this URL had before in this scan, or NULL */
static const ClfHttpResponse *
find_kept(const ClfPager *pager, const char *url)
{
	uint64		hash = url_hash(url);
	KeptAnswer *answer = NULL;

	if (pager->kept)
		answer = hash_search(pager->kept, &hash, HASH_FIND, NULL);
	return answer && strcmp(answer->url, url) == 0 ? &answer->response : NULL;
}

static void
create_kept(ClfPager *pager)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(KeptAnswer);
	control.hcxt = pager->kept_cxt;
	pager->kept = hash_create("call_log_fdw answers", 64, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Keep an answer that was good, if there is room */
static void
keep_answer(ClfPager *pager, const char *url, const ClfHttpResponse *response)
{
	uint64		hash = url_hash(url);
	KeptAnswer *answer;
	MemoryContext old;
	bool		found;

	if (pager->kept_cxt == NULL ||
		MemoryContextMemAllocated(pager->kept_cxt, true) + response->length >
		work_mem * (Size) 1024)
		return;
	if (pager->kept == NULL)
		create_kept(pager);
	answer = hash_search(pager->kept, &hash, HASH_ENTER, &found);
	if (found)
		return;
	old = MemoryContextSwitchTo(pager->kept_cxt);
	answer->url = pstrdup(url);
	memset(&answer->response, 0, sizeof(ClfHttpResponse));
	answer->response.status = response->status;
	answer->response.body = pnstrdup(response->body, response->length);
	answer->response.length = response->length;
	answer->response.content_type = pstrdup(response->content_type);
	answer->response.request_id = pstrdup(response->request_id);
	MemoryContextSwitchTo(old);
}

/* ----------
 * Requests
 * ----------
 */

/*
 * Where the changes after the current page begin; NULL: there is no page yet.
 * A token that was followed before would lead in a circle.
 */
static char *
next_token(const ClfPager *pager)
{
	char	   *token;

	if (!pager->query->changes || pager->page == NULL)
		return NULL;
	token = clf_json_get_text(clf_page_answer(pager->page),
							  "syncInfo.syncToken");
	if (token == NULL || clf_rows_has_token(pager->rows, token))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the answer says that there are more changes, but has "
						"no new syncToken")));
	return token;
}

/* The URL of the page after the current one */
static char *
make_url(const ClfPager *pager)
{
	ClfWindow	window = pager->window;

	window.to = pager->until;
	return psprintf("%s%s", pager->table->server->base_url,
					clf_query_uri(pager->query, &window,
								  pager->page_number + 1, pager->page_size,
								  next_token(pager)));
}

static ClfHttpRequest
page_request(const ClfPager *pager, const char *url)
{
	ClfHttpRequest request = {0};
	ClfWindow	window = pager->window;

	window.to = pager->until;
	request.url = url;
	request.shown = clf_query_shown_uri(pager->query, &window,
										pager->page_number + 1,
										pager->page_size, pager->page == NULL);
	request.label = pager->query->label;
	if (clf_query_by_id(pager->query) && pager->query->max_ids > 1)
		request.accept = CLF_BATCH_ACCEPT;
	return request;
}

/* Is this the media type of the answer?  "application/json;charset=utf-8" */
static bool
has_type(const ClfHttpResponse *response, const char *type)
{
	size_t		length = strlen(type);

	return pg_strncasecmp(response->content_type, type, length) == 0 &&
		strchr("; ", response->content_type[length]) != NULL;
}

/* Make a list answer the current page */
static void
read_list(ClfPager *pager, const ClfHttpResponse *response)
{
	const ClfResource *resource = pager->table->resource;
	const char *error = "its content type is not application/json";

	if (response->status != 200)
		clf_report_status(response, clf_exchange_asked(pager->exchange));
	if (has_type(response, "application/json"))
		pager->page = clf_page_parse(pager->page_cxt, clf_rows_record_fields(pager->rows),
									 response->body, response->length,
									 resource->frame_path,
									 resource->next_path, &error);
	if (pager->page == NULL)
		clf_report_bad_answer(error, response);
}

/* Make the answer for a single id the current page */
static void
read_record(ClfPager *pager, const ClfHttpResponse *response)
{
	const char *error = "its content type is not application/json";
	bool		ok = false;

	pager->page = clf_page_create(pager->page_cxt, clf_rows_record_fields(pager->rows));
	if (clf_is_not_found(response->status, response->body, response->length))
	{
		if (pager->query->details)
			clf_report_recording_gone(pager->query->shown ? NULL :
									  list_nth(pager->query->ids,
											   pager->page_number));
		return;
	}
	if (response->status != 200)
		clf_report_status(response, clf_exchange_asked(pager->exchange));
	if (has_type(response, "application/json"))
	{
		error = "it is cut short or no JSON object";
		ok = clf_page_add(pager->page, response->body, response->length);
	}
	if (!ok)
		clf_report_bad_answer(error, response);
}

/*
 * Make the answers for several ids the current page.  One that failed takes
 * the place of them all; NULL, or what is wrong with them.
 */
static const char *
read_batch(ClfPager *pager, ClfHttpResponse *response, int nids)
{
	ClfFailedPart failed;
	const char *error;

	pager->page = clf_batch_parse(pager->page_cxt, clf_rows_record_fields(pager->rows),
								  response->content_type, response->body,
								  response->length, nids, &failed, &error);
	if (pager->page)
		return NULL;
	if (failed.status == 0)
		return error;
	response->status = failed.status;
	response->body = pnstrdup(failed.body, failed.length);
	response->length = failed.length;
	return NULL;
}

/* Get an answer for these ids that is none of those which pass by themselves */
static void
fetch_batch(ClfPager *pager, const ClfHttpRequest *request, int nids,
			ClfHttpResponse *response)
{
	const char *error = NULL;
	ClfTransport how;

	clf_exchange_begin(pager->exchange, request);
	do
	{
		how = clf_exchange_try(pager->exchange, request, pager->page_cxt,
							   response);
		error = NULL;
		if (how == CLF_TRANSPORT_OK && response->status == 207)
			error = read_batch(pager, response, nids);
		else if (how == CLF_TRANSPORT_OK && response->status == 200)
			error = "it is not one for several ids";
	} while (clf_exchange_again(pager->exchange, how, response));
	if (pager->page)
		return;
	if (error)
		clf_report_bad_answer(error, response);
	clf_report_status(response, clf_exchange_asked(pager->exchange));
}

/* The page after the current one is about to be the current one */
static void
follow_token(ClfPager *pager)
{
	char	   *token = next_token(pager);

	if (token)
		clf_rows_add_token(pager->rows, token);
}

/* Fetch the next page, or take the answer that was kept, as the current one */
static void
fetch_page(ClfPager *pager, ClfHttpResponse *response)
{
	int			nids = clf_query_chunk_length(pager->query,
											  pager->page_number + 1);
	ClfHttpRequest request = page_request(pager, pager->next_url);
	const ClfHttpResponse *kept = find_kept(pager, pager->next_url);

	follow_token(pager);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	if (kept)
		*response = *kept;
	else if (nids > 1)
		fetch_batch(pager, &request, nids, response);
	else
		clf_exchange_get(pager->exchange, &request, pager->page_cxt, response);

	if (nids == 0)
		read_list(pager, response);
	else if (nids == 1)
		read_record(pager, response);
	else if (kept)
		(void) read_batch(pager, response, nids);
	if (kept)
		pager->activity->counters.spared++;
	else
		keep_answer(pager, pager->next_url, response);
}

/* ----------
 * The order of requests
 * ----------
 */

/* What the API's clock shows */
static TimestampTz
now_of_api(const ClfPager *pager)
{
	return clf_clock_now(pager->table->server->base_url);
}

/*
 * Fix the window of the query.  Its present is that of the whole scan: not
 * before it begins, since only after the login it is known what the API's clock
 * shows, and the same for all queries of a join.
 */
static void
fix_window(ClfPager *pager)
{
	if (pager->now == 0)
	{
		pager->now = now_of_api(pager);
		pager->fixed_at = GetCurrentTimestamp();
	}
	pager->window_empty = !clf_query_window(pager->query,
											pager->table->history,
											pager->now, &pager->window);
	pager->until = pager->window.to;
}

/* Are changes asked for that are still to come?  The API would refuse that. */
static bool
begins_in_future(const ClfPager *pager)
{
	return pager->query->changes && pager->query->since &&
		pager->query->since_time > now_of_api(pager);
}

/*
 * Get ready for the first page; false when there is none to ask for.  With what
 * the clock shows, a lower bound in the future is seen before anything is sent.
 */
static bool
open_first_page(ClfPager *pager)
{
	if (pager->query->windowed && clf_clock_known(pager->table->server->base_url) &&
		pager->query->lower > now_of_api(pager) + USECS_PER_DAY)
		return false;
	clf_exchange_login(pager->exchange);
	if (pager->query->windowed || pager->query->changes)
		clf_exchange_learn_clock(pager->exchange);
	fix_window(pager);
	return !pager->window_empty && !begins_in_future(pager);
}

/*
 * The first answer shows that the window ended before the API's present: the
 * local clock has been set back since the answer before.  Calls of the last
 * moments are missing, so make it again.
 */
static bool
window_was_early(ClfPager *pager, const ClfHttpResponse *response)
{
	TimestampTz elapsed = GetCurrentTimestamp() - pager->fixed_at;

	if (!pager->query->windowed || !pager->window.to_now ||
		pager->until != pager->window.to ||
		response->date - elapsed <= pager->window.to)
		return false;
	pager->now = 0;
	fix_window(pager);
	return true;
}

/*
 * Can the scan begin anew at page 1, with a window that ends at the oldest
 * record seen?  Only if the records come newest first, and if that moves the
 * window's end, though not past its beginning.
 */
static bool
can_continue_window(const ClfPager *pager)
{
	TimestampTz oldest;

	return pager->query->windowed &&
		clf_rows_oldest(pager->rows, &oldest) &&
		clf_second_after(oldest) < pager->until &&
		clf_second_after(oldest) > pager->window.from;
}

/* Do so; records of the same second come again and are dropped */
static void
continue_window(ClfPager *pager)
{
	TimestampTz oldest;

	if (!can_continue_window(pager))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
				 errmsg("cannot go on after page %d of the call log",
						pager->page_number),
				 errdetail("The page came twice, or it is the last that the "
						   "API numbers; and the records do not come newest "
						   "first, or too many are of one second, so the scan "
						   "cannot go on from the oldest."),
				 errhint("Narrow the range of start_time, or raise "
						 "page_size.")));
	clf_exchange_abandon(pager->exchange);
	(void) clf_rows_oldest(pager->rows, &oldest);
	pager->until = clf_second_after(oldest);
	pager->page_number = 0;
}

/*
 * Did nothing but known records come on this page?  Either more calls arrived
 * meanwhile than a page holds, or the API sent an older page again; in both
 * cases page numbers are not to be trusted.  Not so in a window that begins
 * with records that are known, because they are of its last second.
 */
static bool
came_again(const ClfPager *pager)
{
	bool		expected;

	expected = pager->query->windowed && !clf_rows_unsorted(pager->rows) &&
		!can_continue_window(pager);
	return !pager->query->changes && pager->new_records == 0 &&
		clf_page_length(pager->page) > 0 && !expected;
}

/*
 * The API says that there is more and does not come to it.  A list is cut into
 * pages before it is filtered, perhaps, so that its pages may be empty, as many
 * as it numbers.
 */
static void
count_barren_page(ClfPager *pager)
{
	if (pager->new_records > 0)
		pager->barren_pages = 0;
	else if (pager->query->changes || clf_page_length(pager->page) > 0)
		pager->barren_pages++;
	if (pager->barren_pages == MAX_BARREN_PAGES)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the last %d answers of RingCentral say that there is "
						"more, but bring nothing new", MAX_BARREN_PAGES)));
}

/* Is there more to ask for after the current page? */
static bool
has_more(const ClfPager *pager)
{
	if (clf_query_by_id(pager->query))
		return clf_query_chunk_length(pager->query,
									  pager->page_number + 1) > 0;
	return clf_page_has_next(pager->page);
}

/*
 * Was the page so small because so few rows should have been enough, but are
 * not?  Then the list is asked for anew, in pages of the usual size; what is
 * known comes again and is dropped.
 */
static bool
was_small(const ClfPager *pager)
{
	return !clf_query_by_id(pager->query) &&
		pager->page_size < pager->table->page_size;
}

static void
enlarge_pages(ClfPager *pager)
{
	pager->page_size = pager->table->page_size;
	pager->page_number = 0;
}

/* Is the current page the last one that the API numbers? */
static bool
at_page_ceiling(const ClfPager *pager)
{
	return !clf_query_by_id(pager->query) &&
		pager->page_number == pager->table->resource->max_page;
}

/*
 * Is there a page after the current one?  If so, get ready to ask for it.  The
 * last page that the API numbers (page in EnumeratedPagingModel is 1000 at
 * most) need not be the last that there is, whatever it says.
 */
static bool
turn_page(ClfPager *pager)
{
	if (pager->page == NULL)
		return open_first_page(pager);
	if (!has_more(pager) &&
		!(at_page_ceiling(pager) && can_continue_window(pager)))
		return false;
	if (!clf_query_by_id(pager->query))
		count_barren_page(pager);
	if (was_small(pager))
		enlarge_pages(pager);
	else if (!clf_query_by_id(pager->query) &&
			 (at_page_ceiling(pager) || came_again(pager)))
		continue_window(pager);
	return true;
}

/*
 * Will the page after the current one be asked for, as far as can be told?  Of a
 * query that may be content with a part, the first page may be enough.
 */
static bool
is_next_needed(const ClfPager *pager)
{
	bool		enough;

	enough = (pager->limit > 0 &&
			  pager->activity->counters.records >= pager->limit) ||
		(pager->partial && pager->page_number == 1);
	return pager->send_ahead && !enough && has_more(pager) &&
		!was_small(pager) && !at_page_ceiling(pager);
}

/* How far back all records have come by now is known: tell the planner */
static void
note_rate(const ClfPager *pager)
{
	TimestampTz from = pager->window.from;
	bool		known = true;

	if (!pager->query->windowed || !pager->query->unfiltered ||
		pager->page == NULL)
		return;
	if (has_more(pager))
		known = clf_rows_oldest(pager->rows, &from);
	if (known)
		clf_density_note(pager->table->relid,
						 clf_token_umid(clf_exchange_token(pager->exchange)),
						 clf_rows_count(pager->rows), from, pager->window.to);
}

/*
 * Decide on the page after the current one.  False when there is none.  Decided
 * once, it stays so until it is fetched.
 */
static bool
decide_on_page(ClfPager *pager)
{
	if (pager->next_url)
		return true;
	note_rate(pager);
	if (!turn_page(pager))
		return false;
	pager->next_url = MemoryContextStrdup(pager->cxt, make_url(pager));
	return true;
}

/* Fetch the page that was decided on, with a window that is not too early */
static void
take_page(ClfPager *pager)
{
	ClfHttpResponse response;

	fetch_page(pager, &response);
	if (pager->page_number == 0 && window_was_early(pager, &response))
	{
		pager->page = NULL;
		forget_next(pager);
		pager->next_url = MemoryContextStrdup(pager->cxt, make_url(pager));
		fetch_page(pager, &response);
	}
	forget_next(pager);
}

/* A new page is here: stand before its records, and see to the one after it */
static void
open_page(ClfPager *pager)
{
	ClfCounters *counters = &pager->activity->counters;

	pager->page_number++;
	pager->next_record = 0;
	pager->new_records = 0;
	clf_rows_open_page(pager->rows, pager->page);
	counters->pages++;
	counters->records += clf_page_length(pager->page);
	clf_activity_set(pager->activity, CLF_READS_ROWS);
	if (is_next_needed(pager))
	{
		ClfHttpRequest request = page_request(pager, make_url(pager));

		if (find_kept(pager, request.url) == NULL)
			clf_exchange_send_ahead(pager->exchange, &request);
	}
}

/*
 * Go on to the next page, or to the end.  Unless it may wait for it, false when
 * it would have to.
 */
static bool
next_page(ClfPager *pager, bool wait)
{
	ErrorContextCallback context;
	bool		ready = true;

	context.callback = clf_exchange_context;
	context.arg = pager->exchange;
	context.previous = error_context_stack;
	error_context_stack = &context;

	if (!decide_on_page(pager))
		pager->at_end = true;
	else if (!wait && find_kept(pager, pager->next_url) == NULL)
	{
		ClfHttpRequest request = page_request(pager, pager->next_url);

		ready = clf_exchange_poll(pager->exchange, &request);
	}
	if (ready && !pager->at_end)
		take_page(pager);
	error_context_stack = context.previous;
	if (ready && !pager->at_end)
		open_page(pager);
	return ready;
}

/* ----------
 * Rows
 * ----------
 */

/* Stand before the rows of the next record of the page */
static void
take_record(ClfPager *pager)
{
	if (clf_rows_take(pager->rows, clf_page_record(pager->page,
												   pager->next_record++)))
		pager->new_records++;
	else
		pager->activity->counters.duplicates++;
	if (pager->next_record % ADVANCE_EVERY == 0)
		clf_exchange_advance(pager->exchange);
}

/*
 * clf_pager_next_on_page
 *		The next row of the page, until the next call; NULL when there is none
 *		left on it.
 */
const ClfRow *
clf_pager_next_on_page(ClfPager *pager)
{
	ErrorContextCallback context;
	const ClfRow *row;

	context.callback = record_error_context;
	context.arg = pager;
	context.previous = error_context_stack;
	error_context_stack = &context;
	while ((row = clf_rows_next(pager->rows)) == NULL && pager->page &&
		   pager->next_record < clf_page_length(pager->page))
	{
		take_record(pager);
		CHECK_FOR_INTERRUPTS();
	}
	error_context_stack = context.previous;
	return row;
}

/*
 * clf_pager_next
 *		The next row, until the next call; NULL when there is none left, or,
 *		unless it may wait, when it would have to wait for an answer: see
 *		clf_pager_at_end.
 */
const ClfRow *
clf_pager_next(ClfPager *pager, bool wait)
{
	while (!pager->at_end)
	{
		const ClfRow *row = clf_pager_next_on_page(pager);

		if (row)
			return row;
		if (!next_page(pager, wait))
			return NULL;
		CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/*
 * clf_pager_reach
 *		How many records have come, and when the oldest of them began; were they
 *		the last?  If that is not known, that is not known to be so.
 */
double
clf_pager_reach(const ClfPager *pager, TimestampTz *oldest, bool *last)
{
	bool		sorted = clf_rows_oldest(pager->rows, oldest);

	*last = !sorted || pager->page == NULL || !has_more(pager);
	return clf_rows_count(pager->rows);
}

/*
 * clf_pager_at_end
 *		Have all rows been given out?
 */
bool
clf_pager_at_end(const ClfPager *pager)
{
	return pager->at_end;
}

/*
 * clf_pager_descriptor
 *		What becomes readable when there is something to do for the answer that
 *		clf_pager_next would have waited for.
 */
int
clf_pager_descriptor(const ClfPager *pager)
{
	return clf_exchange_descriptor(pager->exchange);
}
