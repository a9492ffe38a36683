/*-------------------------------------------------------------------------
 *
 * unit.c
 *	  Unit tests of the pure rooms: endpoint, request, json.
 *
 * Loaded by sql/unit.sql, which expects call_log_fdw_unit() to return no row:
 * each row it returns is a failure.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "batch.h"
#include "endpoint.h"
#include "fmgr.h"
#include "funcapi.h"
#include "json.h"
#include "request.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

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
fail(const char *what, const char *got, const char *expected)
{
	add_row(what, got ? got : "(none)", expected ? expected : "(none)");
}

static void
check(const char *what, const char *got, const char *expected)
{
	if ((got == NULL) != (expected == NULL) ||
		(got && strcmp(got, expected) != 0))
		fail(what, got, expected);
}

static void
check_true(const char *what, bool ok)
{
	if (!ok)
		fail(what, "false", "true");
}

/* ----------
 * endpoint
 * ----------
 */

static void
test_views(void)
{
	static const struct
	{
		const char *path;
		bool		detailed;
	}			cases[] = {
		{"id", false}, {"from", false}, {"from.name", false},
		{"recording", false}, {"legs", true}, {"legs.0.legType", true},
		{"billing", true}, {"billing.costIncluded", true}, {"$", true},
		{"transport", true}, {"aFieldOfTomorrow", true}, {"fro", true},
		{"fromage", true}, {"lastModifiedTime", true},
	};
	const ClfResource *resource = clf_find_resource("call_log");

	for (size_t i = 0; i < lengthof(cases); i++)
		check(cases[i].path,
			  clf_path_needs_detailed(resource, cases[i].path) ? "Detailed" :
			  "Simple",
			  cases[i].detailed ? "Detailed" : "Simple");
	check_true("no such resource", clf_find_resource("call-log") == NULL);
	check_true("no such column", clf_find_column(resource, "Id") == NULL);
}

/* Every filter belongs to a column, and what bind_filters relies on holds */
static void
test_tables(void)
{
	for (const ClfResource *r = clf_resources; r->name; r++)
	{
		for (const ClfFilter *f = r->filters; f->json_path; f++)
		{
			bool		found = false;

			for (const ClfColumn *c = r->columns; c->name; c++)
				found |= strcmp(c->json_path, f->json_path) == 0;
			check_true(f->json_path, found);
			check_true(f->parameter, (f->operators & CLF_OP_RANGE) ||
					   (f->operators & (CLF_OP_IDS | CLF_OP_INPUT)) ||
					   (f->values != NULL) != (f->characters != NULL));
			check_true(f->parameter, !f->values || f->repeatable ||
					   f->any_value != NULL);
		}
	}
}

/* ----------
 * request
 * ----------
 */

static TimestampTz
ts(const char *text)
{
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
												   CStringGetDatum(text),
												   ObjectIdGetDatum(InvalidOid),
												   Int32GetDatum(-1)));
}

static void
test_escape(void)
{
	StringInfoData out;

	initStringInfo(&out);
	clf_append_escaped(&out, "aZ09-._~: +&=%/?#\"\xc3\xa9\x01");
	check("escape", out.data,
		  "aZ09-._~:%20%2B%26%3D%25%2F%3F%23%22%C3%A9%01");
}

static void
test_windows(void)
{
	static const struct
	{
		const char *lower;
		const char *upper;
		const char *uri;		/* NULL: nothing to ask for */
	}			cases[] = {
		/* whole seconds, fractions, one instant */
		{"2026-01-01 00:00:00Z", "2026-01-02 00:00:00Z",
		"dateFrom=2025-12-31T23:59:59Z&dateTo=2026-01-02T00:00:01Z"},
		{"2026-01-01 00:00:00.000001Z", "2026-01-01 23:59:59.999999Z",
		"dateFrom=2026-01-01T00:00:00Z&dateTo=2026-01-02T00:00:00Z"},
		{"2026-01-01 10:00:00.5Z", "2026-01-01 10:00:00.5Z",
		"dateFrom=2026-01-01T10:00:00Z&dateTo=2026-01-01T10:00:01Z"},
		/* before 2000, where PostgreSQL's time is negative */
		{"1999-12-31 23:59:59.5Z", "1999-12-31 23:59:59.5Z",
		"dateFrom=1999-12-31T23:59:59Z&dateTo=2000-01-01T00:00:00Z"},
		{"1970-01-01 00:00:00Z", "1970-01-01 00:00:00Z",
		"dateFrom=1970-01-01T00:00:00Z&dateTo=1970-01-01T00:00:01Z"},
		{"-infinity", "1969-12-31 23:59:59Z", NULL},
		{"1960-01-01 00:00:00Z", "1969-12-31 23:59:59.999999Z", NULL},
		{"1960-01-01 00:00:00Z", "1970-01-01 00:00:00Z",
		"dateFrom=1970-01-01T00:00:00Z&dateTo=1970-01-01T00:00:01Z"},
		/* open ends: history, now, the future */
		{"-infinity", "infinity",
		"dateFrom=2026-02-20T12:00:00Z&dateTo=2026-03-22T12:00:01Z"},
		{"-infinity", "2026-03-01 00:00:00Z",
		"dateFrom=2026-02-20T12:00:00Z&dateTo=2026-03-01T00:00:01Z"},
		{"-infinity", "2026-02-01 00:00:00Z", NULL},
		{"2020-01-01 00:00:00Z", "2100-01-01 00:00:00Z",
		"dateFrom=2019-12-31T23:59:59Z&dateTo=2026-03-22T12:00:01Z"},
		{"2026-03-22 12:00:00.25Z", "infinity",
		"dateFrom=2026-03-22T12:00:00Z&dateTo=2026-03-22T12:00:01Z"},
		{"2026-03-22 12:00:00.5Z", "infinity", NULL},
	};
	Interval	month = {.month = 1};
	ClfOptions	options = {.history = &month};

	/* "now" falls between two seconds; a month before is 30 days */
	TimestampTz now = ts("2026-03-22 12:00:00.25Z");

	month.month = 0;
	month.day = 30;
	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfQuery	query = {.parameters = "view=Simple",.path = "",.windowed = true};
		ClfWindow	window;
		char	   *uri = NULL;

		query.lower = ts(cases[i].lower);
		query.upper = ts(cases[i].upper);
		query.page_size = 7;
		if (clf_query_window(&query, &options, now, &window))
			uri = clf_query_uri(&query, &window, 3, query.page_size, NULL);
		check(psprintf("window %s .. %s", cases[i].lower, cases[i].upper), uri,
			  cases[i].uri ? psprintf("?view=Simple&%s&page=3&perPage=7",
									  cases[i].uri) :
			  NULL);
	}
}

/* ----------
 * json
 * ----------
 */

static void
test_times(void)
{
	static const struct
	{
		const char *text;
		const char *expected;	/* NULL: not a date */
	}			cases[] = {
		{"2016-03-10T18:07:52.534Z", "2016-03-10 18:07:52.534Z"},
		{"2016-03-10T18:07:52Z", "2016-03-10 18:07:52Z"},
		{"2016-03-10T18:07:52.1234567Z", "2016-03-10 18:07:52.123456Z"},
		{"2016-03-10T18:07:52.534+0000", "2016-03-10 18:07:52.534Z"},
		{"2016-03-10T18:07:52.534-05:30", "2016-03-10 23:37:52.534Z"},
		{"2016-02-29T23:59:60Z", "2016-03-01 00:00:00Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01 00:00:00Z"},
		{"2016-03-10T18:07:52", NULL}, {"2016-03-10", NULL},
		{"2015-02-29T00:00:00Z", NULL}, {"2016-13-01T00:00:00Z", NULL},
		{"2016-00-01T00:00:00Z", NULL}, {"2016-04-31T00:00:00Z", NULL},
		{"2016-03-10T24:00:00Z", NULL}, {"2016-03-10T18:07:52.534ZZ", NULL},
		{"2016-03-10 18:07:52Z", NULL}, {"now", NULL}, {"infinity", NULL},
		{"", NULL}, {"2016-03-10T18:07:52+99:00", NULL},
		{"0000-01-01T00:00:00Z", NULL},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		char	   *text = psprintf("{\"t\": \"%s\"}", cases[i].text);
		ClfJson    *json = clf_json_parse(CurrentMemoryContext, text,
										  strlen(text));
		TimestampTz t = 0;
		bool		ok = clf_json_get_time(clf_json_get(json, "t"), &t);

		check(cases[i].text, ok ? timestamptz_to_str(t) : NULL,
			  cases[i].expected ? timestamptz_to_str(ts(cases[i].expected)) :
			  NULL);
	}
}

static void
test_paths(void)
{
#define TEXT "{\"a\": {\"b\": [1, {\"c\": \"x\"}], \"n\": null}, \"s\": \"t\"}"
	static const struct
	{
		const char *path;
		const char *expected;	/* "stray": a step does not fit */
	}			cases[] = {
		{"a.b.1.c", "\"x\""}, {"a.b.0", "1"}, {"a.b", "[1,{\"c\":\"x\"}]"},
		{"a.b.2", NULL}, {"a.b.99999999999", NULL}, {"a.n", NULL},
		{"a.n.deeper", NULL}, {"missing.x", NULL}, {"s.x", "stray"},
		{"a.b.c", "stray"}, {"a.b.0.z", "stray"}, {"s", "\"t\""},
	};
	ClfJson    *json = clf_json_parse(CurrentMemoryContext, TEXT,
									  strlen(TEXT));

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfJson    *value;
		const char *stray;
		const char *got = NULL;
		size_t		length;

		if (!clf_json_find(json, clf_json_compile_path(cases[i].path), &value,
						   &stray))
			got = "stray";
		else if (value)
			got = clf_json_serialize(value, &length);
		check(cases[i].path, got, cases[i].expected);
	}
}

static void
test_objects(void)
{
	static const char *const bad[] = {
		"", " ", "[]", "1", "null", "{", "{}x", "{} {}",
		"{\"a\":}", "{\"a\"}", "<html>", "{\"a\":\"\\x\"}",
	};
	char	   *deep = palloc0(201);

	for (size_t i = 0; i < lengthof(bad); i++)
		check_true(bad[i], clf_json_parse(CurrentMemoryContext, bad[i],
										  strlen(bad[i])) == NULL);
	memset(deep, '[', 200);
	check_true("deep", clf_json_parse(CurrentMemoryContext, deep, 200) == NULL);
	check_true("spaces", clf_json_parse(CurrentMemoryContext, " \n{ } \t",
										7) != NULL);
}

/* "3+" is three records and a next page; else the start of the reason */
static char *
describe_page(const char *body)
{
	const char *error;
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, body, strlen(body),
									  "navigation", "navigation.nextPage",
									  &error);
	StringInfoData s;

	if (page == NULL)
		return pstrdup(error);
	initStringInfo(&s);
	appendStringInfo(&s, "%d%s", clf_page_length(page),
					 clf_page_has_next(page) ? "+" : "");
	for (int i = 0; i < clf_page_length(page); i++)
	{
		const ClfRecord *record = clf_page_record(page, i, &error);

		if (record)
			appendStringInfo(&s, " %.*s", (int) record->length, record->text);
		else
			appendStringInfo(&s, " (%s)", error);
	}
	return s.data;
}

static void
test_pages(void)
{
#define NO_ARRAY "it is not a JSON object with an array \"records\""
#define NOT_VALID "it is not valid JSON"
#define NO_NAVIGATION "it does not say whether there is a next page"
#define LAST "\"navigation\":{}"
#define NO_RECORD "(it is not a valid JSON object)"
	static const struct
	{
		const char *body;
		const char *expected;
	}			cases[] = {
		{"{\"records\":[]," LAST "}", "0"},
		{" { \"records\" : [ ] , \"navigation\" : {} } ", "0"},
		{"{\"navigation\":{\"nextPage\":{\"uri\":\"x\"}},\"records\":[{}]}",
		"1+ {}"},
		{"{\"records\":[{\"a\":\"}]\\\"\"} , {\"b\":[{}]}],"
			"\"navigation\":{\"nextPage\":null}}",
		"2 {\"a\":\"}]\\\"\"} {\"b\":[{}]}"},
		{"{\"uri\":\"\\\"records\\\":[\",\"records\":[{}]," LAST "}", "1 {}"},
		{"{\"x\":{\"records\":[1]},\"records\":[{}]," LAST "}", "1 {}"},
		{"{\"records\":[1, null, [], \"x\"]," LAST "}",
		"4 " NO_RECORD " " NO_RECORD " " NO_RECORD " " NO_RECORD},
		{"{\"records\":[{\"a\":}]," LAST "}", "1 " NO_RECORD},
		{"{\"records\":[{},]," LAST "}", "2 {} " NO_RECORD},
		{"{\"records\":[{]}]}", NO_ARRAY},
		{"{\"records\":[{}{}]}", NO_ARRAY},
		{"{\"records\":[{}", NO_ARRAY},
		{"{\"records\":[{\"a\":\"", NO_ARRAY},
		{"{\"records\":[{\"a\":\"\\", NO_ARRAY},
		{"{\"records\":{}," LAST "}", NO_ARRAY},
		{"{\"records\":null," LAST "}", NO_ARRAY},
		{"[]", NO_ARRAY}, {"", NO_ARRAY}, {"{", NO_ARRAY}, {"{}", NO_ARRAY},
		{"{\"a\"}", NO_ARRAY},
		{"{\"records\":[]", NOT_VALID},
		{"{\"records\":[]," LAST "} trailing", NOT_VALID},
		{"{\"a\":+,\"records\":[]," LAST "}", NOT_VALID},
		{"{\"records\":[]}", NO_NAVIGATION},
		{"{\"records\":[],\"navigation\":\"x\"}", NO_NAVIGATION},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
		check(cases[i].body, describe_page(cases[i].body), cases[i].expected);
}

/* Numbers keep every digit, as text and within a larger value */
static void
test_long_integers(void)
{
	static const char *const numbers[] = {
		"0", "-1", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809",
		"99999999999999999999999999", "1234567890123456789",
		"1.50", "1e400", "12345678901234567890.25", "-0.0", "1.5E+003",
		"1E+005", "1E+0000", "12345678901234567890E+001",
	};

	for (size_t i = 0; i < lengthof(numbers); i++)
	{
		char	   *body = psprintf("{\"records\":[{\"n\":%s,"
									"\"s\":\"99999999999999999999\"}],"
									"\"navigation\":{}}",
									numbers[i]);
		const char *error;
		ClfPage    *page = clf_page_parse(CurrentMemoryContext, body, strlen(body),
										  "navigation", "navigation.nextPage",
										  &error);
		const ClfRecord *record = clf_page_record(page, 0, &error);
		size_t		length;

		check("number", clf_json_get_text(record->root, "n"), numbers[i]);
		check("within", clf_json_serialize(record->root, &length),
			  psprintf("{\"n\":%s,\"s\":\"99999999999999999999\"}",
					   numbers[i]));
		check("digits in a string", clf_json_get_text(record->root, "s"),
			  "99999999999999999999");
	}
}

/* ----------
 * batch
 * ----------
 */

/* The records, "status: body" of a part that failed, or the reason */
static char *
describe_batch(const char *content_type, const char *body, int nids)
{
	ClfFailedPart failed;
	const char *error = NULL;
	ClfPage    *page = clf_batch_parse(CurrentMemoryContext, content_type, body,
									   strlen(body), nids, &failed, &error);
	StringInfoData s;

	if (page == NULL && failed.status != 0)
		return psprintf("%d: %.*s", failed.status,
						(int) strcspn(failed.body, "\r\n"), failed.body);
	if (page == NULL)
		return pstrdup(error);
	initStringInfo(&s);
	for (int i = 0; i < clf_page_length(page); i++)
	{
		const ClfRecord *record = clf_page_record(page, i, &error);

		appendStringInfo(&s, "%.*s ", (int) record->length, record->text);
	}
	return s.data;
}

static void
test_batches(void)
{
#define MIXED "multipart/mixed; boundary=B_1"
#define MULTI_JSON "application/vnd.ringcentral.multipart+json"
#define STATUSES(list) \
	"--B_1\r\nContent-Type: application/json\r\n\r\n" \
	"{ \"response\" : [ " list " ] }\r\n"
#define OK "{\"status\":200}"
#define MISSING "{\"status\":404}"
#define NOBODY "{\"errors\":[{\"parameterName\":\"callRecordId\"}]}"
#define PART(body) "--B_1\nContent-Type: application/json\n\n" body "\n"
#define NO_STATUS "it does not say how each id went"
#define FEWER "it has fewer parts than ids were asked for"
	static const struct
	{
		const char *type;
		const char *body;
		int			nids;
		const char *expected;
	}			cases[] = {
		{MIXED, STATUSES(OK "," OK) PART("{\"a\":1}") PART("{\"b\":2}")
		"--B_1--\n", 2, "{\"a\":1} {\"b\":2} "},
		{"Multipart/Mixed;charset=x; Boundary=\"B_1\"",
			"preamble\n" STATUSES(OK "," OK) PART("{\"a\":\"--B_1\"}")
			PART("{\"b\":2}") "--B_1--\nepilogue", 2,
		"{\"a\":\"--B_1\"} {\"b\":2} "},
		{MIXED, STATUSES(OK "," MISSING "," OK) PART("{\"a\":1}")
			PART(NOBODY) PART("{\"c\":3}") "--B_1--",
		3, "{\"a\":1} {\"c\":3} "},
		{MIXED, STATUSES(MISSING "," MISSING) PART(NOBODY) PART(NOBODY)
		"--B_1--", 2, ""},
		{MIXED, STATUSES(OK "," MISSING) PART("{}")
			PART("{\"parameterName\":\"accountId\"}") "--B_1--", 2,
		"404: {\"parameterName\":\"accountId\"}"},
		{MIXED, STATUSES(OK ",{\"status\":503}") PART("{\"a\":1}")
			PART("{\"errorCode\":\"CMN-211\"}") "--B_1--", 2,
		"503: {\"errorCode\":\"CMN-211\"}"},
		{MIXED, STATUSES(OK "," OK) PART("{\"a\":1}") "--B_1--", 2, FEWER},
		{MIXED, STATUSES(OK "," OK) PART("{\"a\":1}") "--B_1\n\n{\"b\"", 2,
		FEWER},
		{MIXED, STATUSES(OK) PART("{\"a\":1}") "--B_1--", 2, NO_STATUS},
		{MIXED, PART("{}") PART("{}") "--B_1--", 2, NO_STATUS},
		{MIXED, "", 2, NO_STATUS},
		{MIXED, "--B_1", 2, NO_STATUS},
		{"multipart/mixed", STATUSES(OK), 2, "its content type has no boundary"},
		{MULTI_JSON, "[{\"status\":200,\"body\":{\"a\":1}},"
		"{\"status\":404,\"body\":" NOBODY "}]", 2, "{\"a\":1} "},
		{MULTI_JSON, "[{\"status\":200,\"body\":{\"a\":1}}]", 2, NO_STATUS},
		{MULTI_JSON, "[{\"status\":429,\"body\":{\"a\":1}},{}]", 2,
		"429: {\"a\":1}"},
		{MULTI_JSON, "{}", 2, NO_STATUS},
		{MULTI_JSON, "]", 2, NO_STATUS},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
		check(cases[i].body, describe_batch(cases[i].type, cases[i].body,
											cases[i].nids),
			  cases[i].expected);
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
	test_times();
	test_paths();
	test_objects();
	test_pages();
	test_long_integers();
	test_batches();
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
 *		some level; for comparing it with what the README says.
 */
Datum
call_log_fdw_filters(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	results = (ReturnSetInfo *) fcinfo->resultinfo;
	for (const ClfResource *r = clf_resources; r->name; r++)
	{
		for (const ClfFilter *f = r->filters; f->json_path; f++)
			add_row(r->name, column_of(r, f->json_path), f->parameter);
	}
	return (Datum) 0;
}
