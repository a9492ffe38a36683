/*-------------------------------------------------------------------------
 *
 * node.h
 *	  The plan node of a scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_NODE_H
#define CLF_NODE_H

#include "nodes/plannodes.h"
#include "plan/bind.h"

extern ForeignScan *clf_plan_scan(PlannerInfo *root, RelOptInfo *baserel,
								  const ForeignPath *path, List *tlist,
								  List *scan_clauses, Plan *outer_plan);
extern ClfScanPlan *clf_get_scan_plan(const ForeignScan *node);
extern Cost clf_get_requests_cost(const ForeignScan *node);

#endif							/* CLF_NODE_H */
