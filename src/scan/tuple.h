/*-------------------------------------------------------------------------
 *
 * tuple.h
 *	  Conversion of JSON records to tuples.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TUPLE_H
#define CLF_TUPLE_H

#include "answer/field.h"
#include "catalog/table.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

typedef struct ClfTuple ClfTuple;

extern ClfTuple *clf_tuple_create(Relation rel, const ClfTable *table,
								  List *attnums, ClfSelection *selection);
extern bool clf_tuple_fill(ClfTuple *tuple, const ClfRow *row,
						   TupleTableSlot *slot);
extern bool clf_tuple_add(ClfTuple *tuple, const ClfRow *row, ClfOrigin origin,
						  TupleTableSlot *slot);
extern void clf_tuple_skip(ClfTuple *tuple, const ClfRow *row,
						   const char *reason);
extern void clf_tuple_warn(const ClfTuple *tuple);
extern int64 clf_tuple_error_count(const ClfTuple *tuple);
extern int64 clf_tuple_skipped_count(const ClfTuple *tuple);

#endif							/* CLF_TUPLE_H */
