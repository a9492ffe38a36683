/*-------------------------------------------------------------------------
 *
 * pager.c
 *	  Which request comes next, and the records of all of them, each once.
 *
 * The list is paged by offset: when a call arrives while one pages, the rest
 * moves down and some records come again on the next page, so every id is
 * remembered.  Page numbers are our own; the server's nextPage URI only says
 * whether there is one, since the token would follow it wherever it leads.
 *
 * While the executor consumes a page, the next one is on its way.
 *
 *-------------------------------------------------------------------------
 */
#include "pager.h"

#include "batch.h"
#include "common/hashfn.h"
#include "exchange.h"
#include "http.h"
#include "miscadmin.h"
#include "page.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* After so many records the transfer of the next page gets a turn */
#define ADVANCE_EVERY 32

/*
 * A call's id, as 96 bits of hash: with its status 16 bytes a call, whatever
 * the id's length.  That two of a million ids meet is less likely than 1 in
 * 10^17.
 */
typedef struct IdHash
{
	uint32		bits[3];
} IdHash;

typedef struct SeenId
{
	IdHash		id;
	uint32		status;			/* simplehash's */
} SeenId;

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenId
#define SH_KEY_TYPE IdHash
#define SH_KEY id
#define SH_HASH_KEY(table, key) ((key).bits[0])
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(IdHash)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* One of the places where a record's rows are */
typedef struct RowsPath
{
	const char *name;			/* of the field that holds it or them */
	ClfFieldRef field;
	ClfFields  *element;		/* where in each element of an array the row
								 * is; NULL: the field is the row */
} RowsPath;

struct ClfPager
{
	/* for the pager's life */
	const ClfOptions *options;
	MemoryContext cxt;
	ClfExchange *exchange;
	bool		send_ahead;
	bool		sorted;			/* must the records come newest first? */
	double		limit;			/* rows that are enough; 0: all may be needed */
	ClfActivity *activity;
	ClfSelection *selection;	/* the fields that columns show, and these: */
	ClfFieldRef id;
	ClfFieldRef time;
	ClfFieldRef version;
	ClfFieldRef deleted;
	ClfFieldRef whole;			/* the record as it came, for its details */
	ClfFieldRef row_id;			/* if rows are told apart */
	int			nrows_paths;	/* 0: a record is a row */
	RowsPath   *rows_paths;

	/* for one run of a query */
	MemoryContext run_cxt;
	const ClfQuery *query;
	bool		window_fixed;
	bool		window_empty;
	ClfWindow	window;			/* of the scan, once it is fixed */
	TimestampTz fixed_at;		/* by the local clock */
	TimestampTz until;			/* its end, moved back past the page ceiling */
	bool		at_end;
	seen_hash  *seen;
	TimestampTz oldest;			/* start time of the oldest record so far */
	bool		unsorted;		/* a record was newer than the one before it */

	/* the page being consumed */
	MemoryContext page_cxt;
	ClfPage    *page;
	int			page_number;	/* 0: none yet */
	int			page_size;		/* smaller than all others for a limit */
	char	   *page_token;		/* where its changes begin; NULL: at a time */
	int			next_record;
	int			new_records;	/* given out of it, so far */

	/* the row that is given out */
	bool		has_rows;		/* may its record have another one? */
	ClfRecord	row;
	ClfField   *values[CLF_ORIGINS];	/* room for its fields */
	int			rows_path;		/* where the next one is looked for */
	ClfField	element;		/* and after which of the array there */
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
			   pager->options->relname);
}

/* ----------
 * Life
 * ----------
 */

/* "legs.*.recording": a row is the recording of each leg */
static void
prepare_rows_path(ClfPager *pager, RowsPath *path, const char *text)
{
	const char *star = strchr(text, '*');

	path->name = star ? pnstrdup(text, star - text - 1) : text;
	path->field = clf_select(pager->selection, psprintf("%c%s",
														CLF_RECORD_PREFIX,
														path->name));
	if (star == NULL)
		return;
	path->element = clf_fields_create();
	(void) clf_fields_add(path->element,
						  star[1] == '.' ? star + 2 : CLF_WHOLE_ROW);
}

/* A field of the record */
static ClfFieldRef
select_of_record(ClfPager *pager, const char *path)
{
	return clf_select(pager->selection, psprintf("%c%s", CLF_RECORD_PREFIX,
												 path));
}

/* Select the fields that the pager itself looks at */
static void
select_fields(ClfPager *pager, const ClfResource *resource)
{
	const char *const *path = resource->rows_paths;

	pager->id = select_of_record(pager, resource->id_path);
	pager->time = select_of_record(pager, resource->time_path);
	pager->deleted = select_of_record(pager, "deleted");
	if (resource->version_path)
		pager->version = select_of_record(pager, resource->version_path);
	if (resource->details_path)
		pager->whole = select_of_record(pager, CLF_WHOLE_ROW);
	if (resource->row_id_path)
		pager->row_id = clf_select(pager->selection, resource->row_id_path);
	while (path && path[pager->nrows_paths])
		pager->nrows_paths++;
	pager->rows_paths = palloc0((pager->nrows_paths + 1) * sizeof(RowsPath));
	for (int i = 0; i < pager->nrows_paths; i++)
		prepare_rows_path(pager, &pager->rows_paths[i], path[i]);
}

/*
 * clf_pager_create
 *		A pager for one scan, owned by the memory context, as are the requests
 *		that it sends, ahead of need or not.  Its records have the selected
 *		fields; nothing may be selected any more after the start.  The role is
 *		the one whose user mapping counts.
 */
ClfPager   *
clf_pager_create(MemoryContext cxt, const ClfOptions *options,
				 const ClfRequestPlan *plan, ClfSelection * selection,
				 Oid userid, bool send_ahead, ClfActivity *activity)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPager   *pager = palloc0(sizeof(ClfPager));

	pager->options = options;
	pager->cxt = cxt;
	pager->exchange = clf_exchange_create(cxt, options, options->base_url,
										  userid, activity);
	pager->activity = activity;
	pager->send_ahead = send_ahead;
	pager->sorted = plan->sorted;
	pager->limit = plan->limit;
	pager->selection = selection;
	select_fields(pager, options->resource);
	pager->run_cxt = AllocSetContextCreate(cxt, "call_log_fdw run",
										   ALLOCSET_DEFAULT_SIZES);
	pager->page_cxt = AllocSetContextCreate(cxt, "call_log_fdw page",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return pager;
}

/* Pick the selected fields of that origin from a text; false: it is no JSON */
static bool
pick(const ClfPager *pager, ClfOrigin origin, const char *text, size_t length)
{
	return clf_fields_pick_all(pager->selection->from[origin], text, length,
							   pager->values[origin]);
}

/* A text as JSON */
static void
append_json_text(StringInfo json, const char *text)
{
	if (text)
		escape_json(json, text);
	else
		appendStringInfoString(json, "null");
}

/* What the query asked for, for the columns that repeat it */
static const ClfField *
describe_inputs(const ClfPager *pager)
{
	MemoryContext old = MemoryContextSwitchTo(pager->run_cxt);
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"since\": ");
	append_json_text(&json, pager->query->since);
	appendStringInfoString(&json, ", \"sinceToken\": ");
	append_json_text(&json, pager->query->since_token);
	appendStringInfoChar(&json, '}');
	(void) pick(pager, CLF_FROM_QUERY, json.data, json.len);
	MemoryContextSwitchTo(old);
	return pager->values[CLF_FROM_QUERY];
}

/* Forget the records given out and stand before the first one */
static void
reset_run(ClfPager *pager)
{
	MemoryContextReset(pager->run_cxt);
	pager->seen = seen_create(pager->run_cxt, 1024, NULL);
	pager->oldest = DT_NOEND;
	pager->unsorted = false;
	pager->next_record = 0;
	pager->has_rows = false;
	memset(&pager->row, 0, sizeof(ClfRecord));
	if (pager->query->changes)
		pager->row.fields[CLF_FROM_QUERY] = describe_inputs(pager);
	pager->at_end = pager->query->nothing;
}

/* Forget the pages as well */
static void
reset_pages(ClfPager *pager)
{
	clf_exchange_abandon(pager->exchange);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	pager->page_number = 0;
	pager->page_size = pager->query->page_size;
	reset_run(pager);
}

/* Room for the selected fields */
static void
make_room(ClfPager *pager)
{
	for (ClfOrigin origin = 0; origin < CLF_ORIGINS; origin++)
	{
		int			n = clf_fields_count(pager->selection->from[origin]);

		pager->values[origin] = MemoryContextAllocZero(pager->cxt, (n + 1) *
													   sizeof(ClfField));
	}
}

/*
 * clf_pager_start
 *		Begin to answer a query, which must live until the next start.  Nothing
 *		is sent before the first record is asked for.
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
	pager->query = query;
	pager->window_fixed = false;
	if (pager->values[0] == NULL)
		make_room(pager);
	reset_pages(pager);
}

/*
 * clf_pager_rewind
 *		Give out the same query's records once more, of the same window.  When
 *		the first page is still here, it is not fetched again.
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
 * Requests
 * ----------
 */

/*
 * Where the changes after the current page begin; NULL: there is no page yet.
 * A token that leads back to where it came from would lead there for ever.
 */
static char *
next_token(const ClfPager *pager)
{
	char	   *token;

	if (!pager->query->changes || pager->page == NULL)
		return NULL;
	token = clf_json_get_text(clf_page_answer(pager->page),
							  "syncInfo.syncToken");
	if (token == NULL || (pager->page_token &&
						  strcmp(token, pager->page_token) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the answer says that there are more changes, but has "
						"no new syncToken")));
	return token;
}

/* The request for the page after the current one */
static ClfRequest
page_request(const ClfPager *pager)
{
	ClfWindow	window = pager->window;
	ClfRequest	request = {0};

	window.to = pager->until;
	request.url = psprintf("%s%s", pager->options->base_url,
						   clf_query_uri(pager->query, &window,
										 pager->page_number + 1,
										 pager->page_size, next_token(pager)));
	if (clf_query_by_id(pager->query) && pager->query->max_ids > 1)
		request.accept = CLF_BATCH_ACCEPT;
	return request;
}

/* Remember where the page that is to become the current one begins */
static void
set_page_token(ClfPager *pager)
{
	const char *token = next_token(pager);

	if (token == NULL)
		token = pager->query->since_token;
	if (pager->page_token)
		pfree(pager->page_token);
	pager->page_token = token ? MemoryContextStrdup(pager->cxt, token) : NULL;
}

/* Is this the media type of the answer?  "application/json;charset=utf-8" */
static bool
has_type(const ClfResponse *response, const char *type)
{
	size_t		length = strlen(type);

	return pg_strncasecmp(response->content_type, type, length) == 0 &&
		strchr("; ", response->content_type[length]) != NULL;
}

/* What is picked from each record as its page is read */
static ClfFields *
record_fields(const ClfPager *pager)
{
	return pager->selection->from[CLF_FROM_RECORD];
}

/* Make a list answer the current page */
static void
read_list(ClfPager *pager, const ClfResponse *response,
		  const ClfSecrets *secrets)
{
	const ClfResource *resource = pager->options->resource;
	const char *error = "its content type is not application/json";

	if (response->status != 200)
		clf_report_status(response->status, response->body, response->length,
						  response->request_id, secrets);
	if (has_type(response, "application/json"))
		pager->page = clf_page_parse(pager->page_cxt, record_fields(pager),
									 response->body, response->length,
									 resource->frame_path,
									 resource->next_path, &error);
	if (pager->page == NULL)
		clf_report_bad_answer(error, response->body, response->length,
							  secrets);
}

/* Make the answer for a single id the current page */
static void
read_record(ClfPager *pager, const ClfResponse *response,
			const ClfSecrets *secrets)
{
	const char *error = "its content type is not application/json";
	bool		ok = false;

	pager->page = clf_page_create(pager->page_cxt, record_fields(pager));
	if (clf_is_not_found(response->status, response->body, response->length,
						 pager->query->id_parameter))
	{
		if (pager->query->details)
			clf_report_recording_gone(list_nth(pager->query->ids,
											   pager->page_number));
		return;
	}
	if (response->status != 200)
		clf_report_status(response->status, response->body, response->length,
						  response->request_id, secrets);
	if (has_type(response, "application/json"))
	{
		error = "it is cut short or no JSON object";
		ok = clf_page_add(pager->page, response->body, response->length);
	}
	if (!ok)
		clf_report_bad_answer(error, response->body, response->length,
							  secrets);
}

/*
 * Make the answers for several ids the current page.  One that failed takes
 * the place of them all; NULL, or what is wrong with them.
 */
static const char *
read_batch(ClfPager *pager, ClfResponse *response, int nids)
{
	ClfFailedPart failed;
	const char *error;

	pager->page = clf_batch_parse(pager->page_cxt, record_fields(pager),
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
fetch_batch(ClfPager *pager, const ClfRequest *request, int nids,
			ClfResponse *response)
{
	const char *error = NULL;
	ClfTransport how;
	ClfSecrets	secrets;

	clf_exchange_begin(pager->exchange, request);
	do
	{
		how = clf_exchange_try(pager->exchange, request, pager->page_cxt,
							   response);
		if (how == CLF_TRANSPORT_OK && response->status == 207)
			error = read_batch(pager, response, nids);
	} while (clf_exchange_again(pager->exchange, how, response));
	if (pager->page)
		return;
	secrets = clf_exchange_secrets(pager->exchange);
	if (error)
		clf_report_bad_answer(error, response->body, response->length,
							  &secrets);
	clf_report_status(response->status, response->body, response->length,
					  response->request_id, &secrets);
}

/* Fetch the page after the current one and make it the current one */
static void
fetch_page(ClfPager *pager, ClfResponse *response)
{
	int			nids = clf_query_chunk_length(pager->query,
											  pager->page_number + 1);
	ClfRequest	request = page_request(pager);
	ClfSecrets	secrets;

	set_page_token(pager);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	if (nids > 1)
	{
		fetch_batch(pager, &request, nids, response);
		return;
	}
	clf_exchange_get(pager->exchange, &request, pager->page_cxt, response);
	secrets = clf_exchange_secrets(pager->exchange);
	if (nids == 0)
		read_list(pager, response, &secrets);
	else
		read_record(pager, response, &secrets);
}

/* ----------
 * The order of requests
 * ----------
 */

/*
 * Fix the window of the scan: not before it begins, since only after the login
 * it is known what the API's clock shows.
 */
static void
fix_window(ClfPager *pager)
{
	pager->window_fixed = true;
	pager->window_empty = !clf_query_window(pager->query, pager->options,
											clf_http_clock(pager->options),
											&pager->window);
	pager->fixed_at = GetCurrentTimestamp();
}

/* Are changes asked for that are still to come?  The API would refuse that. */
static bool
begins_in_future(const ClfPager *pager)
{
	return pager->query->changes && pager->query->since &&
		pager->query->since_time > clf_http_clock(pager->options);
}

/*
 * Get ready for the first page; false when there is none to ask for.  A lower
 * bound in the future is seen before anything is sent, whatever the clocks
 * differ by.
 */
static bool
open_first_page(ClfPager *pager)
{
	if (pager->query->windowed &&
		pager->query->lower > clf_http_clock(pager->options) + USECS_PER_DAY)
		return false;
	clf_exchange_login(pager->exchange);
	if (pager->query->windowed || pager->query->changes)
		clf_exchange_learn_clock(pager->exchange);
	if (!pager->window_fixed)
		fix_window(pager);
	pager->until = pager->window.to;
	return !pager->window_empty && !begins_in_future(pager);
}

/*
 * The first answer shows that the window ended before the API's present: the
 * local clock has been set back since the answer before.  Calls of the last
 * moments are missing, so make it again.
 */
static bool
window_was_early(ClfPager *pager, const ClfResponse *response)
{
	TimestampTz elapsed = GetCurrentTimestamp() - pager->fixed_at;

	if (!pager->query->windowed || !pager->window.to_now ||
		pager->until != pager->window.to ||
		response->date - elapsed <= pager->window.to)
		return false;
	fix_window(pager);
	pager->until = pager->window.to;
	return true;
}

/*
 * Can the scan begin anew at page 1, with a window that ends at the oldest
 * record seen?  Only if the records come newest first, and if that moves the
 * window's end.
 */
static bool
can_continue_window(const ClfPager *pager)
{
	return pager->query->windowed && !pager->unsorted &&
		pager->oldest != DT_NOEND &&
		clf_second_after(pager->oldest) < pager->until;
}

/* Do so; records of the same second come again and are dropped */
static void
continue_window(ClfPager *pager)
{
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
	pager->until = clf_second_after(pager->oldest);
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

	expected = pager->query->windowed && !pager->unsorted &&
		!can_continue_window(pager);
	return !pager->query->changes && pager->new_records == 0 &&
		clf_page_length(pager->page) > 0 && !expected;
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
		pager->page_size < pager->options->page_size;
}

static void
enlarge_pages(ClfPager *pager)
{
	pager->page_size = pager->options->page_size;
	pager->page_number = 0;
}

/* Is the current page the last one that the API numbers? */
static bool
at_page_ceiling(const ClfPager *pager)
{
	return !clf_query_by_id(pager->query) &&
		pager->page_number == pager->options->resource->max_page;
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
	if (was_small(pager))
		enlarge_pages(pager);
	else if (!clf_query_by_id(pager->query) &&
			 (at_page_ceiling(pager) || came_again(pager)))
		continue_window(pager);
	return true;
}

/* Will the page after the current one be asked for, as far as can be told? */
static bool
is_next_needed(const ClfPager *pager)
{
	bool		enough;

	enough = pager->limit > 0 &&
		pager->activity->counters.records >= pager->limit;
	return pager->send_ahead && !enough && has_more(pager) &&
		!was_small(pager) && !at_page_ceiling(pager);
}

/* Pick what columns show of the answer around the records */
static void
read_frame(ClfPager *pager)
{
	const char *frame = clf_page_frame(pager->page);

	pager->row.fields[CLF_FROM_ANSWER] = NULL;
	if (frame && pick(pager, CLF_FROM_ANSWER, frame, strlen(frame)))
		pager->row.fields[CLF_FROM_ANSWER] = pager->values[CLF_FROM_ANSWER];
}

/* Make the next page the current one; false at the end of the scan */
static bool
next_page(ClfPager *pager)
{
	ErrorContextCallback context;
	ClfResponse response;
	bool		found;

	context.callback = clf_exchange_context;
	context.arg = pager->exchange;
	context.previous = error_context_stack;
	error_context_stack = &context;

	found = turn_page(pager);
	if (found)
	{
		fetch_page(pager, &response);
		if (pager->page_number == 0 && window_was_early(pager, &response))
			fetch_page(pager, &response);
	}
	error_context_stack = context.previous;
	if (!found)
		return false;

	pager->page_number++;
	pager->next_record = 0;
	pager->new_records = 0;
	read_frame(pager);
	pager->activity->counters.pages++;
	pager->activity->counters.records += clf_page_length(pager->page);
	clf_activity_set(pager->activity, CLF_READS_ROWS);
	if (is_next_needed(pager))
	{
		ClfRequest	request = page_request(pager);

		clf_exchange_send_ahead(pager->exchange, &request);
	}
	return true;
}

/* ----------
 * Records
 * ----------
 */

/* A field of a record */
static const ClfField *
get_field(const ClfField * record, ClfFieldRef ref)
{
	return &record[ref.n];
}

/* What tells the record from others: its id, and its version if there are any */
static const char *
get_key(ClfPager *pager, const ClfField * record, size_t *length)
{
	const ClfResource *resource = pager->options->resource;
	const		ClfField *id = get_field(record, pager->id);
	StringInfoData key;
	const char *text;
	size_t		text_length;

	if (id->start == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("a record has no field \"%s\"", resource->id_path)));
	text = clf_field_text(id, length);
	if (resource->version_path == NULL)
		return text;

	initStringInfo(&key);
	appendBinaryStringInfo(&key, text, *length);
	appendStringInfoChar(&key, ' ');
	text = clf_field_text(get_field(record, pager->version), &text_length);
	if (text)
		appendBinaryStringInfo(&key, text, text_length);
	*length = key.len;
	return key.data;
}

/* Is this key new?  Then remember it. */
static bool
is_new_key(ClfPager *pager, const char *text, size_t length)
{
	const unsigned char *key = (const unsigned char *) text;
	uint64		high = hash_bytes_extended(key, (int) length, 0);
	uint64		low = hash_bytes_extended(key, (int) length, 1);
	IdHash		hash;
	bool		found;

	hash.bits[0] = (uint32) high;
	hash.bits[1] = (uint32) (high >> 32);
	hash.bits[2] = (uint32) low;
	seen_insert(pager->seen, hash, &found);
	return !found;
}

/* Is this the first record with its key? */
static bool
is_new(ClfPager *pager, const ClfField * record)
{
	size_t		length;
	const char *key = get_key(pager, record, &length);

	return is_new_key(pager, key, length);
}

/* Remember how far back the records reach, and whether they do in order */
static void
note_time(ClfPager *pager, const ClfField * record)
{
	TimestampTz t;

	if (clf_field_time(get_field(record, pager->time), &t) &&
		t <= pager->oldest)
		pager->oldest = t;
	else if (pager->sorted)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the records do not come newest first"),
				 errdetail("The query was planned for that order."),
				 errhint("Set the option newest_first of the server or table "
						 "to false, and run the query again.")));
	else
		pager->unsorted = true;
}

/* Deleted records are left out of lists, but by its id one may be found */
static bool
is_deleted(const ClfPager *pager, const ClfField * record)
{
	char	   *deleted = clf_field_cstring(get_field(record, pager->deleted));

	return deleted != NULL && strcmp(deleted, "true") == 0;
}

/* The changes were asked for from a little earlier on, see append_changes */
static bool
is_too_old(const ClfPager *pager, const ClfField * record)
{
	TimestampTz t;

	return clf_field_time(get_field(record, pager->version), &t) &&
		t < pager->query->since_time;
}

/* Is this a record that the table holds? */
static bool
is_wanted(const ClfPager *pager, const ClfField * record)
{
	const ClfQuery *query = pager->query;

	if (clf_query_by_id(query))
		return pager->options->show_deleted || !is_deleted(pager, record);
	if (query->changes && query->since)
		return !is_too_old(pager, record);
	return true;
}

/* The answer for a row's own id is both the row and its details */
static void
open_details(ClfPager *pager, const ClfField * record)
{
	const		ClfField *whole = get_field(record, pager->whole);

	(void) pick(pager, CLF_FROM_ROW, whole->start, whole->length);
	(void) pick(pager, CLF_FROM_DETAILS, whole->start, whole->length);
	pager->row.fields[CLF_FROM_ROW] = pager->values[CLF_FROM_ROW];
	pager->row.fields[CLF_FROM_DETAILS] = pager->values[CLF_FROM_DETAILS];
}

/* Stand before the first row of the record */
static void
open_rows(ClfPager *pager, const ClfField * record)
{
	pager->row.fields[CLF_FROM_RECORD] = record;
	pager->row.fields[CLF_FROM_DETAILS] = NULL;
	pager->row.number = 0;
	pager->rows_path = 0;
	memset(&pager->element, 0, sizeof(ClfField));
	if (pager->query->details)
		open_details(pager, record);
	else if (pager->nrows_paths == 0)
		pager->row.fields[CLF_FROM_ROW] = record;
}

/* Is this the first row of the record with its id, or are there none? */
static bool
is_new_row(ClfPager *pager)
{
	const		ClfField *id;
	const char *text;
	size_t		length;
	StringInfoData key;

	if (pager->options->resource->row_id_path == NULL)
		return true;
	id = get_field(pager->values[CLF_FROM_ROW], pager->row_id);
	if (id->start == NULL)
		return true;

	/* a key of its own kind: no record's has a zero byte */
	initStringInfo(&key);
	text = get_key(pager, pager->row.fields[CLF_FROM_RECORD], &length);
	appendBinaryStringInfo(&key, text, length);
	appendStringInfoChar(&key, '\0');
	text = clf_field_text(id, &length);
	appendBinaryStringInfo(&key, text, length);
	return is_new_key(pager, key.data, key.len);
}

/* The next element of the path's array; false after the last one */
static bool
next_element(ClfPager *pager, const RowsPath *path, const ClfField * array,
			 ClfField * row)
{
	ClfKind		kind = clf_field_kind(array);

	if (kind == CLF_KIND_NULL)
		return false;
	if (kind != CLF_KIND_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("field \"%s\": expected an array, got %s",
						path->name, clf_kind_name(kind))));
	if (!clf_field_next_element(array, &pager->element))
		return false;
	return clf_fields_pick_all(path->element, pager->element.start,
							   pager->element.length, row);
}

/*
 * The next value that the paths lead to, as a row, NULL inside when there is
 * none at that place; false after the last one.
 */
static bool
next_value(ClfPager *pager, ClfField * row)
{
	while (pager->rows_path < pager->nrows_paths)
	{
		const RowsPath *path = &pager->rows_paths[pager->rows_path];
		const		ClfField *field = get_field(pager->row.fields[CLF_FROM_RECORD],
												path->field);

		if (path->element && next_element(pager, path, field, row))
		{
			pager->row.number++;
			return true;
		}
		pager->rows_path++;
		pager->row.number = 0;
		memset(&pager->element, 0, sizeof(ClfField));
		if (path->element == NULL)
		{
			pager->row.number = 1;
			*row = *field;
			return true;
		}
	}
	return false;
}

/* Make this value the row; false when it is none, or came before */
static bool
take_row(ClfPager *pager, const ClfField * row)
{
	if (row->start == NULL)
		return false;
	(void) pick(pager, CLF_FROM_ROW, row->start, row->length);
	pager->row.fields[CLF_FROM_ROW] = pager->values[CLF_FROM_ROW];
	return is_new_row(pager);
}

/* The next row of the record, NULL after the last one */
static const ClfRecord *
next_row(ClfPager *pager)
{
	ErrorContextCallback context;
	ClfField	row;
	bool		found;

	if (pager->nrows_paths == 0 || pager->query->details)
		return pager->row.number++ == 0 ? &pager->row : NULL;

	context.callback = record_error_context;
	context.arg = pager;
	context.previous = error_context_stack;
	error_context_stack = &context;
	do
	{
		found = next_value(pager, &row);
	} while (found && !take_row(pager, &row));
	error_context_stack = context.previous;
	return found ? &pager->row : NULL;
}

/*
 * Stand before the rows of record n of the page.  It has none when it has come
 * before, or is none that the table holds.
 */
static void
take_record(ClfPager *pager, int n)
{
	ErrorContextCallback context;
	const		ClfField *record = clf_page_record(pager->page, n);

	context.callback = record_error_context;
	context.arg = pager;
	context.previous = error_context_stack;
	error_context_stack = &context;

	pager->has_rows = false;
	if (!is_new(pager, record))
		pager->activity->counters.duplicates++;
	else
	{
		note_time(pager, record);
		pager->new_records++;
		pager->has_rows = is_wanted(pager, record);
	}
	if (pager->has_rows)
		open_rows(pager, record);
	error_context_stack = context.previous;
}

/*
 * clf_pager_next
 *		The next row, until the next call; NULL when there is none left.
 */
const ClfRecord *
clf_pager_next(ClfPager *pager)
{
	while (!pager->at_end)
	{
		const ClfRecord *row = pager->has_rows ? next_row(pager) : NULL;

		if (row)
			return row;
		pager->has_rows = false;
		if (pager->page == NULL ||
			pager->next_record >= clf_page_length(pager->page))
		{
			pager->at_end = !next_page(pager);
			continue;
		}
		take_record(pager, pager->next_record++);
		if (pager->next_record % ADVANCE_EVERY == 0)
			clf_exchange_advance(pager->exchange);
		CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}
