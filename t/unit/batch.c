/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Unit tests of answer/batch.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/batch.h"
#include "lib/stringinfo.h"
#include "unit.h"

/* The records, "status: body" of a failed part, or the error */
static char *
describe_batch(const char *content_type, const char *body, int nids)
{
	ClfFailedPart failed;
	const char *error = NULL;
	ClfHttpResponse response = {.content_type = unconstify(char *, content_type),
	.body = unconstify(char *, body),.length = strlen(body)};
	ClfPage    *page = clf_batch_parse(CurrentMemoryContext, unit_whole_records(),
									   &response, nids, &failed, &error);

	if (page == NULL && failed.status != 0)
		return psprintf("%d: %.*s", failed.status,
						(int) Min(strcspn(failed.body, "\r\n"), failed.length),
						failed.body);
	return page ? unit_list_records(page) : pstrdup(error);
}

void
test_batches(void)
{
#define MIXED "multipart/mixed; boundary=B_1"
#define MULTI_JSON "application/vnd.ringcentral.multipart+json"
#define STATUSES(list) \
	"--B_1\r\nContent-Type: application/json\r\n\r\n" \
	"{ \"response\" : [ " list " ] }\r\n"
#define OK "{\"status\":200}"
#define MISSING "{\"status\":404}"
#define NOT_FOUND "{\"errors\":[{\"errorCode\":\"CMN-102\",\"parameterName\":\"callRecordId\"}]}"
#define PART(body) "--B_1\nContent-Type: application/json\n\n" body "\n"
#define NO_STATUS "it has no status for each id"
#define FEWER "it has fewer parts than ids were requested"
	static const struct
	{
		const char *type;
		const char *body;
		int			nids;
		const char *expected;
	}			cases[] = {
		{MIXED, STATUSES(OK "," OK) PART("{\"a\":1}") PART("{\"b\":2}")
		"--B_1--\n", 2, " {\"a\":1} {\"b\":2}"},
		{"Multipart/Mixed;charset=x; Boundary=\"B_1\"",
			"preamble\n" STATUSES(OK "," OK) PART("{\"a\":\"--B_1\"}")
			PART("{\"b\":2}") "--B_1--\nepilogue", 2,
		" {\"a\":\"--B_1\"} {\"b\":2}"},
		{MIXED, STATUSES(OK "," MISSING "," OK) PART("{\"a\":1}")
			PART(NOT_FOUND) PART("{\"c\":3}") "--B_1--",
		3, " {\"a\":1} {\"c\":3}"},
		{MIXED, STATUSES(MISSING "," MISSING) PART(NOT_FOUND) PART(NOT_FOUND)
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
		"{\"status\":404,\"body\":" NOT_FOUND "}]", 2, " {\"a\":1}"},
		{MULTI_JSON, "[{\"status\":200,\"body\":[1]},"
		"{\"status\":200,\"body\":{\"b\":2}}]", 2, " [1] {\"b\":2}"},
		{MIXED, STATUSES(OK "," OK) PART("\"a\"") PART("{\"b\":2}")
		"--B_1--", 2, " \"a\" {\"b\":2}"},
		{MIXED, STATUSES(OK "," OK) PART("<a>") PART("{\"b\":2}")
		"--B_1--", 2, "a part of it is truncated or not valid JSON"},
		{MULTI_JSON, "[{\"status\":200,\"body\":{\"a\":1}}]", 2, NO_STATUS},
		{MULTI_JSON, "[{\"status\":429,\"body\":{\"a\":1}},{}]", 2,
		"429: {\"a\":1}"},
		{MULTI_JSON, "{}", 2, NO_STATUS},
		{MULTI_JSON, "]", 2, NO_STATUS},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
		unit_check(cases[i].body, describe_batch(cases[i].type, cases[i].body,
												 cases[i].nids),
				   cases[i].expected);
}
