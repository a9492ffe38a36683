/*-------------------------------------------------------------------------
 *
 * activity.h
 *	  What a scan does at this moment, and what it has cost so far.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ACTIVITY_H
#define CLF_ACTIVITY_H

#include "catalog/table.h"
#include "shared/shmem.h"

/* One scan; the counters are the business of those who count */
typedef struct ClfActivity
{
	ClfCounters counters;
	double		budget_wait;	/* seconds */
	double		network_wait;	/* seconds */
	ClfScanEntry *entry;		/* where others see it; NULL: they do not */
	MemoryContextCallback release;
} ClfActivity;

extern ClfActivity *clf_activity_begin(MemoryContext cxt,
									   const ClfTable *table);
extern void clf_activity_set(ClfActivity *activity, ClfDoing doing);

#endif							/* CLF_ACTIVITY_H */
