/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  Pages of a scan, with a cache of responses for rescans.
 *
 * There is one page at a time.  If a scan may be restarted with other values,
 * as the inner side of a join is, responses are cached by URL within work_mem.
 * Where a table occurs several times in a statement, they are cached for all of its
 * scans, so that the same list is requested once.  For that, its windows end at the
 * same moment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/batch.h"
#include "answer/error.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "scan/answers.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* A cached response */
typedef struct KeptAnswer
{
	uint64		hash;			/* of the following: key of the table */
	Oid			serverid;
	Oid			userid;			/* whose user mapping was used */
	char	   *url;
	ClfHttpResponse response;
} KeptAnswer;

/* The moment of a server in a statement */
typedef struct ServerMoment
{
	Oid			serverid;
	ClfMoment	moment;
	struct ServerMoment *next;
} ServerMoment;

/* The cache of a scan, or of all scans of a statement */
typedef struct AnswerCache
{
	MemoryContext statement;	/* the statement's; NULL: cache of a scan */
	MemoryContext cxt;
	HTAB	   *kept;			/* NULL: empty */
	ServerMoment *moments;
	struct AnswerCache *next;	/* in statement_caches */
} AnswerCache;

/* Caches of the statements that are being executed */
static AnswerCache *statement_caches = NULL;

struct ClfAnswers
{
	const ClfTable *table;
	ClfExchange *exchange;
	ClfActivity *activity;
	Oid			userid;
	AnswerCache *cache;			/* NULL: caching is disabled */
	ClfMoment	moment;			/* of a scan that shares no cache */
	MemoryContext page_cxt;		/* the page and its response */
	ClfPage    *page;
	ClfFields  *fields;			/* to pick from each record */
};

/*
 * clf_answers_create
 *		Owned by the memory context.  Requests are sent by the exchange, with the
 *		user mapping of the role.
 */
ClfAnswers *
clf_answers_create(MemoryContext cxt, const ClfTable *table, Oid userid,
				   ClfExchange *exchange, ClfActivity *activity)
{
	ClfAnswers *answers = MemoryContextAllocZero(cxt, sizeof(ClfAnswers));

	answers->table = table;
	answers->userid = userid;
	answers->exchange = exchange;
	answers->activity = activity;
	answers->page_cxt = AllocSetContextCreate(cxt, "call_log_fdw page",
											  ALLOCSET_DEFAULT_SIZES);
	return answers;
}

static AnswerCache *
create_cache(MemoryContext parent)
{
	AnswerCache *cache = MemoryContextAllocZero(parent, sizeof(AnswerCache));

	cache->cxt = AllocSetContextCreate(parent, "call_log_fdw answers",
									   ALLOCSET_DEFAULT_SIZES);
	return cache;
}

/*
 * clf_answers_enable_cache
 *		Requests may be repeated: cache the responses within work_mem.
 */
void
clf_answers_enable_cache(ClfAnswers *answers)
{
	answers->cache = create_cache(MemoryContextGetParent(answers->page_cxt));
}

/* Reset callback of the statement's memory context: unlink its cache */
static void
unlink_cache(void *arg)
{
	AnswerCache **link = &statement_caches;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

/*
 * clf_answers_share_cache
 *		The same, with one cache for all scans of a statement, whose memory
 *		context this is.
 */
void
clf_answers_share_cache(ClfAnswers *answers, MemoryContext statement)
{
	AnswerCache *cache = statement_caches;
	MemoryContextCallback *callback;

	while (cache && cache->statement != statement)
		cache = cache->next;
	if (cache == NULL)
	{
		callback = MemoryContextAlloc(statement, sizeof(MemoryContextCallback));
		cache = create_cache(statement);
		cache->statement = statement;
		cache->next = statement_caches;
		statement_caches = cache;
		callback->func = unlink_cache;
		callback->arg = cache;
		MemoryContextRegisterResetCallback(statement, callback);
	}
	answers->cache = cache;
}

/*
 * clf_answers_moment
 *		The moment at which the windows of the scan end, and those of all scans that
 *		share its cache and request from the same server.
 */
ClfMoment  *
clf_answers_moment(ClfAnswers *answers)
{
	Oid			serverid = answers->table->server->serverid;
	AnswerCache *cache = answers->cache;
	ServerMoment *found;

	if (cache == NULL || cache->statement == NULL)
		return &answers->moment;
	for (found = cache->moments; found; found = found->next)
	{
		if (found->serverid == serverid)
			return &found->moment;
	}
	found = MemoryContextAllocZero(cache->statement, sizeof(ServerMoment));
	found->serverid = serverid;
	found->next = cache->moments;
	cache->moments = found;
	return &found->moment;
}

/*
 * clf_answers_release
 *		Free the page.
 */
void
clf_answers_release(ClfAnswers *answers)
{
	MemoryContextReset(answers->page_cxt);
	answers->page = NULL;
}

/* ----------
 * Cache
 * ----------
 */

/* Hash of a URL and of the user mapping that is used for it */
static uint64
hash_url(const ClfAnswers *answers, const char *url)
{
	uint64		seed = (uint64) answers->userid << 32 |
	answers->table->server->serverid;

	return hash_bytes_extended((const unsigned char *) url, strlen(url), seed);
}

/* Find the cached response to a URL, or NULL */
static const ClfHttpResponse *
find_kept(const ClfAnswers *answers, const char *url)
{
	uint64		hash = hash_url(answers, url);
	KeptAnswer *kept = NULL;

	if (answers->cache && answers->cache->kept)
		kept = hash_search(answers->cache->kept, &hash, HASH_FIND, NULL);
	if (kept && kept->serverid == answers->table->server->serverid &&
		kept->userid == answers->userid && strcmp(kept->url, url) == 0)
		return &kept->response;
	return NULL;
}

/*
 * Find the cached response to the next URL, or NULL; the response to a request in
 * progress is preferred, as another scan can have cached one meanwhile
 */
static const ClfHttpResponse *
find_answer(const ClfAnswers *answers, const char *url)
{
	return clf_exchange_is_busy(answers->exchange) ? NULL :
		find_kept(answers, url);
}

static void
create_kept(AnswerCache *cache)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(KeptAnswer);
	control.hcxt = cache->cxt;
	cache->kept = hash_create("call_log_fdw answers", 64, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Cache a response that was read without an error, if work_mem allows */
static void
keep_answer(ClfAnswers *answers, const char *url,
			const ClfHttpResponse *response)
{
	AnswerCache *cache = answers->cache;
	uint64		hash = hash_url(answers, url);
	KeptAnswer *kept;
	MemoryContext old;
	bool		found;

	if (cache == NULL ||
		MemoryContextMemAllocated(cache->cxt, true) + response->length >
		work_mem * (Size) 1024)
		return;
	if (cache->kept == NULL)
		create_kept(cache);
	kept = hash_search(cache->kept, &hash, HASH_ENTER, &found);
	if (found)
		return;
	old = MemoryContextSwitchTo(cache->cxt);
	kept->serverid = answers->table->server->serverid;
	kept->userid = answers->userid;
	kept->url = pstrdup(url);
	memset(&kept->response, 0, sizeof(ClfHttpResponse));
	kept->response.status = response->status;
	kept->response.body = pnstrdup(response->body, response->length);
	kept->response.length = response->length;
	kept->response.content_type = pstrdup(response->content_type);
	kept->response.request_id = pstrdup(response->request_id);
	MemoryContextSwitchTo(old);
}

/*
 * clf_answers_forget
 *		Remove the response to a URL from the cache.
 */
void
clf_answers_forget(ClfAnswers *answers, const char *url)
{
	uint64		hash = hash_url(answers, url);

	if (find_kept(answers, url))
		hash_search(answers->cache->kept, &hash, HASH_REMOVE, NULL);
}

/* ----------
 * Reading
 * ----------
 */

/* Does the response have this media type?  "application/json;charset=utf-8" */
static bool
has_type(const ClfHttpResponse *response, const char *type)
{
	size_t		length = strlen(type);

	return pg_strncasecmp(response->content_type, type, length) == 0 &&
		strchr("; ", response->content_type[length]) != NULL;
}

/*
 * Parse a list into the page.  An extension that the query names has no records
 * if it does not exist.
 */
static void
read_list(ClfAnswers *answers, const ClfPageRequest *request,
		  const ClfHttpResponse *response)
{
	const char *error = "its content type is not application/json";

	if (request->query->extension &&
		clf_is_unknown_extension(response->status, response->body,
								 response->length,
								 clf_has_own_path(answers->table)))
	{
		answers->page = clf_page_create(answers->page_cxt, answers->fields);
		return;
	}
	if (response->status != 200)
		clf_report_status(response,
						  clf_exchange_info(answers->exchange));
	if (has_type(response, "application/json"))
		answers->page = clf_page_parse(answers->page_cxt, answers->fields,
									   response->body, response->length,
									   answers->table->resource, &error);
	if (answers->page == NULL)
		clf_report_bad_answer(error, response);
}

/* Parse the response to a single id into the page */
static void
read_record(ClfAnswers *answers, const ClfPageRequest *request,
			const ClfHttpResponse *response)
{
	const ClfQuery *query = request->query;
	const char *error = "its content type is not application/json";
	bool		ok = false;

	answers->page = clf_page_create(answers->page_cxt, answers->fields);
	if (clf_is_not_found(response->status, response->body, response->length,
						 clf_has_own_path(answers->table)))
	{
		if (query->details)
			clf_report_recording_gone(query->shown ? NULL :
									  list_nth(query->ids,
											   request->number - 1));
		return;
	}
	if (response->status != 200)
		clf_report_status(response,
						  clf_exchange_info(answers->exchange));
	if (has_type(response, "application/json"))
	{
		error = "it is truncated or not valid JSON";
		ok = clf_page_add(answers->page, response->body, response->length);
	}
	if (!ok)
		clf_report_bad_answer(error, response);
}

/*
 * Parse the response to several ids into the page.  If an id failed, its part
 * replaces the response.  Returns NULL or an error message.
 */
static const char *
read_batch(ClfAnswers *answers, ClfHttpResponse *response, int nids)
{
	ClfFailedPart failed;
	const char *error;

	answers->page = clf_batch_parse(answers->page_cxt, answers->fields,
									response, nids, &failed, &error);
	if (answers->page)
		return NULL;
	if (failed.status == 0)
		return error;
	response->status = failed.status;
	response->body = pnstrdup(failed.body, failed.length);
	response->length = failed.length;
	return NULL;
}

/* Request several ids, with retries if one of them failed transiently */
static void
fetch_batch(ClfAnswers *answers, const ClfHttpRequest *request, int nids,
			ClfHttpResponse *response)
{
	const char *error = NULL;
	ClfTransport how;

	clf_exchange_begin(answers->exchange, request);
	do
	{
		how = clf_exchange_try(answers->exchange, request, answers->page_cxt,
							   response);
		error = NULL;
		if (how == CLF_TRANSPORT_OK && response->status == 207)
			error = read_batch(answers, response, nids);
		else if (how == CLF_TRANSPORT_OK && response->status == 200)
			error = "it is not a response to several ids";
	} while (clf_exchange_again(answers->exchange, how, response));
	if (answers->page)
		return;
	if (error)
		clf_report_bad_answer(error, response);
	clf_report_status(response,
					  clf_exchange_info(answers->exchange));
}

/* ----------
 * Requests
 * ----------
 */

static ClfHttpRequest
http_request(const ClfPageRequest *request)
{
	ClfHttpRequest http = {0};

	http.url = request->url;
	http.shown = request->shown;
	http.label = request->query->label;
	if (clf_query_by_id(request->query) && request->query->max_ids > 1)
		http.accept = CLF_BATCH_ACCEPT;
	return http;
}

/*
 * clf_answers_prefetch
 *		Prefetch the next request, unless its response is cached.
 */
void
clf_answers_prefetch(ClfAnswers *answers, const ClfPageRequest *request)
{
	ClfHttpRequest http = http_request(request);

	if (find_kept(answers, request->url) == NULL)
		clf_exchange_prefetch(answers->exchange, &http);
}

/*
 * clf_answers_poll
 *		Advance the next request without waiting.  Returns true when its
 *		response is complete.
 */
bool
clf_answers_poll(ClfAnswers *answers, const ClfPageRequest *request)
{
	ClfHttpRequest http = http_request(request);

	return find_answer(answers, request->url) != NULL ||
		clf_exchange_poll(answers->exchange, &http);
}

/*
 * clf_answers_get
 *		Return the page for a request, with the given fields of each record.
 *		It is valid until the next call. *date: header Date of the response; 0
 *		if missing or cached.
 */
ClfPage    *
clf_answers_get(ClfAnswers *answers, const ClfPageRequest *request,
				ClfFields *fields, TimestampTz *date)
{
	int			nids = clf_query_chunk_length(request->query, request->number);
	ClfHttpRequest http = http_request(request);
	const ClfHttpResponse *kept = find_answer(answers, request->url);
	ClfHttpResponse response;

	clf_answers_release(answers);
	answers->fields = fields;
	if (kept)
	{
		/* another scan of the statement may have been faster */
		clf_exchange_abandon(answers->exchange);
		response = *kept;
	}
	else if (nids > 1)
		fetch_batch(answers, &http, nids, &response);
	else
		clf_exchange_get(answers->exchange, &http, answers->page_cxt,
						 &response);

	if (nids == 0)
		read_list(answers, request, &response);
	else if (nids == 1)
		read_record(answers, request, &response);
	else if (kept)
		(void) read_batch(answers, &response, nids);
	if (kept)
		answers->activity->counters.avoided++;
	else
		keep_answer(answers, request->url, &response);
	*date = response.date;
	return answers->page;
}
