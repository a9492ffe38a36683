/*-------------------------------------------------------------------------
 *
 * table.h
 *	  Read foreign servers, foreign tables and user mappings from the catalogs.
 *
 * ClfServer and ClfTable contain no secrets.  All structures are palloc'd in the
 * memory context current when they are read, and do not reference the catalogs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TABLE_H
#define CLF_TABLE_H

#include "access/attnum.h"
#include "api/path.h"
#include "api/resource.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* A foreign server: address of the API, and connection settings */
typedef struct ClfServer
{
	Oid			serverid;
	char	   *name;
	char	   *base_url;		/* scheme://host[:port], no trailing slash */
	char	   *media_url;		/* the same for the audio of recordings */
	char	   *sslrootcert;	/* file of CA certificates; NULL: the system's */
	int			connect_timeout;	/* milliseconds */
	int			request_timeout;	/* milliseconds, for a whole request */
	int			max_response_size;	/* bytes, decompressed */
	int			max_retries;	/* per request */
	int			max_rate_wait;	/* milliseconds; 0: no limit */
} ClfServer;

/* A column of a foreign table */
typedef struct ClfTableColumn
{
	const char *name;			/* NULL: dropped */
	ClfPath		path;			/* text is NULL if it has none, which is an
								 * error when the column is used */
} ClfTableColumn;

/* A foreign table: its resource, and the options of its scans */
typedef struct ClfTable
{
	Oid			relid;			/* 0: a server alone, see clf_get_server_table */
	char	   *relname;		/* for messages, without a catalog lookup */
	const char *subject;		/* the same: "foreign table \"call_log\"" */
	const ClfServer *server;

	const ClfResource *resource;
	char	   *account_id;		/* "~": the account of the token's owner */
	char	   *extension_id;	/* NULL: an account-level table */
	char	   *extension_number;	/* NULL: all extensions */
	bool		show_blocked;
	bool		show_deleted;

	int			page_size;		/* records per request */
	bool		newest_first;	/* are lists sorted, newest first? */
	Interval   *history;		/* window of a query without a lower bound */
	bool		set_null;		/* replace invalid values by NULL? */
	bool		async_capable;	/* can scans be executed asynchronously? */
	bool		import_stats;	/* can ANALYZE do without a sample? */
	int			max_requests;	/* per scan; 0: no limit */
	int			max_recording_size; /* bytes */
	double		fdw_startup_cost;	/* planner cost of a request */
	double		fdw_tuple_cost; /* planner cost of a record */

	int			ncolumns;		/* including dropped ones */
	ClfTableColumn *columns;	/* by attnum - 1 */
} ClfTable;

/* Credentials of a user mapping: an access_token, or those of a login */
typedef struct ClfCredentials
{
	Oid			umid;			/* pg_user_mapping.oid */
	char	   *client_id;
	char	   *client_secret;	/* NULL until read from its file */
	char	   *client_secret_file; /* NULL: secret is in the mapping */
	char	   *jwt;			/* NULL until read from its file */
	char	   *jwt_file;
	char	   *access_token;
} ClfCredentials;

extern ClfTable *clf_get_table(Oid relid);
extern ClfTable *clf_get_server_table(Oid serverid);
extern const ClfPath *clf_column_path(const ClfTable *table,
									  AttrNumber attnum);
extern bool clf_needs_origin(const ClfTable *table, List *attnums,
							 ClfOrigin origin);
extern bool clf_holds_all_records(const ClfTable *table);
extern bool clf_has_own_path(const ClfTable *table);
extern bool clf_wrapper_is_ours(Oid fdwid);
extern bool clf_table_is_ours(Oid relid);
extern void clf_check_server_usable(Oid serverid);
extern Oid	clf_find_user_mapping(Oid userid, Oid serverid);
extern ClfCredentials *clf_get_credentials(Oid userid, Oid serverid);
extern void clf_read_credential_files(ClfCredentials *credentials);

/* Level of the endpoint: account, unless the table has an extension_id */
static inline ClfLevel
clf_table_level(const ClfTable *table)
{
	return table->extension_id ? CLF_LEVEL_EXTENSION : CLF_LEVEL_ACCOUNT;
}

/* Has the path an extension that the table lacks, so that a query must name it? */
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

#endif							/* CLF_TABLE_H */
