/*-------------------------------------------------------------------------
 *
 * analyze.h
 *	  Sample rows for ANALYZE with few requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ANALYZE_H
#define CLF_ANALYZE_H

#include "access/htup.h"
#include "compat.h"
#include "utils/rel.h"

extern bool clf_can_analyze(Oid relid);
extern int	clf_acquire_sample(Relation rel, int elevel, HeapTuple *rows,
							   int targrows, double *totalrows,
							   double *totaldeadrows);
#ifdef CLF_IMPORTS_STATISTICS
extern bool clf_import_statistics(Relation rel, List *va_cols, int elevel);
#endif

#endif							/* CLF_ANALYZE_H */
