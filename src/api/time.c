/*-------------------------------------------------------------------------
 *
 * time.c
 *	  Conversion of dates from and to the API's format.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/*
 * clf_time_format
 *		Convert a timestamp to the API's format, with microseconds unless these
 *		are zero.  Years BC, which are never sent, are formatted as in ISO 8601,
 *		where -0043 is 44 BC.
 */
char *
clf_time_format(TimestampTz t)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char	   *seconds;

	if (timestamp2tm(t, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	seconds = psprintf("%s%04d-%02d-%02dT%02d:%02d:%02d",
					   tm.tm_year < 1 ? "-" : "", abs(tm.tm_year), tm.tm_mon,
					   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return fsec == 0 ? psprintf("%sZ", seconds) :
		psprintf("%s.%06dZ", seconds, (int) fsec);
}

/*
 * clf_time_floor
 *		Round down to a whole second.
 */
TimestampTz
clf_time_floor(TimestampTz t)
{
	TimestampTz rest = t % USECS_PER_SEC;

	return t - (rest < 0 ? rest + USECS_PER_SEC : rest);
}

/*
 * clf_second_after
 *		Return the first whole second after t.
 */
TimestampTz
clf_second_after(TimestampTz t)
{
	return clf_time_floor(t) + USECS_PER_SEC;
}

/* Parse a fixed number of digits at p; false if there are other characters */
static inline bool
parse_digits(const char **p, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*p)++)
	{
		if (**p < '0' || **p > '9')
			return false;
		*number = *number * 10 + (**p - '0');
	}
	return true;
}

static inline bool
parse_char(const char **p, char c)
{
	return *(*p)++ == c;
}

/* Parse ".594" to microseconds; further digits are truncated */
static bool
parse_fraction(const char **p, int *micros)
{
	int			scale = 100000;

	*micros = 0;
	if (**p != '.')
		return true;
	for ((*p)++; **p >= '0' && **p <= '9'; (*p)++)
	{
		*micros += (**p - '0') * scale;
		scale /= 10;
	}
	return true;
}

/* Parse "Z", "+01:00" or "+0100" to seconds east of UTC */
static bool
parse_zone(const char **p, int *offset)
{
	int			sign = **p == '-' ? -1 : 1;
	int			hours;
	int			minutes;

	*offset = 0;
	if (**p == 'Z')
	{
		(*p)++;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	(*p)++;
	if (!parse_digits(p, 2, &hours))
		return false;
	if (**p == ':')
		(*p)++;
	if (!parse_digits(p, 2, &minutes) || hours > 15 || minutes > 59)
		return false;
	*offset = sign * (hours * 60 + minutes) * 60;
	return true;
}

/*
 * clf_time_parse
 *		Parse a date in the API's format, 2016-03-10T18:07:52.534Z, terminated by
 *		the character end.  Returns false if invalid; unlike timestamptz_in, this
 *		does not accept "now" or dates without a zone.  Years BC have a sign, as
 *		in clf_time_format.
 */
bool
clf_time_parse(const char *text, char end, TimestampTz *t)
{
	const char *p = text;
	bool		before_christ = *p == '-';
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				micros,
				offset;

	/* no step reads beyond the terminator */
	p += before_christ;
	if (!parse_digits(&p, 4, &year) || !parse_char(&p, '-') ||
		!parse_digits(&p, 2, &month) || !parse_char(&p, '-') ||
		!parse_digits(&p, 2, &day) || !parse_char(&p, 'T') ||
		!parse_digits(&p, 2, &hour) || !parse_char(&p, ':') ||
		!parse_digits(&p, 2, &minute) || !parse_char(&p, ':') ||
		!parse_digits(&p, 2, &second) || !parse_fraction(&p, &micros) ||
		!parse_zone(&p, &offset) || *p != end)
		return false;
	if (before_christ)
		year = -year;
	else if (year < 1)
		return false;
	if (month < 1 || month > 12 || day < 1 ||
		day > day_tab[isleap(year)][month - 1] || hour > 23 || minute > 59 ||
		second > 60)
		return false;

	*t = (TimestampTz) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) *
		USECS_PER_DAY +
		((hour * 60 + minute) * INT64CONST(60) + second - offset) *
		USECS_PER_SEC + micros;
	return true;
}
