/*-------------------------------------------------------------------------
 *
 * node.c
 *	  The plan node of a scan.
 *
 * All clauses remain in the node's qual.  The comparison values of pushed
 * clauses are its fdw_exprs, evaluated when the scan starts.  The rest is a
 * ClfScanPlan, encoded as a List in fdw_private.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "plan/node.h"
#include "plan/paths.h"

/* Records requested in addition to a limit: the local filter drops some */
#define LIMIT_SLACK 10

/* ----------
 * The ClfScanPlan as a List
 * ----------
 */

/* Members of fdw_private, in this order */
enum ScanPrivate
{
	PRIVATE_RESOURCE,			/* String: resource name */
	PRIVATE_LEVEL,				/* Integer: ClfLevel */
	PRIVATE_DETAILED,			/* Integer: view=Detailed? */
	PRIVATE_PAGE_SIZE,			/* Integer */
	PRIVATE_ORDER,				/* Integer: ClfOrder */
	PRIVATE_LIMIT,				/* Float: maximum number of rows, 0: all */
	PRIVATE_PARTIAL,			/* Integer: can the scan end early? */
	PRIVATE_REPEATED,			/* Integer: with values of other tables? */
	PRIVATE_REQUESTS,			/* Float: estimated requests */
	PRIVATE_REQUESTS_COST,		/* Float: their share of the cost */
	PRIVATE_PER_DAY,			/* Float: estimated records a day of a list */
	PRIVATE_ATTNUMS,			/* IntList */
	PRIVATE_CONDITIONS,			/* List of IntList, see ConditionPrivate */
	PRIVATE_JOIN_IDS,			/* Integer: index in fdw_exprs of the ids
								 * passed by a join; -1: none */
	PRIVATE_EARLY_DETAILS,		/* IntList: indexes in the qual of the clauses
								 * checked before details are requested */
	PRIVATE_EARLY_CONTENT,		/* IntList: or before content is */
	PRIVATE_MEMBERS
};

/* Members of a condition, in this order */
enum ConditionPrivate
{
	CONDITION_FILTER,			/* index in the resource's filters */
	CONDITION_COMBINATION,
	CONDITION_SIZE,
	CONDITION_STRATEGY,
	CONDITION_OPERAND,
	CONDITION_EXPR,
	CONDITION_CLAUSE,
	CONDITION_ALTERNATIVE,
	CONDITION_BEFORE,
	CONDITION_AFTER,
	CONDITION_LOCAL,
	CONDITION_SCALE,
	CONDITION_MULTIPLIER,
	CONDITION_DIVISOR,
	CONDITION_MEMBERS
};

static List *
encode_condition(const ClfResource *resource, const ClfCondition *c)
{
	List	   *list = list_make5_int(c->filter - resource->filters,
									  c->combination, c->size, c->strategy,
									  c->operand);

	list = lappend_int(list, c->expr);
	list = lappend_int(list, c->clause);
	list = lappend_int(list, c->alternative);
	list = lappend_int(list, c->shift.before);
	list = lappend_int(list, c->shift.after);
	list = lappend_int(list, c->shift.local);
	list = lappend_int(list, c->shift.scale);
	list = lappend_int(list, c->shift.multiplier);
	list = lappend_int(list, c->shift.divisor);
	Assert(list_length(list) == CONDITION_MEMBERS);
	return list;
}

static void
decode_condition(const ClfResource *resource, List *list, ClfCondition *c)
{
	Assert(list_length(list) == CONDITION_MEMBERS);
	c->filter = &resource->filters[list_nth_int(list, CONDITION_FILTER)];
	c->combination = list_nth_int(list, CONDITION_COMBINATION);
	c->size = list_nth_int(list, CONDITION_SIZE);
	c->strategy = list_nth_int(list, CONDITION_STRATEGY);
	c->operand = list_nth_int(list, CONDITION_OPERAND);
	c->expr = list_nth_int(list, CONDITION_EXPR);
	c->clause = list_nth_int(list, CONDITION_CLAUSE);
	c->alternative = list_nth_int(list, CONDITION_ALTERNATIVE);
	c->shift.before = list_nth_int(list, CONDITION_BEFORE);
	c->shift.after = list_nth_int(list, CONDITION_AFTER);
	c->shift.local = list_nth_int(list, CONDITION_LOCAL);
	c->shift.scale = list_nth_int(list, CONDITION_SCALE);
	c->shift.multiplier = list_nth_int(list, CONDITION_MULTIPLIER);
	c->shift.divisor = list_nth_int(list, CONDITION_DIVISOR);
}

/*
 * A Float needs a decimal point: if the plan is written and read again, nodeRead()
 * makes an Integer of a number without one.
 */
static Float *
encode_number(double number)
{
	return makeFloat(psprintf("%.15e", number));
}

/* The members are in the order of enum ScanPrivate */
static List *
encode_scan_plan(const ClfScanPlan *plan)
{
	List	   *conditions = NIL;
	List	   *list;

	for (int i = 0; i < plan->nconditions; i++)
		conditions = lappend(conditions,
							 encode_condition(plan->resource,
											  &plan->conditions[i]));
	list = list_make5(makeString(pstrdup(plan->resource->name)),
					  makeInteger(plan->level),
					  makeInteger(plan->detailed),
					  makeInteger(plan->page_size),
					  makeInteger(plan->order));
	list = lappend(list, encode_number(plan->limit));
	list = lappend(list, makeInteger(plan->partial));
	list = lappend(list, makeInteger(plan->repeated));
	list = lappend(list, encode_number(plan->requests));
	list = lappend(list, encode_number(plan->requests_cost));
	list = lappend(list, encode_number(plan->per_day));
	list = lappend(list, plan->attnums);
	list = lappend(list, conditions);
	list = lappend(list, makeInteger(plan->join_ids));
	list = lappend(list, plan->early[CLF_FROM_DETAILS]);
	list = lappend(list, plan->early[CLF_FROM_CONTENT]);
	Assert(list_length(list) == PRIVATE_MEMBERS);
	return list;
}

/*
 * clf_get_scan_plan
 *		Decode the node's ClfScanPlan.  Palloc'd in the current memory context;
 *		its lists are owned by the node.
 */
ClfScanPlan *
clf_get_scan_plan(const ForeignScan *node)
{
	List	   *list = node->fdw_private;
	List	   *conditions = list_nth(list, PRIVATE_CONDITIONS);
	ClfScanPlan *plan = palloc0(sizeof(ClfScanPlan));

	Assert(list_length(list) == PRIVATE_MEMBERS);
	plan->resource = clf_find_resource(strVal(list_nth(list, PRIVATE_RESOURCE)));
	plan->level = intVal(list_nth(list, PRIVATE_LEVEL));
	plan->detailed = intVal(list_nth(list, PRIVATE_DETAILED));
	plan->page_size = intVal(list_nth(list, PRIVATE_PAGE_SIZE));
	plan->order = intVal(list_nth(list, PRIVATE_ORDER));
	plan->limit = floatVal(list_nth(list, PRIVATE_LIMIT));
	plan->partial = intVal(list_nth(list, PRIVATE_PARTIAL));
	plan->repeated = intVal(list_nth(list, PRIVATE_REPEATED));
	plan->requests = floatVal(list_nth(list, PRIVATE_REQUESTS));
	plan->per_day = floatVal(list_nth(list, PRIVATE_PER_DAY));
	plan->attnums = list_nth(list, PRIVATE_ATTNUMS);
	plan->nconditions = list_length(conditions);
	plan->conditions = palloc0((plan->nconditions + 1) * sizeof(ClfCondition));
	for (int i = 0; i < plan->nconditions; i++)
		decode_condition(plan->resource, list_nth(conditions, i),
						 &plan->conditions[i]);
	plan->join_ids = intVal(list_nth(list, PRIVATE_JOIN_IDS));
	plan->early[CLF_FROM_DETAILS] = list_nth(list, PRIVATE_EARLY_DETAILS);
	plan->early[CLF_FROM_CONTENT] = list_nth(list, PRIVATE_EARLY_CONTENT);
	return plan;
}

/*
 * clf_get_requests_cost
 *		Share of the plan node's cost that is caused by requests.
 */
Cost
clf_get_requests_cost(const ForeignScan *node)
{
	return floatVal(list_nth(node->fdw_private, PRIVATE_REQUESTS_COST));
}

/* ----------
 * Creation of the node
 * ----------
 */

/*
 * Maximum number of rows needed for a LIMIT, or 0 if unknown.  It is known if the
 * query has no other relation, the path provides its order, and the local filter
 * drops few rows.  WITH TIES needs one more row to detect the end of the ties.
 * Oldest first, all that is required anyway, but for a finer order.
 */
static double
find_row_limit(PlannerInfo *root, RelOptInfo *baserel, const Path *path,
			   List *scan_clauses, List *pushed)
{
	if (clf_plan_order(path->pathkeys) == CLF_OLDEST_FIRST)
		return root->limit_tuples;
	if (root->limit_tuples <= 0 ||
		!bms_equal(root->all_baserels, baserel->relids) ||
		!pathkeys_contained_in(root->query_pathkeys, path->pathkeys) ||
		clf_find_ids(pushed) || !clf_plan_drops_little(baserel, scan_clauses, pushed))
		return 0;
	return root->limit_tuples +
		(root->parse->limitOption == LIMIT_OPTION_WITH_TIES);
}

/* Is there an upper bound of the time, which can drop the newest records? */
static bool
has_upper_bound(List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		const ClfPushed *p = lfirst(lc);
		const ClfCondition *c = clf_single_condition(p);

		if ((p->filter->operators & CLF_OP_RANGE) &&
			(c == NULL || c->strategy <= BTEqualStrategyNumber))
			return true;
	}
	return false;
}

/*
 * Page size of the first request.  For changes the API keeps that size for all
 * further requests.
 */
static int
first_page_size(const ClfTable *table, List *pushed, double limit)
{
	double		size = limit + (has_upper_bound(pushed) ? LIMIT_SLACK : 0);

	if (limit == 0 || table->resource->changes || size > table->page_size)
		return table->page_size;
	return (int) size;
}

/* The id is always needed: a query without columns still counts rows */
static bool
plan_needs_detailed(const ClfRelInfo *info)
{
	const ClfResource *resource = info->table->resource;
	ClfPath		id = clf_path(resource->id_path);
	ListCell   *lc;

	if (clf_path_needs_detailed(resource, &id))
		return true;
	foreach(lc, info->attnums)
	{
		if (clf_path_needs_detailed(resource, clf_column_path(info->table,
															  lfirst_int(lc))))
			return true;
	}
	return false;
}

/* Index in scan_clauses, not counting pseudoconstant ones; -1 for NULL */
static int
clause_position(List *scan_clauses, const RestrictInfo *rinfo)
{
	int			position = 0;
	ListCell   *lc;

	if (rinfo == NULL)
		return -1;
	foreach(lc, scan_clauses)
	{
		if (lfirst(lc) == rinfo)
			break;
		if (!lfirst_node(RestrictInfo, lc)->pseudoconstant)
			position++;
	}
	return position;
}

/*
 * Find the clauses to check before values of that origin are requested, so that
 * no request is sent for a row that they drop.  The plan's qual checks them again,
 * so they must be neither volatile nor expensive.  A clause that is not leakproof
 * is not moved before one with a lower security level.
 */
static List *
find_early_clauses(const ClfRelInfo *info, RelOptInfo *baserel,
				   List *scan_clauses, ClfOrigin origin)
{
	List	   *result = NIL;
	Index		barrier = PG_UINT32_MAX;
	ListCell   *lc;

	if (!clf_needs_origin(info->table, info->attnums, origin))
		return NIL;
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Node	   *clause = (Node *) rinfo->clause;

		if (rinfo->pseudoconstant)
			continue;
		if (clf_clause_origin(baserel, rinfo->clause) < origin &&
			!contain_volatile_functions(clause) && !contain_subplans(clause) &&
			(rinfo->security_level <= barrier || rinfo->leakproof))
			result = lappend_int(result, clause_position(scan_clauses, rinfo));
		else
			barrier = Min(barrier, rinfo->security_level);
	}
	return result;
}

/* Condition for the ids passed by a join, which no clause corresponds to */
static ClfPushed *
join_ids_condition(const ClfTable *table, const ForeignPath *path)
{
	ClfPushed  *pushed = palloc0(sizeof(ClfPushed));
	ClfCondition *condition = palloc0(sizeof(ClfCondition));

	pushed->filter = &table->resource->filters[intVal(linitial(path->fdw_private))];
	condition->filter = pushed->filter;
	condition->size = 1;
	condition->strategy = BTEqualStrategyNumber;
	condition->operand = CLF_ARRAY;
	pushed->conditions = list_make1(condition);
	pushed->exprs = list_make1(makeNullConst(TEXTARRAYOID, -1, InvalidOid));
	return pushed;
}

/* Does the path request the conditions of an OR separately? */
static bool
has_alternatives(const RelOptInfo *baserel, const ForeignPath *path)
{
	const ClfRelInfo *info = baserel->fdw_private;

	return info->alternatives != NIL && path->fdw_private == NIL &&
		clf_plan_order(path->path.pathkeys) == CLF_ANY_ORDER &&
		bms_equal(PATH_REQ_OUTER(&path->path), baserel->lateral_relids);
}

/* Estimate the path, which has these conditions pushed down */
static ClfEstimate
estimate_path(PlannerInfo *root, RelOptInfo *baserel, const ForeignPath *path,
			  List *pushed)
{
	const ClfRelInfo *info = baserel->fdw_private;

	if (has_alternatives(baserel, path))
		return info->divided;
	if (bms_equal(PATH_REQ_OUTER(&path->path), baserel->lateral_relids))
		return info->estimate;
	return clf_estimate(root, baserel, info->table, pushed);
}

/* Requests of the list, of which only a part may be needed */
static double
needed_requests(const ClfScanPlan *plan, const ClfEstimate *estimate)
{
	if (plan->order == CLF_OLDEST_FIRST)
		return estimate->search;
	if (plan->limit > 0)
		return Min(estimate->requests, ceil(plan->limit / plan->page_size));
	return estimate->requests;
}

/* Set the index of each condition's clause in the plan's qual */
static void
set_clauses(ClfScanPlan *plan, List *pushed, List *scan_clauses)
{
	ClfCondition *condition = plan->conditions;
	ListCell   *lc;

	foreach(lc, pushed)
	{
		condition->clause = clause_position(scan_clauses,
											((ClfPushed *) lfirst(lc))->rinfo);
		condition += condition->size;
	}
}

/*
 * clf_plan_scan
 *		Create the plan node for a path.
 */
ForeignScan *
clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel, const ForeignPath *path,
			  List *tlist, List *scan_clauses, Plan *outer_plan)
{
	const ClfRelInfo *info = baserel->fdw_private;
	ClfScanPlan plan = {0};
	List	   *pushed = clf_find_pushed(root, baserel, info->table,
										 info->in_details,
										 PATH_REQ_OUTER(&path->path),
										 scan_clauses);
	ClfEstimate estimate = estimate_path(root, baserel, path, pushed);
	List	   *exprs = NIL;

	plan.resource = info->table->resource;
	plan.level = clf_table_level(info->table);
	plan.detailed = plan_needs_detailed(info);
	plan.order = clf_plan_order(path->path.pathkeys);
	plan.partial = root->tuple_fraction > 0;
	plan.repeated = info->correlated || PATH_REQ_OUTER(&path->path) != NULL;
	plan.attnums = info->attnums;
	plan.per_day = estimate.per_day;
	plan.limit = find_row_limit(root, baserel, &path->path, scan_clauses,
								pushed);
	plan.page_size = plan.order == CLF_OLDEST_FIRST ? info->table->page_size :
		first_page_size(info->table, pushed, plan.limit);
	estimate.requests = needed_requests(&plan, &estimate);
	plan.requests = clf_plan_requests(info, &estimate, pushed,
									  plan.limit > 0 ?
									  Min(path->path.rows, plan.limit) :
									  path->path.rows);
	plan.join_ids = -1;
	if (path->fdw_private)		/* see clf_plan_path_for_ids */
	{
		plan.requests = floatVal(lsecond(path->fdw_private));
		plan.join_ids = 0;
		pushed = lcons(join_ids_condition(info->table, path), pushed);
	}
	plan.requests_cost = Min(plan.requests * info->table->fdw_startup_cost,
							 path->path.total_cost);
	if (has_alternatives(baserel, path))
		pushed = list_concat(pushed, clf_find_alternatives(root, baserel, info->table,
														   scan_clauses));
	clf_gather_conditions(&plan, pushed, &exprs);
	set_clauses(&plan, pushed, scan_clauses);
	for (ClfOrigin origin = CLF_FROM_DETAILS; origin < CLF_ORIGINS; origin++)
		plan.early[origin] = find_early_clauses(info, baserel, scan_clauses,
												origin);
	return make_foreignscan(tlist, extract_actual_clauses(scan_clauses, false),
							baserel->relid, exprs, encode_scan_plan(&plan),
							NIL, NIL, outer_plan);
}
