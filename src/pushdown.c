/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *	  From the query's conditions to a plan of requests.
 *
 * A condition is pushed when it compares a column that the endpoint can filter
 * by with an expression that does not depend on the rows: the expression is
 * evaluated when the scan starts, so parameters, now() and sub-selects work as
 * constants do.
 *
 *-------------------------------------------------------------------------
 */
#include "pushdown.h"

#include <math.h>

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/prep.h"
#include "optimizer/restrictinfo.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

/*
 * Records in a table that was never analyzed: what a small company makes in a
 * year.
 */
#define DEFAULT_TUPLES 100000.0

/* Ids in an array that is not known when the query is planned */
#define DEFAULT_IDS 100.0

/* A condition together with where it came from; lives in planning only */
typedef struct PushedClause
{
	ClfCondition condition;
	RestrictInfo *rinfo;
	Expr	   *expr;			/* the side that is not the column, or NULL */
} PushedClause;

/* What planning knows about a relation: baserel->fdw_private */
typedef struct ClfRelInfo
{
	ClfOptions *options;
	List	   *attnums;		/* the columns that the query needs */
	bool		in_details;		/* would the details suffice for them? */
	List	   *pushed;			/* of PushedClause * */
	double		fetched;		/* records that the requests bring */
	double		requests;
} ClfRelInfo;

/* Members of fdw_private, in this order */
enum ScanPrivate
{
	PRIVATE_RESOURCE,			/* String: resource name */
	PRIVATE_LEVEL,				/* Integer: ClfLevel */
	PRIVATE_DETAILED,			/* Integer: view=Detailed? */
	PRIVATE_PAGE_SIZE,			/* Integer */
	PRIVATE_REQUESTS,			/* Float: estimated requests */
	PRIVATE_ATTNUMS,			/* IntList */
	PRIVATE_CONDITIONS,			/* List of IntList, see condition_to_list */
	PRIVATE_EARLY				/* List of IntList, by ClfSource */
};

/* ----------
 * Which conditions the API can apply
 * ----------
 */

/*
 * The filter of the endpoint that fits this expression as a column of the
 * relation, or NULL.
 */
static const ClfFilter *
find_filter(const ClfRelInfo *info, RelOptInfo *baserel, Node *node)
{
	const ClfOptions *options = info->options;
	const char *path;
	Var		   *var;

	/* text operators see a varchar column through a relabelling */
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (!IsA(node, Var))
		return NULL;
	var = (Var *) node;
	if (var->varno != (int) baserel->relid || var->varlevelsup != 0 ||
		var->varattno <= 0)
		return NULL;

	path = clf_column_path(options, var->varattno);
	for (const ClfFilter *f = options->resource->filters; f->json_path; f++)
	{
		if (strcmp(f->json_path, path) == 0 &&
			(f->levels & CLF_AT(clf_table_level(options))) &&
			(!(f->operators & CLF_OP_IDS) || clf_holds_all_records(options)) &&
			(!(f->operators & CLF_OP_DETAILS) || info->in_details))
			return f;
	}
	return NULL;
}

/*
 * Is the value known before the first row is?  Sub-selects that do not depend
 * on the row are parameters by now; other sub-plans are not worth running
 * twice.
 */
static bool
is_row_independent(PlannerInfo *root, Node *expr)
{
	return bms_is_empty(pull_varnos(root, expr)) &&
		!contain_volatile_functions(expr) && !contain_subplans(expr);
}

/*
 * The strategy of "timestamptz column op expression", 0 when the operator is
 * no comparison of dates.  Only for columns that are timestamptz: what the
 * text of a start time means as another type depends on the session.
 */
static int
range_strategy(Oid opno)
{
	Oid			family = get_opclass_family(GetDefaultOpClass(TIMESTAMPTZOID,
															  BTREE_AM_OID));
	int			strategy;
	Oid			left;
	Oid			right;

	if (!op_in_opfamily(opno, family))
		return 0;
	get_op_opfamily_properties(opno, family, false, &strategy, &left, &right);
	if (left != TIMESTAMPTZOID ||
		(right != TIMESTAMPTZOID && right != TIMESTAMPOID && right != DATEOID))
		return 0;
	return strategy;
}

/*
 * The strategy as which a filter can apply "column op expression", 0 when it
 * cannot.  Text equality must mean the same bytes: under a nondeterministic
 * collation 'voice' equals 'Voice', which the API does not know.
 */
static int
filter_strategy(const ClfFilter *filter, Oid opno, Oid collation)
{
	int			strategy;

	if (filter->operators & (CLF_OP_RANGE | CLF_OP_SINCE))
	{
		strategy = range_strategy(opno);
		return (filter->operators & CLF_OP_RANGE) ||
			strategy == BTEqualStrategyNumber ? strategy : 0;
	}
	if (opno == TextEqualOperator && OidIsValid(collation) &&
		get_collation_isdeterministic(collation))
		return BTEqualStrategyNumber;
	return 0;
}

/* Try "column op expression" */
static bool
match_operator(PlannerInfo *root, RelOptInfo *baserel, PushedClause *pushed,
			   Oid opno, Oid collation, Node *column, Node *expr)
{
	const ClfFilter *filter = find_filter(baserel->fdw_private, baserel,
										  column);
	int			strategy;

	if (filter == NULL || !OidIsValid(opno) ||
		!is_row_independent(root, expr))
		return false;
	strategy = filter_strategy(filter, opno, collation);
	if (strategy == 0)
		return false;
	pushed->condition.filter = filter;
	pushed->condition.strategy = strategy;
	pushed->expr = (Expr *) expr;
	return true;
}

static bool
match_op_expr(PlannerInfo *root, RelOptInfo *baserel, PushedClause *pushed,
			  OpExpr *op)
{
	Node	   *left;
	Node	   *right;

	if (list_length(op->args) != 2)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	return match_operator(root, baserel, pushed, op->opno, op->inputcollid,
						  left, right) ||
		match_operator(root, baserel, pushed, get_commutator(op->opno),
					   op->inputcollid, right, left);
}

static bool
match_array_op(PlannerInfo *root, RelOptInfo *baserel, PushedClause *pushed,
			   ScalarArrayOpExpr *op)
{
	if (!op->useOr ||
		!match_operator(root, baserel, pushed, op->opno, op->inputcollid,
						linitial(op->args), lsecond(op->args)) ||
		(pushed->condition.filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT)))
		return false;
	pushed->condition.is_array = true;
	return true;
}

static bool
match_null_test(RelOptInfo *baserel, PushedClause *pushed, NullTest *test)
{
	const ClfFilter *filter = find_filter(baserel->fdw_private, baserel,
										  (Node *) test->arg);

	if (test->nulltesttype != IS_NOT_NULL || filter == NULL ||
		!(filter->operators & CLF_OP_PRESENT))
		return false;
	pushed->condition.filter = filter;
	return true;
}

static bool
match_clause(PlannerInfo *root, RelOptInfo *baserel, PushedClause *pushed,
			 Expr *clause)
{
	if (IsA(clause, OpExpr))
		return match_op_expr(root, baserel, pushed, (OpExpr *) clause);
	if (IsA(clause, ScalarArrayOpExpr))
		return match_array_op(root, baserel, pushed,
							  (ScalarArrayOpExpr *) clause);
	if (IsA(clause, NullTest))
		return match_null_test(baserel, pushed, (NullTest *) clause);
	return false;
}

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

/* All of the relation's restrictions that become parameters */
static List *
find_pushed_clauses(PlannerInfo *root, RelOptInfo *baserel)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, baserel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		PushedClause *pushed = palloc0(sizeof(PushedClause));

		pushed->rinfo = rinfo;
		if (!rinfo->pseudoconstant &&
			match_clause(root, baserel, pushed, rinfo->clause))
			result = lappend(result, pushed);
	}
	return result;
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

/* The condition on ids, NULL when there is none */
static const PushedClause *
find_ids(const ClfRelInfo *info)
{
	ListCell   *lc;

	foreach(lc, info->pushed)
	{
		const PushedClause *pushed = lfirst(lc);

		if (pushed->condition.filter->operators & CLF_OP_IDS)
			return pushed;
	}
	return NULL;
}

/* How many ids the condition names */
static double
estimate_ids(const PushedClause *ids)
{
	ArrayType  *array;

	if (!ids->condition.is_array)
		return 1;
	if (!IsA(ids->expr, Const) || ((Const *) ids->expr)->constisnull)
		return DEFAULT_IDS;
	array = DatumGetArrayTypeP(((Const *) ids->expr)->constvalue);
	return Max(1, ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
}

/* The records that the requests bring, and how many requests it takes */
static void
estimate_requests(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;
	const PushedClause *ids = find_ids(info);
	bool		details = false;
	List	   *rinfos = NIL;
	ListCell   *lc;

	if (ids)
	{
		details = (ids->condition.filter->operators & CLF_OP_DETAILS) != 0;
		info->fetched = estimate_ids(ids);
		info->requests = details ? info->fetched :
			ceil(info->fetched / info->options->resource->max_ids);
		baserel->rows = Min(baserel->rows, info->fetched);
	}
	else
	{
		foreach(lc, info->pushed)
			rinfos = lappend(rinfos, ((PushedClause *) lfirst(lc))->rinfo);
		info->fetched = baserel->tuples *
			clauselist_selectivity(root, rinfos, 0, JOIN_INNER, NULL);
		info->requests = ceil(info->fetched / info->options->page_size);
	}
	info->requests = Max(1.0, info->requests);
	if (clf_needs_source(info->options, info->attnums, CLF_SOURCE_DETAILS) &&
		!details)
		info->requests += baserel->rows;
	if (clf_needs_source(info->options, info->attnums, CLF_SOURCE_CONTENT))
		info->requests += baserel->rows;
}

/*
 * clf_plan_rel_size
 *		Read the table's options, choose what to push, estimate the rows.
 */
void
clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	ClfRelInfo *info = palloc0(sizeof(ClfRelInfo));

	baserel->fdw_private = info;
	info->options = clf_get_options(relid);
	add_partition_bounds(root, baserel, relid);
	info->attnums = find_attnums(baserel, relid);
	info->in_details = are_in_details(info->options, info->attnums);
	info->pushed = find_pushed_clauses(root, baserel);

	if (baserel->tuples <= 0)
		baserel->tuples = DEFAULT_TUPLES;
	set_baserel_size_estimates(root, baserel);
	estimate_requests(root, baserel);
}

/*
 * clf_plan_paths
 *		The one way to read the table: all pages, in no promised order.
 */
void
clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel)
{
	ClfRelInfo *info = baserel->fdw_private;
	const ClfOptions *options = info->options;
	QualCost	filter = baserel->baserestrictcost;
	Cost		startup;
	Cost		total;

	startup = options->fdw_startup_cost + filter.startup;
	total = startup + (info->requests - 1) * options->fdw_startup_cost;
	total += info->fetched *
		(options->fdw_tuple_cost + cpu_tuple_cost + filter.per_tuple);
	add_path(baserel, (Path *) clf_create_scan_path(root, baserel,
													baserel->rows, startup,
													total, NIL,
													baserel->lateral_relids));
}

/* ----------
 * The plan node
 * ----------
 */

static bool
needs_detailed(const ClfRelInfo *info)
{
	ListCell   *lc;

	foreach(lc, info->attnums)
	{
		if (clf_path_needs_detailed(info->options->resource,
									clf_column_path(info->options,
													lfirst_int(lc))))
			return true;
	}
	return false;
}

static List *
condition_to_list(const ClfResource *resource, const ClfCondition *c)
{
	return list_make5_int(c->filter - resource->filters, c->strategy,
						  c->is_array, c->expr, c->clause);
}

static void
condition_from_list(const ClfResource *resource, List *list, ClfCondition *c)
{
	c->filter = &resource->filters[linitial_int(list)];
	c->strategy = lsecond_int(list);
	c->is_array = lthird_int(list);
	c->expr = lfourth_int(list);
	c->clause = list_nth_int(list, 4);
}

/* Where in scan_clauses, without the pseudoconstant ones, this one stands */
static int
clause_position(List *scan_clauses, const RestrictInfo *rinfo)
{
	int			position = 0;
	ListCell   *lc;

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
clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel, List *tlist,
			  List *scan_clauses, Plan *outer_plan)
{
	ClfRelInfo *info = baserel->fdw_private;
	const ClfOptions *options = info->options;
	List	   *early = NIL;
	List	   *exprs = NIL;
	List	   *conditions = NIL;
	List	   *private;
	ListCell   *lc;

	(void) root;
	foreach(lc, info->pushed)
	{
		PushedClause *pushed = lfirst(lc);

		pushed->condition.clause = clause_position(scan_clauses,
												   pushed->rinfo);
		pushed->condition.expr = -1;
		if (pushed->expr)
		{
			pushed->condition.expr = list_length(exprs);
			exprs = lappend(exprs, pushed->expr);
		}
		conditions = lappend(conditions,
							 condition_to_list(options->resource,
											   &pushed->condition));
	}

	/* in the order of enum ScanPrivate */
	private = list_make5(makeString(pstrdup(options->resource->name)),
						 makeInteger(clf_table_level(options)),
						 makeInteger(needs_detailed(info)),
						 makeInteger(options->page_size),
						 makeFloat(psprintf("%.0f", info->requests)));
	private = lappend(private, info->attnums);
	private = lappend(private, conditions);
	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		early = lappend(early, find_early_clauses(info, baserel, scan_clauses,
												  source));
	private = lappend(private, early);

	return make_foreignscan(tlist, extract_actual_clauses(scan_clauses, false),
							baserel->relid, exprs, private, NIL, NIL,
							outer_plan);
}

/*
 * clf_get_request_plan
 *		What clf_plan_scan put into the node.  Palloc'd in the current memory
 *		context.
 */
ClfRequestPlan *
clf_get_request_plan(const ForeignScan *plan)
{
	List	   *private = plan->fdw_private;
	List	   *conditions = list_nth(private, PRIVATE_CONDITIONS);
	ClfRequestPlan *result = palloc0(sizeof(ClfRequestPlan));

	result->resource = clf_find_resource(strVal(list_nth(private,
														 PRIVATE_RESOURCE)));
	result->level = intVal(list_nth(private, PRIVATE_LEVEL));
	result->detailed = intVal(list_nth(private, PRIVATE_DETAILED));
	result->page_size = intVal(list_nth(private, PRIVATE_PAGE_SIZE));
	result->requests = floatVal(list_nth(private, PRIVATE_REQUESTS));
	result->attnums = list_nth(private, PRIVATE_ATTNUMS);
	result->conditions = palloc0((list_length(conditions) + 1) *
								 sizeof(ClfCondition));
	for (int i = 0; i < list_length(conditions); i++)
		condition_from_list(result->resource, list_nth(conditions, i),
							&result->conditions[i]);
	result->nconditions = list_length(conditions);
	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		result->early[source] = list_nth(list_nth(private, PRIVATE_EARLY),
										 source);
	return result;
}
