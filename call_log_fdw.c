/*-------------------------------------------------------------------------
 *
 * call_log_fdw.c
 *	  Foreign data wrapper for the RingCentral Call Log API: the front door.
 *
 * The callbacks of the executor and the planner, as short scripts that call
 * the rooms in src/.  A scan goes straight down through them:
 *
 *	  endpoint -> option -> pushdown -> request -> json, field, page, http,
 *	  budget, token, exchange -> pager, recording -> tuple
 *
 * A join by id (join) has a scan of ours below it and tells it which ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/import.h"
#include "catalog/option.h"
#include "compat.h"
#include "executor/execAsync.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "net/budget.h"
#include "net/exchange.h"
#include "net/token.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "plan/paths.h"
#include "plan/pushdown.h"
#include "plan/query.h"
#include "scan/analyze.h"
#include "scan/id_join.h"
#include "scan/pager.h"
#include "scan/recording.h"
#include "scan/tuple.h"
#include "shared/activity.h"
#include "shared/clock.h"
#include "shared/shmem.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

CLF_MODULE_MAGIC("call_log_fdw", CLF_VERSION);

PG_FUNCTION_INFO_V1(call_log_fdw_handler);

void		_PG_init(void);

/* One scan, from Begin to End: node->fdw_state */
typedef struct ClfScanState
{
	MemoryContext cxt;			/* all of this; deleted at the end */
	ClfOptions *options;
	ClfScanPlan *plan;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	ClfTuple   *tuple;
	ClfPager   *pager;
	ClfRecordings *recordings;	/* NULL: no column needs more than the row */
	bool		needs[CLF_SOURCES]; /* does a column come from there? */
	ExprState  *early[CLF_SOURCES]; /* conditions to check before asking it */
	ClfActivity *activity;

	bool		async;			/* return rather than wait for an answer? */
	bool		started;		/* has the pager the query? */
	Datum		given_ids;		/* of a join: a text[]; 0: none yet */
	MemoryContext query_cxt;
	ClfQuery   *query;			/* as bound at the start or last rescan */
} ClfScanState;

static void give_ids(ForeignScanState *node, Datum ids);
static void callLogJoinPaths(PlannerInfo *root, RelOptInfo *joinrel,
							 RelOptInfo *outerrel, RelOptInfo *innerrel,
							 JoinType jointype, JoinPathExtraData *extra);

static set_join_pathlist_hook_type previous_join_hook = NULL;

void
_PG_init(void)
{
	clf_shmem_init();
	clf_token_init();
	clf_budget_init();
	clf_join_init(give_ids);
	MarkGUCPrefixReserved("call_log_fdw");
	previous_join_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = callLogJoinPaths;
}

/* ----------
 * Planning
 * ----------
 */

static void
callLogGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	clf_plan_rel_size(root, baserel, relid);
}

static void
callLogGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	(void) relid;
	clf_plan_paths(root, baserel);
}

static ForeignScan *
callLogGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
					  ForeignPath *best_path, List *tlist, List *scan_clauses,
					  Plan *outer_plan)
{
	(void) relid;
	return clf_plan_scan(root, baserel, best_path, tlist, scan_clauses,
						 outer_plan);
}

/* For each pair of relations, one of which may be a table of ours */
static void
callLogJoinPaths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				 RelOptInfo *innerrel, JoinType jointype,
				 JoinPathExtraData *extra)
{
	if (previous_join_hook)
		previous_join_hook(root, joinrel, outerrel, innerrel, jointype, extra);
	if (innerrel->fdwroutine && IS_SIMPLE_REL(innerrel) &&
		innerrel->fdwroutine->GetForeignPlan == callLogGetForeignPlan)
		clf_join_add_paths(root, joinrel, outerrel, innerrel, jointype, extra);
}

/* ----------
 * Scanning
 * ----------
 */

/* The clauses of the plan's qual that are checked before a source is asked */
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

/* What it takes to fetch rows, in the scan's memory context */
static void
prepare_scan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	Oid			userid = clf_scan_userid((ForeignScan *) node->ss.ps.plan,
										 node->ss.ps.state);
	ClfSelection *selection;
	bool		more;

	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		state->early[source] = init_early(node, state->plan->early[source]);
	selection = clf_selection_create(state->options->resource->rows_paths == NULL);
	state->tuple = clf_tuple_create(node->ss.ss_currentRelation,
									state->options, state->plan->attnums,
									selection);
	more = state->needs[CLF_SOURCE_DETAILS] || state->needs[CLF_SOURCE_CONTENT];
	state->activity = clf_activity_begin(state->cxt, state->options);
	state->pager = clf_pager_create(state->cxt, state->options, state->plan,
									selection, userid, !more,
									!bms_is_empty(node->ss.ps.plan->extParam),
									state->activity);
	if (more)
		state->recordings = clf_recordings_create(state->cxt, state->options,
												  selection, userid,
												  state->activity);
}

/* Nothing is sent here, nor for EXPLAIN alone */
static void
callLogBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	Relation	rel = node->ss.ss_currentRelation;
	MemoryContext cxt = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
											  "call_log_fdw scan",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfScanState *state = palloc0(sizeof(ClfScanState));

	node->fdw_state = state;
	state->cxt = cxt;
	state->query_cxt = AllocSetContextCreate(cxt, "call_log_fdw query",
											 ALLOCSET_SMALL_SIZES);
	state->options = clf_get_options(RelationGetRelid(rel));
	state->plan = clf_get_scan_plan(plan);
	state->exprs = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	for (ClfSource source = 0; source < CLF_SOURCES; source++)
		state->needs[source] = clf_needs_source(state->options,
												state->plan->attnums, source);
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		prepare_scan(node);
	MemoryContextSwitchTo(old);
}

/* Does the expression need a value that EXPLAIN alone does not have? */
static bool
lacks_value(Node *node, void *generic)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind == PARAM_EXEC || *(bool *) generic;
	return expression_tree_walker(node, lacks_value, generic);
}

/*
 * The plan's expressions as they are now.  With a deparse context, for EXPLAIN
 * alone, those without a value yet are given as text instead.
 */
static ClfValue *
evaluate(ForeignScanState *node, List *deparse_context)
{
	ClfScanState *state = node->fdw_state;
	bool		generic = (node->ss.ps.state->es_top_eflags &
						   CLF_EXPLAIN_GENERIC) != 0;
	ClfValue   *values = palloc0((list_length(state->exprs) + 1) *
								 sizeof(ClfValue));
	ListCell   *lc;

	foreach(lc, state->exprs)
	{
		ClfValue   *value = &values[foreach_current_index(lc)];
		ExprState  *expr = lfirst(lc);
		Node	   *source = (Node *) expr->expr;

		value->type = exprType(source);
		if (foreach_current_index(lc) == state->plan->given)
		{
			value->value = state->given_ids;
			value->unknown = state->given_ids == 0 ? "ids of the join" : NULL;
		}
		else if (deparse_context && lacks_value(source, &generic))
			value->unknown = deparse_expression(source, deparse_context, false,
												false);
		else
			value->value = ExecEvalExprSwitchContext(expr,
													 node->ss.ps.ps_ExprContext,
													 &value->isnull);
	}
	return values;
}

/*
 * Bind the plan to the present values and stand before the first record.  A
 * rescan that asks for the same goes back to what is there.
 */
static void
start_scan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	ClfValue   *values = evaluate(node, NIL);
	ClfQuery   *query = clf_bind_query(state->plan, state->options, values);
	MemoryContext old;

	state->started = true;
	if (state->query && clf_query_equals(state->query, query))
	{
		clf_pager_rewind(state->pager);
		return;
	}
	MemoryContextReset(state->query_cxt);
	old = MemoryContextSwitchTo(state->query_cxt);
	state->query = clf_bind_query(state->plan, state->options, values);
	MemoryContextSwitchTo(old);
	clf_pager_start(state->pager, state->query);
}

/* What a join wants next; the array has to live until then */
static void
give_ids(ForeignScanState *node, Datum ids)
{
	((ClfScanState *) node->fdw_state)->given_ids = ids;
}

/*
 * Complete a row by requests of its own, cheap ones first.  False when it turns
 * out that a condition drops it.
 */
static bool
complete_row(ForeignScanState *node, ClfRow *row, TupleTableSlot *slot)
{
	ClfScanState *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	clf_recordings_open(state->recordings, row);
	econtext->ecxt_scantuple = slot;
	for (ClfSource source = CLF_SOURCE_DETAILS; source < CLF_SOURCES; source++)
	{
		if (!state->needs[source])
			continue;
		if (!ExecQual(state->early[source], econtext))
			return false;
		clf_recordings_get(state->recordings, source, row);
		clf_tuple_fill(state->tuple, row, source, slot);
	}
	return true;
}

/*
 * Called in the per-tuple context, where the tuple's values go.  Asynchronously,
 * no tuple may also mean that there is none yet.
 */
static TupleTableSlot *
callLogIterateForeignScan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const ClfRow *record;

	if (!state->started)
		start_scan(node);
	while ((record = clf_pager_next(state->pager, !state->async)) != NULL)
	{
		ClfRow		row = *record;

		clf_tuple_fill(state->tuple, &row, CLF_SOURCE_ROW, slot);
		if (state->recordings == NULL || complete_row(node, &row, slot))
			return slot;
		InstrCountFiltered1(node, 1);
		ResetExprContext(node->ss.ps.ps_ExprContext);
	}
	return ExecClearTuple(slot);
}

static void
callLogReScanForeignScan(ForeignScanState *node)
{
	((ClfScanState *) node->fdw_state)->started = false;
}

static void
callLogEndForeignScan(ForeignScanState *node)
{
	ClfScanState *state = node->fdw_state;

	if (state)
		MemoryContextDelete(state->cxt);
	node->fdw_state = NULL;
}

/* ----------
 * Scanning beside others, below an Append
 * ----------
 */

/* Answer an Append's request with a tuple, if there is one without waiting */
static void
produce_tuple(AsyncRequest *areq)
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

static bool
callLogIsForeignPathAsyncCapable(ForeignPath *path)
{
	return clf_plan_is_async(path->path.parent);
}

static void
callLogForeignAsyncRequest(AsyncRequest *areq)
{
	produce_tuple(areq);
}

/* Each scan has a descriptor of its own */
static void
callLogForeignAsyncConfigureWait(AsyncRequest *areq)
{
	ClfScanState *state = ((ForeignScanState *) areq->requestee)->fdw_state;
	AppendState *append = castNode(AppendState, areq->requestor);

	AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE,
					  clf_pager_descriptor(state->pager), NULL, areq);
}

static void
callLogForeignAsyncNotify(AsyncRequest *areq)
{
	produce_tuple(areq);
}

/* ----------
 * EXPLAIN
 * ----------
 */

static void
explain_request(ForeignScanState *node, ExplainState *es,
				const ClfQuery *query)
{
	ClfScanState *state = node->fdw_state;
	ClfWindow	window;
	const char *text;

	if (clf_query_lacks_since(query))
		text = "none, since the query does not say since when";
	else if (clf_query_window(query, state->options,
							  clf_clock_now(state->options->base_url), &window))
		text = psprintf("GET %s", clf_query_uri(query, &window, 1,
												query->page_size, NULL));
	else
		text = "none, the conditions leave nothing over";
	ExplainPropertyText("Call Log Request", text, es);
}

/* The requests that each row takes which the conditions leave over */
static void
explain_row_requests(ForeignScanState *node, ExplainState *es,
					 const ClfQuery *query)
{
	ClfScanState *state = node->fdw_state;
	const ClfOptions *options = state->options;
	List	   *texts = NIL;

	if (state->needs[CLF_SOURCE_DETAILS] && !query->details)
		texts = lappend(texts, psprintf("GET %s", clf_details_uri(options,
																  NULL)));
	if (state->needs[CLF_SOURCE_CONTENT])
		texts = lappend(texts, psprintf("GET {content_uri} at %s",
										options->media_url));
	if (texts != NIL)
		ExplainPropertyList("Requests per Row", texts, es);
}

/* By id, the other conditions are not sent */
static void
explain_pushed_conditions(ForeignScanState *node, ExplainState *es,
						  List *deparse_context, const ClfQuery *query)
{
	ClfScanState *state = node->fdw_state;
	List	   *texts = NIL;

	for (int i = 0; i < state->plan->nconditions; i++)
	{
		ClfCondition *condition = &state->plan->conditions[i];

		if (condition->clause >= 0 &&
			(!clf_query_by_id(query) ||
			 (condition->filter->operators & CLF_OP_IDS)))
			texts = lappend(texts,
							deparse_expression(list_nth(node->ss.ps.plan->qual,
														condition->clause),
											   deparse_context, es->verbose,
											   false));
	}
	if (texts != NIL)
		ExplainPropertyList("Pushed Conditions", texts, es);
}

/* What it will take, as far as that can be told without sending anything */
static void
explain_estimate(ForeignScanState *node, ExplainState *es)
{
	ClfScanState *state = node->fdw_state;
	double		requests = state->plan->requests;
	double		seconds;

	ExplainPropertyFloat("Estimated Requests", NULL, requests, 0, es);
	seconds = clf_exchange_seconds(state->options,
								   clf_scan_userid((ForeignScan *) node->ss.ps.plan,
												   node->ss.ps.state),
								   requests);
	if (seconds >= 60 || (seconds >= 0 && es->format != EXPLAIN_FORMAT_TEXT))
		ExplainPropertyFloat("Estimated Minutes", NULL, seconds / 60, 1, es);
}

/* Structured formats have it always, so that programs find it; people if it matters */
static bool
is_shown(const ExplainState *es, bool matters)
{
	return matters || es->verbose || es->format != EXPLAIN_FORMAT_TEXT;
}

static void
explain_activity(const ClfActivity *activity, ExplainState *es)
{
	const ClfCounters *counters = &activity->counters;
	const struct
	{
		const char *label;
		int64		count;
		bool		matters;
	}			lines[] = {
		{"Requests", counters->requests, true},
		{"Retries", counters->retries, counters->retries > 0},
		{"Logins", counters->logins, false},
		{"Pages", counters->pages, true},
		{"Records Received", counters->records, true},
		{"Duplicates Dropped", counters->duplicates, counters->duplicates > 0},
		{"Requests Spared", counters->spared, counters->spared > 0},
		{"Bytes Received", counters->bytes, false},
	};

	for (size_t i = 0; i < lengthof(lines); i++)
	{
		if (is_shown(es, lines[i].matters))
			ExplainPropertyInteger(lines[i].label, NULL, lines[i].count, es);
	}
	if (es->timing && is_shown(es, activity->budget_wait > 0.001))
		ExplainPropertyFloat("Budget Wait", "s", activity->budget_wait, 3, es);
	if (es->timing && is_shown(es, false))
		ExplainPropertyFloat("Network Wait", "s", activity->network_wait, 3,
							 es);
}

static void
callLogExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	ClfScanState *state = node->fdw_state;
	List	   *deparse_context = set_deparse_context_plan(es->deparse_cxt,
														   node->ss.ps.plan,
														   NIL);
	ClfQuery   *query = state->query;

	if (query == NULL)
		query = clf_bind_query(state->plan, state->options,
							   evaluate(node, deparse_context));
	explain_request(node, es, query);
	explain_row_requests(node, es, query);
	explain_pushed_conditions(node, es, deparse_context, query);
	if (query->ids != NIL)
		ExplainPropertyInteger("Ids", NULL, list_length(query->ids), es);
	else if (!clf_query_by_id(query))
		ExplainPropertyInteger("Page Size", NULL, state->plan->page_size, es);
	if (state->plan->sorted)
		ExplainPropertyText("Call Log Order", "newest first", es);
	if (es->costs)
		explain_estimate(node, es);
	if (es->analyze && state->activity)
		explain_activity(state->activity, es);
}

/* ----------
 * Read-only
 * ----------
 */

static void
report_read_only(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("foreign table \"%s\" is read-only",
					RelationGetRelationName(rel)),
			 errdetail("The Call Log API has no way to change calls.")));
}

static int
callLogIsForeignRelUpdatable(Relation rel)
{
	(void) rel;
	return 0;
}

static List *
callLogPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
						 Index result_relation, int subplan_index)
{
	RangeTblEntry *rte = planner_rt_fetch(result_relation, root);

	(void) plan;
	(void) subplan_index;
	report_read_only(RelationIdGetRelation(rte->relid));
	return NIL;
}

static void
callLogExecForeignTruncate(List *rels, DropBehavior behavior,
						   bool restart_seqs)
{
	(void) behavior;
	(void) restart_seqs;
	report_read_only(linitial(rels));
}

/* A foreign table has no pages; 1 says that it was analyzed */
static bool
callLogAnalyzeForeignTable(Relation rel, AcquireSampleRowsFunc *func,
						   BlockNumber *totalpages)
{
	*func = clf_acquire_sample;
	*totalpages = 1;
	return clf_can_analyze(RelationGetRelid(rel));
}

static List *
callLogImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	(void) serverid;
	return clf_import_schema(stmt);
}

/*
 * call_log_fdw_handler
 *		The callbacks.  Nothing here is parallel-safe: a libcurl handle belongs
 *		to one process.
 */
Datum
call_log_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	(void) fcinfo;
	routine->GetForeignRelSize = callLogGetForeignRelSize;
	routine->GetForeignPaths = callLogGetForeignPaths;
	routine->GetForeignPlan = callLogGetForeignPlan;
	routine->BeginForeignScan = callLogBeginForeignScan;
	routine->IterateForeignScan = callLogIterateForeignScan;
	routine->ReScanForeignScan = callLogReScanForeignScan;
	routine->EndForeignScan = callLogEndForeignScan;
	routine->ExplainForeignScan = callLogExplainForeignScan;
	routine->IsForeignRelUpdatable = callLogIsForeignRelUpdatable;
	routine->PlanForeignModify = callLogPlanForeignModify;
	routine->ExecForeignTruncate = callLogExecForeignTruncate;
	routine->ImportForeignSchema = callLogImportForeignSchema;
	routine->AnalyzeForeignTable = callLogAnalyzeForeignTable;
	routine->IsForeignPathAsyncCapable = callLogIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = callLogForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = callLogForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = callLogForeignAsyncNotify;
	PG_RETURN_POINTER(routine);
}
