/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Bind a scan plan to values and build the URIs of its requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_QUERY_H
#define CLF_QUERY_H

#include "catalog/table.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "plan/pushdown.h"

/* The plan of a scan; plan/node.c encodes it in the plan node */
typedef struct ClfScanPlan
{
	const ClfResource *resource;
	ClfLevel	level;
	bool		detailed;		/* view=Detailed? */
	int			page_size;		/* of the first request */
	bool		sorted;			/* rows must be returned newest first */
	double		limit;			/* maximum number of rows; 0: all */
	bool		partial;		/* the scan can end before the last row */
	double		requests;		/* the planner's estimate */
	double		requests_cost;	/* their share of the plan node's cost */
	List	   *attnums;		/* columns to fill */
	List	   *early[CLF_ORIGINS]; /* by origin with requests per row:
									 * indexes in the plan's qual of the
									 * clauses checked before them */
	int			given;			/* index in fdw_exprs of the ids passed by a
								 * join; -1: none */
	int			nconditions;
	ClfCondition *conditions;	/* in prefix order, see ClfCondition */
} ClfScanPlan;

/* Placeholder in messages for a value that must not be shown */
#define CLF_HIDDEN_VALUE "..."

/* The value of one of the plan's expressions */
typedef struct ClfValue
{
	Datum		value;
	bool		isnull;
	Oid			type;
	const char *unknown;		/* placeholder for a value that must not be
								 * shown or is not known; else NULL */
} ClfValue;

/* The requests of a scan, but for window and page */
typedef struct ClfQuery
{
	bool		nothing;		/* no record satisfies the conditions */
	List	   *ids;			/* ids of the records to request, of char * */
	const char *unknown_ids;	/* placeholder for the ids; else NULL */
	int			max_ids;		/* maximum per request; 0: not by id */
	int			nchunks;		/* number of requests for the ids */
	int		   *chunks;			/* index of the first id of each, and the end */
	bool		details;		/* ids are those of rows, not of records */
	bool		windowed;		/* request the records of a window */
	bool		unfiltered;		/* no filters but those of the table */
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
	const char *unknown_search; /* placeholder for it; else NULL */
	char	   *extension;		/* id of the condition, in digits, or NULL */
	const char *unknown_extension;	/* placeholder for it; else NULL */
	TimestampTz lower;			/* start_time >= this; infinite: no bound */
	TimestampTz upper;			/* start_time <= this */
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
}			ClfMissingInput;

extern ClfQuery *clf_bind_query(const ClfScanPlan *plan,
								const ClfTable *table,
								const ClfValue *values);
extern void clf_gather_conditions(ClfScanPlan *plan, List *pushed,
								  List **exprs);
extern bool clf_query_sends(const ClfQuery *query, const ClfFilter *filter);
extern bool clf_query_equals(const ClfQuery *a, const ClfQuery *b);
extern bool clf_query_window(const ClfQuery *query, const Interval *history,
							 TimestampTz now, ClfWindow *window);
extern const ClfMissingInput *clf_query_missing_input(const ClfQuery *query,
													  const ClfTable *table);
extern bool clf_can_be_id(const char *text);
extern bool clf_query_by_id(const ClfQuery *query);
extern int	clf_query_chunk_length(const ClfQuery *query, int page);
extern int	clf_query_chunk_count(const ClfQuery *query);
extern char *clf_query_uri(const ClfQuery *query, const ClfWindow *window,
						   int page, int page_size, const char *token);
extern char *clf_query_shown_uri(const ClfQuery *query,
								 const ClfWindow *window, int page,
								 int page_size, bool first);

extern char *clf_details_uri(const ClfTable *table, const char *id);

#endif							/* CLF_QUERY_H */
