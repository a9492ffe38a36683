/*-------------------------------------------------------------------------
 *
 * call_log_fdw.c
 *	  Foreign data wrapper for the RingCentral Call Log API: the callbacks of
 *	  planner and executor.
 *
 * See src/README.md for the modules.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/import.h"
#include "compat.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "net/budget.h"
#include "net/token.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "plan/jit.h"
#include "plan/node.h"
#include "plan/paths.h"
#include "scan/analyze.h"
#include "scan/explain.h"
#include "scan/id_join.h"
#include "scan/scan.h"
#include "shared/shmem.h"
#include "utils/guc.h"
#include "utils/rel.h"

CLF_MODULE_MAGIC("call_log_fdw", CLF_VERSION);

PG_FUNCTION_INFO_V1(call_log_fdw_handler);

void		_PG_init(void);

static void callLogJoinPaths(PlannerInfo *root, RelOptInfo *joinrel,
							 RelOptInfo *outerrel, RelOptInfo *innerrel,
							 JoinType jointype, JoinPathExtraData *extra);

static void callLogExecutorStart(QueryDesc *queryDesc, int eflags);

static set_join_pathlist_hook_type previous_join_hook = NULL;
static ExecutorStart_hook_type previous_start_hook = NULL;

void
_PG_init(void)
{
	clf_shmem_init();
	clf_token_init();
	clf_budget_init();
	clf_id_join_init();
	MarkGUCPrefixReserved("call_log_fdw");
	previous_join_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = callLogJoinPaths;
	previous_start_hook = ExecutorStart_hook;
	ExecutorStart_hook = callLogExecutorStart;
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
	clf_plan_paths(root, baserel);
}

static ForeignScan *
callLogGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
					  ForeignPath *best_path, List *tlist, List *scan_clauses,
					  Plan *outer_plan)
{
	return clf_plan_scan(root, baserel, best_path, tlist, scan_clauses,
						 outer_plan);
}

/*
 * set_join_pathlist_hook.  A relation that was proven empty has no
 * fdw_private.
 */
static void
callLogJoinPaths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				 RelOptInfo *innerrel, JoinType jointype,
				 JoinPathExtraData *extra)
{
	if (previous_join_hook)
		previous_join_hook(root, joinrel, outerrel, innerrel, jointype, extra);
	if (innerrel->fdwroutine && innerrel->fdw_private &&
		IS_SIMPLE_REL(innerrel) &&
		innerrel->fdwroutine->GetForeignPlan == callLogGetForeignPlan)
		clf_id_join_add_paths(root, joinrel, outerrel, innerrel, jointype,
							  extra);
}

/* ----------
 * Execution
 * ----------
 */

static bool
is_our_scan(const ForeignScan *scan)
{
	return OidIsValid(scan->fs_server) &&
		GetFdwRoutineByServerId(scan->fs_server)->GetForeignPlan == callLogGetForeignPlan;
}

/*
 * The executor compiles expressions as it is started.  The plan may be a cached
 * one, so other flags are set in a copy.
 */
static void
callLogExecutorStart(QueryDesc *queryDesc, int eflags)
{
	int			flags = clf_jit_flags(queryDesc->plannedstmt, is_our_scan);

	if (flags != queryDesc->plannedstmt->jitFlags)
	{
		PlannedStmt *copy = MemoryContextAlloc(GetMemoryChunkContext(queryDesc),
											   sizeof(PlannedStmt));

		memcpy(copy, queryDesc->plannedstmt, sizeof(PlannedStmt));
		copy->jitFlags = flags;
		queryDesc->plannedstmt = copy;
	}
	if (previous_start_hook)
		previous_start_hook(queryDesc, eflags);
	else
		standard_ExecutorStart(queryDesc, eflags);
}

static void
callLogBeginForeignScan(ForeignScanState *node, int eflags)
{
	clf_scan_begin(node, eflags);
}

static TupleTableSlot *
callLogIterateForeignScan(ForeignScanState *node)
{
	return clf_scan_next(node);
}

static void
callLogReScanForeignScan(ForeignScanState *node)
{
	clf_scan_restart(node);
}

static void
callLogEndForeignScan(ForeignScanState *node)
{
	clf_scan_end(node);
}

static bool
callLogIsForeignPathAsyncCapable(ForeignPath *path)
{
	return clf_plan_is_async(path->path.parent);
}

static void
callLogForeignAsyncRequest(AsyncRequest *areq)
{
	clf_scan_produce(areq);
}

static void
callLogForeignAsyncConfigureWait(AsyncRequest *areq)
{
	clf_scan_configure_wait(areq);
}

static void
callLogForeignAsyncNotify(AsyncRequest *areq)
{
	clf_scan_produce(areq);
}

static void
callLogExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	clf_explain_scan(node, es);
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
	return 0;
}

static List *
callLogPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
						 Index result_relation, int subplan_index)
{
	RangeTblEntry *rte = planner_rt_fetch(result_relation, root);

	report_read_only(RelationIdGetRelation(rte->relid));
	return NIL;
}

static void
callLogExecForeignTruncate(List *rels, DropBehavior behavior,
						   bool restart_seqs)
{
	report_read_only(linitial(rels));
}

/* A foreign table has no pages; 1 marks it as analyzed */
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
	return clf_import_schema(stmt);
}

/*
 * call_log_fdw_handler
 *		Returns the callbacks.  Scans are not parallel-safe: a libcurl handle
 *		belongs to one process.
 */
Datum
call_log_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

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
#ifdef CLF_IMPORTS_STATISTICS
	routine->ImportForeignStatistics = clf_import_statistics;
#endif
	routine->IsForeignPathAsyncCapable = callLogIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = callLogForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = callLogForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = callLogForeignAsyncNotify;
	PG_RETURN_POINTER(routine);
}
