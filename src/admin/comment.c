/*-------------------------------------------------------------------------
 *
 * comment.c
 *	  Comments on the columns of foreign tables, which name their fields.
 *
 * IMPORT FOREIGN SCHEMA can only create tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "api/path.h"
#include "catalog/pg_class.h"
#include "catalog/table.h"
#include "commands/comment.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(call_log_fdw_comment);

/* Description of a path by origin; %s is the rest of the path */
static const char *const descriptions[CLF_ORIGINS] = {
	[CLF_FROM_CONSTANT] = "the same in every row",
	[CLF_FROM_ROW_NUMBER] = "number of the row in its call, from 1",
	[CLF_FROM_QUERY] = "input of the query: %s",
	[CLF_FROM_ANSWER] = "field %s of the response",
	[CLF_FROM_RECORD] = "field %s of the call",
	[CLF_FROM_ROW] = "field %s",
	[CLF_FROM_DETAILS] = "field %s of the recording; requires a request per row",
	[CLF_FROM_CONTENT] = "the audio; requires a request per row"
};

static char *
describe(const ClfPath *path)
{
	if (strcmp(path->text, CLF_WHOLE_ROW) == 0)
		return pstrdup("the whole record, as received");
	return psprintf(descriptions[path->origin], path->keys);
}

/* Comment on the columns of one table; returns their number */
static int64
comment_table(Oid relid)
{
	Relation	rel = table_open(relid, ShareUpdateExclusiveLock);
	TupleDesc	desc = RelationGetDescr(rel);
	const ClfTable *table = clf_get_table(relid);
	int64		n = 0;

	for (AttrNumber attnum = 1; attnum <= desc->natts; attnum++)
	{
		if (TupleDescAttr(desc, attnum - 1)->attisdropped)
			continue;
		CreateComments(relid, RelationRelationId, attnum,
					   describe(clf_column_path(table, attnum)));
		n++;
	}
	table_close(rel, NoLock);
	return n;
}

/*
 * call_log_fdw_comment
 *		Comment on the columns of the caller's foreign tables in a schema;
 *		returns the number of columns.
 */
Datum
call_log_fdw_comment(PG_FUNCTION_ARGS)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int64		n = 0;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber,
				F_OIDEQ, PG_GETARG_DATUM(0));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (form->relkind == RELKIND_FOREIGN_TABLE &&
			has_privs_of_role(GetUserId(), form->relowner) &&
			clf_table_is_ours(form->oid))
			n += comment_table(form->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	PG_RETURN_INT64(n);
}
