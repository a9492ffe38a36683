/*-------------------------------------------------------------------------
 *
 * query.h
 *	  The requests of a scan: their window and their URIs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_QUERY_H
#define CLF_QUERY_H

#include "catalog/table.h"
#include "datatype/timestamp.h"

/* Maximum length of an id or session id, in bytes: the API's are much shorter */
#define CLF_MAX_ID_LENGTH 255

/* Placeholder in messages for a value that must not be shown */
#define CLF_HIDDEN_VALUE "..."

/*
 * The requests of a list of records, or of records by id, but for window and page.
 * A scan reads the queries of a linked list one after another.
 */
typedef struct ClfQuery
{
	struct ClfQuery *next;		/* NULL: this is the last one */
	int			alternative;	/* whose query it is, see ClfCondition; or 0 */
	bool		nothing;		/* no record satisfies the conditions */
	List	   *ids;			/* ids of the records to request, of char * */
	const char *unknown_ids;	/* placeholder for the ids; else NULL */
	int			max_ids;		/* maximum per request; 0: not by id */
	int			nbatches;		/* number of requests for the ids */
	int		   *batches;		/* index of the first id of each, and the end */
	bool		details;		/* ids are those of rows, not of records */
	bool		windowed;		/* request the records of a window */
	bool		unfiltered;		/* no filters but those of the table */
	bool		by_session;		/* request the records of a session */
	bool		changes;		/* request changes since one of these: */
	char	   *since;			/* time in ISO 8601, or NULL */
	TimestampTz since_time;		/* the same time */
	char	   *since_token;	/* a token in UTF-8, or NULL */
	const char *unknown_since;	/* placeholder for either; else NULL */
	bool		since_now;		/* the present: request only a new token */
	bool		by_call_log_sync;	/* use the endpoint with deletions */
	bool		show_deleted;	/* include deletions in changes */
	const ClfFilter *search_filter; /* search for a number; NULL: no search */
	char	   *search;			/* text of the condition in UTF-8, or NULL */
	char	   *search_digits;	/* what is sent of it; NULL: it is no number */
	const char *unknown_search; /* placeholder for it; else NULL */
	char	   *extension;		/* id of the condition, in digits, or NULL */
	const char *unknown_extension;	/* placeholder for it; else NULL */
	TimestampTz lower;			/* start_time >= this; infinite: no bound */
	TimestampTz upper;			/* start_time <= this */
	bool		widened;		/* request records from wide_lower to
								 * wide_upper, and return the others? */
	TimestampTz wide_lower;		/* see widen.c */
	TimestampTz wide_upper;
	char	   *label;			/* "GET /restapi/v1.0/account/~/call-log" */
	char	   *path;			/* "/restapi/v1.0/account/~/call-log" */
	const char *parameters;		/* "&view=Simple&type=Voice", escaped */
	const char *unknown_lower;	/* placeholders for the bounds; else NULL */
	const char *unknown_upper;
	int			page_size;		/* of the first request */
	const char *all_records;	/* perPage instead of the maximum; NULL: none */
	const struct ClfQuery *shown;	/* the same with placeholders, for
									 * messages; NULL: no placeholders */
} ClfQuery;

/* Time window of a list request, in whole seconds */
typedef struct ClfWindow
{
	TimestampTz from;
	TimestampTz to;
	bool		to_now;			/* it ends at the present */
} ClfWindow;

/* An input that the query must specify but does not */
typedef struct ClfMissingInput
{
	const char *message;
	const char *reason;			/* why nothing is requested */
	const char *hint;
} ClfMissingInput;

extern bool clf_query_sends(const ClfQuery *query, const ClfFilter *filter);
extern bool clf_query_equals(const ClfQuery *a, const ClfQuery *b);
extern int	clf_query_list_count(const ClfQuery *query);
extern bool clf_query_window(const ClfQuery *query, const Interval *history,
							 TimestampTz now, ClfWindow *window);
extern const ClfMissingInput *clf_query_missing_input(const ClfQuery *query,
													  const ClfTable *table);
extern bool clf_query_by_id(const ClfQuery *query);
extern int	clf_query_chunk_length(const ClfQuery *query, int page);
extern int	clf_query_chunk_count(const ClfQuery *query);
extern char *clf_query_uri(const ClfQuery *query, const ClfWindow *window,
						   int page, int page_size, const char *token);
extern char *clf_query_shown_uri(const ClfQuery *query,
								 const ClfWindow *window, int page,
								 int page_size, bool first);

extern bool clf_can_be_id(const char *text);
extern char *clf_bind_path(const char *path, const ClfTable *table,
						   const char *extension);
extern char *clf_details_uri(const ClfTable *table, const char *id);

#endif							/* CLF_QUERY_H */
