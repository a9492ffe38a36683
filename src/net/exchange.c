/*-------------------------------------------------------------------------
 *
 * exchange.c
 *	  Authorized GET requests: token, budget, retries.
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

/* The API's versions, without authorization */
#define VERSIONS_PATH "/restapi"

/* Bytes of a URL that a message shows at most: enough for 50 ids */
#define LONGEST_SHOWN 2000

/* Requests of this backend that count, since it began */
static uint64 sent = 0;

struct ClfExchange
{
	const ClfTable *table;
	Oid			userid;			/* whose user mapping counts */
	MemoryContext cxt;
	ClfActivity *activity;

	ClfAttempt	attempt;		/* its connection is opened at the first
								 * request */
	ClfToken   *token;
	uint64		generation;		/* of the token that was sent last */

	/* the request under way, or the last one */
	ClfAsked	asked;			/* with the secrets of all of them */
	char	   *shown;			/* path and query, for error messages */
	int			renewals;		/* how often a refused token was replaced */
	int64		logins_before;	/* the scan's, when it began */
};

/*
 * clf_exchange_create
 *		Owned by the memory context, as are its requests.  Sends them to that
 *		URL, one of the server's, as the user mapping of that role, as part of
 *		that activity.
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
	exchange->asked.target = base_url == table->server->media_url ?
		CLF_TARGET_MEDIA : CLF_TARGET_API;
	return exchange;
}

/*
 * clf_exchange_context
 *		Error context callback: which request it is, and how often it was
 *		tried.
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

/*
 * Keep the URL for messages, without the part that is always the same.  It may
 * be one that an answer named.
 */
static void
show_request(ClfExchange *exchange, const ClfHttpRequest *request)
{
	size_t		length = strlen(exchange->attempt.base_url);
	const char *url = request->shown ? request->shown : request->url;
	char	   *old = exchange->shown;
	char	   *shown;

	if (strncmp(url, exchange->attempt.base_url, length) == 0)
		url += length;
	shown = clf_excerpt(url, strlen(url), LONGEST_SHOWN);
	/* without memory for it, the error's context still shows the old one */
	exchange->shown = MemoryContextStrdup(exchange->cxt, shown);
	if (old)
		pfree(old);
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
 *		See to it that there is a token.
 */
void
clf_exchange_login(ClfExchange *exchange)
{
	int64		before = clf_token_logins();

	if (exchange->token == NULL ||
		!clf_token_fresh(exchange->token, exchange->table->server))
		clf_activity_set(exchange->activity, CLF_WAITS_FOR_TOKEN);

	/* a login gives its connection back, so that it can be used here */
	exchange->token = clf_token_get(exchange->table->server, exchange->userid);
	exchange->activity->counters.logins += clf_token_logins() - before;
	open_http(exchange);
}

/*
 * clf_exchange_get_versions
 *		Request the API's versions, which takes no authorization and does not
 *		count against a limit:
 *		https://developers.ringcentral.com/api-reference/API-Info/readAPIVersions
 *		The answer is palloc'd in the current memory context.
 */
ClfTransport
clf_exchange_get_versions(ClfExchange *exchange, ClfHttpResponse *response,
						  const char **detail)
{
	ClfHttpRequest request = {0};
	ClfTransport how;

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
 *		See to it that what the API's clock shows is known, if it can be.  A
 *		login tells it; with a token from the user mapping nothing may have been
 *		asked yet.  Without an answer the local clock has to do.
 */
void
clf_exchange_learn_clock(ClfExchange *exchange)
{
	ClfHttpResponse response;
	const char *detail;

	if (!clf_clock_known(exchange->table->server->base_url))
		(void) clf_exchange_get_versions(exchange, &response, &detail);
}

/* The account may differ with the token */
static void
find_budget(ClfExchange *exchange)
{
	exchange->attempt.budget =
		clf_budget_get(clf_token_account(exchange->token),
					   exchange->attempt.base_url,
					   exchange->table->resource->throttling_group);
}

/* Would that many more requests exceed max_requests? */
static bool
exceeds_max_requests(const ClfExchange *exchange, int more)
{
	const ClfCounters *counters = &exchange->activity->counters;
	int			max = exchange->table->max_requests;

	return max > 0 && counters->requests - counters->retries + more > max;
}

/*
 * clf_exchange_expect
 *		So many requests are to be sent, for certain: an error if the scan may
 *		not send them.
 */
void
clf_exchange_expect(const ClfExchange *exchange, int requests)
{
	if (exceeds_max_requests(exchange, requests))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg_plural("scan of %s takes more than %d request",
							   "scan of %s takes more than %d requests",
							   exchange->table->max_requests,
							   exchange->table->subject,
							   exchange->table->max_requests),
				 errhint("Narrow the query (a range of start_time, fewer ids, "
						 "a LIMIT), or raise the option max_requests of the "
						 "server or table.")));
}

/* Send the request, for which a slot has been taken */
static void
send_request(ClfExchange *exchange, const ClfHttpRequest *request)
{
	ClfHttpRequest authorized = *request;

	authorized.bearer = clf_token_value(exchange->token);
	clf_asked_with(&exchange->asked, authorized.bearer);
	exchange->attempt.label = request->label;
	exchange->activity->budget_wait += exchange->attempt.slot_wait;
	clf_attempt_start(&exchange->attempt, &authorized);
	exchange->generation = clf_token_generation(exchange->token);
	exchange->activity->counters.requests++;
	sent++;
}

/*
 * The request has its slot.  While it waited for it, the token may have become
 * another one.
 */
static void
look_at_token_again(ClfExchange *exchange)
{
	if (exchange->attempt.slot_wait > 0)
		clf_token_look_again(exchange->token);
	if (!clf_token_fresh(exchange->token, exchange->table->server))
		clf_exchange_login(exchange);
}

/*
 * clf_exchange_seconds
 *		Seconds that these requests of this role take at least because of the
 *		request limit; negative if the limit is not known.  Sends nothing.
 */
double
clf_exchange_seconds(const ClfTable *table, Oid userid, double requests)
{
	const ClfToken *token = clf_token_peek(userid, table->server->serverid);

	if (token == NULL)
		return -1;
	return clf_budget_seconds(clf_budget_get(clf_token_account(token),
											 table->server->base_url,
											 table->resource->throttling_group),
							  requests);
}

/*
 * clf_exchange_send_ahead
 *		Send the request that is to be asked for next, unless that would mean to
 *		wait for a login or for the budget.
 */
void
clf_exchange_send_ahead(ClfExchange *exchange, const ClfHttpRequest *request)
{
	if (!clf_token_fresh(exchange->token, exchange->table->server) ||
		exceeds_max_requests(exchange, 1) ||
		!clf_attempt_try_slot(&exchange->attempt))
		return;
	show_request(exchange, request);
	send_request(exchange, request);
}

/*
 * clf_exchange_poll
 *		Do for the request, the one that is to be asked for next, what can be
 *		done without waiting, but for a login.  True when its answer is here;
 *		if not, the descriptor tells when there is more to do.
 */
bool
clf_exchange_poll(ClfExchange *exchange, const ClfHttpRequest *request)
{
	if (exchange->attempt.http == NULL || !clf_http_in_flight(exchange->attempt.http))
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
		look_at_token_again(exchange);
		show_request(exchange, request);
		send_request(exchange, request);
	}
	return clf_http_advance(exchange->attempt.http);
}

/*
 * clf_exchange_descriptor
 *		See clf_exchange_poll, which must have been called for the request.
 */
int
clf_exchange_descriptor(const ClfExchange *exchange)
{
	return clf_http_descriptor(exchange->attempt.http);
}

/*
 * clf_exchange_advance
 *		Let a request that was sent ahead do what it can do without waiting.
 */
void
clf_exchange_advance(ClfExchange *exchange)
{
	if (exchange->attempt.http && clf_http_in_flight(exchange->attempt.http))
		(void) clf_http_advance(exchange->attempt.http);
}

/*
 * clf_exchange_abandon
 *		Drop the request under way, if there is one.
 */
void
clf_exchange_abandon(ClfExchange *exchange)
{
	clf_attempt_abandon(&exchange->attempt);
}

/*
 * clf_exchange_begin
 *		What is tried from now on is this request; it may have been sent ahead.
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
 *		Send the request and wait for the answer, which is palloc'd in cxt.
 *
 * One sent ahead may have run into its timeout merely because the executor did
 * not come back for a while: that is no failure, it is sent once more.
 */
ClfTransport
clf_exchange_try(ClfExchange *exchange, const ClfHttpRequest *request,
				 MemoryContext cxt, ClfHttpResponse *response)
{
	if (exchange->attempt.http && clf_http_in_flight(exchange->attempt.http))
	{
		ClfTransport how = finish_request(exchange, cxt, response);

		if (how == CLF_TRANSPORT_OK || how == CLF_TRANSPORT_TOO_LARGE)
			return how;
	}
	clf_exchange_login(exchange);
	find_budget(exchange);
	clf_exchange_expect(exchange, 1);
	if (clf_attempt_poll_slot(&exchange->attempt) > 0)
	{
		/* whoever sees this knows that the ticket is drawn */
		clf_activity_set(exchange->activity, CLF_WAITS_FOR_LIMIT);
		clf_attempt_take_slot(&exchange->attempt);
	}
	look_at_token_again(exchange);
	send_request(exchange, request);
	return finish_request(exchange, cxt, response);
}

/*
 * May a refused token be replaced?  Once; and once more if its replacement came
 * from another session rather than from a login since, and may be as old.
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
 *		The try ended so.  True when there is to be another one, after a wait
 *		if need be: once with a new token when the API refused the old one, and
 *		when the failure will pass.  False when the answer is one, of whatever
 *		status; an error when there is none.
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
		clf_report_transport(how, exchange->attempt.detail, &exchange->asked);
	return false;
}

/*
 * clf_exchange_get
 *		Get an answer, of whatever status, palloc'd in cxt.
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
 *		How many requests this backend has sent that count against the limit.
 */
uint64
clf_exchange_sent(void)
{
	return sent;
}

/*
 * clf_exchange_token
 *		The token of the last login or request.
 */
const ClfToken *
clf_exchange_token(const ClfExchange *exchange)
{
	return exchange->token;
}

/*
 * clf_exchange_asked
 *		What the errors about an answer need to know of the request.
 */
const ClfAsked *
clf_exchange_asked(const ClfExchange *exchange)
{
	return &exchange->asked;
}
