/*-------------------------------------------------------------------------
 *
 * option.h
 *	  Options of servers, user mappings, tables and columns.
 *
 * Room 2.  Uses endpoint.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_OPTION_H
#define CLF_OPTION_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "api/resource.h"

/*
 * What server and table say together, table first.  Holds no secret, so it may
 * be shown and kept.
 */
typedef struct ClfOptions
{
	Oid			relid;			/* the foreign table; 0: the server alone */
	char	   *relname;		/* for messages: no catalog look-up there */
	const char *subject;		/* likewise: "foreign table \"call_log\"" */
	Oid			serverid;

	/* Where, and how to talk to it */
	char	   *base_url;		/* scheme://host[:port], no slash at the end */
	char	   *media_url;		/* where recordings' audio is; likewise */
	char	   *sslrootcert;	/* file of CA certificates; NULL: the system's */
	int			connect_timeout;	/* milliseconds */
	int			request_timeout;	/* milliseconds, a whole request */
	int			max_response_size;	/* bytes, decompressed */
	int			max_recording_size; /* bytes */
	int			max_retries;	/* of one request */
	int			max_rate_wait;	/* milliseconds; 0: as long as it takes */
	int			max_requests;	/* of one scan; 0: as many as it takes */

	/* What the table stands for */
	const ClfResource *resource;
	char	   *account_id;		/* "~": the account of the token's owner */
	char	   *extension_id;	/* NULL: an account-level table */
	char	   *extension_number;	/* NULL: every extension */
	bool		show_blocked;
	bool		show_deleted;

	/* How to scan it */
	int			page_size;		/* records a request asks for */
	bool		newest_first;	/* may it be relied on that lists come so? */
	Interval   *history;		/* reach of a query without a lower bound */
	bool		async_capable;	/* fetch at the same time as others? */
	double		fdw_startup_cost;	/* planner cost of one request */
	double		fdw_tuple_cost; /* planner cost of one record */
} ClfOptions;

/* What a user mapping holds: a ready access_token, or the three others */
typedef struct ClfCredentials
{
	Oid			umid;			/* pg_user_mapping.oid */
	char	   *client_id;
	char	   *client_secret;
	char	   *jwt;
	char	   *access_token;
} ClfCredentials;

extern ClfOptions *clf_get_options(Oid relid);
extern ClfOptions *clf_get_server_options(Oid serverid);
extern Oid	clf_find_user_mapping(Oid userid, Oid serverid);
extern ClfCredentials *clf_get_credentials(Oid userid, Oid serverid);
extern bool clf_holds_all_records(const ClfOptions *options);
extern ClfLevel clf_table_level(const ClfOptions *options);
extern const char *clf_column_path(const ClfOptions *options,
								   AttrNumber attnum);
extern bool clf_url_is_loopback(const char *url);

/* Are both the same, or neither set? */
static inline bool
clf_same_text(const char *a, const char *b)
{
	return (a == NULL || b == NULL) ? a == b : strcmp(a, b) == 0;
}

#endif							/* CLF_OPTION_H */
