/*-------------------------------------------------------------------------
 *
 * times.h
 *	  The times that satisfy the conditions of a scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TIMES_H
#define CLF_TIMES_H

#include "plan/bind.h"

/* Inclusive; -infinity and infinity: no bound */
typedef struct ClfTimeRange
{
	TimestampTz lower;
	TimestampTz upper;
} ClfTimeRange;

typedef struct ClfTimes
{
	List	   *ranges;			/* of ClfTimeRange *, disjoint, latest first */
	const char *unknown_lower;	/* placeholder for a bound; else NULL */
	const char *unknown_upper;
} ClfTimes;

extern ClfTimes clf_find_times(const ClfScanPlan *plan,
							   const ClfValue *values);
extern TimestampTz clf_value_as_time(Datum value, Oid type);

#endif							/* CLF_TIMES_H */
