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

/* One condition that becomes a query parameter */
typedef struct ClfCondition
{
	const ClfFilter *filter;
	int			strategy;		/* BT...StrategyNumber; 0: IS NOT NULL */
	bool		is_array;		/* column = ANY (expression)? */
	int			before;			/* seconds that the time which is compared may */
	int			after;			/* be before, and after, that of the API */
	int			expr;			/* index in fdw_exprs; -1: IS NOT NULL */
	int			clause;			/* index in the plan's qual; -1: no clause */
} ClfCondition;

/* A condition together with where it came from; lives in planning only */
typedef struct ClfPushed
{
	ClfCondition condition;		/* but for expr and clause */
	RestrictInfo *rinfo;
	Expr	   *expr;			/* the side that is not the column, or NULL */
} ClfPushed;

extern bool clf_is_filter(PlannerInfo *root, RelOptInfo *baserel,
						  const ClfTable *table, bool in_details,
						  Node *node);
extern List *clf_find_pushed(PlannerInfo *root, RelOptInfo *baserel,
							 const ClfTable *table, bool in_details,
							 Relids outer, List *rinfos);
extern bool clf_is_exact(const ClfPushed *pushed);

#endif							/* CLF_PUSHDOWN_H */
