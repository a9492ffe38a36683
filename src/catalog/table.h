/*-------------------------------------------------------------------------
 *
 * table.h
 *	  Read foreign servers, foreign tables and user mappings from the catalogs.
 *
 * The structures are palloc'd in the current memory context, and do not reference
 * the catalogs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TABLE_H
#define CLF_TABLE_H

#include "access/attnum.h"
#include "catalog/option.h"
#include "nodes/pg_list.h"

extern ClfTable *clf_get_table(Oid relid);
extern ClfTable *clf_get_server_table(Oid serverid);
extern const ClfPath *clf_column_path(const ClfTable *table,
									  AttrNumber attnum);
extern bool clf_needs_origin(const ClfTable *table, List *attnums,
							 ClfOrigin origin);
extern bool clf_holds_all_records(const ClfTable *table);
extern bool clf_has_own_path(const ClfTable *table);
extern bool clf_table_is_ours(Oid relid);
extern void clf_check_server_usable(Oid serverid);
extern Oid	clf_find_user_mapping(Oid userid, Oid serverid);
extern ClfCredentials *clf_get_credentials(Oid userid, Oid serverid);
extern void clf_read_credential_files(ClfCredentials *credentials);

/* Does the path contain an extension that the query has to specify? */
static inline bool
clf_needs_extension(const ClfTable *table)
{
	return table->extension_id == NULL &&
		strstr(table->resource->path[CLF_LEVEL_ACCOUNT], "{extension}") != NULL;
}

/* Are both equal, or both NULL? */
static inline bool
clf_same_text(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

/* Is the text in the list, of char *? */
static inline bool
clf_contains_text(const List *texts, const char *text)
{
	ListCell   *lc;

	foreach(lc, texts)
	{
		if (strcmp(lfirst(lc), text) == 0)
			return true;
	}
	return false;
}

/* Compare cells of such a list, for list_sort */
static inline int
clf_compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

#endif							/* CLF_TABLE_H */
