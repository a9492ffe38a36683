/*-------------------------------------------------------------------------
 *
 * table.h
 *	  Foreign servers, foreign tables and user mappings, as their options
 *	  define them.
 *
 * Nothing in a ClfServer or ClfTable is secret, so both may be shown and kept.
 * All structures are palloc'd in the memory context that was current when they
 * were read, and hold no reference to the catalogs.
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

/* A foreign server: where the API is, and how to talk to it */
typedef struct ClfServer
{
	Oid			serverid;
	char	   *name;
	char	   *base_url;		/* scheme://host[:port], no slash at the end */
	char	   *media_url;		/* where recordings' audio is; likewise */
	char	   *sslrootcert;	/* file of CA certificates; NULL: the system's */
	int			connect_timeout;	/* milliseconds */
	int			request_timeout;	/* milliseconds, a whole request */
	int			max_response_size;	/* bytes, decompressed */
	int			max_retries;	/* of one request */
	int			max_rate_wait;	/* milliseconds; 0: no limit */
} ClfServer;

/* A column of a foreign table */
typedef struct ClfTableColumn
{
	const char *name;			/* NULL: it was dropped */
	ClfPath		path;			/* text is NULL when it has none, which is an
								 * error once the column is used */
} ClfTableColumn;

/* A foreign table: what it represents, and how to scan it */
typedef struct ClfTable
{
	Oid			relid;			/* 0: a server alone, see clf_get_server_table */
	char	   *relname;		/* for messages: no catalog look-up there */
	const char *subject;		/* likewise: "foreign table \"call_log\"" */
	const ClfServer *server;

	const ClfResource *resource;
	char	   *account_id;		/* "~": the account of the token's owner */
	char	   *extension_id;	/* NULL: an account-level table */
	char	   *extension_number;	/* NULL: every extension */
	bool		show_blocked;
	bool		show_deleted;

	int			page_size;		/* records a request asks for */
	bool		newest_first;	/* are lists sorted, newest first? */
	Interval   *history;		/* reach of a query without a lower bound */
	bool		set_null;		/* make values NULL that do not fit? */
	bool		async_capable;	/* fetch at the same time as others? */
	int			max_requests;	/* of one scan; 0: no limit */
	int			max_recording_size; /* bytes */
	double		fdw_startup_cost;	/* planner cost of one request */
	double		fdw_tuple_cost; /* planner cost of one record */

	int			ncolumns;		/* dropped ones included */
	ClfTableColumn *columns;	/* by attnum - 1 */
} ClfTable;

/* What a user mapping holds: a ready access_token, or what a login takes */
typedef struct ClfCredentials
{
	Oid			umid;			/* pg_user_mapping.oid */
	char	   *client_id;
	char	   *client_secret;	/* NULL until its file is read */
	char	   *client_secret_file; /* NULL: it is in the mapping */
	char	   *jwt;			/* likewise */
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
extern bool clf_wrapper_is_ours(Oid fdwid);
extern bool clf_table_is_ours(Oid relid);
extern void clf_check_server_usable(Oid serverid);
extern Oid	clf_find_user_mapping(Oid userid, Oid serverid);
extern ClfCredentials *clf_get_credentials(Oid userid, Oid serverid);
extern void clf_read_credential_files(ClfCredentials *credentials);

/* Account level, unless the table is one extension's */
static inline ClfLevel
clf_table_level(const ClfTable *table)
{
	return table->extension_id ? CLF_LEVEL_EXTENSION : CLF_LEVEL_ACCOUNT;
}

/* Are both the same, or neither set? */
static inline bool
clf_same_text(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

#endif							/* CLF_TABLE_H */
