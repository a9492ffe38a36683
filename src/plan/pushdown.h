/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *	  Find the clauses that the API can evaluate.
 *
 * Pushed conditions only reduce the records received.  They are checked locally
 * as well, so results are correct even if the API ignores them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PUSHDOWN_H
#define CLF_PUSHDOWN_H

#include "api/resource.h"
#include "catalog/table.h"
#include "nodes/pathnodes.h"
#include "plan/time_function.h"

/* Type of a condition: a comparison, or a combination of conditions */
typedef enum ClfCombination
{
	CLF_ONE,					/* a comparison */
	CLF_ALL,					/* AND */
	CLF_ANY						/* OR */
} ClfCombination;

/* Right-hand side of a comparison */
typedef enum ClfOperand
{
	CLF_VALUE,
	CLF_ARRAY,					/* column op ANY (array) */
	CLF_ALL_OF_ARRAY,			/* column op ALL (array) */
	CLF_RANGE,					/* column <@ range */
	CLF_MULTIRANGE				/* column <@ multirange */
} ClfOperand;

/*
 * A condition that becomes a query parameter.  The conditions of a clause are
 * an array in prefix order: a combination is followed by its arguments.
 */
typedef struct ClfCondition
{
	const ClfFilter *filter;	/* of a combination: that of an argument */
	ClfCombination combination;
	int			size;			/* number of conditions, including arguments */
	int			strategy;		/* BT...StrategyNumber; 0: IS NOT NULL */
	ClfOperand	operand;
	ClfTimeShift shift;			/* of the functions applied to the column */
	int			expr;			/* index in fdw_exprs; -1: none */
	int			clause;			/* index in the plan's qual; -1: no clause */
	int			alternative;	/* number of the argument of an OR that
								 * requires it, from 1; 0: always required */
} ClfCondition;

/*
 * The conditions of a clause on one parameter, and their clause.  Used at plan
 * time only.
 */
typedef struct ClfPushed
{
	const ClfFilter *filter;	/* of the first condition */
	List	   *conditions;		/* of ClfCondition *, in prefix order; expr is
								 * an index in exprs, clause is not set */
	List	   *exprs;			/* the values to compare with */
	RestrictInfo *rinfo;
	int			alternative;	/* see ClfCondition */
} ClfPushed;

extern bool clf_is_filter(PlannerInfo *root, RelOptInfo *baserel,
						  const ClfTable *table, bool in_details,
						  Node *node);
extern List *clf_find_pushed(PlannerInfo *root, RelOptInfo *baserel,
							 const ClfTable *table, bool in_details,
							 Relids outer, List *rinfos);
extern List *clf_find_alternatives(PlannerInfo *root, RelOptInfo *baserel,
								   const ClfTable *table, List *rinfos);
extern const ClfCondition *clf_single_condition(const ClfPushed *pushed);
extern bool clf_is_exact(const ClfPushed *pushed);

#endif							/* CLF_PUSHDOWN_H */
