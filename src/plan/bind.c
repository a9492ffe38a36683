/*-------------------------------------------------------------------------
 *
 * bind.c
 *	  Bind a scan plan to the values of its expressions.
 *
 * The result is a list of queries, which the scan reads one after another.  More
 * than one are worth their requests if the conditions leave wide gaps in time, or
 * if they are met by the records of a few sessions.  No condition is lost by that:
 * a record that satisfies all of them begins in one of the windows, and has one of
 * the session ids.  If the plan has alternatives, there are queries for each, and a
 * record has to satisfy the conditions of one of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "api/time.h"
#include "api/uri.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "plan/bind.h"
#include "plan/times.h"
#include "shared/clock.h"
#include "shared/density.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/*
 * Maximum length of a token, in bytes of UTF-8.  The API's tokens are much
 * shorter; a token encodes filters, so its length can vary with them.
 */
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

/* Windows with a smaller gap overlap once they are extended to whole seconds */
#define SMALLEST_GAP (2 * USECS_PER_SEC)

/* What the queries of a scan have in common */
typedef struct Binding
{
	const ClfScanPlan *plan;
	const ClfTable *table;
	const ClfValue *values;
	ClfTimes	times;
	const ClfFilter *session_filter;	/* by which to request sessions, or
										 * NULL */
	TextSet		sessions;
	bool		by_list;		/* not by id, although there are ids */
} Binding;

/* ----------
 * Conditions on texts
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

/* Sort and remove duplicates */
static List *
sort_texts(List *texts)
{
	List	   *sorted = NIL;
	ListCell   *lc;

	list_sort(texts, clf_compare_texts);
	foreach(lc, texts)
	{
		if (sorted == NIL || strcmp(llast(sorted), lfirst(lc)) != 0)
			sorted = lappend(sorted, lfirst(lc));
	}
	return sorted;
}

/* Intersection of two sorted lists */
static List *
shared_texts(List *one, List *other)
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
		if (strlen(lfirst(lc)) <= CLF_MAX_ID_LENGTH)
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
is_empty_set(const TextSet *set)
{
	return set->limited && set->texts == NIL;
}

/* Intersection */
static void
intersect_texts(TextSet *set, TextSet other)
{
	if (set->limited && other.limited)
		set->texts = shared_texts(set->texts, other.texts);
	else if (other.limited)
		set->texts = other.texts;
	set->limited |= other.limited;
	if (other.unknown)
		set->unknown = other.unknown;
}

/* Union */
static void
union_texts(TextSet *set, TextSet other)
{
	set->limited &= other.limited;
	set->texts = set->limited ?
		sort_texts(list_concat_copy(set->texts, other.texts)) : NIL;
	if (other.unknown && !is_empty_set(&other))
		set->unknown = other.unknown;
}

/* Texts that satisfy a condition and its arguments */
static TextSet
texts_of_condition(const ClfCondition *c, const ClfValue *values)
{
	TextSet		set = {.limited = c->combination == CLF_ANY};

	check_stack_depth();
	if (c->combination == CLF_ONE)
		return texts_of_comparison(c, values);
	for (const ClfCondition *below = c + 1; below < c + c->size;
		 below += below->size)
	{
		TextSet		other = texts_of_condition(below, values);

		if (c->combination == CLF_ANY)
			union_texts(&set, other);
		else
			intersect_texts(&set, other);
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
	bool		found = false;

	memset(set, 0, sizeof(TextSet));
	for (const ClfCondition *c = plan->conditions; c < end; c += c->size)
	{
		if (strcmp(c->filter->parameter, filter->parameter) != 0)
			continue;
		intersect_texts(set, texts_of_condition(c, values));
		found = true;
	}
	return found;
}

/* Does the filter accept all of the texts? */
static bool
accepts_texts(const ClfFilter *filter, const TextSet *set)
{
	int			accepted = 0;

	for (int i = 0; filter->values[i] != NULL; i++)
		accepted += clf_contains_text(set->texts, filter->values[i]);
	return set->limited && accepted == list_length(set->texts);
}

/*
 * Append an enumerated parameter.  Records can have values that the API does not
 * accept as a filter; if one of these is requested, the parameter is omitted.
 */
static void
append_enumerated(StringInfo out, const ClfFilter *filter, const TextSet *set)
{
	bool		accepts = accepts_texts(filter, set);
	const char *single = filter->any_value;

	if (filter->repeatable && accepts)
	{
		for (int i = 0; filter->values[i] != NULL; i++)
		{
			if (clf_contains_text(set->texts, filter->values[i]))
				clf_uri_append_parameter(out, filter->parameter,
										 filter->values[i]);
		}
		return;
	}
	if (accepts && list_length(set->texts) == 1)
		single = linitial(set->texts);
	if (!filter->repeatable && single)
		clf_uri_append_parameter(out, filter->parameter, single);
}

/*
 * Can the texts be sent?  An empty text could be handled as no filter, and one with
 * characters that are not valid in an id could be rejected, while SQL requires an
 * empty result.
 */
static bool
are_sendable(const ClfFilter *filter, const TextSet *set)
{
	ListCell   *lc;

	foreach(lc, set->texts)
	{
		const char *text = lfirst(lc);

		if (text[0] == '\0' || text[strspn(text, filter->characters)] != '\0')
			return false;
	}
	return set->texts != NIL;
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
 * Choose the parameter by which sessions are requested: of mutually exclusive ones
 * that with the fewest sessions, as each takes a request.  The session ids also
 * exclude extensionNumber, which is an option of the table (error CLG-110 of the
 * API).
 */
static void
choose_sessions(Binding *binding)
{
	const ClfFilter *filters = binding->plan->resource->filters;

	if (binding->table->extension_number)
		return;
	for (const ClfFilter *f = filters; f->json_path; f++)
	{
		TextSet		set;

		if (f->exclusion == CLF_NOT_EXCLUSIVE ||
			!clf_is_first_of_parameter(binding->plan->resource, f) ||
			!gather_texts(binding->plan, f, binding->values, &set) ||
			!(set.unknown || are_sendable(f, &set)))
			continue;
		if (binding->session_filter &&
			list_length(set.texts) >= list_length(binding->sessions.texts))
			continue;
		binding->session_filter = f;
		binding->sessions = set;
	}
}

/* Append the parameters of the conditions; session: NULL: of all sessions */
static void
bind_filters(ClfQuery *query, StringInfo out, const Binding *binding,
			 const char *session)
{
	const ClfResource *resource = binding->plan->resource;

	for (const ClfFilter *f = resource->filters; f->json_path; f++)
	{
		TextSet		set;
		bool		found;

		if ((f->operators & (CLF_OP_RANGE | CLF_OP_IDS | CLF_OP_INPUT)) ||
			!clf_is_first_of_parameter(resource, f))
			continue;
		found = gather_texts(binding->plan, f, binding->values, &set);
		if (f->undeleted)
			intersect_texts(&set, shown_values(f, binding->table));
		if (is_empty_set(&set))
		{
			query->nothing = true;
			return;
		}
		if (f == binding->session_filter && session)
			set.texts = list_make1(unconstify(char *, session));
		else if (f->exclusion != CLF_NOT_EXCLUSIVE &&
				 !(f == binding->session_filter && set.unknown))
			continue;
		if (!found && !f->always)
			continue;
		if (set.unknown)
			appendStringInfo(out, "&%s={%s}", f->parameter, set.unknown);
		else if (f->values)
			append_enumerated(out, f, &set);
		else if (list_length(set.texts) == 1 && are_sendable(f, &set))
			clf_uri_append_parameter(out, f->parameter, linitial(set.texts));
		else
			continue;
		query->by_session |= f->exclusion != CLF_NOT_EXCLUSIVE;
		query->unfiltered &= !found;
	}
}

/* Request by the ids of this filter if there is a condition on it */
static void
bind_ids_of(ClfQuery *query, const ClfFilter *filter, const Binding *binding)
{
	TextSet		set;
	bool		found = gather_texts(binding->plan, filter, binding->values,
									 &set);
	ListCell   *lc;

	if (is_empty_set(&set))
		query->nothing = true;
	if (query->nothing || !found)
		return;

	query->details = (filter->operators & CLF_OP_DETAILS) != 0;
	query->max_ids = query->details ? 1 : binding->plan->resource->max_ids;
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
bind_ids(ClfQuery *query, const Binding *binding)
{
	const ClfFilter *filters = binding->plan->resource->filters;

	for (const ClfFilter *f = filters; f->json_path; f++)
	{
		if ((f->operators & CLF_OP_IDS) && query->max_ids == 0)
			bind_ids_of(query, f, binding);
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
split_ids(ClfQuery *query)
{
	size_t		others = strlen(query->path) + strlen(query->parameters) + 2;
	size_t		length = 0;
	ListCell   *lc;

	query->batches = palloc((list_length(query->ids) + 1) * sizeof(int));
	query->batches[0] = 0;
	foreach(lc, query->ids)
	{
		int			n = foreach_current_index(lc);
		size_t		more = escaped_length(lfirst(lc)) + 1;

		if (n > 0 && (n - query->batches[query->nbatches] == query->max_ids ||
					  others + length + more > MAX_URI_LENGTH))
		{
			query->batches[++query->nbatches] = n;
			length = 0;
		}
		length += more;
	}
	query->batches[++query->nbatches] = list_length(query->ids);
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
	else if (!value->isnull && !TIMESTAMP_NOT_FINITE(clf_value_as_time(value->value, value->type)))
	{
		query->since_time = clf_value_as_time(value->value, value->type);
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
 * The digits to search for: a phone number is sent in E.164 without the plus sign
 * and without punctuation.  NULL if it is not a number.
 */
static char *
search_digits(const ClfFilter *filter, const char *text)
{
	StringInfoData digits;

	initStringInfo(&digits);
	for (text += text[0] == '+'; *text; text++)
	{
		if (strchr(filter->characters, *text))
			appendStringInfoChar(&digits, *text);
		else if (!filter->punctuation || !strchr(filter->punctuation, *text))
			return NULL;
	}
	return digits.len > 0 && digits.len <= filter->max_length ? digits.data :
		NULL;
}

/*
 * Bind "search_phone_number = ..." or "search_extension_number = ...".  An invalid
 * number yields no rows.
 */
static void
bind_search(ClfQuery *query, const ClfCondition *c, const ClfValue *value)
{
	const ClfFilter *filter = c->filter;
	char	   *text = NULL;

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
	query->search_digits = search_digits(filter, text);
	query->nothing |= query->search_digits == NULL;
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
	else if (query->search_digits)
		clf_uri_append_parameter(out, query->search_filter->parameter,
								 query->search_digits);
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
			condition->alternative = p->alternative;
			if (condition->expr >= 0)
				condition->expr += first;
		}
		*exprs = list_concat(*exprs, p->exprs);
	}
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

/* ----------
 * Queries
 * ----------
 */

/* The window has all of the times */
static void
bind_times(ClfQuery *query, const ClfTimes *times)
{
	query->unknown_lower = times->unknown_lower;
	query->unknown_upper = times->unknown_upper;
	if (times->ranges == NIL)
	{
		query->nothing = true;
		return;
	}
	query->upper = ((ClfTimeRange *) linitial(times->ranges))->upper;
	query->lower = ((ClfTimeRange *) llast(times->ranges))->lower;
}

/*
 * Bind one query, with a window that has all of the times.  session: whose records
 * to list; NULL: all.
 */
static ClfQuery *
bind_single(const Binding *binding, const char *session)
{
	const ClfScanPlan *plan = binding->plan;
	const ClfTable *table = binding->table;
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
		bind_changes(query, plan, table, binding->values);
	bind_times(query, &binding->times);
	if (!binding->by_list)
		bind_ids(query, binding);
	query->windowed = plan->resource->windowed && !clf_query_by_id(query);

	/* with ids, filters are not sent, but they can exclude all records */
	initStringInfo(&filters);
	bind_searches(query, &filters, plan, binding->values);
	query->unfiltered = filters.len == 0;
	bind_filters(query, &filters, binding, session);
	bind_table_options(&filters, table);
	if (!clf_query_by_id(query))
		appendStringInfoString(&parameters, filters.data);
	bind_extensions(query, plan, binding->values);
	query->path = clf_bind_path(endpoint_path(query, plan), table,
								query->unknown_extension ?
								psprintf("{%s}", query->unknown_extension) :
								query->extension);
	query->label = psprintf("GET %s", clf_bind_path(endpoint_path(query, plan),
													table, NULL));
	query->parameters = query->details ? "" : parameters.data;
	query->all_records = plan->resource->all_records;
	if (query->ids != NIL)
		split_ids(query);
	return query;
}

/*
 * clf_list_days
 *		Width of the query's window, in days; 0: it is empty.
 */
double
clf_list_days(const ClfQuery *query, const ClfTable *table)
{
	TimestampTz now = clf_clock_now(table->server->base_url);
	ClfWindow	window;

	if (!clf_query_window(query, table->history, now, &window))
		return 0;
	return Min((window.to - window.from) / (double) USECS_PER_DAY,
			   CLF_KEPT_DAYS);
}

/* Estimate the requests for the query's window, from the records a day */
static double
window_requests(const ClfQuery *query, const ClfTable *table, double per_day)
{
	double		days = clf_list_days(query, table);

	return days == 0 ? 0 : Max(1, ceil(per_day * days / table->page_size));
}

/* The same query with another window */
static ClfQuery *
with_window(const ClfQuery *query, TimestampTz lower, TimestampTz upper)
{
	ClfQuery   *copy = palloc(sizeof(ClfQuery));

	*copy = *query;
	copy->lower = lower;
	copy->upper = upper;
	return copy;
}

/*
 * Divide the query by the ranges of the times, latest first, so that a scan returns
 * the newest records first.  Ranges are read together with the gap between them
 * unless that is estimated to take more requests.
 */
static ClfQuery *
divide_by_time(const Binding *binding, ClfQuery *query)
{
	double		per_day = binding->plan->per_day;
	const ClfTable *table = binding->table;
	ClfQuery   *last = NULL;
	ClfQuery   *first = NULL;
	ListCell   *lc;

	if (!query->windowed || query->unknown_lower || query->unknown_upper)
		return query;
	foreach(lc, binding->times.ranges)
	{
		const ClfTimeRange *range = lfirst(lc);
		ClfQuery   *next = with_window(query, range->lower, range->upper);
		ClfQuery   *both = last ? with_window(query, range->lower,
											  last->upper) : NULL;

		if (first == NULL)
			first = last = next;
		else if (last->lower - range->upper < SMALLEST_GAP ||
				 window_requests(both, table, per_day) <=
				 window_requests(last, table, per_day) +
				 window_requests(next, table, per_day))
			last->lower = range->lower;
		else
			last = last->next = next;
	}
	return first;
}

/* A query for each session */
static ClfQuery *
divide_by_session(const Binding *binding)
{
	ClfQuery   *first = NULL;
	ClfQuery  **link = &first;
	ListCell   *lc;

	foreach(lc, binding->sessions.texts)
	{
		*link = bind_single(binding, lfirst(lc));
		link = &(*link)->next;
	}
	return first;
}

/* Estimate the requests for the lists of the queries, from the records a day */
static double
list_requests(const ClfQuery *query, const ClfTable *table, double per_day)
{
	double		requests = 0;

	for (; query; query = query->next)
		requests += query->by_session ? 1 :
			window_requests(query, table, per_day);
	return requests;
}

/*
 * Bind the lists.  A list of a session is a single request.  Lists of sessions
 * are in no order.  The oldest records are searched for in a single window.
 */
static ClfQuery *
bind_lists(const Binding *binding)
{
	int			nsessions = list_length(binding->sessions.texts);
	ClfQuery   *query = bind_single(binding, NULL);

	if (query->nothing || !query->windowed)
		return query;
	if (nsessions == 1)
		return bind_single(binding, linitial(binding->sessions.texts));
	if (binding->plan->order != CLF_OLDEST_FIRST)
		query = divide_by_time(binding, query);
	if (nsessions > 0 && binding->plan->order == CLF_ANY_ORDER &&
		nsessions <= list_requests(query, binding->table,
								   binding->plan->per_day))
		return divide_by_session(binding);
	return query;
}

/*
 * Are the ids surely in lists, which take fewer requests?  Not if the window is that
 * of the option history, which a record with such an id can be older than.
 */
static bool
is_list_shorter(const Binding *binding, const ClfQuery *by_id,
				const ClfQuery *lists)
{
	return by_id->lower != DT_NOBEGIN && lists->windowed &&
		binding->plan->per_day > 0 &&
		list_requests(lists, binding->table, binding->plan->per_day) <
		clf_query_chunk_count(by_id);
}

/* Bind a plan without alternatives */
static ClfQuery *
bind_plan(const ClfScanPlan *plan, const ClfTable *table,
		  const ClfValue *values)
{
	Binding		binding = {.plan = plan,.table = table,.values = values};
	ClfQuery   *query;
	ClfQuery   *lists;

	binding.times = clf_find_times(plan, values);
	choose_sessions(&binding);
	query = bind_lists(&binding);
	if (query->nothing || query->details || clf_query_chunk_count(query) < 2)
		return query;
	binding.by_list = true;
	lists = bind_lists(&binding);
	return is_list_shorter(&binding, query, lists) ? lists : query;
}

/* The plan for one alternative: without the conditions of the others */
static ClfScanPlan
select_alternative(const ClfScanPlan *plan, int alternative)
{
	ClfScanPlan selected = *plan;

	selected.conditions = palloc((plan->nconditions + 1) * sizeof(ClfCondition));
	selected.nconditions = 0;
	for (int i = 0; i < plan->nconditions; i++)
	{
		const ClfCondition *c = &plan->conditions[i];

		if (c->alternative == 0 || c->alternative == alternative)
			selected.conditions[selected.nconditions++] = *c;
	}
	return selected;
}

/*
 * clf_bind_query
 *		Create the queries from the values of fdw_exprs, as a linked list: first
 *		those of the first alternative.  Palloc'd in the current memory context.
 */
ClfQuery   *
clf_bind_query(const ClfScanPlan *plan, const ClfTable *table,
			   const ClfValue *values)
{
	ClfQuery   *first = NULL;
	ClfQuery  **link = &first;
	ClfQuery   *query = NULL;
	int			nalternatives = 0;

	for (int i = 0; i < plan->nconditions; i++)
		nalternatives = Max(nalternatives, plan->conditions[i].alternative);
	if (nalternatives == 0)
		return bind_plan(plan, table, values);
	for (int n = 1; n <= nalternatives; n++)
	{
		ClfScanPlan selected = select_alternative(plan, n);

		query = bind_plan(&selected, table, values);
		if (query->nothing)
			continue;
		for (*link = query; *link; link = &(*link)->next)
			(*link)->alternative = n;
	}
	return first ? first : query;
}
