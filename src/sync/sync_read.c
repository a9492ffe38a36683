/*-------------------------------------------------------------------------
 *
 * sync_read.c
 *	  Responses of RingCentral as tuplestores.
 *
 * This uses the parts of a scan directly, as the caller: pager, rows, tuple,
 * recordings.  Without an executor, requests do not depend on the planner, and
 * there is no prefetch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "api/resource.h"
#include "api/time.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "net/exchange.h"
#include "plan/bind.h"
#include "scan/pager.h"
#include "scan/recording.h"
#include "scan/tuple.h"
#include "shared/activity.h"
#include "shared/clock.h"
#include "sync/sync.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* State of reading one response, or several of the same query */
typedef struct Reader
{
	ClfSync    *sync;
	ClfTable	table;
	ClfScanPlan plan;
	ClfCondition conditions[2];
	ClfValue	values[2];		/* what they compare with */
	ClfPager   *pager;
	ClfRecordings *recordings;	/* NULL: only what lists have is read */
	ClfTuple   *tuple;
	ClfActivity *activity;
	ClfSelection *selection;
	ClfFieldRef deleted;
	TupleTableSlot *slot;
	MemoryContext cxt;
	MemoryContext row_cxt;
	ClfSyncAnswer *answer;
	ClfSyncRange wanted;		/* start times of rows that are kept */
	bool		any_time;		/* or all are, also those without one */
	bool		since_now;		/* of changes: none yet, but a token */
	int64		content_size;	/* of a recording; -1: it is not there */
} Reader;

/*
 * clf_sync_clock
 *		Time of the API's clock.  Sends a request unless it is known from an earlier
 *		response.
 */
TimestampTz
clf_sync_clock(const ClfSync *sync)
{
	const ClfTable *table = sync->plan->table;

	if (!clf_clock_known(table->server->base_url))
	{
		MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
												  "call_log_fdw clock",
												  ALLOCSET_SMALL_SIZES);

		clf_exchange_learn_clock(clf_exchange_create(cxt, table,
													 table->server->base_url,
													 sync->caller,
													 clf_activity_begin(cxt, table)));
		MemoryContextDelete(cxt);
	}
	return clf_clock_now(table->server->base_url);
}

/* ----------
 * Rows
 * ----------
 */

/* The source's column types, the number of the row, and the deleted flag */
static TupleDesc
make_desc(const ClfSyncPlan *plan, Relation rel)
{
	TupleDesc	desc = CreateTemplateTupleDesc(plan->ncolumns + 2);
	AttrNumber	n = 0;

	for (int i = 0; i < plan->ncolumns; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel),
											   plan->columns[i].attnum - 1);

		n++;
		TupleDescInitEntry(desc, n, psprintf("c%d", n), attr->atttypid,
						   attr->atttypmod, 0);
		TupleDescInitEntryCollation(desc, n, attr->attcollation);
	}
	TupleDescInitEntry(desc, ++n, "n", INT8OID, -1, 0);
	TupleDescInitEntry(desc, ++n, "deleted", BOOLOID, -1, 0);
	clf_tupledesc_finalize(desc);
	return desc;
}

/* Columns to fill: those in lists, or the audio and its properties */
static List *
columns_to_fill(const ClfSyncPlan *plan, bool audio)
{
	List	   *attnums = NIL;

	for (int i = 0; i < plan->ncolumns; i++)
	{
		const ClfSyncColumn *column = &plan->columns[i];

		bool		per_row = CLF_IS_PER_ROW(column->path->origin);

		if (audio ? per_row || column == plan->id : !per_row)
			attnums = lappend_int(attnums, column->attnum);
	}
	return attnums;
}

static bool
needs_detailed(const ClfSyncPlan *plan, const ClfResource *resource)
{
	ClfPath		id = clf_path(resource->id_path);

	if (clf_path_needs_detailed(resource, &id))
		return true;
	for (int i = 0; i < plan->ncolumns; i++)
	{
		if (clf_path_needs_detailed(resource, plan->columns[i].path))
			return true;
	}
	return false;
}

/* Create an empty tuplestore with the plan's columns */
static void
start_answer(ClfSync *sync, Relation rel, ClfSyncAnswer *answer)
{
	ResourceOwner owner = CurrentResourceOwner;

	memset(answer, 0, sizeof(ClfSyncAnswer));
	answer->oldest = DT_NOEND;
	answer->desc = make_desc(sync->plan, rel);
	(void) clf_sync_clock(sync);
	answer->asked_at = GetCurrentTimestamp();

	/* it must survive the end of a subtransaction */
	CurrentResourceOwner = sync->owner;
	answer->rows = tuplestore_begin_heap(false, false, work_mem);
	CurrentResourceOwner = owner;
	sync->stores = lappend(sync->stores, answer->rows);
}

/* Set up the scan plan */
static void
plan_scan(Reader *reader, const ClfTable *table, bool audio)
{
	ClfScanPlan *plan = &reader->plan;

	reader->table = *table;
	reader->table.max_requests = 0; /* the step checks it */
	reader->table.set_null = true;	/* bad values are no errors */
	plan->resource = table->resource;
	plan->level = clf_table_level(table);
	plan->detailed = needs_detailed(reader->sync->plan, table->resource);
	plan->page_size = table->page_size;
	plan->join_ids = -1;
	plan->attnums = columns_to_fill(reader->sync->plan, audio);
	plan->conditions = reader->conditions;
}

/* Create a reader, in a memory context of its own */
static Reader *
open_reader(ClfSync *sync, const ClfTable *table, bool audio,
			ClfSyncAnswer *answer)
{
	MemoryContext cxt = AllocSetContextCreate(sync->step_cxt,
											  "call_log_fdw sync reader",
											  ALLOCSET_DEFAULT_SIZES);
	Relation	rel = table_open(sync->source, AccessShareLock);
	MemoryContext old;
	Reader	   *reader;

	start_answer(sync, rel, answer);
	old = MemoryContextSwitchTo(cxt);
	reader = palloc0(sizeof(Reader));
	reader->sync = sync;
	reader->answer = answer;
	reader->cxt = cxt;
	plan_scan(reader, table, audio);
	reader->selection = clf_selection_create(table->resource->rows_paths == NULL);
	reader->deleted = clf_select(reader->selection, CLF_FROM_RECORD, "deleted");
	reader->tuple = clf_tuple_create(rel, &reader->table,
									 reader->plan.attnums, reader->selection);
	reader->activity = clf_activity_begin(cxt, &reader->table);
	reader->pager = clf_pager_create(cxt, &reader->table, &reader->plan,
									 reader->selection, sync->caller,
									 reader->activity);
	if (audio)
		reader->recordings = clf_recordings_create(cxt, &reader->table,
												   reader->selection,
												   sync->caller,
												   reader->activity);
	reader->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(rel)),
											&TTSOpsVirtual);
	reader->row_cxt = AllocSetContextCreate(cxt, "call_log_fdw sync row",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	table_close(rel, NoLock);
	return reader;
}

/* Free the reader.  The API's clock is best known after the last response. */
static void
close_reader(Reader *reader)
{
	ClfSyncAnswer *answer = reader->answer;

	answer->clock = clf_clock_now(reader->table.server->base_url) -
		(GetCurrentTimestamp() - answer->asked_at);
	answer->bad_values = clf_tuple_error_count(reader->tuple);
	answer->skipped = clf_tuple_skipped_count(reader->tuple);
	clf_tuple_warn(reader->tuple);
	ExecDropSingleTupleTableSlot(reader->slot);
	MemoryContextDelete(reader->cxt);
}

static bool
is_deleted(const Reader *reader, const ClfRow *row)
{
	const ClfField *fields = row->fields[reader->deleted.origin];
	char	   *text = fields ? clf_field_cstring(&fields[reader->deleted.n]) : NULL;

	return text != NULL && strcmp(text, "true") == 0;
}

static bool
is_null(const Reader *reader, const ClfSyncColumn *column)
{
	return reader->slot->tts_isnull[column->attnum - 1];
}

/*
 * The reason why the row in the slot cannot be copied, or NULL.  A tombstone has no
 * start time, and the audio of a recording only the id that was requested.
 */
static const char *
find_defect(const Reader *reader, bool deleted)
{
	const ClfSyncPlan *plan = reader->sync->plan;

	if (reader->recordings)
		return NULL;
	for (int i = 0; i < plan->ncolumns; i++)
	{
		if (plan->columns[i].is_key && is_null(reader, &plan->columns[i]))
			return psprintf("column \"%s\" of the key is null",
							plan->columns[i].name);
	}
	if (!deleted && is_null(reader, plan->time))
		return "it has no start time";
	return NULL;
}

/* Is the row in the requested range? */
static bool
is_wanted(const Reader *reader)
{
	const ClfSyncColumn *time = reader->sync->plan->time;
	TimestampTz t;

	if (reader->any_time)
		return true;
	if (is_null(reader, time))
		return false;
	t = DatumGetTimestampTz(reader->slot->tts_values[time->attnum - 1]);
	return t >= reader->wanted.lower && t < reader->wanted.upper;
}

/* Append the row in the slot to the tuplestore */
static void
put_row(Reader *reader, bool deleted)
{
	const ClfSyncPlan *plan = reader->sync->plan;
	ClfSyncAnswer *answer = reader->answer;
	TupleTableSlot *slot = reader->slot;
	int			n = plan->ncolumns;
	Datum	   *values = palloc((n + 2) * sizeof(Datum));
	bool	   *nulls = palloc((n + 2) * sizeof(bool));
	int			start = plan->time->attnum - 1;

	for (int i = 0; i < n; i++)
	{
		values[i] = slot->tts_values[plan->columns[i].attnum - 1];
		nulls[i] = slot->tts_isnull[plan->columns[i].attnum - 1];
	}
	values[n] = Int64GetDatum(answer->nrows++);
	values[n + 1] = BoolGetDatum(deleted);
	nulls[n] = nulls[n + 1] = false;
	tuplestore_putvalues(answer->rows, answer->desc, values, nulls);
	if (!slot->tts_isnull[start])
		answer->oldest = Min(answer->oldest,
							 DatumGetTimestampTz(slot->tts_values[start]));
}

/* Append the id of the row in the slot to the ids that were read */
static void
keep_id(Reader *reader)
{
	ClfSyncAnswer *answer = reader->answer;
	int			n = reader->sync->plan->id->attnum - 1;
	MemoryContext old;
	Oid			output;
	bool		varlena;

	if (reader->slot->tts_isnull[n])
		return;
	getTypeOutputInfo(TupleDescAttr(reader->slot->tts_tupleDescriptor, n)->atttypid,
					  &output, &varlena);
	old = MemoryContextSwitchTo(reader->sync->step_cxt);
	answer->ids = lappend(answer->ids,
						  OidOutputFunctionCall(output,
												reader->slot->tts_values[n]));
	MemoryContextSwitchTo(old);
}

/* Fetch the audio of the row, and its properties */
static void
complete_row(Reader *reader, ClfRow *row)
{
	clf_recordings_open(reader->recordings, row);
	for (ClfOrigin origin = CLF_FROM_DETAILS; origin < CLF_ORIGINS; origin++)
	{
		clf_recordings_get(reader->recordings, origin, row);
		(void) clf_tuple_add(reader->tuple, row, origin, reader->slot);
	}
	if (row->content)
		reader->content_size = VARSIZE_ANY_EXHDR(row->content);
}

static void
take_row(Reader *reader, const ClfRow *record)
{
	MemoryContext old = MemoryContextSwitchTo(reader->row_cxt);
	ClfRow		row = *record;
	bool		fits = clf_tuple_fill(reader->tuple, &row, reader->slot);
	bool		deleted = fits && is_deleted(reader, &row);
	const char *defect = fits ? find_defect(reader, deleted) : NULL;

	if (fits && reader->recordings)
		complete_row(reader, &row);
	if (defect)
		clf_tuple_skip(reader->tuple, &row, defect);
	else if (fits && is_wanted(reader))
	{
		put_row(reader, deleted);
		if (reader->any_time)
			keep_id(reader);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(reader->row_cxt);
}

/* Read the next page; false after the last one */
static bool
take_page(Reader *reader)
{
	const ClfRow *row = clf_pager_next(reader->pager, true);

	for (; row != NULL; row = clf_pager_next_on_page(reader->pager))
		take_row(reader, row);
	reader->answer->more = clf_pager_has_more(reader->pager);
	return !clf_pager_at_end(reader->pager);
}

/* ----------
 * Queries
 * ----------
 */

/* Add a condition on the filter with the operator, as a query could have it */
static void
add_condition(Reader *reader, ClfOperators operator, int strategy, Oid type,
			  Datum value)
{
	int			n = reader->plan.nconditions++;
	const ClfFilter *filter = reader->plan.resource->filters;

	while (!(filter->operators & operator))
		filter++;
	reader->conditions[n].filter = filter;
	reader->conditions[n].strategy = strategy;
	reader->conditions[n].operand = type == TEXTARRAYOID ? CLF_ARRAY : CLF_VALUE;
	reader->conditions[n].size = 1;
	reader->conditions[n].expr = n;
	reader->conditions[n].clause = -1;
	reader->values[n].type = type;
	reader->values[n].value = value;
}

static void
add_bound(Reader *reader, int strategy, TimestampTz t)
{
	add_condition(reader, CLF_OP_RANGE, strategy, TIMESTAMPTZOID,
				  TimestampTzGetDatum(t));
}

static void
start_query(Reader *reader, int page_size)
{
	MemoryContext old = MemoryContextSwitchTo(reader->cxt);
	ClfQuery   *query;

	reader->plan.page_size = page_size;
	query = clf_bind_query(&reader->plan, &reader->table, reader->values);
	query->since_now = reader->since_now;
	clf_pager_start(reader->pager, query);
	MemoryContextSwitchTo(old);
}

/*
 * The range that has been read completely: the part or, of a list in descending
 * order, what is after the second down to which the page has all records
 */
static ClfSyncRange
range_read(const Reader *reader, ClfSyncRange part, bool sorted)
{
	TimestampTz bottom;
	bool		last;

	if (!reader->answer->more)
		return part;
	(void) clf_pager_reach(reader->pager, &bottom, &last);
	reader->answer->unsorted = last;
	part.lower = sorted && !last ? Max(part.lower, clf_second_after(bottom)) :
		part.upper;
	return part;
}

/*
 * clf_sync_read_part
 *		Read calls that began in the range, with one request; answer->done is the
 *		subrange for which they are complete.  sorted: the list is in descending
 *		order, as far as known.  More requests are sent if whole is set, until all
 *		of the range is read, and if a page holds less than a second.
 */
void
clf_sync_read_part(ClfSync *sync, ClfSyncRange part, bool sorted, bool whole,
				   ClfSyncAnswer *answer)
{
	const ClfTable *table = sync->plan->table;
	Reader	   *reader = open_reader(sync, table, false, answer);

	reader->table.newest_first = sorted;
	reader->wanted = part;
	add_bound(reader, BTGreaterEqualStrategyNumber, part.lower);
	if (part.upper != DT_NOEND)
		add_bound(reader, BTLessStrategyNumber, part.upper);
	start_query(reader, table->page_size);
	do
	{
		if (!take_page(reader))
			answer->more = false;
		answer->done = range_read(reader, part, sorted);
	} while (answer->more &&
			 (whole || (sorted && !answer->unsorted &&
						clf_sync_range_is_empty(answer->done))));
	close_reader(reader);
}

/*
 * clf_sync_reaches_before
 *		Does RingCentral still retain a call that began before the time?
 */
bool
clf_sync_reaches_before(ClfSync *sync, TimestampTz t)
{
	ClfSyncAnswer answer;
	Reader	   *reader = open_reader(sync, sync->plan->table, false,
									 &answer);

	reader->wanted.lower = DT_NOBEGIN;
	reader->wanted.upper = t;
	add_bound(reader, BTLessStrategyNumber, t);
	start_query(reader, 2);		/* one may be of the second after t */
	(void) take_page(reader);
	close_reader(reader);
	return answer.nrows > 0;
}

/* Start a query by ids */
static void
start_ids(Reader *reader, List *ids)
{
	ClfSyncParams params = {0};

	clf_sync_param_texts(&params, ids);
	add_condition(reader, CLF_OP_IDS, BTEqualStrategyNumber, TEXTARRAYOID,
				  params.values[0]);
	start_query(reader, reader->table.page_size);
}

/*
 * clf_sync_read_ids
 *		Read the calls with the ids.
 */
void
clf_sync_read_ids(ClfSync *sync, List *ids, ClfSyncAnswer *answer)
{
	Reader	   *reader = open_reader(sync, sync->plan->table, false, answer);

	reader->any_time = true;
	start_ids(reader, ids);
	while (take_page(reader))
		;
	close_reader(reader);
}

/*
 * clf_sync_read_changes
 *		Read one response with changes since the token or, if it is NULL, since
 *		the time.  With neither, read the newest calls and a token for changes
 *		from now on.
 */
void
clf_sync_read_changes(ClfSync *sync, const ClfTable *table, const char *token,
					  TimestampTz since, ClfSyncAnswer *answer)
{
	Reader	   *reader = open_reader(sync, table, false, answer);

	reader->any_time = true;
	reader->since_now = token == NULL && since == CLF_SYNC_NEVER;
	if (token)
		add_condition(reader, CLF_OP_SINCE_TOKEN, BTEqualStrategyNumber,
					  TEXTOID, CStringGetTextDatum(token));
	else if (since != CLF_SYNC_NEVER)
		add_condition(reader, CLF_OP_SINCE, BTEqualStrategyNumber,
					  TIMESTAMPTZOID, TimestampTzGetDatum(since));
	start_query(reader, table->page_size);
	(void) take_page(reader);
	token = clf_pager_token(reader->pager);
	answer->token = token ? MemoryContextStrdup(sync->step_cxt, token) : NULL;
	close_reader(reader);
}

/*
 * clf_sync_read_recording
 *		Read the audio of a recording, and its properties.  Returns the size; -1
 *		if it was not found.
 */
int64
clf_sync_read_recording(ClfSync *sync, const char *id, ClfSyncAnswer *answer)
{
	Reader	   *reader = open_reader(sync, sync->plan->table, true, answer);
	int64		size;

	reader->any_time = true;
	reader->content_size = -1;
	start_ids(reader, list_make1(unconstify(char *, id)));
	(void) take_page(reader);
	size = reader->content_size;
	close_reader(reader);
	return size;
}
