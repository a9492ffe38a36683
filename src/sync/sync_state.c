/*-------------------------------------------------------------------------
 *
 * sync_state.c
 *	  The state of copies, in two tables of the extension.
 *
 * Only the procedure writes these tables, as their owner.  A copy is identified by
 * the name of its table, which survives dump and restore, by the table's OID,
 * which survives renaming, and by witnesses: ids of calls that were copied.  A
 * table that lacks them has been emptied or replaced.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "sync/sync.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Execute a statement as the owner of these tables */
static int64
execute(const ClfSync *sync, const char *sql, const ClfSyncParams *params)
{
	return clf_sync_execute(sync->state_owner, sql, params);
}

/* $1 and $2: schema and name of the target, as they are in the state */
static ClfSyncParams
target_params(const ClfSync *sync)
{
	ClfSyncParams params = {0};

	clf_sync_param_text(&params, sync->schema_name);
	clf_sync_param_text(&params, sync->table_name);
	return params;
}

#define IS_TARGET "schema_name = $1::name AND table_name = $2::name"

/*
 * clf_sync_find_state
 *		Look up the tables, which are in the schema of the procedure.
 */
void
clf_sync_find_state(ClfSync *sync, Oid function)
{
	Oid			schema = get_func_namespace(function);
	const char *name = get_namespace_name(schema);
	Oid			table = get_relname_relid("call_log_fdw_copies", schema);
	ClfSyncParams params = {0};
	bool		isnull;

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.call_log_fdw_copies\" does not exist", name),
				 errhint("DROP EXTENSION call_log_fdw, then CREATE it again.")));
	clf_sync_param(&params, OIDOID, ObjectIdGetDatum(table), false);
	(void) clf_sync_execute(sync->caller,
							"SELECT relowner FROM pg_class WHERE oid = $1",
							&params);
	sync->state_owner = DatumGetObjectId(clf_sync_result(0, 1, &isnull));
	sync->copies = MemoryContextStrdup(sync->cxt,
									   quote_qualified_identifier(name, "call_log_fdw_copies"));
	sync->problems = MemoryContextStrdup(sync->cxt,
										 quote_qualified_identifier(name, "call_log_fdw_problems"));
}

/* ----------
 * Witnesses
 * ----------
 */

/* The witnesses that are in the target, in the same order */
static List *
present_witnesses(const ClfSync *sync, List *witnesses)
{
	const ClfSyncColumn *id = sync->plan->id;
	ClfSyncParams params = {0};

	if (witnesses == NIL)
		return NIL;
	clf_sync_param_texts(&params, witnesses);
	(void) clf_sync_execute(sync->plan->owner,
							psprintf("SELECT array_agg(w ORDER BY n) FROM unnest($1) WITH ORDINALITY AS u (w, n) "
									 "WHERE EXISTS (SELECT FROM %s t WHERE t.%s = w::%s)",
									 clf_sync_target(sync), quote_identifier(id->name),
									 id->cast), &params);
	return clf_sync_result_texts(0, 1);
}

/*
 * Check that the target still has one of the witnesses.  Otherwise it was emptied
 * after the call's last step, and the next call has to copy all calls again.  The
 * catalogs do not show whether a temporary table is emptied at each commit, but only
 * this session can empty one.
 */
static void
check_not_emptied(const ClfSync *sync)
{
	List	   *witnesses = sync->state->witnesses;

	if (witnesses == NIL || present_witnesses(sync, witnesses) != NIL)
		return;
	if (get_rel_persistence(sync->target) == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("temporary table %s loses its rows at each commit",
						sync->label),
				 errdetail("The procedure commits after each request."),
				 errhint("Create the table with ON COMMIT PRESERVE ROWS.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table %s was emptied during the copy", sync->label),
			 errhint("Call call_log_fdw_sync again to copy all calls.")));
}

/* Id of the newest call in the target that is not deleted, or NULL */
static char *
newest_call(const ClfSync *sync)
{
	const ClfSyncPlan *plan = sync->plan;
	const char *start = quote_identifier(plan->time->name);
	ClfSyncParams params = {0};

	clf_sync_param_time(&params, sync->state->since);
	if (clf_sync_execute(plan->owner,
						 psprintf("SELECT %1$s::text FROM %2$s WHERE %3$s >= $1%4$s ORDER BY %3$s DESC LIMIT 1",
								  quote_identifier(plan->id->name), clf_sync_target(sync), start,
								  plan->deleted ? psprintf(" AND %s IS NOT TRUE", quote_identifier(plan->deleted->name)) : ""),
						 &params) == 0)
		return NULL;
	return clf_sync_result_text(0, 1);
}

/*
 * clf_sync_take_witness
 *		Once in a run, add the newest call to the witnesses.  The first witness and
 *		the latest are kept, unless the procedure itself has deleted them.  A call
 *		that only backfills chooses the first one if there is none.
 */
void
clf_sync_take_witness(ClfSync *sync)
{
	List	  **witnesses = &sync->state->witnesses;
	char	   *id;

	if (sync->delete_rows && !sync->backfill_only)
		*witnesses = present_witnesses(sync, *witnesses);
	if ((sync->has_witness || sync->backfill_only) && *witnesses != NIL)
		return;
	id = newest_call(sync);
	if (id == NULL)
		return;
	sync->has_witness = true;
	if (list_length(*witnesses) > 1)
		*witnesses = list_copy_head(*witnesses, 1);
	if (!clf_contains_text(*witnesses, id))
		*witnesses = lappend(*witnesses, id);
}

/* ----------
 * Reading and writing
 * ----------
 */

/* Ranges from the last result, one a row; NULL is an open end */
static ClfSyncRanges
result_ranges(int64 n)
{
	ClfSyncRanges ranges = {0};

	for (int64 i = 0; i < n; i++)
	{
		ClfSyncRange range;

		range.lower = clf_sync_result_time(i, 1, DT_NOBEGIN);
		range.upper = clf_sync_result_time(i, 2, DT_NOEND);
		ranges = clf_sync_ranges_add(ranges, range);
	}
	return ranges;
}

/* Load the state; NULL if there is none for the target */
static ClfSyncState *
load(const ClfSync *sync)
{
	ClfSyncParams params = target_params(sync);
	ClfSyncState *state = palloc0(sizeof(ClfSyncState));

	if (execute(sync, psprintf("SELECT since, synced_at, sync_token, deletions_token, absent, "
							   "witnesses, source_columns::text[], rows, requests, bad_values, next_step::bigint, part_width, recheck_since "
							   "FROM %s WHERE " IS_TARGET, sync->copies), &params) == 0)
		return NULL;
	state->since = clf_sync_result_time(0, 1, CLF_SYNC_NEVER);
	state->synced_at = clf_sync_result_time(0, 2, CLF_SYNC_NEVER);
	state->sync_token = clf_sync_result_text(0, 3);
	state->deletions_token = clf_sync_result_text(0, 4);
	state->absent = clf_sync_result_texts(0, 5);
	state->witnesses = clf_sync_result_texts(0, 6);
	state->columns = clf_sync_result_texts(0, 7);
	state->rows = clf_sync_result_bigint(0, 8);
	state->requests = clf_sync_result_bigint(0, 9);
	state->bad_values = clf_sync_result_bigint(0, 10);
	state->next_step = (int) clf_sync_result_bigint(0, 11);
	state->width = clf_sync_result_bigint(0, 12);
	state->recheck_since = clf_sync_result_time(0, 13, CLF_SYNC_NEVER);
	state->missing = result_ranges(execute(sync,
										   psprintf("SELECT lower(r), upper(r) FROM %s, unnest(missing) r "
													"WHERE " IS_TARGET, sync->copies), &params));
	return state;
}

/* The table of which the target is a copy; InvalidOid if it was dropped */
static Oid
find_source(const ClfSync *sync)
{
	ClfSyncParams params = target_params(sync);
	bool		isnull;

	if (execute(sync, psprintf("SELECT c.oid FROM %s s JOIN pg_class c ON c.relname = s.source_name "
							   "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.source_schema "
							   "WHERE " IS_TARGET, sync->copies), &params) == 0)
		return InvalidOid;
	return DatumGetObjectId(clf_sync_result(0, 1, &isnull));
}

/* Remember the state as it is in the table */
static void
note_saved(ClfSync *sync)
{
	sync->saved = *sync->state;
	sync->saved.absent = list_copy(sync->state->absent);
}

/* Find the state of a renamed target by its OID, and update the name */
static void
follow_rename(ClfSync *sync)
{
	const char *const tables[] = {sync->copies, sync->problems};
	char	   *schema = get_namespace_name(get_rel_namespace(sync->target));
	char	   *name = get_rel_name(sync->target);

	if (clf_same_text(schema, sync->schema_name) &&
		clf_same_text(name, sync->table_name))
		return;
	sync->schema_name = MemoryContextStrdup(sync->cxt, schema);
	sync->table_name = MemoryContextStrdup(sync->cxt, name);
	sync->label = MemoryContextStrdup(sync->cxt, clf_sync_label(sync->target));
	for (size_t i = 0; i < lengthof(tables); i++)
	{
		ClfSyncParams params = target_params(sync);

		clf_sync_param(&params, OIDOID, ObjectIdGetDatum(sync->target), false);
		(void) execute(sync, psprintf("UPDATE %s s SET schema_name = $1::name, table_name = $2::name "
									  "WHERE table_oid = $3 AND NOT EXISTS (SELECT FROM pg_class c "
									  "JOIN pg_namespace n ON n.oid = c.relnamespace "
									  "WHERE c.relname = s.table_name AND n.nspname = s.schema_name)",
									  tables[i]), &params);
	}
}

/*
 * clf_sync_load
 *		Load the state of the target, which clf_sync_begin has created.
 */
void
clf_sync_load(ClfSync *sync)
{
	follow_rename(sync);
	sync->state = load(sync);
	if (sync->state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("state of the copy in table %s was removed during the call",
						sync->label)));
	check_not_emptied(sync);
	if (sync->backfill_only)
		clf_sync_check_backfill(sync, find_source(sync));
	note_saved(sync);
}

/* $n and $n+1: bounds of ranges as arrays */
static void
param_ranges(ClfSyncParams *params, ClfSyncRanges ranges)
{
	Datum	   *bounds = palloc((ranges.n + 1) * sizeof(Datum));

	for (int upper = 0; upper < 2; upper++)
	{
		for (int i = 0; i < ranges.n; i++)
			bounds[i] = TimestampTzGetDatum(upper ? ranges.ranges[i].upper :
											ranges.ranges[i].lower);
		clf_sync_param(params, TIMESTAMPTZARRAYOID,
					   PointerGetDatum(construct_array(bounds, ranges.n, TIMESTAMPTZOID,
													   sizeof(TimestampTz), FLOAT8PASSBYVAL,
													   TYPALIGN_DOUBLE)), false);
	}
}

/* A multirange from two arrays of bounds */
#define RANGES(lower, upper) "coalesce((SELECT range_agg(tstzrange(l, nullif(u, 'infinity'))) " \
	"FROM unnest(" lower ", " upper ") AS r (l, u)), '{}')"

/*
 * Save what other calls for the same target may change at the same time, as
 * differences
 */
static void
save_progress(const ClfSync *sync)
{
	const ClfSyncState *state = sync->state;
	const ClfSyncState *saved = &sync->saved;
	ClfSyncParams params = target_params(sync);

	param_ranges(&params, clf_sync_ranges_minus(state->missing, saved->missing));
	param_ranges(&params, clf_sync_ranges_minus(saved->missing, state->missing));
	clf_sync_param_texts(&params, clf_sync_minus(state->absent, saved->absent));
	clf_sync_param_texts(&params, clf_sync_minus(saved->absent, state->absent));
	clf_sync_param_bigint(&params, state->rows - saved->rows);
	clf_sync_param_bigint(&params, state->requests - saved->requests);
	clf_sync_param_bigint(&params, state->bad_values - saved->bad_values);
	clf_sync_param_bigint(&params, state->width);
	(void) execute(sync, psprintf("UPDATE %s SET missing = missing + "
								  RANGES("$3", "$4") " - " RANGES("$5", "$6") ", "
								  "absent = ARRAY(SELECT a FROM unnest(absent || $7) WITH ORDINALITY AS t (a, n) "
								  "WHERE a <> ALL ($8) ORDER BY n), rows = rows + $9, requests = requests + $10, "
								  "bad_values = bad_values + $11, part_width = $12, updated_at = clock_timestamp() "
								  "WHERE " IS_TARGET, sync->copies), &params);
}

/* Save what only the call that holds the lock changes */
static void
save_others(const ClfSync *sync)
{
	const ClfSyncState *state = sync->state;
	ClfSyncParams params = target_params(sync);

	clf_sync_param_time(&params, state->since);
	clf_sync_param_time(&params, state->synced_at);
	clf_sync_param_text(&params, state->sync_token);
	clf_sync_param_text(&params, state->deletions_token);
	clf_sync_param_texts(&params, state->witnesses);
	clf_sync_param_texts(&params, state->columns);
	clf_sync_param_bigint(&params, state->next_step);
	clf_sync_param_time(&params, state->recheck_since);
	(void) execute(sync, psprintf("UPDATE %s SET since = $3, synced_at = $4, sync_token = $5, deletions_token = $6, "
								  "witnesses = $7, source_columns = $8::name[], next_step = $9, recheck_since = $10 "
								  "WHERE " IS_TARGET, sync->copies), &params);
}

/* Save the first witness, chosen by a backfill */
static void
save_first_witness(const ClfSync *sync)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param_texts(&params, sync->state->witnesses);
	(void) execute(sync, psprintf("UPDATE %s SET witnesses = $3 WHERE " IS_TARGET
								  " AND witnesses = '{}'", sync->copies), &params);
}

/*
 * clf_sync_save
 *		Save the state of the copy.
 */
void
clf_sync_save(ClfSync *sync)
{
	save_progress(sync);
	if (!sync->backfill_only)
		save_others(sync);
	else if (sync->saved.witnesses == NIL)
		save_first_witness(sync);
	note_saved(sync);
}

/* ----------
 * Identification
 * ----------
 */

/* Remove the state of tables of which neither the name nor the OID exists */
static void
forget_dropped(const ClfSync *sync)
{
	const char *const tables[] = {sync->copies, sync->problems};

	for (size_t i = 0; i < lengthof(tables); i++)
		(void) execute(sync, psprintf("DELETE FROM %s s WHERE NOT EXISTS ("
									  "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
									  "WHERE c.relname = s.table_name AND n.nspname = s.schema_name "
									  "OR c.oid = s.table_oid)", tables[i]), NULL);
}

static void
forget_target(const ClfSync *sync)
{
	ClfSyncParams params = target_params(sync);

	(void) execute(sync, psprintf("DELETE FROM %s WHERE " IS_TARGET,
								  sync->copies), &params);
	(void) execute(sync, psprintf("DELETE FROM %s WHERE " IS_TARGET,
								  sync->problems), &params);
}

/*
 * Does the target hold the rows that the state describes?  A table with another
 * OID was replaced or restored from a dump, and must have all witnesses; from the
 * same table old rows may have been deleted, so one is enough.
 */
static bool
is_same_copy(const ClfSync *sync, ClfSyncState *state)
{
	ClfSyncParams params = target_params(sync);
	int			expected = list_length(state->witnesses);
	bool		same_oid;
	bool		isnull;

	if (sync->created)
		return false;
	(void) execute(sync, psprintf("SELECT table_oid FROM %s WHERE " IS_TARGET,
								  sync->copies), &params);
	same_oid = DatumGetObjectId(clf_sync_result(0, 1, &isnull)) == sync->target;
	state->witnesses = present_witnesses(sync, state->witnesses);
	return list_length(state->witnesses) == expected ||
		(same_oid && state->witnesses != NIL);
}

/* Check that the target is not the copy of another existing table */
static void
check_same_source(const ClfSync *sync)
{
	Oid			other = find_source(sync);

	if (OidIsValid(other) && other != sync->source)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table %s is a copy of %s", sync->label,
						clf_sync_label(other)),
				 errhint("Use restart => true to make it a copy of %s.",
						 sync->source_label)));
}

/* Update the names of the source and the OID of the target */
static void
note_names(const ClfSync *sync)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param(&params, OIDOID, ObjectIdGetDatum(sync->target), false);
	clf_sync_param_text(&params, get_namespace_name(get_rel_namespace(sync->source)));
	clf_sync_param_text(&params, get_rel_name(sync->source));
	(void) execute(sync, psprintf("UPDATE %s SET table_oid = $3, source_schema = $4::name, "
								  "source_name = $5::name WHERE " IS_TARGET,
								  sync->copies), &params);
	params.n = 3;
	(void) execute(sync, psprintf("UPDATE %s SET table_oid = $3 WHERE " IS_TARGET,
								  sync->problems), &params);
}

/* Create the state of a new copy */
static void
create_state(ClfSync *sync)
{
	ClfSyncState *state = palloc0(sizeof(ClfSyncState));
	ClfSyncParams params = target_params(sync);
	ClfSyncRange all;

	state->since = sync->since;
	if (state->since == CLF_SYNC_NEVER)
		state->since = clf_sync_time_before(clf_sync_clock(sync),
											sync->plan->table->history);
	all.lower = state->since;
	all.upper = DT_NOEND;
	state->missing = clf_sync_ranges_add(state->missing, all);
	state->synced_at = CLF_SYNC_NEVER;
	state->recheck_since = CLF_SYNC_NEVER;
	state->width = USECS_PER_DAY;
	state->columns = sync->plan->all_columns;
	clf_sync_param(&params, OIDOID, ObjectIdGetDatum(sync->target), false);
	clf_sync_param_time(&params, state->since);
	(void) execute(sync, psprintf("INSERT INTO %s (schema_name, table_name, table_oid, since, missing) "
								  "VALUES ($1::name, $2::name, $3, $4, '{}')", sync->copies), &params);
	memset(&sync->saved, 0, sizeof(ClfSyncState));
	sync->state = state;
	sync->changes_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	sync->deletions_due = sync->changes_due;
}

/*
 * Without changes, add what is later than the interval settle before the copy was
 * last up to date, to be read before what else is missing.  What the previous call has
 * added and not read adjoins it.
 */
static void
add_recent(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ClfSyncRange range;
	TimestampTz earliest;

	range.lower = Max(state->since, clf_sync_time_before(state->synced_at, sync->settle));
	range.upper = DT_NOEND;
	state->missing = clf_sync_ranges_add(state->missing, range);
	earliest = Max(state->missing.ranges[state->missing.n - 1].lower,
				   clf_sync_time_before(range.lower, sync->settle));
	sync->recent = Min(sync->recent, earliest);
}

/* Is a part of the last recheck missing, apart from what each call reads again? */
static bool
recheck_is_unfinished(const ClfSync *sync)
{
	const ClfSyncState *state = sync->state;
	ClfSyncRange before = {DT_NOBEGIN, state->recheck_since};
	ClfSyncRange recent = {DT_NOEND, DT_NOEND};

	if (state->recheck_since == CLF_SYNC_NEVER)
		return false;
	if (sync->plan->changes == NULL)
		recent.lower = clf_sync_time_before(state->synced_at, sync->settle);
	return clf_sync_ranges_subtract(clf_sync_ranges_subtract(state->missing, before),
									recent).n > 0;
}

/* Note what earlier calls have rechecked in the range, see clf_sync_recheck_rest */
static void
note_rechecked(ClfSync *sync, ClfSyncRange range)
{
	MemoryContext old = MemoryContextSwitchTo(sync->cxt);
	ClfSyncRanges all = {1, &range};

	sync->rechecked = clf_sync_ranges_minus(all, sync->state->missing);
	MemoryContextSwitchTo(old);
}

/*
 * Add the range to recheck.  An unfinished recheck is continued first, so that it ends
 * although each call has a low limit.
 */
static void
add_recheck(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ClfSyncRange range;

	range.lower = Max(state->since,
					  clf_sync_time_before(state->synced_at, sync->recheck));
	range.upper = DT_NOEND;
	if (recheck_is_unfinished(sync))
	{
		ClfSyncRange begun = {Max(range.lower, state->recheck_since), DT_NOEND};

		note_rechecked(sync, begun);
		range.upper = state->recheck_since;
	}
	if (!clf_sync_range_is_empty(range))
	{
		state->missing = clf_sync_ranges_add(state->missing, range);
		state->recheck_since = range.lower;
	}
	sync->recent = Min(sync->recent, state->recheck_since);
}

/*
 * clf_sync_recheck_rest
 *		When the recheck of earlier calls has been completed, add what those have read
 *		to the recheck of this call.
 */
void
clf_sync_recheck_rest(ClfSync *sync)
{
	if (sync->rechecked.n == 0 || clf_sync_part_is_due(sync, true))
		return;
	for (int i = 0; i < sync->rechecked.n; i++)
		sync->state->missing = clf_sync_ranges_add(sync->state->missing,
												   sync->rechecked.ranges[i]);
	sync->rechecked.n = 0;
}

/* Add the ranges requested by the arguments of the call */
static void
extend_state(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ClfSyncRange range;

	range.lower = sync->since;
	range.upper = state->since;
	if (sync->since != CLF_SYNC_NEVER && sync->since < state->since)
	{
		state->missing = clf_sync_ranges_add(state->missing, range);
		state->since = sync->since;
	}
	if (state->synced_at != CLF_SYNC_NEVER && sync->recheck)
		add_recheck(sync);
	if (state->synced_at != CLF_SYNC_NEVER && sync->plan->changes == NULL)
		add_recent(sync);
	sync->changes_due = GetCurrentTimestamp();
	sync->deletions_due = sync->changes_due;
}

/* Read the whole call log again, to fill added columns */
static void
read_again(ClfSync *sync)
{
	ClfSyncRange all = {sync->state->since, DT_NOEND};

	sync->state->missing = clf_sync_ranges_add(sync->state->missing, all);
	sync->state->columns = sync->plan->all_columns;
}

/*
 * Add the new columns.  This waits for the end of backfills' steps, which lack these
 * columns, so load the state again to have their parts read again as well.
 */
static void
add_columns(ClfSync *sync)
{
	clf_sync_add_columns(sync);
	sync->state = load(sync);
	note_saved(sync);
}

/*
 * clf_sync_begin
 *		Begin a copy, or resume it.
 */
void
clf_sync_begin(ClfSync *sync)
{
	bool		is_new;
	bool		adds_columns;

	follow_rename(sync);
	forget_dropped(sync);
	if (sync->restart)
		forget_target(sync);
	sync->state = load(sync);
	if (sync->state)
		note_saved(sync);
	if (sync->state && !is_same_copy(sync, sync->state))
	{
		if (!sync->created)
			ereport(WARNING,
					(errmsg("table %s was emptied or replaced, copying all calls again",
							sync->label),
					 errdetail("Calls that had been copied are no longer in it.")));
		if (sync->since == CLF_SYNC_NEVER)
			sync->since = sync->state->since;
		forget_target(sync);
		sync->state = NULL;
	}
	is_new = sync->state == NULL;
	if (is_new)
		create_state(sync);
	else
		check_same_source(sync);
	clf_sync_check_plan(sync);
	adds_columns = sync->plan->new_columns && sync->add_columns;
	if (adds_columns)
		add_columns(sync);
	if (!is_new)
		extend_state(sync);
	if (adds_columns)
		read_again(sync);
	note_names(sync);
	clf_sync_save(sync);
	sync->begun = true;
}

/*
 * clf_sync_begin_backfill
 *		Begin to read missing parts of a copy that another call keeps up to date.
 *		That call must have obtained its tokens first, so that changes of what is
 *		read here are not missed.
 */
void
clf_sync_begin_backfill(ClfSync *sync)
{
	follow_rename(sync);
	sync->state = load(sync);
	if (sync->state == NULL || sync->state->synced_at == CLF_SYNC_NEVER)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no part of the call log has been copied to table %s",
						sync->label),
				 errhint("Start call_log_fdw_sync without backfill_only first.")));
	if (!is_same_copy(sync, sync->state))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table %s was emptied or replaced", sync->label),
				 errhint("Start call_log_fdw_sync without backfill_only first, "
						 "which copies all calls again.")));
	clf_sync_check_backfill(sync, find_source(sync));
	sync->begun = true;
}

/* ----------
 * Problems
 * ----------
 */

/*
 * clf_sync_note_problem
 *		Record a failed attempt to copy a record or recording.  next_at is the
 *		time of the next attempt, or CLF_SYNC_NEVER.
 */
void
clf_sync_note_problem(ClfSync *sync, const char *kind, const char *id,
					  const char *reason, TimestampTz next_at)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param(&params, OIDOID, ObjectIdGetDatum(sync->target), false);
	clf_sync_param_text(&params, kind);
	clf_sync_param_text(&params, id);
	clf_sync_param_text(&params, reason);
	clf_sync_param_time(&params, next_at);
	(void) execute(sync, psprintf("INSERT INTO %s AS p (schema_name, table_name, table_oid, kind, id, reason, next_at) "
								  "VALUES ($1::name, $2::name, $3, $4, $5, $6, $7) "
								  "ON CONFLICT (schema_name, table_name, kind, id) DO UPDATE SET "
								  "reason = $6, next_at = $7, tries = p.tries + 1, last_at = clock_timestamp()",
								  sync->problems), &params);
}

void
clf_sync_forget_problem(ClfSync *sync, const char *kind, const char *id)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param_text(&params, kind);
	clf_sync_param_text(&params, id);
	(void) execute(sync, psprintf("DELETE FROM %s WHERE " IS_TARGET " AND kind = $3 AND id = $4",
								  sync->problems), &params);
}

/* Ids that are not to be tried before their next attempt is due */
List *
clf_sync_problems(ClfSync *sync, const char *kind, TimestampTz now)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param_text(&params, kind);
	clf_sync_param_time(&params, now);
	(void) execute(sync, psprintf("SELECT array_agg(id) FROM %s WHERE " IS_TARGET
								  " AND kind = $3 AND (next_at IS NULL OR next_at > $4)",
								  sync->problems), &params);
	return clf_sync_result_texts(0, 1);
}

/* Number of failed attempts */
int
clf_sync_problem_tries(ClfSync *sync, const char *kind, const char *id)
{
	ClfSyncParams params = target_params(sync);

	clf_sync_param_text(&params, kind);
	clf_sync_param_text(&params, id);
	if (execute(sync, psprintf("SELECT tries::bigint FROM %s WHERE " IS_TARGET
							   " AND kind = $3 AND id = $4", sync->problems), &params) == 0)
		return 0;
	return (int) clf_sync_result_bigint(0, 1);
}
