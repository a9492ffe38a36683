/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  Whether and when to retry a failed request.
 *
 * Transient failures are retried: a server that is overloaded or under
 * maintenance, a request limit that is used up, a connection that is refused or
 * lost, a timeout.  A request whose token was refused is sent again with another
 * token.  Other error responses are permanent.
 * https://developers.ringcentral.com/guide/basics/errors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "net/budget.h"
#include "net/retry.h"
#include "utils/timestamp.h"

/* Initial and maximum backoff, in milliseconds; it doubles with each retry */
#define FIRST_DELAY 500
#define MAX_DELAY 30000

/* Maximum Retry-After that is waited for, in milliseconds */
#define MAX_RETRY_AFTER 3600000

/* Outcomes that are retried; all others are final */
typedef struct RetryRule
{
	ClfTransport how;
	int			status;			/* 0: no response */
	ClfRetryKind kind;
} RetryRule;

static const RetryRule rules[] = {
	{CLF_TRANSPORT_CONNECT, 0, CLF_RETRY_BACKOFF},
	{CLF_TRANSPORT_TIMEOUT, 0, CLF_RETRY_BACKOFF},
	{CLF_TRANSPORT_BROKEN, 0, CLF_RETRY_BACKOFF},
	{CLF_TRANSPORT_OK, 401, CLF_RETRY_NEW_TOKEN},
	/* its Retry-After closes the budget, and the next slot waits for that */
	{CLF_TRANSPORT_OK, 429, CLF_RETRY_BACKOFF},
	{CLF_TRANSPORT_OK, 500, CLF_RETRY_AFTER},
	{CLF_TRANSPORT_OK, 502, CLF_RETRY_AFTER},
	{CLF_TRANSPORT_OK, 503, CLF_RETRY_AFTER},
	{CLF_TRANSPORT_OK, 504, CLF_RETRY_AFTER},
};

/*
 * clf_retry_kind
 *		Is a request with this outcome retried, and how?
 */
ClfRetryKind
clf_retry_kind(ClfTransport how, const ClfHttpResponse *response)
{
	for (size_t i = 0; i < lengthof(rules); i++)
	{
		if (rules[i].how == how &&
			(how != CLF_TRANSPORT_OK || rules[i].status == response->status))
			return rules[i].kind;
	}
	return CLF_RETRY_NEVER;
}

/*
 * Exponential backoff with jitter, so that sessions do not retry in lockstep
 */
static int64
next_delay(const ClfRetry *retry, ClfRetryKind kind,
		   const ClfHttpResponse *response)
{
	int			doublings = Min(retry->tries - 1, 10);
	int			delay = Min(FIRST_DELAY << doublings, MAX_DELAY);

	if (kind == CLF_RETRY_AFTER && response->retry_after >= 0)
		return response->retry_after * INT64CONST(1000);
	return delay * (0.5 + pg_prng_double(&pg_global_prng_state) / 2);
}

/*
 * clf_retry
 *		Given the outcome of a request, decide whether to send it again
 *		unchanged.  If so, wait for the delay, checking for interrupts, and
 *		return true.
 */
bool
clf_retry(ClfRetry *retry, const ClfServer *server, ClfTransport how,
		  const ClfHttpResponse *response)
{
	const char *reason = "The connection failed.";
	ClfRetryKind kind = clf_retry_kind(how, response);
	int64		delay;

	if (kind == CLF_RETRY_NEVER || kind == CLF_RETRY_NEW_TOKEN)
		return false;
	if (retry->tries++ == 0)
		retry->started = GetCurrentTimestamp();
	delay = next_delay(retry, kind, response);
	if (retry->tries > server->max_retries || delay > MAX_RETRY_AFTER)
		return false;
	if (how == CLF_TRANSPORT_OK)
		reason = psprintf("RingCentral returned status %d.", response->status);
	clf_budget_pause(server, delay, "to try again", reason);
	return true;
}

/*
 * clf_retry_context
 *		Add the number and duration of the attempts to an error's context.
 */
void
clf_retry_context(const ClfRetry *retry)
{
	double		seconds = (GetCurrentTimestamp() - retry->started) /
	(double) USECS_PER_SEC;

	if (retry->tries > 1)
		errcontext("tried %d times in %.1f seconds", retry->tries, seconds);
}
