/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  Estimate the records and requests of a scan.
 *
 * The values known at plan time are bound as at execution, which yields the
 * number of ids or the width of the time window.  The density, in records per
 * day, is taken from ANALYZE, or else from earlier scans.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "plan/bind.h"
#include "plan/estimate.h"
#include "shared/clock.h"
#include "shared/density.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* Default density, in records per day: that of a small company */
#define DEFAULT_PER_DAY 300.0

/* Default number of elements of an array not known at plan time */
#define DEFAULT_IDS 100.0

/* Records per session */
#define SESSION_RECORDS 2.0

/* Records per number in a search */
#define SEARCH_RECORDS 20.0

/* Default number of sessions not known at plan time */
#define DEFAULT_SESSIONS 10.0

/* Default width of a window, or of a list of changes, in days */
#define DEFAULT_DAYS 1.0

/* Default selectivity of "the call has a recording" */
#define RECORDED_SHARE 0.3

/*
 * clf_find_ids
 *		Find the pushed condition on ids, or NULL.
 */
const ClfPushed *
clf_find_ids(List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		const ClfPushed *p = lfirst(lc);

		if (p->filter->operators & CLF_OP_IDS)
			return p;
	}
	return NULL;
}

/* Days covered by the table's history */
static double
table_days(const ClfTable *table)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from;

	from = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(table->history)));
	return Min((now - from) / (double) USECS_PER_DAY, CLF_KEPT_DAYS);
}

/*
 * clf_estimate_tuples
 *		Estimate the rows visible to the user mapping.  reltuples is from
 *		ANALYZE; 0 or less if the table was never analyzed.
 */
double
clf_estimate_tuples(const ClfTable *table, Oid umid, double reltuples)
{
	const ClfResource *resource = table->resource;
	double		per_day = clf_density_per_day(table->relid, umid);

	if (reltuples > 0)
		return reltuples;
	if (!resource->windowed && !resource->changes)
		return resource->records;
	if (per_day < 0)
		per_day = DEFAULT_PER_DAY;
	return Max(1, per_day * table_days(table) * resource->rows_per_record);
}

/* Evaluate an expression at plan time, if possible */
static ClfValue
known_value(PlannerInfo *root, Expr *expr)
{
	ClfValue	value = {0};
	Node	   *node;

	node = estimate_expression_value(root, (Node *) copyObject(expr));
	value.type = exprType(node);
	if (IsA(node, Const))
	{
		value.value = ((Const *) node)->constvalue;
		value.isnull = ((Const *) node)->constisnull;
	}
	else
		value.unknown = "?";
	return value;
}

/*
 * Bind the pushed conditions to the values known at plan time, with this estimate
 * of the records a day
 */
static ClfQuery *
bind_known(PlannerInfo *root, const ClfTable *table, List *pushed,
		   double per_day)
{
	ClfScanPlan plan = {0};
	List	   *exprs = NIL;
	ClfValue   *values;
	ListCell   *lc;

	plan.resource = table->resource;
	plan.level = clf_table_level(table);
	plan.page_size = table->page_size;
	plan.per_day = per_day;
	clf_gather_conditions(&plan, pushed, &exprs);
	values = palloc0((list_length(exprs) + 1) * sizeof(ClfValue));
	foreach(lc, exprs)
		values[foreach_current_index(lc)] = known_value(root, lfirst(lc));
	return clf_bind_query(&plan, table, values);
}

/* Selectivity of a filter of the API */
static double
filter_selectivity(PlannerInfo *root, RelOptInfo *baserel,
				   const ClfQuery *query, const ClfPushed *p)
{
	const ClfFilter *filter = p->filter;
	int			nvalues = 0;

	if ((filter->operators & (CLF_OP_RANGE | CLF_OP_IDS | CLF_OP_INPUT)) ||
		filter->exclusion != CLF_NOT_EXCLUSIVE || !clf_query_sends(query, filter))
		return 1;
	if (baserel->tuples > 0 && baserel->pages > 0)
		return clauselist_selectivity(root, list_make1(p->rinfo),
									  baserel->relid, JOIN_INNER, NULL);
	if (filter->any_value)
		return RECORDED_SHARE;
	while (filter->values && filter->values[nvalues])
		nvalues++;
	return nvalues > 0 ? 1.0 / nvalues : 1;
}

/* Width of the window or of the list of changes, in days; 0: empty */
static double
query_days(const ClfQuery *query, const ClfTable *table)
{
	double		days;

	if (query->changes)
		return query->since ? Min((GetCurrentTimestamp() - query->since_time) /
								  (double) USECS_PER_DAY, CLF_KEPT_DAYS) :
			DEFAULT_DAYS;
	days = clf_list_days(query, table);
	return days > 0 && query->unknown_lower ? DEFAULT_DAYS : days;
}

/*
 * Number of elements of an array that is not known at plan time: of the rows of
 * ARRAY(SELECT ...), else the default
 */
static double
estimate_elements(PlannerInfo *root, const Expr *array, double otherwise)
{
	ListCell   *lc;

	foreach(lc, IsA(array, Param) ? root->init_plans : NIL)
	{
		SubPlan    *subplan = lfirst_node(SubPlan, lc);

		if (subplan->subLinkType == ARRAY_SUBLINK &&
			list_member_int(subplan->setParam, ((const Param *) array)->paramid))
			return clamp_row_est(planner_subplan_get_plan(root, subplan)->plan_rows);
	}
	return otherwise;
}

/* Number of texts that the condition compares with, as far as it is known */
static double
count_texts(PlannerInfo *root, const ClfPushed *p)
{
	double		n = 0;
	ListCell   *lc;

	foreach(lc, p->conditions)
	{
		const ClfCondition *c = lfirst(lc);
		ClfValue	value;

		if (c->combination != CLF_ONE || c->expr < 0)
			continue;
		value = known_value(root, list_nth(p->exprs, c->expr));
		if (c->operand == CLF_VALUE)
			n++;
		else if (value.unknown)
			n += estimate_elements(root, list_nth(p->exprs, c->expr), DEFAULT_SESSIONS);
		else if (!value.isnull)
			n += ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(value.value)),
								ARR_DIMS(DatumGetArrayTypeP(value.value)));
	}
	return n;
}

/* Number of sessions that the conditions allow; 0: no limit */
static double
count_sessions(PlannerInfo *root, List *pushed)
{
	double		fewest = 0;
	ListCell   *lc;

	foreach(lc, pushed)
	{
		const ClfPushed *p = lfirst(lc);

		if (p->filter->exclusion != CLF_NOT_EXCLUSIVE &&
			(fewest == 0 || count_texts(root, p) < fewest))
			fewest = Max(1, count_texts(root, p));
	}
	return fewest;
}

/* Number of ids to request */
static double
count_ids(PlannerInfo *root, const ClfQuery *query, const ClfPushed *ids)
{
	const ClfCondition *c = clf_single_condition(ids);

	if (query->unknown_ids)
		return c == NULL ? list_length(ids->exprs) :
			c->operand == CLF_ARRAY ?
			estimate_elements(root, linitial(ids->exprs), DEFAULT_IDS) : 1;
	return list_length(query->ids);
}

/* Selectivity of the filters that are sent, but for sessions */
static double
list_selectivity(PlannerInfo *root, RelOptInfo *baserel,
				 const ClfQuery *query, List *pushed)
{
	double		selectivity = 1;
	ListCell   *lc;

	foreach(lc, pushed)
		selectivity *= filter_selectivity(root, baserel, query, lfirst(lc));
	return selectivity;
}

/* Estimate the lists of the queries; sessions: see count_sessions */
static void
estimate_lists(const ClfTable *table, const ClfQuery *query, double sessions,
			   double selectivity, ClfEstimate *estimate)
{
	bool		has_days = query->windowed || query->changes;

	for (const ClfQuery *q = query; q; q = q->next)
	{
		double		days = has_days ? query_days(q, table) : 1;
		double		records = has_days ? estimate->per_day * days :
		table->resource->records * selectivity;

		if (query->search_filter)
			records = Min(records, SEARCH_RECORDS);
		estimate->records += records;
		estimate->requests += days == 0 ? 0 :
			Max(1, ceil(records / table->page_size));
	}
	if (sessions > 0)
		estimate->records = Min(estimate->records, sessions * SESSION_RECORDS);
	if (query->by_session)
	{
		estimate->by_session = sessions > 1;
		estimate->requests = Min(estimate->requests, sessions);
	}
	estimate->requests = Max(1, estimate->requests);
	estimate->fails = clf_query_missing_input(query, table) != NULL;
}

/*
 * Estimate the requests of a search for the oldest records: one where the query
 * bounds the time, else a bisection until the rest is a page, after two windows that
 * show where the list begins.
 */
static double
search_requests(const ClfQuery *query, const ClfTable *table, double requests)
{
	TimestampTz kept = clf_clock_now(table->server->base_url) -
	(int64) (CLF_KEPT_DAYS * USECS_PER_DAY);

	if (query->unknown_lower || query->lower > kept)
		return 1;
	return 2 + ceil(log2(Max(1, requests)));
}

/*
 * clf_estimate
 *		Estimate a scan of the table with these conditions pushed down.
 */
ClfEstimate
clf_estimate(PlannerInfo *root, RelOptInfo *baserel,
			 const ClfTable *table, List *pushed)
{
	const ClfResource *resource = table->resource;
	ClfQuery   *query = bind_known(root, table, pushed, 0);
	const ClfPushed *ids = clf_find_ids(pushed);
	ClfEstimate estimate = {0};
	double		selectivity;

	if (query->nothing)
		return estimate;
	selectivity = list_selectivity(root, baserel, query, pushed);
	if (resource->windowed || resource->changes)
	{
		estimate.per_day = baserel->tuples / resource->rows_per_record /
			table_days(table) * selectivity;
		query = bind_known(root, table, pushed, estimate.per_day);
	}
	if (clf_query_by_id(query))
	{
		estimate.records = count_ids(root, query, ids);
		estimate.requests = ceil(estimate.records / query->max_ids);
	}
	else
	{
		estimate_lists(table, query, count_sessions(root, pushed), selectivity,
					   &estimate);
		estimate.search = search_requests(query, table, estimate.requests);
		if (ids)
			estimate.records = Min(estimate.records, count_texts(root, ids));
	}
	estimate.rows = query->details ? estimate.records :
		estimate.records * resource->rows_per_record;
	return estimate;
}
