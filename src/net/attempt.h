/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Attempts to get a request answered: slot, transfer, outcome.
 *
 * Shared by logins and GET requests.  An attempt takes a slot of the budget,
 * starts the transfer, waits for its end, updates the budget and the shared
 * clock from the response, and decides whether to retry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ATTEMPT_H
#define CLF_ATTEMPT_H

#include "catalog/table.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/retry.h"
#include "portability/instr_time.h"

/* State of consecutive requests and their attempts; initialize with zeros */
typedef struct ClfAttempt
{
	const ClfServer *server;
	const char *base_url;		/* one of the server's */
	ClfHttp    *http;
	ClfBudget  *budget;			/* NULL: the requests are not limited */
	uint64		slot;			/* taken by the request in progress */
	ClfTurn		turn;			/* position in the queue for a slot */
	double		slot_wait;		/* seconds waited for the last slot */
	instr_time	started;
	bool		may_be_missing; /* see ClfHttpRequest */
	const char *label;			/* method and path for the log, without values */
	const char *detail;			/* libcurl's message for the last failure */
	ClfRetry	retry;
} ClfAttempt;

extern bool clf_attempt_try_slot(ClfAttempt *attempt);
extern int64 clf_attempt_poll_slot(ClfAttempt *attempt);
extern void clf_attempt_take_slot(ClfAttempt *attempt);
extern void clf_attempt_start(ClfAttempt *attempt,
							  const ClfHttpRequest *request);
extern ClfTransport clf_attempt_finish(ClfAttempt *attempt, MemoryContext cxt,
									   ClfHttpResponse *response);
extern bool clf_attempt_again(ClfAttempt *attempt, ClfTransport how,
							  const ClfHttpResponse *response);
extern void clf_attempt_abandon(ClfAttempt *attempt);

#endif							/* CLF_ATTEMPT_H */
