/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  Sizes, costs and paths of a scan.
 *
 * The cost of a scan is dominated by its requests: the planner compares the
 * estimated numbers of requests of the paths.
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
#include "parser/parsetree.h"
#include "plan/estimate.h"
#include "plan/paths.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

/*
 * Bias against the sorted path unless the order is needed: verifying it can
 * raise an error.
 */
#define ORDER_SURCHARGE 1.001

/*
 * Cost of a path that lacks an input, so that it would raise an error: any other
 * path is preferred, disabled ones included.
 */
#define FAILING_COST 1e15

/*
 * PostgreSQL assumes that a foreign partition contains no rows outside its
 * bounds, but the API does not know the bounds: add them as restriction clauses.
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
 * Size
 * ----------
 */

/* Convert attrs_used to a list of attnums; a whole-row reference to all columns */
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

/* Is there a reference to the whole row of that relation? */
static bool
has_whole_row(Node *node, Index relid)
{
	Bitmapset  *used = NULL;

	pull_varattnos(node, relid, &used);
	return bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used);
}

/* The row mark's own reference to the whole row, see preprocess_targetlist */
static bool
is_of_row_mark(const TargetEntry *entry, const PlanRowMark *mark)
{
	const Var  *var = (const Var *) entry->expr;
	char		name[32];

	snprintf(name, sizeof(name), "wholerow%u", mark->rowmarkId);
	return entry->resjunk && entry->resname &&
		strcmp(entry->resname, name) == 0 && IsA(var, Var) &&
		var->varno == (int) mark->rti && var->varattno == InvalidAttrNumber;
}

/*
 * Is the whole row referenced by a row mark only?  In UPDATE ... FROM, MERGE,
 * DELETE ... USING and SELECT ... FOR UPDATE the whole row of a foreign table is
 * carried through the plan, and EvalPlanQual joins it with a concurrently updated
 * row.  EvalPlanQual evaluates the clauses and the target list of the query, so
 * columns that these do not reference can be NULL in it.
 */
static bool
is_for_row_mark_only(PlannerInfo *root, RelOptInfo *baserel)
{
	const Query *parse = root->parse;
	Index		relid = baserel->relid;
	const RelOptInfo *parent;
	const PlanRowMark *mark;
	ListCell   *lc;

	/* for a child relation, check the references to its top parent */
	if (baserel->top_parent_relids)
		relid = bms_singleton_member(baserel->top_parent_relids);
	mark = get_plan_rowmark(root->rowMarks, relid);
	if (mark == NULL || planner_rt_fetch(relid, root)->rtekind != RTE_RELATION)
		return false;

	/* a clause or a PlaceHolderVar references it as well */
	parent = find_base_rel(root, relid);
	if (bms_membership(parent->attr_needed[0 - parent->min_attr]) != BMS_SINGLETON ||
		!bms_is_member(0, parent->attr_needed[0 - parent->min_attr]))
		return false;
	foreach(lc, root->processed_tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (!is_of_row_mark(entry, mark) &&
			has_whole_row((Node *) entry->expr, relid))
			return false;
	}

	/* these share the row mark's target entry */
	return !has_whole_row((Node *) parse->returningList, relid) &&
		!has_whole_row((Node *) parse->mergeActionList, relid) &&
		!has_whole_row(clf_merge_condition(parse), relid);
}

/* Find the columns needed for output or for local filters */
static List *
find_attnums(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	const int	whole_row = 0 - FirstLowInvalidHeapAttributeNumber;
	Bitmapset  *used = NULL;
	ListCell   *lc;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &used);
	if (bms_is_member(whole_row, used) && is_for_row_mark_only(root, baserel))
		used = bms_del_member(used, whole_row);
	foreach(lc, baserel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause,
					   baserel->relid, &used);
	return attnums_to_fill(relid, used);
}

/* Does the details resource contain all columns? */
static bool
are_in_details(const ClfTable *table, List *attnums)
{
	ListCell   *lc;

	foreach(lc, attnums)
	{
		if (!clf_path_in_details(table->resource,
								 clf_column_path(table, lfirst_int(lc))))
			return false;
	}
	return true;
}

/*
 * clf_clause_origin
 *		Return the most expensive origin of the columns in the clause.
 */
ClfOrigin
clf_clause_origin(const RelOptInfo *baserel, Expr *clause)
{
	const ClfRelInfo *info = baserel->fdw_private;
	ClfOrigin	origin = CLF_FROM_CONSTANT;
	Bitmapset  *used = NULL;
	ListCell   *lc;

	pull_varattnos((Node *) clause, baserel->relid, &used);
	foreach(lc, info->attnums)
	{
		ClfOrigin	column = clf_column_path(info->table, lfirst_int(lc))->origin;

		if (column > origin &&
			bms_is_member(lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber,
						  used))
			origin = column;
	}
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
		origin = CLF_FROM_CONTENT;
	return origin;
}

/* Selectivity of the clauses that need columns of that origin or a later one */
static double
origin_selectivity(PlannerInfo *root, RelOptInfo *baserel, ClfOrigin origin)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, baserel->baserestrictinfo)
	{
		if (clf_clause_origin(baserel,
							  lfirst_node(RestrictInfo, lc)->clause) >= origin)
			clauses = lappend(clauses, lfirst(lc));
	}
	return clauselist_selectivity(root, clauses, baserel->relid, JOIN_INNER,
								  NULL);
}

/*
 * clf_plan_requests
 *		Estimate the requests needed for a number of rows: those of the list or
 *		by id, and those per row, including rows that are dropped only after
 *		their request.
 */
double
clf_plan_requests(const ClfRelInfo *info, const ClfEstimate *estimate,
				  List *pushed, double rows)
{
	const ClfPushed *ids = clf_find_ids(pushed);
	double		requests = estimate->requests;

	if (info->needs_details &&
		!(ids && (ids->filter->operators & CLF_OP_DETAILS)))
		requests += Min(estimate->rows, rows / info->details_selectivity);
	if (info->needs_content)
		requests += Min(estimate->rows, rows / info->content_selectivity);
	return requests;
}

/* Selectivity of the clauses that are not pushed down */
static double
rest_selectivity(PlannerInfo *root, RelOptInfo *baserel, List *pushed)
{
	List	   *rest = list_copy(baserel->baserestrictinfo);
	ListCell   *lc;

	foreach(lc, pushed)
		rest = list_delete_ptr(rest, ((ClfPushed *) lfirst(lc))->rinfo);
	return clauselist_selectivity(root, rest, baserel->relid, JOIN_INNER, NULL);
}

/* The conditions that are always required and those of an alternative */
static List *
conditions_of(const ClfRelInfo *info, List *alternatives, int number)
{
	List	   *pushed = list_copy(info->pushed);
	ListCell   *lc;

	foreach(lc, alternatives)
	{
		const ClfPushed *p = lfirst(lc);
		ClfPushed  *required;

		if (p->alternative != number)
			continue;
		required = palloc(sizeof(ClfPushed));
		*required = *p;
		required->alternative = 0;
		pushed = lappend(pushed, required);
	}
	return pushed;
}

/* Sum of the estimates of the alternatives */
static ClfEstimate
estimate_alternatives(PlannerInfo *root, RelOptInfo *baserel,
					  List *alternatives)
{
	const ClfRelInfo *info = baserel->fdw_private;
	int			last = ((ClfPushed *) llast(alternatives))->alternative;
	ClfEstimate sum = info->estimate;

	sum.records = sum.rows = sum.requests = 0;
	for (int n = 1; n <= last; n++)
	{
		ClfEstimate one = clf_estimate(root, baserel, info->table,
									   conditions_of(info, alternatives, n));

		sum.records += one.records;
		sum.rows += one.rows;
		sum.requests += one.requests;
	}
	return sum;
}

/* Divide the list by an OR if that takes fewer requests */
static void
add_alternatives(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *found;

	if (clf_find_ids(info->pushed))
		return;
	found = clf_find_alternatives(root, baserel, info->table,
								  baserel->baserestrictinfo);
	if (found == NIL)
		return;
	info->divided = estimate_alternatives(root, baserel, found);
	if (info->divided.requests < info->estimate.requests)
		info->alternatives = found;
}

/* Does the expression contain values of an outer query? */
static bool
has_outer_values(Node *node, void *root)
{
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
	{
		for (PlannerInfo *p = ((PlannerInfo *) root)->parent_root; p; p = p->parent_root)
		{
			foreach(lc, p->plan_params)
			{
				if (((PlannerParamItem *) lfirst(lc))->paramId ==
					((Param *) node)->paramid)
					return true;
			}
		}
	}
	return expression_tree_walker(node, has_outer_values, root);
}

static bool
are_correlated(PlannerInfo *root, List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		if (has_outer_values((Node *) ((ClfPushed *) lfirst(lc))->exprs, root))
			return true;
	}
	return false;
}

/*
 * clf_plan_rel_size
 *		Read the table's options and estimate the number of rows.
 */
void
clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	ClfRelInfo *info = palloc0(sizeof(ClfRelInfo));
	Oid			umid;

	baserel->fdw_private = info;
	info->table = clf_get_table(relid);
	add_partition_bounds(root, baserel, relid);
	info->attnums = find_attnums(root, baserel, relid);
	info->in_details = are_in_details(info->table, info->attnums);
	info->needs_details = clf_needs_origin(info->table, info->attnums,
										   CLF_FROM_DETAILS);
	info->needs_content = clf_needs_origin(info->table, info->attnums,
										   CLF_FROM_CONTENT);

	umid = clf_find_user_mapping(OidIsValid(baserel->userid) ?
								 baserel->userid : GetUserId(),
								 baserel->serverid);
	baserel->tuples = clf_estimate_tuples(info->table, umid, baserel->tuples);
	set_baserel_size_estimates(root, baserel);
	info->details_selectivity = origin_selectivity(root, baserel,
												   CLF_FROM_DETAILS);
	info->content_selectivity = origin_selectivity(root, baserel,
												   CLF_FROM_CONTENT);
	info->pushed = clf_find_pushed(root, baserel, info->table,
								   info->in_details, baserel->lateral_relids,
								   baserel->baserestrictinfo);
	info->estimate = clf_estimate(root, baserel, info->table, info->pushed);
	add_alternatives(root, baserel);
	info->correlated = are_correlated(root, info->pushed) ||
		are_correlated(root, info->alternatives);
	baserel->rows = clamp_row_est(info->estimate.rows *
								  rest_selectivity(root, baserel, info->pushed));
	if (info->alternatives != NIL)
		baserel->rows = Min(baserel->rows, clamp_row_est(info->divided.rows));
}

/* ----------
 * Paths
 * ----------
 */

/*
 * clf_plan_order
 *		The order of a path with these pathkeys.
 */
ClfOrder
clf_plan_order(const List *pathkeys)
{
	if (pathkeys == NIL)
		return CLF_ANY_ORDER;
	return clf_pathkey_is_desc(linitial(pathkeys)) ? CLF_NEWEST_FIRST :
		CLF_OLDEST_FIRST;
}

/*
 * Create a path with this estimate, and this number of rows after local checks.
 * Oldest first, a list is read in half pages.
 */
static ForeignPath *
create_path(PlannerInfo *root, RelOptInfo *baserel,
			const ClfEstimate *estimate, double rows, List *pathkeys,
			Relids outer)
{
	const ClfRelInfo *info = baserel->fdw_private;
	const ClfTable *table = info->table;
	QualCost	filter = baserel->baserestrictcost;
	bool		oldest_first = clf_plan_order(pathkeys) == CLF_OLDEST_FIRST;
	double		surcharge = pathkeys ? ORDER_SURCHARGE : 1;
	Cost		startup;
	Cost		total;
	ForeignPath *path;

	startup = table->fdw_startup_cost * (oldest_first ? estimate->search : 1) +
		filter.startup;
	total = startup + table->fdw_startup_cost *
		(oldest_first ? 2 * estimate->requests : Max(0, estimate->requests - 1));
	total += estimate->rows *
		(table->fdw_tuple_cost + cpu_tuple_cost + filter.per_tuple);
	if (estimate->fails)
	{
		startup += FAILING_COST;
		total += FAILING_COST;
	}
	path = clf_create_scan_path(root, baserel, rows, startup * surcharge,
								total * surcharge, pathkeys, outer);
	if (estimate->fails)
		clf_disable_path(&path->path);
	return path;
}

/* Add a path with these conditions pushed down */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, List *pushed,
			  const ClfEstimate *estimate, List *pathkeys, ParamPathInfo *ppi)
{
	double		rows = ppi ? ppi->ppi_rows : baserel->rows;
	ClfEstimate all = *estimate;

	all.requests = clf_plan_requests(baserel->fdw_private, estimate, pushed,
									 rows);
	add_path(baserel, (Path *) create_path(root, baserel, &all, rows, pathkeys,
										   ppi ? ppi->ppi_req_outer :
										   baserel->lateral_relids));
}

/*
 * clf_is_time_column
 *		Is it the column by which the API sorts?
 */
bool
clf_is_time_column(const ClfTable *table, const RelOptInfo *baserel,
				   const Node *node)
{
	const Var  *var = (const Var *) node;

	return IsA(node, Var) && var->varno == (int) baserel->relid &&
		var->varattno > 0 && var->vartype == TIMESTAMPTZOID &&
		table->resource->order_path != NULL &&
		strcmp(clf_column_path(table, var->varattno)->text,
			   table->resource->order_path) == 0;
}

/* Does the pathkey sort by start time?  It is never NULL. */
static bool
sorts_by_time(RelOptInfo *baserel, const PathKey *pathkey)
{
	ClfRelInfo *info = baserel->fdw_private;
	EquivalenceClass *ec = pathkey->pk_eclass;
	ListCell   *lc;

	if (ec->ec_has_volatile ||
		pathkey->pk_opfamily !=
		get_opclass_family(GetDefaultOpClass(TIMESTAMPTZOID, BTREE_AM_OID)))
		return false;
	foreach(lc, clf_ec_members(ec, baserel))
	{
		EquivalenceMember *member = lfirst(lc);

		if (clf_is_time_column(info->table, baserel, (Node *) member->em_expr))
			return true;
	}
	return false;
}

/*
 * clf_plan_drops_little
 *		Does the local filter drop only few of the rows received?  IS NOT NULL on
 *		the start time is true for all calls.
 */
bool
clf_plan_drops_little(const RelOptInfo *baserel, List *scan_clauses,
					  List *pushed)
{
	const ClfRelInfo *info = baserel->fdw_private;
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
			  clf_is_time_column(info->table, baserel, (Node *) test->arg)))
			return false;
	}
	return true;
}

/*
 * Is a search for the oldest records fewer requests than the whole list?  It is if
 * the query needs much less than a page: it has no other relation, and the local
 * filter drops few rows.  Each further page can take several requests.
 */
static bool
is_search_shorter(const PlannerInfo *root, const RelOptInfo *baserel)
{
	const ClfRelInfo *info = baserel->fdw_private;
	const ClfResource *resource = info->table->resource;

	return root->limit_tuples > 0 &&
		root->limit_tuples <= info->table->page_size / 4 &&
		bms_equal(root->all_baserels, baserel->relids) &&
		bms_is_empty(baserel->lateral_relids) &&
		resource->windowed && !resource->search &&
		!info->needs_details && !info->needs_content &&
		clf_plan_drops_little(baserel, baserel->baserestrictinfo, info->pushed) &&
		info->estimate.search < info->estimate.requests;
}

/* Add a path sorted by time if that is useful: the API returns lists newest first */
static void
add_sorted_path(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *pathkeys;

	if (!info->table->newest_first || root->query_pathkeys == NIL ||
		clf_find_ids(info->pushed) || info->estimate.by_session ||
		!sorts_by_time(baserel, linitial(root->query_pathkeys)))
		return;
	pathkeys = list_make1(linitial(root->query_pathkeys));
	if (clf_plan_order(pathkeys) == CLF_NEWEST_FIRST ||
		is_search_shorter(root, baserel))
		add_scan_path(root, baserel, info->pushed, &info->estimate, pathkeys,
					  NULL);
}

/* Does pushing down this join clause reduce the number of requests? */
static bool
reduces_requests(PlannerInfo *root, RelOptInfo *baserel, RestrictInfo *rinfo)
{
	ClfRelInfo *info = baserel->fdw_private;
	List	   *pushed = clf_find_pushed(root, baserel, info->table,
										 info->in_details,
										 rinfo->clause_relids,
										 list_make1(rinfo));
	const ClfFilter *filter;

	if (pushed == NIL)
		return false;
	filter = ((ClfPushed *) linitial(pushed))->filter;
	return (filter->operators & (CLF_OP_IDS | CLF_OP_RANGE)) ||
		filter->values == NULL;
}

/* Expressions of the table for which join clauses are derived, one after another */
typedef struct ClfDerivation
{
	Expr	   *current;		/* NULL: none found yet */
	List	   *done;
} ClfDerivation;

/*
 * Callback of generate_implied_equalities_for_column: can the API filter by em, and
 * is it the current expression?
 */
static bool
is_filter_member(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				 EquivalenceMember *em, void *arg)
{
	const ClfRelInfo *info = rel->fdw_private;
	ClfDerivation *derivation = arg;

	(void) ec;
	if (derivation->current)
		return equal(em->em_expr, derivation->current);
	if (list_member(derivation->done, em->em_expr) ||
		!clf_is_filter(root, rel, info->table, info->in_details,
					   (Node *) em->em_expr))
		return false;
	derivation->current = em->em_expr;
	return true;
}

/*
 * Find the join clauses that can be pushed down in parameterized paths.
 * PostgreSQL derives them from one equivalence class at a time, and each column
 * is in another one.
 */
static List *
find_join_clauses(PlannerInfo *root, RelOptInfo *baserel)
{
	List	   *clauses = list_copy(baserel->joininfo);
	ClfDerivation derivation = {0};

	if (!baserel->has_eclass_joins)
		return clauses;
	do
	{
		derivation.current = NULL;
		clauses = list_concat(clauses,
							  generate_implied_equalities_for_column(root,
																	 baserel,
																	 is_filter_member,
																	 &derivation,
																	 baserel->lateral_referencers));
		derivation.done = lappend(derivation.done, derivation.current);
	} while (derivation.current);
	return clauses;
}

/*
 * Do the join clauses bound only the time?  A scan for each outer row that takes as
 * many requests as one for all rows is never cheaper.
 */
static bool
bounds_time_only(PlannerInfo *root, RelOptInfo *baserel,
				 const ParamPathInfo *ppi)
{
	ClfRelInfo *info = baserel->fdw_private;
	ListCell   *lc;

	foreach(lc, clf_find_pushed(root, baserel, info->table, info->in_details,
								ppi->ppi_req_outer, ppi->ppi_clauses))
	{
		if (!(((ClfPushed *) lfirst(lc))->filter->operators & CLF_OP_RANGE))
			return false;
	}
	return true;
}

/*
 * Add parameterized paths: a scan for each row of the outer relations, which is
 * cheap if these have few rows.
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
			!reduces_requests(root, baserel, rinfo))
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
		List	   *pushed = clf_find_pushed(root, baserel, info->table,
											 info->in_details,
											 ppi->ppi_req_outer, clauses);
		ClfEstimate estimate = clf_estimate(root, baserel, info->table,
											pushed);

		if (estimate.requests >= info->estimate.requests &&
			bounds_time_only(root, baserel, ppi))
			continue;

		/* PostgreSQL does not know that an id is unique */
		ppi->ppi_rows = clamp_row_est(Min(ppi->ppi_rows, estimate.rows));
		add_scan_path(root, baserel, pushed, &estimate, NIL, ppi);
	}
}

/*
 * clf_plan_paths
 *		Add the paths of the table.
 */
void
clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel)
{
	const ClfRelInfo *info = baserel->fdw_private;

	add_scan_path(root, baserel, info->pushed,
				  info->alternatives != NIL ? &info->divided : &info->estimate,
				  NIL, NULL);
	add_sorted_path(root, baserel);
	add_parameterized_paths(root, baserel);
}

/* ----------
 * Ids passed by a join
 * ----------
 */

/*
 * clf_plan_max_ids
 *		Maximum number of ids per request; 0 if the resource has no request by id.
 */
int
clf_plan_max_ids(const RelOptInfo *baserel)
{
	return ((ClfRelInfo *) baserel->fdw_private)->table->resource->max_ids;
}

/*
 * clf_plan_match_ids
 *		If the clause compares the id with an expression of the outer relations,
 *		and a request takes multiple ids, return the filter and store the
 *		expression in *id; else return NULL.
 */
const ClfFilter *
clf_plan_match_ids(PlannerInfo *root, RelOptInfo *baserel, Relids outer,
				   RestrictInfo *rinfo, Expr **id)
{
	ClfRelInfo *info = baserel->fdw_private;
	const ClfPushed *p;
	const ClfCondition *c;

	if (info->table->resource->max_ids <= 1 ||
		clf_find_ids(info->pushed))
		return NULL;
	p = clf_find_ids(clf_find_pushed(root, baserel, info->table,
									 info->in_details, outer,
									 list_make1(rinfo)));
	c = p ? clf_single_condition(p) : NULL;
	if (c == NULL || c->operand != CLF_VALUE ||
		(p->filter->operators & CLF_OP_DETAILS))
		return NULL;
	*id = linitial(p->exprs);
	return p->filter;
}

/*
 * clf_plan_path_for_ids
 *		Create a path that reads the table by ids, which a join passes in
 *		batches.
 */
ForeignPath *
clf_plan_path_for_ids(PlannerInfo *root, RelOptInfo *baserel,
					  const ClfFilter *filter, double ids)
{
	const ClfResource *resource = ((ClfRelInfo *) baserel->fdw_private)->table->resource;
	ClfEstimate estimate = {0};
	ForeignPath *path;

	estimate.records = ids;
	estimate.requests = Max(1, ceil(ids / resource->max_ids));
	estimate.rows = clamp_row_est(ids * resource->rows_per_record);
	path = create_path(root, baserel, &estimate, estimate.rows, NIL, NULL);
	path->fdw_private = list_make2(makeInteger(filter - resource->filters),
								   makeFloat(psprintf("%.0f",
													  estimate.requests)));
	return path;
}

/*
 * clf_plan_is_async
 *		Can the scan be executed asynchronously?  Not with requests per row:
 *		these are synchronous and block the other scans of an Append.
 */
bool
clf_plan_is_async(const RelOptInfo *baserel)
{
	const ClfRelInfo *info = baserel->fdw_private;

	return info->table->async_capable && !info->needs_details &&
		!info->needs_content;
}
