/*-------------------------------------------------------------------------
 *
 * sync_write.c
 *	  Writes rows into the target, as its owner.
 *
 * The rows that were read are an ephemeral named relation, like a transition
 * table of a trigger.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/error.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "sync/sync.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Name of the relation with the rows that were read */
#define ROWS "call_log_fdw_rows"

/* A statement on the rows that were read */
typedef struct Statement
{
	const char *sql;
	ClfSyncParams params;
	ClfSyncAnswer answer;
	bool		may_skip;		/* rows that are too large? */
	int64		n;				/* rows that it changed */
} Statement;

/* ----------
 * Execution
 * ----------
 */

/*
 * Make the rows that were read visible to statements until unregister_rows.  SPI creates
 * its list of such relations with the first one, in the memory context of the call.
 */
static void
register_rows(const ClfSync *sync, const ClfSyncAnswer *answer)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	MemoryContext old;

	enr->md.name = ROWS;
	enr->md.tupdesc = answer->desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = answer->nrows;
	enr->reldata = answer->rows;
	old = MemoryContextSwitchTo(sync->cxt);
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the rows that were read");
	MemoryContextSwitchTo(old);
}

static void
unregister_rows(void)
{
	MemoryContext old = CurrentMemoryContext;

	(void) SPI_unregister_relation(ROWS);
	MemoryContextSwitchTo(old);
}

/*
 * Constraints are checked immediately: at the end of the transaction the triggers
 * of deferred ones would run as the caller.
 */
static void
run(ClfSync *sync, void *arg)
{
	Statement  *statement = arg;

	(void) clf_sync_execute(sync->plan->owner, "SET CONSTRAINTS ALL IMMEDIATE",
							NULL);
	statement->n = clf_sync_execute(sync->plan->owner, statement->sql,
									&statement->params);
}

/* Text of the id in a row, for a message */
static char *
shown_id(const ClfSync *sync, TupleTableSlot *slot)
{
	int			n = sync->plan->id - sync->plan->columns;
	bool		isnull;
	Datum		value = slot_getattr(slot, n + 1, &isnull);
	Oid			output;
	bool		varlena;
	char	   *text;

	if (isnull)
		return "";
	getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor, n)->atttypid,
					  &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	text[pg_mbcliplen(text, strlen(text), CLF_EXCERPT_LENGTH)] = '\0';
	return text;
}

/* Rethrow the error with the call in its context instead of the statement */
static void
rethrow(const ClfSync *sync, ErrorData *error, const char *id)
{
	char	   *statement = error->context ?
	strstr(error->context, "SQL statement \"") : NULL;

	if (statement)
		*statement = '\0';
	error->context = psprintf("%s%s%s%scopy in table %s",
							  error->context ? error->context : "",
							  id ? "call \"" : "", id ? id : "",
							  id ? "\", " : "", sync->label);
	error->internalquery = NULL;
	error->internalpos = 0;
	ReThrowError(error);
}

/* Warn of a row that the target cannot store, and count it */
static void
skip_row(ClfSync *sync, const ErrorData *error, const char *id)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s: could not copy call \"%s\": %s", sync->label, id,
					error->message)));
	sync->state->bad_values++;
}

/*
 * Run the statement for each row by itself, as it failed for all of them.  Rows that
 * are too large for the target or one of its indexes are skipped, if that is allowed;
 * a row that fails for another reason ends the run.  Returns the number of rows
 * that were skipped.
 */
static int
run_each(ClfSync *sync, Statement *statement)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(statement->answer.desc,
													&TTSOpsMinimalTuple);
	Tuplestorestate *rows = statement->answer.rows;
	Statement	one = *statement;
	int			nskipped = 0;

	one.answer.nrows = 1;
	statement->n = 0;
	tuplestore_select_read_pointer(rows, 0);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, true, slot))
	{
		ErrorData  *error;

		one.answer.rows = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_puttupleslot(one.answer.rows, slot);
		register_rows(sync, &one.answer);
		error = clf_sync_try(sync, run, &one);
		unregister_rows();
		tuplestore_end(one.answer.rows);
		tuplestore_select_read_pointer(rows, 0);
		if (error && (!statement->may_skip ||
					  error->sqlerrcode != ERRCODE_PROGRAM_LIMIT_EXCEEDED))
			rethrow(sync, error, shown_id(sync, slot));
		if (error)
			skip_row(sync, error, shown_id(sync, slot));
		nskipped += error != NULL;
		statement->n += error ? 0 : one.n;
	}
	ExecDropSingleTupleTableSlot(slot);
	return nskipped;
}

/*
 * Run a statement on rows that were read; returns the number of changed rows.
 * may_skip: see run_each.
 */
static int64
execute_on(ClfSync *sync, const ClfSyncAnswer *answer, const char *sql,
		   const ClfSyncParams *params, bool may_skip)
{
	Statement	statement = {0};
	ErrorData  *error;

	statement.sql = sql;
	statement.params = *params;
	statement.answer = *answer;
	statement.may_skip = may_skip;
	clf_sync_lock_writes(sync);
	if (answer->rows)
		register_rows(sync, answer);
	error = clf_sync_try(sync, run, &statement);
	if (answer->rows)
		unregister_rows();
	if (error && (answer->rows == NULL || run_each(sync, &statement) == 0))
		rethrow(sync, error, NULL);
	return statement.n;
}

/* ----------
 * Statements
 * ----------
 */

/* Whether a column is in a list of columns */
typedef bool (*ColumnTest) (const ClfSyncPlan *plan,
							const ClfSyncColumn *column);

static bool
is_listed(const ClfSyncPlan *plan, const ClfSyncColumn *column)
{
	return !CLF_IS_PER_ROW(column->path->origin);
}

static bool
is_key(const ClfSyncPlan *plan, const ClfSyncColumn *column)
{
	return column->is_key;
}

/* The uri depends on the requested view, so a different one is no change */
static bool
is_compared(const ClfSyncPlan *plan, const ClfSyncColumn *column)
{
	return is_listed(plan, column) && !column->is_key &&
		strcmp(column->path->text, "uri") != 0;
}

static bool
is_audio(const ClfSyncPlan *plan, const ClfSyncColumn *column)
{
	return CLF_IS_PER_ROW(column->path->origin);
}

/*
 * Append the template for each of the columns: %N is its name, %C the column of
 * the rows that were read, %T the type of the target's column, %K the one to
 * compare it as.
 */
static void
append_columns(StringInfo sql, const ClfSyncPlan *plan, ColumnTest test,
			   const char *template, const char *separator)
{
	bool		first = true;

	for (int i = 0; i < plan->ncolumns; i++)
	{
		const ClfSyncColumn *column = &plan->columns[i];

		if (!test(plan, column))
			continue;
		appendStringInfoString(sql, first ? "" : separator);
		first = false;
		for (const char *p = template; *p; p++)
		{
			if (*p != '%')
				appendStringInfoChar(sql, *p);
			else if (*++p == 'N')
				appendStringInfoString(sql, quote_identifier(column->name));
			else if (*p == 'C')
				appendStringInfo(sql, "c%d", i + 1);
			else
				appendStringInfoString(sql, *p == 'T' ? column->cast :
									   column->compared);
		}
	}
}

/*
 * The rows that were read, cast to the target's types.  Of several with the same key
 * the last one is used: versions of a call, or calls with the same recording if the
 * key lacks the call's id.
 */
static void
append_source(StringInfo sql, const ClfSyncPlan *plan)
{
	appendStringInfoString(sql, "(SELECT ");
	append_columns(sql, plan, is_listed, "%C::%T AS %C", ", ");
	appendStringInfoString(sql, ", deleted FROM " ROWS
						   " WHERE n IN (SELECT max(n) FROM " ROWS " GROUP BY ");
	append_columns(sql, plan, is_key, "%C::%T", ", ");
	appendStringInfoString(sql, "))");
}

/*
 * A deleted call may be received without anything but its id; then only the flag
 * is updated.
 */
static void
append_deletions(StringInfo sql, const ClfSync *sync)
{
	const ClfSyncPlan *plan = sync->plan;

	if (sync->delete_rows)
		appendStringInfoString(sql, " WHEN MATCHED AND s.deleted THEN DELETE");
	else if (plan->deleted == NULL)
		appendStringInfoString(sql, " WHEN MATCHED AND s.deleted THEN DO NOTHING");
	else
	{
		const char *deleted = quote_identifier(plan->deleted->name);
		int			start = plan->time - plan->columns + 1;

		appendStringInfo(sql, " WHEN MATCHED AND s.deleted AND s.c%d IS NULL AND t.%s IS NOT TRUE "
						 "THEN UPDATE SET %s = true"
						 " WHEN MATCHED AND s.deleted AND s.c%d IS NULL THEN DO NOTHING",
						 start, deleted, deleted, start);
		return;
	}
	appendStringInfoString(sql, " WHEN NOT MATCHED AND s.deleted THEN DO NOTHING");
}

/*
 * A backfill may have requested a call before it was changed, and write it after
 * another call of the procedure has copied the change.
 */
static void
append_guard(StringInfo sql, const ClfSync *sync)
{
	const ClfSyncPlan *plan = sync->plan;

	if (sync->backfill_only && plan->modified)
		appendStringInfo(sql, " AND (t.%s > s.c%d) IS NOT TRUE",
						 quote_identifier(plan->modified->name),
						 (int) (plan->modified - plan->columns) + 1);
	if (sync->backfill_only && plan->deleted)
		appendStringInfo(sql, " AND t.%s IS NOT TRUE",
						 quote_identifier(plan->deleted->name));
}

/*
 * clf_sync_merge
 *		Merge the rows that were read into the target; rows that are binary equal
 *		are not updated.  Returns the number of changed rows.
 */
int64
clf_sync_merge(ClfSync *sync, const ClfSyncAnswer *answer)
{
	const ClfSyncPlan *plan = sync->plan;
	ClfSyncParams params = {0};
	StringInfoData sql;

	if (answer->nrows == 0)
		return 0;
	initStringInfo(&sql);
	appendStringInfo(&sql, "MERGE INTO %s t USING ", clf_sync_target(sync));
	append_source(&sql, plan);
	appendStringInfoString(&sql, " s ON ");
	append_columns(&sql, plan, is_key, "t.%N = s.%C", " AND ");
	append_deletions(&sql, sync);
	appendStringInfoString(&sql, " WHEN MATCHED AND ROW(");
	append_columns(&sql, plan, is_compared, "t.%N::%K", ", ");
	appendStringInfoString(&sql, ")::record *<> ROW(");
	append_columns(&sql, plan, is_compared, "s.%C::%K", ", ");
	appendStringInfoString(&sql, ")::record");
	append_guard(&sql, sync);
	appendStringInfoString(&sql, " THEN UPDATE SET ");
	append_columns(&sql, plan, is_listed, "%N = s.%C", ", ");
	appendStringInfo(&sql, " WHEN NOT MATCHED AND s.c%d >= $1 THEN INSERT (",
					 (int) (plan->time - plan->columns) + 1);
	append_columns(&sql, plan, is_listed, "%N", ", ");
	appendStringInfoString(&sql, ") VALUES (");
	append_columns(&sql, plan, is_listed, "s.%C", ", ");
	appendStringInfoChar(&sql, ')');
	clf_sync_param_time(&params, sync->state->since);
	return execute_on(sync, answer, sql.data, &params, true);
}

/*
 * clf_sync_find_absent
 *		Ids of calls in the target that began in the range and are not among the
 *		rows that were read, which are complete for it.  *present: the number of other calls in
 *		the range; *oldest: start of the oldest absent one, or DT_NOEND.
 */
List *
clf_sync_find_absent(ClfSync *sync, const ClfSyncAnswer *answer,
					 ClfSyncRange range, int64 *present, TimestampTz *oldest)
{
	const ClfSyncPlan *plan = sync->plan;
	const char *id = quote_identifier(plan->id->name);
	const char *start = quote_identifier(plan->time->name);
	int			n = plan->id - plan->columns + 1;
	ClfSyncParams params = {0};

	clf_sync_param_time(&params, range.lower);
	clf_sync_param(&params, TIMESTAMPTZOID, TimestampTzGetDatum(range.upper),
				   false);
	register_rows(sync, answer);
	(void) clf_sync_execute(plan->owner, psprintf("SELECT array_agg(t.%1$s::text) FILTER (WHERE s.c%2$d IS NULL), "
												  "count(s.c%2$d), min(t.%3$s) FILTER (WHERE s.c%2$d IS NULL) "
												  "FROM %4$s t LEFT JOIN " ROWS " s ON s.c%2$d::%5$s = t.%1$s "
												  "WHERE t.%3$s >= $1 AND t.%3$s < $2 %6$s",
												  id, n, start, clf_sync_target(sync), plan->id->cast,
												  plan->deleted ? psprintf("AND t.%s IS NOT TRUE", quote_identifier(plan->deleted->name)) : ""),
							&params);
	unregister_rows();
	*present = clf_sync_result_bigint(0, 2);
	*oldest = clf_sync_result_time(0, 3, DT_NOEND);
	return clf_sync_result_texts(0, 1);
}

/*
 * clf_sync_mark_deleted
 *		Mark calls as deleted, or delete them.  Returns the number of changed rows.
 */
int64
clf_sync_mark_deleted(ClfSync *sync, List *ids)
{
	const ClfSyncPlan *plan = sync->plan;
	const char *id = quote_identifier(plan->id->name);
	const char *deleted;
	ClfSyncParams params = {0};
	ClfSyncAnswer none = {0};
	char	   *sql;

	clf_sync_param_texts(&params, ids);
	if (sync->delete_rows)
		sql = psprintf("DELETE FROM %s t WHERE t.%s::text = ANY ($1)",
					   clf_sync_target(sync), id);
	else
	{
		deleted = quote_identifier(plan->deleted->name);
		sql = psprintf("UPDATE %s t SET %s = true WHERE t.%s::text = ANY ($1) AND t.%s IS NOT TRUE",
					   clf_sync_target(sync), deleted, id, deleted);
	}
	return execute_on(sync, &none, sql, &params, false);
}

/*
 * clf_sync_put_audio
 *		Update the target's rows of the recording that was read with its audio and
 *		properties.  Returns the number of changed rows.
 */
int64
clf_sync_put_audio(ClfSync *sync, const ClfSyncAnswer *answer)
{
	const ClfSyncPlan *plan = sync->plan;
	ClfSyncParams params = {0};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s t SET ", clf_sync_target(sync));
	append_columns(&sql, plan, is_audio, "%N = s.%C", ", ");
	appendStringInfo(&sql, " FROM " ROWS " s WHERE t.%s = s.c%d::%s",
					 quote_identifier(plan->id->name),
					 (int) (plan->id - plan->columns) + 1, plan->id->cast);
	return execute_on(sync, answer, sql.data, &params, false);
}
