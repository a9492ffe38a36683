/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  Whether and when a request that failed is sent again.
 *
 * What passes by itself is worth another try: a server that is overloaded or
 * under maintenance, a connection that is refused or breaks, an answer that
 * does not come in time.  What the API refuses it will refuse again.
 * https://developers.ringcentral.com/guide/basics/errors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "net/budget.h"
#include "net/retry.h"
#include "utils/timestamp.h"

/* The first delay, which doubles with each try, and the longest; milliseconds */
#define FIRST_DELAY 500
#define LONGEST_DELAY 30000

/* Who is told to stay away for longer does not wait; milliseconds */
#define LONGEST_RETRY_AFTER 3600000

/* Does it pass by itself? */
static bool
will_pass(ClfTransport how, const ClfHttpResponse *response)
{
	switch (how)
	{
		case CLF_TRANSPORT_CONNECT:
		case CLF_TRANSPORT_TIMEOUT:
		case CLF_TRANSPORT_BROKEN:
			return true;
		case CLF_TRANSPORT_OK:
			return response->status == 429 || response->status == 500 ||
				(response->status >= 502 && response->status <= 504);
		case CLF_TRANSPORT_TLS:
		case CLF_TRANSPORT_TOO_LARGE:
		case CLF_TRANSPORT_LOCAL:
			break;
	}
	return false;
}

/*
 * What Retry-After says, else growing delays, each backend's own so that they
 * do not all come back at once.  The Retry-After of a 429 is the budget's to
 * wait for.
 */
static int64
next_delay(const ClfRetry *retry, ClfTransport how,
		   const ClfHttpResponse *response)
{
	int			doublings = Min(retry->tries - 1, 10);
	int			delay = Min(FIRST_DELAY << doublings, LONGEST_DELAY);

	if (how == CLF_TRANSPORT_OK && response->status != 429 &&
		response->retry_after >= 0)
		return response->retry_after * INT64CONST(1000);
	return delay * (0.5 + pg_prng_double(&pg_global_prng_state) / 2);
}

/*
 * clf_retry
 *		The request failed so.  True when it is to be sent again, after the
 *		wait that this takes, open to interrupts.
 */
bool
clf_retry(ClfRetry *retry, const ClfOptions *options, ClfTransport how,
		  const ClfHttpResponse *response)
{
	const char *reason = "The connection failed.";
	int64		delay;

	if (!will_pass(how, response))
		return false;
	if (retry->tries++ == 0)
		retry->started = GetCurrentTimestamp();
	delay = next_delay(retry, how, response);
	if (retry->tries > options->max_retries || delay > LONGEST_RETRY_AFTER)
		return false;
	if (how == CLF_TRANSPORT_OK)
		reason = psprintf("It answered %d.", response->status);
	clf_budget_pause(options, delay, "to try again", reason);
	return true;
}

/*
 * clf_retry_context
 *		For an error context: how often it was tried, and for how long.
 */
void
clf_retry_context(const ClfRetry *retry)
{
	double		seconds = (GetCurrentTimestamp() - retry->started) /
	(double) USECS_PER_SEC;

	if (retry->tries > 1)
		errcontext("tried %d times in %.1f seconds", retry->tries, seconds);
}
