/*-------------------------------------------------------------------------
 *
 * widen.c
 *	  Unit tests of scan/widen.c: which times need another request.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "scan/widen.h"
#include "unit.h"
#include "utils/timestamp.h"

#define PAGE_SIZE 100
#define PER_DAY 5.0				/* a window of ten days has half a page */

/* A scan for one range of times after another */
typedef struct TimeScan
{
	ClfWidening widening;
	TimestampTz now;
	TimestampTz lower;			/* of the window requested last */
	TimestampTz upper;
	int			requests;
} TimeScan;

static TimeScan
new_scan(void)
{
	TimeScan	scan = {.now = unit_timestamp("2026-03-31T12:00:00Z")};

	return scan;
}

/* Read the times from one number of days before the present to the other */
static void
read_times(TimeScan *scan, double from, double until)
{
	ClfQuery	query = {.windowed = true,.page_size = PAGE_SIZE};
	TimestampTz lower;
	TimestampTz upper;

	query.lower = scan->now - (TimestampTz) (from * USECS_PER_DAY);
	query.upper = scan->now - (TimestampTz) (until * USECS_PER_DAY);
	clf_widen_query(&scan->widening, &query, PER_DAY, scan->now);
	lower = query.widened ? query.wide_lower : query.lower;
	upper = query.widened ? query.wide_upper : query.upper;
	unit_check_true("a widened window has the query's times",
					lower <= query.lower && upper >= Min(query.upper, scan->now));
	if (scan->requests == 0 || lower != scan->lower || upper != scan->upper)
		scan->requests++;
	scan->lower = lower;
	scan->upper = upper;
}

/* Days of three months, in each direction; and the last ones until the present */
static void
test_series(void)
{
	TimeScan	forward = new_scan();
	TimeScan	backward = new_scan();
	TimeScan	recent = new_scan();

	for (int day = 90; day > 0; day--)
		read_times(&forward, day, day - 1);
	unit_check_true(psprintf("widen: %d requests forward", forward.requests),
					forward.requests == 9);
	for (int day = 1; day <= 90; day++)
		read_times(&backward, day, day - 1);
	unit_check_true(psprintf("widen: %d requests backward", backward.requests),
					backward.requests == 9);
	for (int day = 5; day > 0; day--)
		read_times(&recent, day - 0.3, day - 1.3);
	unit_check_true(psprintf("widen: %d requests until now", recent.requests),
					recent.requests == 1 && recent.upper == DT_NOEND);
}

/* Times far from each other are soon requested as they are, longer ones always */
static void
test_limits(void)
{
	TimeScan	scan = new_scan();

	read_times(&scan, 400, 380);
	unit_check_true("widen: half a page is enough",
					scan.lower == scan.now - 400 * USECS_PER_DAY &&
					scan.upper == scan.now - 380 * USECS_PER_DAY);
	for (int day = 300; day > 0; day -= 50)
		read_times(&scan, day, day - 1);
	unit_check_true("widen: not where that is of no use",
					scan.widening.is_off &&
					scan.lower == scan.now - 50 * USECS_PER_DAY &&
					scan.upper == scan.now - 49 * USECS_PER_DAY);
}

void
test_widening(void)
{
	test_series();
	test_limits();
}
