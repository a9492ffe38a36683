/*-------------------------------------------------------------------------
 *
 * option.h
 *	  Options of servers, user mappings, tables and columns, and the structures
 *	  they are stored in.
 *
 * ClfServer and ClfTable contain no secrets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_OPTION_H
#define CLF_OPTION_H

#include "api/path.h"
#include "api/resource.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* Contexts of an option; bits */
#define CLF_ON_SERVER	1
#define CLF_ON_MAPPING	2
#define CLF_ON_TABLE	4
#define CLF_ON_COLUMN	8

/* A foreign server: address of the API, and connection settings */
typedef struct ClfServer
{
	Oid			serverid;
	char	   *name;
	char	   *base_url;		/* scheme://host[:port], no trailing slash */
	char	   *media_url;		/* the same for the audio of recordings */
	char	   *sslrootcert;	/* file of CA certificates; NULL: the system's */
	int			connect_timeout;	/* milliseconds */
	int			request_timeout;	/* milliseconds, for a whole request; for
									 * audio, without receiving data */
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

/* Structures to store options in; NULL: do not store */
typedef struct ClfOptionTargets
{
	ClfServer  *server;
	ClfTable   *table;
	ClfCredentials *credentials;
} ClfOptionTargets;

extern void clf_read_options(List *list, int context,
							 const ClfOptionTargets *targets);
extern void clf_read_initial_options(const ClfOptionTargets *targets);
extern bool clf_url_is_loopback(const char *url);

/* Level of the endpoint: account, unless the table has an extension_id */
static inline ClfLevel
clf_table_level(const ClfTable *table)
{
	return table->extension_id ? CLF_LEVEL_EXTENSION : CLF_LEVEL_ACCOUNT;
}

#endif							/* CLF_OPTION_H */
