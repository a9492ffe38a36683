/*-------------------------------------------------------------------------
 *
 * analyze.c
 *	  Sample rows for ANALYZE with few requests.
 *
 * The API does not return the size of a list.  Therefore pages are requested
 * at a few points in time, going back from the present; record count and time
 * span of each page give the density there, which is interpolated in between.
 * As of PostgreSQL 19, ANALYZE can also be executed without a request.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "catalog/table.h"
#include "commands/vacuum.h"
#include "common/pg_prng.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "plan/bind.h"
#include "plan/estimate.h"
#include "scan/analyze.h"
#include "scan/pager.h"
#include "scan/tuple.h"
#include "shared/activity.h"
#include "shared/clock.h"
#include "shared/density.h"
#include "statistics/statistics.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* Maximum number of pages: the default limit of one minute */
#define MAX_PAGES 10

/* State of the sampling */
typedef struct Sample
{
	const ClfTable *table;
	ClfScanPlan plan;
	ClfPager   *pager;
	ClfTuple   *tuple;
	TupleTableSlot *slot;
	MemoryContext row_cxt;
	HeapTuple  *rows;
	int			targrows;
	double		seen;			/* rows read */
	int			nrows;
	double		records;		/* records that these rows belong to */
	int			pages;
} Sample;

/* One page of the list */
typedef struct Probe
{
	TimestampTz upper;			/* upper bound */
	TimestampTz oldest;			/* how far back its records reach */
	double		records;
	bool		last;			/* no older records */
} Probe;

/*
 * clf_can_analyze
 *		Can all rows of the table be listed by time?
 */
bool
clf_can_analyze(Oid relid)
{
	const ClfTable *table = clf_get_table(relid);

	return table->resource->windowed && !table->resource->search &&
		!clf_needs_extension(table);
}

/* Columns that need no additional requests */
static List *
list_columns(Relation rel, const ClfTable *table)
{
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *attnums = NIL;

	for (AttrNumber attnum = 1; attnum <= desc->natts; attnum++)
	{
		if (!TupleDescAttr(desc, attnum - 1)->attisdropped &&
			!CLF_IS_PER_ROW(clf_column_path(table, attnum)->origin))
			attnums = lappend_int(attnums, attnum);
	}
	return attnums;
}

/* Everything is allocated in the memory context */
static Sample *
begin_sample(MemoryContext cxt, Relation rel)
{
	Sample	   *sample = palloc0(sizeof(Sample));
	ClfTable   *table = clf_get_table(RelationGetRelid(rel));
	ClfSelection *selection = clf_selection_create(table->resource->rows_paths == NULL);

	sample->table = table;
	sample->plan.resource = table->resource;
	sample->plan.level = clf_table_level(table);
	sample->plan.detailed = true;
	sample->plan.page_size = table->page_size;
	sample->plan.attnums = list_columns(rel, table);
	sample->tuple = clf_tuple_create(rel, table, sample->plan.attnums,
									 selection);
	sample->pager = clf_pager_create(cxt, table, &sample->plan, selection,
									 GetUserId(), clf_activity_begin(cxt, table));
	sample->slot = MakeSingleTupleTableSlot(RelationGetDescr(rel),
											&TTSOpsVirtual);
	sample->row_cxt = AllocSetContextCreate(cxt, "call_log_fdw sample row",
											ALLOCSET_DEFAULT_SIZES);
	return sample;
}

/* Reservoir sampling: each row is kept with the same probability */
static void
add_row(Sample *sample, const ClfRow *row, MemoryContext cxt)
{
	double		n = sample->seen++;
	int			place = sample->nrows;
	MemoryContext old;
	bool		fits;

	if (n >= sample->targrows)
		place = (int) (pg_prng_double(&pg_global_prng_state) * (n + 1));
	if (place >= sample->targrows)
		return;
	old = MemoryContextSwitchTo(sample->row_cxt);
	fits = clf_tuple_fill(sample->tuple, row, sample->slot);
	MemoryContextSwitchTo(cxt);
	if (fits && place < sample->nrows)
		heap_freetuple(sample->rows[place]);
	else if (fits)
		sample->nrows++;
	if (fits)
		sample->rows[place] = ExecCopySlotHeapTuple(sample->slot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(sample->row_cxt);
}

/* Request the page with this upper bound; infinity is the present */
static Probe
take_probe(Sample *sample, TimestampTz upper, MemoryContext cxt)
{
	ClfQuery   *query = clf_bind_query(&sample->plan, sample->table, NULL);
	const ClfRow *row;
	Probe		probe = {0};

	query->upper = upper;
	clf_pager_start(sample->pager, query);
	for (row = clf_pager_next(sample->pager, true); row != NULL;
		 row = clf_pager_next_on_page(sample->pager))
		add_row(sample, row, cxt);
	probe.upper = upper == DT_NOEND ? clf_clock_now(sample->table->server->base_url) : upper;
	probe.records = clf_pager_reach(sample->pager, &probe.oldest, &probe.last);
	sample->records += probe.records;
	sample->pages++;
	return probe;
}

/* Records per day on this page */
static double
density(const Probe *probe)
{
	double		days = (probe->upper - probe->oldest) / (double) USECS_PER_DAY;

	return days > 0 ? probe->records / days : 0;
}

/*
 * Request pages from the present back; returns the estimated number of records
 */
static double
take_probes(Sample *sample, MemoryContext cxt)
{
	Probe		probe = take_probe(sample, DT_NOEND, cxt);
	double		records = probe.records;
	TimestampTz bottom = probe.upper - (int64) (CLF_KEPT_DAYS * USECS_PER_DAY);
	int64		step = (probe.oldest - bottom) / (MAX_PAGES - 1);

	while (!probe.last && step > 0 && sample->pages < MAX_PAGES)
	{
		Probe		older = take_probe(sample, probe.oldest - step, cxt);
		double		days = step / (double) USECS_PER_DAY;

		records += days * (density(&probe) + density(&older)) / 2;
		records += older.records;
		step = Min(step, older.oldest - bottom);
		probe = older;
	}
	return records;
}

/*
 * clf_acquire_sample
 *		AcquireSampleRowsFunc: up to targrows rows, palloc'd in the current
 *		memory context, and an estimate of the total number of rows.
 */
int
clf_acquire_sample(Relation rel, int elevel, HeapTuple *rows, int targrows,
				   double *totalrows, double *totaldeadrows)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(caller, "call_log_fdw analyze",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Sample	   *sample = begin_sample(cxt, rel);
	double		records;
	int			nrows;

	sample->rows = rows;
	sample->targrows = targrows;
	records = take_probes(sample, caller);
	*totalrows = sample->records > 0 ?
		records * sample->seen / sample->records : 0;
	*totaldeadrows = 0;
	nrows = sample->nrows;
	ereport(elevel,
			(errmsg("\"%s\": read %.0f rows with %d requests; %d rows in sample, "
					"%.0f estimated total rows", RelationGetRelationName(rel),
					sample->seen, sample->pages, nrows, *totalrows)));
	clf_tuple_warn(sample->tuple);
	ExecDropSingleTupleTableSlot(sample->slot);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return nrows;
}

#ifdef CLF_IMPORTS_STATISTICS
/* Are there statistics of all columns that ANALYZE collects some of? */
static bool
has_column_statistics(Relation rel, const ClfTable *table)
{
	ListCell   *lc;

	foreach(lc, list_columns(rel, table))
	{
		AttrNumber	attnum = lfirst_int(lc);
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), attnum - 1);

		if (attribute_is_analyzable(rel, attnum, attr, NULL) &&
			!SearchSysCacheExists3(STATRELATTINH,
								   ObjectIdGetDatum(RelationGetRelid(rel)),
								   Int16GetDatum(attnum), BoolGetDatum(false)))
			return false;
	}
	return true;
}

/*
 * Rows of the table by what scans of its owner have seen; otherwise negative, and
 * *problem is set to the reason.
 */
static double
seen_rows(Relation rel, const ClfTable *table, const char **problem)
{
	Oid			umid = clf_find_user_mapping(GetUserId(),
											 table->server->serverid);

	if (HasRelationExtStatistics(rel))
		*problem = "The table has extended statistics objects.";
	else if (!has_column_statistics(rel, table))
		*problem = "Not all columns have statistics yet.";
	else if (clf_density_per_day(table->relid, umid) < 0)
		*problem = "No query of the table's owner has read an hour of it "
			"since the server was started.";
	else
		return clf_estimate_tuples(table, umid, 0);
	return -1;
}

/*
 * clf_import_statistics
 *		ImportForeignStatistics: with the option import_stats, update the number
 *		of rows without a request, and keep the statistics of columns.  false
 *		makes ANALYZE take a sample, as it does for named columns.
 */
bool
clf_import_statistics(Relation rel, List *va_cols, int elevel)
{
	ClfTable   *table = clf_get_table(RelationGetRelid(rel));
	TimestampTz start = GetCurrentTimestamp();
	NullableDatum pages = {.value = Int32GetDatum(1)};
	NullableDatum none = {.value = Int32GetDatum(0)};
	NullableDatum unknown = {.isnull = true};
	NullableDatum tuples = {0};
	const char *problem = NULL;
	double		rows;

	if (!table->import_stats || va_cols != NIL ||
		!clf_can_analyze(table->relid))
		return false;
	rows = seen_rows(rel, table, &problem);
	if (rows < 0)
	{
		ereport(WARNING,
				(errmsg("could not import statistics for %s", table->subject),
				 errdetail("%s A sample is taken instead.", problem)));
		return false;
	}
	tuples.value = Float4GetDatum((float4) rows);
	import_relation_statistics(rel, &unknown, &pages, &tuples, &none, &none);
	pgstat_report_analyze(rel, (PgStat_Counter) rows, 0, true, start);
	ereport(elevel,
			(errmsg("\"%s\": %.0f estimated total rows, by what queries have "
					"read", RelationGetRelationName(rel), rows)));
	return true;
}
#endif
