/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Unit tests of answer/json.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/json.h"
#include "lib/stringinfo.h"
#include "unit.h"

void
test_objects(void)
{
	static const char *const bad[] = {
		"", " ", "[]", "1", "null", "{", "{}x", "{} {}",
		"{\"a\":}", "{\"a\"}", "<html>", "{\"a\":\"\\x\"}",
	};
	char	   *deep = palloc0(201);

	for (size_t i = 0; i < lengthof(bad); i++)
		unit_check_true(bad[i], clf_json_parse(CurrentMemoryContext, bad[i],
											   strlen(bad[i])) == NULL);
	memset(deep, '[', 200);
	unit_check_true("deep", clf_json_parse(CurrentMemoryContext, deep, 200) == NULL);
	unit_check_true("spaces", clf_json_parse(CurrentMemoryContext, " \n{ } \t",
											 7) != NULL);
}

/* Texts whose trees would be much larger are rejected */
void
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
		char	   *json = unit_repeat_text("{\"a\":[", cases[i].text, cases[i].times,
											"1]}");

		unit_check_true(psprintf("%d times %s", cases[i].times, cases[i].text),
						cases[i].ok == (clf_json_parse(CurrentMemoryContext, json,
													   strlen(json)) != NULL));
	}
}
