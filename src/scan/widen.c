/*-------------------------------------------------------------------------
 *
 * widen.c
 *	  Window of a scan that is repeated with other times.
 *
 * A nested loop or a correlated sub-select passes one range of times after another,
 * such as each day of a month.  The next one is not known, but a request
 * costs the same for one record as for a page.  Therefore a window is requested that
 * is estimated to have half a page, and ranges within it need no further request.
 * Records of other times are dropped in rows.c.
 *
 * If such a window has more than a page, the pager requests the query's own one
 * instead: that is one request too many, once, as the scan widens no other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "scan/widen.h"
#include "shared/density.h"
#include "utils/timestamp.h"

/*
 * Stop after this many consecutive windows that had the times of one query only: the
 * records in addition are received for nothing.
 */
#define MAX_UNUSED 3

/* Count the window as unused, or not */
static void
count_unused(ClfWidening *widening)
{
	if (!widening->is_set)
		return;
	widening->nunused = widening->is_reused ? 0 : widening->nunused + 1;
	widening->is_off = widening->nunused >= MAX_UNUSED;
}

/*
 * Choose a window that is wider by that much than the times from lower to upper.  It
 * extends in the direction in which the times have moved; at first to later ones, as
 * most series ascend, and to earlier ones as far as it would end after the present.
 */
static void
choose_window(ClfWidening *widening, TimestampTz lower, TimestampTz upper,
			  int64 extra, TimestampTz now)
{
	bool		is_earlier = widening->is_set && lower < widening->lower;
	int64		after = is_earlier ? 0 : Min(extra, now - upper);
	int64		before = is_earlier || !widening->is_set ? extra - after : 0;

	widening->lower = lower - before;
	widening->upper = upper + after < now ? upper + after : DT_NOEND;
	widening->is_set = true;
	widening->is_reused = false;
}

/*
 * clf_widen_query
 *		Set the wider window of the query, if there can be one.  now: of the API's
 *		clock; per_day: records, as estimated.
 */
void
clf_widen_query(ClfWidening *widening, ClfQuery *query, double per_day,
				TimestampTz now)
{
	TimestampTz lower = query->lower;
	TimestampTz upper = Min(query->upper, now);
	double		days;

	if (widening->is_off || !query->windowed || query->nothing ||
		query->next || query->by_session || query->search_filter ||
		per_day <= 0 || lower == DT_NOBEGIN || lower > upper)
		return;
	if (widening->is_set && lower >= widening->lower && upper <= widening->upper)
		widening->is_reused = true;
	else
	{
		days = Min(query->page_size / 2 / per_day, CLF_KEPT_DAYS) -
			(upper - lower) / (double) USECS_PER_DAY;
		count_unused(widening);
		if (widening->is_off || days <= 0)
			return;
		choose_window(widening, lower, upper, (int64) (days * USECS_PER_DAY), now);
	}
	query->widened = true;
	query->wide_lower = widening->lower;
	query->wide_upper = widening->upper;
}
