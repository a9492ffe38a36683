/*-------------------------------------------------------------------------
 *
 * time_function.c
 *	  Functions of a time, and the maximum distance of the result from it.
 *
 * A comparison of a function of a column implies bounds of the column, if the
 * distance between argument and result of the function is limited.  The bounds
 * can be wider than the condition, never narrower: it is checked locally as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "catalog/pg_type.h"
#include "compat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "pgtime.h"
#include "plan/time_function.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* Maximum error of a time rounded to seconds, in seconds */
#define ROUNDING 1

/* Maximum offset of any time zone: of the POSIX ones (see localtime.c), in seconds */
#define MAX_OFFSET (7 * SECS_PER_DAY)

/* Maximum offset of a time zone abbreviation (see tzparser.c), in seconds */
#define MAX_ABBREVIATION (14 * SECS_PER_HOUR)

/* Larger multipliers and divisors are not pushed down */
#define MAX_FACTOR 1000000000

/* Longer intervals and shifts are not pushed down */
#define MAX_INTERVAL_DAYS 3660
#define MAX_SHIFT (2 * MAX_INTERVAL_DAYS * SECS_PER_DAY)

/* ----------
 * Arguments
 * ----------
 */

/* Return the text of a constant, or NULL */
static char *
constant_text(Node *node)
{
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return NULL;
	return TextDatumGetCString(((Const *) node)->constvalue);
}

/* Width of the unit that begins on other days than months and years do */
#define TIME_WEEK (7 * SECS_PER_DAY)

/* A unit of date_trunc, and its maximum width in seconds */
typedef struct TimeUnit
{
	const char *name;
	int			width;
} TimeUnit;

static const TimeUnit time_units[] = {
	{"second", 1},
	{"minute", SECS_PER_MINUTE},
	{"hour", SECS_PER_HOUR},
	{"day", SECS_PER_DAY},
	{"week", TIME_WEEK},
	{"month", 31 * SECS_PER_DAY},
	{"quarter", 92 * SECS_PER_DAY},
	{"year", 366 * SECS_PER_DAY},
};

/*
 * Formats of to_char that begin with the year, with that unit at the end: all of
 * the text is the unit.  Their separators are those of text_as_time in times.c.
 */
static const TimeUnit time_formats[] = {
	{"YYYY", 366 * SECS_PER_DAY},
	{"YYYYMM", 31 * SECS_PER_DAY},
	{"YYYY-MM", 31 * SECS_PER_DAY},
	{"YYYY/MM", 31 * SECS_PER_DAY},
	{"YYYYMMDD", SECS_PER_DAY},
	{"YYYY-MM-DD", SECS_PER_DAY},
	{"YYYY/MM/DD", SECS_PER_DAY},
	{"YYYY.MM.DD", SECS_PER_DAY},
};

/* Return the width of the named unit, or -1 if unknown */
static int
unit_width(const TimeUnit *units, int n, const char *name)
{
	for (int i = 0; name && i < n; i++)
	{
		if (pg_strcasecmp(name, units[i].name) == 0)
			return units[i].width;
	}
	return -1;
}

/*
 * Return the width of the format's unit, or -1 if unknown.  A pattern in mixed case
 * consists of others: "YYyy" is "YY" and "yy", "Dd" the day of the week, twice.
 */
static int
format_width(Node *format)
{
	const char *name = constant_text(format);

	for (int i = 1; name && name[0] && name[i]; i++)
	{
		if (name[i] != name[i - 1] &&
			pg_tolower(name[i]) == pg_tolower(name[i - 1]))
			return -1;
	}
	return unit_width(time_formats, lengthof(time_formats), name);
}

/* Get the value of a constant number */
static bool
constant_number(Node *node, double *number)
{
	const Const *constant = (const Const *) node;

	if (!IsA(node, Const) || constant->constisnull)
		return false;
	switch (constant->consttype)
	{
		case NUMERICOID:
			*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
														 constant->constvalue));
			return true;
		case FLOAT8OID:
			*number = DatumGetFloat8(constant->constvalue);
			return true;
		case INT4OID:
			*number = DatumGetInt32(constant->constvalue);
			return true;
		case INT8OID:
			*number = (double) DatumGetInt64(constant->constvalue);
			return true;
		default:
			return false;
	}
}

/* Return the value of a constant positive whole number, or 0 */
static int
constant_factor(Node *node)
{
	double		number;

	if (!constant_number(node, &number) ||
		!(number >= 1 && number <= MAX_FACTOR) || number != floor(number))
		return 0;
	return (int) number;
}

/*
 * Compute the minimum and maximum length of a constant interval, in seconds: months
 * have 28 to 31 days, and days can include a change of the zone's offset.  Returns
 * false if it is not constant or too long.
 */
static bool
interval_seconds(Node *node, int *least, int *most)
{
	const Interval *interval;
	int64		days;
	int64		seconds;

	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	interval = DatumGetIntervalP(((Const *) node)->constvalue);
	days = interval->month * INT64CONST(31) + interval->day;
	if (llabs((int64) interval->month) > MAX_INTERVAL_DAYS / 31 ||
		llabs((int64) interval->day) > MAX_INTERVAL_DAYS ||
		llabs(days) > MAX_INTERVAL_DAYS ||
		interval->time / USECS_PER_DAY > MAX_INTERVAL_DAYS ||
		interval->time / USECS_PER_DAY < -MAX_INTERVAL_DAYS)
		return false;
	seconds = interval->time / USECS_PER_SEC;
	*least = *most = seconds + interval->day * SECS_PER_DAY;
	*least += interval->month * (interval->month < 0 ? 31 : 28) * SECS_PER_DAY;
	*most += interval->month * (interval->month < 0 ? 28 : 31) * SECS_PER_DAY;
	if (interval->month != 0 || interval->day != 0)
	{
		*least -= CLF_ZONE_CHANGE;
		*most += CLF_ZONE_CHANGE;
	}
	*least -= ROUNDING;
	*most += ROUNDING;
	return true;
}

/*
 * Compute the minimum and maximum offset from UTC of a zone, from 1970, the
 * earliest time of a call, until ten years from now, in seconds.  Returns false
 * if the zone does not exist.
 */
static bool
zone_offsets(const char *name, long *least, long *most)
{
	const pg_tz *zone = pg_tzset(name);
	pg_time_t	end = time(NULL) + 10 * 366 * SECS_PER_DAY;
	pg_time_t	at = 0;
	long		offset;
	long		next;
	int			is_dst;

	if (zone == NULL)
		return false;
	*least = SECS_PER_DAY * 366;
	*most = -*least;
	while (at < end)
	{
		pg_time_t	boundary;
		int			found = pg_next_dst_boundary(&at, &offset, &is_dst,
												 &boundary, &next, &is_dst,
												 zone);

		if (found < 0)
			return false;
		*least = Min(*least, offset);
		*most = Max(*most, offset);
		if (found == 0)
			break;
		*least = Min(*least, next);
		*most = Max(*most, next);
		at = boundary;
	}
	return true;
}

/*
 * Compute the offsets of the argument of AT TIME ZONE: those of all zones if it is
 * known at execution only, such as a parameter or current_setting().  A name without
 * a slash can be an abbreviation, whose meaning depends on timezone_abbreviations; UTC
 * and GMT have the same meaning in all sets.
 */
static bool
named_offsets(Node *zone, long *least, long *most)
{
	const char *name = constant_text(zone);

	*least = -MAX_OFFSET;
	*most = MAX_OFFSET;
	if (!IsA(zone, Const))
		return !contain_var_clause(zone);
	if (name == NULL || !zone_offsets(name, least, most))
		return false;
	if (strchr(name, '/') == NULL && pg_strcasecmp(name, "UTC") != 0 &&
		pg_strcasecmp(name, "GMT") != 0)
	{
		*least = Min(*least, -MAX_ABBREVIATION);
		*most = Max(*most, MAX_ABBREVIATION);
	}
	return *most - *least <= MAX_INTERVAL_DAYS * SECS_PER_DAY;
}

/* ----------
 * Functions
 * ----------
 */

typedef struct TimeFunction TimeFunction;

/* Adds the shift of the function to *shift; returns false if it is unknown */
typedef bool (*ShiftMethod) (const TimeFunction *f, List *args,
							 ClfTimeShift *shift);

struct TimeFunction
{
	Oid			funcid;
	int			argument;		/* index of the time argument */
	ShiftMethod method;
	int			number;			/* parameter of the method */
};

/* Is a time that begins the wider unit also one that begins the narrower one? */
static bool
are_nested(int width, int other)
{
	return (width != TIME_WEEK && other != TIME_WEEK) ||
		Max(width, other) == TIME_WEEK;
}

/*
 * Truncates to a unit, in a time zone.  A truncation of a truncated time is one to
 * the wider unit.
 */
static void
truncate_time(ClfTimeShift *shift, int width)
{
	if (shift->grid > 0 && are_nested(shift->grid, width))
	{
		shift->before += Max(0, width - shift->grid);
		shift->grid = Max(width, shift->grid);
	}
	else
	{
		shift->before += width;
		shift->grid = width;
	}
	shift->before += CLF_ZONE_CHANGE;
	shift->after += CLF_ZONE_CHANGE;
}

/* Truncates by at most f->number seconds, in the session's time zone */
static bool
cut_off(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	truncate_time(shift, f->number);
	return true;
}

/*
 * Truncates to the unit, the first argument; f->number > 0: in the time zone that is
 * the third one
 */
static bool
cut_off_unit(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			width = unit_width(time_units, lengthof(time_units),
								   constant_text(linitial(args)));

	if (f->number > 0)
		shift->grid = 0;
	truncate_time(shift, width);
	if (f->number > 0)
		shift->grid = 0;
	return width >= 0;
}

/*
 * Converts to the local time of the zone, the first argument.  Of a time that was
 * local before, the session's time zone has made a timestamptz.
 */
static bool
show_zone(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	long		least;
	long		most;

	if (shift->local || !named_offsets(linitial(args), &least, &most))
		return false;
	shift->before -= least;
	shift->after += most;
	shift->local = true;
	return true;
}

/* Adds or subtracts the interval, the second argument */
static bool
shift_interval(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			least;
	int			most;

	if (!interval_seconds(lsecond(args), &least, &most))
		return false;
	shift->before += f->number > 0 ? -least : most;
	shift->after += f->number > 0 ? most : -least;
	return true;
}

/* Adds or subtracts the days, the second argument */
static bool
shift_days(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	const Const *days = lsecond(args);
	int			seconds;

	if (!IsA(days, Const) || days->constisnull ||
		llabs((int64) DatumGetInt32(days->constvalue)) > MAX_INTERVAL_DAYS)
		return false;
	seconds = f->number * DatumGetInt32(days->constvalue) * SECS_PER_DAY;
	shift->before += CLF_ZONE_CHANGE - seconds;
	shift->after += CLF_ZONE_CHANGE + seconds;
	return true;
}

/*
 * Truncates to a multiple of the interval, the first argument.  Some minor releases
 * return the multiple before for times before the origin.
 */
static bool
bin(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			least;
	int			most;

	if (!interval_seconds(linitial(args), &least, &most) || least < -1)
		return false;
	shift->before += 2 * most;
	return true;
}

/* Is the result of the functions in the years of the argument? */
static bool
count_years(ClfTimeShift *shift)
{
	/* rounding does not change a whole number */
	if (shift->scale != CLF_SCALE_SECONDS || shift->multiplier != shift->divisor ||
		shift->before > ROUNDING || shift->after > ROUNDING)
		return false;
	shift->scale = CLF_SCALE_YEARS;
	shift->before = 366 * SECS_PER_DAY + CLF_ZONE_CHANGE;
	shift->after = CLF_ZONE_CHANGE;
	return true;
}

/*
 * Extracts the year or, of a timestamptz, the seconds since 1970: the unit is the
 * first argument
 */
static bool
extract_unit(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	const char *unit = constant_text(linitial(args));

	if (unit == NULL || shift->scale == CLF_SCALE_TEXT)
		return false;
	if (pg_strcasecmp(unit, "year") == 0)
		return count_years(shift);
	shift->before += ROUNDING;
	shift->after += ROUNDING;
	return f->number > 0 && pg_strcasecmp(unit, "epoch") == 0;
}

/* Formats as text, by the second argument */
static bool
format(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			width = format_width(lsecond(args));

	truncate_time(shift, width);
	return width >= 0 && shift->scale == CLF_SCALE_TEXT;
}

/* Rounds a number up or down */
static bool
round_number(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	shift->before += ROUNDING;
	shift->after += ROUNDING;
	return true;
}

/*
 * Multiplies or divides a number.  The shift is converted from the units of the
 * result to those of the argument.
 */
static bool
scale_number(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			factor = constant_factor(list_nth(args, 1 - f->argument));
	bool		divides = f->number < 0;
	int64		multiplier = shift->multiplier * (int64) (divides ? 1 : factor);
	int64		divisor = shift->divisor * (int64) (divides ? factor : 1);
	double		ratio = divides ? factor : 1.0 / factor;
	double		before = ceil(shift->before * ratio);
	double		after = ceil(shift->after * ratio);

	if (factor == 0 || multiplier > MAX_FACTOR || divisor > MAX_FACTOR ||
		fabs(before) > MAX_SHIFT || fabs(after) > MAX_SHIFT)
		return false;
	shift->multiplier = (int) multiplier;
	shift->divisor = (int) divisor;
	shift->before = (int) before;
	shift->after = (int) after;
	return true;
}

/* Divides a whole number and truncates the result */
static bool
divide_whole(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	return round_number(f, args, shift) && scale_number(f, args, shift);
}

/*
 * clf_count_days
 *		Convert the shift of functions of a number of days to one of functions of
 *		seconds.  Returns false if it is too long.
 */
bool
clf_count_days(ClfTimeShift *shift)
{
	int64		divisor = shift->divisor * (int64) SECS_PER_DAY;

	if (divisor > MAX_FACTOR ||
		Max(shift->before, shift->after) > MAX_INTERVAL_DAYS)
		return false;
	shift->divisor = (int) divisor;
	shift->before *= SECS_PER_DAY;
	shift->after *= SECS_PER_DAY;
	return true;
}

/*
 * clf_is_age
 *		Does it subtract times as years, months and days?
 */
bool
clf_is_age(Node *node)
{
	List	   *args = NIL;
	Oid			funcid = clf_called_function(node, &args);

	return funcid == F_AGE_TIMESTAMPTZ_TIMESTAMPTZ ||
		funcid == F_AGE_TIMESTAMP_TIMESTAMP;
}

/*
 * Extracts the seconds or the whole days of a difference of times: the unit is the
 * first argument.  The days of one that has months are not all of its days.
 */
static bool
extract_length(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	const char *unit = constant_text(linitial(args));

	shift->before += ROUNDING;
	shift->after += ROUNDING;
	if (unit && pg_strcasecmp(unit, "epoch") == 0)
		return true;
	return unit && pg_strcasecmp(unit, "day") == 0 && !clf_is_age(lsecond(args)) &&
		clf_count_days(shift);
}

/* Does not change the value */
static bool
keep(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	return true;
}

static const TimeFunction time_functions[] = {
	{F_DATE_TIMESTAMPTZ, 0, cut_off, SECS_PER_DAY},
	{F_DATE_TIMESTAMP, 0, cut_off, SECS_PER_DAY},
	{F_TIMESTAMP_TIMESTAMPTZ, 0, cut_off, 0},
	{F_TIMESTAMPTZ_TIMESTAMP, 0, cut_off, 0},
	{F_TIMESTAMPTZ_DATE, 0, cut_off, 0},
	{F_TIMESTAMP_DATE, 0, cut_off, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, 1, cut_off_unit, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, 1, cut_off_unit, 1},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, 1, cut_off_unit, 0},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, 1, show_zone, 0},
	{F_TIMESTAMPTZ_PL_INTERVAL, 0, shift_interval, 1},
	{F_TIMESTAMPTZ_MI_INTERVAL, 0, shift_interval, -1},
	{F_TIMESTAMP_PL_INTERVAL, 0, shift_interval, 1},
	{F_TIMESTAMP_MI_INTERVAL, 0, shift_interval, -1},
	{F_DATE_PL_INTERVAL, 0, shift_interval, 1},
	{F_DATE_MI_INTERVAL, 0, shift_interval, -1},
	{F_DATE_PLI, 0, shift_days, 1},
	{F_DATE_MII, 0, shift_days, -1},
	{F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ, 1, bin, 0},
	{F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP, 1, bin, 0},
	{F_TO_CHAR_TIMESTAMPTZ_TEXT, 0, format, 0},
	{F_TO_CHAR_TIMESTAMP_TEXT, 0, format, 0},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, 1, extract_unit, 1},
	{F_EXTRACT_TEXT_TIMESTAMP, 1, extract_unit, 0},
	{F_EXTRACT_TEXT_DATE, 1, extract_unit, 0},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, 1, extract_unit, 1},
	{F_DATE_PART_TEXT_TIMESTAMP, 1, extract_unit, 0},
	{F_EXTRACT_TEXT_INTERVAL, 1, extract_length, 0},
	{F_DATE_PART_TEXT_INTERVAL, 1, extract_length, 0},
	{F_TO_TIMESTAMP_FLOAT8, 0, keep, 0},
	{F_FLOAT8_NUMERIC, 0, keep, 0},
	{F_NUMERIC_FLOAT8, 0, round_number, 0},
	{F_NUMERIC_INT4, 0, keep, 0},
	{F_NUMERIC_INT8, 0, keep, 0},
	{F_FLOAT8_INT4, 0, keep, 0},
	{F_FLOAT8_INT8, 0, keep, 0},
	{F_INT8_INT4, 0, keep, 0},
	{F_INT4_NUMERIC, 0, round_number, 0},
	{F_INT8_NUMERIC, 0, round_number, 0},
	{F_FLOOR_NUMERIC, 0, round_number, 0},
	{F_INT4_FLOAT8, 0, round_number, 0},
	{F_INT8_FLOAT8, 0, round_number, 0},
	{F_FLOOR_FLOAT8, 0, round_number, 0},
	{F_NUMERIC_MUL, 0, scale_number, 1},
	{F_NUMERIC_DIV, 0, scale_number, -1},
	{F_FLOAT8MUL, 0, scale_number, 1},
	{F_FLOAT8DIV, 0, scale_number, -1},
	{F_INT4DIV, 0, divide_whole, -1},
	{F_INT8DIV, 0, divide_whole, -1},
	{F_INT84DIV, 0, divide_whole, -1},
	{F_INT4MUL, 0, scale_number, 1},
	{F_INT8MUL, 0, scale_number, 1},
	{F_INT84MUL, 0, scale_number, 1},
};

/*
 * clf_called_function
 *		Return the function called by the node, or InvalidOid, and its arguments.
 */
Oid
clf_called_function(Node *node, List **args)
{
	if (IsA(node, FuncExpr))
	{
		*args = ((FuncExpr *) node)->args;
		return ((FuncExpr *) node)->funcid;
	}
	if (IsA(node, OpExpr))
	{
		*args = ((OpExpr *) node)->args;
		return get_opcode(((OpExpr *) node)->opno);
	}
	return InvalidOid;
}

/* Return the time argument of a known function, else NULL */
static Node *
argument_of(Node *node, ClfTimeShift *shift)
{
	List	   *args = NIL;
	Oid			funcid = clf_called_function(node, &args);

	for (size_t i = 0; i < lengthof(time_functions); i++)
	{
		const TimeFunction *f = &time_functions[i];

		if (f->funcid != funcid)
			continue;
		if (!f->method(f, args, shift))
			return NULL;
		if (f->method != cut_off && f->method != cut_off_unit)
			shift->grid = 0;
		return list_nth(args, f->argument);
	}
	return NULL;
}

/* Strip RelabelType: text operators apply it to varchar columns */
static Node *
strip_relabelling(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* What a result of that type is compared with */
static ClfTimeScale
scale_of(Oid type)
{
	switch (type)
	{
		case NUMERICOID:
		case FLOAT8OID:
		case INT4OID:
		case INT8OID:
			return CLF_SCALE_SECONDS;
		case TEXTOID:
			return CLF_SCALE_TEXT;
		default:
			return CLF_SCALE_TIME;
	}
}

/*
 * clf_length_seconds
 *		Compute the seconds of a constant that a difference of times is compared
 *		with: an interval, or a number that is such a function of the seconds.  As
 *		in the comparison of intervals, days have 24 hours and months 30 days.
 *		Returns false if it is not constant or too long.
 */
bool
clf_length_seconds(Node *node, const ClfTimeShift *shift, int *seconds)
{
	const Const *constant = (const Const *) node;
	const Interval *interval;
	int			least;
	int			most;
	double		number;

	if (!IsA(node, Const) || constant->constisnull)
		return false;
	if (constant->consttype == INTERVALOID)
	{
		if (!interval_seconds(node, &least, &most))
			return false;
		interval = DatumGetIntervalP(constant->constvalue);
		*seconds = (interval->month * 30 + interval->day) * SECS_PER_DAY +
			interval->time / USECS_PER_SEC;
		return true;
	}
	if (!constant_number(node, &number))
		return false;
	number *= shift->divisor / (double) shift->multiplier;
	if (!(fabs(number) <= MAX_INTERVAL_DAYS * (double) SECS_PER_DAY))
		return false;
	*seconds = (int) number;
	return true;
}

/*
 * clf_time_below
 *		Return the expression below functions of a time, and their total shift.
 *		timestamptz(0) can differ from the API's time by half a second.
 */
Node *
clf_time_below(Node *node, ClfTimeShift *shift)
{
	Node	   *below = strip_relabelling(node);
	int32		typmod;

	memset(shift, 0, sizeof(ClfTimeShift));
	shift->scale = scale_of(getBaseType(exprType(below)));
	shift->multiplier = shift->divisor = 1;
	while (!IsA(below, Var))
	{
		ClfTimeShift deeper = *shift;
		Node	   *argument = argument_of(below, &deeper);

		if (argument == NULL || llabs(deeper.before) > MAX_SHIFT ||
			llabs(deeper.after) > MAX_SHIFT)
			return below;
		*shift = deeper;
		below = strip_relabelling(argument);
	}
	if (shift->scale != CLF_SCALE_SECONDS && shift->multiplier != shift->divisor)
		return node;
	typmod = exprTypmod(below);
	if (getBaseTypeAndTypmod(exprType(below), &typmod) == TIMESTAMPTZOID &&
		typmod >= 0)
	{
		shift->before += ROUNDING;
		shift->after += ROUNDING;
	}
	return below;
}
