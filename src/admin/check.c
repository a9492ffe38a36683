/*-------------------------------------------------------------------------
 *
 * check.c
 *	  call_log_fdw_check: diagnose a foreign server.
 *
 * Each step is a row: connections to the hosts, login, permissions, and
 * behavior of the API that is not documented, checked on the user's own
 * account.  A step that fails returns a row as well, and the next one is
 * executed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "answer/error.h"
#include "answer/json.h"
#include "answer/page.h"
#include "api/time.h"
#include "compat.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "net/budget.h"
#include "net/exchange.h"
#include "shared/activity.h"
#include "shared/clock.h"
#include "shared/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(call_log_fdw_check);

#define CALL_LOG "/restapi/v1.0/account/~/call-log"
#define MY_CALL_LOG "/restapi/v1.0/account/~/extension/~/call-log"
#define MESSAGES "/restapi/v1.0/account/~/extension/~/message-store"
#define DIRECTORY "/restapi/v1.0/account/~/directory/entries"

/* No recording has this id */
#define NO_RECORDING "/restapi/v1.0/account/~/recording/0"

/* Days to search for calls, and maximum number of calls */
#define DAYS 30
#define SAMPLE 100

/* State of the check */
typedef struct Check
{
	MemoryContext cxt;
	const ClfTable *table;
	ClfExchange *api;
	ClfExchange *media;
	ClfActivity *activity;
	ClfFields  *fields;			/* start time of a call */
	TimestampTz newest;			/* start of the newest call; 0: none found */
	ClfHttpResponse last;		/* last response; only its numbers are valid */

	/* of the current step */
	bool		tried;
	const char *advice;			/* hint if the step succeeded with
								 * restrictions */
} Check;

/*
 * A step returns its finding or raises an error; untried() marks a step that
 * could not be executed.
 */
typedef char *(*Step) (Check *check);

static char *
untried(Check *check, const char *why)
{
	check->tried = false;
	return pstrdup(why);
}

/* ----------
 * Requests
 * ----------
 */

/* Send a GET request; any status but 200 is an error */
static ClfHttpResponse
send_get(ClfExchange *exchange, const Check *check, const char *label,
		 const char *path)
{
	ClfHttpRequest request = {0};
	ClfHttpResponse response;

	request.url = psprintf("%s%s", check->table->server->base_url, path);
	request.label = label;
	clf_exchange_get(exchange, &request, CurrentMemoryContext, &response);
	if (response.status != 200)
		clf_report_status(&response, clf_exchange_info(exchange));
	return response;
}

/* List the calls of a time range, at most "count" */
static ClfHttpResponse
list_calls(Check *check, const char *path, TimestampTz from, TimestampTz to,
		   int count)
{
	check->last = send_get(check->api, check, "GET call-log",
						   psprintf("%s?view=Simple&dateFrom=%s&dateTo=%s"
									"&page=1&perPage=%d", path,
									clf_time_format(from),
									clf_time_format(to), count));
	return check->last;
}

/* The same, parsed */
static ClfPage *
read_calls(Check *check, const char *path, TimestampTz from, TimestampTz to,
		   int count)
{
	ClfHttpResponse response = list_calls(check, path, from, to, count);
	const char *error;
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, check->fields,
									  response.body, response.length,
									  check->table->resource, &error);

	if (page == NULL)
		clf_report_bad_answer(error, &response);
	return page;
}

/* Send a GET request for another resource, which may have its own request limit */
static ClfHttpResponse
request_resource(const Check *check, const char *resource, const char *path)
{
	MemoryContext old = MemoryContextSwitchTo(check->cxt);
	ClfTable   *table = palloc(sizeof(ClfTable));
	ClfExchange *exchange;

	*table = *check->table;
	table->resource = clf_find_resource(resource);
	exchange = clf_exchange_create(check->cxt, table, table->server->base_url,
								   GetUserId(), check->activity);
	MemoryContextSwitchTo(old);
	return send_get(exchange, check, psprintf("GET %s", resource), path);
}

/* Start time of call n of the page; false if missing */
static bool
start_of_call(ClfPage *page, int n, TimestampTz *start)
{
	return clf_field_time(clf_page_record(page, n), start);
}

/* Request the API's versions from a host, which needs no login */
static ClfHttpResponse
request_versions(ClfExchange *exchange)
{
	ClfHttpResponse response;
	const char *detail;
	ClfTransport how = clf_exchange_get_versions(exchange, &response, &detail);

	if (how != CLF_TRANSPORT_OK)
		clf_report_transport(how, detail, clf_exchange_info(exchange));
	return response;
}

/* ----------
 * Steps
 * ----------
 */

static char *
check_api_host(Check *check)
{
	ClfHttpResponse response = request_versions(check->api);
	ClfJson    *versions;
	char	   *version;

	if (response.status != 200)
		clf_report_status(&response, clf_exchange_info(check->api));
	versions = clf_json_parse(CurrentMemoryContext, response.body,
							  response.length);
	version = clf_json_get_text(versions, "apiVersions.0.versionString");
	if (version == NULL)
		clf_report_bad_answer("it contains no version of the API", &response);
	return psprintf("reachable, version %s of the API",
					clf_to_server_encoding(version, strlen(version)));
}

static char *
check_clock(Check *check)
{
	double		ahead = (clf_clock_now(check->table->server->base_url) -
						 GetCurrentTimestamp()) / (double) USECS_PER_SEC;

	if (!clf_clock_known(check->table->server->base_url))
		return untried(check, "the time of the API is not known");
	return psprintf("the API's clock is ahead of the local one by %.0f s; "
					"scans use the API's clock", ahead);
}

static char *
check_login(Check *check)
{
	const ClfPrincipal *principal;

	clf_exchange_login(check->api);
	principal = clf_token_principal(clf_exchange_token(check->api));
	if (principal->owner[0] == '\0')
		return untried(check, "none: the user mapping has an access_token");
	return psprintf("as RingCentral user %s, by app %s",
					clf_to_server_encoding(principal->owner,
										   strlen(principal->owner)),
					clf_to_server_encoding(principal->client_id,
										   strlen(principal->client_id)));
}

static char *
check_permissions(Check *check)
{
	const char *scope;

	clf_exchange_login(check->api);
	scope = clf_token_scope(clf_exchange_token(check->api));
	if (scope[0] == '\0')
		return untried(check, "known only after a login");
	return psprintf("the app has: %s", clf_to_server_encoding(scope,
															  strlen(scope)));
}

/* Also sets the start time of the newest call */
static char *
check_account_calls(Check *check)
{
	TimestampTz now = clf_clock_now(check->table->server->base_url);
	ClfPage    *page = read_calls(check, CALL_LOG, now - DAYS * USECS_PER_DAY,
								  now, SAMPLE);
	int			n = clf_page_length(page);
	TimestampTz previous = DT_NOEND;
	TimestampTz start;
	bool		sorted = true;

	for (int i = 0; i < n && start_of_call(page, i, &start); i++)
	{
		sorted &= start <= previous;
		previous = start;
		if (i == 0)
			check->newest = start;
	}
	return psprintf("readable; %s%d in the last %d days, %s",
					n == SAMPLE ? "at least " : "", n, DAYS,
					sorted ? "newest first" : "NOT newest first");
}

static char *
check_extension_calls(Check *check)
{
	TimestampTz now = clf_clock_now(check->table->server->base_url);

	(void) read_calls(check, MY_CALL_LOG, now - DAYS * USECS_PER_DAY, now,
					  1);
	return pstrdup("readable");
}

/* Is it an error of the API, not of a gateway? */
static bool
has_error_code(const ClfHttpResponse *response)
{
	ClfJson    *error = clf_json_parse(CurrentMemoryContext, response->body,
									   response->length);

	return clf_json_get_text(error, "errorCode") != NULL;
}

/*
 * A recording that does not exist yields "not found" unless access is denied
 */
static char *
check_recordings(Check *check)
{
	ClfHttpRequest request = {0};
	ClfHttpResponse response;

	request.url = psprintf("%s" NO_RECORDING, check->table->server->base_url);
	request.label = "GET " NO_RECORDING;
	request.may_be_missing = true;
	clf_exchange_get(check->api, &request, CurrentMemoryContext, &response);
	if (response.status == 404 && has_error_code(&response))
		return pstrdup("readable");
	clf_report_status(&response, clf_exchange_info(check->api));
}

static char *
check_extensions(Check *check)
{
	ClfHttpResponse response = request_resource(check, "extensions",
												DIRECTORY "?showFederated=false&page=1&perPage=1");
	ClfJson    *answer = clf_json_parse(CurrentMemoryContext, response.body,
										response.length);
	char	   *count = clf_json_get_text(answer, "paging.totalElements");

	return psprintf("readable; %s in total", count ?
					clf_to_server_encoding(count, strlen(count)) :
					"an unknown number");
}

static char *
check_messages(Check *check)
{
	TimestampTz now = clf_clock_now(check->table->server->base_url);

	(void) request_resource(check, "messages",
							psprintf(MESSAGES "?availability=Alive&dateFrom=%s&dateTo=%s"
									 "&page=1&perPage=1",
									 clf_time_format(now - DAYS * USECS_PER_DAY),
									 clf_time_format(now)));
	return pstrdup("readable");
}

static char *
check_media_host(Check *check)
{
	(void) request_versions(check->media);	/* the status does not matter */
	return pstrdup("reachable");
}

/* For information only */
static char *
check_bounds(Check *check)
{
	TimestampTz start = check->newest;

	if (start == 0)
		return untried(check, "no call found to test it with");
	if (clf_page_length(read_calls(check, CALL_LOG, start, start, 1)) > 0)
		return pstrdup("dateFrom and dateTo are inclusive");
	return pstrdup("dateFrom and dateTo are not both inclusive; scans extend "
				   "their range by a second on both sides");
}

static char *
check_page_size(Check *check)
{
	TimestampTz now = clf_clock_now(check->table->server->base_url);
	ClfHttpResponse response;
	ClfJson    *answer;
	char	   *size;

	response = list_calls(check, CALL_LOG, now - USECS_PER_HOUR, now,
						  check->table->page_size);
	answer = clf_json_parse(CurrentMemoryContext, response.body,
							response.length);
	size = clf_json_get_text(answer, "paging.perPage");
	return psprintf("%d records per page were requested, the response has %s",
					check->table->page_size, size ? size : "nothing");
}

/* Rate limit of the last response */
static char *
check_limit(Check *check)
{
	const ClfHttpResponse *last = &check->last;

	if (last->status != 200 || last->rate_limit < 0)
		return untried(check, "not in the responses");
	return psprintf("%d of %d requests remaining in a window of %d seconds",
					last->rate_remaining, last->rate_limit, last->rate_window);
}

/* Last, when the budget is known */
static char *
check_shared_memory(Check *check)
{
	if (!clf_shmem_by_cluster())
	{
		check->advice = CLF_PRELOAD_HINT;
		return pstrdup("this session does not share its login and its request "
					   "limit");
	}
	if (clf_budget_local(0) != NULL)
		return untried(check, "no shared entry is available: this session "
					   "has a request limit of its own");
	return pstrdup("sessions share logins and request limits");
}

static const struct
{
	const char *name;
	Step		step;
	bool		needs_login;	/* do not repeat a failed login */
}			steps[] = {
	{"API host", check_api_host, false},
	{"clock", check_clock, false},
	{"media host", check_media_host, false},
	{"login", check_login, false},
	{"permissions", check_permissions, true},
	{"calls of the account", check_account_calls, true},
	{"calls of the extension", check_extension_calls, true},
	{"recordings", check_recordings, true},
	{"extensions", check_extensions, true},
	{"messages", check_messages, true},
	{"bounds of a range", check_bounds, true},
	{"page size", check_page_size, true},
	{"request limit", check_limit, true},
	{"shared memory", check_shared_memory, false},
};

/* ----------
 * SQL function
 * ----------
 */

/* Run a step in a subtransaction, so that its resources are released */
static char *
try_step(Check *check, Step step, ErrorData **error)
{
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext cxt = CurrentMemoryContext;
	char	   *volatile found = NULL;

	*error = NULL;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		found = step(check);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		*error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	if (*error && ERRCODE_TO_CATEGORY((*error)->sqlerrcode) ==
		ERRCODE_OPERATOR_INTERVENTION)
		ReThrowError(*error);
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return found;
}

/* Return the row of a step; found is NULL if it was skipped without a login */
static void
put_step(FunctionCallInfo fcinfo, const Check *check, const char *name,
		 const char *found, const ErrorData *error)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *hint = error ? error->hint : check->advice;
	Datum		values[4] = {0};
	bool		nulls[4] = {false};

	Assert(rsinfo->setDesc->natts == lengthof(values));
	if (error)
		found = error->detail ? psprintf("%s: %s", error->message,
										 error->detail) : error->message;
	values[0] = CStringGetTextDatum(name);
	values[1] = BoolGetDatum(error == NULL && check->advice == NULL);
	nulls[1] = !check->tried;
	values[2] = CStringGetTextDatum(found ? found : "not tried without a login");
	nulls[3] = hint == NULL;
	if (hint)
		values[3] = CStringGetTextDatum(hint);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Run all steps; those that need a login only if it succeeded */
static void
run_steps(FunctionCallInfo fcinfo, Check *check)
{
	bool		logged_in = true;

	for (size_t i = 0; i < lengthof(steps); i++)
	{
		ErrorData  *error = NULL;
		char	   *found = NULL;

		check->tried = logged_in || !steps[i].needs_login;
		check->advice = NULL;
		if (check->tried)
			found = try_step(check, steps[i].step, &error);
		if (steps[i].step == check_login)
			logged_in = error == NULL;
		put_step(fcinfo, check, steps[i].name, found, error);
	}
}

/*
 * call_log_fdw_check
 *		Returns rows of step, ok (NULL: not tried), finding, hint.  Requires
 *		USAGE on the server, and uses the caller's user mapping.
 */
Datum
call_log_fdw_check(PG_FUNCTION_ARGS)
{
	char	   *name = NameStr(*PG_GETARG_NAME(0));
	ForeignServer *server = GetForeignServerByName(name, false);
	Check		check = {0};

	clf_check_server_usable(server->serverid);
	InitMaterializedSRF(fcinfo, 0);
	check.cxt = AllocSetContextCreate(CurrentMemoryContext, "call_log_fdw check",
									  ALLOCSET_DEFAULT_SIZES);
	check.table = clf_get_server_table(server->serverid);
	check.fields = clf_fields_create();
	(void) clf_fields_add(check.fields, "startTime");
	check.activity = clf_activity_begin(check.cxt, check.table);
	check.api = clf_exchange_create(check.cxt, check.table,
									check.table->server->base_url, GetUserId(),
									check.activity);
	check.media = clf_exchange_create(check.cxt, check.table,
									  check.table->server->media_url, GetUserId(),
									  check.activity);
	run_steps(fcinfo, &check);
	MemoryContextDelete(check.cxt);
	return (Datum) 0;
}
