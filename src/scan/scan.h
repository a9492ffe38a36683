/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  The scan of a foreign table, from Begin to End.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SCAN_H
#define CLF_SCAN_H

#include "catalog/table.h"
#include "nodes/execnodes.h"
#include "plan/bind.h"
#include "scan/pager.h"
#include "scan/recording.h"
#include "scan/tuple.h"
#include "scan/widen.h"
#include "shared/activity.h"

/* One scan: ForeignScanState.fdw_state */
typedef struct ClfScanState
{
	MemoryContext cxt;			/* deleted at the end of the scan */
	ClfTable   *table;
	ClfScanPlan *plan;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	bool		needs_details;	/* does a column need the details? */
	bool		needs_content;	/* does a column need the audio? */

	/* for execution; not set for EXPLAIN without ANALYZE */
	ClfTuple   *tuple;
	ClfPager   *pager;
	ClfRecordings *recordings;	/* NULL: no column needs requests per row */
	ExprState  *early[CLF_ORIGINS]; /* conditions to check before values of
									 * that origin are requested */
	ClfActivity *activity;
	bool		async;			/* do not wait for responses? */
	bool		started;		/* has the pager been started? */
	Datum		join_ids;		/* ids set by a join, a text[]; 0: none yet */
	MemoryContext query_cxt;
	ClfQuery   *query;			/* as bound at the start or last rescan */
	ClfWidening widening;
	ClfQuery   *shown;			/* query as shown in messages; NULL: show all
								 * of it */
	bool		shown_bound;	/* has "shown" been set? */
} ClfScanState;

extern void clf_scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *clf_scan_next(ForeignScanState *node);
extern void clf_scan_restart(ForeignScanState *node);
extern void clf_scan_end(ForeignScanState *node);
extern void clf_scan_set_ids(ForeignScanState *node, Datum ids);
extern char *clf_scan_deparse(ForeignScanState *node, Node *expr,
							  List *deparse_context, bool prefix);
extern ClfValue *clf_scan_shown_values(ForeignScanState *node,
									   List *deparse_context, bool *hides);
extern void clf_scan_produce(AsyncRequest *areq);
extern void clf_scan_configure_wait(AsyncRequest *areq);

#endif							/* CLF_SCAN_H */
