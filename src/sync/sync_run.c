/*-------------------------------------------------------------------------
 *
 * sync_run.c
 *	  What the steps of a copy share: messages and counters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "net/exchange.h"
#include "sync/sync.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* ----------
 * Messages
 * ----------
 */

/*
 * clf_sync_report
 *		Report progress.
 */
void
clf_sync_report(const ClfSync *sync, const char *what)
{
	ereport(NOTICE, (errmsg_internal("%s: %s", sync->label, what)));
}

/*
 * clf_sync_count
 *		"1 call", "2 calls".
 */
char *
clf_sync_count(int64 n, const char *thing)
{
	return psprintf(INT64_FORMAT " %s%s", n, thing, n == 1 ? "" : "s");
}

/*
 * clf_sync_time_text
 *		A time as text, truncated to seconds.
 */
char *
clf_sync_time_text(TimestampTz t)
{
	int64		rest = t % USECS_PER_SEC;

	t -= rest < 0 ? rest + USECS_PER_SEC : rest;
	return DatumGetCString(DirectFunctionCall1(timestamptz_out,
											   TimestampTzGetDatum(t)));
}

/*
 * clf_sync_time_before
 *		The time minus the interval.
 */
TimestampTz
clf_sync_time_before(TimestampTz t, const Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(t),
												   IntervalPGetDatum(unconstify(Interval *, interval))));
}

/* ----------
 * Counters
 * ----------
 */

/*
 * clf_sync_sent
 *		Requests sent by the step.
 */
int64
clf_sync_sent(const ClfSync *sync)
{
	return (int64) (clf_exchange_sent() - sync->requests_at_step);
}

/*
 * clf_sync_add_rows
 *		Add changed rows and the step's requests to the counters, and the bad
 *		values of the rows that were read unless answer is NULL.
 */
void
clf_sync_add_rows(ClfSync *sync, const ClfSyncAnswer *answer, int64 changed)
{
	ClfSyncState *state = sync->state;

	sync->rows += changed;
	state->rows += changed;
	state->requests += clf_sync_sent(sync);
	if (answer == NULL)
		return;
	state->bad_values += answer->bad_values;
	clf_sync_take_witness(sync);
}

static int
compare_cells(const void *a, const void *b)
{
	return clf_compare_texts(a, b);
}

/*
 * clf_sync_minus
 *		The texts of one list that are not in the other.
 */
List *
clf_sync_minus(List *texts, List *less)
{
	List	   *sorted = list_copy(less);
	List	   *rest = NIL;
	ListCell   *lc;

	if (less == NIL)
		return list_copy(texts);
	list_sort(sorted, clf_compare_texts);
	foreach(lc, texts)
	{
		if (bsearch(lc, sorted->elements, list_length(sorted),
					sizeof(ListCell), compare_cells) == NULL)
			rest = lappend(rest, lfirst(lc));
	}
	return rest;
}
