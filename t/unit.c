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

#include "answer/batch.h"
#include "api/resource.h"
#include "api/uri.h"
#include "fmgr.h"
#include "funcapi.h"
#include "answer/json.h"
#include "answer/page.h"
#include "plan/query.h"
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
	{
		ClfPath		path = clf_path(cases[i].path);

		check(cases[i].path,
			  clf_path_needs_detailed(resource, &path) ? "Detailed" : "Simple",
			  cases[i].detailed ? "Detailed" : "Simple");
	}
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
	clf_uri_append_escaped(&out, "aZ09-._~: +&=%/?#\"\xc3\xa9\x01");
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
		if (clf_query_window(&query, &month, now, &window))
			uri = clf_query_uri(&query, &window, 3, query.page_size, NULL);
		check(psprintf("window %s .. %s", cases[i].lower, cases[i].upper), uri,
			  cases[i].uri ? psprintf("?view=Simple&%s&page=3&perPage=7",
									  cases[i].uri) :
			  NULL);
	}
}

/* ----------
 * field, json
 * ----------
 */

/* The field that a path leads to in a text that must be valid */
static ClfField
pick(const char *text, const char *path)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	field;

	(void) clf_fields_add(fields, clf_path(path).keys);
	check_true(text, clf_fields_pick_all(fields, text, strlen(text), &field));
	return field;
}

/* Its text as it stands there, "mismatch", or NULL when there is nothing */
static char *
raw(const ClfField *field)
{
	if (field->mismatched_step)
		return pstrdup("mismatch");
	return field->start ? pnstrdup(field->start, field->length) : NULL;
}

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
		ClfField	field = pick(text, "t");
		TimestampTz t = 0;
		bool		ok = clf_field_time(&field, &t);

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
		const char *text;
		const char *path;
		const char *expected;	/* "mismatch": a step does not fit */
	}			cases[] = {
		{TEXT, "a.b.1.c", "\"x\""}, {TEXT, "a.b.0", "1"},
		{TEXT, "a.b", "[1, {\"c\": \"x\"}]"}, {TEXT, "$", TEXT},
		{TEXT, "a.b.2", NULL}, {TEXT, "a.b.99999999999", NULL},
		{TEXT, "a.n", NULL}, {TEXT, "a.n.deeper", NULL},
		{TEXT, "missing.x", NULL}, {TEXT, "s.x", "mismatch"},
		{TEXT, "a.b.c", "mismatch"}, {TEXT, "a.b.0.z", "mismatch"},
		{TEXT, "s", "\"t\""}, {TEXT, "s.x.y", "mismatch"},
		/* names */
		{"{\"a.b\": 1, \"a\": {\"b\": 2}}", "a.b", "2"},
		{"{\"\\u0061\": 1}", "a", "1"}, {"{\"a\\n\": 1}", "a", NULL},
		{"{\"0\": 1}", "0", "1"}, {"[[], 7]", "1", "7"},
		{"[]", "a", "mismatch"}, {"[ ]", "0", NULL}, {"{ }", "a", NULL},
		/* the last member of a name counts, with all that is in it */
		{"{\"a\": 1, \"a\": 2}", "a", "2"},
		{"{\"a\": 1, \"a\": null}", "a", NULL},
		{"{\"a\": {\"b\": 1}, \"a\": {}}", "a.b", NULL},
		{"{\"a\": {\"b\": 1}, \"a\": 2}", "a.b", "mismatch"},
		{"{\"a\": 2, \"a\": {\"b\": 1}}", "a.b", "1"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfField	field = pick(cases[i].text, cases[i].path);

		check(psprintf("%s in %s", cases[i].path, cases[i].text), raw(&field),
			  cases[i].expected);
	}
}

/* Whether a text is one JSON value does not depend on what is picked from it */
static void
test_grammar(void)
{
	static const char *const good[] = {
		"{}", "[]", " [ ] ", "1", "-0", "0.5", "1e5", "1E+05", "-1.5e-3", "true",
		"false", "null", "\"\"", "\"\\u00e9\\n\\/\"", "[1,[2,[3]],{\"a\":[]}]",
		"{\"a\":{\"b\":{\"c\":1}},\"d\":[{},{}]}", "\"]}\"",
	};
	static const char *const bad[] = {
		"", " ", "{", "[", "}", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}",
		"{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{1:1}",
		"{\"a\":1 \"b\":2}", "[{\"a\":1]}", "01", "+1", "1.", ".5", "1e", "--1",
		"tru", "True", "nul", "NaN", "Infinity", "\"", "\"\\", "\"\\x\"",
		"\"\\u12\"", "\"\\u12g4\"", "{} {}", "1 1", "'a'", "[1]x", "/**/1",
	};
	static const char *const paths[] = {"$", "a", "a.b", "0", "1.0", "d.0.x"};

	for (size_t n = 0; n < lengthof(paths); n++)
	{
		ClfFields  *fields = clf_fields_create();
		ClfField	field;

		(void) clf_fields_add(fields, clf_path(paths[n]).keys);
		for (size_t i = 0; i < lengthof(good); i++)
			check_true(good[i], clf_fields_pick_all(fields, good[i],
													strlen(good[i]), &field));
		for (size_t i = 0; i < lengthof(bad); i++)
			check_true(psprintf("bad: %s", bad[i]),
					   !clf_fields_pick_all(fields, bad[i], strlen(bad[i]),
											&field));
	}
}

/* No text is so deep that it takes the stack */
static void
test_depth(void)
{
	int			depth = 1000000;
	char	   *text = palloc0(2 * depth + 1);
	ClfFields  *fields = clf_fields_create();
	ClfField	field;

	(void) clf_fields_add(fields, "0.0.0");
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	check_true("too deep", !clf_fields_pick_all(fields, text, 2 * depth,
												&field));
	check_true("deep", clf_fields_pick_all(fields, text + depth - 60, 120,
										   &field));
}

/* Strings without their escapes; everything else keeps every digit */
#define EURO "\xe2\x82\xac"
#define SMILE "\xf0\x9f\x98\x80"
#define UNKNOWN "\xef\xbf\xbd"

static void
test_texts(void)
{
	static const char *const cases[][2] = {
		{"\"a\\\"b\\u00e9\\n\"", "a\"b\xc3\xa9\n"}, {"\"\"", ""},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"}, {"\"\\/\"", "/"},
		{"-0.0", "-0.0"}, {"99999999999999999999999999", "99999999999999999999999999"},
		{"1.5E+003", "1.5E+003"}, {"1e400", "1e400"}, {"true", "true"},
		{"[ 1,\"\\n\" ]", "[ 1,\"\\n\" ]"},
		{"\"\\b\\f\\n\\r\\t\\\\\"", "\b\f\n\r\t\\"}, {"\"\\u20aC\\u20Ac\"", EURO EURO},
		/* what is no character, or none that a text can hold */
		{"\"a\\u0000b\"", "a" UNKNOWN "b"}, {"\"\\ud83d\"", UNKNOWN},
		{"\"\\ud83d\\u0041\"", UNKNOWN "A"}, {"\"\\ude00\\ud83d\"", UNKNOWN UNKNOWN},
		{"\"\\ud83d\\ud83d\\ude00\"", UNKNOWN SMILE}, {"\"\\ud83d\\n\"", UNKNOWN "\n"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfField	field = pick(cases[i][0], "$");

		check(cases[i][0], clf_field_cstring(&field), cases[i][1]);
	}
}

/* JSON for PostgreSQL's own types */
static void
test_json(void)
{
	static const char *const cases[][2] = {
		{"[ 1, \"x\" ]", "[ 1, \"x\" ]"}, {"\"" EURO "\"", "\"" EURO "\""},
		{"{\"\\u20ac\": \"\\ud83d\\ude00\"}", "{\"" EURO "\": \"" SMILE "\"}"},
		{"[\"\\u0000\", \"\\ud83d\", \"\\ude00\"]",
		"[\"" UNKNOWN "\", \"" UNKNOWN "\", \"" UNKNOWN "\"]"},
		{"\"\\u0022\\u005c\\\\\\\"\\/\\n\\u000a\"", "\"\\u0022\\u005c\\\\\\\"\\/\\n\\u000a\""},
		{"[\"a\tb\\n\",\n\"\\\\\", \"\\u00e9\"]", "[\"a\\u0009b\\n\",\n\"\\\\\", \"\xc3\xa9\"]"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfField	field = pick(cases[i][0], "$");
		size_t		length;
		const char *json = clf_field_json(&field, &length);

		check(cases[i][0], pnstrdup(json, length), cases[i][1]);
	}

	/* of a value with fields that are picked as well */
	{
		ClfFields  *fields = clf_fields_create();
		const char *text = "{\"a\": {\"\\u0000\": {\"b\": \"\\u20ac\"}}, \"b\": 1}";
		ClfField	values[4];
		size_t		length;
		const char *json;

		(void) clf_fields_add(fields, "");
		(void) clf_fields_add(fields, "a");
		(void) clf_fields_add(fields, "a.c");
		(void) clf_fields_add(fields, "b");
		check_true("json", clf_fields_pick_all(fields, text, strlen(text), values));
		check_true("json", !values[3].escaped);
		json = clf_field_json(&values[1], &length);
		check("json", pnstrdup(json, length), "{\"" UNKNOWN "\": {\"b\": \"" EURO "\"}}");
		json = clf_field_json(&values[0], &length);
		check_true("json", memmem(json, length, "\\u", 2) == NULL);
	}
}

/* The elements of an array, with a bar after each */
static char *
list_elements(const char *text)
{
	ClfField	array = pick(text, "$");
	ClfField	element = {0};
	StringInfoData s;

	initStringInfo(&s);
	while (clf_field_next_element(&array, &element))
		appendStringInfo(&s, "%.*s|", (int) element.length, element.start);
	return s.data;
}

static void
test_elements(void)
{
	check("elements", list_elements("[]"), "");
	check("elements", list_elements("[ ]"), "");
	check("elements", list_elements("[1]"), "1|");
	check("elements", list_elements(" [ 1 , \"a,]\" , [ 2 , 3 ] , null ] "),
		  "1|\"a,]\"|[ 2 , 3 ]|null|");
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

/* So many times the same text, between two others */
static char *
repeat_text(const char *before, const char *text, int times,
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

/* Texts whose trees would be far larger are not made into trees */
static void
test_sizes(void)
{
	static const struct
	{
		const char *text;
		int			times;
		bool		ok;
	}			cases[] = {
		{"{},", 20000, true}, {"{},", 200000, false}, {"[],", 200000, false},
		{"1,", 500000, true}, {"1,", 2000000, false},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		char	   *json = repeat_text("{\"a\":[", cases[i].text, cases[i].times,
									   "1]}");

		check_true(psprintf("%d times %s", cases[i].times, cases[i].text),
				   cases[i].ok == (clf_json_parse(CurrentMemoryContext, json,
												  strlen(json)) != NULL));
	}
}

/* Records as they came, one after the other */
static ClfFields *
whole_records(void)
{
	ClfFields  *fields = clf_fields_create();

	(void) clf_fields_add(fields, "");
	return fields;
}

/* "3+" is three records and a next page; else the start of the reason */
static char *
describe_page(const char *body)
{
	const char *error;
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, whole_records(), body,
									  strlen(body), "navigation",
									  "navigation.nextPage", &error);
	StringInfoData s;

	if (page == NULL)
		return pstrdup(error);
	initStringInfo(&s);
	appendStringInfo(&s, "%d%s", clf_page_length(page),
					 clf_page_has_next(page) ? "+" : "");
	for (int i = 0; i < clf_page_length(page); i++)
		appendStringInfo(&s, " %s", raw(clf_page_record(page, i)));
	return s.data;
}

static void
test_pages(void)
{
#define NO_ARRAY "it is not a JSON object with an array \"records\""
#define NOT_VALID "it is not valid JSON"
#define TWICE "it has records twice"
#define NO_NAVIGATION "it does not say whether there is a next page"
#define LAST "\"navigation\":{}"
#define STOPS(n) "record " #n " is cut short or no valid JSON object"
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
		{"{\"records\":[1]," LAST "}", STOPS(1)},
		{"{\"records\":[{},null]," LAST "}", STOPS(2)},
		{"{\"records\":[{\"a\":}]," LAST "}", STOPS(1)},
		{"{\"records\":[{},]," LAST "}", STOPS(2)},
		{"{\"records\":[{]}]}", STOPS(1)},
		{"{\"records\":[{}{}]}", STOPS(2)},
		{"{\"records\":[{}", STOPS(2)},
		{"{\"records\":[{\"a\":\"", STOPS(1)},
		{"{\"records\":[{\"a\":\"\\", STOPS(1)},
		{"{\"records\":{}," LAST "}", NO_ARRAY},
		{"{\"records\":null," LAST "}", NO_ARRAY},
		{"[]", NO_ARRAY}, {"", NO_ARRAY}, {"{", NO_ARRAY}, {"{}", NO_ARRAY},
		{"{\"a\"}", NO_ARRAY}, {"{\"a\":+,\"records\":[]," LAST "}", NO_ARRAY},
		{"{\"records\":[]", NOT_VALID},
		{"{\"records\":[]," LAST "} trailing", NOT_VALID},
		{"{\"records\":[],\"a\":+," LAST "}", NOT_VALID},
		{"{\"records\":[],\"a\":1," LAST ",}", NOT_VALID},
		{"{\"records\":[],'a':1," LAST "}", NOT_VALID},
		{"{\"records\":[],/*a*/" LAST "}", NOT_VALID},
		{"{\"records\":[],\"records\":[{}]," LAST "}", TWICE},
		{"{\"records\":[{}]," LAST ",\"records\":[]}", TWICE},
		{"{\"records\":[{}]," LAST ",\"rec\\u006frds\":null}", TWICE},
		{"{\"records\":null,\"records\":[{}]," LAST "}", "1 {}"},
		{"{\"records\":[]}", NO_NAVIGATION},
		{"{\"records\":[],\"navigation\":\"x\"}", NO_NAVIGATION},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
		check(cases[i].body, describe_page(cases[i].body), cases[i].expected);
	check("too many records", describe_page(repeat_text("{\"records\":[", "{},",
														100000, "{}]," LAST "}")),
		  STOPS(100001));
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
	ClfPage    *page = clf_batch_parse(CurrentMemoryContext, whole_records(),
									   content_type, body, strlen(body), nids,
									   &failed, &error);
	StringInfoData s;

	if (page == NULL && failed.status != 0)
		return psprintf("%d: %.*s", failed.status,
						(int) Min(strcspn(failed.body, "\r\n"), failed.length),
						failed.body);
	if (page == NULL)
		return pstrdup(error);
	initStringInfo(&s);
	for (int i = 0; i < clf_page_length(page); i++)
		appendStringInfo(&s, "%s ", raw(clf_page_record(page, i)));
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
#define NOBODY "{\"errors\":[{\"errorCode\":\"CMN-102\",\"parameterName\":\"callRecordId\"}]}"
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
	test_grammar();
	test_depth();
	test_texts();
	test_json();
	test_elements();
	test_objects();
	test_sizes();
	test_pages();
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
