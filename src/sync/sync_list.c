/*-------------------------------------------------------------------------
 *
 * sync_list.c
 *	  Steps: parts of the call log, and calls that are absent from it.
 *
 * Page numbers shift while calls are rewritten, so a step requests one page, and
 * the next part ends at the oldest record of that page.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"
#include "plan/query.h"
#include "sync/sync.h"

/* Ids in one request: https://developers.ringcentral.com/guide/basics/batch-requests */
#define IDS_AT_ONCE 50

/*
 * If more calls than this number, and than this fraction of a part, are absent,
 * the RingCentral user has more likely lost permissions.
 */
#define FEW_ABSENT 20
#define FEW_ABSENT_FRACTION 0.1

/*
 * RingCentral retains calls at least this long; only older ones can be absent
 * because they expired.
 */
#define KEPT_AT_LEAST (180 * USECS_PER_DAY)

/* A backfill leaves the last missing range to the other call if it is shorter */
#define SHORT_RANGE (10 * USECS_PER_MINUTE)

/* Responses that are expected to hold a part, if the list is in descending order */
#define PART_RESPONSES 10

/* ----------
 * Which part is next
 * ----------
 */

/* Is the list in descending order, as far as known? */
static bool
is_sorted(const ClfSync *sync)
{
	return sync->plan->table->newest_first && !sync->unsorted;
}

/*
 * The missing ranges that each call reads again because changes are not known, or the
 * others
 */
static ClfSyncRanges
missing_ranges(const ClfSync *sync, bool recent)
{
	ClfSyncRange others = {DT_NOBEGIN, sync->recent};

	if (!recent)
	{
		others.lower = sync->recent;
		others.upper = DT_NOEND;
	}
	return clf_sync_ranges_subtract(sync->state->missing, others);
}

/*
 * clf_sync_part_is_due
 *		Is there a missing range of this kind?
 */
bool
clf_sync_part_is_due(const ClfSync *sync, bool recent)
{
	return missing_ranges(sync, recent).n > 0;
}

/*
 * The newest or the oldest missing part.  Unless any prefix of it can be taken,
 * because the list is in descending order and read from its newest end, the part
 * is limited to the width that is expected to fit into a response.
 */
static ClfSyncRange
next_part(const ClfSync *sync, bool recent, TimestampTz now)
{
	ClfSyncRanges missing = missing_ranges(sync, recent);
	ClfSyncRange part = missing.ranges[sync->newest_first ? missing.n - 1 : 0];
	TimestampTz end = Min(part.upper, now);

	if (!sync->newest_first && part.lower + sync->state->width < end)
		part.upper = part.lower + sync->state->width;
	else if (sync->newest_first && !is_sorted(sync) &&
			 end - sync->state->width > part.lower)
		part.lower = end - sync->state->width;
	return part;
}

/*
 * Choose the next part of a backfill, below the previous one.  The upper end of the
 * last range is where the other call reads.  There, and where another backfill has
 * read already, continue in the middle of the longest range, at a random point so
 * that two backfills do not read the same parts; a range that is expected to fit
 * into a response is not divided.  Returns false if none is left.
 */
static bool
next_backfill(ClfSync *sync, TimestampTz now, ClfSyncRange *part)
{
	ClfSyncRanges missing = sync->state->missing;
	ClfSyncRange longest = {0, 0};
	TimestampTz end = sync->backfill_end;
	int64		span = sync->state->width / (is_sorted(sync) ? PART_RESPONSES : 1);
	bool		at_last = false;

	for (int i = 0; i < missing.n; i++)
	{
		ClfSyncRange range = missing.ranges[i];
		bool		last = i == missing.n - 1;

		range.upper = Min(range.upper, now);
		if (range.lower < end && (last ? end < range.upper : end <= range.upper))
		{
			part->lower = range.lower;
			part->upper = end;
			return true;
		}
		if (range.upper - range.lower > longest.upper - longest.lower)
		{
			longest = range;
			at_last = last;
		}
	}
	*part = longest;
	if (at_last || longest.upper - longest.lower > Max(span, SHORT_RANGE))
		part->upper -= (0.5 + (pg_prng_double(&pg_global_prng_state) - 0.5) / 4) *
			(longest.upper - longest.lower);
	return !clf_sync_range_is_empty(longest) &&
		!(at_last && longest.upper - longest.lower < SHORT_RANGE);
}

/*
 * Choose the width of the next part from the density of the last one: for
 * PART_RESPONSES if the list is in descending order, else for less than one.
 */
static void
choose_width(ClfSync *sync, const ClfSyncAnswer *answer, TimestampTz now)
{
	const ClfTable *table = sync->plan->table;
	double		span = Min(answer->done.upper, now) - answer->done.lower;
	double		width = sync->state->width * 2.0;

	if (answer->nrows > 0)
		width = Min(width, span * table->page_size *
					(is_sorted(sync) ? PART_RESPONSES : 0.7) / answer->nrows);
	width = Min(width, 365.0 * USECS_PER_DAY);
	sync->state->width = (int64) Max(width, USECS_PER_SEC);
}

/* ----------
 * Calls that are absent
 * ----------
 */

/* Warn that too many calls are absent to regard them as deleted */
static void
warn_of_many(const ClfSync *sync, const ClfSyncAnswer *answer, int absent,
			 int64 present)
{
	ereport(WARNING,
			(errmsg("%s: %d of " INT64_FORMAT " calls since %s are absent from the call log and left unchanged",
					sync->label, absent, absent + present,
					clf_sync_time_text(answer->done.lower)),
			 errdetail("The RingCentral user may have lost permissions."),
			 errhint("If the calls were deleted in RingCentral, call again with "
					 "recheck and mark_absent => true.")));
}

/*
 * Queue calls of the target that are absent from the response, which is complete
 * for its range, to be requested by id: their start was changed, or they were
 * deleted.  Calls older than all that RingCentral retains are ignored.
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
	if (sync->mark_absent == CLF_ABSENT_UNSURE &&
		list_length(absent) > FEW_ABSENT &&
		list_length(absent) > FEW_ABSENT_FRACTION * present)
		warn_of_many(sync, answer, list_length(absent), present);
	else
		state->absent = list_concat(state->absent, absent);
}

/* Is the target compared with the call log to find deleted calls? */
static bool
looks_for_absent(const ClfSync *sync)
{
	return sync->plan->complete && sync->mark_absent != CLF_ABSENT_KEPT &&
		(sync->plan->deleted || sync->delete_rows);
}

/*
 * clf_sync_absent_step
 *		Request absent calls by id, and mark those as deleted that are not found.
 *		If a record was skipped, its id may be any of them, so none is marked.
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
	n = clf_sync_merge(sync, &answer);
	foreach(lc, ids)
	{
		if (answer.skipped == 0 && clf_can_be_id(lfirst(lc)) &&
			!clf_contains_text(answer.ids, lfirst(lc)))
			gone = lappend(gone, lfirst(lc));
	}
	if (gone)
	{
		int64		marked = clf_sync_mark_deleted(sync, gone);

		clf_sync_report(sync, psprintf("%s no longer in the call log, %s",
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

/* ", about 5 minutes left", extrapolated from the parts read so far */
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

/* Record and report the part read */
static void
note_part(ClfSync *sync, const ClfSyncAnswer *answer, int64 changed)
{
	ClfSyncState *state = sync->state;
	bool		to_now = answer->done.upper == DT_NOEND;

	state->missing = clf_sync_ranges_subtract(state->missing, answer->done);
	sync->audio_read &= changed == 0;
	if (state->synced_at == CLF_SYNC_NEVER ||
		((sync->plan->changes == NULL || sync->without_changes) && to_now))
		state->synced_at = answer->clock;
	sync->backfill_end = answer->done.lower;
	sync->seconds_read += (Min(answer->done.upper, answer->clock) -
						   answer->done.lower) / (double) USECS_PER_SEC;
	clf_sync_add_rows(sync, answer, changed);
	clf_sync_report(sync, psprintf("%s from %s to %s, %s%s",
								   clf_sync_count(answer->nrows, "row"),
								   clf_sync_time_text(answer->done.lower), to_now ? "now" :
								   clf_sync_time_text(answer->done.upper),
								   clf_sync_count(clf_sync_sent(sync), "request"),
								   time_left(sync, answer->clock)));
	clf_sync_save(sync);
}

/*
 * Copy the next part of the call log.  If the list is out of order and exceeds a
 * page, the rows are kept, but the part is read again with a smaller width.
 */
static void
read_next_part(ClfSync *sync, bool recent)
{
	TimestampTz now = clf_sync_clock(sync);
	ClfSyncRange part;
	ClfSyncAnswer answer;
	int64		changed;

	if (!sync->backfill_only)
		part = next_part(sync, recent, now);
	else if (!next_backfill(sync, now, &part))
	{
		sync->finished = true;
		return;
	}
	sync->backfill_end = part.upper;
	if (sync->backfill_only && !is_sorted(sync))
		part.lower = Max(part.lower, part.upper - sync->state->width);
	clf_sync_read_part(sync, part, is_sorted(sync),
					   sync->state->width <= USECS_PER_SEC, &answer);
	sync->unsorted |= answer.unsorted;
	changed = clf_sync_merge(sync, &answer);
	if (clf_sync_range_is_empty(answer.done))
	{
		sync->state->width = Max(sync->state->width / 4, USECS_PER_SEC);
		clf_sync_add_rows(sync, &answer, changed);
		clf_sync_save(sync);
		return;
	}
	if (looks_for_absent(sync))
		note_absent(sync, &answer);
	choose_width(sync, &answer, now);
	note_part(sync, &answer, changed);
}

/*
 * clf_sync_recent_step
 *		Copy the next part of what each call reads again.
 */
void
clf_sync_recent_step(ClfSync *sync)
{
	read_next_part(sync, true);
}

/*
 * clf_sync_part_step
 *		Copy the next part of what has not been read yet.
 */
void
clf_sync_part_step(ClfSync *sync)
{
	read_next_part(sync, false);
}
