/*-------------------------------------------------------------------------
 *
 * jit.h
 *	  Whether a plan with requests is worth JIT compilation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_JIT_H
#define CLF_JIT_H

#include "nodes/plannodes.h"

/* Is it a scan of a foreign table of this extension? */
typedef bool (*ClfIsOurScan) (const ForeignScan *scan);

extern int	clf_jit_flags(const PlannedStmt * stmt, ClfIsOurScan is_our_scan);

#endif							/* CLF_JIT_H */
