/*-------------------------------------------------------------------------
 *
 * import.c
 *	  IMPORT FOREIGN SCHEMA.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/resource.h"
#include "catalog/import.h"
#include "foreign/fdwapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

static ClfLevel
find_level(const char *schema)
{
	for (int level = 0; level < CLF_LEVELS; level++)
	{
		if (strcmp(clf_level_names[level], schema) == 0)
			return level;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
			 errmsg("remote schema \"%s\" does not exist", schema),
			 errhint("Use \"%s\" for the calls of the whole account, or "
					 "\"%s\" for those of the user who logs in.",
					 clf_level_names[CLF_LEVEL_ACCOUNT],
					 clf_level_names[CLF_LEVEL_EXTENSION])));
}

/* The server adds the local schema and applies LIMIT TO and EXCEPT */
static char *
create_statement(const ClfResource *resource, ClfLevel level,
				 const char *server)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n",
					 quote_identifier(resource->name));
	for (const ClfColumn *c = resource->columns; c->name != NULL; c++)
		appendStringInfo(&sql, "  %s %s%s\n", quote_identifier(c->name),
						 c->type, c[1].name ? "," : "");
	appendStringInfo(&sql, ") SERVER %s\nOPTIONS (resource %s%s)",
					 quote_identifier(server),
					 quote_literal_cstr(resource->name),
					 level == CLF_LEVEL_EXTENSION ? ", extension_id '~'" : "");
	return sql.data;
}

/*
 * clf_import_schema
 *		Create the CREATE FOREIGN TABLE statements of a level.
 */
List *
clf_import_schema(ImportForeignSchemaStmt *stmt)
{
	ClfLevel	level = find_level(stmt->remote_schema);
	List	   *statements = NIL;

	if (stmt->options != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\"",
						linitial_node(DefElem, stmt->options)->defname),
				 errhint("There are no valid options in this context.")));

	for (const ClfResource *r = clf_resources; r->name != NULL; r++)
	{
		if ((r->levels & CLF_AT(level)) &&
			IsImportableForeignTable(r->name, stmt))
			statements = lappend(statements,
								 create_statement(r, level,
												  stmt->server_name));
	}
	return statements;
}
