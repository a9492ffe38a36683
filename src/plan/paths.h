/*-------------------------------------------------------------------------
 *
 * paths.h
 *	  Sizes, costs and paths of a scan.
 *
 * Nothing here sends anything.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PATHS_H
#define CLF_PATHS_H

#include "catalog/table.h"
#include "nodes/pathnodes.h"
#include "plan/estimate.h"
#include "plan/pushdown.h"

/*
 * What planning knows about a relation: RelOptInfo.fdw_private.  A relation that
 * the planner has proven to be empty has none.
 */
typedef struct ClfRelInfo
{
	ClfTable   *table;
	List	   *attnums;		/* the columns that the query needs */
	bool		in_details;		/* would the details suffice for them? */
	bool		needs_details;	/* do they take a request for each row? */
	bool		needs_content;	/* do they take one more? */

	/* Selectivity of the clauses that are checked after these requests */
	double		details_selectivity;
	double		content_selectivity;

	/* A scan without values of other relations, but lateral ones */
	List	   *pushed;			/* of ClfPushed *: its pushed conditions */
	ClfEstimate estimate;		/* what it takes */
} ClfRelInfo;

extern void clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel,
							  Oid relid);
extern void clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel);
extern double clf_plan_requests(const ClfRelInfo *info,
								const ClfEstimate *estimate, List *pushed,
								double rows);
extern ClfOrigin clf_clause_origin(const RelOptInfo *baserel, Expr *clause);
extern bool clf_is_time_column(const ClfTable *table,
							   const RelOptInfo *baserel, const Node *node);
extern int	clf_plan_max_ids(const RelOptInfo *baserel);
extern const ClfFilter *clf_plan_match_ids(PlannerInfo *root,
										   RelOptInfo *baserel, Relids outer,
										   RestrictInfo *rinfo, Expr **id);
extern ForeignPath *clf_plan_path_for_ids(PlannerInfo *root,
										  RelOptInfo *baserel,
										  const ClfFilter *filter, double ids);
extern bool clf_plan_is_async(const RelOptInfo *baserel);

#endif							/* CLF_PATHS_H */
