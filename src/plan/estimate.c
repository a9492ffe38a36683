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
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "plan/estimate.h"
#include "plan/query.h"
#include "shared/clock.h"
#include "shared/density.h"
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

/* Bind the pushed conditions to the values known at plan time */
static ClfQuery *
bind_known(PlannerInfo *root, const ClfTable *table, List *pushed)
{
	ClfScanPlan plan = {0};
	List	   *exprs = NIL;
	ClfValue   *values;
	ListCell   *lc;

	plan.resource = table->resource;
	plan.level = clf_table_level(table);
	plan.page_size = table->page_size;
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

	if ((filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT)) ||
		!clf_query_sends(query, filter))
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
	TimestampTz now = clf_clock_now(table->server->base_url);
	ClfWindow	window;
	double		days;

	if (query->changes)
		return query->since ? Min((now - query->since_time) /
								  (double) USECS_PER_DAY, CLF_KEPT_DAYS) :
			DEFAULT_DAYS;
	if (!clf_query_window(query, table->history, now, &window))
		return 0;
	if (query->unknown_lower)
		return DEFAULT_DAYS;
	days = (window.to - window.from) / (double) USECS_PER_DAY;
	return Min(days, CLF_KEPT_DAYS);
}

/* Is there a condition on a session id, which few records match? */
static bool
has_session_condition(List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		if (((ClfPushed *) lfirst(lc))->filter->rivals !=
			CLF_NO_RIVALS)
			return true;
	}
	return false;
}

/* Estimate the records of a list request */
static double
estimate_list(PlannerInfo *root, RelOptInfo *baserel,
			  const ClfTable *table, const ClfQuery *query, List *pushed)
{
	const ClfResource *resource = table->resource;
	double		days = query_days(query, table);
	double		records = resource->records;
	ListCell   *lc;

	if (resource->windowed || resource->changes)
		records = baserel->tuples / resource->rows_per_record * days /
			table_days(table);
	foreach(lc, pushed)
		records *= filter_selectivity(root, baserel, query, lfirst(lc));
	if (has_session_condition(pushed))
		records = Min(records, SESSION_RECORDS);
	if (query->search_filter)
		records = Min(records, SEARCH_RECORDS);
	return records;
}

/* Number of ids to request */
static double
count_ids(const ClfQuery *query, const ClfPushed *ids)
{
	const ClfCondition *c = clf_single_condition(ids);

	if (query->unknown_ids)
		return c == NULL ? list_length(ids->exprs) :
			c->operand == CLF_ARRAY ? DEFAULT_IDS : 1;
	return list_length(query->ids);
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
	ClfQuery   *query = bind_known(root, table, pushed);
	const ClfPushed *ids = clf_find_ids(pushed);
	ClfEstimate estimate = {0};

	if (query->nothing)
		return estimate;
	if (ids)
	{
		estimate.records = count_ids(query, ids);
		estimate.requests = ceil(estimate.records / query->max_ids);
	}
	else
	{
		estimate.records = estimate_list(root, baserel, table, query,
										 pushed);
		estimate.requests = Max(1, ceil(estimate.records /
										table->page_size));
		estimate.fails = clf_query_missing_input(query, table) != NULL;
	}
	estimate.rows = query->details ? estimate.records :
		estimate.records * resource->rows_per_record;
	return estimate;
}
