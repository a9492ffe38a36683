/*-------------------------------------------------------------------------
 *
 * query.h
 *	  From a request plan and its values to the URIs of the requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_QUERY_H
#define CLF_QUERY_H

#include "catalog/table.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "plan/pushdown.h"

/* What a scan is to ask for; see plan/node.c for how the plan node carries it */
typedef struct ClfScanPlan
{
	const ClfResource *resource;
	ClfLevel	level;
	bool		detailed;		/* view=Detailed? */
	int			page_size;		/* of the first request */
	bool		sorted;			/* must the rows come newest first? */
	double		limit;			/* rows that are enough; 0: all may be needed */
	bool		partial;		/* may the query need but a part of the rows? */
	double		requests;		/* the planner's estimate */
	double		requests_cost;	/* their part of the plan node's cost */
	List	   *attnums;		/* columns to fill */
	List	   *early[CLF_ORIGINS]; /* by origin that takes requests for each
									 * row: indexes in the plan's qual of the
									 * conditions to check before */
	int			given;			/* index in fdw_exprs of ids that a join gives
								 * instead; -1: none */
	int			nconditions;
	ClfCondition *conditions;	/* in prefix order, see ClfCondition */
} ClfScanPlan;

/* In place of a value in messages that must not show it */
#define CLF_HIDDEN_VALUE "..."

/* The value of one of the plan's expressions */
typedef struct ClfValue
{
	Datum		value;
	bool		isnull;
	Oid			type;
	const char *unknown;		/* what is shown in place of a value that must
								 * not be, or is not known; else NULL */
} ClfValue;

/* What a scan asks for, but for the window and the page */
typedef struct ClfQuery
{
	bool		nothing;		/* no record can meet the conditions */
	List	   *ids;			/* ask for these records, by id; of char * */
	const char *unknown_ids;	/* shown in place of ids; else NULL */
	int			max_ids;		/* in one request; 0: not by id */
	int			nchunks;		/* requests that the ids take */
	int		   *chunks;			/* where the ids of each begin, and the end */
	bool		details;		/* ids are those of rows, not of records */
	bool		windowed;		/* ask for the records of a window */
	bool		unfiltered;		/* all of them that the table has */
	bool		changes;		/* ask for changes; since which time: */
	char	   *since;			/* ISO 8601, or NULL */
	TimestampTz since_time;		/* the same */
	char	   *since_token;	/* or since which token; UTF-8 */
	const char *unknown_since;	/* shown in place of either; else NULL */
	bool		since_now;		/* or only a token for changes from now on */
	bool		by_call_log_sync;	/* from the endpoint with deletions */
	bool		show_deleted;	/* of changes: deletions as well */
	const ClfFilter *search_filter; /* search for a number; NULL: no search */
	char	   *search;			/* as the query has it, UTF-8; NULL: see
								 * nothing */
	const char *unknown_search; /* shown in place of it; else NULL */
	TimestampTz lower;			/* start_time >= this; infinite: no bound */
	TimestampTz upper;			/* start_time <= this */
	char	   *label;			/* "GET /restapi/v1.0/account/~/call-log" */
	char	   *path;			/* "/restapi/v1.0/account/~/call-log" */
	const char *parameters;		/* "&view=Simple&type=Voice", escaped */
	const char *unknown_lower;	/* shown in place of the bounds; else NULL */
	const char *unknown_upper;
	int			page_size;		/* of the first request */
	const char *all_records;	/* in place of the largest one; NULL: nothing */
	const struct ClfQuery *shown;	/* the same for messages, without values
									 * from elsewhere; NULL: it has none */
} ClfQuery;

/* The dates that a list request carries, both in whole seconds */
typedef struct ClfWindow
{
	TimestampTz from;
	TimestampTz to;
	bool		to_now;			/* it ends at the present */
} ClfWindow;

extern ClfQuery *clf_bind_query(const ClfScanPlan *plan,
								const ClfTable *table,
								const ClfValue *values);
extern void clf_gather_conditions(ClfScanPlan *plan, List *pushed,
								  List **exprs);
extern bool clf_query_sends(const ClfQuery *query, const ClfFilter *filter);
extern bool clf_query_equals(const ClfQuery *a, const ClfQuery *b);
extern bool clf_query_window(const ClfQuery *query, const Interval *history,
							 TimestampTz now, ClfWindow *window);
extern bool clf_query_lacks_since(const ClfQuery *query);
extern bool clf_query_lacks_search(const ClfQuery *query,
								   const ClfResource *resource);
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
