/*-------------------------------------------------------------------------
 *
 * table.c
 *	  Read foreign servers, foreign tables and user mappings from the catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/option.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "catalog/secret.h"
#include "catalog/table.h"
#include "commands/defrem.h"
#include "compat.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Identifies the wrappers of this extension; in call_log_fdw.c */
extern Datum call_log_fdw_handler(PG_FUNCTION_ARGS);

/* Read a server; options of both server and table are stored in the table */
static ForeignServer *
read_server(Oid serverid, ClfTable *table)
{
	ForeignServer *server = GetForeignServer(serverid);
	ClfOptionTargets targets = {.table = table};

	targets.server = palloc0(sizeof(ClfServer));
	targets.server->serverid = serverid;
	targets.server->name = server->servername;
	clf_read_initial_options(&targets);
	clf_read_options(server->options, CLF_ON_SERVER, &targets);
	table->server = targets.server;
	return server;
}

/* Path defined by the column's options; text is NULL if there is none */
static ClfPath
path_of_options(const ClfTable *table, AttrNumber attnum)
{
	ClfPath		path = {NULL, CLF_FROM_ROW, NULL};
	ListCell   *lc;

	foreach(lc, GetForeignColumnOptions(table->relid, attnum))
	{
		DefElem    *elem = lfirst_node(DefElem, lc);

		if (strcmp(elem->defname, "json_path") == 0)
			path = clf_path(defGetString(elem));
		else if (strcmp(elem->defname, "value") == 0)
			path = clf_path(psprintf("=%s", defGetString(elem)));
	}
	return path;
}

/* Read the columns; the path is from the options, else by column name */
static void
read_columns(ClfTable *table)
{
	Relation	rel = table_open(table->relid, NoLock);
	TupleDesc	desc = RelationGetDescr(rel);

	table->ncolumns = desc->natts;
	table->columns = palloc0((desc->natts + 1) * sizeof(ClfTableColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		ClfTableColumn *column = &table->columns[i];
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		const ClfColumn *known;

		if (attr->attisdropped)
			continue;
		column->name = pstrdup(NameStr(attr->attname));
		column->path = path_of_options(table, attr->attnum);
		known = clf_find_column(table->resource, column->name);
		if (column->path.text == NULL && known)
			column->path = clf_path(known->json_path);
	}
	table_close(rel, NoLock);
}

/*
 * clf_get_table
 *		Read a foreign table.  Its options override those of the server.  The
 *		caller must hold a lock on it.
 */
ClfTable   *
clf_get_table(Oid relid)
{
	ForeignTable *foreign = GetForeignTable(relid);
	ClfTable   *table = palloc0(sizeof(ClfTable));
	ClfOptionTargets targets = {.table = table};

	table->relid = relid;
	table->relname = get_rel_name(relid);
	table->subject = psprintf("foreign table \"%s\"", table->relname);
	(void) read_server(foreign->serverid, table);
	clf_read_options(foreign->options, CLF_ON_TABLE, &targets);
	read_columns(table);
	return table;
}

/*
 * clf_get_server_table
 *		Read a server as an account-level call log without columns.
 */
ClfTable   *
clf_get_server_table(Oid serverid)
{
	ClfTable   *table = palloc0(sizeof(ClfTable));
	ForeignServer *server = read_server(serverid, table);

	table->relname = server->servername;
	table->subject = psprintf("server \"%s\"", server->servername);
	table->resource = clf_find_resource("call_log");
	return table;
}

/* Raise the error for a column without a valid path */
static void
report_no_path(const ClfTable *table, const ClfTableColumn *column)
{
	if (column->path.text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("column \"%s\" of foreign table \"%s\" is not a field of "
						"resource \"%s\"", column->name, table->relname,
						table->resource->name),
				 errhint("Specify its field with OPTIONS (json_path '...') on "
						 "the column.")));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
			 errmsg("column \"%s\" of foreign table \"%s\" has the json_path "
					"\"%s\", which resource \"%s\" does not have",
					column->name, table->relname, column->path.text,
					table->resource->name)));
}

/*
 * clf_column_path
 *		Return the JSON path of a column: its option json_path, its option value
 *		as a constant, or the path of the resource's column of the same name.
 *		Raises an error if it has no path or one not supported by the resource.
 */
const ClfPath *
clf_column_path(const ClfTable *table, AttrNumber attnum)
{
	const ClfTableColumn *column = &table->columns[attnum - 1];

	Assert(attnum > 0 && attnum <= table->ncolumns);
	if (column->path.text == NULL ||
		(CLF_IS_PER_ROW(column->path.origin) &&
		 table->resource->details_path == NULL))
		report_no_path(table, column);
	return &column->path;
}

/*
 * clf_needs_origin
 *		Do any of the columns have a path of this origin?
 */
bool
clf_needs_origin(const ClfTable *table, List *attnums, ClfOrigin origin)
{
	ListCell   *lc;

	foreach(lc, attnums)
	{
		if (clf_column_path(table, lfirst_int(lc))->origin == origin)
			return true;
	}
	return false;
}

/*
 * clf_holds_all_records
 *		Does the table contain all records of its account or extension?  If not,
 *		records must not be requested by id: that ignores the other filters.
 */
bool
clf_holds_all_records(const ClfTable *table)
{
	return table->extension_number == NULL && table->show_blocked;
}

/*
 * clf_has_own_path
 *		Is it a table of the account and the extension of the token's owner,
 *		which are known to exist?
 */
bool
clf_has_own_path(const ClfTable *table)
{
	return strcmp(table->account_id, "~") == 0 &&
		(table->extension_id == NULL || strcmp(table->extension_id, "~") == 0);
}

static HeapTuple
find_mapping_tuple(Oid userid, Oid serverid)
{
	HeapTuple	tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
										ObjectIdGetDatum(userid),
										ObjectIdGetDatum(serverid));

	if (HeapTupleIsValid(tuple))
		return tuple;
	return SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
						   ObjectIdGetDatum(serverid));
}

/* Is the wrapper's handler this library's function, regardless of names? */
static bool
is_our_wrapper(Oid fdwid)
{
	Oid			handler = GetForeignDataWrapper(fdwid)->fdwhandler;
	HeapTuple	tuple;
	FmgrInfo	function;
	bool		is_c;

	if (!OidIsValid(handler))
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(handler));
	if (!HeapTupleIsValid(tuple))
		return false;
	is_c = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId;
	ReleaseSysCache(tuple);
	if (!is_c)
		return false;
	fmgr_info(handler, &function);
	return function.fn_addr == call_log_fdw_handler;
}

/*
 * clf_table_is_ours
 *		Is it a foreign table of this extension?
 */
bool
clf_table_is_ours(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
		is_our_wrapper(GetForeignServer(GetForeignServerIdByRelId(relid))->fdwid);
}

/*
 * clf_check_server_usable
 *		Raise an error unless the server belongs to this extension and the
 *		current role has USAGE on it.
 */
void
clf_check_server_usable(Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);

	if (!clf_may_use_server(serverid))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER,
					   server->servername);
	if (!is_our_wrapper(server->fdwid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not a server of call_log_fdw",
						server->servername),
				 errdetail("Its foreign-data wrapper is \"%s\".",
						   GetForeignDataWrapper(server->fdwid)->fdwname)));
}

/*
 * clf_find_user_mapping
 *		Find the user mapping of the role or of PUBLIC; InvalidOid if none.
 */
Oid
clf_find_user_mapping(Oid userid, Oid serverid)
{
	HeapTuple	tuple = find_mapping_tuple(userid, serverid);
	Oid			umid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	ReleaseSysCache(tuple);
	return umid;
}

/* Convert "name=value" to a DefElem, with a single copy of the value */
static DefElem *
option_of(Datum pair)
{
	const struct varlena *source = DatumGetTextPP(pair);
	size_t		length = VARSIZE_ANY_EXHDR(source);
	char	   *copy = clf_secret_alloc(length + 1);
	char	   *value;

	memcpy(copy, VARDATA_ANY(source), length);
	value = strchr(copy, '=');
	*value++ = '\0';
	return makeDefElem(copy, (Node *) makeString(value), -1);
}

/*
 * As GetUserMapping, read the options of a mapping, but into memory that will be
 * wiped.  The decompressed copy of a compressed value is wiped here.
 */
static List *
mapping_options(HeapTuple tuple)
{
	List	   *list = NIL;
	bool		isnull;
	Datum		stored = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
										 Anum_pg_user_mapping_umoptions,
										 &isnull);
	ArrayType  *array;
	Datum	   *pairs;
	int			npairs;

	if (isnull)
		return NIL;
	array = DatumGetArrayTypeP(stored);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &pairs, NULL,
					  &npairs);
	for (int i = 0; i < npairs; i++)
		list = lappend(list, option_of(pairs[i]));
	if ((Pointer) array != DatumGetPointer(stored))
		explicit_bzero(array, VARSIZE(array));
	return list;
}

/*
 * clf_get_credentials
 *		Read the credentials from the user mapping of the role, or of PUBLIC.
 *		They are wiped together with the current memory context, which should be
 *		short-lived.  Raises an error if there is no user mapping.
 */
ClfCredentials *
clf_get_credentials(Oid userid, Oid serverid)
{
	ClfOptionTargets targets = {NULL, NULL, NULL};
	HeapTuple	tuple = find_mapping_tuple(userid, serverid);

	if (!HeapTupleIsValid(tuple))
	{
		const char *server = GetForeignServer(serverid)->servername;
		const char *user = GetUserNameFromId(userid, false);

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no user mapping for user \"%s\" on server \"%s\"",
						user, server),
				 errhint("CREATE USER MAPPING FOR %s SERVER %s OPTIONS "
						 "(client_id '...', client_secret '...', jwt '...')",
						 quote_identifier(user), quote_identifier(server))));
	}

	targets.credentials = palloc0(sizeof(ClfCredentials));
	targets.credentials->umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	clf_read_options(mapping_options(tuple), CLF_ON_MAPPING, &targets);
	ReleaseSysCache(tuple);
	return targets.credentials;
}

/*
 * clf_read_credential_files
 *		Read the credentials that the user mapping stores in files.  Not cached;
 *		wiped together with the current memory context.
 */
void
clf_read_credential_files(ClfCredentials *credentials)
{
	if (credentials->client_secret_file)
		credentials->client_secret =
			clf_secret_read_file("client_secret_file",
								 credentials->client_secret_file);
	if (credentials->jwt_file)
		credentials->jwt = clf_secret_read_file("jwt_file",
												credentials->jwt_file);
}
