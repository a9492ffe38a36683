/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *	  Which of a query's conditions the API can apply.
 *
 * A condition is pushed when it compares a column that the endpoint can filter
 * by with an expression that does not depend on the rows: the expression is
 * evaluated when the scan starts, so parameters, now() and sub-selects work as
 * constants do.
 *
 *-------------------------------------------------------------------------
 */
#include "pushdown.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

/* What a clause is matched against */
typedef struct Matcher
{
	PlannerInfo *root;
	RelOptInfo *baserel;
	const ClfOptions *options;
	bool		in_details;		/* would the details suffice for all columns? */
	Relids		outer;			/* relations whose columns have values before */
} Matcher;

/* Text operators see a varchar column through a relabelling */
static Node *
strip_relabelling(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/*
 * Does the column round what the API has?  timestamptz(0) may be half a second
 * away from it.
 */
static bool
is_rounded(Node *column)
{
	Node	   *node = strip_relabelling(column);
	int32		typmod = exprTypmod(node);

	return getBaseTypeAndTypmod(exprType(node), &typmod) == TIMESTAMPTZOID &&
		typmod >= 0;
}

/*
 * The filter of the endpoint that fits this expression as a column of the
 * relation, or NULL.
 */
static const ClfFilter *
find_filter(const Matcher *matcher, Node *node)
{
	const ClfOptions *options = matcher->options;
	const char *path;
	Var		   *var;

	node = strip_relabelling(node);
	if (!IsA(node, Var))
		return NULL;
	var = (Var *) node;
	if (var->varno != (int) matcher->baserel->relid || var->varlevelsup != 0 ||
		var->varattno <= 0)
		return NULL;

	path = clf_column_path(options, var->varattno);
	for (const ClfFilter *f = options->resource->filters; f->json_path; f++)
	{
		if (strcmp(f->json_path, path) == 0 &&
			(f->levels & CLF_AT(clf_table_level(options))) &&
			(!(f->operators & CLF_OP_IDS) || clf_holds_all_records(options)) &&
			(!(f->operators & CLF_OP_DETAILS) || matcher->in_details))
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
is_row_independent(const Matcher *matcher, Node *expr)
{
	return bms_is_subset(pull_varnos(matcher->root, expr), matcher->outer) &&
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
match_operator(const Matcher *matcher, ClfPushed *pushed, Oid opno,
			   Oid collation, Node *column, Node *expr)
{
	const ClfFilter *filter = find_filter(matcher, column);
	int			strategy;

	if (filter == NULL || !OidIsValid(opno) ||
		!is_row_independent(matcher, expr))
		return false;
	strategy = filter_strategy(filter, opno, collation);
	if (strategy == 0)
		return false;
	pushed->condition.filter = filter;
	pushed->condition.strategy = strategy;
	pushed->condition.is_rounded = is_rounded(column);
	pushed->expr = (Expr *) expr;
	return true;
}

static bool
match_op_expr(const Matcher *matcher, ClfPushed *pushed, OpExpr *op)
{
	Node	   *left;
	Node	   *right;

	if (list_length(op->args) != 2)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	return match_operator(matcher, pushed, op->opno, op->inputcollid, left,
						  right) ||
		match_operator(matcher, pushed, get_commutator(op->opno),
					   op->inputcollid, right, left);
}

static bool
match_array_op(const Matcher *matcher, ClfPushed *pushed,
			   ScalarArrayOpExpr *op)
{
	if (!op->useOr ||
		!match_operator(matcher, pushed, op->opno, op->inputcollid,
						linitial(op->args), lsecond(op->args)) ||
		(pushed->condition.filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT)))
		return false;
	pushed->condition.is_array = true;
	return true;
}

static bool
match_null_test(const Matcher *matcher, ClfPushed *pushed, NullTest *test)
{
	const ClfFilter *filter = find_filter(matcher, (Node *) test->arg);

	if (test->nulltesttype != IS_NOT_NULL || filter == NULL ||
		!(filter->operators & CLF_OP_PRESENT))
		return false;
	pushed->condition.filter = filter;
	return true;
}

static bool
match_clause(const Matcher *matcher, ClfPushed *pushed, Expr *clause)
{
	if (IsA(clause, OpExpr))
		return match_op_expr(matcher, pushed, (OpExpr *) clause);
	if (IsA(clause, ScalarArrayOpExpr))
		return match_array_op(matcher, pushed, (ScalarArrayOpExpr *) clause);
	if (IsA(clause, NullTest))
		return match_null_test(matcher, pushed, (NullTest *) clause);
	return false;
}

/*
 * clf_find_pushed
 *		Those of the clauses that become parameters, as a list of ClfPushed *.
 *		in_details: would the answer for a row's own id suffice for all columns
 *		of the query?  outer: other relations whose columns have a value before
 *		the scan starts.
 */
List *
clf_find_pushed(PlannerInfo *root, RelOptInfo *baserel,
				const ClfOptions *options, bool in_details, Relids outer,
				List *rinfos)
{
	Matcher		matcher = {root, baserel, options, in_details, outer};
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		ClfPushed  *pushed = palloc0(sizeof(ClfPushed));

		pushed->rinfo = rinfo;
		if (!rinfo->pseudoconstant &&
			match_clause(&matcher, pushed, rinfo->clause))
			result = lappend(result, pushed);
	}
	return result;
}

/*
 * clf_is_exact
 *		Does the API leave over what the clause would, but for a second at the
 *		ends of a range?  The others only narrow what is fetched.
 */
bool
clf_is_exact(const ClfPushed *pushed)
{
	const ClfFilter *filter = pushed->condition.filter;

	if (filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT))
		return true;
	return filter->values != NULL &&
		(pushed->expr == NULL || (filter->operators & CLF_OP_EQUAL));
}
