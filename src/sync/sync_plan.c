/*-------------------------------------------------------------------------
 *
 * sync_plan.c
 *	  Source and target of a copy: the columns to copy, and the key.
 *
 * Either table may be altered between two steps, so each step makes a new plan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "api/resource.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "sync/sync.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* Path of the start time of a call */
static const char *
start_path(const ClfTable *table)
{
	return table->resource->order_path;
}

/* ----------
 * The source
 * ----------
 */

/*
 * clf_sync_label
 *		The qualified name of a table; its OID, as regclass shows it, if the table
 *		does not exist.
 */
char *
clf_sync_label(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	if (name == NULL || schema == NULL)
		return psprintf("%u", relid);
	return quote_qualified_identifier(schema, name);
}

/*
 * clf_sync_target
 *		The target for a statement.  Its schema can be renamed while a step waits
 *		for a response, so the name is looked up for each statement.
 */
char *
clf_sync_target(const ClfSync *sync)
{
	AcceptInvalidationMessages();
	return clf_sync_label(sync->target);
}

static void
check_select(Oid relid, Oid userid, const char *label)
{
	if (pg_class_aclcheck(relid, userid, ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for foreign table %s", label)));
}

/* The first column with the path, or InvalidAttrNumber */
static AttrNumber
find_path(Relation rel, const ClfTable *table, const char *path)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (AttrNumber attnum = 1; attnum <= desc->natts; attnum++)
	{
		if (!TupleDescAttr(desc, attnum - 1)->attisdropped &&
			strcmp(clf_column_path(table, attnum)->text, path) == 0)
			return attnum;
	}
	return InvalidAttrNumber;
}

/*
 * clf_sync_check_source
 *		Check that the caller can copy the source.
 */
void
clf_sync_check_source(ClfSync *sync)
{
	const ClfTable *table;
	const char *resource;
	AttrNumber	start;
	Relation	rel;

	LockRelationOid(sync->source, AccessShareLock);
	if (!clf_table_is_ours(sync->source))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a foreign table of call_log_fdw",
						clf_sync_label(sync->source))));
	sync->source_label = MemoryContextStrdup(sync->cxt,
											 clf_sync_label(sync->source));
	table = clf_get_table(sync->source);
	resource = table->resource->name;
	if (strcmp(resource, "call_log") != 0 && strcmp(resource, "recordings") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot copy %s, whose resource is %s",
						sync->source_label, resource),
				 errhint("Use a foreign table of the resource call_log, which "
						 "has a column for the legs of calls, or recordings.")));
	rel = table_open(sync->source, AccessShareLock);
	start = find_path(rel, table, start_path(table));
	if (find_path(rel, table, "id") == InvalidAttrNumber ||
		start == InvalidAttrNumber ||
		TupleDescAttr(RelationGetDescr(rel), start - 1)->atttypid != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s lacks a column for the id or the start time of a call",
						sync->source_label),
				 errhint("The start time must have the type timestamp with time zone.")));
	table_close(rel, AccessShareLock);
	check_select(sync->source, sync->caller, sync->source_label);
}

/* The table named by the parameter changes, if it is of the same account */
static const ClfTable *
named_changes(ClfSync *sync, const ClfTable *source)
{
	char	   *label = clf_sync_label(sync->changes);
	ClfTable   *table = NULL;

	LockRelationOid(sync->changes, AccessShareLock);
	if (clf_table_is_ours(sync->changes))
		table = clf_get_table(sync->changes);
	if (table == NULL || !table->resource->changes ||
		!sync->plan->complete || source->resource->details_path ||
		table->server->serverid != source->server->serverid ||
		clf_table_level(table) != clf_table_level(source) ||
		strcmp(table->account_id, source->account_id) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s does not list the changes of %s", label,
						sync->source_label),
				 errhint("Use a foreign table of the resource call_log_changes "
						 "with the same server and account.")));
	check_select(sync->changes, sync->caller, label);
	return table;
}

/* The options of the source, with the resource call_log_changes */
static const ClfTable *
changes_table(const ClfTable *source, const ClfTable *named,
			  bool show_deleted)
{
	ClfTable   *changes = palloc(sizeof(ClfTable));

	*changes = *source;
	changes->resource = clf_find_resource("call_log_changes");
	changes->show_deleted = show_deleted;
	changes->page_size = named->page_size;
	return changes;
}

/*
 * Plan the requests for changes.  They use the options of the source, so no
 * foreign table of changes is needed; if one is named, its page_size is used.
 * Changes of an account are requested from call-log-extract-sync and deletions
 * from call-log-sync; an extension has the latter only, for both.
 */
static void
plan_changes(ClfSync *sync, const ClfTable *source)
{
	ClfSyncPlan *plan = sync->plan;
	const ClfTable *named = source;

	if (OidIsValid(sync->changes))
		named = named_changes(sync, source);
	if (!plan->complete || source->resource->details_path)
		return;
	plan->extract = clf_table_level(source) == CLF_LEVEL_ACCOUNT;
	plan->changes = changes_table(source, named, !plan->extract);
	if (plan->extract && (plan->deleted || sync->delete_rows))
		plan->deletions = changes_table(source, named, true);
}

/*
 * clf_sync_check_backfill
 *		Check that a backfill from sync->source reads the calls that a copy of that
 *		source has.  "~" is another extension for another user.
 */
void
clf_sync_check_backfill(const ClfSync *sync, Oid source)
{
	const ClfTable *table = sync->plan->table;
	const ClfTable *other = OidIsValid(source) ? clf_get_table(source) : NULL;
	ListCell   *lc;

	if (other == NULL || table->resource != other->resource ||
		!clf_same_text(table->extension_id, other->extension_id) ||
		!clf_same_text(table->extension_number, other->extension_number) ||
		table->show_blocked != other->show_blocked ||
		table->show_deleted != other->show_deleted ||
		(table->extension_id && strcmp(table->extension_id, "~") == 0 &&
		 table->server->serverid != other->server->serverid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s does not have the calls of table %s",
						sync->source_label, sync->label),
				 errhint("Use a foreign table with the options of the one that "
						 "is copied, and another server.")));
	foreach(lc, sync->state->columns)
	{
		if (!clf_contains_text(sync->plan->all_columns, lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("%s lacks column \"%s\"", sync->source_label,
							(char *) lfirst(lc)),
					 errhint("Use a foreign table with the columns of the one "
							 "that is copied.")));
	}
}

/* ----------
 * Columns
 * ----------
 */

static char *
type_name(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN |
								FORMAT_TYPE_FORCE_QUALIFY);
}

/*
 * Choose the types of the values to write and to compare.  A cast to varchar(n), or
 * to a domain over it, truncates where an assignment raises an error, so the cast is
 * to the base type, of character and bit types without their length.  Thus it does
 * not pad for char(n) as the assignment does, so these are compared as text.
 */
static void
plan_casts(ClfSyncColumn *column, Form_pg_attribute attr)
{
	int32		typmod = attr->atttypmod;
	Oid			type = getBaseTypeAndTypmod(attr->atttypid, &typmod);
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	if (category == TYPCATEGORY_STRING || category == TYPCATEGORY_BITSTRING)
		typmod = -1;
	column->cast = type_name(type, typmod);
	column->compared = type == BPCHAROID ? type_name(TEXTOID, -1) : column->cast;
}

/* The target's column of that name if it is writable, else NULL */
static Form_pg_attribute
find_writable(Relation target, const char *name)
{
	TupleDesc	desc = RelationGetDescr(target);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (!attr->attisdropped && strcmp(NameStr(attr->attname), name) == 0)
			return attr->attgenerated == '\0' &&
				attr->attidentity != ATTRIBUTE_IDENTITY_ALWAYS ? attr : NULL;
	}
	return NULL;
}

static bool
has_column(Relation target, const char *name)
{
	return get_attnum(RelationGetRelid(target), name) != InvalidAttrNumber;
}

/* Set the plan's pointer to the column if it has a special role */
static void
assign_role(ClfSyncPlan *plan, ClfSyncColumn *column, Oid type,
			Oid target_type)
{
	if (strcmp(column->path->text, "id") == 0 && plan->id == NULL)
		plan->id = column;
	else if (strcmp(column->path->text, start_path(plan->table)) == 0 &&
			 plan->time == NULL && type == TIMESTAMPTZOID &&
			 target_type == TIMESTAMPTZOID)
		plan->time = column;
	else if (strcmp(column->path->text, "deleted") == 0 && type == BOOLOID &&
			 target_type == BOOLOID)
		plan->deleted = column;
	else if (strcmp(column->path->text, "lastModifiedTime") == 0 &&
			 type == TIMESTAMPTZOID && target_type == TIMESTAMPTZOID)
		plan->modified = column;
	else if (column->path->origin == CLF_FROM_CONTENT)
		plan->audio = column;
}

/* The columns that both tables have */
static void
plan_columns(ClfSyncPlan *plan, Relation source, Relation target)
{
	TupleDesc	desc = RelationGetDescr(source);

	plan->columns = palloc0(desc->natts * sizeof(ClfSyncColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		ClfSyncColumn *column = &plan->columns[plan->ncolumns];
		Form_pg_attribute other;

		if (attr->attisdropped)
			continue;
		plan->all_columns = lappend(plan->all_columns,
									pstrdup(NameStr(attr->attname)));
		other = find_writable(target, NameStr(attr->attname));
		if (other == NULL)
			continue;
		column->attnum = attr->attnum;
		column->name = llast(plan->all_columns);
		column->path = clf_column_path(plan->table, attr->attnum);
		plan_casts(column, other);
		assign_role(plan, column, attr->atttypid, other->atttypid);
		plan->ncolumns++;
	}
}

/* ----------
 * The key
 * ----------
 */

/* Number of key columns of the index; 0 if it cannot serve as the key */
static int
count_key_columns(const ClfSyncPlan *plan, Relation target,
				  Form_pg_index index, List *candidates)
{
	bool		has_id = false;

	for (int i = 0; i < index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->indkey.values[i];
		const char *name;

		if (attnum <= 0)
			return 0;
		name = NameStr(TupleDescAttr(RelationGetDescr(target),
									 attnum - 1)->attname);
		if (!clf_contains_text(candidates, name))
			return 0;
		has_id |= strcmp(name, plan->id->name) == 0;
	}
	return has_id ? index->indnkeyatts : 0;
}

static void
set_keys(ClfSyncPlan *plan, List *names)
{
	for (int i = 0; i < plan->ncolumns; i++)
		plan->columns[i].is_key = clf_contains_text(names, plan->columns[i].name);
}

static List *
index_columns(Relation target, Form_pg_index index)
{
	List	   *names = NIL;

	for (int i = 0; i < index->indnkeyatts; i++)
		names = lappend(names,
						pstrdup(NameStr(TupleDescAttr(RelationGetDescr(target),
													  index->indkey.values[i] - 1)->attname)));
	return names;
}

/* Columns that the key may consist of: the id, and the call's id of a recording */
static List *
key_candidates(const ClfSyncPlan *plan)
{
	List	   *names = list_make1(unconstify(char *, plan->id->name));

	for (int i = 0; i < plan->ncolumns; i++)
	{
		if (strcmp(plan->columns[i].path->text, "^id") == 0)
			names = lappend(names, unconstify(char *, plan->columns[i].name));
	}
	return names;
}

/*
 * Choose the columns of the smallest unique index that has the id, perhaps the
 * call's id, and no other columns.  A partitioned table cannot have one; its key
 * is all candidates.  Returns false if there is no such index.
 */
static bool
plan_key(ClfSyncPlan *plan, Relation target)
{
	List	   *candidates = key_candidates(plan);
	List	   *best = NIL;
	ListCell   *lc;

	if (target->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		set_keys(plan, candidates);
		return true;
	}
	foreach(lc, RelationGetIndexList(target))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		bool		fits = form->indisunique && form->indisvalid &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		count_key_columns(plan, target, form, candidates) > 0;

		if (fits && (best == NIL || form->indnkeyatts < list_length(best)))
			best = index_columns(target, form);
		index_close(index, AccessShareLock);
	}
	set_keys(plan, best);
	return best != NIL;
}

/* Is there an index that begins with the id? */
static bool
has_index_on_id(const ClfSyncPlan *plan, Relation target)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(target), plan->id->name);
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(target))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		bool		found = index->rd_index->indkey.values[0] == attnum;

		index_close(index, AccessShareLock);
		if (found)
			return true;
	}
	return false;
}

/* ----------
 * The target
 * ----------
 */

/* Quoted name of the column with the path, or "" */
static const char *
quoted_column(const ClfTable *table, Relation rel, const char *path)
{
	AttrNumber	attnum = find_path(rel, table, path);

	return attnum == InvalidAttrNumber ? "" :
		quote_identifier(table->columns[attnum - 1].name);
}

/* Create the table with the source's columns, as the caller */
static void
create_target(ClfSync *sync, const RangeVar *name)
{
	Relation	rel = table_open(sync->source, AccessShareLock);
	const ClfTable *source = clf_get_table(sync->source);
	const char *schema = get_namespace_name(RangeVarGetCreationNamespace(name));
	const char *target = quote_qualified_identifier(schema, name->relname);
	const char *call = "";

	if (source->resource->details_path)
		call = quoted_column(source, rel, "^id");
	(void) clf_sync_execute(sync->caller,
							psprintf("CREATE TABLE %s (LIKE %s, PRIMARY KEY (%s%s%s))",
									 target, clf_sync_label(sync->source),
									 quoted_column(source, rel, "id"),
									 call[0] ? ", " : "", call), NULL);
	(void) clf_sync_execute(sync->caller,
							psprintf("CREATE INDEX ON %s (%s)", target,
									 quoted_column(source, rel,
												   start_path(source))), NULL);
	table_close(rel, NoLock);
}

/*
 * clf_sync_find_target
 *		Look up the table by a name in SQL syntax; create it if it does not exist.
 */
Oid
clf_sync_find_target(ClfSync *sync, const char *name)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(name));
	RangeVar   *rv = makeRangeVarFromNameList(names);
	Oid			relid = RangeVarGetRelid(rv, NoLock, true);

	if (OidIsValid(relid))
		return relid;
	if (sync->backfill_only)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s does not exist", NameListToString(names))));
	create_target(sync, rv);
	sync->created = true;
	CommandCounterIncrement();
	relid = RangeVarGetRelid(rv, NoLock, false);
	ereport(NOTICE, (errmsg("created table %s", clf_sync_label(relid))));
	return relid;
}

static bool
has_usage(Oid schema, Oid role)
{
	return DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id,
											ObjectIdGetDatum(role),
											ObjectIdGetDatum(schema),
											CStringGetTextDatum("USAGE")));
}

/*
 * Check that the target can be written as its owner, who can read the copied rows
 * and so needs SELECT on the source.  The caller must be able to act as the owner.
 */
static void
check_target(const ClfSync *sync, Relation target)
{
	Oid			owner = target->rd_rel->relowner;

	if (target->rd_rel->relkind != RELKIND_RELATION &&
		target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table", sync->label)));
	if (!has_privs_of_role(sync->caller, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", sync->label)));
	if (!has_usage(target->rd_rel->relnamespace, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of table %s must have USAGE privilege on its schema",
						sync->label),
				 errhint("GRANT USAGE ON SCHEMA %s TO %s;",
						 quote_identifier(get_namespace_name(target->rd_rel->relnamespace)),
						 quote_identifier(GetUserNameFromId(owner, false)))));
	if (check_enable_rls(sync->target, owner, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("row-level security applies to the owner of table %s",
						sync->label),
				 errhint("ALTER TABLE %s NO FORCE ROW LEVEL SECURITY;",
						 sync->label)));
	if (pg_class_aclcheck(sync->source, owner, ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("owner of table %s must have SELECT privilege on %s",
						sync->label, sync->source_label),
				 errdetail("The copied calls would be visible to the owner, role %s.",
						   quote_identifier(GetUserNameFromId(owner, false))),
				 errhint("GRANT SELECT on the foreign table to that role, or "
						 "use another table.")));
}

/* Check that the target has the required columns */
static void
check_columns(const ClfSync *sync)
{
	if (sync->plan->id == NULL || sync->plan->time == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s lacks the column for the id or for the start "
						"time of a call that %s has", sync->label,
						sync->source_label),
				 errhint("The columns must have the same names, and the start "
						 "time the same type.")));
}

static void
report_no_key(const ClfSync *sync)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
			 errmsg("table %s has no unique index on column \"%s\"",
					sync->label, sync->plan->id->name),
			 errhint("ALTER TABLE %s ADD PRIMARY KEY (%s);", sync->label,
					 quote_identifier(sync->plan->id->name))));
}

/*
 * clf_sync_make_plan
 *		Plan the step, in the current memory context.  Both tables stay locked
 *		until the end of the transaction.
 */
void
clf_sync_make_plan(ClfSync *sync)
{
	ClfSyncPlan *plan = palloc0(sizeof(ClfSyncPlan));
	Relation	source = try_relation_open(sync->source, AccessShareLock);
	Relation	target = try_relation_open(sync->target, RowExclusiveLock);

	if (source == NULL || target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s was dropped during the copy", source == NULL ?
						sync->source_label : sync->label)));
	sync->plan = plan;
	check_select(sync->source, sync->caller, sync->source_label);
	check_target(sync, target);
	plan->table = clf_get_table(sync->source);
	plan->complete = clf_holds_all_records(plan->table);
	plan->owner = target->rd_rel->relowner;
	plan_columns(plan, source, target);
	check_columns(sync);
	if (!plan_key(plan, target))
		report_no_key(sync);
	plan_changes(sync, plan->table);
	relation_close(target, NoLock);
	relation_close(source, NoLock);
}

/*
 * clf_sync_check_plan
 *		Report a missing index and missing columns.
 */
void
clf_sync_check_plan(ClfSync *sync)
{
	ClfSyncPlan *plan = sync->plan;
	Relation	target = relation_open(sync->target, NoLock);
	ListCell   *lc;

	if (!has_index_on_id(plan, target))
		ereport(NOTICE,
				(errmsg("table %s has no index on column \"%s\"",
						sync->label, plan->id->name),
				 errdetail("Each step scans the whole table."),
				 errhint("CREATE INDEX ON %s (%s);", sync->label,
						 quote_identifier(plan->id->name))));
	foreach(lc, plan->all_columns)
	{
		char	   *name = lfirst(lc);

		if (!clf_contains_text(sync->state->columns, name) &&
			!has_column(target, name))
			plan->new_columns = lappend(plan->new_columns, name);
	}
	relation_close(target, NoLock);
	if (plan->new_columns && !sync->add_columns)
		ereport(NOTICE,
				(errmsg("%s has columns that table %s lacks: %s",
						sync->source_label, sync->label,
						clf_sync_list(plan->new_columns, ", ")),
				 errhint("Use add_columns => true to add and fill them.")));
}

/*
 * clf_sync_add_columns
 *		Add the source's new columns to the target, and make a new plan.  The
 *		caller has the whole call log read again to fill them.
 */
void
clf_sync_add_columns(ClfSync *sync)
{
	ListCell   *lc;

	foreach(lc, sync->plan->new_columns)
	{
		AttrNumber	attnum = get_attnum(sync->source, lfirst(lc));
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(sync->source, attnum, &type, &typmod, &collation);
		(void) clf_sync_execute(sync->plan->owner,
								psprintf("ALTER TABLE %s ADD COLUMN %s %s",
										 clf_sync_target(sync),
										 quote_identifier(lfirst(lc)),
										 type_name(type, typmod)), NULL);
	}
	clf_sync_make_plan(sync);
}
