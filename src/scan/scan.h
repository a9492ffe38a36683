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
#include "plan/query.h"
#include "scan/pager.h"
#include "scan/recording.h"
#include "scan/tuple.h"
#include "shared/activity.h"

/* One scan: ForeignScanState.fdw_state */
typedef struct ClfScanState
{
	MemoryContext cxt;			/* all of this; deleted at the end */
	ClfTable   *table;
	ClfScanPlan *plan;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	bool		needs_details;	/* does a column take a request for each row? */
	bool		needs_content;	/* does one take another? */

	/* for execution; not made for EXPLAIN alone */
	ClfTuple   *tuple;
	ClfPager   *pager;
	ClfRecordings *recordings;	/* NULL: no column needs more than the row */
	ExprState  *early[CLF_ORIGINS]; /* conditions to check before values of
									 * that origin are requested */
	ClfActivity *activity;
	bool		async;			/* return rather than wait for a response? */
	bool		started;		/* has the pager the query? */
	Datum		given_ids;		/* of a join: a text[]; 0: none yet */
	MemoryContext query_cxt;
	ClfQuery   *query;			/* as bound at the start or last rescan */
	ClfQuery   *shown;			/* what messages show of it; NULL: all of it */
	bool		shown_bound;	/* is that known? */
} ClfScanState;

extern void clf_scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *clf_scan_next(ForeignScanState *node);
extern void clf_scan_restart(ForeignScanState *node);
extern void clf_scan_end(ForeignScanState *node);
extern void clf_scan_give_ids(ForeignScanState *node, Datum ids);
extern char *clf_scan_deparse(ForeignScanState *node, Node *expr,
							  List *deparse_context, bool prefix);
extern ClfValue *clf_scan_shown_values(ForeignScanState *node,
									   List *deparse_context, bool *hides);
extern void clf_scan_produce(AsyncRequest *areq);
extern void clf_scan_configure_wait(AsyncRequest *areq);

#endif							/* CLF_SCAN_H */
