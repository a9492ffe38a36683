/*-------------------------------------------------------------------------
 *
 * sync.h
 *	  The local copy: what the files of src/sync share.
 *
 * call_log_fdw_sync works in steps.  A step is one transaction: it asks
 * RingCentral once, in the name of the caller, brings the answer into the
 * target in the name of the target's owner, notes how far the copy has come,
 * and commits.  Whatever ends a run, no answer that was paid for is lost.
 *
 *	  sync.c		   the procedure: arguments, lock, loop over the steps
 *	  sync_plan.c	   source, target, columns, keys; planned anew in each step
 *	  sync_state.c	   what is noted about a copy
 *	  sync_ranges.c	   sets of ranges of time
 *	  sync_sql.c	   statements, as one role or the other
 *	  sync_read.c	   answers of RingCentral as tuplestores
 *	  sync_write.c	   rows on their way into the target
 *	  sync_list.c	   steps: parts of the call log, calls absent from it
 *	  sync_changes.c   steps: what is new or has changed since a token
 *	  sync_recording.c steps: audio
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
 * Ranges of time: sorted, disjoint, none empty.  An upper bound of DT_NOEND is
 * the present, whenever that is.
 * ----------
 */

/* Interval at which changes are requested while a long history is read */
#define CLF_SYNC_CHANGES_EVERY (15 * USECS_PER_MINUTE)

#define CLF_SYNC_NEVER DT_NOBEGIN	/* no time at all */

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
extern double clf_sync_ranges_seconds(ClfSyncRanges ranges, TimestampTz now);

static inline bool
clf_sync_range_is_empty(ClfSyncRange range)
{
	return range.lower >= range.upper;
}

/* ----------
 * What is noted about a copy
 * ----------
 */

typedef struct ClfSyncState
{
	TimestampTz since;			/* how far back the copy is to reach */
	ClfSyncRanges missing;		/* start times still to be read */
	TimestampTz synced_at;		/* changes until then are in, or never */
	char	   *sync_token;		/* where the next changes begin; NULL: unknown */
	char	   *deletions_token;	/* the same of changes with deletions */
	List	   *absent;			/* of char *: ids to request */
	List	   *witnesses;		/* of char *: ids that the copy must have */
	List	   *columns;		/* of char *: of the source, at that time */
	int			next_step;		/* with which the next run is to begin */
	int64		rows;			/* inserted or updated so far */
	int64		requests;		/* that it took */
	int64		bad_values;		/* that were replaced by NULL */
} ClfSyncState;

/* ----------
 * What a step works with
 * ----------
 */

/* A column that is copied */
typedef struct ClfSyncColumn
{
	AttrNumber	attnum;			/* in the source */
	const char *name;			/* in both */
	const ClfPath *path;
	const char *cast;			/* type of the target's column, for a cast */
	bool		is_key;
} ClfSyncColumn;

typedef struct ClfSyncPlan
{
	/* the source */
	const ClfTable *table;
	bool		complete;		/* does it hold all calls, so that one can ask
								 * by id? */
	const ClfTable *changes;	/* where changes are; NULL: cannot be asked
								 * for */
	const ClfTable *deletions;	/* where those with deletions are; NULL: they
								 * are not asked for, or in changes as well */
	bool		extract;		/* can changes be requested by a time? */

	/* the target */
	Oid			owner;
	const char *target;			/* qualified and quoted */
	int			ncolumns;
	ClfSyncColumn *columns;		/* in the source's order */
	const ClfSyncColumn *id;
	const ClfSyncColumn *time;	/* of the start */
	const ClfSyncColumn *deleted;	/* NULL: the target has none */
	const ClfSyncColumn *audio; /* likewise */
	List	   *all_columns;	/* of char *: names of the source's columns */
	List	   *new_columns;	/* of char *: those that the target lacks and
								 * the state does not know */
} ClfSyncPlan;

typedef enum ClfSyncPresence
{
	CLF_ABSENT_UNSURE,			/* NULL: few are deleted, many are doubtful */
	CLF_ABSENT_KEPT,			/* false: absence means nothing */
	CLF_ABSENT_DELETED			/* true: what is absent is deleted */
} ClfSyncPresence;

/* One call of the procedure */
typedef struct ClfSync
{
	MemoryContext cxt;			/* all of this */
	MemoryContext step_cxt;		/* reset after each step */

	/* the arguments of the call */
	Oid			source;
	Oid			target;
	Oid			changes;		/* InvalidOid: none was named */
	TimestampTz since;			/* never: not given */
	bool		newest_first;
	Interval   *settle;
	Interval   *recheck;		/* NULL: none */
	int64		max_requests;	/* -1: no limit */
	int64		max_bytes;		/* -1: no limit */
	int			leave_requests;
	bool		add_columns;
	ClfSyncPresence absent;
	bool		delete_rows;
	bool		restart;

	/* where it is kept, and in whose name */
	Oid			caller;
	Oid			state_schema;	/* where the extension's tables are */
	Oid			state_owner;
	const char *copies;			/* qualified names of these tables */
	const char *problems;
	char	   *label;			/* the target, in messages */
	char	   *source_label;

	/* how far it has come */
	bool		begun;
	bool		created;		/* the target, by this call */
	TimestampTz began_at;		/* local clock */
	uint64		requests_before;
	int64		width;			/* microseconds: of the next part of a list
								 * whose size is not known otherwise */
	double		seconds_read;	/* of the call log */
	bool		unsorted;		/* has the list turned out not to come newest
								 * first? */
	TimestampTz changes_due;	/* local clock */
	TimestampTz deletions_due;	/* likewise */
	bool		caught_up;		/* have all changes been read? */
	bool		deletions_read; /* and deletions? */
	bool		without_changes;	/* they cannot be had: read lists again */
	bool		without_tokens; /* nor can tokens of deletions */
	int64		rows;
	int64		recordings;		/* whose audio was fetched */
	int64		bytes;			/* of that */
	TimestampTz reported_at;	/* when that was last reported; local clock */
	int			gone;			/* recordings in a row that are not there */
	int			failures;		/* in a row, of any other kind */
	int			server_failures;	/* of these, perhaps of the whole server */
	List	   *probes;			/* of char *: recordings to try before older
								 * ones are postponed */
	bool		probing;
	bool		has_witness;	/* was one remembered in this call? */
	int			due_step;		/* the last that was due */
	bool		under_way;		/* has a step been done? */
	bool		finished;

	List	   *skipped;		/* of char *: recordings to leave alone */
	bool		knows_skipped;

	/* of the step */
	ClfSyncPlan *plan;
	ClfSyncState *state;
	uint64		requests_at_step;
	List	   *stores;			/* of Tuplestorestate *: what was read */
	ResourceOwner owner;		/* of these */
} ClfSync;

/* One answer */
typedef struct ClfSyncAnswer
{
	TupleDesc	desc;			/* c1, c2, ... for the plan's columns; n; dead */
	Tuplestorestate *rows;
	int64		nrows;
	List	   *ids;			/* of char *, server encoding: of all rows */
	char	   *witness;		/* of these, one to remember; NULL: none */
	int64		dead;			/* rows that are marked as deleted */
	TimestampTz oldest;			/* start of the oldest row; DT_NOEND: none */
	ClfSyncRange done;			/* of the list: what has been read of it */
	bool		more;			/* are there more pages? */
	bool		unsorted;		/* does the list not come newest first? */
	char	   *token;			/* where following changes begin; NULL:
								 * unknown */
	TimestampTz asked_at;		/* local clock */
	TimestampTz clock;			/* the API's at that time */
	int64		untimed;		/* records without a start, left out */
	int64		bad_values;		/* these, values set to NULL, rows left out */
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

/* What clf_sync_try runs */
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
extern List *clf_sync_result_texts(uint64 row, int column);
extern ErrorData *clf_sync_try(ClfSync *sync, ClfSyncAction action, void *arg);
extern char *clf_sync_list(List *names, const char *separator);

/* sync_plan.c */
extern char *clf_sync_label(Oid relid);
extern Oid	clf_sync_find_target(ClfSync *sync, const char *name);
extern void clf_sync_check_source(ClfSync *sync);
extern void clf_sync_make_plan(ClfSync *sync);
extern void clf_sync_check_plan(ClfSync *sync);
extern void clf_sync_add_columns(ClfSync *sync);

/* sync_state.c */
extern void clf_sync_find_state(ClfSync *sync, Oid function);
extern void clf_sync_begin(ClfSync *sync);
extern void clf_sync_load(ClfSync *sync);
extern void clf_sync_save(ClfSync *sync);
extern void clf_sync_take_witness(ClfSync *sync, const ClfSyncAnswer *answer);
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
extern int64 clf_sync_merge(ClfSync *sync, const ClfSyncAnswer *answer,
							bool versions);
extern int64 clf_sync_put_audio(ClfSync *sync, const ClfSyncAnswer *answer);
extern List *clf_sync_find_absent(ClfSync *sync, const ClfSyncAnswer *answer,
								  ClfSyncRange range, int64 *present,
								  TimestampTz *oldest);
extern int64 clf_sync_mark_deleted(ClfSync *sync, List *ids);

/* steps */
extern void clf_sync_part_step(ClfSync *sync);
extern void clf_sync_absent_step(ClfSync *sync);
extern void clf_sync_token_step(ClfSync *sync);
extern void clf_sync_changes_step(ClfSync *sync);
extern void clf_sync_deletions_step(ClfSync *sync);
extern void clf_sync_recording_step(ClfSync *sync);
extern void clf_sync_skip(ClfSync *sync, const char *id);
extern char *clf_sync_describe_audio(const ClfSync *sync);

/* sync.c */
extern void clf_sync_say(const ClfSync *sync, const char *what);
extern char *clf_sync_count(int64 n, const char *thing);
extern char *clf_sync_time_text(TimestampTz t);
extern TimestampTz clf_sync_time_before(TimestampTz t,
										const Interval *interval);
extern int64 clf_sync_sent(const ClfSync *sync);
extern void clf_sync_add_rows(ClfSync *sync, const ClfSyncAnswer *answer,
							  int64 changed);
extern bool clf_sync_contains(List *texts, const char *text);

#endif							/* CLF_SYNC_H */
