/*-------------------------------------------------------------------------
 *
 * unit.c
 *	  Unit tests of the modules that need no I/O.
 *
 * Loaded by sql/unit.sql, which expects call_log_fdw_unit() to return no row:
 * each row it returns is a failure.  The tests of a module are in the file of
 * its name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/resource.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "unit.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(call_log_fdw_unit);
PG_FUNCTION_INFO_V1(call_log_fdw_filters);

static ReturnSetInfo *results;

static void
add_row(const char *a, const char *b, const char *c)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = CStringGetTextDatum(a);
	values[1] = CStringGetTextDatum(b);
	values[2] = CStringGetTextDatum(c);
	tuplestore_putvalues(results->setResult, results->setDesc, values, nulls);
}

static void
report_failure(const char *what, const char *got, const char *expected)
{
	add_row(what, got ? got : "(none)", expected ? expected : "(none)");
}

/* Report a failure unless both texts are equal, or both NULL */
void
unit_check(const char *what, const char *got, const char *expected)
{
	if ((got == NULL) != (expected == NULL) ||
		(got && strcmp(got, expected) != 0))
		report_failure(what, got, expected);
}

void
unit_check_true(const char *what, bool ok)
{
	if (!ok)
		report_failure(what, "false", "true");
}

/* A text repeated, between two others */
char *
unit_repeat_text(const char *before, const char *text, int times,
				 const char *after)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfoString(&s, before);
	for (int i = 0; i < times; i++)
		appendStringInfoString(&s, text);
	appendStringInfoString(&s, after);
	return s.data;
}

/* A date in PostgreSQL's own notation */
TimestampTz
unit_timestamp(const char *text)
{
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
												   CStringGetDatum(text),
												   ObjectIdGetDatum(InvalidOid),
												   Int32GetDatum(-1)));
}

/*
 * call_log_fdw_unit
 *		Runs all tests; returns (what, got, expected) for each that fails.
 */
Datum
call_log_fdw_unit(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	results = (ReturnSetInfo *) fcinfo->resultinfo;
	test_views();
	test_tables();
	test_escape();
	test_windows();
	test_runs();
	test_times();
	test_paths();
	test_members();
	test_grammar();
	test_depth();
	test_texts();
	test_json();
	test_elements();
	test_objects();
	test_sizes();
	test_pages();
	test_batches();
	test_idsets();
	test_searches();
	test_widening();
	return (Datum) 0;
}

/* The name of the column that shows this field */
static const char *
column_of(const ClfResource *resource, const char *json_path)
{
	const ClfColumn *c = resource->columns;

	while (strcmp(c->json_path, json_path) != 0)
		c++;
	return c->name;
}

/*
 * call_log_fdw_filters
 *		(resource, column, parameter) of each condition that can be pushed at
 *		some level; for comparing it with docs/pushdown.md.
 */
Datum
call_log_fdw_filters(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	results = (ReturnSetInfo *) fcinfo->resultinfo;
	for (const ClfResource *r = clf_resources; r->name; r++)
	{
		for (const ClfFilter *f = r->filters; f->json_path; f++)
			if (f->parameter[0] != '\0')
				add_row(r->name, column_of(r, f->json_path), f->parameter);
	}
	return (Datum) 0;
}
