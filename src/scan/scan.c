/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The scan of a foreign table, from Begin to End.
 *
 * The values of the plan's expressions are bound when the first row is
 * fetched, and again after a rescan.  The pager returns rows; columns that
 * need a request per row are added to rows that pass the other conditions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/execAsync.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "nodes/nodeFuncs.h"
#include "plan/node.h"
#include "scan/scan.h"
#include "shared/clock.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* The clauses of the plan's qual at those positions */
static ExprState *
init_early(ForeignScanState *node, List *positions)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, positions)
		clauses = lappend(clauses, list_nth(node->ss.ps.plan->qual,
											lfirst_int(lc)));
	return ExecInitQual(clauses, (PlanState *) node);
}

/*
 * Does the table occur several times in the statement?  Then another scan may read
 * the same list: BI tools join a query with the same one grouped, or divide by its
 * total.
 */
static bool
is_table_repeated(const ForeignScanState *node)
{
	Oid			relid = RelationGetRelid(node->ss.ss_currentRelation);
	int			n = 0;
	ListCell   *lc;

	foreach(lc, node->ss.ps.state->es_range_table)
		n += lfirst_node(RangeTblEntry, lc)->relid == relid;
	return n > 1;
}

/* Prepare the execution, in the scan's memory context */
static void
prepare_scan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	Oid			userid = clf_scan_userid((ForeignScan *) node->ss.ps.plan,
										 node->ss.ps.state);
	bool		per_row = state->needs_details || state->needs_content;
	bool		is_shared;
	ClfSelection *selection;

	for (ClfOrigin origin = CLF_FROM_DETAILS; origin < CLF_ORIGINS; origin++)
		state->early[origin] = init_early(node, state->plan->early[origin]);
	selection = clf_selection_create(state->table->resource->rows_paths == NULL);
	state->tuple = clf_tuple_create(node->ss.ss_currentRelation, state->table,
									state->plan->attnums, selection);
	state->activity = clf_activity_begin(state->cxt, state->table);
	state->pager = clf_pager_create(state->cxt, state->table, state->plan,
									selection, userid, state->activity);

	is_shared = state->table->resource->cached_in_statement ||
		is_table_repeated(node);
	if (is_shared)
		clf_pager_share_cache(state->pager, node->ss.ps.state->es_query_cxt);
	else if (!bms_is_empty(node->ss.ps.plan->extParam))
		clf_pager_enable_cache(state->pager);

	/* two scans that prefetch would both send a request */
	if (!is_shared && !per_row)
		clf_pager_enable_prefetch(state->pager);
	if (per_row)
		state->recordings = clf_recordings_create(state->cxt, state->table,
												  selection, userid,
												  state->activity);
}

/*
 * clf_scan_begin
 *		BeginForeignScan.  Sends nothing.
 */
void
clf_scan_begin(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	MemoryContext cxt = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
											  "call_log_fdw scan",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfScanState *state = palloc0(sizeof(ClfScanState));

	node->fdw_state = state;
	state->cxt = cxt;
	state->query_cxt = AllocSetContextCreate(cxt, "call_log_fdw query",
											 ALLOCSET_SMALL_SIZES);
	state->table = clf_get_table(RelationGetRelid(node->ss.ss_currentRelation));
	state->plan = clf_get_scan_plan(plan);
	state->exprs = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	state->needs_details = clf_needs_origin(state->table, state->plan->attnums,
											CLF_FROM_DETAILS);
	state->needs_content = clf_needs_origin(state->table, state->plan->attnums,
											CLF_FROM_CONTENT);
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		prepare_scan(node);
	MemoryContextSwitchTo(old);
}

/* Values of the plan's expressions, palloc'd, with their types only */
static ClfValue *
create_values(const ClfScanState *state)
{
	ClfValue   *values = palloc0((list_length(state->exprs) + 1) *
								 sizeof(ClfValue));
	ListCell   *lc;

	foreach(lc, state->exprs)
		values[foreach_current_index(lc)].type =
		exprType((Node *) ((ExprState *) lfirst(lc))->expr);
	return values;
}

static void
evaluate_expr(ForeignScanState *node, ExprState *expr, ClfValue *value)
{
	value->value = ExecEvalExprSwitchContext(expr, node->ss.ps.ps_ExprContext,
											 &value->isnull);
}

/* Evaluate the plan's expressions, palloc'd */
static ClfValue *
evaluate_exprs(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	ClfValue   *values = create_values(state);
	ListCell   *lc;

	foreach(lc, state->exprs)
	{
		int			i = foreach_current_index(lc);

		if (i == state->plan->join_ids)
			values[i].value = state->join_ids;
		else
			evaluate_expr(node, lfirst(lc), &values[i]);
	}
	return values;
}

/* Only times may be computed, and only by PostgreSQL's own functions */
static bool
may_hide_value(Oid funcid, void *is_time)
{
	return !*(bool *) is_time || funcid >= FirstGenbkiObjectId;
}

/*
 * Does the value depend on anything but the text of the query?  Sub-selects,
 * function parameters and functions called by a view may yield values that the
 * user who sees the plan or an error must not see.
 */
static bool
comes_from_elsewhere(Node *node, void *is_time)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) || IsA(node, Var) || IsA(node, SubPlan) ||
		IsA(node, AlternativeSubPlan) || IsA(node, CoerceToDomain) ||
		check_functions_in_node(node, may_hide_value, is_time))
		return true;
	return expression_tree_walker(node, comes_from_elsewhere, is_time);
}

static bool
is_time_type(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

/*
 * Replace parameters set by a node above with external ones.  ruleutils.c
 * expects to find the node that sets a PARAM_EXEC, but a foreign scan does not
 * know its ancestors in EXPLAIN; both kinds are shown as $N.
 */
static Node *
make_external(Node *node, void *plan)
{
	ListCell   *lc;
	Param	   *param;

	if (node == NULL || IsA(node, SubPlan))
		return node;
	if (!IsA(node, Param) || ((Param *) node)->paramkind != PARAM_EXEC)
		return expression_tree_mutator(node, make_external, plan);
	foreach(lc, ((Plan *) plan)->initPlan)
	{
		if (list_member_int(lfirst_node(SubPlan, lc)->setParam,
							((Param *) node)->paramid))
			return node;
	}
	param = copyObject((Param *) node);
	param->paramkind = PARAM_EXTERN;
	return (Node *) param;
}

/*
 * clf_scan_deparse
 *		An expression of the plan as SQL, for EXPLAIN.  Palloc'd in the current
 *		memory context.
 */
char *
clf_scan_deparse(ForeignScanState *node, Node *expr, List *deparse_context,
				 bool prefix)
{
	return deparse_expression(make_external(expr, node->ss.ps.plan),
							  deparse_context, prefix, false);
}

/*
 * clf_scan_shown_values
 *		Values for plans and error messages: constants of the query, and times
 *		computed from them and the clock.  All others are text: their
 *		expressions, or, without a deparse context, CLF_HIDDEN_VALUE.  *hides:
 *		are there any?
 */
ClfValue   *
clf_scan_shown_values(ForeignScanState *node, List *deparse_context,
					  bool *hides)
{
	ClfScanState *state = node->fdw_state;
	ClfValue   *values = create_values(state);
	ListCell   *lc;

	*hides = false;
	foreach(lc, state->exprs)
	{
		int			i = foreach_current_index(lc);
		ExprState  *expr = lfirst(lc);
		Node	   *source = (Node *) expr->expr;
		bool		is_time = is_time_type(values[i].type);

		if (i == state->plan->join_ids)
			values[i].unknown = "ids of the join";
		else if (!comes_from_elsewhere(source, &is_time))
			evaluate_expr(node, expr, &values[i]);
		else
			values[i].unknown = deparse_context ?
				clf_scan_deparse(node, source, deparse_context, false) :
				CLF_HIDDEN_VALUE;
		*hides |= values[i].unknown != NULL;
	}
	return values;
}

/*
 * The query as shown in messages, independent of values; NULL: show all of it.  If
 * there are several, the first one of the alternative.
 */
static const ClfQuery *
get_shown_query(ForeignScanState *node, int alternative)
{
	ClfScanState *state = node->fdw_state;
	MemoryContext old = MemoryContextSwitchTo(state->cxt);
	const ClfQuery *shown;
	ClfValue   *values;
	bool		hides;

	if (!state->shown_bound)
	{
		values = clf_scan_shown_values(node, NIL, &hides);
		if (hides)
			state->shown = clf_bind_query(state->plan, state->table, values);
		state->shown_bound = true;
	}
	MemoryContextSwitchTo(old);
	shown = state->shown;
	while (shown && shown->next && shown->alternative != alternative)
		shown = shown->next;
	return shown;
}

/* Request more than the times of the query if the scan is repeated with others */
static void
widen_query(ClfScanState *state, ClfQuery *query)
{
	state->widening.is_off |= clf_pager_was_too_wide(state->pager);
	if (state->plan->repeated && state->plan->order == CLF_ANY_ORDER &&
		state->plan->limit == 0 && state->recordings == NULL)
		clf_widen_query(&state->widening, query, state->plan->per_day,
						clf_clock_now(state->table->server->base_url));
}

/*
 * Bind the plan to the current values and position the pager before the first
 * record.  A rescan with an equal query rewinds the pager.
 */
static void
start_scan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	ClfValue   *values = evaluate_exprs(node);
	ClfQuery   *query = clf_bind_query(state->plan, state->table, values);
	ClfQuery   *kept;
	MemoryContext old;

	state->started = true;
	widen_query(state, query);
	if (state->query && clf_query_equals(state->query, query))
	{
		state->query->lower = query->lower;
		state->query->upper = query->upper;
		clf_pager_rewind(state->pager);
		return;
	}
	MemoryContextReset(state->query_cxt);
	old = MemoryContextSwitchTo(state->query_cxt);
	kept = clf_bind_query(state->plan, state->table, values);
	kept->widened = query->widened;
	kept->wide_lower = query->wide_lower;
	kept->wide_upper = query->wide_upper;
	state->query = kept;
	for (; kept; kept = kept->next)
		kept->shown = get_shown_query(node, kept->alternative);
	MemoryContextSwitchTo(old);
	clf_pager_start(state->pager, state->query);
}

/*
 * clf_scan_set_ids
 *		Set the ids of the next rescan, for a join.  The array must live until
 *		then.
 */
void
clf_scan_set_ids(ForeignScanState *node, Datum ids)
{
	((ClfScanState *) node->fdw_state)->join_ids = ids;
}

/*
 * Add the columns that need requests for the row, cheap ones first.  Returns
 * false if the row is dropped by a condition or an invalid value.
 */
static bool
add_per_row_columns(ForeignScanState *node, ClfRow *row, TupleTableSlot *slot)
{
	ClfScanState *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	clf_recordings_open(state->recordings, row);
	econtext->ecxt_scantuple = slot;
	for (ClfOrigin origin = CLF_FROM_DETAILS; origin < CLF_ORIGINS; origin++)
	{
		if (origin == CLF_FROM_DETAILS ? !state->needs_details :
			!state->needs_content)
			continue;
		if (!ExecQual(state->early[origin], econtext))
			return false;
		clf_recordings_get(state->recordings, origin, row);
		if (!clf_tuple_add(state->tuple, row, origin, slot))
			return false;
	}
	return true;
}

/*
 * clf_scan_next
 *		IterateForeignScan: called in the per-tuple context, where the tuple's
 *		values go.  Asynchronously, no tuple may also mean that there is none
 *		yet.
 */
TupleTableSlot *
clf_scan_next(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const ClfRow *next;

	if (!state->started)
		start_scan(node);
	while ((next = clf_pager_next(state->pager, !state->async)) != NULL)
	{
		ClfRow		row = *next;

		if (clf_tuple_fill(state->tuple, &row, slot) &&
			(state->recordings == NULL ||
			 add_per_row_columns(node, &row, slot)))
			return slot;
		InstrCountFiltered1(node, 1);
		ResetExprContext(node->ss.ps.ps_ExprContext);
	}
	return ExecClearTuple(slot);
}

/*
 * clf_scan_restart
 *		ReScanForeignScan: values are bound again for the next row.
 */
void
clf_scan_restart(ForeignScanState *node)
{
	((ClfScanState *) node->fdw_state)->started = false;
}

/*
 * clf_scan_end
 *		EndForeignScan: warn about values that could not be converted.  All
 *		resources are released with the memory context.
 */
void
clf_scan_end(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;

	if (state && state->tuple)
		clf_tuple_warn(state->tuple);
	if (state)
		MemoryContextDelete(state->cxt);
	node->fdw_state = NULL;
}

/* ----------
 * Asynchronous execution below an Append
 * ----------
 */

/*
 * clf_scan_produce
 *		Answer an Append's request, with a tuple if one is available without
 *		waiting.
 */
void
clf_scan_produce(AsyncRequest *areq)
{
	ForeignScanState *node = castNode(ForeignScanState, areq->requestee);
	ClfScanState *state = node->fdw_state;
	TupleTableSlot *slot;

	state->async = true;
	slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	if (!TupIsNull(slot) || clf_pager_at_end(state->pager))
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
	else
		ExecAsyncRequestPending(areq);
}

/*
 * clf_scan_configure_wait
 *		Register the scan's descriptor with the Append's wait event set.
 */
void
clf_scan_configure_wait(AsyncRequest *areq)
{
	ClfScanState *state = ((ForeignScanState *) areq->requestee)->fdw_state;
	AppendState *append = castNode(AppendState, areq->requestor);

	AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE,
					  clf_pager_descriptor(state->pager), NULL, areq);
}
