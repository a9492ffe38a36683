/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  How many requests the API still allows, and waiting for more.
 *
 * A budget is that of an account, which is a RingCentral user and an app, and
 * of one of the API's throttling groups.  Before a request leaves, a slot of the
 * budget has to be taken; what the answer says goes back to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BUDGET_H
#define CLF_BUDGET_H

#include "catalog/table.h"
#include "net/http.h"
#include "shared/shmem.h"

typedef struct ClfBudget ClfBudget;

/* Who sends requests */
typedef struct ClfAccount
{
	ClfKey		key;
	char		base_url[CLF_MAX_TEXT];
	char		client_id[CLF_MAX_TEXT];	/* "": not known, as the next */
	char		owner[CLF_MAX_TEXT];	/* id of the RingCentral user */
	Oid			role;			/* that the budget is charged to */
} ClfAccount;

/* A place in the queue for a slot; starts as zeros */
typedef struct ClfTurn
{
	uint64		ticket;			/* 0: in no queue */
	TimestampTz since;			/* waits from then; 0: it did not have to */
	double		waited;			/* seconds, once there is a slot */
} ClfTurn;

extern void clf_budget_init(void);
extern ClfBudget *clf_budget_get(const ClfAccount *account, const char *use,
								 const char *group);
extern bool clf_budget_try(ClfBudget *budget, uint64 *slot);
extern double clf_budget_seconds(ClfBudget *budget, double requests);
extern int64 clf_budget_poll(ClfBudget *budget, const ClfServer *server,
							 ClfTurn *turn, uint64 *slot);
extern void clf_budget_take(ClfBudget *budget, const ClfServer *server,
							ClfTurn *turn, uint64 *slot);
extern void clf_budget_leave(ClfBudget *budget, ClfTurn *turn);
extern void clf_budget_note(ClfBudget *budget, uint64 slot,
							const ClfHttpResponse *response);
extern void clf_budget_return(ClfBudget *budget, uint64 slot);
extern void clf_budget_pause(const ClfServer *server, int64 milliseconds,
							 const char *purpose, const char *reason);
extern int	clf_budget_remaining(const ClfBudgetEntry *entry, TimestampTz now);
extern int	clf_budget_queue_length(const ClfBudgetEntry *entry,
									TimestampTz now);
extern const ClfBudgetEntry *clf_budget_own(int n);
extern void clf_budget_reset_counts(void);

#endif							/* CLF_BUDGET_H */
