/*-------------------------------------------------------------------------
 *
 * paths.h
 *	  Sizes, costs and paths of a scan.
 *
 * No requests are sent at plan time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PATHS_H
#define CLF_PATHS_H

#include "catalog/table.h"
#include "nodes/pathnodes.h"
#include "plan/bind.h"
#include "plan/estimate.h"
#include "plan/pushdown.h"

/*
 * Planner information about a relation: RelOptInfo.fdw_private.  NULL for a
 * relation that the planner has proven empty.
 */
typedef struct ClfRelInfo
{
	ClfTable   *table;
	List	   *attnums;		/* columns needed by the query */
	bool		in_details;		/* are all of them in the details? */
	bool		needs_details;	/* details are requested for each row */
	bool		needs_content;	/* content is requested for each row */

	/* Selectivity of the clauses that are checked after these requests */
	double		details_selectivity;
	double		content_selectivity;

	/* The unparameterized scan (but for lateral references) */
	List	   *pushed;			/* its pushed conditions, of ClfPushed * */
	bool		correlated;		/* do they contain values of outer queries? */
	ClfEstimate estimate;		/* its estimate */

	/*
	 * Conditions of an OR, each of which is requested separately, in addition
	 * to these; NIL: none.  Not for scans in order.
	 */
	List	   *alternatives;	/* of ClfPushed * */
	ClfEstimate divided;		/* the estimate with them */
} ClfRelInfo;

extern void clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel,
							  Oid relid);
extern void clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel);
extern double clf_plan_requests(const ClfRelInfo *info,
								const ClfEstimate *estimate, List *pushed,
								double rows);
extern ClfOrder clf_plan_order(const List *pathkeys);
extern bool clf_plan_drops_little(const RelOptInfo *baserel, List *scan_clauses,
								  List *pushed);
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
