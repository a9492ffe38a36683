/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Unit tests of scan/search.c, against a list in memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "common/pg_prng.h"
#include "scan/search.h"
#include "unit.h"
#include "utils/timestamp.h"

#define NLISTS 2000
#define MOST_RECORDS 300

/* A list, oldest record first, and how far a search has read it */
typedef struct CallList
{
	TimestampTz times[MOST_RECORDS];
	int			nrecords;
	ClfWindow	window;
	TimestampTz tolerance;		/* how far beyond its bounds a window reaches */
	int			nread;
	int			requests;
	int			requests_before;	/* the first record */
} CallList;

static int
compare_times(const void *a, const void *b)
{
	TimestampTz one = *(const TimestampTz *) a;
	TimestampTz other = *(const TimestampTz *) b;

	return one < other ? -1 : one > other;
}

/* Half of the times are whole seconds, as bounds of windows are */
static TimestampTz
random_time(pg_prng_state *prng, TimestampTz from, TimestampTz to)
{
	TimestampTz t = from + (TimestampTz) pg_prng_uint64_range(prng, 0, to - from - 1);

	return pg_prng_bool(prng) ? t : clf_time_floor(t);
}

/* Records in a part of three years, which can be as short as a second */
static void
make_list(pg_prng_state *prng, CallList *list)
{
	TimestampTz start = unit_timestamp("2023-03-31T12:00:00Z");
	TimestampTz end = unit_timestamp("2026-03-31T12:00:00Z");
	TimestampTz from = random_time(prng, start, end - USECS_PER_DAY);
	TimestampTz width = (end - from) >> pg_prng_uint64_range(prng, 0, 26);

	memset(list, 0, sizeof(CallList));
	list->nrecords = (int) pg_prng_uint64_range(prng, 0, MOST_RECORDS);
	for (int i = 0; i < list->nrecords; i++)
		list->times[i] = pg_prng_bool(prng) ? random_time(prng, start, end) :
			random_time(prng, from, from + Max(width, USECS_PER_SEC));
	qsort(list->times, list->nrecords, sizeof(TimestampTz), compare_times);
	list->window.from = start;
	list->window.to = end;
	list->tolerance = pg_prng_uint64_range(prng, 0, 2) * USECS_PER_SEC / 2 - 1;
}

/*
 * Request the window: the number of its records, and the index of the oldest one
 */
static int
request(CallList *list, const ClfSearch *search, int *oldest)
{
	int			n = 0;

	*oldest = 0;
	for (int i = 0; i < list->nrecords; i++)
	{
		if (list->times[i] < search->from - list->tolerance)
			*oldest = i + 1;
		else if (list->times[i] <= search->until + list->tolerance)
			n++;
	}
	list->requests++;
	return n;
}

/* Read the list oldest first; false if records are missing, or it has no end */
static bool
read_list(CallList *list, int size, double per_day)
{
	ClfSearch	search;
	int			most_requests = 80 + 40 * list->nrecords;

	clf_search_start(&search, &list->window, per_day, size);
	while (list->requests < most_requests)
	{
		int			oldest;
		int			n = request(list, &search, &oldest);

		if (n > size)
		{
			if (!clf_search_shorten(&search, list->times[oldest + n - size]))
				size *= 2;
			continue;
		}
		if (n > 0 && oldest > list->nread)
			return false;
		if (n > 0 && list->nread == 0)
			list->requests_before = list->requests;
		list->nread = Max(list->nread, oldest + n);
		if (!clf_search_continue(&search, n, n > 0 ? list->times[oldest] : DT_NOEND,
								 size))
			return list->nread == list->nrecords;
	}
	return false;
}

/* All records are found in their order, with any size of pages and any estimate */
static void
test_random_lists(void)
{
	pg_prng_state prng;

	for (int i = 0; i < NLISTS; i++)
	{
		CallList	list;
		int			size = 1 << i % 8;
		bool		found;

		pg_prng_seed(&prng, i);
		make_list(&prng, &list);
		found = read_list(&list, size, i % 3 * list.nrecords / 1000.0);
		unit_check_true(psprintf("search, seed %d: %d of %d records", i, list.nread,
								 list.nrecords), found);
		unit_check_true(psprintf("search, seed %d: %d requests", i,
								 list.requests_before),
						list.requests_before <= 60);
	}
}

/*
 * A list of some pages, a record a day: few requests, one if the estimate is right,
 * and two if the list begins a little earlier than RingCentral documents
 */
static void
test_requests(void)
{
	static const struct
	{
		int			days;		/* ago, of the oldest record */
		int			size;
		double		per_day;	/* as estimated */
		int			most_requests;
	}			cases[] = {
		{300, 25, 0, 8},
		{300, 25, 0.15, 1},
		{406, 60, 1, 2},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		CallList	list = {.nrecords = MOST_RECORDS};

		list.window.from = unit_timestamp("2023-03-31T12:00:00Z");
		list.window.to = unit_timestamp("2026-03-31T12:00:00Z");
		for (int n = 0; n < MOST_RECORDS; n++)
			list.times[n] = list.window.to - (cases[i].days - n) * USECS_PER_DAY;
		(void) read_list(&list, cases[i].size, cases[i].per_day);
		unit_check_true(psprintf("search, case %d: %d requests", (int) i,
								 list.requests_before),
						list.requests_before <= cases[i].most_requests);
	}
}

void
test_searches(void)
{
	test_random_lists();
	test_requests();
}
