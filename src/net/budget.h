/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  Rate limiter: sliding window with a FIFO queue of waiters.
 *
 * The API has one budget per principal (a RingCentral user and an app) and
 * throttling group.  A request takes a slot of the budget before it is sent;
 * the response updates the budget.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BUDGET_H
#define CLF_BUDGET_H

#include "answer/response.h"
#include "catalog/table.h"
#include "shared/shmem.h"

typedef struct ClfBudget ClfBudget;

/* A RingCentral user and an app */
typedef struct ClfPrincipal
{
	ClfKey		key;
	char		base_url[CLF_MAX_TEXT];
	char		client_id[CLF_MAX_TEXT];	/* "": unknown; the same for owner */
	char		owner[CLF_MAX_TEXT];	/* id of the RingCentral user */
	Oid			role;			/* that the entry is charged to */
} ClfPrincipal;

/* A position in the queue for a slot; initialize with zeros */
typedef struct ClfTurn
{
	uint64		ticket;			/* 0: not assigned */
	TimestampTz since;			/* start of the wait; 0: none */
	double		waited;			/* seconds, set when the slot is taken */
} ClfTurn;

extern void clf_budget_init(void);
extern ClfBudget *clf_budget_get(const ClfPrincipal *principal, const char *use,
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
extern const ClfBudgetEntry *clf_budget_local(int n);
extern void clf_budget_reset_counts(void);

#endif							/* CLF_BUDGET_H */
