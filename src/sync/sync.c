/*-------------------------------------------------------------------------
 *
 * sync.c
 *	  What the procedure call_log_fdw_sync cannot ask in SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/table.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "net/exchange.h"
#include "shared/activity.h"
#include "shared/clock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(call_log_fdw_requests);
PG_FUNCTION_INFO_V1(call_log_fdw_sync_may_commit);
PG_FUNCTION_INFO_V1(call_log_fdw_sync_table);
PG_FUNCTION_INFO_V1(call_log_fdw_sync_clock);
PG_FUNCTION_INFO_V1(call_log_fdw_sync_columns);

/*
 * call_log_fdw_requests
 *		How many requests the session has sent, logins aside.
 */
Datum
call_log_fdw_requests(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_INT64((int64) clf_exchange_sent());
}

/*
 * call_log_fdw_sync_may_commit
 *		Could the PL/pgSQL code that asks COMMIT now?  Not inside a transaction
 *		block, a function or a block with EXCEPTION.
 */
Datum
call_log_fdw_sync_may_commit(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(SPI_inside_nonatomic_context());
}

/*
 * call_log_fdw_sync_table
 *		What a foreign table stands for; NULL when it is none of this wrapper's.
 */
Datum
call_log_fdw_sync_table(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Datum		values[7];
	bool		nulls[7] = {false};
	TupleDesc	desc;
	ClfTable   *table;

	if (!clf_table_is_ours(relid))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	table = clf_get_table(relid);
	values[0] = CStringGetTextDatum(table->resource->name);
	values[1] = CStringGetTextDatum(table->account_id);
	values[2] = BoolGetDatum(clf_table_level(table) == CLF_LEVEL_ACCOUNT);
	values[3] = BoolGetDatum(clf_holds_all_records(table));
	values[4] = Int32GetDatum(table->page_size);
	values[5] = BoolGetDatum(table->newest_first);
	values[6] = IntervalPGetDatum(table->history);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/* See to it that it is known what the API's clock shows */
static void
learn_clock(const ClfTable *table)
{
	MemoryContext cxt;

	if (clf_clock_known(table->server->base_url))
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "call_log_fdw clock",
								ALLOCSET_SMALL_SIZES);
	clf_exchange_learn_clock(clf_exchange_create(cxt, table,
												 table->server->base_url,
												 GetUserId(),
												 clf_activity_begin(cxt, table)));
	MemoryContextDelete(cxt);
}

/*
 * call_log_fdw_sync_clock
 *		What the API's clock shows, for those who may read the table; NULL when
 *		it is none of this wrapper's.
 */
Datum
call_log_fdw_sync_clock(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ClfTable   *table = clf_table_is_ours(relid) ? clf_get_table(relid) : NULL;
	AclResult	allowed;

	if (table == NULL)
		PG_RETURN_NULL();
	allowed = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	learn_clock(table);
	PG_RETURN_TIMESTAMPTZ(clf_clock_now(table->server->base_url));
}

/*
 * call_log_fdw_sync_columns
 *		The columns of such a table, in their order, each with its JSON path.
 */
Datum
call_log_fdw_sync_columns(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ClfTable   *table;
	Relation	rel;

	InitMaterializedSRF(fcinfo, 0);
	if (!clf_table_is_ours(relid))
		return (Datum) 0;
	rel = table_open(relid, AccessShareLock);
	table = clf_get_table(relid);
	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), i);
		Datum		values[2];
		bool		nulls[2] = {false};

		if (attr->attisdropped)
			continue;
		values[0] = NameGetDatum(&attr->attname);
		values[1] = CStringGetTextDatum(clf_column_path(table, i + 1)->text);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}
