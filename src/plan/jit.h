/*-------------------------------------------------------------------------
 *
 * jit.h
 *	  Decide about JIT compilation of plans with foreign scans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_JIT_H
#define CLF_JIT_H

#include "nodes/plannodes.h"

/* Is it a scan of a foreign table of this extension? */
typedef bool (*ClfIsOurScan) (const ForeignScan *scan);

extern int	clf_jit_flags(const PlannedStmt *stmt, ClfIsOurScan is_our_scan);

#endif							/* CLF_JIT_H */
