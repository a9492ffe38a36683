/*-------------------------------------------------------------------------
 *
 * attempt.c
 *	  Attempts to get a request answered: slot, transfer, outcome.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "net/attempt.h"
#include "shared/clock.h"

/* Record the wait for a slot that has been taken */
static void
note_slot_wait(ClfAttempt *attempt)
{
	attempt->slot_wait = attempt->turn.waited;
	memset(&attempt->turn, 0, sizeof(ClfTurn));
}

/*
 * clf_attempt_try_slot
 *		Take a slot if one is available without waiting.
 */
bool
clf_attempt_try_slot(ClfAttempt *attempt)
{
	attempt->slot_wait = 0;
	return clf_budget_try(attempt->budget, &attempt->slot);
}

/*
 * clf_attempt_poll_slot
 *		Take a slot and return 0, or join the queue and return the number of
 *		milliseconds after which to call again.
 */
int64
clf_attempt_poll_slot(ClfAttempt *attempt)
{
	int64		wait = clf_budget_poll(attempt->budget, attempt->server,
									   &attempt->turn, &attempt->slot);

	if (wait == 0)
		note_slot_wait(attempt);
	return wait;
}

/*
 * clf_attempt_take_slot
 *		Take a slot, waiting for it if necessary.  Checks for interrupts.
 */
void
clf_attempt_take_slot(ClfAttempt *attempt)
{
	clf_budget_take(attempt->budget, attempt->server, &attempt->turn,
					&attempt->slot);
	note_slot_wait(attempt);
}

/*
 * clf_attempt_start
 *		Start the transfer.  The caller has taken a slot, unless the requests
 *		are not limited.
 */
void
clf_attempt_start(ClfAttempt *attempt, const ClfHttpRequest *request)
{
	clf_http_start(attempt->http, attempt->server, request);
	attempt->may_be_missing = request->may_be_missing;
	INSTR_TIME_SET_CURRENT(attempt->started);
}

/* Log one line per request; the label omits confidential values */
static void
log_attempt(const ClfAttempt *attempt, ClfTransport how,
			const ClfHttpResponse *response)
{
	instr_time	elapsed;

	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, attempt->started);
	ereport(DEBUG2,
			(errmsg_internal("%s: status %d, %lld bytes, %.0f ms, waited %.0f ms%s",
							 attempt->label, response->status,
							 (long long) Max(response->wire_bytes, 0),
							 INSTR_TIME_GET_MILLISEC(elapsed),
							 attempt->slot_wait * 1000,
							 how == CLF_TRANSPORT_OK ? "" : ", failed")));
}

/*
 * clf_attempt_finish
 *		Wait for the end of the transfer, checking for interrupts.  The
 *		response is as in clf_http_finish.
 */
ClfTransport
clf_attempt_finish(ClfAttempt *attempt, MemoryContext cxt,
				   ClfHttpResponse *response)
{
	ClfTransport how;

	clf_http_wait(attempt->http);
	how = clf_http_finish(attempt->http, cxt, response, &attempt->detail);
	response->may_be_missing = attempt->may_be_missing;
	if (response->status != 0)
		clf_clock_note(attempt->base_url, response->date, response->started);
	if (attempt->budget && clf_never_sent(how))
		clf_budget_return(attempt->budget, attempt->slot);
	else if (attempt->budget)
		clf_budget_note(attempt->budget, attempt->slot,
						how == CLF_TRANSPORT_OK ? response : NULL);
	log_attempt(attempt, how, response);
	return how;
}

/*
 * clf_attempt_again
 *		Given the outcome of an attempt, decide whether to make another one.
 *		If so, wait for the delay, checking for interrupts, and return true.
 */
bool
clf_attempt_again(ClfAttempt *attempt, ClfTransport how,
				  const ClfHttpResponse *response)
{
	return clf_retry(&attempt->retry, attempt->server, how, response);
}

/*
 * clf_attempt_abandon
 *		Drop the request in progress, or leave the queue for a slot.
 */
void
clf_attempt_abandon(ClfAttempt *attempt)
{
	if (attempt->budget)
		clf_budget_leave(attempt->budget, &attempt->turn);
	if (attempt->http == NULL || !clf_http_in_flight(attempt->http))
		return;
	clf_http_abandon(attempt->http);
	if (attempt->budget)
		clf_budget_note(attempt->budget, attempt->slot, NULL);
}
