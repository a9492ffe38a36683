/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *	  Find the clauses that the API can evaluate.
 *
 * A clause is pushed down if it compares a column that the endpoint can filter
 * by with an expression that does not depend on the table's rows.  The expression
 * is evaluated when the scan starts, so parameters, now() and sub-selects are
 * handled like constants.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "plan/pushdown.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* Context of matching a clause */
typedef struct Matcher
{
	PlannerInfo *root;
	RelOptInfo *baserel;
	const ClfTable *table;
	bool		in_details;		/* are all columns in the details? */
	Relids		outer;			/* relations that parameterize the scan */
	const char *parameter;		/* only filters with it; NULL: all filters */
} Matcher;

/* ----------
 * Conditions
 * ----------
 */

/* Find the endpoint's filter for the expression, a column; NULL if none */
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
			(!matcher->parameter || strcmp(f->parameter, matcher->parameter) == 0) &&
			(f->levels & CLF_AT(clf_table_level(table))) &&
			(!(f->operators & CLF_OP_IDS) || clf_holds_all_records(table)) &&
			(!(f->operators & CLF_OP_DETAILS) || matcher->in_details))
			return f;
	}
	return NULL;
}

/*
 * Can the expression be evaluated before the scan starts?  Uncorrelated
 * sub-selects have become parameters already; other sub-plans are too expensive
 * to be evaluated twice.
 */
static bool
is_row_independent(const Matcher *matcher, Node *expr)
{
	return bms_is_subset(pull_varnos(matcher->root, expr), matcher->outer) &&
		!contain_volatile_functions(expr) && !contain_subplans(expr);
}

/* Is it a type of a time, or of the seconds since 1970? */
static bool
is_time_or_number(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID ||
		type == NUMERICOID || type == FLOAT8OID || type == INT4OID ||
		type == INT8OID;
}

/*
 * Return the B-tree strategy of "time op expression", or 0 if the operator does
 * not compare such types.
 */
static int
range_strategy(Oid opno)
{
	Oid			input;
	Oid			opclass;
	Oid			family;
	int			strategy;
	Oid			left;
	Oid			right;

	op_input_types(opno, &input, &right);
	if (!is_time_or_number(input) || !is_time_or_number(right))
		return 0;
	opclass = GetDefaultOpClass(input, BTREE_AM_OID);
	family = OidIsValid(opclass) ? get_opclass_family(opclass) : InvalidOid;
	if (!OidIsValid(family) || !op_in_opfamily(opno, family))
		return 0;
	get_op_opfamily_properties(opno, family, false, &strategy, &left, &right);
	return strategy;
}

/* Does the operator test integers for equality? */
static bool
is_integer_equality(Oid opno)
{
	return get_op_opfamily_strategy(opno, INTEGER_BTREE_FAM_OID) ==
		BTEqualStrategyNumber;
}

/* Do the functions change the value? */
static bool
is_shifted(const ClfTimeShift *shift)
{
	return shift->before != 0 || shift->after != 0 ||
		shift->multiplier != shift->divisor;
}

/*
 * Return the strategy by which the filter can evaluate "column op expression", or
 * 0.  A time column must have the type timestamptz, possibly below functions:
 * the conversion to other types depends on the session.  No other column may be
 * below functions: a shift implies bounds, not a value.  Text equality must be
 * bytewise: with a nondeterministic collation 'voice' can equal 'Voice', which
 * the API does not support.
 */
static int
filter_strategy(const ClfFilter *filter, const ClfTimeShift *shift,
				Node *column, Node *below, Oid opno, Oid collation)
{
	bool		is_time = filter->operators & (CLF_OP_RANGE | CLF_OP_SINCE);
	int			strategy;

	if (is_time ? getBaseType(exprType(below)) != TIMESTAMPTZOID :
		is_shifted(shift))
		return 0;
	if ((filter->operators & CLF_OP_EXTENSION) && is_integer_equality(opno))
		return BTEqualStrategyNumber;
	if (opno == TextEqualOperator)
		strategy = OidIsValid(collation) &&
			get_collation_isdeterministic(collation) ? BTEqualStrategyNumber : 0;
	else
		strategy = is_time ? range_strategy(opno) : 0;
	if ((filter->operators & CLF_OP_SINCE) &&
		(strategy != BTEqualStrategyNumber || column != below))
		return 0;
	return strategy;
}

/* Add a condition; expr may be NULL */
static ClfCondition *
append_condition(ClfPushed *pushed, const ClfFilter *filter, Node *expr)
{
	ClfCondition *condition = palloc0(sizeof(ClfCondition));

	condition->filter = filter;
	condition->size = 1;
	condition->expr = -1;
	if (expr)
	{
		condition->expr = list_length(pushed->exprs);
		pushed->exprs = lappend(pushed->exprs, expr);
	}
	pushed->conditions = lappend(pushed->conditions, condition);
	return condition;
}

/* Match "column op expression"; returns the condition, or NULL */
static ClfCondition *
match_operator(const Matcher *matcher, ClfPushed *pushed, Oid opno,
			   Oid collation, Node *column, Node *expr)
{
	ClfTimeShift shift;
	Node	   *below = clf_time_below(column, &shift);
	const ClfFilter *filter = find_filter(matcher, below);
	ClfCondition *condition;
	int			strategy;

	if (filter == NULL || !OidIsValid(opno) ||
		!is_row_independent(matcher, expr))
		return NULL;
	strategy = filter_strategy(filter, &shift, column, below, opno, collation);
	if (strategy == 0)
		return NULL;
	condition = append_condition(pushed, filter, expr);
	condition->strategy = strategy;
	condition->shift = shift;
	return condition;
}

/* Match an operator with the column on either side */
static ClfCondition *
match_sides(const Matcher *matcher, ClfPushed *pushed, Oid opno, Oid collation,
			Node *left, Node *right)
{
	ClfCondition *condition = match_operator(matcher, pushed, opno, collation,
											 left, right);

	return condition ? condition :
		match_operator(matcher, pushed, get_commutator(opno), collation, right,
					   left);
}

/* Match "column <@ range" or multirange: lower and upper bounds */
static bool
match_range(const Matcher *matcher, ClfPushed *pushed, Node *column,
			Node *range)
{
	ClfTimeShift shift;
	Node	   *below = clf_time_below(column, &shift);
	const ClfFilter *filter = find_filter(matcher, below);
	Oid			type = getBaseType(exprType(range));
	bool		is_range = type == TSTZRANGEOID || type == TSRANGEOID ||
	type == DATERANGEOID;
	ClfCondition *condition;

	if (filter == NULL || !(filter->operators & CLF_OP_RANGE) ||
		getBaseType(exprType(below)) != TIMESTAMPTZOID ||
		!(is_range || type == TSTZMULTIRANGEOID || type == TSMULTIRANGEOID ||
		  type == DATEMULTIRANGEOID) ||
		!is_row_independent(matcher, range))
		return false;
	condition = append_condition(pushed, filter, range);
	condition->strategy = BTEqualStrategyNumber;
	condition->operand = is_range ? CLF_RANGE : CLF_MULTIRANGE;
	condition->shift = shift;
	return true;
}

/* A difference of times */
typedef struct Difference
{
	Node	   *minuend;
	Node	   *subtrahend;
	bool		in_days;		/* a number of days? */
	bool		symbolic;		/* in years, months and days? */
} Difference;

/* Functions that subtract times */
static const struct
{
	Oid			funcid;
	bool		in_days;
}			differences[] = {
	{F_TIMESTAMPTZ_MI, false},
	{F_TIMESTAMP_MI, false},
	{F_DATE_MI, true},
	{F_AGE_TIMESTAMPTZ_TIMESTAMPTZ, false},
	{F_AGE_TIMESTAMP_TIMESTAMP, false},
};

static bool
find_difference(Node *node, Difference *difference)
{
	List	   *args = NIL;
	Oid			funcid = clf_called_function(node, &args);

	for (size_t i = 0; i < lengthof(differences); i++)
	{
		if (differences[i].funcid != funcid)
			continue;
		difference->minuend = linitial(args);
		difference->subtrahend = lsecond(args);
		difference->in_days = differences[i].in_days;
		difference->symbolic = clf_is_age(node);
		return true;
	}
	return false;
}

/* Operator family of the type's B-tree order */
static Oid
btree_family(Oid type)
{
	return get_opclass_family(GetDefaultOpClass(type, BTREE_AM_OID));
}

/* Strategy of an operator that compares lengths of time: intervals or numbers */
static int
length_strategy(Oid opno)
{
	int			strategy = OidIsValid(opno) ?
	get_op_opfamily_strategy(opno, btree_family(INTERVALOID)) : 0;

	return strategy != 0 || !OidIsValid(opno) ? strategy : range_strategy(opno);
}

/*
 * Match the column as one side of the difference: a later minuend makes it longer, a
 * later subtrahend shorter.
 */
static ClfCondition *
match_difference_side(const Matcher *matcher, ClfPushed *pushed,
					  const Difference *difference, int strategy, bool minuend)
{
	Oid			opno;

	if (!minuend)
		strategy = BTMaxStrategyNumber + 1 - strategy;
	opno = get_opfamily_member(btree_family(TIMESTAMPTZOID), TIMESTAMPTZOID,
							   TIMESTAMPTZOID, strategy);
	return match_operator(matcher, pushed, opno, InvalidOid,
						  minuend ? difference->minuend : difference->subtrahend,
						  minuend ? difference->subtrahend : difference->minuend);
}

/*
 * Match "expression - column op length" and "column - expression op length", also
 * of functions of the difference, such as its days.  The days of a symbolic
 * difference differ from those of the times: an interval's month is taken to have
 * 30 days, while n months have 30.44 n days on average, and at most 3 days less or
 * more.
 */
static bool
match_difference(const Matcher *matcher, ClfPushed *pushed, Oid opno,
				 Node *left, Node *right)
{
	ClfTimeShift outer;
	Difference	difference;
	int			strategy = length_strategy(opno);
	bool		minuend = false;
	ClfCondition *condition;
	int			seconds;
	int			slack;

	if (strategy == 0 ||
		!find_difference(clf_time_below(left, &outer), &difference) ||
		(difference.in_days && !clf_count_days(&outer)) ||
		!clf_length_seconds(right, &outer, &seconds))
		return false;
	condition = match_difference_side(matcher, pushed, &difference, strategy,
									  minuend);
	if (condition == NULL)
	{
		minuend = true;
		condition = match_difference_side(matcher, pushed, &difference,
										  strategy, minuend);
	}
	if (condition == NULL)
		return false;
	slack = 1 + Max(outer.before, outer.after);
	if (difference.in_days)
		slack += CLF_ZONE_CHANGE;
	if (difference.symbolic)
		slack += abs(seconds) / 60 + 4 * SECS_PER_DAY + CLF_ZONE_CHANGE;
	condition->shift.before += slack + (minuend ? seconds : -seconds);
	condition->shift.after += slack - (minuend ? seconds : -seconds);
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
	if (op->opno == OID_RANGE_ELEM_CONTAINED_OP ||
		op->opno == OID_MULTIRANGE_ELEM_CONTAINED_OP)
		return match_range(matcher, pushed, left, right);
	if (op->opno == OID_RANGE_CONTAINS_ELEM_OP ||
		op->opno == OID_MULTIRANGE_CONTAINS_ELEM_OP)
		return match_range(matcher, pushed, right, left);
	return match_sides(matcher, pushed, op->opno, op->inputcollid, left,
					   right) ||
		match_difference(matcher, pushed, op->opno, left, right) ||
		match_difference(matcher, pushed, get_commutator(op->opno), right,
						 left);
}

static bool
match_array_op(const Matcher *matcher, ClfPushed *pushed,
			   ScalarArrayOpExpr *op)
{
	ClfTimeShift shift;
	const ClfFilter *filter = find_filter(matcher,
										  clf_time_below(linitial(op->args),
														 &shift));
	ClfCondition *condition;

	if (filter == NULL ||
		!(op->useOr || (filter->operators & CLF_OP_RANGE)))
		return false;
	condition = match_operator(matcher, pushed, op->opno, op->inputcollid,
							   linitial(op->args), lsecond(op->args));
	if (condition)
		condition->operand = op->useOr ? CLF_ARRAY : CLF_ALL_OF_ARRAY;
	return condition != NULL;
}

/* (column, ...) op (expression, ...): only the first pair is pushed down */
static bool
match_row_compare(const Matcher *matcher, ClfPushed *pushed,
				  RowCompareExpr *row)
{
	ClfCondition *condition = match_sides(matcher, pushed,
										  linitial_oid(row->opnos),
										  linitial_oid(row->inputcollids),
										  linitial(row->largs),
										  linitial(row->rargs));

	if (condition == NULL)
		return false;
	if (condition->strategy == BTLessStrategyNumber)
		condition->strategy = BTLessEqualStrategyNumber;
	else if (condition->strategy == BTGreaterStrategyNumber)
		condition->strategy = BTGreaterEqualStrategyNumber;
	return true;
}

static bool
match_null_test(const Matcher *matcher, ClfPushed *pushed, NullTest *test)
{
	ClfTimeShift shift;
	const ClfFilter *filter = find_filter(matcher,
										  clf_time_below((Node *) test->arg,
														 &shift));

	if (test->nulltesttype != IS_NOT_NULL || filter == NULL ||
		!(filter->operators & CLF_OP_PRESENT))
		return false;
	append_condition(pushed, filter, NULL);
	return true;
}

static bool match_clause(const Matcher *matcher, ClfPushed *pushed,
						 Node *clause);

/* Is the clause true for no row? */
static bool
is_never_true(Node *clause)
{
	return IsA(clause, Const) && (((Const *) clause)->constisnull ||
								  !DatumGetBool(((Const *) clause)->constvalue));
}

/*
 * For AND, at least one argument must be pushable; for OR, all arguments that can
 * be true.
 */
static bool
match_bool_expr(const Matcher *matcher, ClfPushed *pushed, BoolExpr *expr)
{
	int			nconditions = list_length(pushed->conditions);
	int			nexprs = list_length(pushed->exprs);
	bool		is_or = expr->boolop == OR_EXPR;
	bool		failed = false;
	ClfCondition *condition;
	ListCell   *lc;

	if (expr->boolop == NOT_EXPR)
		return false;
	condition = append_condition(pushed, NULL, NULL);
	condition->combination = is_or ? CLF_ANY : CLF_ALL;
	foreach(lc, expr->args)
	{
		if (!match_clause(matcher, pushed, lfirst(lc)))
			failed |= is_or && !is_never_true(lfirst(lc));
	}
	if (failed || list_length(pushed->conditions) == nconditions + 1)
	{
		pushed->conditions = list_truncate(pushed->conditions, nconditions);
		pushed->exprs = list_truncate(pushed->exprs, nexprs);
		return false;
	}
	condition->size = list_length(pushed->conditions) - nconditions;
	condition->filter = ((ClfCondition *) list_nth(pushed->conditions,
												   nconditions + 1))->filter;
	return true;
}

/*
 * Add the conditions implied by the clause: they are true whenever it is true.
 * Returns false if there are none.
 */
static bool
match_clause(const Matcher *matcher, ClfPushed *pushed, Node *clause)
{
	check_stack_depth();
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return match_op_expr(matcher, pushed, (OpExpr *) clause);
		case T_ScalarArrayOpExpr:
			return match_array_op(matcher, pushed, (ScalarArrayOpExpr *) clause);
		case T_RowCompareExpr:
			return match_row_compare(matcher, pushed, (RowCompareExpr *) clause);
		case T_NullTest:
			return match_null_test(matcher, pushed, (NullTest *) clause);
		case T_BoolExpr:
			return match_bool_expr(matcher, pushed, (BoolExpr *) clause);
		case T_BooleanTest:
			return ((BooleanTest *) clause)->booltesttype == IS_TRUE &&
				match_clause(matcher, pushed,
							 (Node *) ((BooleanTest *) clause)->arg);
		default:
			return false;
	}
}

/*
 * Is the condition an input of the resource, but not of the form
 * "column = value"?
 */
static bool
is_unsupported_input(const ClfPushed *pushed)
{
	const ClfCondition *condition = clf_single_condition(pushed);

	return (pushed->filter->operators & CLF_OP_INPUT) &&
		(condition == NULL || condition->operand != CLF_VALUE);
}

/* Match the clause with the filters of a parameter; returns NULL if not pushable */
static ClfPushed *
match_parameter(Matcher *matcher, Node *clause, const char *parameter)
{
	ClfPushed  *pushed = palloc0(sizeof(ClfPushed));

	matcher->parameter = parameter;
	if (!match_clause(matcher, pushed, clause))
		return NULL;
	pushed->filter = ((ClfCondition *) linitial(pushed->conditions))->filter;
	return is_unsupported_input(pushed) ? NULL : pushed;
}

/*
 * Match a clause, which is rinfo's or an argument of it, with all filters.  Returns a
 * list of ClfPushed *.
 */
static List *
match_filters(Matcher *matcher, RestrictInfo *rinfo, Node *clause)
{
	const ClfResource *resource = matcher->table->resource;
	List	   *result = NIL;

	for (const ClfFilter *f = resource->filters; f->json_path; f++)
	{
		ClfPushed  *pushed = clf_is_first_of_parameter(resource, f) ?
		match_parameter(matcher, clause, f->parameter) : NULL;

		if (pushed == NULL)
			continue;
		pushed->rinfo = rinfo;
		result = lappend(result, pushed);
	}
	return result;
}

/*
 * clf_is_filter
 *		Can a comparison of this expression be pushed down?  For in_details see
 *		clf_find_pushed.
 */
bool
clf_is_filter(PlannerInfo *root, RelOptInfo *baserel,
			  const ClfTable *table, bool in_details, Node *node)
{
	Matcher		matcher = {root, baserel, table, in_details, NULL, NULL};
	ClfTimeShift shift;

	return find_filter(&matcher, clf_time_below(node, &shift)) != NULL;
}

/*
 * clf_find_pushed
 *		Find the clauses that can be pushed down, as a list of ClfPushed *.
 *		in_details: does the details resource contain all columns of the query?
 *		outer: relations that parameterize the scan.
 */
List *
clf_find_pushed(PlannerInfo *root, RelOptInfo *baserel,
				const ClfTable *table, bool in_details, Relids outer,
				List *rinfos)
{
	Matcher		matcher = {root, baserel, table, in_details, outer, NULL};
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (!rinfo->pseudoconstant)
			result = list_concat(result, match_filters(&matcher, rinfo,
													   (Node *) rinfo->clause));
	}
	return result;
}

/* Do the conditions select records by id, session or time? */
static bool
selects_few(List *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed)
	{
		const ClfFilter *filter = ((ClfPushed *) lfirst(lc))->filter;

		if ((filter->operators & (CLF_OP_IDS | CLF_OP_RANGE)) ||
			filter->exclusion != CLF_NOT_EXCLUSIVE)
			return true;
	}
	return false;
}

/*
 * Find what can be pushed down of each argument of an OR; NIL unless each of them
 * selects few records, or if the OR as a whole does.
 */
static List *
match_alternatives(Matcher *matcher, RestrictInfo *rinfo)
{
	List	   *result = NIL;
	int			n = 0;
	ListCell   *lc;
	ListCell   *lc_pushed;

	if (!is_orclause(rinfo->clause) ||
		selects_few(match_filters(matcher, rinfo, (Node *) rinfo->clause)))
		return NIL;
	foreach(lc, ((BoolExpr *) rinfo->clause)->args)
	{
		List	   *pushed = match_filters(matcher, rinfo, lfirst(lc));

		if (is_never_true(lfirst(lc)))
			continue;
		if (!selects_few(pushed))
			return NIL;
		n++;
		foreach(lc_pushed, pushed)
			((ClfPushed *) lfirst(lc_pushed))->alternative = n;
		result = list_concat(result, pushed);
	}
	return result;
}

/*
 * clf_find_alternatives
 *		Find a clause "condition OR condition ..." on different parameters, such as
 *		"id = ... OR start_time > ...", which the API cannot evaluate, while it can
 *		evaluate each of the conditions: a list of ClfPushed * with their number;
 *		NIL if there is none.  Details are not requested by such a condition.
 */
List *
clf_find_alternatives(PlannerInfo *root, RelOptInfo *baserel,
					  const ClfTable *table, List *rinfos)
{
	Matcher		matcher = {root, baserel, table, false, baserel->lateral_relids, NULL};
	ListCell   *lc;

	/* each of them would have to specify the required inputs */
	if (!table->resource->windowed || table->resource->search ||
		clf_needs_extension(table))
		return NIL;
	foreach(lc, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		List	   *result = rinfo->pseudoconstant ? NIL :
		match_alternatives(&matcher, rinfo);

		if (result != NIL)
			return result;
	}
	return NIL;
}

/*
 * clf_single_condition
 *		Return the condition if it is a single comparison, else NULL.
 */
const ClfCondition *
clf_single_condition(const ClfPushed *pushed)
{
	const ClfCondition *condition = linitial(pushed->conditions);

	return condition->combination == CLF_ONE ? condition : NULL;
}

static bool
accepts_value(const ClfFilter *filter, const char *text)
{
	for (int i = 0; filter->values[i] != NULL; i++)
	{
		if (strcmp(filter->values[i], text) == 0)
			return true;
	}
	return false;
}

/* Does the filter accept all constant values of the condition? */
static bool
accepts_values(const ClfFilter *filter, const ClfCondition *condition,
			   Node *expr)
{
	const Const *constant = (const Const *) expr;
	ArrayType  *array;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (!IsA(expr, Const) || constant->constisnull)
		return true;
	if (condition->operand == CLF_VALUE)
		return accepts_value(filter, TextDatumGetCString(constant->constvalue));
	array = DatumGetArrayTypeP(constant->constvalue);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i] &&
			!accepts_value(filter, TextDatumGetCString(elements[i])))
			return false;
	}
	return true;
}

/*
 * clf_is_exact
 *		Does the API evaluate the clause exactly, but for a second at the bounds
 *		of a range?  Other conditions are lossy.
 */
bool
clf_is_exact(const ClfPushed *pushed)
{
	const ClfFilter *filter = pushed->filter;
	const ClfCondition *c = clf_single_condition(pushed);

	if (c == NULL)
		return false;
	if (filter->operators & (CLF_OP_RANGE | CLF_OP_INPUT))
		return c->operand != CLF_ARRAY && c->operand != CLF_MULTIRANGE &&
			c->shift.before + c->shift.after <= 2;
	if (filter->values == NULL)
		return false;
	return c->expr < 0 ||
		((filter->operators & CLF_OP_EQUAL) &&
		 accepts_values(filter, c, linitial(pushed->exprs)));
}
