/*-------------------------------------------------------------------------
 *
 * sync_list.c
 *	  Steps: parts of the call log, and calls that are absent from it.
 *
 * With several pages at once a call could be lost between them while another
 * one is rewritten, so a step requests one page, and the next part ends where
 * that page did.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "sync/sync.h"

/* Ids in one request: https://developers.ringcentral.com/guide/basics/batch-requests */
#define IDS_AT_ONCE 50

/*
 * More absent calls in a part than this many, and than this fraction of it, are
 * more likely a RingCentral user that may see less than before.
 */
#define FEW_ABSENT 20
#define FEW_ABSENT_FRACTION 0.1

/*
 * RingCentral keeps calls for at least that long, so that younger ones which
 * are absent are not merely too old.
 */
#define KEPT_AT_LEAST (180 * USECS_PER_DAY)

/* ----------
 * Which part is next
 * ----------
 */

/* Does the list come newest first, as far as is known? */
static bool
is_sorted(const ClfSync *sync)
{
	return sync->plan->table->newest_first && !sync->unsorted;
}

/*
 * The newest part of what is missing, or the oldest; no wider than what is
 * expected to fit into an answer, where not just as much can be taken as comes
 */
static ClfSyncRange
next_part(const ClfSync *sync, TimestampTz now)
{
	ClfSyncRanges missing = sync->state->missing;
	ClfSyncRange part = missing.ranges[sync->newest_first ? missing.n - 1 : 0];
	TimestampTz end = Min(part.upper, now);

	if (!sync->newest_first && part.lower + sync->width < end)
		part.upper = part.lower + sync->width;
	else if (sync->newest_first && !is_sorted(sync) &&
			 end - sync->width > part.lower)
		part.lower = end - sync->width;
	return part;
}

/*
 * How wide the next part should be: where the list is sorted, for ten requests,
 * of which each takes as much as comes; else for one, which it must fit into
 */
static void
choose_width(ClfSync *sync, const ClfSyncAnswer *answer, TimestampTz now)
{
	const ClfTable *table = sync->plan->table;
	double		span = Min(answer->done.upper, now) - answer->done.lower;
	double		width = sync->width * 2.0;

	if (answer->nrows > 0)
		width = Min(width, span * table->page_size *
					(is_sorted(sync) ? 10 : 0.7) / answer->nrows);
	width = Min(width, 365.0 * USECS_PER_DAY);
	sync->width = (int64) Max(width, USECS_PER_SEC);
}

/* ----------
 * Calls that are absent
 * ----------
 */

/* Report that too many calls are absent to assume that they were deleted */
static void
warn_of_many(const ClfSync *sync, const ClfSyncAnswer *answer, int absent,
			 int64 present)
{
	ereport(WARNING,
			(errmsg("%s: %d of " INT64_FORMAT " calls from %s on are not in the call log, leaving them as they are",
					sync->label, absent, absent + present,
					clf_sync_time_text(answer->done.lower)),
			 errdetail("The RingCentral user may see fewer calls than before."),
			 errhint("If they were deleted at RingCentral, call with "
					 "mark_absent => true and recheck.")));
}

/*
 * Note which calls to request by id, since the list, complete for that
 * range, does not show them: they have moved to another time, or are deleted.
 * Those older than any that RingCentral still has are too old for it.
 */
static void
note_absent(ClfSync *sync, ClfSyncAnswer *answer)
{
	ClfSyncState *state = sync->state;
	ClfSyncRange range = answer->done;
	int64		present;
	TimestampTz oldest;
	List	   *absent = clf_sync_find_absent(sync, answer, range, &present,
											  &oldest);

	if (absent && oldest < Min(answer->oldest, answer->clock - KEPT_AT_LEAST) &&
		!clf_sync_reaches_before(sync, oldest))
	{
		range.lower = Max(range.lower, answer->oldest);
		absent = clf_sync_range_is_empty(range) ? NIL :
			clf_sync_find_absent(sync, answer, range, &present, &oldest);
	}
	if (sync->absent == CLF_ABSENT_UNSURE &&
		list_length(absent) > FEW_ABSENT &&
		list_length(absent) > FEW_ABSENT_FRACTION * present)
		warn_of_many(sync, answer, list_length(absent), present);
	else
		state->absent = list_concat(state->absent, absent);
}

/* Can absence be noticed and noted at all? */
static bool
looks_for_absent(const ClfSync *sync)
{
	return sync->plan->complete && sync->absent != CLF_ABSENT_KEPT &&
		(sync->plan->deleted || sync->delete_rows);
}

/*
 * clf_sync_absent_step
 *		Ask by id for some calls that are absent from the list.
 */
void
clf_sync_absent_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	List	   *ids = list_copy_head(state->absent, IDS_AT_ONCE);
	List	   *gone = NIL;
	ClfSyncAnswer answer;
	ListCell   *lc;
	int64		n;

	clf_sync_read_ids(sync, ids, &answer);
	n = clf_sync_merge(sync, &answer, false);
	foreach(lc, ids)
	{
		if (!clf_sync_contains(answer.ids, lfirst(lc)))
			gone = lappend(gone, lfirst(lc));
	}
	if (gone)
	{
		int64		marked = clf_sync_mark_deleted(sync, gone);

		clf_sync_say(sync, psprintf("%s not in the call log any longer, %s",
									clf_sync_count(marked, "call"),
									sync->delete_rows ? "deleted" :
									"marked as deleted"));
		n += marked;
	}
	state->absent = list_copy_tail(state->absent, list_length(ids));
	clf_sync_add_rows(sync, &answer, n);
	clf_sync_save(sync);
}

/* ----------
 * Parts of the log
 * ----------
 */

/* ", about 5 minutes left", if the rest is like what was read so far */
static const char *
time_left(const ClfSync *sync, TimestampTz now)
{
	double		seconds = clf_sync_ranges_seconds(sync->state->missing, now);
	double		elapsed = (GetCurrentTimestamp() - sync->began_at) /
	(double) USECS_PER_SEC;
	double		minutes;

	if (sync->state->missing.n == 0 || sync->seconds_read <= 0)
		return "";
	minutes = ceil(seconds / sync->seconds_read * elapsed / 60);
	return minutes <= 1 ? ", less than a minute left" :
		psprintf(", about %.0f minutes left", minutes);
}

/* Record and report what was read */
static void
note_part(ClfSync *sync, const ClfSyncAnswer *answer, int64 changed)
{
	ClfSyncState *state = sync->state;
	bool		to_now = answer->done.upper == DT_NOEND;

	state->missing = clf_sync_ranges_subtract(state->missing, answer->done);
	if (state->synced_at == CLF_SYNC_NEVER ||
		((sync->plan->changes == NULL || sync->without_changes) && to_now))
		state->synced_at = answer->clock;
	sync->seconds_read += (Min(answer->done.upper, answer->clock) -
						   answer->done.lower) / (double) USECS_PER_SEC;
	clf_sync_add_rows(sync, answer, changed);
	clf_sync_say(sync, psprintf("%s from %s to %s, %s%s",
								clf_sync_count(answer->nrows, "row"),
								clf_sync_time_text(answer->done.lower), to_now ? "now" :
								clf_sync_time_text(answer->done.upper),
								clf_sync_count(clf_sync_sent(sync), "request"),
								time_left(sync, answer->clock)));
	clf_sync_save(sync);
}

/*
 * clf_sync_part_step
 *		Copy the next part of the log.  Of a list that is out of order and
 *		exceeds a page, the rows read are kept, and a narrower part is read
 *		next.
 */
void
clf_sync_part_step(ClfSync *sync)
{
	TimestampTz now = clf_sync_clock(sync);
	ClfSyncRange part = next_part(sync, now);
	ClfSyncAnswer answer;
	int64		changed;

	clf_sync_read_part(sync, part, is_sorted(sync),
					   sync->width <= USECS_PER_SEC, &answer);
	sync->unsorted |= answer.unsorted;
	changed = clf_sync_merge(sync, &answer, false);
	if (clf_sync_range_is_empty(answer.done))
	{
		sync->width = Max(sync->width / 4, USECS_PER_SEC);
		clf_sync_add_rows(sync, &answer, changed);
		clf_sync_save(sync);
		return;
	}
	if (looks_for_absent(sync))
		note_absent(sync, &answer);
	choose_width(sync, &answer, now);
	note_part(sync, &answer, changed);
}
