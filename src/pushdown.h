/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *	  From the query's conditions to a plan of requests.
 *
 * Room 3.  Uses endpoint, option.  Nothing here sends anything.
 *
 * A pushed condition only narrows what is fetched: each stays a local filter
 * as well, so that an API that ignores it costs time, not truth.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PUSHDOWN_H
#define CLF_PUSHDOWN_H

#include "postgres.h"

#include "endpoint.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "option.h"

/* One condition that becomes a query parameter */
typedef struct ClfCondition
{
	const ClfFilter *filter;
	int			strategy;		/* BT...StrategyNumber; 0: IS NOT NULL */
	bool		is_array;		/* column = ANY (expression)? */
	int			expr;			/* index in fdw_exprs; -1: IS NOT NULL */
	int			clause;			/* index in the plan's qual */
} ClfCondition;

/* What a scan is to ask for; the plan node carries it as a List */
typedef struct ClfRequestPlan
{
	const ClfResource *resource;
	ClfLevel	level;
	bool		detailed;		/* view=Detailed? */
	int			page_size;
	double		requests;		/* the planner's estimate */
	List	   *attnums;		/* columns to fill */
	List	   *early[CLF_SOURCES]; /* indexes in the plan's qual: conditions
									 * to check before that source is asked */
	int			nconditions;
	ClfCondition *conditions;
} ClfRequestPlan;

extern void clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel,
							  Oid relid);
extern void clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel);
extern ForeignScan *clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel,
								  List *tlist, List *scan_clauses,
								  Plan *outer_plan);
extern bool clf_needs_source(const ClfOptions *options, List *attnums,
							 ClfSource source);
extern ClfRequestPlan *clf_get_request_plan(const ForeignScan *plan);

#endif							/* CLF_PUSHDOWN_H */
