/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Search for the oldest records of a list that is sorted newest first.
 *
 * The API returns the newest records of a window.  So the list is read in windows
 * that begin where the oldest unknown record can be, and are so short that one
 * page has all of their records.  The first window ends where the oldest records
 * are expected; if it has more than a page, the second one has the page before that.
 * Then the end of such a window is found by bisection, as no response shows how many
 * older records there are.
 *
 * Every page either has all records of its window, so that the next one begins
 * later, or it does not, so that the next one ends earlier: the search comes to an
 * end, whatever happens to the list meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "api/time.h"
#include "scan/search.h"
#include "shared/density.h"
#include "utils/timestamp.h"

/* Set the end of the next window, to the second of t if that is possible */
static void
set_until(ClfSearch *search, TimestampTz t)
{
	search->until = Max(clf_time_floor(t), clf_second_after(search->done));
	search->until = Min(search->until, search->end);
}

/* A time that is this many days after the other */
static TimestampTz
add_days(const ClfSearch *search, TimestampTz t, double days)
{
	double		most = (search->end - t) / (double) USECS_PER_DAY;

	return t + (int64) rint(Min(days, most) * USECS_PER_DAY);
}

static TimestampTz
halfway(TimestampTz a, TimestampTz b)
{
	return a + (b - a) / 2;
}

/*
 * clf_search_start
 *		Start a search in the window, for a list that is estimated to have that many
 *		records per day; 0: not known.  The oldest records are expected at the end of
 *		RingCentral's retention time, or where the window begins later.
 */
void
clf_search_start(ClfSearch *search, const ClfWindow *window, double per_day,
				 int page_size)
{
	TimestampTz kept = window->to - (int64) (CLF_KEPT_DAYS * USECS_PER_DAY);

	search->from = window->from;
	search->done = window->from;
	search->end = window->to;
	search->too_late = DT_NOEND;
	set_until(search, add_days(search, Max(window->from, kept),
							   per_day > 0 ? page_size / (2 * per_day) :
							   CLF_KEPT_DAYS / 2));
}

/*
 * clf_search_shorten
 *		The page does not have all records of its window; the oldest it has is from
 *		this time, DT_NOEND if there is none.  Returns false if the window cannot
 *		be shorter.
 */
bool
clf_search_shorten(ClfSearch *search, TimestampTz oldest)
{
	bool		is_first = search->done == search->from &&
	search->too_late == DT_NOEND;
	TimestampTz latest = search->until;

	search->too_late = search->until;
	if (oldest > search->done)
		latest = Min(latest, oldest);
	set_until(search, is_first && clf_second_after(latest) < search->too_late ?
			  clf_second_after(latest) : halfway(search->done, latest));
	return search->until < search->too_late;
}

/*
 * clf_search_continue
 *		The page has all records of its window: their number, and the time of the
 *		oldest one.  Returns false if there are no later records.
 *
 * The next window begins a second earlier, because the API may truncate dates, or
 * exclude its bounds.  It has half a page, if the following records are as dense.
 */
bool
clf_search_continue(ClfSearch *search, int nrecords, TimestampTz oldest,
					int page_size)
{
	TimestampTz guess = search->end;

	if (search->until >= search->end)
		return false;
	search->done = search->until;
	search->from = Max(search->from, search->done - USECS_PER_SEC);
	if (search->too_late <= search->done)
		search->too_late = DT_NOEND;
	if (nrecords > 0 && oldest < search->done)
		guess = add_days(search, search->done,
						 (search->done - oldest) / (double) USECS_PER_DAY *
						 page_size / 2 / nrecords);
	if (guess >= search->too_late)
		guess = halfway(search->done, search->too_late);
	set_until(search, guess);
	return true;
}
