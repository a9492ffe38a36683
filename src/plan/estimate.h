/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  How many records and requests a way to read a table takes.
 *
 * Uses endpoint, option, pushdown, request, rate, clock.  Nothing here sends anything.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ESTIMATE_H
#define CLF_ESTIMATE_H

#include "nodes/pathnodes.h"
#include "catalog/option.h"
#include "plan/pushdown.h"

typedef struct ClfEstimate
{
	double		records;		/* that the requests bring */
	double		rows;			/* that they hold */
	double		requests;		/* for lists or ids, not for rows */
} ClfEstimate;

extern double clf_estimate_tuples(const ClfOptions *options, double reltuples);
extern ClfEstimate clf_estimate(PlannerInfo *root, RelOptInfo *baserel,
								const ClfOptions *options, List *pushed);
extern const ClfPushed *clf_find_ids(List *pushed);

#endif							/* CLF_ESTIMATE_H */
