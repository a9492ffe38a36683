/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Bind a scan plan to values and build the URIs of its requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "api/time.h"
#include "api/uri.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "compat.h"
#include "mb/pg_wchar.h"
#include "plan/query.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/*
 * No call is older.  Earlier dates are not sent, because the API's handling of
 * them is not documented.
 */
#define UNIX_EPOCH \
	((TimestampTz) (UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * Maximum length of an id, session id or number, and of a token, in bytes of
 * UTF-8.  The API's values are much shorter; a token encodes filters, so its
 * length can vary with them.
 */
#define MAX_ID_LENGTH 255
#define MAX_TOKEN_LENGTH 1000

/*
 * Maximum length of path and query, in bytes: web servers accept about 8 kB
 * (https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers).
 */
#define MAX_URI_LENGTH 8000

/* The set of texts that satisfies the conditions on a parameter */
typedef struct TextSet
{
	bool		limited;		/* false: all texts */
	List	   *texts;			/* of char *, UTF-8, sorted, distinct */
	const char *unknown;		/* shown in place of a value; else NULL */
} TextSet;

/* The times that satisfy the conditions, inclusive; empty if lower > upper */
typedef struct Bounds
{
	TimestampTz lower;
	TimestampTz upper;
	const char *unknown_lower;	/* shown in place of them; else NULL */
	const char *unknown_upper;
} Bounds;

static const Bounds no_times = {DT_NOEND, DT_NOBEGIN, NULL, NULL};
static const Bounds all_times = {DT_NOBEGIN, DT_NOEND, NULL, NULL};

/* ----------
 * Dates
 * ----------
 */

/* Convert seconds since 1970 to a timestamp */
static TimestampTz
seconds_as_time(double seconds)
{
	double		t = rint(seconds * USECS_PER_SEC) + UNIX_EPOCH;

	if (isnan(t) || t >= END_TIMESTAMP)
		return DT_NOEND;
	return t < MIN_TIMESTAMP ? DT_NOBEGIN : (TimestampTz) t;
}

/* Convert to timestamptz in the session's time zone, as comparisons do */
static TimestampTz
value_as_time(Datum value, Oid type)
{
	switch (type)
	{
		case DATEOID:
			return clf_date_to_timestamptz(DatumGetDateADT(value));
		case TIMESTAMPOID:
			return clf_timestamp_to_timestamptz(DatumGetTimestamp(value));
		case NUMERICOID:
			return seconds_as_time(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
																	  value)));
		case FLOAT8OID:
			return seconds_as_time(DatumGetFloat8(value));
		case INT4OID:
			return seconds_as_time(DatumGetInt32(value));
		case INT8OID:
			return seconds_as_time((double) DatumGetInt64(value));
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

/* Bounds of the column implied by "column <strategy> value" */
static Bounds
bounds_of_value(const ClfCondition *c, Datum value, Oid type)
{
	Bounds		bounds = all_times;
	TimestampTz t = value_as_time(value, type);
	bool		finite = !TIMESTAMP_NOT_FINITE(t);
	int			more = 0;

	if (c->shift.local)
		t = as_local(t);
	if (t < CLF_ZONES_SETTLED && (c->shift.before != 0 || c->shift.after != 0))
		more = CLF_OLD_ZONE_CHANGE;
	if (c->strategy == BTLessStrategyNumber && finite)
		t--;
	if (c->strategy == BTGreaterStrategyNumber && finite)
		t++;
	if (c->strategy <= BTEqualStrategyNumber)
		bounds.upper = add_seconds(t, (int64) c->shift.before + more);
	if (c->strategy >= BTEqualStrategyNumber)
		bounds.lower = add_seconds(t, -((int64) c->shift.after + more));
	return bounds;
}

/* Are the bounds empty?  No call begins at infinity. */
static bool
is_no_time(const Bounds *bounds)
{
	return bounds->lower > bounds->upper || bounds->lower == DT_NOEND ||
		bounds->upper == DT_NOBEGIN;
}

/* Intersection */
static void
narrow_bounds(Bounds *bounds, Bounds other)
{
	bounds->lower = Max(bounds->lower, other.lower);
	bounds->upper = Min(bounds->upper, other.upper);
	if (other.unknown_lower)
		bounds->unknown_lower = other.unknown_lower;
	if (other.unknown_upper)
		bounds->unknown_upper = other.unknown_upper;
}

/* Smallest range containing both */
static void
widen_bounds(Bounds *bounds, Bounds other)
{
	if (is_no_time(&other))
		return;
	if (is_no_time(bounds))
	{
		*bounds = other;
		return;
	}
	bounds->lower = Min(bounds->lower, other.lower);
	bounds->upper = Max(bounds->upper, other.upper);
	if (other.unknown_lower)
		bounds->unknown_lower = other.unknown_lower;
	if (other.unknown_upper)
		bounds->unknown_upper = other.unknown_upper;
}

static Bounds
bounds_of_array(const ClfCondition *c, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Oid			type = ARR_ELEMTYPE(array);
	Bounds		bounds = no_times;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &elements, &nulls,
					  &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			widen_bounds(&bounds, bounds_of_value(c, elements[i], type));
	}
	return bounds;
}

static Bounds
bounds_of_range(const ClfCondition *c, Datum value)
{
	RangeType  *range = DatumGetRangeTypeP(value);
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range),
											 TYPECACHE_RANGE_INFO);
	Oid			element = type->rngelemtype->type_id;
	Bounds		bounds = all_times;
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty)
		return no_times;
	if (!lower.infinite)
		bounds.lower = bounds_of_value(c, lower.val, element).lower;
	if (!upper.infinite)
		bounds.upper = bounds_of_value(c, upper.val, element).upper;
	return bounds;
}

/* Bounds implied by a comparison; an unknown value yields unknown bounds */
static Bounds
bounds_of_comparison(const ClfCondition *c, const ClfValue *value)
{
	Bounds		bounds = all_times;

	if (value->unknown)
	{
		if (c->strategy <= BTEqualStrategyNumber)
			bounds.unknown_upper = value->unknown;
		if (c->strategy >= BTEqualStrategyNumber)
			bounds.unknown_lower = value->unknown;
		return bounds;
	}
	if (value->isnull)
		return no_times;
	if (c->operand == CLF_ARRAY)
		return bounds_of_array(c, value->value);
	if (c->operand == CLF_RANGE)
		return bounds_of_range(c, value->value);
	return bounds_of_value(c, value->value, getBaseType(value->type));
}

/* Bounds implied by a condition and its arguments */
static Bounds
bounds_of_condition(const ClfCondition *c, const ClfValue *values)
{
	Bounds		bounds = c->combination == CLF_ANY ? no_times : all_times;

	if (c->combination == CLF_ONE)
		return bounds_of_comparison(c, &values[c->expr]);
	for (const ClfCondition *below = c + 1; below < c + c->size;
		 below += below->size)
	{
		Bounds		other = bounds_of_condition(below, values);

		if (c->combination == CLF_ANY)
			widen_bounds(&bounds, other);
		else
			narrow_bounds(&bounds, other);
	}
	return bounds;
}

static void
bind_dates(ClfQuery *query, const ClfScanPlan *plan, const ClfValue *values)
{
	const ClfCondition *end = plan->conditions + plan->nconditions;
	Bounds		bounds = all_times;

	for (const ClfCondition *c = plan->conditions; c < end; c += c->size)
	{
		if (c->filter->operators & CLF_OP_RANGE)
			narrow_bounds(&bounds, bounds_of_condition(c, values));
	}
	query->lower = bounds.lower;
	query->upper = bounds.upper;
	query->unknown_lower = bounds.unknown_lower;
	query->unknown_upper = bounds.unknown_upper;
	if (is_no_time(&bounds))
		query->nothing = true;
}

/*
 * clf_query_window
 *		Compute the time window to request.  now is the API server's time; history
 *		is the width of the window of a query without a lower bound.  Returns
 *		false if the window is empty, so no request is needed.
 *
 * It is not documented whether the API's bounds are inclusive, nor whether it
 * considers fractional seconds.  Therefore the window is extended at both ends;
 * the local filter makes the result exact.
 */
bool
clf_query_window(const ClfQuery *query, const Interval *history,
				 TimestampTz now, ClfWindow *window)
{
	TimestampTz lower = query->lower;

	if (!query->windowed)
		return !query->nothing;
	if (lower == DT_NOBEGIN)
		lower = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
														TimestampTzGetDatum(now),
														IntervalPGetDatum(history)));
	window->to_now = query->upper >= now;
	window->from = Max(clf_time_floor(Max(lower, UNIX_EPOCH) - 1), UNIX_EPOCH);
	window->to = clf_second_after(window->to_now ? now : query->upper);
	return !query->nothing && lower <= Min(query->upper, now) &&
		query->upper >= UNIX_EPOCH;
}

static void
append_date(StringInfo out, const char *name, TimestampTz t,
			const char *unknown)
{
	if (unknown)
		appendStringInfo(out, "&%s={%s}", name, unknown);
	else
		clf_uri_append_parameter(out, name, clf_time_format(t));
}

/* ----------
 * Other conditions
 * ----------
 */

static char *
value_as_utf8(Datum value)
{
	char	   *s = TextDatumGetCString(value);

	return pg_server_to_any(s, strlen(s), PG_UTF8);
}

/*
 * The texts that a condition compares the column with: a value, or the elements of
 * an array.  NULLs are skipped.
 */
static List *
condition_texts(const ClfCondition *c, const ClfValue *value)
{
	List	   *texts = NIL;
	ArrayType  *array;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (value->isnull)
		return NIL;
	if (c->operand == CLF_VALUE)
		return list_make1(value_as_utf8(value->value));

	array = DatumGetArrayTypeP(value->value);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			texts = lappend(texts, value_as_utf8(elements[i]));
	}
	return texts;
}

static bool
contains_text(List *texts, const char *text)
{
	ListCell   *lc;

	foreach(lc, texts)
	{
		if (strcmp(lfirst(lc), text) == 0)
			return true;
	}
	return false;
}

static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Sort and remove duplicates */
static List *
sort_texts(List *texts)
{
	List	   *sorted = NIL;
	ListCell   *lc;

	list_sort(texts, compare_texts);
	foreach(lc, texts)
	{
		if (sorted == NIL || strcmp(llast(sorted), lfirst(lc)) != 0)
			sorted = lappend(sorted, lfirst(lc));
	}
	return sorted;
}

/* Intersection of two sorted lists */
static List *
common_texts(List *one, List *other)
{
	List	   *common = NIL;
	int			i = 0;
	int			j = 0;

	while (i < list_length(one) && j < list_length(other))
	{
		int			order = strcmp(list_nth(one, i), list_nth(other, j));

		if (order == 0)
			common = lappend(common, list_nth(one, i));
		i += order <= 0;
		j += order >= 0;
	}
	return common;
}

/* Remove the texts that are too long for the API */
static List *
possible_texts(List *texts)
{
	List	   *possible = NIL;
	ListCell   *lc;

	foreach(lc, texts)
	{
		if (strlen(lfirst(lc)) <= MAX_ID_LENGTH)
			possible = lappend(possible, lfirst(lc));
	}
	return possible;
}

/* Texts that satisfy a comparison; some filters support only IS NOT NULL */
static TextSet
texts_of_comparison(const ClfCondition *c, const ClfValue *values)
{
	TextSet		set = {0};
	List	   *texts;

	if (c->expr < 0)
		return set;				/* IS NOT NULL */
	if (values[c->expr].unknown)
	{
		set.unknown = values[c->expr].unknown;
		return set;
	}
	texts = condition_texts(c, &values[c->expr]);
	if (!c->filter->values)
		texts = possible_texts(texts);
	set.limited = texts == NIL || (c->filter->operators & CLF_OP_EQUAL);
	if (set.limited)
		set.texts = sort_texts(texts);
	return set;
}

static bool
is_no_text(const TextSet *set)
{
	return set->limited && set->texts == NIL;
}

/* Intersection */
static void
narrow_texts(TextSet *set, TextSet other)
{
	if (set->limited && other.limited)
		set->texts = common_texts(set->texts, other.texts);
	else if (other.limited)
		set->texts = other.texts;
	set->limited |= other.limited;
	if (other.unknown)
		set->unknown = other.unknown;
}

/* Union */
static void
widen_texts(TextSet *set, TextSet other)
{
	set->limited &= other.limited;
	set->texts = set->limited ?
		sort_texts(list_concat_copy(set->texts, other.texts)) : NIL;
	if (other.unknown && !is_no_text(&other))
		set->unknown = other.unknown;
}

/* Texts that satisfy a condition and its arguments */
static TextSet
texts_of_condition(const ClfCondition *c, const ClfValue *values)
{
	TextSet		set = {.limited = c->combination == CLF_ANY};

	if (c->combination == CLF_ONE)
		return texts_of_comparison(c, values);
	for (const ClfCondition *below = c + 1; below < c + c->size;
		 below += below->size)
	{
		TextSet		other = texts_of_condition(below, values);

		if (c->combination == CLF_ANY)
			widen_texts(&set, other);
		else
			narrow_texts(&set, other);
	}
	return set;
}

/*
 * Gather the texts that satisfy all conditions on the filter's parameter.  Returns
 * false if there are no such conditions.
 */
static bool
gather_texts(const ClfScanPlan *plan, const ClfFilter *filter,
			 const ClfValue *values, TextSet *set)
{
	const ClfCondition *end = plan->conditions + plan->nconditions;
	bool		asked = false;

	memset(set, 0, sizeof(TextSet));
	for (const ClfCondition *c = plan->conditions; c < end; c += c->size)
	{
		if (strcmp(c->filter->parameter, filter->parameter) != 0)
			continue;
		narrow_texts(set, texts_of_condition(c, values));
		asked = true;
	}
	return asked;
}

/* Does the filter accept all of the texts? */
static bool
takes_texts(const ClfFilter *filter, const TextSet *set)
{
	int			taken = 0;

	for (int i = 0; filter->values[i] != NULL; i++)
		taken += contains_text(set->texts, filter->values[i]);
	return set->limited && taken == list_length(set->texts);
}

/*
 * Append an enumerated parameter.  Records can have values that the API does not
 * accept as a filter; if one of these is requested, the parameter is omitted.
 */
static void
append_enumerated(StringInfo out, const ClfFilter *filter, const TextSet *set)
{
	bool		takes = takes_texts(filter, set);
	const char *single = filter->any_value;

	if (filter->repeatable && takes)
	{
		for (int i = 0; filter->values[i] != NULL; i++)
		{
			if (contains_text(set->texts, filter->values[i]))
				clf_uri_append_parameter(out, filter->parameter,
										 filter->values[i]);
		}
		return;
	}
	if (takes && list_length(set->texts) == 1)
		single = linitial(set->texts);
	if (!filter->repeatable && single)
		clf_uri_append_parameter(out, filter->parameter, single);
}

/* Is it the first filter with its parameter? */
static bool
is_first_of_parameter(const ClfResource *resource, const ClfFilter *filter)
{
	const ClfFilter *f = resource->filters;

	while (strcmp(f->parameter, filter->parameter) != 0)
		f++;
	return f == filter;
}

/*
 * Can the text be sent?  A parameter takes a single text.  An empty text could be
 * handled as no filter, and one with characters that are not valid in an id could
 * be rejected, while SQL requires an empty result.
 */
static bool
is_sendable(const ClfFilter *filter, const TextSet *set)
{
	const char *text;

	if (list_length(set->texts) != 1)
		return false;
	text = linitial(set->texts);
	return text[0] != '\0' && text[strspn(text, filter->characters)] == '\0';
}

/* Values of the records visible in the table */
static TextSet
shown_values(const ClfFilter *filter, const ClfTable *table)
{
	const char *const *values = table->show_deleted ? filter->values :
	filter->undeleted;
	TextSet		set = {.limited = true};

	while (*values)
		set.texts = lappend(set.texts, unconstify(char *, *values++));
	set.texts = sort_texts(set.texts);
	return set;
}

/*
 * Append the parameters of the conditions.  Of mutually exclusive parameters only
 * the first is sent; the session ids also exclude extensionNumber, which is an
 * option of the table (error CLG-110 of the API).
 */
static void
bind_filters(ClfQuery *query, StringInfo out, const ClfScanPlan *plan,
			 const ClfTable *table, const ClfValue *values)
{
	bool		rival_sent = table->extension_number != NULL;

	for (const ClfFilter *f = plan->resource->filters; f->json_path; f++)
	{
		TextSet		set;
		bool		is_rival = f->rivals != CLF_NO_RIVALS;
		bool		asked;

		if ((f->operators & (CLF_OP_RANGE | CLF_OP_IDS | CLF_OP_INPUT)) ||
			!is_first_of_parameter(plan->resource, f))
			continue;
		asked = gather_texts(plan, f, values, &set);
		if (f->undeleted)
			narrow_texts(&set, shown_values(f, table));
		if (is_no_text(&set))
		{
			query->nothing = true;
			return;
		}
		if ((!asked && !f->always) || (is_rival && rival_sent))
			continue;
		if (set.unknown)
			appendStringInfo(out, "&%s={%s}", f->parameter, set.unknown);
		else if (f->values)
			append_enumerated(out, f, &set);
		else if (is_sendable(f, &set))
			clf_uri_append_parameter(out, f->parameter, linitial(set.texts));
		else
			continue;
		rival_sent |= is_rival;
		query->unfiltered &= !asked;
	}
}

/*
 * clf_can_be_id
 *		Is the id valid?  It must not be too long, and must not change the path of
 *		the URI; an empty id would request the list.
 */
bool
clf_can_be_id(const char *text)
{
	return text[0] != '\0' && strlen(text) <= MAX_ID_LENGTH &&
				strpbrk(text, "/,?#") == NULL &&
	strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* Request by the ids of this filter if there is a condition on it */
static void
bind_ids_of(ClfQuery *query, const ClfFilter *filter,
			const ClfScanPlan *plan, const ClfValue *values)
{
	TextSet		set;
	bool		asked = gather_texts(plan, filter, values, &set);
	ListCell   *lc;

	if (is_no_text(&set))
		query->nothing = true;
	if (query->nothing || !asked)
		return;

	query->details = (filter->operators & CLF_OP_DETAILS) != 0;
	query->max_ids = query->details ? 1 : plan->resource->max_ids;
	query->unknown_ids = set.unknown;
	if (set.unknown)
		return;
	foreach(lc, set.texts)
	{
		if (clf_can_be_id(lfirst(lc)))
			query->ids = lappend(query->ids, lfirst(lc));
	}
	query->nothing = query->ids == NIL;
}

/* Request by id if there is a condition on ids; the first such filter is used */
static void
bind_ids(ClfQuery *query, const ClfScanPlan *plan, const ClfValue *values)
{
	for (const ClfFilter *f = plan->resource->filters; f->json_path; f++)
	{
		if ((f->operators & CLF_OP_IDS) && query->max_ids == 0)
			bind_ids_of(query, f, plan, values);
	}
}

static size_t
escaped_length(const char *text)
{
	StringInfoData escaped;

	initStringInfo(&escaped);
	clf_uri_append_escaped(&escaped, text);
	pfree(escaped.data);
	return escaped.len;
}

/*
 * Split the ids into requests of at most max_ids ids, within the maximum length
 * of a URI.
 */
static void
cut_ids(ClfQuery *query)
{
	size_t		others = strlen(query->path) + strlen(query->parameters) + 2;
	size_t		length = 0;
	ListCell   *lc;

	query->chunks = palloc((list_length(query->ids) + 1) * sizeof(int));
	query->chunks[0] = 0;
	foreach(lc, query->ids)
	{
		int			n = foreach_current_index(lc);
		size_t		more = escaped_length(lfirst(lc)) + 1;

		if (n > 0 && (n - query->chunks[query->nchunks] == query->max_ids ||
					  others + length + more > MAX_URI_LENGTH))
		{
			query->chunks[++query->nchunks] = n;
			length = 0;
		}
		length += more;
	}
	query->chunks[++query->nchunks] = list_length(query->ids);
}

/* Are deleted records excluded by a filter, instead of by showDeleted? */
static bool
filters_deleted(const ClfResource *resource)
{
	for (const ClfFilter *f = resource->filters; f->json_path; f++)
	{
		if (f->undeleted)
			return true;
	}
	return false;
}

static void
bind_table_options(StringInfo out, const ClfTable *table)
{
	if (table->extension_number)
		clf_uri_append_parameter(out, "extensionNumber", table->extension_number);
	if (!table->show_blocked)
		clf_uri_append_parameter(out, "showBlocked", "false");
	if (table->show_deleted && !table->resource->changes &&
		!filters_deleted(table->resource))
		clf_uri_append_parameter(out, "showDeleted", "true");
}

/* Convert a token, checking its length */
static char *
token_text(Datum value)
{
	char	   *text = value_as_utf8(value);

	if (strlen(text) > MAX_TOKEN_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_HANDLE),
				 errmsg("since_token is too long"),
				 errdetail("No token of RingCentral has more than %d bytes.",
						   MAX_TOKEN_LENGTH),
				 errhint("Use the sync_token of a change, or begin again from "
						 "a time, with since = '...'.")));
	return text;
}

/* Bind "since = ..." or "since_token = ..." */
static void
bind_input(ClfQuery *query, const ClfCondition *c, const ClfValue *value)
{
	bool		is_token = (c->filter->operators & CLF_OP_SINCE_TOKEN) != 0;
	char	  **input = is_token ? &query->since_token : &query->since;
	char	   *text = NULL;

	if (value->unknown)
	{
		query->unknown_since = value->unknown;
		return;
	}
	if (!value->isnull && is_token)
		text = token_text(value->value);

	else if (!value->isnull && !TIMESTAMP_NOT_FINITE(value_as_time(value->value, value->type)))
	{
		query->since_time = value_as_time(value->value, value->type);
		text = clf_time_format(query->since_time);
	}

	/* no row satisfies NULL, infinity, or two different values */
	if (text == NULL || (*input && strcmp(*input, text) != 0))
		query->nothing = true;
	*input = text;
}

/*
 * Changes of an extension, and changes with deletions, are read from a separate
 * endpoint, which returns fewer records per response.
 */
static void
bind_changes(ClfQuery *query, const ClfScanPlan *plan, const ClfTable *table,
			 const ClfValue *values)
{
	query->show_deleted = table->show_deleted;
	query->by_call_log_sync = table->show_deleted ||
		plan->level == CLF_LEVEL_EXTENSION;
	if (query->by_call_log_sync)
		query->page_size = Min(query->page_size,
							   plan->resource->deletions_count);
	for (int i = 0; i < plan->nconditions; i++)
	{
		const ClfCondition *c = &plan->conditions[i];

		if (c->filter->operators & CLF_OP_INPUT)
			bind_input(query, c, &values[c->expr]);
	}
}

/*
 * Bind "search_phone_number = ..." or "search_extension_number = ...".  A phone
 * number is sent in E.164 without the plus sign.  An invalid number yields no
 * rows.
 */
static void
bind_search(ClfQuery *query, const ClfCondition *c, const ClfValue *value)
{
	const ClfFilter *filter = c->filter;
	char	   *text = NULL;
	const char *digits;

	if (query->search_filter && query->search_filter != filter)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot search for a phone number and an extension "
						"number at the same time"),
				 errhint("Search for one of them, and compare the columns of "
						 "the calls with the other.")));
	query->search_filter = filter;
	if (value->unknown)
	{
		query->unknown_search = value->unknown;
		return;
	}
	if (!value->isnull)
		text = value_as_utf8(value->value);

	/* no row satisfies NULL or two different values */
	if (text == NULL || (query->search && strcmp(query->search, text) != 0))
	{
		query->nothing = true;
		return;
	}
	query->search = text;
	digits = text +(text[0] == '+');

	if (digits[0] == '\0' || strlen(digits) > (size_t) filter->max_length ||
		digits[strspn(digits, filter->characters)] != '\0')
		query->nothing = true;
}

static void
bind_searches(ClfQuery *query, StringInfo out, const ClfScanPlan *plan,
			  const ClfValue *values)
{
	for (int i = 0; i < plan->nconditions; i++)
	{
		const ClfCondition *c = &plan->conditions[i];

		if (c->filter->operators & CLF_OP_SEARCH)
			bind_search(query, c, &values[c->expr]);
	}
	if (query->unknown_search)
		appendStringInfo(out, "&%s={%s}", query->search_filter->parameter,
						 query->unknown_search);
	else if (query->search)
		clf_uri_append_parameter(out, query->search_filter->parameter,
								 query->search + (query->search[0] == '+'));
}

/* Digits of an integer or a text */
static char *
value_as_digits(const ClfValue *value)
{
	switch (getBaseType(value->type))
	{
		case INT2OID:
			return psprintf("%d", DatumGetInt16(value->value));
		case INT4OID:
			return psprintf("%d", DatumGetInt32(value->value));
		case INT8OID:
			return psprintf(INT64_FORMAT, DatumGetInt64(value->value));
		default:
			return value_as_utf8(value->value);
	}
}

/*
 * Bind "extension_id = ...", which is a part of the path.  What is not an id has
 * no records.
 */
static void
bind_extension(ClfQuery *query, const ClfCondition *c, const ClfValue *value)
{
	char	   *text = NULL;

	if (value->unknown)
	{
		query->unknown_extension = value->unknown;
		return;
	}
	if (!value->isnull)
		text = value_as_digits(value);

	if (text == NULL || text[0] == '\0' ||
		strlen(text) > (size_t) c->filter->max_length ||
		text[strspn(text, c->filter->characters)] != '\0' ||
		(query->extension && strcmp(query->extension, text) != 0))
		query->nothing = true;
	else
		query->extension = text;
}

static void
bind_extensions(ClfQuery *query, const ClfScanPlan *plan,
				const ClfValue *values)
{
	for (int i = 0; i < plan->nconditions; i++)
	{
		const ClfCondition *c = &plan->conditions[i];

		if (c->filter->operators & CLF_OP_EXTENSION)
			bind_extension(query, c, &values[c->expr]);
	}
}

/*
 * clf_query_missing_input
 *		Return the input that the query must specify but does not, or NULL.
 */
const		ClfMissingInput *
clf_query_missing_input(const ClfQuery *query, const ClfTable *table)
{
	static const ClfMissingInput since = {
		"since or since_token must be specified to list changes",
		"neither since nor since_token is specified",
		"Add a condition since = '<time>', or since_token = '<sync_token of the "
		"last change that you have>'."
	};
	static const ClfMissingInput number = {
		"no number to search for is specified",
		"no number to search for is specified",
		"Add a condition search_phone_number = '<number>', or "
		"search_extension_number = '<number>', with one value that does not "
		"depend on the table's own rows."
	};
	static const ClfMissingInput extension = {
		"no extension is specified",
		"no extension is specified",
		"Add a condition extension_id = <id>, with one value that does not "
		"depend on the table's own rows, such as the id of a table \"extensions\" "
		"that is joined."
	};

	if (query->nothing)
		return NULL;
	if (query->changes && !query->since && !query->since_token &&
		!query->unknown_since && !query->since_now)
		return &since;
	if (table->resource->search && query->search_filter == NULL)
		return &number;
	if (clf_needs_extension(table) && query->extension == NULL &&
		query->unknown_extension == NULL)
		return &extension;
	return NULL;
}

/*
 * clf_gather_conditions
 *		Copy the pushed conditions into the plan's array, and append their
 *		expressions to *exprs.
 */
void
clf_gather_conditions(ClfScanPlan *plan, List *pushed, List **exprs)
{
	int			n = 0;
	ListCell   *lc;
	ListCell   *below;

	foreach(lc, pushed)
		n += list_length(((ClfPushed *) lfirst(lc))->conditions);
	plan->conditions = palloc0((n + 1) * sizeof(ClfCondition));
	foreach(lc, pushed)
	{
		const ClfPushed *p = lfirst(lc);
		int			first = list_length(*exprs);

		foreach(below, p->conditions)
		{
			ClfCondition *condition = &plan->conditions[plan->nconditions++];

			*condition = *(ClfCondition *) lfirst(below);
			condition->clause = -1;
			if (condition->expr >= 0)
				condition->expr += first;
		}
		*exprs = list_concat(*exprs, p->exprs);
	}
}

/*
 * clf_query_sends
 *		Do the requests contain the parameter of this filter?
 */
bool
clf_query_sends(const ClfQuery *query, const ClfFilter *filter)
{
	if (filter->operators & CLF_OP_IDS)
		return clf_query_by_id(query);
	if (filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT))
		return !clf_query_by_id(query);
	return strstr(query->parameters,
				  psprintf("&%s=", filter->parameter)) != NULL;
}

/*
 * Fill in the ids of the path of an endpoint: those of the table, and at account
 * level the extension of the query, if any
 */
static char *
bind_path(const char *path, const ClfTable *table, const char *extension)
{
	StringInfoData out;

	initStringInfo(&out);
	clf_uri_append_path(&out, path, table->account_id,
						table->extension_id ? table->extension_id : extension);
	return out.data;
}

static const char *
endpoint_path(const ClfQuery *query, const ClfScanPlan *plan)
{
	if (query->details)
		return plan->resource->details_path;
	if (query->by_call_log_sync)
		return plan->resource->deletions_path[plan->level];
	return plan->resource->path[plan->level];
}

/*
 * clf_details_uri
 *		Path of the details of the row with this id, which lists omit; with NULL,
 *		a template for messages.  Palloc'd in the current memory context; NULL if
 *		the id is not valid.
 */
char *
clf_details_uri(const ClfTable *table, const char *id)
{
	StringInfoData out;

	if (id != NULL && !clf_can_be_id(id))
		return NULL;
	initStringInfo(&out);
	appendStringInfo(&out, "%s/",
					 bind_path(table->resource->details_path, table, NULL));
	if (id != NULL)
		clf_uri_append_escaped(&out, id);
	else
		appendStringInfoString(&out, "{id}");
	return out.data;
}

/*
 * clf_bind_query
 *		Create the query from the values of fdw_exprs.  Palloc'd in the current
 *		memory context.
 */
ClfQuery   *
clf_bind_query(const ClfScanPlan *plan, const ClfTable *table,
			   const ClfValue *values)
{
	ClfQuery   *query = palloc0(sizeof(ClfQuery));
	StringInfoData parameters;
	StringInfoData filters;

	initStringInfo(&parameters);
	if (plan->resource->has_views)
		clf_uri_append_parameter(&parameters, "view",
								 plan->detailed ? "Detailed" : "Simple");
	if (plan->resource->constant_parameters)
		appendStringInfo(&parameters, "&%s",
						 plan->resource->constant_parameters);
	query->page_size = plan->page_size;
	query->changes = plan->resource->changes;
	if (query->changes)
		bind_changes(query, plan, table, values);
	bind_dates(query, plan, values);
	bind_ids(query, plan, values);
	query->windowed = plan->resource->windowed && !clf_query_by_id(query);

	/* with ids, filters are not sent, but they can exclude all records */
	initStringInfo(&filters);
	bind_searches(query, &filters, plan, values);
	query->unfiltered = filters.len == 0;
	bind_filters(query, &filters, plan, table, values);
	bind_table_options(&filters, table);
	if (!clf_query_by_id(query))
		appendStringInfoString(&parameters, filters.data);
	bind_extensions(query, plan, values);
	query->path = bind_path(endpoint_path(query, plan), table,
							query->unknown_extension ?
							psprintf("{%s}", query->unknown_extension) :
							query->extension);
	query->label = psprintf("GET %s", bind_path(endpoint_path(query, plan),
												table, NULL));
	query->parameters = query->details ? "" : parameters.data;
	query->all_records = plan->resource->all_records;
	if (query->ids != NIL)
		cut_ids(query);
	return query;
}

static bool
same_texts(List *a, List *b)
{
	ListCell   *lc_a;
	ListCell   *lc_b;

	forboth(lc_a, a, lc_b, b)
	{
		if (strcmp(lfirst(lc_a), lfirst(lc_b)) != 0)
			return false;
	}
	return list_length(a) == list_length(b);
}

/*
 * clf_query_equals
 *		Do both request the same records?
 */
bool
clf_query_equals(const ClfQuery *a, const ClfQuery *b)
{
	return a->nothing == b->nothing && a->lower == b->lower &&
		a->upper == b->upper && a->page_size == b->page_size &&
		strcmp(a->path, b->path) == 0 &&
		strcmp(a->parameters, b->parameters) == 0 &&
		clf_same_text(a->since, b->since) &&
		clf_same_text(a->since_token, b->since_token) &&
		clf_same_text(a->search, b->search) &&
		a->since_now == b->since_now &&
		same_texts(a->ids, b->ids);
}

/*
 * clf_query_by_id
 *		Are records requested by id?
 */
bool
clf_query_by_id(const ClfQuery *query)
{
	return query->ids != NIL || query->unknown_ids != NULL;
}

/*
 * clf_query_chunk_length
 *		Number of ids of a request, counted from 1; 0: no such request.
 */
int
clf_query_chunk_length(const ClfQuery *query, int page)
{
	return page <= query->nchunks ?
		query->chunks[page] - query->chunks[page - 1] : 0;
}

/*
 * clf_query_chunk_count
 *		Number of requests for all ids; 0: records are not requested by id.
 */
int
clf_query_chunk_count(const ClfQuery *query)
{
	return query->nchunks;
}

/* Append the ids of a request, or a placeholder */
static void
append_ids(StringInfo out, const ClfQuery *query, int page)
{
	int			n = clf_query_chunk_length(query, page);
	int			first = n > 0 ? query->chunks[page - 1] : 0;

	appendStringInfoChar(out, '/');
	if (query->unknown_ids)
		appendStringInfo(out, "{%s}", query->unknown_ids);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		clf_uri_append_escaped(out, list_nth(query->ids, first + i));
	}
}

/*
 * Append the starting point of a list of changes: a time for the first request
 * of a query without a token, else a token.  The time is rounded down, like the
 * lower bound of a window.
 */
static void
append_changes(StringInfo out, const ClfQuery *query, const char *token)
{
	if (token == NULL)
		token = query->since_token;
	if (query->unknown_since)
		appendStringInfo(out, "&since={%s}", query->unknown_since);
	else if (token)
	{
		clf_uri_append_parameter(out, "syncType", "ISync");
		clf_uri_append_parameter(out, "syncToken", token);
		if (query->show_deleted)
			clf_uri_append_parameter(out, "showDeleted", "true");
	}
	else
	{
		TimestampTz from = clf_time_floor(query->since_time - 1);

		clf_uri_append_parameter(out, "syncType", "FSync");
		if (!query->since_now)
			clf_uri_append_parameter(out, "dateFrom", clf_time_format(Max(from, UNIX_EPOCH)));
		appendStringInfo(out, "&recordCount=%d", query->page_size);
	}
}

/* Append number and size of a page */
static void
append_page(StringInfo out, const ClfQuery *query, int page, int page_size)
{
	appendStringInfo(out, "&page=%d", page);
	if (query->all_records && page_size == CLF_MAX_PAGE_SIZE)
		clf_uri_append_parameter(out, "perPage", query->all_records);
	else
		appendStringInfo(out, "&perPage=%d", page_size);
}

/*
 * clf_query_uri
 *		Path and query of a request for a page of the window, for a chunk of the
 *		ids, or for changes since the token (NULL for the first request).
 *		Palloc'd in the current memory context.
 */
char *
clf_query_uri(const ClfQuery *query, const ClfWindow *window, int page,
			  int page_size, const char *token)
{
	StringInfoData out;
	int			end_of_path;

	initStringInfo(&out);
	appendStringInfoString(&out, query->path);
	if (clf_query_by_id(query))
		append_ids(&out, query, page);
	end_of_path = out.len;
	appendStringInfoString(&out, query->parameters);
	if (query->windowed)
	{
		append_date(&out, "dateFrom", window->from, query->unknown_lower);
		append_date(&out, "dateTo", window->to, query->unknown_upper);
	}
	if (query->changes)
		append_changes(&out, query, token);
	else if (!clf_query_by_id(query))
		append_page(&out, query, page, page_size);
	if (out.len > end_of_path)
		out.data[end_of_path] = '?';
	return out.data;
}

/*
 * clf_query_shown_uri
 *		URI of a request for messages: contains only values that are constants in
 *		the text of the SQL query, and no tokens of responses.  first: is it the
 *		first request of the query?
 */
char *
clf_query_shown_uri(const ClfQuery *query, const ClfWindow *window, int page,
					int page_size, bool first)
{
	return clf_query_uri(query->shown ? query->shown : query, window, page,
						 page_size, first ? NULL : CLF_HIDDEN_VALUE);
}
