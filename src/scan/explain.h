/*-------------------------------------------------------------------------
 *
 * explain.h
 *	  EXPLAIN output of a scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_EXPLAIN_H
#define CLF_EXPLAIN_H

#include "compat.h"
#include "nodes/execnodes.h"

extern void clf_explain_scan(ForeignScanState *node, ExplainState *es);

#endif							/* CLF_EXPLAIN_H */
