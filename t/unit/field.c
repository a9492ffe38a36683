/*-------------------------------------------------------------------------
 *
 * field.c
 *	  Unit tests of answer/field.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/field.h"
#include "answer/json.h"
#include "common/pg_prng.h"
#include "lib/stringinfo.h"
#include "unit.h"
#include "utils/builtins.h"

/* The field at a path in a valid text */
ClfField
unit_pick(const char *text, const char *path)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	field;

	(void) clf_fields_add(fields, clf_path(path).keys);
	unit_check_true(text, clf_fields_pick_all(fields, text, strlen(text), &field));
	return field;
}

/* The raw text of the field, "mismatch", or NULL if missing */
char *
unit_raw(const ClfField *field)
{
	if (field->mismatched_step)
		return pstrdup("mismatch");
	return field->start ? pnstrdup(field->start, field->length) : NULL;
}

/* A selection of the whole record */
ClfFields  *
unit_whole_records(void)
{
	ClfFields  *fields = clf_fields_create();

	(void) clf_fields_add(fields, "");
	return fields;
}

void
test_paths(void)
{
#define LONG "a name of more characters than any that the API has "
#define TEXT "{\"a\": {\"b\": [1, {\"c\": \"x\"}], \"n\": null}, \"s\": \"t\"}"
	static const struct
	{
		const char *text;
		const char *path;
		const char *expected;	/* "mismatch": a step does not match */
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
		{"{\"" LONG "a\": 1, \"" LONG "b\": 2, \"" LONG "bc\": 3}", LONG "b", "2"},
		{"{\"" LONG "\": 1}", LONG "b", NULL},
		{"[]", "a", "mismatch"}, {"[ ]", "0", NULL}, {"{ }", "a", NULL},
		/* of duplicate names, the last member is used */
		{"{\"a\": 1, \"a\": 2}", "a", "2"},
		{"{\"a\": 1, \"a\": null}", "a", NULL},
		{"{\"a\": {\"b\": 1}, \"a\": {}}", "a.b", NULL},
		{"{\"a\": {\"b\": 1}, \"a\": 2}", "a.b", "mismatch"},
		{"{\"a\": 2, \"a\": {\"b\": 1}}", "a.b", "1"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfField	field = unit_pick(cases[i].text, cases[i].path);

		unit_check(psprintf("%s in %s", cases[i].path, cases[i].text), unit_raw(&field),
				   cases[i].expected);
	}
}

/* An object with some of the members "member0": {"a": 0} to "member39", in any order */
static char *
make_object(pg_prng_state *prng, int nmembers, const char *before,
			const char *after)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < nmembers; i++)
	{
		int			n = pg_prng_uint64_range(prng, 0, 3) > 0 ? i :
		(int) pg_prng_uint64_range(prng, 0, 39);

		appendStringInfo(&json, "%s\"%s%d\"%s:%s{\"a\": %d}", i > 0 ? "," : "",
						 n % 7 == 0 ? "\\u006dember" : "member", n, before, after, i);
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* The fields of an object do not depend on the objects before it */
void
test_members(void)
{
	static const char *const paths[] = {"member0.a", "member5.a", "member21", "member39.a"};
	ClfFields  *fields = clf_fields_create();
	ClfField	values[lengthof(paths)];
	pg_prng_state prng;

	for (size_t n = 0; n < lengthof(paths); n++)
		(void) clf_fields_add(fields, paths[n]);
	pg_prng_seed(&prng, 1);
	for (int i = 0; i < 2000; i++)
	{
		char	   *text = make_object(&prng, (int) pg_prng_uint64_range(&prng, 0, 40),
									   i % 500 == 0 ? " " : "", i % 300 == 7 ? " " : "");

		unit_check_true(text, clf_fields_pick_all(fields, text, strlen(text), values));
		for (size_t n = 0; n < lengthof(paths); n++)
		{
			ClfField	expected = unit_pick(text, paths[n]);

			unit_check(psprintf("%s in %s", paths[n], text), unit_raw(&values[n]),
					   unit_raw(&expected));
		}
	}
}

/* The validity of a text does not depend on the selected fields */
void
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
			unit_check_true(good[i], clf_fields_pick_all(fields, good[i],
														 strlen(good[i]), &field));
		for (size_t i = 0; i < lengthof(bad); i++)
			unit_check_true(psprintf("bad: %s", bad[i]),
							!clf_fields_pick_all(fields, bad[i], strlen(bad[i]),
												 &field));
	}
}

/* Deep nesting does not exhaust the stack */
void
test_depth(void)
{
	int			depth = 1000000;
	char	   *text = palloc0(2 * depth + 1);
	ClfFields  *fields = clf_fields_create();
	ClfField	field;

	(void) clf_fields_add(fields, "0.0.0");
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	unit_check_true("too deep", !clf_fields_pick_all(fields, text, 2 * depth,
													 &field));
	unit_check_true("deep", clf_fields_pick_all(fields, text + depth - 60, 120,
												&field));
}

/* Strings are unescaped; other values are unchanged */
#define EURO "\xe2\x82\xac"
#define SMILE "\xf0\x9f\x98\x80"
#define UNKNOWN "\xef\xbf\xbd"

void
test_texts(void)
{
	static const char *const cases[][2] = {
		{"\"a\\\"b\\u00e9\\n\"", "a\"b\xc3\xa9\n"}, {"\"\"", ""},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"}, {"\"\\/\"", "/"},
		{"-0.0", "-0.0"}, {"99999999999999999999999999", "99999999999999999999999999"},
		{"1.5E+003", "1.5E+003"}, {"1e400", "1e400"}, {"true", "true"},
		{"[ 1,\"\\n\" ]", "[ 1,\"\\n\" ]"},
		{"\"\\b\\f\\n\\r\\t\\\\\"", "\b\f\n\r\t\\"}, {"\"\\u20aC\\u20Ac\"", EURO EURO},
		/* characters that are invalid or unsupported */
		{"\"a\\u0000b\"", "a" UNKNOWN "b"}, {"\"\\ud83d\"", UNKNOWN},
		{"\"\\ud83d\\u0041\"", UNKNOWN "A"}, {"\"\\ude00\\ud83d\"", UNKNOWN UNKNOWN},
		{"\"\\ud83d\\ud83d\\ude00\"", UNKNOWN SMILE}, {"\"\\ud83d\\n\"", UNKNOWN "\n"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		ClfField	field = unit_pick(cases[i][0], "$");

		unit_check(cases[i][0], clf_field_cstring(&field), cases[i][1]);
	}
}

/* JSON for PostgreSQL's own types */
void
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
		ClfField	field = unit_pick(cases[i][0], "$");
		size_t		length;
		const char *json = clf_field_json(&field, &length);

		unit_check(cases[i][0], pnstrdup(json, length), cases[i][1]);
	}

	/* of a value with selected fields inside */
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
		unit_check_true("json", clf_fields_pick_all(fields, text, strlen(text), values));
		unit_check_true("json", !values[3].escaped);
		json = clf_field_json(&values[1], &length);
		unit_check("json", pnstrdup(json, length), "{\"" UNKNOWN "\": {\"b\": \"" EURO "\"}}");
		json = clf_field_json(&values[0], &length);
		unit_check_true("json", memmem(json, length, "\\u", 2) == NULL);
	}
}

/* The elements of an array, with a bar after each */
static char *
list_elements(const char *text)
{
	ClfField	array = unit_pick(text, "$");
	ClfField	element = {0};
	StringInfoData s;

	initStringInfo(&s);
	while (clf_field_next_element(&array, &element))
		appendStringInfo(&s, "%.*s|", (int) element.length, element.start);
	return s.data;
}

/* The same with fields picked from each: the one at "a" and the whole element */
static char *
list_picked(const char *text)
{
	ClfField	array = unit_pick(text, "$");
	ClfField	element = {0};
	ClfFields  *fields = unit_whole_records();
	ClfField	values[2];
	StringInfoData s;

	(void) clf_fields_add(fields, "a");
	initStringInfo(&s);
	while (clf_fields_pick_element(fields, &array, &element, values))
	{
		char	   *whole = unit_raw(&values[0]);
		char	   *a = unit_raw(&values[1]);

		appendStringInfo(&s, "%.*s %s %s|", (int) element.length,
						 element.start, whole ? whole : "-", a ? a : "-");
	}
	return s.data;
}

void
test_elements(void)
{
	unit_check("elements", list_elements("[]"), "");
	unit_check("elements", list_elements("[ ]"), "");
	unit_check("elements", list_elements("[1]"), "1|");
	unit_check("elements", list_elements(" [ 1 , \"a,]\" , [ 2 , 3 ] , null ] "),
			   "1|\"a,]\"|[ 2 , 3 ]|null|");
	unit_check("picked", list_picked("[ ]"), "");
	unit_check("picked", list_picked("[{\"a\":1}, {}, null,2, { \"a\": [] } ]"),
			   "{\"a\":1} {\"a\":1} 1|{} {} -|null - -|2 2 mismatch|"
			   "{ \"a\": [] } { \"a\": [] } []|");
}
