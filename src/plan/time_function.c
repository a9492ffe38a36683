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

#include <time.h>

#include "catalog/pg_type.h"
#include "compat.h"
#include "nodes/nodeFuncs.h"
#include "pgtime.h"
#include "plan/time_function.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/*
 * Maximum change of a time zone's offset, twice a year, in seconds.  The
 * largest change since 2012 is that of Antarctica/Casey, 3 hours.
 */
#define ZONE_CHANGE (3 * SECS_PER_HOUR)

/* Maximum error of a time rounded to seconds, in seconds */
#define ROUNDING 1

/* Maximum offset of a time zone abbreviation (see tzparser.c), in seconds */
#define MAX_ABBREVIATION (14 * SECS_PER_HOUR)

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
	{"week", 7 * SECS_PER_DAY},
	{"month", 31 * SECS_PER_DAY},
	{"quarter", 92 * SECS_PER_DAY},
	{"year", 366 * SECS_PER_DAY},
};

/* Return the width of the named unit, or -1 if unknown */
static int
unit_width(Node *unit)
{
	const char *name = constant_text(unit);

	for (size_t i = 0; name && i < lengthof(time_units); i++)
	{
		if (pg_strcasecmp(name, time_units[i].name) == 0)
			return time_units[i].width;
	}
	return -1;
}

/*
 * clf_interval_seconds
 *		Compute the minimum and maximum length of a constant interval, in seconds:
 *		months have 28 to 31 days, and days can include a change of the zone's
 *		offset.  Returns false if it is not constant or too long.
 */
bool
clf_interval_seconds(Node *node, int *least, int *most)
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
		*least -= ZONE_CHANGE;
		*most += ZONE_CHANGE;
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
 * Compute the offsets of the argument of AT TIME ZONE.  A name without a slash can
 * be an abbreviation, whose meaning depends on timezone_abbreviations; UTC and GMT
 * have the same meaning in all sets.
 */
static bool
named_offsets(Node *zone, long *least, long *most)
{
	const char *name = constant_text(zone);

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

/*
 * Truncates by at most f->number seconds, in the session's time zone.
 */
static bool
cut_off(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	shift->before += f->number + ZONE_CHANGE;
	shift->after += ZONE_CHANGE;
	return true;
}

/* Truncates to the unit, the first argument */
static bool
cut_off_unit(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			width = unit_width(linitial(args));

	shift->before += width + ZONE_CHANGE;
	shift->after += ZONE_CHANGE;
	return width >= 0;
}

/* Converts to the local time of the zone, the first argument */
static bool
show_zone(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	long		least;
	long		most;

	if (!named_offsets(linitial(args), &least, &most))
		return false;
	shift->before -= least;
	shift->after += most;
	shift->local = true;
	return true;
}

/* Adds or subtracts the interval, the second argument */
static bool
add_interval(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	int			least;
	int			most;

	if (!clf_interval_seconds(lsecond(args), &least, &most))
		return false;
	shift->before += f->number > 0 ? -least : most;
	shift->after += f->number > 0 ? most : -least;
	return true;
}

/* Extracts the seconds since 1970, if the first argument is "epoch" */
static bool
count_seconds(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	const char *unit = constant_text(linitial(args));

	shift->before += ROUNDING;
	shift->after += ROUNDING;
	return unit && pg_strcasecmp(unit, "epoch") == 0;
}

/* Rounds the seconds since 1970 up or down */
static bool
round_seconds(const TimeFunction *f, List *args, ClfTimeShift *shift)
{
	shift->before += ROUNDING;
	shift->after += ROUNDING;
	return true;
}

static const TimeFunction time_functions[] = {
	{F_DATE_TIMESTAMPTZ, 0, cut_off, SECS_PER_DAY},
	{F_DATE_TIMESTAMP, 0, cut_off, SECS_PER_DAY},
	{F_TIMESTAMP_TIMESTAMPTZ, 0, cut_off, 0},
	{F_TIMESTAMPTZ_DATE, 0, cut_off, 0},
	{F_TIMESTAMP_DATE, 0, cut_off, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, 1, cut_off_unit, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, 1, cut_off_unit, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, 1, cut_off_unit, 0},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, 1, show_zone, 0},
	{F_TIMESTAMPTZ_PL_INTERVAL, 0, add_interval, 1},
	{F_TIMESTAMPTZ_MI_INTERVAL, 0, add_interval, -1},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, 1, count_seconds, 0},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, 1, count_seconds, 0},
	{F_INT4_NUMERIC, 0, round_seconds, 0},
	{F_INT8_NUMERIC, 0, round_seconds, 0},
	{F_FLOOR_NUMERIC, 0, round_seconds, 0},
	{F_INT4_FLOAT8, 0, round_seconds, 0},
	{F_INT8_FLOAT8, 0, round_seconds, 0},
	{F_FLOOR_FLOAT8, 0, round_seconds, 0},
};

/* Return the function called by the node, or InvalidOid, and its arguments */
static Oid
called_function(Node *node, List **args)
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
	Oid			funcid = called_function(node, &args);

	for (size_t i = 0; i < lengthof(time_functions); i++)
	{
		const TimeFunction *f = &time_functions[i];

		if (f->funcid == funcid)
			return f->method(f, args, shift) ? list_nth(args, f->argument) : NULL;
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
	typmod = exprTypmod(below);
	if (getBaseTypeAndTypmod(exprType(below), &typmod) == TIMESTAMPTZOID &&
		typmod >= 0)
	{
		shift->before += ROUNDING;
		shift->after += ROUNDING;
	}
	return below;
}
