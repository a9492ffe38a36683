/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *	  Which of a query's conditions the API can apply.
 *
 * A pushed condition only narrows what is fetched: each stays a local filter
 * as well, so that an API that ignores it costs time, not truth.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PUSHDOWN_H
#define CLF_PUSHDOWN_H

#include "api/resource.h"
#include "catalog/table.h"
#include "nodes/pathnodes.h"
#include "plan/time_function.h"

/* How the conditions below one are combined */
typedef enum ClfCombination
{
	CLF_ONE,					/* there are none, it is a comparison */
	CLF_ALL,					/* AND */
	CLF_ANY						/* OR */
} ClfCombination;

/* What a column is compared with */
typedef enum ClfOperand
{
	CLF_VALUE,
	CLF_ARRAY,					/* column op ANY (array) */
	CLF_RANGE					/* column <@ range */
} ClfOperand;

/*
 * A condition that becomes a query parameter.  Those of one clause are an array in
 * prefix order: a combination is followed by the conditions below it.
 */
typedef struct ClfCondition
{
	const ClfFilter *filter;	/* of a combination, one with its parameter */
	ClfCombination combination;
	int			size;			/* of it and all below it, in conditions */
	int			strategy;		/* BT...StrategyNumber; 0: IS NOT NULL */
	ClfOperand	operand;
	ClfTimeShift shift;			/* of what is compared */
	int			expr;			/* index in fdw_exprs; -1: none */
	int			clause;			/* index in the plan's qual; -1: no clause */
} ClfCondition;

/*
 * What a clause tells of one parameter, and where it came from; lives in
 * planning only.
 */
typedef struct ClfPushed
{
	const ClfFilter *filter;	/* of the first condition */
	List	   *conditions;		/* of ClfCondition *, in prefix order; expr is
								 * an index in exprs, clause not set */
	List	   *exprs;			/* the sides that are not the column */
	RestrictInfo *rinfo;
} ClfPushed;

extern bool clf_is_filter(PlannerInfo *root, RelOptInfo *baserel,
						  const ClfTable *table, bool in_details,
						  Node *node);
extern List *clf_find_pushed(PlannerInfo *root, RelOptInfo *baserel,
							 const ClfTable *table, bool in_details,
							 Relids outer, List *rinfos);
extern const ClfCondition *clf_single_condition(const ClfPushed *pushed);
extern bool clf_is_exact(const ClfPushed *pushed);

#endif							/* CLF_PUSHDOWN_H */
