/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  How many requests the API still allows, and waiting for more.
 *
 * Room 7.  Uses http (what a response says).
 *
 * A budget belongs to an account key (who calls whom: the token room makes it)
 * and a throttling group.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BUDGET_H
#define CLF_BUDGET_H

#include "postgres.h"

#include "http.h"

typedef struct ClfBudget ClfBudget;

extern ClfBudget *clf_budget_get(const char *account, const char *group);
extern bool clf_budget_ready(ClfBudget *budget);
extern double clf_budget_wait(ClfBudget *budget);
extern void clf_budget_pause(int64 milliseconds, const char *purpose,
							 const char *reason);
extern void clf_budget_note(ClfBudget *budget, const ClfResponse *response);

#endif							/* CLF_BUDGET_H */
