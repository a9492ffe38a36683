/*-------------------------------------------------------------------------
 *
 * sync.h
 *	  Declarations shared by the files of src/sync: the local copy.
 *
 * call_log_fdw_sync works in steps.  A step is a transaction: it sends one
 * request as the caller, merges the response into the target as the target's
 * owner, saves the state of the copy, and commits.  Thus an interrupted run loses
 * at most the response to its last request.
 *
 *	  sync.c		   the procedure: arguments, loop over the steps
 *	  sync_lock.c	   locks on copies
 *	  sync_run.c	   messages and counters that steps share
 *	  sync_plan.c	   source, target, columns, keys; a new plan for each step
 *	  sync_state.c	   state of copies
 *	  sync_ranges.c	   sets of time ranges
 *	  sync_sql.c	   execution of SQL statements as a given role
 *	  sync_read.c	   responses of RingCentral as tuplestores
 *	  sync_write.c	   writes rows into the target
 *	  sync_list.c	   steps: parts of the call log, calls absent from it
 *	  sync_changes.c   steps: changes since a token
 *	  sync_recording.c steps: audio of recordings
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SYNC_H
#define CLF_SYNC_H

#include "access/tupdesc.h"
#include "api/resource.h"
#include "catalog/table.h"
#include "executor/spi.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

/* ----------
 * Sets of time ranges: sorted, disjoint, none empty.  An upper bound of DT_NOEND
 * means up to the present.
 * ----------
 */

#define CLF_SYNC_NEVER DT_NOBEGIN	/* no time */

typedef struct ClfSyncRange
{
	TimestampTz lower;			/* included */
	TimestampTz upper;			/* not included */
} ClfSyncRange;

typedef struct ClfSyncRanges
{
	int			n;
	ClfSyncRange *ranges;
} ClfSyncRanges;

extern ClfSyncRanges clf_sync_ranges_add(ClfSyncRanges ranges,
										 ClfSyncRange more);
extern ClfSyncRanges clf_sync_ranges_subtract(ClfSyncRanges ranges,
											  ClfSyncRange less);
extern ClfSyncRanges clf_sync_ranges_minus(ClfSyncRanges ranges,
										   ClfSyncRanges less);
extern double clf_sync_ranges_seconds(ClfSyncRanges ranges, TimestampTz now);

static inline bool
clf_sync_range_is_empty(ClfSyncRange range)
{
	return range.lower >= range.upper;
}

/* ----------
 * State of a copy
 * ----------
 */

typedef struct ClfSyncState
{
	TimestampTz since;			/* lower bound of start times */
	ClfSyncRanges missing;		/* start times still to be read */
	TimestampTz recheck_since;	/* lower bound of the last recheck, or never */
	TimestampTz synced_at;		/* changes until then are copied, or never */
	char	   *sync_token;		/* for the next request of changes, or NULL */
	char	   *deletions_token;	/* the same for changes with deletions */
	List	   *absent;			/* of char *: ids to request */
	List	   *witnesses;		/* of char *: ids that the copy must have */
	List	   *columns;		/* of char *: known columns of the source */
	int			next_step;		/* number of the next run's first step */
	int64		width;			/* of the next part, in microseconds */
	int64		rows;			/* inserted or updated so far */
	int64		requests;		/* sent so far */
	int64		bad_values;		/* replaced by NULL so far */
} ClfSyncState;

/* ----------
 * Plan of a step
 * ----------
 */

/* A column that is copied */
typedef struct ClfSyncColumn
{
	AttrNumber	attnum;			/* in the source */
	const char *name;			/* in both tables */
	const ClfPath *path;
	const char *cast;			/* base type of the target's column */
	const char *compared;		/* type to compare the target's value as */
	bool		is_key;
} ClfSyncColumn;

typedef struct ClfSyncPlan
{
	/* the source */
	const ClfTable *table;
	bool		complete;		/* no filters: has all calls that can be
								 * requested by id? */
	const ClfTable *changes;	/* for changes; NULL: not available */
	const ClfTable *deletions;	/* for changes with deletions; NULL: not
								 * needed */
	bool		extract;		/* can changes be requested by a time? */

	/* the target */
	Oid			owner;
	int			ncolumns;
	ClfSyncColumn *columns;		/* in the source's order */
	const ClfSyncColumn *id;
	const ClfSyncColumn *time;	/* of the start */
	const ClfSyncColumn *deleted;	/* NULL: the target has none */
	const ClfSyncColumn *audio; /* likewise */
	const ClfSyncColumn *modified;	/* likewise; time of the last change */
	List	   *all_columns;	/* of char *: names of the source's columns */
	List	   *new_columns;	/* of char *: those that neither the target
								 * nor the state has */
} ClfSyncPlan;

/* Interval at which changes are requested while a long history is read */
#define CLF_SYNC_CHANGES_EVERY (15 * USECS_PER_MINUTE)

/* What absent calls are: those of the copy that the list does not have */
typedef enum ClfSyncAbsence
{
	CLF_ABSENT_UNSURE,			/* NULL: deleted if they are few */
	CLF_ABSENT_KEPT,			/* false: ignored */
	CLF_ABSENT_DELETED			/* true: deleted */
} ClfSyncAbsence;

/* State of one call of the procedure */
typedef struct ClfSync
{
	MemoryContext cxt;			/* for this struct */
	MemoryContext step_cxt;		/* reset after each step */

	/* the arguments of the call */
	Oid			source;
	Oid			target;
	Oid			changes;		/* InvalidOid: not given */
	TimestampTz since;			/* never: not given */
	bool		newest_first;
	Interval   *settle;
	Interval   *recheck;		/* NULL: none */
	int64		max_requests;	/* -1: no limit */
	int64		max_bytes;		/* -1: no limit */
	int			leave_requests;
	bool		add_columns;
	ClfSyncAbsence mark_absent;
	bool		delete_rows;
	bool		restart;
	bool		backfill_only;

	/* roles and names */
	Oid			caller;
	Oid			state_owner;	/* of the tables of the extension */
	const char *copies;			/* qualified names of these tables */
	const char *problems;
	const char *schema_name;	/* of the target, under which the state is */
	const char *table_name;
	char	   *label;			/* the target, in messages */
	char	   *source_label;

	/* progress */
	bool		begun;
	bool		created;		/* the target, by this call */
	TimestampTz began_at;		/* local clock */
	uint64		requests_before;
	double		seconds_read;	/* of the call log */
	TimestampTz recent;			/* each call reads again from here on;
								 * DT_NOEND: nothing */
	ClfSyncRanges rechecked;	/* by earlier calls, to be read again after
								 * the rest of their recheck */
	TimestampTz backfill_end;	/* upper bound of the next part to backfill */
	bool		unsorted;		/* was the list out of order? */
	TimestampTz changes_due;	/* local clock */
	TimestampTz deletions_due;	/* likewise */
	bool		caught_up;		/* have all changes been read? */
	bool		deletions_read; /* have all deletions been read? */
	bool		audio_read;		/* has all audio been tried? */
	bool		token_rejected; /* was a token for changes rejected? */
	bool		without_changes;	/* changes are not available */
	bool		without_tokens; /* tokens for deletions are not available */
	int64		rows;
	int64		recordings;		/* whose audio was fetched */
	int64		bytes;			/* of that audio */
	TimestampTz reported_at;	/* time of the last progress report; local */
	int			gone;			/* consecutive recordings not found */
	int			failures;		/* consecutive other failures */
	int			server_failures;	/* of these, possibly not of a recording */
	List	   *probes;			/* of char *: sample of recordings to try */
	bool		probing;
	bool		has_witness;	/* was one chosen by this call? */
	int			first_step;		/* number of the first step done; -1: none */
	bool		finished;

	List	   *skipped;		/* of char *: recordings not to request */
	bool		knows_skipped;

	/* of the step */
	ClfSyncPlan *plan;
	ClfSyncState *state;
	ClfSyncState saved;			/* the state as it was loaded or saved */
	uint64		requests_at_step;
	List	   *stores;			/* of Tuplestorestate *: rows read */
	ResourceOwner owner;		/* of the tuplestores */
} ClfSync;

/* Rows of a response, or of several */
typedef struct ClfSyncAnswer
{
	TupleDesc	desc;			/* c1, c2, ... for the plan's columns; n;
								 * deleted */
	Tuplestorestate *rows;
	int64		nrows;
	List	   *ids;			/* of char *, server encoding: of the rows
								 * that were requested regardless of their
								 * time */
	TimestampTz oldest;			/* start of the oldest row; DT_NOEND: none */
	ClfSyncRange done;			/* of a list: range read completely */
	bool		more;			/* are there more pages? */
	bool		unsorted;		/* is the list out of order? */
	char	   *token;			/* for the next changes, or NULL */
	TimestampTz asked_at;		/* local clock */
	TimestampTz clock;			/* the API's clock at that time */
	int64		skipped;		/* records that cannot be copied */
	int64		bad_values;		/* the same, and values set to NULL */
} ClfSyncAnswer;

/* Values for $1, $2, ... */
#define CLF_SYNC_MAX_PARAMS 16

typedef struct ClfSyncParams
{
	int			n;
	Oid			types[CLF_SYNC_MAX_PARAMS];
	Datum		values[CLF_SYNC_MAX_PARAMS];
	char		nulls[CLF_SYNC_MAX_PARAMS];
} ClfSyncParams;

/* Action of clf_sync_try */
typedef void (*ClfSyncAction) (ClfSync *sync, void *arg);

/* sync_sql.c */
extern void clf_sync_param(ClfSyncParams *params, Oid type, Datum value,
						   bool isnull);
extern void clf_sync_param_text(ClfSyncParams *params, const char *text);
extern void clf_sync_param_texts(ClfSyncParams *params, List *texts);
extern void clf_sync_param_time(ClfSyncParams *params, TimestampTz t);
extern void clf_sync_param_bigint(ClfSyncParams *params, int64 n);
extern int64 clf_sync_execute(Oid userid, const char *sql,
							  const ClfSyncParams *params);
extern Datum clf_sync_result(uint64 row, int column, bool *isnull);
extern char *clf_sync_result_text(uint64 row, int column);
extern int64 clf_sync_result_bigint(uint64 row, int column);
extern TimestampTz clf_sync_result_time(uint64 row, int column,
										TimestampTz if_null);
extern List *clf_sync_result_texts(uint64 row, int column);
extern bool clf_sync_is_unreachable(const ErrorData *error);
extern ErrorData *clf_sync_try(ClfSync *sync, ClfSyncAction action, void *arg);
extern char *clf_sync_list(List *names, const char *separator);

/* sync_plan.c */
extern char *clf_sync_label(Oid relid);
extern char *clf_sync_target(const ClfSync *sync);
extern void clf_sync_check_backfill(const ClfSync *sync, Oid source);
extern Oid	clf_sync_find_target(ClfSync *sync, const char *name);
extern void clf_sync_check_source(ClfSync *sync);
extern void clf_sync_make_plan(ClfSync *sync);
extern void clf_sync_check_plan(ClfSync *sync);
extern void clf_sync_add_columns(ClfSync *sync);

/* sync_state.c */
extern void clf_sync_find_state(ClfSync *sync, Oid function);
extern void clf_sync_begin(ClfSync *sync);
extern void clf_sync_begin_backfill(ClfSync *sync);
extern void clf_sync_load(ClfSync *sync);
extern void clf_sync_recheck_rest(ClfSync *sync);
extern void clf_sync_save(ClfSync *sync);
extern void clf_sync_take_witness(ClfSync *sync);
extern void clf_sync_note_problem(ClfSync *sync, const char *kind,
								  const char *id, const char *reason,
								  TimestampTz next_at);
extern void clf_sync_forget_problem(ClfSync *sync, const char *kind,
									const char *id);
extern List *clf_sync_problems(ClfSync *sync, const char *kind,
							   TimestampTz now);
extern int	clf_sync_problem_tries(ClfSync *sync, const char *kind,
								   const char *id);

/* sync_read.c */
extern TimestampTz clf_sync_clock(const ClfSync *sync);
extern void clf_sync_read_part(ClfSync *sync, ClfSyncRange part, bool sorted,
							   bool whole, ClfSyncAnswer *answer);
extern void clf_sync_read_changes(ClfSync *sync, const ClfTable *table,
								  const char *token, TimestampTz since,
								  ClfSyncAnswer *answer);
extern void clf_sync_read_ids(ClfSync *sync, List *ids,
							  ClfSyncAnswer *answer);
extern bool clf_sync_reaches_before(ClfSync *sync, TimestampTz t);
extern int64 clf_sync_read_recording(ClfSync *sync, const char *id,
									 ClfSyncAnswer *answer);

/* sync_write.c */
extern int64 clf_sync_merge(ClfSync *sync, const ClfSyncAnswer *answer);
extern int64 clf_sync_put_audio(ClfSync *sync, const ClfSyncAnswer *answer);
extern List *clf_sync_find_absent(ClfSync *sync, const ClfSyncAnswer *answer,
								  ClfSyncRange range, int64 *present,
								  TimestampTz *oldest);
extern int64 clf_sync_mark_deleted(ClfSync *sync, List *ids);

/* steps */
extern bool clf_sync_part_is_due(const ClfSync *sync, bool recent);
extern void clf_sync_recent_step(ClfSync *sync);
extern void clf_sync_part_step(ClfSync *sync);
extern void clf_sync_absent_step(ClfSync *sync);
extern void clf_sync_token_step(ClfSync *sync);
extern void clf_sync_changes_step(ClfSync *sync);
extern void clf_sync_deletions_step(ClfSync *sync);
extern void clf_sync_recording_step(ClfSync *sync);
extern void clf_sync_skip(ClfSync *sync, const char *id);
extern char *clf_sync_describe_audio(const ClfSync *sync);

/* sync_lock.c */
extern void clf_sync_lock(const ClfSync *sync);
extern void clf_sync_unlock(const ClfSync *sync);
extern void clf_sync_lock_writes(const ClfSync *sync);

/* sync_run.c */
extern void clf_sync_report(const ClfSync *sync, const char *what);
extern char *clf_sync_count(int64 n, const char *thing);
extern char *clf_sync_time_text(TimestampTz t);
extern TimestampTz clf_sync_time_before(TimestampTz t,
										const Interval *interval);
extern int64 clf_sync_sent(const ClfSync *sync);
extern void clf_sync_add_rows(ClfSync *sync, const ClfSyncAnswer *answer,
							  int64 changed);
extern List *clf_sync_minus(List *texts, List *less);

#endif							/* CLF_SYNC_H */
