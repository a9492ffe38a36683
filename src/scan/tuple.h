/*-------------------------------------------------------------------------
 *
 * tuple.h
 *	  From a JSON record to the columns of a foreign table.
 *
 * Uses endpoint, option, field, report.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TUPLE_H
#define CLF_TUPLE_H

#include "api/resource.h"
#include "executor/tuptable.h"
#include "answer/field.h"
#include "catalog/option.h"
#include "utils/rel.h"

typedef struct ClfTuple ClfTuple;

extern ClfTuple *clf_tuple_create(Relation rel, const ClfOptions *options,
								  List *attnums, ClfSelection *selection);
extern void clf_tuple_fill(ClfTuple *tuple, const ClfRow *record,
						   ClfSource source, TupleTableSlot *slot);

#endif							/* CLF_TUPLE_H */
