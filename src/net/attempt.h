/*-------------------------------------------------------------------------
 *
 * attempt.h
 *	  Attempts to get a request answered: slot, transfer, outcome.
 *
 * What logins and GET requests have in common.  An attempt takes a slot of the
 * budget, starts the transfer, waits for its end, tells the budget and the
 * shared clock what the response says, and decides whether there is another one.
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

/* The attempts of one request after the other; starts as zeros */
typedef struct ClfAttempt
{
	const ClfServer *server;
	const char *base_url;		/* one of the server's */
	ClfHttp    *http;
	ClfBudget  *budget;			/* NULL: the requests are not limited */
	uint64		slot;			/* that the request under way took */
	ClfTurn		turn;			/* of one that waits for a slot */
	double		slot_wait;		/* seconds that the last one waited */
	instr_time	started;
	bool		may_be_missing; /* see ClfHttpRequest */
	const char *label;			/* the request, for the log, without values */
	const char *detail;			/* libcurl's message about the last failure */
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
