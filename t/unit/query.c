/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Unit tests of plan/query.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "plan/query.h"
#include "unit.h"
#include "utils/timestamp.h"

void
test_windows(void)
{
	static const struct
	{
		const char *lower;
		const char *upper;
		const char *uri;		/* NULL: no request is needed */
	}			cases[] = {
		/* whole seconds, fractions, one instant */
		{"2026-01-01 00:00:00Z", "2026-01-02 00:00:00Z",
		"dateFrom=2025-12-31T23:59:59Z&dateTo=2026-01-02T00:00:01Z"},
		{"2026-01-01 00:00:00.000001Z", "2026-01-01 23:59:59.999999Z",
		"dateFrom=2026-01-01T00:00:00Z&dateTo=2026-01-02T00:00:00Z"},
		{"2026-01-01 10:00:00.5Z", "2026-01-01 10:00:00.5Z",
		"dateFrom=2026-01-01T10:00:00Z&dateTo=2026-01-01T10:00:01Z"},
		/* before 2000, where PostgreSQL's time is negative */
		{"1999-12-31 23:59:59.5Z", "1999-12-31 23:59:59.5Z",
		"dateFrom=1999-12-31T23:59:59Z&dateTo=2000-01-01T00:00:00Z"},
		{"1970-01-01 00:00:00Z", "1970-01-01 00:00:00Z",
		"dateFrom=1970-01-01T00:00:00Z&dateTo=1970-01-01T00:00:01Z"},
		{"-infinity", "1969-12-31 23:59:59Z", NULL},
		{"1960-01-01 00:00:00Z", "1969-12-31 23:59:59.999999Z", NULL},
		{"1960-01-01 00:00:00Z", "1970-01-01 00:00:00Z",
		"dateFrom=1970-01-01T00:00:00Z&dateTo=1970-01-01T00:00:01Z"},
		/* open ends: history, now, the future */
		{"-infinity", "infinity",
		"dateFrom=2026-02-20T12:00:00Z&dateTo=2026-03-22T12:00:01Z"},
		{"-infinity", "2026-03-01 00:00:00Z",
		"dateFrom=2026-02-20T12:00:00Z&dateTo=2026-03-01T00:00:01Z"},
		{"-infinity", "2026-02-01 00:00:00Z", NULL},
		{"2020-01-01 00:00:00Z", "2100-01-01 00:00:00Z",
		"dateFrom=2019-12-31T23:59:59Z&dateTo=2026-03-22T12:00:01Z"},
		{"2026-03-22 12:00:00.25Z", "infinity",
		"dateFrom=2026-03-22T12:00:00Z&dateTo=2026-03-22T12:00:01Z"},
		{"2026-03-22 12:00:00.5Z", "infinity", NULL},
	};
	Interval	month = {.month = 1};

	/* "now" is between two seconds; a month before it is 30 days */
	TimestampTz now = unit_timestamp("2026-03-22 12:00:00.25Z");

	month.month = 0;
	month.day = 30;
	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfQuery	query = {.parameters = "&view=Simple",.path = "",.windowed = true};
		ClfWindow	window;
		char	   *uri = NULL;

		query.lower = unit_timestamp(cases[i].lower);
		query.upper = unit_timestamp(cases[i].upper);
		query.page_size = 7;
		if (clf_query_window(&query, &month, now, &window))
			uri = clf_query_uri(&query, &window, 3, query.page_size, NULL);
		unit_check(psprintf("window %s .. %s", cases[i].lower, cases[i].upper), uri,
				   cases[i].uri ? psprintf("?view=Simple&%s&page=3&perPage=7",
										   cases[i].uri) :
				   NULL);
	}
}
