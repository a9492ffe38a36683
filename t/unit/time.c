/*-------------------------------------------------------------------------
 *
 * time.c
 *	  Unit tests of api/time.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/field.h"
#include "unit.h"
#include "utils/timestamp.h"

void
test_times(void)
{
	static const struct
	{
		const char *text;
		const char *expected;	/* NULL: not a date */
	}			cases[] = {
		{"2016-03-10T18:07:52.534Z", "2016-03-10 18:07:52.534Z"},
		{"2016-03-10T18:07:52Z", "2016-03-10 18:07:52Z"},
		{"2016-03-10T18:07:52.1234567Z", "2016-03-10 18:07:52.123456Z"},
		{"2016-03-10T18:07:52.534+0000", "2016-03-10 18:07:52.534Z"},
		{"2016-03-10T18:07:52.534-05:30", "2016-03-10 23:37:52.534Z"},
		{"2016-02-29T23:59:60Z", "2016-03-01 00:00:00Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01 00:00:00Z"},
		{"2016-03-10T18:07:52", NULL}, {"2016-03-10", NULL},
		{"2015-02-29T00:00:00Z", NULL}, {"2016-13-01T00:00:00Z", NULL},
		{"2016-00-01T00:00:00Z", NULL}, {"2016-04-31T00:00:00Z", NULL},
		{"2016-03-10T24:00:00Z", NULL}, {"2016-03-10T18:07:52.534ZZ", NULL},
		{"2016-03-10 18:07:52Z", NULL}, {"now", NULL}, {"infinity", NULL},
		{"", NULL}, {"2016-03-10T18:07:52+99:00", NULL},
		{"0000-01-01T00:00:00Z", NULL},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		char	   *text = psprintf("{\"t\": \"%s\"}", cases[i].text);
		ClfField	field = unit_pick(text, "t");
		TimestampTz t = 0;
		bool		ok = clf_field_time(&field, &t);

		unit_check(cases[i].text, ok ? timestamptz_to_str(t) : NULL,
				   cases[i].expected ? timestamptz_to_str(unit_timestamp(cases[i].expected)) :
				   NULL);
	}
}
