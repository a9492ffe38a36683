/*-------------------------------------------------------------------------
 *
 * token.c
 *	  OAuth: obtain, keep and renew access tokens.
 *
 * A login costs one of few requests of the group "auth", and RingCentral ends
 * the oldest session of a user who has too many, so a token is kept for the
 * whole life of the backend and used until shortly before it expires.
 * https://developers.ringcentral.com/guide/authentication/jwt-flow
 *
 * A change of the user mapping or the server takes effect at once: syscache
 * invalidation empties the entry.
 *
 *-------------------------------------------------------------------------
 */
#include "token.h"

#include "budget.h"
#include "foreign/foreign.h"
#include "json.h"
#include "request.h"
#include "retry.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define TOKEN_PATH "/restapi/oauth/token"
#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"

/* A token is renewed this early, so that no request arrives with a dead one */
#define RENEW_BEFORE_MS 60000

/* What expires_in is when the answer does not say, or nonsense, in seconds */
#define DEFAULT_EXPIRES_IN 3600

/* The token of one user mapping; lives as long as the backend */
struct ClfToken
{
	Oid			umid;
	uint32		mapping_hash;	/* of the syscache entries it was made from */
	uint32		server_hash;
	bool		by_login;		/* else the mapping's own access_token */
	char	   *value;			/* NULL: none at present */
	int			generation;		/* counts the values that there were */
	char	   *base_url;		/* where it may be sent */
	char	   *account;		/* key of its budgets */
	TimestampTz renew_at;		/* by the local clock */
	ClfToken   *next;
};

static ClfToken *tokens = NULL;

/* Forget the value, in memory as well */
static void
wipe(ClfToken *token)
{
	if (token->value == NULL)
		return;
	explicit_bzero(token->value, strlen(token->value));
	pfree(token->value);
	token->value = NULL;
}

/* A user mapping or server changed: hash 0 means any */
static void
on_syscache_change(Datum arg, int cacheid, uint32 hash)
{
	(void) arg;
	for (ClfToken *token = tokens; token != NULL; token = token->next)
	{
		if (hash == 0 ||
			hash == (cacheid == USERMAPPINGOID ? token->mapping_hash :
					 token->server_hash))
			wipe(token);
	}
}

/*
 * clf_token_init
 *		Called once, when the library is loaded.
 */
void
clf_token_init(void)
{
	CacheRegisterSyscacheCallback(USERMAPPINGOID, on_syscache_change,
								  (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_syscache_change,
								  (Datum) 0);
}

static ClfToken *
find_token(Oid umid, Oid serverid)
{
	ClfToken   *token;

	for (token = tokens; token != NULL; token = token->next)
	{
		if (token->umid == umid)
			return token;
	}
	token = MemoryContextAllocZero(TopMemoryContext, sizeof(ClfToken));
	token->umid = umid;
	token->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID,
												ObjectIdGetDatum(umid));
	token->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID,
											   ObjectIdGetDatum(serverid));
	token->next = tokens;
	tokens = token;
	return token;
}

/* Replace a string that lives as long as the backend */
static void
set_text(char **text, const char *value)
{
	if (*text)
		pfree(*text);
	*text = MemoryContextStrdup(TopMemoryContext, value);
}

/* valid_ms: how long the value is good for; 0: nobody knows */
static void
set_token(ClfToken *token, const ClfOptions *options, const char *value,
		  int64 valid_ms)
{
	wipe(token);
	token->value = MemoryContextStrdup(TopMemoryContext, value);
	token->generation++;
	set_text(&token->base_url, options->base_url);
	token->by_login = valid_ms > 0;
	token->renew_at = DT_NOEND;
	if (token->by_login)
		token->renew_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													  valid_ms);
}

/* A login under way */
typedef struct Login
{
	const ClfOptions *options;
	const ClfCredentials *credentials;
	ClfSecrets	secrets;
	ClfRetry	retry;
} Login;

static void
login_error_context(void *arg)
{
	const Login *login = arg;

	errcontext("logging in at %s", login->options->base_url);
	clf_retry_context(&login->retry);
}

/* The request for a login */
static ClfRequest
login_request(const ClfOptions *options, const ClfCredentials *credentials)
{
	ClfRequest	request = {0};
	StringInfoData form;

	initStringInfo(&form);
	appendStringInfoString(&form, "grant_type=");
	clf_append_escaped(&form, GRANT_TYPE);
	appendStringInfoString(&form, "&assertion=");
	clf_append_escaped(&form, credentials->jwt);

	request.url = psprintf("%s" TOKEN_PATH, options->base_url);
	request.username = credentials->client_id;
	request.password = credentials->client_secret;
	request.form = form.data;
	return request;
}

/* Post the login and wait for the answer */
static void
send_login(Login *login, ClfResponse *response)
{
	const ClfOptions *options = login->options;
	ClfHttp    *http = clf_http_open(CurrentMemoryContext, options,
									 options->base_url);
	ClfBudget  *budget = clf_budget_get(psprintf("%s|%s|", options->base_url,
												 login->credentials->client_id),
										"auth");
	ClfRequest	request = login_request(options, login->credentials);
	ClfTransport how;
	const char *detail;

	do
	{
		clf_budget_wait(budget);
		clf_http_start(http, options, &request);
		clf_http_wait(http);
		how = clf_http_finish(http, CurrentMemoryContext, response, &detail);
		if (how == CLF_TRANSPORT_OK)
			clf_budget_note(budget, response);
	} while (clf_retry(&login->retry, options, how, response));

	if (how != CLF_TRANSPORT_OK)
		clf_report_transport(how, detail);
	if (response->status != 200)
		clf_report_status(response->status, response->body, response->length,
						  response->request_id, &login->secrets);
}

/* Seconds that the token is good for */
static int
get_expires_in(ClfJson *answer)
{
	char	   *text = clf_json_get_text(answer, "expires_in");
	int			seconds = text ? atoi(text) : 0;

	return seconds > 0 ? seconds : DEFAULT_EXPIRES_IN;
}

/* Log in and keep what comes back */
static void
log_in(ClfToken *token, const ClfOptions *options,
	   const ClfCredentials *credentials)
{
	ErrorContextCallback context;
	Login		login = {0};
	ClfResponse response;
	ClfJson    *answer;
	char	   *value;
	char	   *owner;
	int64		valid_ms;

	login.options = options;
	login.credentials = credentials;
	login.secrets.values[0] = credentials->client_secret;
	login.secrets.values[1] = credentials->jwt;
	login.secrets.hide_answer = true;
	context.callback = login_error_context;
	context.arg = &login;
	context.previous = error_context_stack;
	error_context_stack = &context;

	send_login(&login, &response);
	answer = clf_json_parse(CurrentMemoryContext, response.body,
							response.length);
	value = clf_json_get_text(answer, "access_token");
	if (value == NULL || value[0] == '\0')
		clf_report_bad_answer("there is no access_token in it", response.body,
							  response.length, &login.secrets);

	owner = clf_json_get_text(answer, "owner_id");
	valid_ms = get_expires_in(answer) * INT64CONST(1000);
	set_token(token, options, value,
			  valid_ms - Min(RENEW_BEFORE_MS, valid_ms / 10));
	set_text(&token->account, psprintf("%s|%s|%s", options->base_url,
									   credentials->client_id,
									   owner ? owner : ""));
	error_context_stack = context.previous;
}

/*
 * clf_token_get
 *		The token with which this role calls this server, good for a while.
 *		Logs in when there is none, which sends a request.
 *
 * What the token points to is the backend's; it may lose its value at any
 * access to the catalogs.
 */
ClfToken   *
clf_token_get(const ClfOptions *options, Oid userid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "call_log_fdw login",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfCredentials *credentials = clf_get_credentials(userid,
													  options->serverid);
	ClfToken   *token = find_token(credentials->umid, options->serverid);

	if (!clf_token_fresh(token, options) && credentials->access_token)
	{
		set_token(token, options, credentials->access_token, 0);
		set_text(&token->account, psprintf("%s||%u", options->base_url,
										   credentials->umid));
	}
	else if (!clf_token_fresh(token, options))
		log_in(token, options, credentials);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return token;
}

const char *
clf_token_value(const ClfToken *token)
{
	return token->value;
}

/*
 * clf_token_account
 *		The account key for the budget room.
 */
const char *
clf_token_account(const ClfToken *token)
{
	return token->account;
}

/*
 * clf_token_fresh
 *		Is there a value, will it do for another request, and may it be sent to
 *		this server?  A scan that began before an ALTER SERVER still uses the
 *		old URL.
 */
bool
clf_token_fresh(const ClfToken *token, const ClfOptions *options)
{
	return token->value != NULL && GetCurrentTimestamp() < token->renew_at &&
		strcmp(token->base_url, options->base_url) == 0;
}

/*
 * clf_token_generation
 *		Tells one value of the token from the next.
 */
int
clf_token_generation(const ClfToken *token)
{
	return token->generation;
}

/*
 * clf_token_discard
 *		The API refused the value of that generation.  True when another one
 *		may help.
 */
bool
clf_token_discard(ClfToken *token, int generation)
{
	if (token->value == NULL || token->generation != generation)
		return true;
	if (!token->by_login)
		return false;
	wipe(token);
	return true;
}
