/*-------------------------------------------------------------------------
 *
 * exchange.c
 *	  Authorized GET requests of a scan: token, budget, retries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "net/attempt.h"
#include "net/exchange.h"
#include "net/token.h"
#include "portability/instr_time.h"
#include "shared/clock.h"
#include "utils/memutils.h"

/* API versions; needs no authorization */
#define VERSIONS_PATH "/restapi"

/* Maximum length of a URL in messages, in bytes: enough for 50 ids */
#define MAX_SHOWN_URL 2000

/* Number of rate-limited requests that this backend has sent */
static uint64 sent = 0;

struct ClfExchange
{
	const ClfTable *table;
	Oid			userid;			/* whose user mapping is used */
	MemoryContext cxt;
	ClfActivity *activity;

	ClfAttempt	attempt;		/* opens its connection for the first request */
	ClfToken   *token;
	uint64		generation;		/* of the token sent last */

	/* the request in progress, or the last one */
	ClfRequestInfo info;		/* with the secrets of all requests */
	char	   *url;			/* of the request sent last */
	char	   *shown;			/* path and query, for error messages */
	int			renewals;		/* number of refused tokens replaced */
	int64		logins_before;	/* the scan's, at the start of the request */
};

/*
 * clf_exchange_create
 *		Create an exchange, owned by the memory context.  Its requests go to
 *		base_url, one of the server's URLs, with the user mapping of the role,
 *		and are counted in the activity.
 */
ClfExchange *
clf_exchange_create(MemoryContext cxt, const ClfTable *table,
					const char *base_url, Oid userid, ClfActivity *activity)
{
	ClfExchange *exchange = MemoryContextAllocZero(cxt, sizeof(ClfExchange));

	exchange->table = table;
	exchange->userid = userid;
	exchange->cxt = cxt;
	exchange->activity = activity;
	exchange->attempt.server = table->server;
	exchange->attempt.base_url = base_url;
	exchange->info.target = base_url == table->server->media_url ?
		CLF_TARGET_MEDIA : CLF_TARGET_API;
	return exchange;
}

/*
 * clf_exchange_context
 *		Error context callback: the request and the number of attempts.
 */
void
clf_exchange_context(void *arg)
{
	ClfExchange *exchange = arg;

	if (exchange->shown)
		errcontext("request for %s: GET %s", exchange->table->subject,
				   exchange->shown);
	else
		errcontext("%s", exchange->table->subject);
	clf_retry_context(&exchange->attempt.retry);
}

/* Replace a text of the exchange; on out of memory, the old one remains */
static void
set_text(const ClfExchange *exchange, char **text, const char *value)
{
	char	   *old = *text;

	*text = MemoryContextStrdup(exchange->cxt, value);
	if (old)
		pfree(old);
}

/* Keep path and query for messages. The URL may come from a response. */
static void
show_request(ClfExchange *exchange, const ClfHttpRequest *request)
{
	size_t		length = strlen(exchange->attempt.base_url);
	const char *url = request->shown ? request->shown : request->url;
	char	   *shown;

	if (strncmp(url, exchange->attempt.base_url, length) == 0)
		url += length;
	shown = clf_excerpt(url, strlen(url), MAX_SHOWN_URL);
	set_text(exchange, &exchange->shown, shown);
	pfree(shown);
}

static void
open_http(ClfExchange *exchange)
{
	if (exchange->attempt.http == NULL)
		exchange->attempt.http = clf_http_open(exchange->cxt, exchange->table->server,
											   exchange->attempt.base_url);
}

/*
 * clf_exchange_login
 *		Make sure that there is a valid token.
 */
void
clf_exchange_login(ClfExchange *exchange)
{
	int64		before = clf_token_logins();

	if (exchange->token == NULL ||
		!clf_token_fresh(exchange->token, exchange->table->server))
		clf_activity_set(exchange->activity, CLF_WAITS_FOR_TOKEN);

	/*
	 * a login returns its connection to the pool, from which open_http takes
	 * it
	 */
	exchange->token = clf_token_get(exchange->table->server, exchange->userid);
	exchange->activity->counters.logins += clf_token_logins() - before;
	open_http(exchange);
}

/*
 * clf_exchange_get_versions
 *		Request the API's versions, which needs no authorization and is not
 *		rate limited:
 *		https://developers.ringcentral.com/api-reference/API-Info/readAPIVersions
 *		The response is palloc'd in the current memory context.
 */
ClfTransport
clf_exchange_get_versions(ClfExchange *exchange, ClfHttpResponse *response,
						  const char **detail)
{
	ClfHttpRequest request = {0};
	ClfTransport how;

	Assert(!clf_exchange_is_busy(exchange));
	open_http(exchange);
	request.url = psprintf("%s" VERSIONS_PATH, exchange->attempt.base_url);
	show_request(exchange, &request);
	exchange->attempt.label = "GET " VERSIONS_PATH;
	exchange->attempt.budget = NULL;
	clf_attempt_start(&exchange->attempt, &request);
	how = clf_attempt_finish(&exchange->attempt, CurrentMemoryContext,
							 response);
	*detail = exchange->attempt.detail;
	return how;
}

/*
 * clf_exchange_learn_clock
 *		Make sure that the offset of the API's clock is known.  A login
 *		determines it; with a token from the user mapping there may have been
 *		no response yet.  Without a response, the local clock is used.
 */
void
clf_exchange_learn_clock(ClfExchange *exchange)
{
	ClfHttpResponse response;
	const char *detail;

	if (!clf_clock_known(exchange->table->server->base_url))
		(void) clf_exchange_get_versions(exchange, &response, &detail);
}

/* The principal may differ with the token */
static void
find_budget(ClfExchange *exchange)
{
	exchange->attempt.budget =
		clf_budget_get(clf_token_principal(exchange->token),
					   exchange->attempt.base_url,
					   exchange->table->resource->throttling_group);
}

/* Would this number of additional requests exceed max_requests? */
static bool
exceeds_max_requests(const ClfExchange *exchange, int more)
{
	const ClfCounters *counters = &exchange->activity->counters;
	int			max = exchange->table->max_requests;

	return max > 0 && counters->requests - counters->retries + more > max;
}

/*
 * clf_exchange_expect
 *		Raise an error if the scan may not send this number of requests, all of
 *		which are needed.
 */
void
clf_exchange_expect(const ClfExchange *exchange, int requests)
{
	if (exceeds_max_requests(exchange, requests))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg_plural("scan of %s requires more than %d request",
							   "scan of %s requires more than %d requests",
							   exchange->table->max_requests,
							   exchange->table->subject,
							   exchange->table->max_requests),
				 errhint("Narrow the query (a range of time, fewer ids, a "
						 "LIMIT), or raise the option max_requests of the "
						 "server or table.")));
}

/* Send a request, for which a slot has been taken */
static void
send_authorized(ClfExchange *exchange, const ClfHttpRequest *request)
{
	ClfHttpRequest authorized = *request;

	set_text(exchange, &exchange->url, request->url);
	authorized.bearer = clf_token_value(exchange->token);
	clf_add_secret(&exchange->info, authorized.bearer);
	exchange->attempt.label = request->label;
	exchange->activity->budget_wait += exchange->attempt.slot_wait;
	clf_attempt_start(&exchange->attempt, &authorized);
	exchange->generation = clf_token_generation(exchange->token);
	exchange->activity->counters.requests++;
	sent++;
}

/*
 * The request in progress, which may have been prefetched, must be the one whose
 * response the caller is about to use: rows of another page would be wrong.
 */
static void
check_in_progress(const ClfExchange *exchange, const ClfHttpRequest *request)
{
	if (!clf_same_text(exchange->url, request->url))
		elog(ERROR, "the request in progress is not the one whose response is needed");
}

/* Check the token again after the wait for a slot */
static void
recheck_token(ClfExchange *exchange)
{
	if (exchange->attempt.slot_wait > 0)
		clf_token_revalidate(exchange->token);
	if (!clf_token_fresh(exchange->token, exchange->table->server))
		clf_exchange_login(exchange);
}

/*
 * clf_exchange_seconds
 *		Minimum duration of these requests of this role because of the request
 *		limit; negative if the limit is not known.  Sends no request.
 */
double
clf_exchange_seconds(const ClfTable *table, Oid userid, double requests)
{
	const ClfToken *token = clf_token_peek(userid, table->server->serverid);

	if (token == NULL)
		return -1;
	return clf_budget_seconds(clf_budget_get(clf_token_principal(token),
											 table->server->base_url,
											 table->resource->throttling_group),
							  requests);
}

/*
 * clf_exchange_prefetch
 *		Prefetch: send the next request early, unless that would wait for a
 *		login or for the budget.
 */
void
clf_exchange_prefetch(ClfExchange *exchange, const ClfHttpRequest *request)
{
	if (!clf_token_fresh(exchange->token, exchange->table->server) ||
		exceeds_max_requests(exchange, 1))
		return;
	find_budget(exchange);
	if (!clf_attempt_try_slot(&exchange->attempt))
		return;
	show_request(exchange, request);
	send_authorized(exchange, request);
}

/*
 * clf_exchange_poll
 *		Advance the next request without waiting, except for a login.  Returns
 *		true when its response is complete; otherwise the descriptor becomes
 *		readable when there is more to do.
 */
bool
clf_exchange_poll(ClfExchange *exchange, const ClfHttpRequest *request)
{
	if (clf_exchange_is_busy(exchange))
		check_in_progress(exchange, request);
	else
	{
		int64		wait;

		clf_exchange_login(exchange);
		find_budget(exchange);
		clf_exchange_expect(exchange, 1);
		wait = clf_attempt_poll_slot(&exchange->attempt);
		clf_activity_set(exchange->activity, wait > 0 ? CLF_WAITS_FOR_LIMIT :
						 CLF_WAITS_FOR_ANSWER);
		if (wait > 0)
		{
			clf_http_wake_after(exchange->attempt.http, wait);
			return false;
		}
		recheck_token(exchange);
		show_request(exchange, request);
		send_authorized(exchange, request);
	}
	return clf_http_advance(exchange->attempt.http);
}

/*
 * clf_exchange_descriptor
 *		Descriptor to wait on after clf_exchange_poll has returned false.
 */
int
clf_exchange_descriptor(const ClfExchange *exchange)
{
	return clf_http_descriptor(exchange->attempt.http);
}

/*
 * clf_exchange_advance
 *		Drive a prefetched request without waiting.
 */
void
clf_exchange_advance(ClfExchange *exchange)
{
	if (clf_exchange_is_busy(exchange))
		(void) clf_http_advance(exchange->attempt.http);
}

/*
 * clf_exchange_is_busy
 *		Is the next request in progress, or its response not taken yet?
 */
bool
clf_exchange_is_busy(const ClfExchange *exchange)
{
	return exchange->attempt.http && clf_http_in_flight(exchange->attempt.http);
}

/*
 * clf_exchange_abandon
 *		Drop the request in progress, if any.
 */
void
clf_exchange_abandon(ClfExchange *exchange)
{
	clf_attempt_abandon(&exchange->attempt);
}

/*
 * clf_exchange_begin
 *		Start with a new request, which may have been prefetched.
 */
void
clf_exchange_begin(ClfExchange *exchange, const ClfHttpRequest *request)
{
	show_request(exchange, request);
	memset(&exchange->attempt.retry, 0, sizeof(ClfRetry));
	exchange->renewals = 0;
	exchange->logins_before = exchange->activity->counters.logins;
}

static ClfTransport
finish_request(ClfExchange *exchange, MemoryContext cxt,
			   ClfHttpResponse *response)
{
	ClfActivity *activity = exchange->activity;
	ClfTransport how;
	instr_time	start;
	instr_time	wait;

	clf_activity_set(activity, CLF_WAITS_FOR_ANSWER);
	INSTR_TIME_SET_CURRENT(start);
	how = clf_attempt_finish(&exchange->attempt, cxt, response);
	INSTR_TIME_SET_CURRENT(wait);
	INSTR_TIME_SUBTRACT(wait, start);
	activity->network_wait += INSTR_TIME_GET_DOUBLE(wait);
	activity->counters.bytes += Max(response->wire_bytes, 0);
	clf_activity_set(activity, CLF_READS_ROWS);
	return how;
}

/*
 * clf_exchange_try
 *		Send the request and wait for the response, which is palloc'd in cxt.
 *
 * A prefetched request may have timed out merely because the executor did not
 * fetch for a while: its failure is ignored and the request sent again.
 */
ClfTransport
clf_exchange_try(ClfExchange *exchange, const ClfHttpRequest *request,
				 MemoryContext cxt, ClfHttpResponse *response)
{
	if (clf_exchange_is_busy(exchange))
	{
		ClfTransport how;

		check_in_progress(exchange, request);
		how = finish_request(exchange, cxt, response);
		if (how == CLF_TRANSPORT_OK || how == CLF_TRANSPORT_TOO_LARGE)
			return how;
	}
	clf_exchange_login(exchange);
	find_budget(exchange);
	clf_exchange_expect(exchange, 1);
	if (clf_attempt_poll_slot(&exchange->attempt) > 0)
	{
		/* after the ticket has been assigned, as tests depend on */
		clf_activity_set(exchange->activity, CLF_WAITS_FOR_LIMIT);
		clf_attempt_take_slot(&exchange->attempt);
	}
	recheck_token(exchange);
	send_authorized(exchange, request);
	return finish_request(exchange, cxt, response);
}

/*
 * May a refused token be replaced?  Once; and a second time if the replacement
 * came from another session instead of a new login, as it may be invalid too.
 */
static bool
may_renew(const ClfExchange *exchange)
{
	return exchange->renewals == 0 ||
		(exchange->renewals == 1 &&
		 exchange->activity->counters.logins == exchange->logins_before);
}

/*
 * clf_exchange_again
 *		Given the outcome of an attempt, return true if there is to be another
 *		one: with a new token if the API refused the old one, or after a delay
 *		if the failure is transient.  Return false for a final response, of any
 *		status.  Raise an error if there is no response.
 */
bool
clf_exchange_again(ClfExchange *exchange, ClfTransport how,
				   const ClfHttpResponse *response)
{
	if (clf_retry_kind(how, response) == CLF_RETRY_NEW_TOKEN &&
		may_renew(exchange) &&
		clf_token_discard(exchange->token, exchange->generation))
	{
		exchange->renewals++;
		return true;
	}
	if (how != CLF_TRANSPORT_OK || response->status != 200)
		clf_activity_set(exchange->activity, CLF_WAITS_TO_RETRY);
	if (clf_attempt_again(&exchange->attempt, how, response))
	{
		exchange->activity->counters.retries++;
		return true;
	}
	if (how != CLF_TRANSPORT_OK)
		clf_report_transport(how, exchange->attempt.detail, &exchange->info);
	return false;
}

/*
 * clf_exchange_get
 *		Send a request with retries.  The response, of any status, is palloc'd
 *		in cxt.
 */
void
clf_exchange_get(ClfExchange *exchange, const ClfHttpRequest *request,
				 MemoryContext cxt, ClfHttpResponse *response)
{
	ClfTransport how;

	clf_exchange_begin(exchange, request);
	do
	{
		how = clf_exchange_try(exchange, request, cxt, response);
	} while (clf_exchange_again(exchange, how, response));
}

/*
 * clf_exchange_sent
 *		Number of rate-limited requests that this backend has sent.
 */
uint64
clf_exchange_sent(void)
{
	return sent;
}

/*
 * clf_exchange_token
 *		The token last used.
 */
const ClfToken *
clf_exchange_token(const ClfExchange *exchange)
{
	return exchange->token;
}

/*
 * clf_exchange_info
 *		The request's properties, for error messages.
 */
const ClfRequestInfo *
clf_exchange_info(const ClfExchange *exchange)
{
	return &exchange->info;
}
