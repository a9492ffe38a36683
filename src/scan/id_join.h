/*-------------------------------------------------------------------------
 *
 * id_join.h
 *	  Joins by id, many ids in one request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ID_JOIN_H
#define CLF_ID_JOIN_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "optimizer/paths.h"

extern void clf_id_join_init(void);
extern void clf_id_join_add_paths(PlannerInfo *root, RelOptInfo *joinrel,
								  RelOptInfo *outerrel, RelOptInfo *innerrel,
								  JoinType jointype, JoinPathExtraData *extra);

#endif							/* CLF_ID_JOIN_H */
