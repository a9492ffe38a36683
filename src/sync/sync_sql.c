/*-------------------------------------------------------------------------
 *
 * sync_sql.c
 *	  Execution of SQL statements as the caller or as the owner of a table.
 *
 * As in REFRESH MATERIALIZED VIEW, each statement runs in a security-restricted
 * context with a safe search_path, and settings that triggers change are restored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "sync/sync.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#define SAFE_SEARCH_PATH "pg_catalog, pg_temp"

/* ----------
 * Parameters
 * ----------
 */

void
clf_sync_param(ClfSyncParams *params, Oid type, Datum value, bool isnull)
{
	Assert(params->n < CLF_SYNC_MAX_PARAMS);
	params->types[params->n] = type;
	params->values[params->n] = value;
	params->nulls[params->n] = isnull ? 'n' : ' ';
	params->n++;
}

/* text may be NULL */
void
clf_sync_param_text(ClfSyncParams *params, const char *text)
{
	clf_sync_param(params, TEXTOID,
				   text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

void
clf_sync_param_texts(ClfSyncParams *params, List *texts)
{
	Datum	   *elements = palloc((list_length(texts) + 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, texts)
		elements[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	clf_sync_param(params, TEXTARRAYOID,
				   PointerGetDatum(construct_array(elements,
												   list_length(texts), TEXTOID,
												   -1, false, TYPALIGN_INT)),
				   false);
}

/* CLF_SYNC_NEVER is NULL */
void
clf_sync_param_time(ClfSyncParams *params, TimestampTz t)
{
	clf_sync_param(params, TIMESTAMPTZOID, TimestampTzGetDatum(t),
				   t == CLF_SYNC_NEVER);
}

void
clf_sync_param_bigint(ClfSyncParams *params, int64 n)
{
	clf_sync_param(params, INT8OID, Int64GetDatum(n), false);
}

/* ----------
 * Execution
 * ----------
 */

/*
 * clf_sync_execute
 *		Execute a statement as the role; returns the number of rows.  The result
 *		is valid until the next statement.
 */
int64
clf_sync_execute(Oid userid, const char *sql, const ClfSyncParams *params)
{
	MemoryContext cxt = CurrentMemoryContext;
	ClfSyncParams given = {0};
	Oid			saved_userid;
	int			saved_context;
	int			nest_level;
	int			result;

	if (params)
		given = *params;
	if (SPI_tuptable)
		SPI_freetuptable(SPI_tuptable);
	SPI_tuptable = NULL;
	GetUserIdAndSecContext(&saved_userid, &saved_context);
	SetUserIdAndSecContext(userid,
						   saved_context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", SAFE_SEARCH_PATH, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	result = SPI_execute_with_args(sql, given.n, given.types, given.values,
								   given.nulls, false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(result));
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(saved_userid, saved_context);
	MemoryContextSwitchTo(cxt);
	return (int64) SPI_processed;
}

/* A value of the last result */
Datum
clf_sync_result(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/* The same of type text, palloc'd in the current memory context; NULL is NULL */
char *
clf_sync_result_text(uint64 row, int column)
{
	bool		isnull;
	Datum		value = clf_sync_result(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* NULL is 0 */
int64
clf_sync_result_bigint(uint64 row, int column)
{
	bool		isnull;
	Datum		value = clf_sync_result(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/*
 * NULL is another time.  It must not be read: where a Datum has 32 bits, it is a
 * pointer to the time.
 */
TimestampTz
clf_sync_result_time(uint64 row, int column, TimestampTz if_null)
{
	bool		isnull;
	Datum		value = clf_sync_result(row, column, &isnull);

	return isnull ? if_null : DatumGetTimestampTz(value);
}

/* An array of text as strings; NULL is NIL */
List *
clf_sync_result_texts(uint64 row, int column)
{
	bool		isnull;
	Datum		value = clf_sync_result(row, column, &isnull);
	List	   *texts = NIL;
	Datum	   *elements;
	int			n;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		texts = lappend(texts, TextDatumGetCString(elements[i]));
	return texts;
}

/*
 * clf_sync_list
 *		Quoted names with a separator.
 */
char *
clf_sync_list(List *names, const char *separator)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, names)
		appendStringInfo(&list, "%s%s", list.len > 0 ? separator : "",
						 quote_identifier(lfirst(lc)));
	return list.data;
}

/* ----------
 * Errors that do not end the run
 * ----------
 */

/* Does the error end the run in any case? */
static bool
ends_run(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN ||
		error->sqlerrcode == ERRCODE_CRASH_SHUTDOWN ||
		error->sqlerrcode == ERRCODE_DISK_FULL ||
		error->sqlerrcode == ERRCODE_OUT_OF_MEMORY;
}

/*
 * clf_sync_is_unreachable
 *		Is it an error of the network or the login, which other requests would have
 *		as well?
 */
bool
clf_sync_is_unreachable(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION ||
		error->sqlerrcode == ERRCODE_CONNECTION_FAILURE ||
		error->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
}

/*
 * clf_sync_try
 *		Run the action in a subtransaction.  If it raises an error, roll back and
 *		return the error, palloc'd in the current memory context; else NULL.
 */
ErrorData  *
clf_sync_try(ClfSync *sync, ClfSyncAction action, void *arg)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		action(sync, arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	if (error && ends_run(error))
		ReThrowError(error);
	return error;
}
