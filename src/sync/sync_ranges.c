/*-------------------------------------------------------------------------
 *
 * sync_ranges.c
 *	  Sets of ranges of time.  Pure functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "sync/sync.h"

static void
append_range(ClfSyncRanges *ranges, TimestampTz lower, TimestampTz upper)
{
	ClfSyncRange range = {lower, upper};

	if (!clf_sync_range_is_empty(range))
		ranges->ranges[ranges->n++] = range;
}

/* An empty set with space for two ranges more than the given one */
static ClfSyncRanges
empty_like(ClfSyncRanges ranges)
{
	ClfSyncRanges result = {0};

	result.ranges = palloc((ranges.n + 2) * sizeof(ClfSyncRange));
	return result;
}

/*
 * clf_sync_ranges_add
 *		Union of the set and the range.  Palloc'd in the current memory context.
 */
ClfSyncRanges
clf_sync_ranges_add(ClfSyncRanges ranges, ClfSyncRange more)
{
	ClfSyncRanges result = empty_like(ranges);
	int			i = 0;

	if (clf_sync_range_is_empty(more))
		return ranges;
	for (; i < ranges.n && ranges.ranges[i].upper < more.lower; i++)
		append_range(&result, ranges.ranges[i].lower, ranges.ranges[i].upper);
	for (; i < ranges.n && ranges.ranges[i].lower <= more.upper; i++)
	{
		more.lower = Min(more.lower, ranges.ranges[i].lower);
		more.upper = Max(more.upper, ranges.ranges[i].upper);
	}
	append_range(&result, more.lower, more.upper);
	for (; i < ranges.n; i++)
		append_range(&result, ranges.ranges[i].lower, ranges.ranges[i].upper);
	return result;
}

/*
 * clf_sync_ranges_subtract
 *		Difference of the set and the range.  Palloc'd in the current memory context.
 */
ClfSyncRanges
clf_sync_ranges_subtract(ClfSyncRanges ranges, ClfSyncRange less)
{
	ClfSyncRanges result = empty_like(ranges);

	if (clf_sync_range_is_empty(less))
		return ranges;
	for (int i = 0; i < ranges.n; i++)
	{
		ClfSyncRange range = ranges.ranges[i];

		append_range(&result, range.lower, Min(range.upper, less.lower));
		append_range(&result, Max(range.lower, less.upper), range.upper);
	}
	return result;
}

/*
 * clf_sync_ranges_minus
 *		Difference of two sets.  Palloc'd in the current memory context.
 */
ClfSyncRanges
clf_sync_ranges_minus(ClfSyncRanges ranges, ClfSyncRanges less)
{
	for (int i = 0; i < less.n; i++)
		ranges = clf_sync_ranges_subtract(ranges, less.ranges[i]);
	return ranges;
}

/*
 * clf_sync_ranges_seconds
 *		Total length of the ranges in seconds, up to now.
 */
double
clf_sync_ranges_seconds(ClfSyncRanges ranges, TimestampTz now)
{
	double		seconds = 0;

	for (int i = 0; i < ranges.n; i++)
	{
		TimestampTz upper = Min(ranges.ranges[i].upper, now);

		if (upper > ranges.ranges[i].lower)
			seconds += (upper - ranges.ranges[i].lower) /
				(double) USECS_PER_SEC;
	}
	return seconds;
}
