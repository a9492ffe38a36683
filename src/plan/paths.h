/*-------------------------------------------------------------------------
 *
 * paths.h
 *	  Sizes, costs and paths of a scan, and its plan node.
 *
 * Uses endpoint, option, pushdown, estimate.  Nothing here sends anything.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PATHS_H
#define CLF_PATHS_H

#include "api/resource.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "catalog/option.h"
#include "plan/pushdown.h"

extern void clf_plan_rel_size(PlannerInfo *root, RelOptInfo *baserel,
							  Oid relid);
extern void clf_plan_paths(PlannerInfo *root, RelOptInfo *baserel);
extern ForeignScan *clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel,
								  const ForeignPath *way, List *tlist,
								  List *scan_clauses, Plan *outer_plan);
extern int	clf_plan_max_ids(const RelOptInfo *baserel);
extern const ClfFilter *clf_plan_match_ids(PlannerInfo *root,
										   RelOptInfo *baserel, Relids outer,
										   RestrictInfo *rinfo, Expr **id);
extern ForeignPath *clf_plan_path_for_ids(PlannerInfo *root,
										  RelOptInfo *baserel,
										  const ClfFilter *filter, double ids);
extern bool clf_plan_is_async(const RelOptInfo *baserel);
extern bool clf_needs_source(const ClfOptions *options, List *attnums,
							 ClfSource source);
extern ClfScanPlan *clf_get_scan_plan(const ForeignScan *plan);

#endif							/* CLF_PATHS_H */
