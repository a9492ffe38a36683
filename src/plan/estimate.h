/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  Estimate the records and requests of a scan.
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
	double		per_day;		/* records a day of a list; 0: unknown */
	bool		by_session;		/* are several sessions listed one by one? */
	double		records;		/* returned by the requests */
	double		rows;			/* contained in the records */
	double		requests;		/* of lists or by id, without those per row */
	double		search;			/* to find the oldest records of a list */
	bool		fails;			/* it lacks an input and raises an error */
} ClfEstimate;

extern double clf_estimate_tuples(const ClfTable *table, Oid umid,
								  double reltuples);
extern ClfEstimate clf_estimate(PlannerInfo *root, RelOptInfo *baserel,
								const ClfTable *table, List *pushed);
extern const ClfPushed *clf_find_ids(List *pushed);

#endif							/* CLF_ESTIMATE_H */
