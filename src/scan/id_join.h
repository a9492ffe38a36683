/*-------------------------------------------------------------------------
 *
 * id_join.h
 *	  Joins by id, many ids in one request.
 *
 * Uses pushdown, plan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ID_JOIN_H
#define CLF_ID_JOIN_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "optimizer/paths.h"

/* Tells a scan for which ids it is to ask from its next start on: a text[] */
typedef void (*ClfGiveIds) (ForeignScanState *scan, Datum ids);

extern void clf_join_init(ClfGiveIds give_ids);
extern void clf_join_add_paths(PlannerInfo *root, RelOptInfo *joinrel,
							   RelOptInfo *outerrel, RelOptInfo *innerrel,
							   JoinType jointype, JoinPathExtraData *extra);

#endif							/* CLF_ID_JOIN_H */
