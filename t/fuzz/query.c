/*-------------------------------------------------------------------------
 *
 * query.c
 *	  Fuzz target: URIs with values of responses and queries, and dates.
 *
 * The first line of the input has three times, in microseconds since 2000: the
 * bounds of a window, and now.  The others are texts: a token, then ids.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "answer/field.h"
#include "api/time.h"
#include "api/uri.h"
#include "plan/query.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* 0001-01-01, 1970-01-01 and 9999-12-31, in microseconds since 2000 */
#define FIRST INT64CONST(-63082281600000000)
#define EPOCH INT64CONST(-946684800000000)
#define LAST INT64CONST(252455529600000000)

/* For intervals of days only */
Datum
timestamptz_mi_interval(PG_FUNCTION_ARGS)
{
	return TimestampTzGetDatum(PG_GETARG_TIMESTAMPTZ(0) -
							   PG_GETARG_INTERVAL_P(1)->day * USECS_PER_DAY);
}

Datum
DirectFunctionCall2Coll(PGFunction func, Oid collation, Datum arg1,
						Datum arg2)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, NULL, 2, collation, NULL, NULL);
	fcinfo->args[0].value = arg1;
	fcinfo->args[1].value = arg2;
	fcinfo->args[0].isnull = fcinfo->args[1].isnull = false;
	return func(fcinfo);
}

/* ----------
 * Texts
 * ----------
 */

/* No character that terminates a request line, or starts another part of the URI */
static void
check_uri(const char *uri, const char *allowed)
{
	for (const char *p = uri; *p; p++)
		INVARIANT(isalnum((unsigned char) *p) || strchr(allowed, *p) != NULL);
}

static void
check_escape(const char *text)
{
	StringInfoData out;
	const char *p = text;

	initStringInfo(&out);
	clf_uri_append_escaped(&out, text);
	check_uri(out.data, "-._~:%");
	for (const char *e = out.data; *e; p++)
	{
		unsigned int c = (unsigned char) *e;

		if (*e == '%')
			INVARIANT(sscanf(e, "%%%2X", &c) == 1);
		INVARIANT((unsigned char) *p == c);
		e += *e == '%' ? 3 : 1;
	}
	INVARIANT(*p == '\0');
}

/* The details of an id have a path with that id, or none */
static void
check_details(const ClfTable *table, const char *id)
{
	static const char path[] = "/restapi/v1.0/account/~/recording/";
	char	   *uri = clf_details_uri(table, id);

	if (uri == NULL)
		return;
	INVARIANT(strncmp(uri, path, strlen(path)) == 0);
	INVARIANT(uri[strlen(path)] != '\0');
	check_uri(uri + strlen(path), "-._~:%");
	INVARIANT(strcmp(uri + strlen(path), "..") != 0);
}

static void
check_texts(const char *text, const char *end)
{
	static char account[] = "~";
	static char path[] = "/restapi/v1.0/account/~/call-log-extract-sync";
	ClfTable	table = {.account_id = account};
	ClfQuery	query = {.changes = true,.path = path,
	.parameters = "&view=Simple",.since_token = fuzz_line(&text, end)};

	table.resource = clf_find_resource("recordings");
	check_escape(query.since_token);
	check_uri(clf_query_uri(&query, NULL, 1, 100, NULL), "-._~:%/?&=");
	while (text < end)
	{
		char	   *id = fuzz_line(&text, end);

		check_escape(id);
		check_details(&table, id);
	}
}

/* ----------
 * Dates
 * ----------
 */

/* Formatting and parsing a date yields the same date */
static void
check_date(TimestampTz t)
{
	char	   *quoted = psprintf("\"%s\"", clf_time_format(t));
	ClfField	field = {.start = quoted,.length = strlen(quoted),.kind = CLF_KIND_STRING};
	TimestampTz back;

	INVARIANT(clf_field_time(&field, &back));
	INVARIANT(back == t);
}

/* A window extends beyond both bounds, but not beyond now, nor before 1970 */
static void
check_window(TimestampTz lower, TimestampTz upper, TimestampTz now)
{
	static char path[] = "/restapi/v1.0/account/~/call-log";
	Interval	history = {.day = 1000};
	ClfQuery	query = {.windowed = true,.path = path,
		.parameters = "&view=Simple",.lower = lower,
	.upper = upper};
	ClfWindow	window;

	if (lower == DT_NOEND || upper == DT_NOBEGIN)
		return;					/* no request is sent */
	if (!clf_query_window(&query, &history, now, &window))
		return;
	INVARIANT(window.from < window.to);
	INVARIANT(window.from % USECS_PER_SEC == 0);
	INVARIANT(window.to % USECS_PER_SEC == 0);
	INVARIANT(lower == DT_NOBEGIN || lower <= EPOCH || window.from < lower);
	INVARIANT(window.to > Min(upper, now));
	INVARIANT(window.to <= Min(upper, now) + USECS_PER_SEC);
	check_uri(clf_query_uri(&query, &window, 1, 100, NULL), "-._~:%/?&=");
}

static TimestampTz
bound(long long number)
{
	return number < FIRST ? DT_NOBEGIN : number > LAST ? DT_NOEND : number;
}

void
fuzz_input(const char *data, size_t size)
{
	const char *end = data + size;
	long long	lower = 0;
	long long	upper = 0;
	long long	now = 0;

	(void) sscanf(fuzz_line(&data, end), "%lld %lld %lld", &lower, &upper, &now);
	check_window(bound(lower), bound(upper), Max(EPOCH, Min(now, LAST)));
	check_date(Max(FIRST, Min(now, LAST)));
	check_texts(data, end);
}
