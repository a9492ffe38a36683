/*-------------------------------------------------------------------------
 *
 * page.c
 *	  Unit tests of answer/page.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/page.h"
#include "lib/stringinfo.h"
#include "unit.h"

/* The raw text of each record of a page, preceded by a space */
char *
unit_list_records(const ClfPage *page)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int i = 0; i < clf_page_length(page); i++)
		appendStringInfo(&s, " %s", unit_raw(clf_page_record(page, i)));
	return s.data;
}

/* "3+" is three records and a next page; else the start of the error */
static char *
describe_page(const char *resource, const char *body)
{
	const char *error;
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, unit_whole_records(), body,
									  strlen(body), clf_find_resource(resource),
									  &error);

	if (page == NULL)
		return pstrdup(error);
	return psprintf("%d%s%s", clf_page_length(page),
					clf_page_has_next(page, 1) ? "+" : "",
					unit_list_records(page));
}

void
test_pages(void)
{
#define NO_ARRAY "it is not a JSON object with an array \"records\""
#define NOT_VALID "it is not valid JSON"
#define TWICE "it has more than one field \"records\""
#define NO_NAVIGATION "it does not specify whether there is a next page"
#define LAST "\"navigation\":{}"
#define STOPS(n) "record " #n " is truncated or not valid JSON"
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
		{"{\"records\":[1,\"}\",[2,{}]]," LAST "}", "3 1 \"}\" [2,{}]"},
		{"{\"records\":[{},false,{}]," LAST "}", "3 {} false {}"},
		{"{\"records\":[{},nul]," LAST "}", STOPS(2)},
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
		unit_check(cases[i].body, describe_page("call_log", cases[i].body),
				   cases[i].expected);
	unit_check("pages are counted",
			   describe_page("extensions", "{\"records\":[{}],\"paging\":{\"totalPages\":2}}"),
			   "1+ {}");
	unit_check("the last page",
			   describe_page("extensions", "{\"records\":[{}],\"paging\":{\"totalPages\":1}}"),
			   "1 {}");
	unit_check("pages are not counted",
			   describe_page("extensions", "{\"records\":[{}],\"paging\":{}}"), "1+ {}");
	unit_check("no records, no pages",
			   describe_page("extensions", "{\"records\":[],\"paging\":{}}"), "0");
	unit_check("too many records", describe_page("call_log", unit_repeat_text("{\"records\":[", "{},",
																			  100000, "{}]," LAST "}")),
			   STOPS(100001));
}
