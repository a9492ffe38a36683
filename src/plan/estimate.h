/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  How many records and requests a way to read a table takes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ESTIMATE_H
#define CLF_ESTIMATE_H

#include "catalog/table.h"
#include "nodes/pathnodes.h"
#include "plan/pushdown.h"

typedef struct ClfEstimate
{
	double		records;		/* that the requests bring */
	double		rows;			/* that they hold */
	double		requests;		/* for lists or ids, not for rows */
} ClfEstimate;

extern double clf_estimate_tuples(const ClfTable *table, Oid umid,
								  double reltuples);
extern ClfEstimate clf_estimate(PlannerInfo *root, RelOptInfo *baserel,
								const ClfTable *table, List *pushed);
extern const ClfPushed *clf_find_ids(List *pushed);

#endif							/* CLF_ESTIMATE_H */
