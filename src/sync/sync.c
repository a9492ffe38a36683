/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  The procedure call_log_fdw_sync: a local copy of the call log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "net/exchange.h"
#include "nodes/parsenodes.h"
#include "sync/sync.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(call_log_fdw_sync);
PG_FUNCTION_INFO_V1(call_log_fdw_requests);

/* Parameters of the procedure */
enum
{
	ARG_SOURCE,
	ARG_TARGET,
	ARG_CHANGES,
	ARG_SINCE,
	ARG_NEWEST_FIRST,
	ARG_SETTLE,
	ARG_RECHECK,
	ARG_MAX_REQUESTS,
	ARG_MAX_BYTES,
	ARG_LEAVE_REQUESTS,
	ARG_ADD_COLUMNS,
	ARG_MARK_ABSENT,
	ARG_DELETE_ROWS,
	ARG_RESTART,
	ARG_BACKFILL_ONLY
};

typedef void (*ClfSyncStep) (ClfSync *sync);

/* ----------
 * Requests
 * ----------
 */

/*
 * call_log_fdw_requests
 *		Number of requests that the session has sent, without logins.
 */
Datum
call_log_fdw_requests(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) clf_exchange_sent());
}

/* Requests sent by the call of the procedure */
static int64
sent_by_call(const ClfSync *sync)
{
	return (int64) (clf_exchange_sent() - sync->requests_before);
}

/* ----------
 * The call
 * ----------
 */

/* In microseconds; a month counts as 30 days */
static double
interval_length(const Interval *interval)
{
	return interval->time + (interval->day + 30.0 * interval->month) *
		USECS_PER_DAY;
}

static Interval *
copy_interval(const Interval *interval)
{
	Interval   *copy = palloc(sizeof(Interval));

	*copy = *interval;
	return copy;
}

/* NULL means no limit, -1 */
static int64
limit_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? -1 : Max(PG_GETARG_INT64(n), 0);
}

static bool
flag_argument(FunctionCallInfo fcinfo, int n)
{
	return !PG_ARGISNULL(n) && PG_GETARG_BOOL(n);
}

static void
check_arguments(const ClfSync *sync, bool has_since)
{
	if (has_since && TIMESTAMP_NOT_FINITE(sync->since))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must be finite")));
	if (interval_length(sync->settle) < USECS_PER_MINUTE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settle must be at least one minute")));
	if (sync->recheck && interval_length(sync->recheck) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recheck must not be negative")));
	if (sync->backfill_only &&
		(has_since || sync->recheck || sync->add_columns || sync->restart))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("backfill_only cannot be combined with since, recheck, "
						"add_columns or restart")));
}

/* Read the arguments, palloc'd in the current memory context */
static ClfSync *
read_arguments(FunctionCallInfo fcinfo)
{
	ClfSync    *sync = palloc0(sizeof(ClfSync));

	if (PG_ARGISNULL(ARG_SOURCE) || PG_ARGISNULL(ARG_TARGET) ||
		PG_ARGISNULL(ARG_SETTLE))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source, target and settle of call_log_fdw_sync must "
						"not be null")));
	sync->cxt = CurrentMemoryContext;
	sync->recent = DT_NOEND;
	sync->source = PG_GETARG_OID(ARG_SOURCE);
	sync->changes = PG_ARGISNULL(ARG_CHANGES) ? InvalidOid :
		PG_GETARG_OID(ARG_CHANGES);
	sync->since = PG_ARGISNULL(ARG_SINCE) ? CLF_SYNC_NEVER :
		PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	sync->newest_first = PG_ARGISNULL(ARG_NEWEST_FIRST) ||
		PG_GETARG_BOOL(ARG_NEWEST_FIRST);
	sync->settle = copy_interval(PG_GETARG_INTERVAL_P(ARG_SETTLE));
	if (!PG_ARGISNULL(ARG_RECHECK))
		sync->recheck = copy_interval(PG_GETARG_INTERVAL_P(ARG_RECHECK));
	sync->max_requests = limit_argument(fcinfo, ARG_MAX_REQUESTS);
	sync->max_bytes = limit_argument(fcinfo, ARG_MAX_BYTES);
	sync->leave_requests = PG_ARGISNULL(ARG_LEAVE_REQUESTS) ? 0 :
		PG_GETARG_INT32(ARG_LEAVE_REQUESTS);
	sync->add_columns = flag_argument(fcinfo, ARG_ADD_COLUMNS);
	if (!PG_ARGISNULL(ARG_MARK_ABSENT))
		sync->mark_absent = PG_GETARG_BOOL(ARG_MARK_ABSENT) ? CLF_ABSENT_DELETED :
			CLF_ABSENT_KEPT;
	sync->delete_rows = flag_argument(fcinfo, ARG_DELETE_ROWS);
	sync->restart = flag_argument(fcinfo, ARG_RESTART);
	sync->backfill_only = flag_argument(fcinfo, ARG_BACKFILL_ONLY);
	check_arguments(sync, !PG_ARGISNULL(ARG_SINCE));
	return sync;
}

/* Check that the procedure can write and commit */
static void
check_context(FunctionCallInfo fcinfo)
{
	const CallContext *context = (const CallContext *) fcinfo->context;

	if (RecoveryInProgress() || XactReadOnly)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("cannot execute %s in a read-only transaction",
						"call_log_fdw_sync"),
				 errhint("Call it on the primary server, from where replication "
						 "brings the copy to standby servers.")));
	if (context == NULL || !IsA(context, CallContext) || context->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("call_log_fdw_sync cannot be called inside a "
						"transaction block or a function"),
				 errdetail("The procedure commits after each request."),
				 errhint("Execute CALL as a single statement.")));
}

/* ----------
 * Steps
 * ----------
 */

/* Is it time to request changes, or is nothing else left to do? */
static bool
is_due(const ClfSync *sync, TimestampTz due, bool done)
{
	return due <= GetCurrentTimestamp() ||
		(!done && sync->state->missing.n == 0);
}

/* Must a token be obtained before the call log is read? */
static bool
lacks_token(const ClfSync *sync)
{
	const ClfSyncPlan *plan = sync->plan;

	return (plan->deletions && sync->state->deletions_token == NULL) ||
		(plan->changes && !plan->extract && sync->state->sync_token == NULL);
}

/* Before a part has been read, everything would be a change */
static bool
changes_are_due(const ClfSync *sync)
{
	return sync->plan->changes && !sync->without_changes &&
		sync->state->synced_at != CLF_SYNC_NEVER &&
		is_due(sync, sync->changes_due, sync->caught_up);
}

static bool
deletions_are_due(const ClfSync *sync)
{
	return sync->plan->deletions && !sync->without_tokens &&
		is_due(sync, sync->deletions_due, sync->deletions_read);
}

static bool
absent_are_due(const ClfSync *sync)
{
	return sync->state->absent != NIL;
}

static bool
recent_is_due(const ClfSync *sync)
{
	return clf_sync_part_is_due(sync, true);
}

static bool
part_is_due(const ClfSync *sync)
{
	return clf_sync_part_is_due(sync, false);
}

static bool
recording_is_due(const ClfSync *sync)
{
	return sync->plan->audio && !sync->audio_read;
}

/*
 * Steps by priority.  After a run that a limit has ended, the next one starts with
 * the step after that run's first, so that low limits do not starve any step.
 */
static const struct
{
	bool		(*is_due) (const ClfSync *sync);
	ClfSyncStep step;
}			steps[] = {
	{changes_are_due, clf_sync_changes_step},
	{deletions_are_due, clf_sync_deletions_step},
	{absent_are_due, clf_sync_absent_step},
	{recent_is_due, clf_sync_recent_step},
	{part_is_due, clf_sync_part_step},
	{recording_is_due, clf_sync_recording_step},
};

/* The limit that the step would exceed, or NULL */
static const char *
find_limit(const ClfSync *sync, ClfSyncStep step)
{
	int64		most = sync->max_requests;
	int			needed = step == clf_sync_recording_step ? 2 : 1;

	if (most < 0 && sync->plan->table->max_requests > 0)
		most = sync->plan->table->max_requests;
	if (most >= 0 && sent_by_call(sync) + needed > most)
		return "max_requests";
	if (step == clf_sync_recording_step && sync->max_bytes >= 0 &&
		sync->bytes >= sync->max_bytes)
		return "max_bytes";
	return NULL;
}

/*
 * The next step and its number; NULL if none is due.  One that would exceed a limit
 * is chosen only if all that are due would.
 */
static ClfSyncStep
next_step(const ClfSync *sync, int *number)
{
	int			first = sync->first_step >= 0 ? 0 : sync->state->next_step;

	*number = -1;
	if (sync->backfill_only)
		return clf_sync_part_step;
	if (!sync->without_tokens && lacks_token(sync))
		return clf_sync_token_step;
	for (size_t i = 0; i < lengthof(steps); i++)
	{
		int			n = (first + i) % lengthof(steps);

		bool		fits = find_limit(sync, steps[n].step) == NULL;

		if (!steps[n].is_due(sync) || (!fits && *number >= 0))
			continue;
		*number = n;
		if (fits)
			break;
	}
	return *number < 0 ? NULL : steps[*number].step;
}

/* End the run, and record the first step of the next one */
static void
end_run(ClfSync *sync, int next_step)
{
	sync->finished = true;
	if (sync->backfill_only || sync->state->next_step == next_step)
		return;
	sync->state->next_step = next_step;
	clf_sync_save(sync);
}

/* Run the next step */
static void
do_step(ClfSync *sync)
{
	ClfSyncStep step;
	int			number;
	const char *limit;

	if (!sync->begun)
	{
		/* without a request, during which it would hold locks on the state */
		if (sync->backfill_only)
			clf_sync_begin_backfill(sync);
		else
			clf_sync_begin(sync);
		return;
	}
	clf_sync_load(sync);
	clf_sync_recheck_rest(sync);
	step = next_step(sync, &number);
	limit = step ? find_limit(sync, step) : NULL;
	if (limit)
	{
		clf_sync_report(sync, psprintf("stopped by %s, the next call resumes here",
									   limit));
		end_run(sync, sync->first_step < 0 ? sync->state->next_step :
				(sync->first_step + 1) % (int) lengthof(steps));
	}
	else if (step)
	{
		step(sync);
		if (sync->first_step < 0)
			sync->first_step = number;
	}
	else
		end_run(sync, 0);
}

/* Free the tuplestores of the step */
static void
end_answers(ClfSync *sync)
{
	ListCell   *lc;

	foreach(lc, sync->stores)
		tuplestore_end(lfirst(lc));
	sync->stores = NIL;
}

/* Run a step in its own transaction, without holding a snapshot while it waits */
static void
run_step(ClfSync *sync)
{
	MemoryContext old = MemoryContextSwitchTo(sync->step_cxt);
	int			nest_level = NewGUCNestLevel();

	/* the state and the rows of other calls must be visible */
	if (!FirstSnapshotSet)
		XactIsoLevel = XACT_READ_COMMITTED;
	(void) set_config_option("call_log_fdw.leave_requests",
							 psprintf("%d", sync->leave_requests), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	sync->owner = CurrentResourceOwner;
	sync->requests_at_step = clf_exchange_sent();
	clf_sync_make_plan(sync);
	do_step(sync);
	end_answers(sync);
	AtEOXact_GUC(false, nest_level);
	MemoryContextSwitchTo(old);
	MemoryContextReset(sync->step_cxt);
	SPI_commit();
}

/* ----------
 * The procedure
 * ----------
 */

/* Find or create the target, and take the lock */
static void
prepare(ClfSync *sync, const char *target, Oid function)
{
	MemoryContext old = MemoryContextSwitchTo(sync->step_cxt);

	PushActiveSnapshot(GetTransactionSnapshot());
	sync->caller = GetUserId();
	clf_sync_check_source(sync);
	clf_sync_find_state(sync, function);
	sync->target = clf_sync_find_target(sync, target);
	sync->label = MemoryContextStrdup(sync->cxt, clf_sync_label(sync->target));
	clf_sync_make_plan(sync);
	clf_sync_lock(sync);
	PopActiveSnapshot();
	MemoryContextSwitchTo(old);
	MemoryContextReset(sync->step_cxt);
	SPI_commit();
}

/* Report totals */
static void
report_totals(ClfSync *sync)
{
	char	   *audio;

	clf_sync_make_plan(sync);
	audio = clf_sync_describe_audio(sync);
	clf_sync_report(sync, psprintf("%s new or changed, %s%s%s in all",
								   clf_sync_count(sync->rows, "row"),
								   audio ? audio : "", audio ? ", " : "",
								   clf_sync_count(sent_by_call(sync), "request")));
}

/*
 * call_log_fdw_sync
 *		Make and keep a local copy of a foreign table of calls or recordings.
 */
Datum
call_log_fdw_sync(PG_FUNCTION_ARGS)
{
	ClfSync    *sync;
	char	   *target;

	check_context(fcinfo);
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the SPI manager");
	sync = read_arguments(fcinfo);
	target = text_to_cstring(PG_GETARG_TEXT_PP(ARG_TARGET));
	sync->step_cxt = AllocSetContextCreate(sync->cxt, "call_log_fdw sync step",
										   ALLOCSET_DEFAULT_SIZES);
	sync->began_at = GetCurrentTimestamp();
	sync->reported_at = sync->began_at;
	sync->requests_before = clf_exchange_sent();
	sync->first_step = -1;
	prepare(sync, target, fcinfo->flinfo->fn_oid);
	while (!sync->finished)
		run_step(sync);
	report_totals(sync);
	clf_sync_unlock(sync);
	SPI_finish();
	PG_RETURN_VOID();
}
