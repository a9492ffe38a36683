/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  Sizes, costs and paths of a scan, and its plan node.
 *
 * Requests are what a scan costs: the planner compares the number of them that
 * each way to read the table takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/prep.h"
#include "optimizer/restrictinfo.h"
#include "plan/estimate.h"
#include "plan/paths.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

/* More records than a limit asks for, since the end of a range drops some */
#define LIMIT_SLACK 10

/* An order that is not asked for must not be chosen: it might be an error */
#define ORDER_SURCHARGE 1.001

/* What planning knows about a relation: baserel->fdw_private */
typedef struct ClfRelInfo
{
	ClfOptions *options;
	List	   *attnums;		/* the columns that the query needs */
	bool		in_details;		/* would the details suffice for them? */
} ClfRelInfo;

/* Members of fdw_private, in this order */
enum ScanPrivate
{
	PRIVATE_RESOURCE,			/* String: resource name */
	PRIVATE_LEVEL,				/* Integer: ClfLevel */
	PRIVATE_DETAILED,			/* Integer: view=Detailed? */
	PRIVATE_PAGE_SIZE,			/* Integer */
	PRIVATE_SORTED,				/* Integer: newest first? */
	PRIVATE_LIMIT,				/* Float: rows that are enough, 0: all */
	PRIVATE_PARTIAL,			/* Integer: may fewer than all be needed? */
	PRIVATE_REQUESTS,			/* Float: estimated requests */
	PRIVATE_ATTNUMS,			/* IntList */
	PRIVATE_CONDITIONS,			/* List of IntList, see condition_to_list */
	PRIVATE_GIVEN,				/* Integer: index in fdw_exprs of ids that are
								 * given; -1: none are */
	PRIVATE_EARLY				/* List of IntList, by ClfSource */
};

/*
 * PostgreSQL trusts a foreign partition to hold nothing outside its bounds, but
 * the API knows of no bounds: make them conditions like the query's own.
 */
static void
add_partition_bounds(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	List	   *bounds = NIL;
	ListCell   *lc;
	Node	   *qual;

	if (rel->rd_rel->relispartition)
		bounds = copyObject(RelationGetPartitionQual(rel));
	table_close(rel, NoLock);
	if (bounds == NIL)
		return;

	ChangeVarNodes((Node *) bounds, 1, baserel->relid, 0);
	qual = eval_const_expressions(root, (Node *) make_ands_explicit(bounds));
	bounds = make_ands_implicit(canonicalize_qual((Expr *) qual, false));
	foreach(lc, bounds)
		baserel->baserestrictinfo =
		lappend(baserel->baserestrictinfo,
				make_simple_restrictinfo(root, lfirst(lc)));
}

/* ----------
 * Size, cost, path
 * ----------
 */

/* attnums of attrs_used, all columns for a whole-row reference */
static List *
attnums_to_fill(Oid relid, const Bitmapset *attrs_used)
{
	Relation	rel = table_open(relid, NoLock);
	TupleDesc	desc = RelationGetDescr(rel);
	bool		whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber,
										  attrs_used);
	List	   *result = NIL;

	for (AttrNumber attnum = 1; attnum <= desc->natts; attnum++)
	{
		if (!TupleDescAttr(desc, attnum - 1)->attisdropped &&
			(whole_row ||
			 bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber,
						   attrs_used)))
			result = lappend_int(result, attnum);
	}
	table_close(rel, NoLock);
	return result;
}

/* The columns that the query needs, for output or in a local filter */
static List *
find_attnums(RelOptInfo *baserel, Oid relid)
{
	Bitmapset  *used = NULL;
	ListCell   *lc;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &used);
	foreach(lc, baserel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause,
					   baserel->relid, &used);
	return attnums_to_fill(relid, used);
}

/* Would the answer for a row's own id suffice for all columns? */
static bool
are_in_details(const ClfOptions *options, List *attnums)
{
	ListCell   *lc;

	foreach(lc, attnums)
	{
		if (!clf_path_in_details(options->resource,
								 clf_column_path(options, lfirst_int(lc))))
			return false;
	}
	return true;
}

/*
 * clf_needs_source
 *		Does one of these columns come from that source?
 */
bool
clf_needs_source(const ClfOptions *options, List *attnums, ClfSource source)
{
	ListCell   *lc;

	foreach(lc, attnums)
	{
		if (clf_path_source(clf_column_path(options,
											lfirst_int(lc))) == source)
			return true;
	}
	return false;
}

/* Requests that each row takes, which the conditions leave over */
static double
requests_per_row(const ClfRelInfo *info, List *pushed)
{
	const ClfPushed *ids = clf_find_ids(pushed);
	bool		have_details;

	have_details = ids && (ids->condition.filter->operators & CLF_OP_DETAILS);
	return (clf_needs_source(info->options, info->attnums, CLF_SOURCE_DETAILS) &&
			!have_details) +
		clf_needs_source(info->options, info->attnums, CLF_SOURCE_CONTENT);
}

/* The requests that it takes to get these rows */
static double
count_requests(const ClfRelInfo *info, const ClfEstimate *estimate,
			   List *pushed, double rows)
{
	return estimate->requests + requests_per_row(info, pushed) * rows;
}

/* The conditions of the relation alone that become parameters */
static List *
find_restrictions(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;

	return clf_find_pushed(root, baserel, info->options, info->in_details,
						   baserel->lateral_relids,
						   baserel->baserestrictinfo);
}

/* The part of what comes that the conditions leave over which are not pushed */
static double
rest_selectivity(PlannerInfo *root, RelOptInfo *baserel, List *pushed)
{
	List	   *rest = list_copy(baserel->baserestrictinfo);
	ListCell   *lc;

	foreach(lc, pushed)
		rest = list_delete_ptr(rest, ((ClfPushed *) lfirst(lc))->rinfo);
	return clauselist_selectivity(root, rest, baserel->relid, JOIN_INNER, NULL);
}

/*
 * clf_plan_rel_size
 *		Read the table's options, estimate the rows.
 */
void
clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	ClfRelInfo *info = palloc0(sizeof(ClfRelInfo));
	List	   *pushed;
	ClfEstimate estimate;

	baserel->fdw_private = info;
	info->options = clf_get_options(relid);
	add_partition_bounds(root, baserel, relid);
	info->attnums = find_attnums(baserel, relid);
	info->in_details = are_in_details(info->options, info->attnums);

	baserel->tuples = clf_estimate_tuples(info->options, baserel->tuples);
	set_baserel_size_estimates(root, baserel);
	pushed = find_restrictions(root, baserel);
	estimate = clf_estimate(root, baserel, info->options, pushed);
	baserel->rows = clamp_row_est(estimate.rows *
								  rest_selectivity(root, baserel, pushed));
}

/* ----------
 * Paths
 * ----------
 */

/* The path that sends so many requests, which bring so many rows to check */
static ForeignPath *
create_path(PlannerInfo *root, RelOptInfo *baserel, double requests,
			double received, double rows, List *pathkeys, Relids outer)
{
	const ClfOptions *options = ((ClfRelInfo *) baserel->fdw_private)->options;
	QualCost	filter = baserel->baserestrictcost;
	double		surcharge = pathkeys ? ORDER_SURCHARGE : 1;
	Cost		startup;
	Cost		total;

	startup = options->fdw_startup_cost + filter.startup;
	total = startup + Max(0, requests - 1) * options->fdw_startup_cost;
	total += received *
		(options->fdw_tuple_cost + cpu_tuple_cost + filter.per_tuple);
	return clf_create_scan_path(root, baserel, rows, startup * surcharge,
								total * surcharge, pathkeys, outer);
}

/* A way to read the table with these conditions pushed */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, List *pushed,
			  double rows, List *pathkeys, Relids outer)
{
	ClfRelInfo *info = baserel->fdw_private;
	ClfEstimate estimate = clf_estimate(root, baserel, info->options, pushed);
	double		requests = count_requests(info, &estimate, pushed, rows);

	add_path(baserel, (Path *) create_path(root, baserel, requests,
										   estimate.rows, rows, pathkeys,
										   outer));
}

/* Is it the column by which the API sorts? */
static bool
is_time_column(const ClfOptions *options, RelOptInfo *baserel, Node *node)
{
	Var		   *var = (Var *) node;

	return IsA(node, Var) && var->varno == (int) baserel->relid &&
		var->varattno > 0 && var->vartype == TIMESTAMPTZOID &&
		options->resource->order_path != NULL &&
		strcmp(clf_column_path(options, var->varattno),
			   options->resource->order_path) == 0;
}

/* Does this ask for the newest calls first?  Where NULLs go means nothing. */
static bool
is_newest_first(RelOptInfo *baserel, const PathKey *pathkey)
{
	ClfRelInfo *info = baserel->fdw_private;
	EquivalenceClass *ec = pathkey->pk_eclass;
	ListCell   *lc;

	if (ec->ec_has_volatile || !clf_pathkey_is_desc(pathkey) ||
		pathkey->pk_opfamily !=
		get_opclass_family(GetDefaultOpClass(TIMESTAMPTZOID, BTREE_AM_OID)))
		return false;
	foreach(lc, clf_ec_members(ec, baserel))
	{
		EquivalenceMember *member = lfirst(lc);

		if (is_time_column(info->options, baserel, (Node *) member->em_expr))
			return true;
	}
	return false;
}

/* The list comes newest first: offer that where it is of use */
static void
add_sorted_path(PlannerInfo *root, RelOptInfo *baserel, List *pushed)
{
	ClfRelInfo *info = baserel->fdw_private;

	if (!info->options->newest_first || root->query_pathkeys == NIL ||
		clf_find_ids(pushed) ||
		!is_newest_first(baserel, linitial(root->query_pathkeys)))
		return;
	add_scan_path(root, baserel, pushed, baserel->rows,
				  list_make1(linitial(root->query_pathkeys)),
				  baserel->lateral_relids);
}

/* Would a value of another relation for this column spare requests? */
static bool
is_worth_a_value(PlannerInfo *root, RelOptInfo *baserel, RestrictInfo *rinfo)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *pushed = clf_find_pushed(root, baserel, info->options,
										 info->in_details,
										 rinfo->clause_relids,
										 list_make1(rinfo));
	const ClfFilter *filter;

	if (pushed == NIL)
		return false;
	filter = ((ClfPushed *) linitial(pushed))->condition.filter;
	return (filter->operators & (CLF_OP_IDS | CLF_OP_RANGE)) ||
		filter->values == NULL;
}

/* For generate_implied_equalities_for_column: can the API filter by it? */
static bool
is_filter_member(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				 EquivalenceMember *em, void *arg)
{
	const ClfRelInfo *info = rel->fdw_private;

	(void) ec;
	(void) arg;
	return clf_is_filter(root, rel, info->options, info->in_details,
						 (Node *) em->em_expr);
}

/* The join clauses by which other relations could give values */
static List *
find_join_clauses(PlannerInfo *root, RelOptInfo *baserel)
{
	List	   *clauses = list_copy(baserel->joininfo);

	if (baserel->has_eclass_joins)
		clauses = list_concat(clauses,
							  generate_implied_equalities_for_column(root,
																	 baserel,
																	 is_filter_member,
																	 NULL,
																	 baserel->lateral_referencers));
	return clauses;
}

/*
 * A scan for each row of other relations, with values of theirs: few requests
 * where there are few such rows.
 */
static void
add_parameterized_paths(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *ppis = NIL;
	ListCell   *lc;

	foreach(lc, find_join_clauses(root, baserel))
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Relids		outer;

		if (!join_clause_is_movable_to(rinfo, baserel) ||
			!is_worth_a_value(root, baserel, rinfo))
			continue;
		outer = bms_union(rinfo->clause_relids, baserel->lateral_relids);
		outer = bms_del_member(outer, baserel->relid);
		if (!bms_is_empty(outer))
			ppis = list_append_unique_ptr(ppis,
										  get_baserel_parampathinfo(root,
																	baserel,
																	outer));
	}
	foreach(lc, ppis)
	{
		ParamPathInfo *ppi = lfirst(lc);
		List	   *clauses = list_concat_copy(baserel->baserestrictinfo,
											   ppi->ppi_clauses);
		List	   *pushed = clf_find_pushed(root, baserel, info->options,
											 info->in_details,
											 ppi->ppi_req_outer, clauses);
		ClfEstimate estimate = clf_estimate(root, baserel, info->options,
											pushed);

		/* PostgreSQL does not know that an id is unique */
		ppi->ppi_rows = clamp_row_est(Min(ppi->ppi_rows, estimate.rows));
		add_scan_path(root, baserel, pushed, ppi->ppi_rows, NIL,
					  ppi->ppi_req_outer);
	}
}

/*
 * clf_plan_paths
 *		The ways to read the table.
 */
void
clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel)
{
	List	   *pushed = find_restrictions(root, baserel);

	add_scan_path(root, baserel, pushed, baserel->rows, NIL,
				  baserel->lateral_relids);
	add_sorted_path(root, baserel, pushed);
	add_parameterized_paths(root, baserel);
}

/* ----------
 * Ids that are given by a join
 * ----------
 */

/*
 * clf_plan_max_ids
 *		How many ids a request takes; 0: none.
 */
int
clf_plan_max_ids(const RelOptInfo *baserel)
{
	return ((ClfRelInfo *) baserel->fdw_private)->options->resource->max_ids;
}

/*
 * clf_plan_match_ids
 *		Does the clause say, with what the other relations have, which ids to
 *		ask for, many in one request?  Then the filter, and the expression that
 *		gives an id; else NULL.
 */
const ClfFilter *
clf_plan_match_ids(PlannerInfo *root, RelOptInfo *baserel, Relids outer,
				   RestrictInfo *rinfo, Expr **id)
{
	ClfRelInfo *info = baserel->fdw_private;
	const ClfPushed *p;

	if (info->options->resource->max_ids <= 1 ||
		clf_find_ids(find_restrictions(root, baserel)))
		return NULL;
	p = clf_find_ids(clf_find_pushed(root, baserel, info->options,
									 info->in_details, outer,
									 list_make1(rinfo)));
	if (p == NULL || p->condition.is_array ||
		(p->condition.filter->operators & CLF_OP_DETAILS))
		return NULL;
	*id = p->expr;
	return p->condition.filter;
}

/*
 * clf_plan_path_for_ids
 *		The way to read the table for so many ids, which a join gives in
 *		batches.
 */
ForeignPath *
clf_plan_path_for_ids(PlannerInfo *root, RelOptInfo *baserel,
					  const ClfFilter *filter, double ids)
{
	const ClfResource *resource = ((ClfRelInfo *) baserel->fdw_private)->options->resource;
	double		requests = Max(1, ceil(ids / resource->max_ids));
	double		rows = clamp_row_est(ids * resource->rows_per_record);
	ForeignPath *path = create_path(root, baserel, requests, rows, rows, NIL,
									NULL);

	path->fdw_private = list_make2(makeInteger(filter - resource->filters),
								   makeFloat(psprintf("%.0f", requests)));
	return path;
}

/* The condition that such a path has and no clause says */
static ClfPushed *
given_condition(const ClfOptions *options, const ForeignPath *path)
{
	ClfPushed  *pushed = palloc0(sizeof(ClfPushed));

	pushed->condition.filter = &options->resource->filters[intVal(linitial(path->fdw_private))];
	pushed->condition.strategy = BTEqualStrategyNumber;
	pushed->condition.is_array = true;
	pushed->expr = (Expr *) makeNullConst(TEXTARRAYOID, -1, InvalidOid);
	return pushed;
}

/*
 * clf_plan_is_async
 *		May the scan run beside others?  Not if its rows take requests of their
 *		own, for which it would keep the others waiting.
 */
bool
clf_plan_is_async(const RelOptInfo *baserel)
{
	const ClfRelInfo *info = baserel->fdw_private;

	return info->options->async_capable &&
		!clf_needs_source(info->options, info->attnums, CLF_SOURCE_DETAILS) &&
		!clf_needs_source(info->options, info->attnums, CLF_SOURCE_CONTENT);
}

/* ----------
 * The plan node
 * ----------
 */

/*
 * Does the local filter leave over all that comes, but for a few?  That a call
 * began at all is no condition.
 */
static bool
drops_little(RelOptInfo *baserel, List *scan_clauses, List *pushed)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *exact = NIL;
	ListCell   *lc;

	foreach(lc, pushed)
	{
		if (clf_is_exact(lfirst(lc)))
			exact = lappend(exact, ((ClfPushed *) lfirst(lc))->rinfo);
	}
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		NullTest   *test = (NullTest *) rinfo->clause;

		if (!rinfo->pseudoconstant && !list_member_ptr(exact, rinfo) &&
			!(IsA(test, NullTest) && test->nulltesttype == IS_NOT_NULL &&
			  is_time_column(info->options, baserel, (Node *) test->arg)))
			return false;
	}
	return true;
}

/*
 * How many rows are enough, 0 when all may be needed: known where this table is
 * all that there is, in the order that is asked for, and nothing is left out.
 * With ties it takes one more row to see that there is none.
 */
static double
find_limit(PlannerInfo *root, RelOptInfo *baserel, const Path *path,
		   List *scan_clauses, List *pushed)
{
	if (root->limit_tuples <= 0 ||
		!bms_equal(root->all_baserels, baserel->relids) ||
		!pathkeys_contained_in(root->query_pathkeys, path->pathkeys) ||
		clf_find_ids(pushed) || !drops_little(baserel, scan_clauses, pushed))
		return 0;
	return root->limit_tuples +
		(root->parse->limitOption == LIMIT_OPTION_WITH_TIES);
}

/* Is there a condition that drops the newest records which come? */
static bool
has_upper_bound(List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		const ClfCondition *c = &((ClfPushed *) lfirst(lc))->condition;

		if ((c->filter->operators & CLF_OP_RANGE) &&
			c->strategy <= BTEqualStrategyNumber)
			return true;
	}
	return false;
}

/*
 * Records to ask for at first.  Changes are asked for in the size of the first
 * request to their end.
 */
static int
first_page_size(const ClfOptions *options, List *pushed, double limit)
{
	double		size = limit + (has_upper_bound(pushed) ? LIMIT_SLACK : 0);

	if (limit == 0 || options->resource->changes || size > options->page_size)
		return options->page_size;
	return (int) size;
}

/* Also for no column at all there must be rows to count */
static bool
needs_detailed(const ClfRelInfo *info)
{
	const ClfResource *resource = info->options->resource;
	ListCell   *lc;

	if (clf_path_needs_detailed(resource, resource->id_path))
		return true;
	foreach(lc, info->attnums)
	{
		if (clf_path_needs_detailed(resource, clf_column_path(info->options,
															  lfirst_int(lc))))
			return true;
	}
	return false;
}

static List *
condition_to_list(const ClfResource *resource, const ClfCondition *c)
{
	return lappend_int(lappend_int(list_make5_int(c->filter - resource->filters,
												  c->strategy, c->is_array,
												  c->expr, c->clause),
								   c->before), c->after);
}

static void
condition_from_list(const ClfResource *resource, List *list, ClfCondition *c)
{
	c->filter = &resource->filters[linitial_int(list)];
	c->strategy = lsecond_int(list);
	c->is_array = lthird_int(list);
	c->expr = lfourth_int(list);
	c->clause = list_nth_int(list, 4);
	c->before = list_nth_int(list, 5);
	c->after = list_nth_int(list, 6);
}

/* Where in scan_clauses, without the pseudoconstant ones, it stands; NULL: -1 */
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

/* The most expensive source of the columns in the clause */
static ClfSource
clause_source(const ClfRelInfo *info, RelOptInfo *baserel, Expr *clause)
{
	ClfSource	source = CLF_SOURCE_ROW;
	Bitmapset  *used = NULL;
	ListCell   *lc;

	pull_varattnos((Node *) clause, baserel->relid, &used);
	foreach(lc, info->attnums)
	{
		ClfSource	column = clf_path_source(clf_column_path(info->options,
															 lfirst_int(lc)));

		if (column > source &&
			bms_is_member(lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber,
						  used))
			source = column;
	}
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
		source = CLF_SOURCE_CONTENT;
	return source;
}

/*
 * The clauses that can be checked before a source is asked, so that no request
 * is sent for a row that they drop.  They are checked again in the plan's qual,
 * so they must not be volatile, nor worth much.  None may see a row that a
 * security barrier still to be checked would hide from it.
 */
static List *
find_early_clauses(const ClfRelInfo *info, RelOptInfo *baserel,
				   List *scan_clauses, ClfSource source)
{
	List	   *result = NIL;
	Index		barrier = PG_UINT32_MAX;
	ListCell   *lc;

	if (source == CLF_SOURCE_ROW ||
		!clf_needs_source(info->options, info->attnums, source))
		return NIL;
	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Node	   *clause = (Node *) rinfo->clause;

		if (rinfo->pseudoconstant)
			continue;
		if (clause_source(info, baserel, rinfo->clause) < source &&
			!contain_volatile_functions(clause) && !contain_subplans(clause) &&
			(rinfo->security_level <= barrier || rinfo->leakproof))
			result = lappend_int(result, clause_position(scan_clauses, rinfo));
		else
			barrier = Min(barrier, rinfo->security_level);
	}
	return result;
}

/*
 * clf_plan_scan
 *		The plan node.  Every clause stays in its qual; the other sides of the
 *		pushed ones go to fdw_exprs, to be evaluated when the scan starts.
 */
ForeignScan *
clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel, const ForeignPath *way,
			  List *tlist, List *scan_clauses, Plan *outer_plan)
{
	const Path *path = &way->path;
	ClfRelInfo *info = baserel->fdw_private;
	const ClfOptions *options = info->options;
	List	   *pushed = clf_find_pushed(root, baserel, options,
										 info->in_details,
										 PATH_REQ_OUTER(path), scan_clauses);
	ClfPushed  *given = way->fdw_private ? given_condition(options, way) : NULL;
	double		limit = find_limit(root, baserel, path, scan_clauses, pushed);
	int			page_size = first_page_size(options, pushed, limit);
	ClfEstimate estimate = clf_estimate(root, baserel, options, pushed);
	double		requests = count_requests(info, &estimate, pushed, path->rows);
	List	   *early = NIL;
	List	   *exprs = NIL;
	List	   *conditions = NIL;
	List	   *private;
	ListCell   *lc;

	if (limit > 0)
		requests = Min(requests, ceil(limit / page_size));
	if (given)
	{
		requests = floatVal(lsecond(way->fdw_private));
		pushed = lcons(given, pushed);
	}
	foreach(lc, pushed)
	{
		ClfPushed  *p = lfirst(lc);

		p->condition.clause = clause_position(scan_clauses, p->rinfo);
		p->condition.expr = -1;
		if (p->expr)
		{
			p->condition.expr = list_length(exprs);
			exprs = lappend(exprs, p->expr);
		}
		conditions = lappend(conditions,
							 condition_to_list(options->resource,
											   &p->condition));
	}

	/* in the order of enum ScanPrivate */
	private = list_make5(makeString(pstrdup(options->resource->name)),
						 makeInteger(clf_table_level(options)),
						 makeInteger(needs_detailed(info)),
						 makeInteger(page_size),
						 makeInteger(path->pathkeys != NIL));
	private = lappend(private, makeFloat(psprintf("%.0f", limit)));
	private = lappend(private, makeInteger(root->tuple_fraction > 0));
	private = lappend(private, makeFloat(psprintf("%.0f", requests)));
	private = lappend(private, info->attnums);
	private = lappend(private, conditions);
	private = lappend(private, makeInteger(given ? 0 : -1));
	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		early = lappend(early, find_early_clauses(info, baserel, scan_clauses,
												  source));
	private = lappend(private, early);

	return make_foreignscan(tlist, extract_actual_clauses(scan_clauses, false),
							baserel->relid, exprs, private, NIL, NIL,
							outer_plan);
}

/*
 * clf_get_scan_plan
 *		What clf_plan_scan put into the node.  Palloc'd in the current memory
 *		context.
 */
ClfScanPlan *
clf_get_scan_plan(const ForeignScan *plan)
{
	List	   *private = plan->fdw_private;
	List	   *conditions = list_nth(private, PRIVATE_CONDITIONS);
	ClfScanPlan *result = palloc0(sizeof(ClfScanPlan));

	result->resource = clf_find_resource(strVal(list_nth(private,
														 PRIVATE_RESOURCE)));
	result->level = intVal(list_nth(private, PRIVATE_LEVEL));
	result->detailed = intVal(list_nth(private, PRIVATE_DETAILED));
	result->page_size = intVal(list_nth(private, PRIVATE_PAGE_SIZE));
	result->sorted = intVal(list_nth(private, PRIVATE_SORTED));
	result->limit = floatVal(list_nth(private, PRIVATE_LIMIT));
	result->partial = intVal(list_nth(private, PRIVATE_PARTIAL));
	result->requests = floatVal(list_nth(private, PRIVATE_REQUESTS));
	result->attnums = list_nth(private, PRIVATE_ATTNUMS);
	result->conditions = palloc0((list_length(conditions) + 1) *
								 sizeof(ClfCondition));
	for (int i = 0; i < list_length(conditions); i++)
		condition_from_list(result->resource, list_nth(conditions, i),
							&result->conditions[i]);
	result->nconditions = list_length(conditions);
	result->given = intVal(list_nth(private, PRIVATE_GIVEN));
	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		result->early[source] = list_nth(list_nth(private, PRIVATE_EARLY),
										 source);
	return result;
}
