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
#include "budget.h"
#include "common/hashfn.h"
#include "http.h"
#include "miscadmin.h"
#include "token.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Tells the API's versions to everybody */
#define VERSIONS_PATH "/restapi"

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

struct ClfPager
{
	/* for the pager's life */
	const ClfOptions *options;
	Oid			userid;
	MemoryContext cxt;
	ClfHttp    *http;			/* opened at the first request */
	ClfToken   *token;
	int			generation;		/* of the token that was sent last */
	ClfScanStats stats;

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
	ClfJsonPath *id_path;
	ClfJsonPath *time_path;
	ClfJsonPath *rows_path;		/* NULL: a record is a row */

	/* the page being consumed */
	MemoryContext page_cxt;
	ClfPage    *page;
	int			page_number;	/* 0: none yet */
	char	   *page_token;		/* where its changes begin; NULL: at a time */
	int			next_record;
	int			new_records;	/* given out of it, so far */

	/* the row that is given out */
	ClfJson    *inputs;			/* what the query asked for; NULL: nothing */
	ClfRecord	row;
	ClfJson    *rows;			/* its array of them; NULL: none */

	/* the request that is to be sent or on its way; for error messages, too */
	char	   *uri;
};

/* ----------
 * Where an error happened
 * ----------
 */

static void
request_error_context(void *arg)
{
	ClfPager   *pager = arg;

	if (pager->uri)
		errcontext("request for foreign table \"%s\": GET %s",
				   pager->options->relname, pager->uri);
	else
		errcontext("foreign table \"%s\"",
				   pager->options->relname);
}

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

/*
 * clf_pager_create
 *		A pager for one scan, owned by the memory context, as are the requests
 *		that it sends.  The role is the one whose user mapping counts.
 */
ClfPager   *
clf_pager_create(MemoryContext cxt, const ClfOptions *options, Oid userid)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPager   *pager = palloc0(sizeof(ClfPager));

	pager->options = options;
	pager->userid = userid;
	pager->cxt = cxt;
	pager->id_path = clf_json_compile_path(options->resource->id_path);
	pager->time_path = clf_json_compile_path(options->resource->time_path);
	if (options->resource->rows_path)
		pager->rows_path = clf_json_compile_path(options->resource->rows_path);
	pager->run_cxt = AllocSetContextCreate(cxt, "call_log_fdw run",
										   ALLOCSET_DEFAULT_SIZES);
	pager->page_cxt = AllocSetContextCreate(cxt, "call_log_fdw page",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return pager;
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
static ClfJson *
describe_inputs(const ClfPager *pager)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"since\": ");
	append_json_text(&json, pager->query->since);
	appendStringInfoString(&json, ", \"sinceToken\": ");
	append_json_text(&json, pager->query->since_token);
	appendStringInfoChar(&json, '}');
	return clf_json_parse(pager->run_cxt, json.data, json.len);
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
	pager->rows = NULL;
	pager->inputs = pager->query->changes ? describe_inputs(pager) : NULL;
	pager->at_end = pager->query->nothing;
}

/* Forget the pages as well */
static void
reset_pages(ClfPager *pager)
{
	if (pager->http)
		clf_http_abandon(pager->http);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	pager->page_number = 0;
	reset_run(pager);
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

const ClfScanStats *
clf_pager_stats(const ClfPager *pager)
{
	return &pager->stats;
}

/* ----------
 * Requests
 * ----------
 */

static ClfBudget *
get_budget(ClfPager *pager)
{
	return clf_budget_get(clf_token_account(pager->token),
						  pager->options->resource->throttling_group);
}

static void
set_uri(ClfPager *pager, char *uri)
{
	if (pager->uri)
		pfree(pager->uri);
	pager->uri = MemoryContextStrdup(pager->cxt, uri);
}

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

/* The request to send next is that for the page after the current one */
static void
set_page_uri(ClfPager *pager)
{
	ClfWindow	window = pager->window;

	window.to = pager->until;
	set_uri(pager, clf_query_uri(pager->query, &window,
								 pager->page_number + 1, next_token(pager)));
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

static void
send_request(ClfPager *pager, const char *bearer)
{
	ClfRequest	request = {0};

	request.url = psprintf("%s%s", pager->options->base_url, pager->uri);
	request.bearer = bearer;
	if (clf_query_by_id(pager->query))
		request.accept = CLF_BATCH_ACCEPT;
	clf_http_start(pager->http, pager->options, &request);
}

static void
send_page_request(ClfPager *pager)
{
	send_request(pager, clf_token_value(pager->token));
	pager->generation = clf_token_generation(pager->token);
	pager->stats.requests++;
}

/*
 * Send it ahead of need, unless that would mean to wait for a login or for the
 * budget.
 */
static void
prefetch(ClfPager *pager)
{
	if (!clf_token_fresh(pager->token, pager->options) ||
		!clf_budget_ready(get_budget(pager)))
		return;
	set_page_uri(pager);
	send_page_request(pager);
}

/*
 * Wait for the answer, sending the request first unless it has been sent ahead.
 * One sent ahead may have run into its timeout merely because the executor did
 * not come back for a while: that is no error, it is sent once more.
 */
static ClfTransport
fetch(ClfPager *pager, ClfResponse *response, const char **detail)
{
	if (clf_http_in_flight(pager->http))
	{
		ClfTransport how;

		clf_http_wait(pager->http);
		how = clf_http_finish(pager->http, pager->page_cxt, response, detail);
		if (how == CLF_TRANSPORT_OK || how == CLF_TRANSPORT_TOO_LARGE)
			return how;
	}
	pager->token = clf_token_get(pager->http, pager->options, pager->userid);
	pager->stats.budget_wait += clf_budget_wait(get_budget(pager));
	send_page_request(pager);
	clf_http_wait(pager->http);
	return clf_http_finish(pager->http, pager->page_cxt, response, detail);
}

/*
 * Get an answer for the page after the current one, into page_cxt.  A token
 * that the API refuses is replaced once.
 */
static void
fetch_response(ClfPager *pager, ClfResponse *response)
{
	for (int try = 0;; try++)
	{
		const char *detail;
		ClfTransport how = fetch(pager, response, &detail);

		if (how != CLF_TRANSPORT_OK)
			clf_report_transport(how, detail);
		clf_budget_note(get_budget(pager), response);
		pager->stats.bytes += response->wire_bytes;
		if (response->status != 401 || try > 0 ||
			!clf_token_discard(pager->token, pager->generation))
			return;
	}
}

/* Is this the media type of the answer?  "application/json;charset=utf-8" */
static bool
has_type(const ClfResponse *response, const char *type)
{
	size_t		length = strlen(type);

	return pg_strncasecmp(response->content_type, type, length) == 0 &&
		strchr("; ", response->content_type[length]) != NULL;
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
		pager->page = clf_page_parse(pager->page_cxt, response->body,
									 response->length, resource->frame_path,
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

	pager->page = clf_page_create(pager->page_cxt);
	if (clf_is_record_not_found(response->status, response->body,
								response->length))
		return;
	if (response->status != 200)
		clf_report_status(response->status, response->body, response->length,
						  response->request_id, secrets);
	if (has_type(response, "application/json"))
	{
		error = "it is cut short";
		ok = clf_page_add(pager->page, response->body, response->length);
	}
	if (!ok)
		clf_report_bad_answer(error, response->body, response->length,
							  secrets);
}

/* Make the answers for several ids the current page */
static void
read_batch(ClfPager *pager, const ClfResponse *response, int nids,
		   const ClfSecrets *secrets)
{
	ClfFailedPart failed;
	const char *error;

	if (response->status != 207)
		clf_report_status(response->status, response->body, response->length,
						  response->request_id, secrets);
	pager->page = clf_batch_parse(pager->page_cxt, response->content_type,
								  response->body, response->length, nids,
								  &failed, &error);
	if (pager->page == NULL && failed.status != 0)
		clf_report_status(failed.status, failed.body, failed.length,
						  response->request_id, secrets);
	if (pager->page == NULL)
		clf_report_bad_answer(error, response->body, response->length,
							  secrets);
}

/* Fetch the page after the current one and make it the current one */
static void
fetch_page(ClfPager *pager, ClfResponse *response)
{
	int			nids = clf_query_chunk_length(pager->query,
											  pager->page_number + 1);
	ClfSecrets	secrets = {{NULL}, false};

	set_page_uri(pager);
	set_page_token(pager);
	MemoryContextReset(pager->page_cxt);
	pager->page = NULL;
	fetch_response(pager, response);
	secrets.values[0] = clf_token_value(pager->token);
	if (nids == 0)
		read_list(pager, response, &secrets);
	else if (nids == 1)
		read_record(pager, response, &secrets);
	else
		read_batch(pager, response, nids, &secrets);
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

/*
 * A login tells what the API's clock shows.  With a token from the user mapping
 * nothing may have been asked yet, so ask for the API's versions, which is open
 * to everybody and not limited:
 * https://developers.ringcentral.com/api-reference/API-Info/readAPIVersions
 * Without an answer the local clock has to do.
 */
static void
learn_clock(ClfPager *pager)
{
	ClfResponse response;
	const char *detail;

	set_uri(pager, VERSIONS_PATH);
	send_request(pager, NULL);
	clf_http_wait(pager->http);
	(void) clf_http_finish(pager->http, pager->page_cxt, &response, &detail);
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
	if (pager->http == NULL)
		pager->http = clf_http_open(pager->cxt, pager->options);
	pager->token = clf_token_get(pager->http, pager->options, pager->userid);
	if ((pager->query->windowed || pager->query->changes) &&
		!clf_http_clock_known(pager->options))
		learn_clock(pager);
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
	clf_http_abandon(pager->http);
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
	if (!clf_query_by_id(pager->query) &&
		(at_page_ceiling(pager) || came_again(pager)))
		continue_window(pager);
	return true;
}

/* Make the next page the current one; false at the end of the scan */
static bool
next_page(ClfPager *pager)
{
	ErrorContextCallback context;
	ClfResponse response;
	bool		found;

	context.callback = request_error_context;
	context.arg = pager;
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
	pager->stats.pages++;
	pager->stats.records += clf_page_length(pager->page);
	if (has_more(pager) && !at_page_ceiling(pager))
		prefetch(pager);
	return true;
}

/* ----------
 * Records
 * ----------
 */

/* What tells the record from others: its id, and its version if there are any */
static const char *
get_key(ClfPager *pager, const ClfRecord *record, size_t *length)
{
	const char *version_path = pager->options->resource->version_path;
	ClfJson    *id;
	const char *stray;
	const char *text;

	(void) clf_json_find(record->root, pager->id_path, &id, &stray);
	if (id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("a record has no field \"%s\"",
						pager->options->resource->id_path)));
	text = clf_json_text(id, length);
	if (version_path)
	{
		char	   *version = clf_json_get_text(record->root, version_path);

		text = psprintf("%s %s", text, version ? version : "");
		*length = strlen(text);
	}
	return text;
}

/* Is this the first record with its key? */
static bool
is_new(ClfPager *pager, const ClfRecord *record)
{
	size_t		length;
	const unsigned char *key;
	uint64		high;
	uint64		low;
	IdHash		hash;
	bool		found;

	key = (const unsigned char *) get_key(pager, record, &length);
	high = hash_bytes_extended(key, (int) length, 0);
	low = hash_bytes_extended(key, (int) length, 1);
	hash.bits[0] = (uint32) high;
	hash.bits[1] = (uint32) (high >> 32);
	hash.bits[2] = (uint32) low;
	seen_insert(pager->seen, hash, &found);
	return !found;
}

/* Remember how far back the records reach, and whether they do in order */
static void
note_time(ClfPager *pager, const ClfRecord *record)
{
	ClfJson    *value;
	const char *stray;
	TimestampTz t;

	(void) clf_json_find(record->root, pager->time_path, &value, &stray);
	if (!clf_json_get_time(value, &t) || t > pager->oldest)
		pager->unsorted = true;
	else
		pager->oldest = t;
}

/* Deleted records are left out of lists, but by its id one may be found */
static bool
is_deleted(const ClfRecord *record)
{
	char	   *deleted = clf_json_get_text(record->root, "deleted");

	return deleted != NULL && strcmp(deleted, "true") == 0;
}

/* The changes were asked for from a little earlier on, see append_changes */
static bool
is_too_old(const ClfPager *pager, const ClfRecord *record)
{
	ClfJson    *value = clf_json_get(record->root,
									 pager->options->resource->version_path);
	TimestampTz t;

	return clf_json_get_time(value, &t) && t < pager->query->since_time;
}

/* Is this a record that the table holds? */
static bool
is_wanted(const ClfPager *pager, const ClfRecord *record)
{
	const ClfQuery *query = pager->query;

	if (clf_query_by_id(query))
		return pager->options->show_deleted || !is_deleted(record);
	if (query->changes && query->since)
		return !is_too_old(pager, record);
	return true;
}

/* Stand before the parts of the record */
static void
open_rows(ClfPager *pager, const ClfRecord *record)
{
	const char *stray;
	ClfJsonKind kind;

	(void) clf_json_find(record->root, pager->rows_path, &pager->rows, &stray);
	kind = clf_json_kind(pager->rows);
	if (kind != CLF_JSON_ARRAY && kind != CLF_JSON_NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("field \"%s\": expected an array, got %s",
						pager->options->resource->rows_path,
						clf_json_kind_name(kind))));
	pager->row.text = NULL;
	pager->row.number = 0;
}

/* The next part of the record, NULL after the last one */
static const ClfRecord *
next_row(ClfPager *pager)
{
	if (pager->row.number >= clf_json_array_length(pager->rows))
	{
		pager->rows = NULL;
		return NULL;
	}
	pager->row.root = clf_json_array_element(pager->rows, pager->row.number);
	pager->row.number++;
	return &pager->row;
}

/*
 * Make record n of the page the row to give out, or stand before the rows that
 * it has.  False when it has come before, or is none that the table holds.
 */
static bool
take_record(ClfPager *pager, int n)
{
	ErrorContextCallback context;
	const ClfRecord *record;
	const char *error;
	bool		wanted = false;

	context.callback = record_error_context;
	context.arg = pager;
	context.previous = error_context_stack;
	error_context_stack = &context;

	record = clf_page_record(pager->page, n, &error);
	if (record == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("could not read a record: %s", error)));
	if (!is_new(pager, record))
		pager->stats.duplicates++;
	else
	{
		note_time(pager, record);
		pager->new_records++;
		wanted = is_wanted(pager, record);
	}
	if (wanted)
	{
		pager->row = *record;
		pager->row.inputs = pager->inputs;
		if (pager->rows_path)
			open_rows(pager, record);
	}
	error_context_stack = context.previous;
	return wanted;
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
		const ClfRecord *row = pager->rows ? next_row(pager) : NULL;

		while (row == NULL && pager->page &&
			   pager->next_record < clf_page_length(pager->page))
		{
			if (take_record(pager, pager->next_record++))
				row = pager->rows_path ? next_row(pager) : &pager->row;
			if (pager->next_record % ADVANCE_EVERY == 0 &&
				clf_http_in_flight(pager->http))
				(void) clf_http_advance(pager->http);
			CHECK_FOR_INTERRUPTS();
		}
		if (row)
			return row;
		if (!next_page(pager))
			pager->at_end = true;
	}
	return NULL;
}
