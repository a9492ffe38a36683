/*-------------------------------------------------------------------------
 *
 * monitor.c
 *	  SQL functions for monitoring.
 *
 * The views show the contents of shared memory, or of the backend's own memory
 * if there is none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/error.h"
#include "answer/json.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/token.h"
#include "shared/shmem.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(call_log_fdw_version);
PG_FUNCTION_INFO_V1(call_log_fdw_rate_limits);
PG_FUNCTION_INFO_V1(call_log_fdw_stats);
PG_FUNCTION_INFO_V1(call_log_fdw_stats_reset);
PG_FUNCTION_INFO_V1(call_log_fdw_activity);
PG_FUNCTION_INFO_V1(call_log_fdw_disconnect);

/*
 * call_log_fdw_version
 *		Versions in use, for bug reports.
 */
Datum
call_log_fdw_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("call_log_fdw %s, %s, %s",
											  CLF_VERSION, clf_http_library(),
											  clf_json_library())));
}

/* ----------
 * Rows
 * ----------
 */

/* Maximum number of columns of the functions' rows */
#define MAX_COLUMNS 16

/* A row under construction */
typedef struct Row
{
	int			n;
	Datum		values[MAX_COLUMNS];
	bool		nulls[MAX_COLUMNS];
} Row;

static void
add_value(Row *row, Datum value)
{
	Assert(row->n < MAX_COLUMNS);
	row->nulls[row->n] = false;
	row->values[row->n++] = value;
}

static void
add_null(Row *row)
{
	Assert(row->n < MAX_COLUMNS);
	row->nulls[row->n++] = true;
}

/*
 * Add a text, which may be the API's or from a database with another encoding
 */
static void
add_text(Row *row, const char *text, bool visible)
{
	if (visible && text && text[0] != '\0')
		add_value(row, CStringGetTextDatum(clf_to_server_encoding(text,
																  strlen(text))));
	else
		add_null(row);
}

/* Add a time; 0 is NULL */
static void
add_time(Row *row, TimestampTz time)
{
	if (time != 0)
		add_value(row, TimestampTzGetDatum(time));
	else
		add_null(row);
}

static void
put_view_row(FunctionCallInfo fcinfo, Row *row)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	Assert(row->n == rsinfo->setDesc->natts);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row->values,
						 row->nulls);
}

/* May the caller see entries of other roles? As in pg_stat_activity. */
static bool
sees_all(void)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/* Copies of budgets, to be read without the lock */
typedef struct BudgetCopies
{
	int			n;
	int			nshared;		/* of these are in shared memory, the first
								 * ones */
	TimestampTz stats_since;
	ClfBudgetEntry entries[FLEXIBLE_ARRAY_MEMBER];
} BudgetCopies;

static BudgetCopies *
copy_budgets(void)
{
	const ClfBudgetEntry *own;
	BudgetCopies *copies;
	ClfShared  *shared;
	int			nown = 0;

	while (clf_budget_local(nown) != NULL)
		nown++;
	copies = palloc(offsetof(BudgetCopies, entries) +
					(CLF_MAX_BUDGETS + nown) * sizeof(ClfBudgetEntry));
	copies->n = 0;
	shared = clf_shmem_lock();
	copies->stats_since = shared->stats_since;
	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
	{
		if (shared->budgets[i].head.used_at != 0)
			copies->entries[copies->n++] = shared->budgets[i];
	}
	clf_shmem_unlock();
	copies->nshared = clf_shmem_by_cluster() ? copies->n : 0;
	for (int i = 0; (own = clf_budget_local(i)) != NULL; i++)
		copies->entries[copies->n++] = *own;
	return copies;
}

/* Copies of the scans in progress, *n of them */
static ClfScanEntry *
copy_scans(int *n)
{
	ClfScanEntry *copies = palloc(CLF_MAX_SCANS * sizeof(ClfScanEntry));
	ClfShared  *shared = clf_shmem_lock();

	*n = 0;
	for (int i = 0; i < CLF_MAX_SCANS; i++)
	{
		if (shared->scans[i].pid != 0)
			copies[(*n)++] = shared->scans[i];
	}
	clf_shmem_unlock();
	return copies;
}

/* ----------
 * Views
 * ----------
 */

/* Add the principal's columns; names only if all entries are visible */
static void
add_principal(Row *row, const ClfBudgetEntry *entry, bool all)
{
	add_text(row, entry->base_url, true);
	add_text(row, entry->client_id, all);
	add_text(row, entry->owner, all);
	add_text(row, entry->group, true);
}

/*
 * call_log_fdw_rate_limits
 *		The known request limits and their remaining requests.
 */
Datum
call_log_fdw_rate_limits(PG_FUNCTION_ARGS)
{
	const BudgetCopies *budgets = copy_budgets();
	TimestampTz now = GetCurrentTimestamp();
	bool		all = sees_all();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < budgets->n; i++)
	{
		const ClfBudgetEntry *entry = &budgets->entries[i];
		Row			row = {0};

		add_principal(&row, entry, all);
		add_value(&row, Int32GetDatum(entry->limit));
		add_value(&row, Int32GetDatum(entry->window));
		add_value(&row, BoolGetDatum(entry->learned));
		add_value(&row, Int32GetDatum(clf_budget_remaining(entry, now)));
		add_time(&row, entry->closed_until > now ? entry->closed_until : 0);
		add_value(&row, Int32GetDatum(clf_budget_queue_length(entry, now)));
		add_value(&row, BoolGetDatum(i < budgets->nshared));
		put_view_row(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * call_log_fdw_stats
 *		Statistics of requests by principal and group.
 */
Datum
call_log_fdw_stats(PG_FUNCTION_ARGS)
{
	const BudgetCopies *budgets = copy_budgets();
	bool		all = sees_all();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < budgets->n; i++)
	{
		const ClfBudgetEntry *entry = &budgets->entries[i];
		Interval   *wait = palloc0(sizeof(Interval));
		Row			row = {0};

		wait->time = entry->counts.wait_time;
		add_principal(&row, entry, all);
		add_value(&row, Int64GetDatum(entry->counts.requests));
		add_value(&row, Int64GetDatum(entry->counts.refused));
		add_value(&row, Int64GetDatum(entry->counts.failed));
		add_value(&row, Int64GetDatum(entry->counts.bytes));
		add_value(&row, Int64GetDatum(entry->counts.waits));
		add_value(&row, IntervalPGetDatum(wait));
		add_time(&row, budgets->stats_since);
		put_view_row(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * call_log_fdw_stats_reset
 *		Reset the statistics.
 */
Datum
call_log_fdw_stats_reset(PG_FUNCTION_ARGS)
{
	clf_budget_reset_counts();
	PG_RETURN_VOID();
}

static const char *const status_names[] = {
	[CLF_READS_ROWS] = "reading rows",
	[CLF_WAITS_FOR_ANSWER] = "waiting for a response",
	[CLF_WAITS_FOR_LIMIT] = "waiting for the request limit",
	[CLF_WAITS_FOR_TOKEN] = "logging in",
	[CLF_WAITS_TO_RETRY] = "waiting to retry",
};

StaticAssertDecl(lengthof(status_names) == CLF_WAITS_TO_RETRY + 1,
				 "status_names must match ClfScanStatus");

/* Add the columns that require privileges of the scan's role */
static void
add_scan(Row *row, const ClfScanEntry *entry)
{
	const ClfCounters *counters = &entry->counters;

	add_text(row, entry->server, true);
	add_text(row, entry->table, true);
	add_time(row, entry->started);
	add_text(row, status_names[entry->status], true);
	add_time(row, entry->since);
	add_value(row, Int64GetDatum(counters->requests));
	add_value(row, Int64GetDatum(counters->retries));
	add_value(row, Int64GetDatum(counters->pages));
	add_value(row, Int64GetDatum(counters->records));
	add_value(row, Int64GetDatum(counters->duplicates));
	add_value(row, Int64GetDatum(counters->bytes));
}

/*
 * call_log_fdw_activity
 *		The scans in progress.  Of scans of other roles, only pid, database and
 *		role.
 */
Datum
call_log_fdw_activity(PG_FUNCTION_ARGS)
{
	bool		all = sees_all();
	int			n;
	const ClfScanEntry *scans = copy_scans(&n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		const ClfScanEntry *entry = &scans[i];
		Row			row = {0};

		if (BackendPidGetProc(entry->pid) == NULL)
			continue;
		add_value(&row, Int32GetDatum(entry->pid));
		add_value(&row, ObjectIdGetDatum(entry->database));
		add_value(&row, ObjectIdGetDatum(entry->role));
		if (all || has_privs_of_role(GetUserId(), entry->role))
			add_scan(&row, entry);
		while (row.n < ((ReturnSetInfo *) fcinfo->resultinfo)->setDesc->natts)
			add_null(&row);
		put_view_row(fcinfo, &row);
	}
	return (Datum) 0;
}

/* ----------
 * Actions
 * ----------
 */

/*
 * call_log_fdw_disconnect
 *		Close the session's idle connections and drop its tokens; those that the
 *		caller is allowed to drop, for all backends.  Returns true if there were
 *		any.
 */
Datum
call_log_fdw_disconnect(PG_FUNCTION_ARGS)
{
	bool		closed = clf_http_close_idle();
	bool		forgot = clf_token_forget_all();

	PG_RETURN_BOOL(closed || forgot);
}
