/*-------------------------------------------------------------------------
 *
 * widen.h
 *	  Window of a scan that is repeated with other times.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_WIDEN_H
#define CLF_WIDEN_H

#include "plan/query.h"

/* The last wider window of a scan; all zero at first */
typedef struct ClfWidening
{
	TimestampTz lower;
	TimestampTz upper;			/* DT_NOEND: until the present */
	bool		is_set;
	bool		is_reused;		/* has it had the times of another query? */
	int			nunused;		/* consecutive windows that were not */
	bool		is_off;			/* are queries no longer widened? */
} ClfWidening;

extern void clf_widen_query(ClfWidening *widening, ClfQuery *query,
							double per_day, TimestampTz now);

#endif							/* CLF_WIDEN_H */
