/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  How many requests the API still allows, and waiting for more.
 *
 * Every answer says how many requests are left in the current window; when
 * none is, or after a 429, nothing of that budget leaves before the window or
 * the penalty is over: a request during the penalty would restart it.
 * https://developers.ringcentral.com/guide/basics/rate-limits
 *
 * This table is the backend's own.
 *
 *-------------------------------------------------------------------------
 */
#include "budget.h"

#include "compat.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* Penalty when a 429 does not say how long it is, in seconds */
#define DEFAULT_PENALTY 30

/* Window when an answer does not say how long it is, in seconds */
#define DEFAULT_WINDOW 60

/* A wait is cut into sleeps of at most an hour, in milliseconds */
#define LONGEST_SLEEP INT64CONST(3600000)

/* Shorter waits are not worth a message, in milliseconds */
#define QUIET_WAIT 1000

struct ClfBudget
{
	char	   *account;
	char	   *group;
	TimestampTz closed_until;	/* by the local clock */
	const char *reason;			/* why it is closed */
	ClfBudget  *next;
};

static ClfBudget *budgets = NULL;

/*
 * clf_budget_get
 *		The budget of that account and group; lives as long as the backend.
 */
ClfBudget  *
clf_budget_get(const char *account, const char *group)
{
	ClfBudget  *budget;

	for (budget = budgets; budget != NULL; budget = budget->next)
	{
		if (strcmp(budget->account, account) == 0 &&
			strcmp(budget->group, group) == 0)
			return budget;
	}
	budget = MemoryContextAllocZero(TopMemoryContext, sizeof(ClfBudget));
	budget->account = MemoryContextStrdup(TopMemoryContext, account);
	budget->group = MemoryContextStrdup(TopMemoryContext, group);
	budget->next = budgets;
	budgets = budget;
	return budget;
}

/* Milliseconds until a request may leave */
static long
remaining_wait(const ClfBudget *budget)
{
	return TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
										   budget->closed_until);
}

/*
 * clf_budget_ready
 *		May a request leave at once?
 */
bool
clf_budget_ready(ClfBudget *budget)
{
	return remaining_wait(budget) == 0;
}

/* Say what is waited for, unless it is soon over */
static void
announce_wait(int64 milliseconds, const char *purpose, const char *reason)
{
	if (milliseconds > QUIET_WAIT)
		ereport(NOTICE,
				(errmsg("waiting %lld seconds %s",
						(long long) (milliseconds + 999) / 1000, purpose),
				 errdetail("%s", reason)));
}

/* One sleep, which the latch may end early */
static void
sleep_for(int64 milliseconds)
{
	static uint32 wait_event = 0;

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) Min(milliseconds, LONGEST_SLEEP),
					 clf_wait_event(&wait_event, "CallLogRateLimit"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * clf_budget_pause
 *		Wait that long, open to interrupts.  purpose and reason are for a
 *		NOTICE: "waiting 5 seconds <purpose>".
 */
void
clf_budget_pause(int64 milliseconds, const char *purpose, const char *reason)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													milliseconds);

	announce_wait(milliseconds, purpose, reason);
	for (;;)
	{
		int64		rest = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   until);

		if (rest == 0)
			break;
		sleep_for(rest);
	}
}

/*
 * clf_budget_wait
 *		Wait until a request may leave, open to interrupts.  Returns the
 *		seconds that it took.
 */
double
clf_budget_wait(ClfBudget *budget)
{
	TimestampTz start = GetCurrentTimestamp();

	if (remaining_wait(budget) > 0)
		announce_wait(remaining_wait(budget),
					  "for RingCentral's request limit", budget->reason);
	while (remaining_wait(budget) > 0)
		sleep_for(remaining_wait(budget));
	return (GetCurrentTimestamp() - start) / (double) USECS_PER_SEC;
}

static void
close_for(ClfBudget *budget, int seconds, const char *reason)
{
	budget->closed_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													   seconds * INT64CONST(1000));
	budget->reason = reason;
}

/*
 * clf_budget_note
 *		Learn from an answer.
 */
void
clf_budget_note(ClfBudget *budget, const ClfResponse *response)
{
	if (response->status == 429)
		close_for(budget,
				  response->retry_after >= 0 ? response->retry_after :
				  DEFAULT_PENALTY,
				  "A request was refused because the limit was used up.");
	else if (response->rate_remaining == 0)
		close_for(budget,
				  response->rate_window >= 0 ? response->rate_window :
				  DEFAULT_WINDOW,
				  "All requests of the current window have been sent.");
}
