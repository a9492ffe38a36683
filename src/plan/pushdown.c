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
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "plan/pushdown.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* What a clause is matched against */
typedef struct Matcher
{
	PlannerInfo *root;
	RelOptInfo *baserel;
	const ClfTable *table;
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

/* ----------
 * Functions of a time
 * ----------
 */

/* Functions of a time that give one which is not later, but for the time zone */
typedef struct TimeFunction
{
	Oid			funcid;
	int			argument;		/* which one is the time; 1: the unit is first */
	int			width;			/* seconds that it cuts off at most; with a
								 * unit those of the unit */
} TimeFunction;

static const TimeFunction time_functions[] = {
	{F_DATE_TIMESTAMPTZ, 0, SECS_PER_DAY},
	{F_DATE_TIMESTAMP, 0, SECS_PER_DAY},
	{F_TIMESTAMP_TIMESTAMPTZ, 0, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, 1, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, 1, 0},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, 1, 0},
};

/* Units of date_trunc, and their seconds at most */
typedef struct TimeUnit
{
	const char *name;
	int			width;
} TimeUnit;

static const TimeUnit time_units[] = {
	{"minute", SECS_PER_MINUTE},
	{"hour", SECS_PER_HOUR},
	{"day", SECS_PER_DAY},
	{"week", 7 * SECS_PER_DAY},
	{"month", 31 * SECS_PER_DAY},
	{"quarter", 92 * SECS_PER_DAY},
	{"year", 366 * SECS_PER_DAY},
};

/* So much the time zone may change its offset by, twice a year; seconds */
#define ZONE_CHANGE (3 * SECS_PER_HOUR)

/* A time that a type shows to the second may be so far off */
#define ROUNDING 1

/* The seconds of the unit that is named; negative when it is not known */
static int
unit_width(Node *unit)
{
	char	   *name;

	if (!IsA(unit, Const) || ((Const *) unit)->constisnull)
		return -1;
	name = TextDatumGetCString(((Const *) unit)->constvalue);
	for (size_t i = 0; i < lengthof(time_units); i++)
	{
		if (pg_strcasecmp(name, time_units[i].name) == 0)
			return time_units[i].width;
	}
	return -1;
}

/* The time that the function is applied to, or NULL when it is another one */
static Node *
argument_of(const FuncExpr *func, int *width)
{
	for (size_t i = 0; i < lengthof(time_functions); i++)
	{
		const TimeFunction *f = &time_functions[i];

		if (f->funcid != func->funcid)
			continue;
		*width = f->argument == 0 ? f->width : unit_width(linitial(func->args));
		return *width < 0 ? NULL : list_nth(func->args, f->argument);
	}
	return NULL;
}

/*
 * What is below the functions of a time, and how far, in seconds, the time that
 * they show may be before that of the API, and after it.  timestamptz(0) may be
 * half a second away from it.
 */
static Node *
look_below(Node *node, ClfCondition *condition)
{
	Node	   *below = strip_relabelling(node);
	int32		typmod;
	int			width;

	condition->before = condition->after = 0;
	while (IsA(below, FuncExpr))
	{
		Node	   *argument = argument_of((FuncExpr *) below, &width);

		if (argument == NULL)
			return below;
		condition->before += width + ZONE_CHANGE;
		condition->after += ZONE_CHANGE;
		below = strip_relabelling(argument);
	}
	typmod = exprTypmod(below);
	if (getBaseTypeAndTypmod(exprType(below), &typmod) == TIMESTAMPTZOID &&
		typmod >= 0)
	{
		condition->before += ROUNDING;
		condition->after += ROUNDING;
	}
	return below;
}

/* Is the time that of the API, but for a fraction of a second? */
static bool
shows_all(const ClfCondition *condition)
{
	return condition->before <= ROUNDING && condition->after <= ROUNDING;
}

/* ----------
 * Conditions
 * ----------
 */

/*
 * The filter of the endpoint that fits this expression as a column of the
 * relation, or NULL.
 */
static const ClfFilter *
find_filter(const Matcher *matcher, Node *node)
{
	const ClfTable *table = matcher->table;
	const char *path;
	Var		   *var;

	if (!IsA(node, Var))
		return NULL;
	var = (Var *) node;
	if (var->varno != (int) matcher->baserel->relid || var->varlevelsup != 0 ||
		var->varattno <= 0)
		return NULL;

	path = clf_column_path(table, var->varattno)->text;
	for (const ClfFilter *f = table->resource->filters; f->json_path; f++)
	{
		if (strcmp(f->json_path, path) == 0 &&
			(f->levels & CLF_AT(clf_table_level(table))) &&
			(!(f->operators & CLF_OP_IDS) || clf_holds_all_records(table)) &&
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

static bool
is_time_type(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

/*
 * The strategy of "time op expression", 0 when the operator is no comparison of
 * such types.
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
	return is_time_type(left) && is_time_type(right) ? strategy : 0;
}

/*
 * The strategy as which a filter can apply "column op expression", 0 when it
 * cannot.  Only for times that are timestamptz, perhaps below functions: what the
 * text of one means as another type depends on the session.  Text equality must
 * mean the same bytes: under a nondeterministic collation 'voice' equals 'Voice',
 * which the API does not know.
 */
static int
filter_strategy(const ClfFilter *filter, const ClfCondition *condition,
				Node *column, Oid opno, Oid collation)
{
	int			strategy;

	if (filter->operators & (CLF_OP_RANGE | CLF_OP_SINCE))
	{
		strategy = getBaseType(exprType(column)) == TIMESTAMPTZOID ?
			range_strategy(opno) : 0;
		return (filter->operators & CLF_OP_RANGE) ||
			(strategy == BTEqualStrategyNumber && shows_all(condition)) ?
			strategy : 0;
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
	ClfCondition *condition = &pushed->condition;
	Node	   *below = look_below(column, condition);
	const ClfFilter *filter = find_filter(matcher, below);

	if (filter == NULL || !OidIsValid(opno) ||
		!is_row_independent(matcher, expr))
		return false;
	condition->filter = filter;
	condition->strategy = filter_strategy(filter, condition, below, opno,
										  collation);
	if (condition->strategy == 0)
		return false;
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
	const ClfFilter *filter = find_filter(matcher,
										  strip_relabelling((Node *) test->arg));

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
 * clf_is_filter
 *		Could a comparison with this expression become a parameter?  in_details
 *		as below.
 */
bool
clf_is_filter(PlannerInfo *root, RelOptInfo *baserel,
			  const ClfTable *table, bool in_details, Node *node)
{
	Matcher		matcher = {root, baserel, table, in_details, NULL};
	ClfCondition condition;

	return find_filter(&matcher, look_below(node, &condition)) != NULL;
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
				const ClfTable *table, bool in_details, Relids outer,
				List *rinfos)
{
	Matcher		matcher = {root, baserel, table, in_details, outer};
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
		return shows_all(&pushed->condition);
	return filter->values != NULL &&
		(pushed->expr == NULL || (filter->operators & CLF_OP_EQUAL));
}
