/*-------------------------------------------------------------------------
 *
 * activity.h
 *	  Current state and counters of running scans, for the view.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ACTIVITY_H
#define CLF_ACTIVITY_H

#include "catalog/table.h"
#include "shared/shmem.h"

/* One scan; its modules increment the counters */
typedef struct ClfActivity
{
	ClfCounters counters;
	double		budget_wait;	/* seconds */
	double		network_wait;	/* seconds */
	ClfScanEntry *entry;		/* shared entry; NULL: none */
	MemoryContextCallback release;
} ClfActivity;

extern ClfActivity *clf_activity_begin(MemoryContext cxt,
									   const ClfTable *table);
extern void clf_activity_set(ClfActivity *activity, ClfScanStatus status);

#endif							/* CLF_ACTIVITY_H */
