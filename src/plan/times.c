/*-------------------------------------------------------------------------
 *
 * times.c
 *	  The times that satisfy the conditions of a scan.
 *
 * Each condition implies ranges of the column.  These can be wider than the
 * condition, never narrower: it is checked locally as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "compat.h"
#include "miscadmin.h"
#include "plan/times.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* Years outside of this range are replaced by its ends: no call is that old */
#define FIRST_YEAR 1
#define LAST_YEAR 10000

static const ClfTimeRange empty_range = {DT_NOEND, DT_NOBEGIN};
static const ClfTimeRange unbounded_range = {DT_NOBEGIN, DT_NOEND};

/* ----------
 * Values
 * ----------
 */

/* Convert a number to seconds since 1970 or to a year */
static double
value_as_number(Datum value, Oid type)
{
	switch (type)
	{
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													  value));
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return (double) DatumGetInt64(value);
	}
}

/* Convert seconds since 1970 to a timestamp */
static TimestampTz
seconds_as_time(double seconds)
{
	double		t = rint(seconds * USECS_PER_SEC) +
	(double) (UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;

	if (isnan(t) || t >= END_TIMESTAMP)
		return DT_NOEND;
	return t < MIN_TIMESTAMP ? DT_NOBEGIN : (TimestampTz) t;
}

/* Midnight of the day in the session's time zone */
static TimestampTz
midnight(int year, int month, int day)
{
	return clf_date_to_timestamptz(date2j(year, month, day) -
								   POSTGRES_EPOCH_JDATE);
}

/* The number of that many digits; -1 if there are others.  Skips a separator. */
static int
take_digits(const char **text, int n)
{
	int			number = 0;

	while (n-- > 0)
	{
		if (!isdigit((unsigned char) **text))
			return -1;
		number = number * 10 + *(*text)++ - '0';
	}
	if (**text && strchr("-/.", **text))
		(*text)++;
	return number;
}

/*
 * The first day that a text in a format of clf_time_below represents; false if
 * it is not known.
 */
static bool
text_as_time(const char *text, TimestampTz *t)
{
	int			year = take_digits(&text, 4);
	int			month = *text ? take_digits(&text, 2) : 1;
	int			day = *text ? take_digits(&text, 2) : 1;

	if (*text || year < FIRST_YEAR || month < 1 || month > MONTHS_PER_YEAR ||
		day < 1 || day > 31)
		return false;
	*t = midnight(year, month, day);
	return true;
}

/*
 * clf_value_as_time
 *		Convert to timestamptz in the session's time zone, as comparisons do.
 */
TimestampTz
clf_value_as_time(Datum value, Oid type)
{
	switch (type)
	{
		case DATEOID:
			return clf_date_to_timestamptz(DatumGetDateADT(value));
		case TIMESTAMPOID:
			return clf_timestamp_to_timestamptz(DatumGetTimestamp(value));
		default:
			return DatumGetTimestampTz(value);
	}
}

/* Convert to local time in the session's time zone, stored as if it were UTC */
static TimestampTz
as_local(TimestampTz t)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	Timestamp	local;

	if (TIMESTAMP_NOT_FINITE(t) ||
		timestamp2tm(t, &offset, &tm, &fsec, NULL, NULL) != 0 ||
		tm2timestamp(&tm, fsec, NULL, &local) != 0)
		return t;
	return local;
}

/* Add seconds to a timestamp, clamped to the valid range */
static TimestampTz
add_seconds(TimestampTz t, int64 seconds)
{
	TimestampTz sum;

	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	if (pg_add_s64_overflow(t, seconds * USECS_PER_SEC, &sum))
		return seconds < 0 ? DT_NOBEGIN : DT_NOEND;
	return sum;
}

/*
 * Convert the value that the condition compares with to a time.  A strict
 * comparison becomes one that is not strict, *strategy.  Returns false if the
 * value is none of those that the column's functions return.
 */
static bool
convert_value(const ClfCondition *c, Datum value, Oid type, int *strategy,
			  TimestampTz *t)
{
	const ClfTimeShift *shift = &c->shift;
	int			step = (c->strategy == BTGreaterStrategyNumber) -
	(c->strategy == BTLessStrategyNumber);
	double		number;

	*strategy = c->strategy == BTEqualStrategyNumber ? c->strategy :
		c->strategy < BTEqualStrategyNumber ? BTLessEqualStrategyNumber :
		BTGreaterEqualStrategyNumber;
	switch (shift->scale)
	{
		case CLF_SCALE_TIME:
			*t = clf_value_as_time(value, type);
			if (!TIMESTAMP_NOT_FINITE(*t))
				*t += step;
			return true;
		case CLF_SCALE_SECONDS:
			*t = seconds_as_time(value_as_number(value, type) *
								 Max(1, shift->divisor) /
								 Max(1, shift->multiplier));
			return true;
		case CLF_SCALE_YEARS:
			number = value_as_number(value, type);
			if (number == floor(number))
				number += step;
			number = isnan(number) ? LAST_YEAR : floor(number);
			*t = midnight((int) Min(Max(number, FIRST_YEAR), LAST_YEAR), 1, 1);
			return true;
		case CLF_SCALE_TEXT:
			return text_as_time(TextDatumGetCString(value), t);
	}
	pg_unreachable();
}

/* ----------
 * Sets of times
 * ----------
 */

/* No call begins at infinity */
static bool
is_empty_range(const ClfTimeRange *range)
{
	return range->lower > range->upper || range->lower == DT_NOEND ||
		range->upper == DT_NOBEGIN;
}

static List *
add_range(List *ranges, ClfTimeRange range)
{
	ClfTimeRange *copy;

	if (is_empty_range(&range))
		return ranges;
	copy = palloc(sizeof(ClfTimeRange));
	*copy = range;
	return lappend(ranges, copy);
}

/* Latest end first */
static int
compare_ranges(const ListCell *a, const ListCell *b)
{
	const ClfTimeRange *one = lfirst(a);
	const ClfTimeRange *other = lfirst(b);

	return (one->upper < other->upper) - (one->upper > other->upper);
}

/* Sort, and merge the ranges that overlap */
static List *
merge_ranges(List *ranges)
{
	List	   *merged = NIL;
	ListCell   *lc;

	list_sort(ranges, compare_ranges);
	foreach(lc, ranges)
	{
		ClfTimeRange *range = lfirst(lc);
		ClfTimeRange *last = merged == NIL ? NULL : llast(merged);

		if (last && range->upper >= last->lower)
			last->lower = Min(last->lower, range->lower);
		else
			merged = lappend(merged, range);
	}
	return merged;
}

/* Intersection */
static void
intersect_times(ClfTimes *times, ClfTimes other)
{
	List	   *common = NIL;
	int			i = 0;
	int			j = 0;

	while (i < list_length(times->ranges) && j < list_length(other.ranges))
	{
		const ClfTimeRange *a = list_nth(times->ranges, i);
		const ClfTimeRange *b = list_nth(other.ranges, j);
		ClfTimeRange both = {Max(a->lower, b->lower), Min(a->upper, b->upper)};

		common = add_range(common, both);
		i += a->lower >= b->lower;
		j += a->lower <= b->lower;
	}
	times->ranges = common;
	if (other.unknown_lower)
		times->unknown_lower = other.unknown_lower;
	if (other.unknown_upper)
		times->unknown_upper = other.unknown_upper;
}

/* Union */
static void
union_times(ClfTimes *times, ClfTimes other)
{
	if (other.ranges == NIL)
		return;
	times->ranges = merge_ranges(list_concat(times->ranges, other.ranges));
	if (other.unknown_lower)
		times->unknown_lower = other.unknown_lower;
	if (other.unknown_upper)
		times->unknown_upper = other.unknown_upper;
}

static ClfTimes
times_of(ClfTimeRange range)
{
	ClfTimes	times = {add_range(NIL, range), NULL, NULL};

	return times;
}

/* ----------
 * Conditions
 * ----------
 */

/*
 * Additional shift of times near t, in seconds: how much more than CLF_ZONE_CHANGE
 * the offset of the session's time zone can change
 */
static int
excess_zone_change(TimestampTz t)
{
	pg_time_t	at = timestamptz_to_time_t(t);
	pg_time_t	boundary;
	long		before;
	long		after;
	int			is_dst;

	if (t < CLF_ZONES_SETTLED)
		return CLF_OLD_ZONE_CHANGE;
	if (TIMESTAMP_IS_NOEND(t) ||
		pg_next_dst_boundary(&at, &before, &is_dst, &boundary, &after, &is_dst,
							 session_timezone) <= 0)
		return 0;
	/* only that of a zone in POSIX form, such as "AAA-14BBB-20" */
	return Max(0, (int) labs(after - before) - CLF_ZONE_CHANGE);
}

/* Times of the column implied by "column <strategy> value" */
static ClfTimeRange
range_of_value(const ClfCondition *c, Datum value, Oid type)
{
	ClfTimeRange range = unbounded_range;
	TimestampTz t;
	int			strategy;
	int			more = 0;

	if (!convert_value(c, value, type, &strategy, &t))
		return range;
	if (c->shift.local)
		t = as_local(t);
	if (c->shift.before != 0 || c->shift.after != 0)
		more = excess_zone_change(t);
	if (strategy <= BTEqualStrategyNumber)
		range.upper = add_seconds(t, (int64) c->shift.before + more);
	if (strategy >= BTEqualStrategyNumber)
		range.lower = add_seconds(t, -((int64) c->shift.after + more));
	return range;
}

/* Union of the elements' times; NULL is true for no time */
static ClfTimes
times_of_any(const ClfCondition *c, Datum *elements, bool *nulls, int n,
			 Oid type)
{
	ClfTimes	times = {NIL, NULL, NULL};

	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			times.ranges = add_range(times.ranges,
									 range_of_value(c, elements[i], type));
	}
	times.ranges = merge_ranges(times.ranges);
	return times;
}

/* Intersection of the elements' times */
static ClfTimes
times_of_all(const ClfCondition *c, Datum *elements, bool *nulls, int n,
			 Oid type)
{
	ClfTimeRange range = unbounded_range;

	for (int i = 0; i < n; i++)
	{
		ClfTimeRange other = empty_range;

		if (!nulls[i])
			other = range_of_value(c, elements[i], type);
		range.lower = Max(range.lower, other.lower);
		range.upper = Min(range.upper, other.upper);
	}
	return times_of(range);
}

static ClfTimes
times_of_array(const ClfCondition *c, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Oid			type = ARR_ELEMTYPE(array);
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &elements, &nulls,
					  &n);
	return c->operand == CLF_ARRAY ?
		times_of_any(c, elements, nulls, n, getBaseType(type)) :
		times_of_all(c, elements, nulls, n, getBaseType(type));
}

static ClfTimeRange
range_of_range(const ClfCondition *c, const RangeType *value)
{
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(value),
											 TYPECACHE_RANGE_INFO);
	Oid			element = type->rngelemtype->type_id;
	ClfTimeRange range = unbounded_range;
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(type, value, &lower, &upper, &empty);
	if (empty)
		return empty_range;
	if (!lower.infinite)
		range.lower = range_of_value(c, lower.val, element).lower;
	if (!upper.infinite)
		range.upper = range_of_value(c, upper.val, element).upper;
	return range;
}

/* Union of the ranges */
static ClfTimes
times_of_multirange(const ClfCondition *c, Datum value)
{
	MultirangeType *multirange = DatumGetMultirangeTypeP(value);
	TypeCacheEntry *type = lookup_type_cache(MultirangeTypeGetOid(multirange),
											 TYPECACHE_MULTIRANGE_INFO);
	ClfTimes	times = {NIL, NULL, NULL};
	RangeType **ranges;
	int			n;

	multirange_deserialize(type->rngtype, multirange, &n, &ranges);
	for (int i = 0; i < n; i++)
		times.ranges = add_range(times.ranges, range_of_range(c, ranges[i]));
	times.ranges = merge_ranges(times.ranges);
	return times;
}

/* Times implied by a comparison; an unknown value yields unknown bounds */
static ClfTimes
times_of_comparison(const ClfCondition *c, const ClfValue *value)
{
	ClfTimes	times = times_of(unbounded_range);

	if (value->unknown)
	{
		if (c->strategy <= BTEqualStrategyNumber)
			times.unknown_upper = value->unknown;
		if (c->strategy >= BTEqualStrategyNumber)
			times.unknown_lower = value->unknown;
		return times;
	}
	if (value->isnull)
		return times_of(empty_range);
	switch (c->operand)
	{
		case CLF_VALUE:
			return times_of(range_of_value(c, value->value,
										   getBaseType(value->type)));
		case CLF_ARRAY:
		case CLF_ALL_OF_ARRAY:
			return times_of_array(c, value->value);
		case CLF_RANGE:
			return times_of(range_of_range(c, DatumGetRangeTypeP(value->value)));
		case CLF_MULTIRANGE:
			return times_of_multirange(c, value->value);
	}
	pg_unreachable();
}

/* Times implied by a condition and its arguments */
static ClfTimes
times_of_condition(const ClfCondition *c, const ClfValue *values)
{
	ClfTimes	times = times_of(c->combination == CLF_ANY ? empty_range :
								 unbounded_range);

	check_stack_depth();
	if (c->combination == CLF_ONE)
		return times_of_comparison(c, &values[c->expr]);
	for (const ClfCondition *below = c + 1; below < c + c->size;
		 below += below->size)
	{
		ClfTimes	other = times_of_condition(below, values);

		if (c->combination == CLF_ANY)
			union_times(&times, other);
		else
			intersect_times(&times, other);
	}
	return times;
}

/*
 * clf_find_times
 *		The times that satisfy all conditions of the plan on the time column.
 *		Palloc'd in the current memory context.
 */
ClfTimes
clf_find_times(const ClfScanPlan *plan, const ClfValue *values)
{
	const ClfCondition *end = plan->conditions + plan->nconditions;
	ClfTimes	times = times_of(unbounded_range);

	for (const ClfCondition *c = plan->conditions; c < end; c += c->size)
	{
		if (c->filter->operators & CLF_OP_RANGE)
			intersect_times(&times, times_of_condition(c, values));
	}
	return times;
}
