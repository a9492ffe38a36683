/*-------------------------------------------------------------------------
 *
 * token.c
 *	  OAuth: obtain, cache and renew access tokens.
 *
 * Logins have a low rate limit, and RingCentral ends the oldest session of a
 * user who has too many.  Therefore one login serves all backends with the
 * same credentials, until shortly before its token expires.  While a backend
 * logs in, other backends that need the token wait for it.
 * https://developers.ringcentral.com/guide/authentication/jwt-flow
 *
 * The key of the shared table of tokens is a hash of URL and credentials, so
 * that a backend can only find tokens whose credentials it has.  Each backend
 * caches the tokens that it uses.
 *
 * A change of the user mapping or the server takes effect at once: syscache
 * invalidation drops the cached tokens and the shared entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "answer/error.h"
#include "answer/field.h"
#include "api/uri.h"
#include "catalog/pg_user_mapping.h"
#include "catalog/secret.h"
#include "compat.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "net/attempt.h"
#include "net/token.h"
#include "shared/shmem.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define TOKEN_PATH "/restapi/oauth/token"
#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"

/* Renew a token this long before it expires */
#define RENEW_BEFORE_MS 60000

/* Default of expires_in if missing or invalid, in seconds */
#define DEFAULT_EXPIRES_IN 3600

/* Maximum size of the response to a login: a token and a few short texts */
#define MAX_ANSWER 65535

/* Size of a login's form without the jwt, in bytes */
#define FORM_OVERHEAD 256

/*
 * Interval of checks whether the backend that logs in is alive, in
 * milliseconds
 */
#define LOGIN_CHECK_INTERVAL 500

/* Minimum wait for which a NOTICE is raised */
#define NOTICE_AFTER USECS_PER_SEC

/* The token of one user mapping; lives as long as the backend */
struct ClfToken
{
	Oid			umid;
	Oid			role;			/* that used it last */
	uint32		mapping_hash;	/* of the syscache entries it depends on */
	uint32		server_hash;
	bool		by_login;		/* else the mapping's own access_token */
	ClfKey		key;			/* of the shared entry, if by_login */
	char	   *value;			/* NULL: none */
	uint64		generation;		/* changes with the value */
	char	   *base_url;		/* server that it may be sent to */
	ClfPrincipal principal;		/* for the budget of its requests */
	char		scope[CLF_MAX_MESSAGE]; /* permissions of the app; "": unknown */
	TimestampTz renew_at;		/* by the local clock */
	ClfToken   *next;
};

/* A login in progress */
typedef struct Login
{
	const ClfServer *server;
	const ClfCredentials *credentials;
	Oid			role;			/* that the budget entry is charged to */
	ClfRequestInfo info;
	ClfAttempt	attempt;
} Login;

/* Argument of end_login */
typedef struct SharedLogin
{
	const ClfKey *key;
	MemoryContext cxt;
} SharedLogin;

/* State of the shared entry, or the result of a login */
typedef struct Obtained
{
	char		token[CLF_MAX_TOKEN_LENGTH];
	char		owner[CLF_MAX_TEXT];
	char		scope[CLF_MAX_MESSAGE];
	uint64		generation;
	TimestampTz renew_at;
	bool		in_progress;	/* no token, but another backend logs in */
	uint64		failures;		/* of logins, and the last one */
	ClfFailure	failure;
} Obtained;

static ClfToken *tokens = NULL;

/* Logins that this backend has sent */
static int64 logins = 0;

/* ----------
 * The shared table; the caller holds the lock
 * ----------
 */

/* Find the entry, or NULL; also wipes expired tokens */
static ClfTokenEntry *
find_token_entry(ClfShared *shared, const ClfKey *key)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfTokenEntry *found = NULL;

	Assert(clf_shmem_is_locked());
	for (int i = 0; i < CLF_MAX_TOKENS; i++)
	{
		ClfTokenEntry *entry = &shared->tokens[i];

		if (entry->head.used_at == 0)
			continue;
		if (entry->renew_at <= now)
			explicit_bzero(entry->token, sizeof(entry->token));
		if (clf_same_key(&entry->key, key))
			found = entry;
	}
	return found;
}

/* Is another backend logging in? */
static bool
login_in_progress(const ClfTokenEntry *entry)
{
	return entry->login_pid != 0 && entry->login_pid != MyProcPid &&
		BackendPidGetProc(entry->login_pid) != NULL;
}

/* Replacement priority of an entry; see ClfClaim */
static ClfClaim
token_claim(const ClfEntryHead *head, TimestampTz now)
{
	const ClfTokenEntry *entry = (const ClfTokenEntry *) head;

	if ((entry->token[0] != '\0' && entry->renew_at > now) ||
		entry->login_pid == MyProcPid || login_in_progress(entry))
		return CLF_CLAIM_IN_USE;
	return entry->generation != 0 ? CLF_CLAIM_IDLE : CLF_CLAIM_UNPROVEN;
}

/* Find or create the entry of a token; NULL if none can be allocated */
static ClfTokenEntry *
get_token_entry(ClfShared *shared, const ClfToken *token)
{
	ClfTokenEntry *entry = find_token_entry(shared, &token->key);

	if (entry == NULL)
	{
		entry = clf_shmem_choose(shared->tokens, sizeof(ClfTokenEntry),
								 CLF_MAX_TOKENS, token->role, token_claim);
		if (entry == NULL)
			return NULL;
		explicit_bzero(entry, sizeof(ClfTokenEntry));
		entry->head.role = token->role;
		entry->key = token->key;
	}
	entry->head.used_at = GetCurrentTimestamp();
	return entry;
}

/* Drop the shared tokens of a user mapping or server that changed */
static void
drop_shared_of(int cacheid, uint32 hash)
{
	ClfShared  *shared = clf_shmem_lock();

	for (int i = 0; i < CLF_MAX_TOKENS; i++)
	{
		ClfTokenEntry *entry = &shared->tokens[i];

		if (entry->database == MyDatabaseId &&
			hash == (cacheid == USERMAPPINGOID ? entry->mapping_hash :
					 entry->server_hash))
			explicit_bzero(entry->token, sizeof(entry->token));
	}
	clf_shmem_unlock();
}

/* Drop the shared token if its generation is still the same */
static void
drop_shared(const ClfToken *token)
{
	ClfTokenEntry *entry = find_token_entry(clf_shmem_lock(), &token->key);

	if (entry && entry->generation == token->generation)
		explicit_bzero(entry->token, sizeof(entry->token));
	clf_shmem_unlock();
}

/* ----------
 * The backend's cache
 * ----------
 */

/* Drop the value and wipe its memory */
static void
wipe(ClfToken *token)
{
	if (token->value == NULL)
		return;
	explicit_bzero(token->value, strlen(token->value));
	pfree(token->value);
	token->value = NULL;
}

/*
 * A user mapping or server changed; hash 0 means any.  Shared tokens are
 * dropped by the backend that made the change, which is recognized by its
 * transaction id.  Other backends may process the invalidation long after a
 * new login, and must not drop its token.
 */
static void
on_syscache_change(Datum arg, int cacheid, uint32 hash)
{
	if (hash != 0 && clf_shmem_attached() &&
		TransactionIdIsValid(GetTopTransactionIdIfAny()))
		drop_shared_of(cacheid, hash);
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

/*
 * Set the value.  If out of memory, the token has no value but is consistent.
 */
static void
set_value(ClfToken *token, const ClfServer *server, const char *value)
{
	char	   *old = token->base_url;

	wipe(token);
	token->base_url = MemoryContextStrdup(TopMemoryContext, server->base_url);
	if (old)
		pfree(old);
	token->value = MemoryContextStrdup(TopMemoryContext, value);
}

/* Copy a UTF-8 text, truncated at a character boundary */
static void
clip(char *copy, size_t size, const char *text)
{
	int			length = (int) strlen(text);

	if (length >= (int) size)
		length = pg_encoding_mbcliplen(PG_UTF8, text, length, (int) size - 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
}

/*
 * Set the principal: its key is the hash of the texts; client_id and owner are
 * for display.  They are stored in UTF-8, as databases of any encoding show
 * them.
 */
static void
set_principal(ClfPrincipal *principal, const char *const *texts, int ntexts,
			  const ClfServer *server, const char *client_id,
			  const char *owner)
{
	principal->key = clf_shmem_key(texts, ntexts);
	strlcpy(principal->base_url, server->base_url, CLF_MAX_TEXT);
	clip(principal->client_id, CLF_MAX_TEXT,
		 pg_server_to_any(client_id, (int) strlen(client_id), PG_UTF8));
	clip(principal->owner, CLF_MAX_TEXT, owner);
}

/* Cache a token obtained by a login */
static void
use_obtained(ClfToken *token, const ClfServer *server,
			 const ClfCredentials *credentials, const Obtained *obtained)
{
	const char *texts[3];

	texts[0] = server->base_url;
	texts[1] = credentials->client_id;
	texts[2] = obtained->owner;
	set_value(token, server, obtained->token);
	set_principal(&token->principal, texts, 3, server, credentials->client_id,
				  obtained->owner);
	strlcpy(token->scope, obtained->scope, sizeof(token->scope));
	token->by_login = true;
	token->generation = obtained->generation;
	token->renew_at = obtained->renew_at;
}

/* Cache the access_token of a user mapping, whose owner is unknown */
static void
use_static(ClfToken *token, const ClfServer *server, const char *value)
{
	const char *texts[2];

	texts[0] = server->base_url;
	texts[1] = value;
	set_value(token, server, value);
	set_principal(&token->principal, texts, 2, server, "", "");
	token->scope[0] = '\0';
	token->by_login = false;
	token->generation++;
	token->renew_at = DT_NOEND;
}

/* ----------
 * Logging in
 * ----------
 */

static void
login_error_context(void *arg)
{
	const Login *login = arg;

	errcontext("logging in at %s", login->server->base_url);
	clf_retry_context(&login->attempt.retry);
}

/*
 * Build a login request.  The form is allocated in memory that is wiped, at
 * its full size: enlarging it would leave copies behind.
 */
static ClfHttpRequest
login_request(const ClfServer *server, const ClfCredentials *credentials)
{
	ClfHttpRequest request = {0};
	StringInfoData form;

	form.maxlen = (int) (3 * strlen(credentials->jwt) + FORM_OVERHEAD);
	form.data = clf_secret_alloc(form.maxlen);
	resetStringInfo(&form);
	appendStringInfoString(&form, "grant_type=");
	clf_uri_append_escaped(&form, GRANT_TYPE);
	appendStringInfoString(&form, "&assertion=");
	clf_uri_append_escaped(&form, credentials->jwt);

	request.url = psprintf("%s" TOKEN_PATH, server->base_url);
	request.username = credentials->client_id;
	request.password = credentials->client_secret;
	request.form = form.data;
	request.limit = MAX_ANSWER;
	return request;
}

/* The budget of logins; the principal is identified by the jwt */
static ClfBudget *
login_budget(const Login *login)
{
	const ClfCredentials *credentials = login->credentials;
	const char *texts[3];
	ClfPrincipal principal = {0};

	texts[0] = login->server->base_url;
	texts[1] = credentials->client_id;
	texts[2] = credentials->jwt;
	set_principal(&principal, texts, 3, login->server, credentials->client_id,
				  "");
	principal.role = login->role;
	return clf_budget_get(&principal, TOKEN_PATH, "auth");
}

/* Post the login and wait for the response */
static void
send_login(Login *login, ClfHttpResponse *response)
{
	ClfAttempt *attempt = &login->attempt;
	ClfHttpRequest request = login_request(login->server, login->credentials);
	ClfTransport how;

	attempt->server = login->server;
	attempt->base_url = login->server->base_url;
	attempt->label = "POST " TOKEN_PATH;
	attempt->http = clf_http_open(CurrentMemoryContext, login->server,
								  login->server->base_url);
	attempt->budget = login_budget(login);
	do
	{
		clf_attempt_take_slot(attempt);
		logins++;
		clf_attempt_start(attempt, &request);
		how = clf_attempt_finish(attempt, CurrentMemoryContext, response);
	} while (clf_attempt_again(attempt, how, response));

	if (how == CLF_TRANSPORT_TOO_LARGE)
		clf_report_bad_answer("it is too long for a login", response);
	if (how != CLF_TRANSPORT_OK)
		clf_report_transport(how, attempt->detail, &login->info);
	if (response->status != 200)
		clf_report_status(response, &login->info);
}

/* Lifetime of the token, in seconds */
static int
get_expires_in(const ClfField *field)
{
	int			seconds = field->start ? atoi(clf_field_cstring(field)) : 0;

	return seconds > 0 ? seconds : DEFAULT_EXPIRES_IN;
}

/* Is the token valid in a header? A line end would start another header. */
static bool
is_sendable(const char *token)
{
	for (const char *p = token; *p; p++)
	{
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return true;
}

/* Copy the text of a field, "" if missing; false if too long */
static bool
copy_token(const ClfField *field, char *copy, size_t size)
{
	size_t		length = 0;
	const char *text = field->start ? clf_field_text(field, &length) : "";
	bool		fits = length < size;

	if (fits)
		memcpy(copy, text, length);
	if (field->escaped)
		explicit_bzero(unconstify(char *, text), length);	/* a palloc'd copy */
	return fits;
}

/*
 * Read the response to a login.  Fields are read in place, as a JSON tree
 * would be another copy of the token.
 */
static void
read_answer(const ClfHttpResponse *response, Obtained *obtained)
{
	static const char *const names[] = {
		"access_token", "owner_id", "scope", "expires_in"
	};
	ClfFields  *fields = clf_fields_create();
	ClfField	values[lengthof(names)];
	char	   *owner;
	char	   *scope;
	int64		valid_ms;

	for (size_t i = 0; i < lengthof(names); i++)
		(void) clf_fields_add(fields, names[i]);
	if (!clf_fields_pick_all(fields, response->body, response->length, values))
		clf_report_bad_answer("it has no access_token", response);
	if (!copy_token(&values[0], obtained->token, sizeof(obtained->token)))
		clf_report_bad_answer("its access_token is too long", response);
	if (obtained->token[0] == '\0')
		clf_report_bad_answer("it has no access_token", response);
	if (!is_sendable(obtained->token))
		clf_report_bad_answer("its access_token contains invalid "
							  "characters", response);
	owner = clf_field_cstring(&values[1]);
	scope = clf_field_cstring(&values[2]);
	clip(obtained->owner, sizeof(obtained->owner), owner ? owner : "");
	clip(obtained->scope, sizeof(obtained->scope), scope ? scope : "");

	valid_ms = get_expires_in(&values[3]) * INT64CONST(1000);
	valid_ms -= Min(RENEW_BEFORE_MS, valid_ms / 10);
	obtained->renew_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													 valid_ms);
}

/* Log in */
static void
log_in(const ClfToken *token, const ClfServer *server,
	   const ClfCredentials *credentials, Obtained *obtained)
{
	ErrorContextCallback context;
	Login		login = {0};
	ClfHttpResponse response;

	login.server = server;
	login.credentials = credentials;
	login.role = token->role;
	login.info.target = CLF_TARGET_LOGIN;
	clf_add_secret(&login.info, credentials->client_secret);
	clf_add_secret(&login.info, credentials->jwt);
	context.callback = login_error_context;
	context.arg = &login;
	context.previous = error_context_stack;
	error_context_stack = &context;

	send_login(&login, &response);
	read_answer(&response, obtained);
	error_context_stack = context.previous;
}

/* ----------
 * Sharing a login
 * ----------
 */

/*
 * Copy the shared token.  If there is none, return false, and unless another
 * backend is logging in, register this one as doing so.
 */
static bool
take_shared(const ClfToken *token, Obtained *obtained)
{
	ClfTokenEntry *entry = get_token_entry(clf_shmem_lock(), token);
	bool		there = entry && entry->token[0] != '\0';

	obtained->in_progress = entry && !there && login_in_progress(entry);
	obtained->failures = 0;
	if (entry)
	{
		entry->database = MyDatabaseId;
		entry->mapping_hash = token->mapping_hash;
		entry->server_hash = token->server_hash;
		obtained->failures = entry->failures;
		obtained->failure = entry->failure;
		if (!there && !obtained->in_progress)
			entry->login_pid = MyProcPid;
	}
	if (there)
	{
		memcpy(obtained->token, entry->token, sizeof(obtained->token));
		memcpy(obtained->owner, entry->owner, sizeof(obtained->owner));
		memcpy(obtained->scope, entry->scope, sizeof(obtained->scope));
		obtained->generation = entry->generation;
		obtained->renew_at = entry->renew_at;
	}
	clf_shmem_unlock();
	return there;
}

/*
 * Raise the error of another backend's login, as this one would fail the same
 * way
 */
static void
report_shared_failure(const ClfFailure *failure)
{
	ereport(ERROR,
			(errcode(failure->sqlstate), errmsg("%s", failure->message),
			 failure->detail[0] ? errdetail_internal("%s", failure->detail) : 0,
			 failure->hint[0] ? errhint("%s", failure->hint) : 0,
			 errcontext("waiting for another session's login")));
}

/* Store an error text for other backends, whose encoding may differ */
static void
keep_text(char *copy, size_t size, const char *text)
{
	strlcpy(copy, text ? text : "", size);
	for (char *p = copy; *p; p++)
	{
		if (IS_HIGHBIT_SET(*p))
			*p = '?';
	}
}

/* End this backend's login without a token; error may be NULL */
static void
share_failure(const ClfKey *key, const ErrorData *error)
{
	ClfShared  *shared = clf_shmem_lock();
	ClfTokenEntry *entry = find_token_entry(shared, key);

	if (entry)
		entry->login_pid = 0;
	if (entry && error)
	{
		entry->failures++;
		entry->failure.sqlstate = error->sqlerrcode;
		keep_text(entry->failure.message, CLF_MAX_MESSAGE, error->message);
		keep_text(entry->failure.detail, CLF_MAX_MESSAGE, error->detail);
		keep_text(entry->failure.hint, CLF_MAX_MESSAGE, error->hint);
	}
	clf_shmem_unlock();
	ConditionVariableBroadcast(&shared->login_ended);
}

static void
share_token(const ClfKey *key, Obtained *obtained)
{
	ClfShared  *shared = clf_shmem_lock();
	ClfTokenEntry *entry = find_token_entry(shared, key);

	obtained->generation = ++shared->last_id;
	if (entry)
	{
		entry->login_pid = 0;
		entry->generation = obtained->generation;
		entry->renew_at = obtained->renew_at;
		memcpy(entry->owner, obtained->owner, sizeof(entry->owner));
		memcpy(entry->scope, obtained->scope, sizeof(entry->scope));
		memcpy(entry->token, obtained->token, sizeof(entry->token));
	}
	clf_shmem_unlock();
	ConditionVariableBroadcast(&shared->login_ended);
}

/*
 * Cleanup after a login that ended without a token: by an error, or by the
 * exit of the backend if code is not 0.  A cancel is not a failure for the
 * waiters.
 */
static void
end_login(int code, Datum arg)
{
	const SharedLogin *login = (const SharedLogin *) DatumGetPointer(arg);
	MemoryContext old = MemoryContextSwitchTo(login->cxt);
	ErrorData  *error = code == 0 ? CopyErrorData() : NULL;
	bool		failed;

	failed = error && ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_OPERATOR_INTERVENTION;
	share_failure(login->key, failed ? error : NULL);
	MemoryContextSwitchTo(old);
}

static void
log_in_and_share(const ClfToken *token, const ClfServer *server,
				 const ClfCredentials *credentials, Obtained *obtained)
{
	SharedLogin login;

	login.key = &token->key;
	login.cxt = CurrentMemoryContext;
	PG_ENSURE_ERROR_CLEANUP(end_login, PointerGetDatum(&login));
	{
		log_in(token, server, credentials, obtained);
	}
	PG_END_ENSURE_ERROR_CLEANUP(end_login, PointerGetDatum(&login));
	share_token(&token->key, obtained);
}

/*
 * Wait for another backend's login, checking for interrupts; true if it
 * succeeded
 */
static bool
wait_for_login(const ClfToken *token, Obtained *obtained)
{
	static uint32 wait_event = 0;
	TimestampTz notice_at = GetCurrentTimestamp() + NOTICE_AFTER;
	ConditionVariable *login_ended = &clf_shmem_lock()->login_ended;
	uint64		failures_before = obtained->failures;
	bool		there;

	clf_shmem_unlock();
	ConditionVariablePrepareToSleep(login_ended);
	while (!(there = take_shared(token, obtained)) && obtained->in_progress)
	{
		(void) ConditionVariableTimedSleep(login_ended, LOGIN_CHECK_INTERVAL,
										   clf_wait_event(&wait_event,
														  "CallLogToken"));
		if (GetCurrentTimestamp() < notice_at)
			continue;
		notice_at = DT_NOEND;
		ereport(NOTICE, (errmsg("waiting for another session's login")));
	}
	ConditionVariableCancelSleep();
	if (!there && obtained->failures != failures_before)
	{
		share_failure(&token->key, NULL);	/* do not log in here */
		report_shared_failure(&obtained->failure);
	}
	return there;
}

static void
obtain(ClfToken *token, const ClfServer *server,
	   ClfCredentials *credentials)
{
	const char *texts[4];
	Obtained   *obtained = clf_secret_alloc(sizeof(Obtained));
	bool		there;

	clf_read_credential_files(credentials);
	texts[0] = server->base_url;
	texts[1] = credentials->client_id;
	texts[2] = credentials->client_secret;
	texts[3] = credentials->jwt;
	token->key = clf_shmem_key(texts, lengthof(texts));

	there = take_shared(token, obtained);
	if (obtained->in_progress)
		there = wait_for_login(token, obtained);
	if (!there)
		log_in_and_share(token, server, credentials, obtained);
	use_obtained(token, server, credentials, obtained);
}

/*
 * clf_token_get
 *		Return the token of this role for this server, valid for a while.
 *		Without one, logs in, which sends a request, or waits for another
 *		backend's login.
 *
 * The token is owned by the backend; any catalog access may drop its value.
 */
ClfToken   *
clf_token_get(const ClfServer *server, Oid userid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "call_log_fdw login",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfCredentials *credentials = clf_get_credentials(userid,
													  server->serverid);
	ClfToken   *token = find_token(credentials->umid, server->serverid);

	token->role = token->principal.role = userid;
	if (!clf_token_fresh(token, server) && credentials->access_token)
		use_static(token, server, credentials->access_token);
	else if (!clf_token_fresh(token, server))
		obtain(token, server, credentials);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return token;
}

/*
 * clf_token_peek
 *		Return the token that this role has used with this server in this
 *		session, or NULL. It may have expired.
 */
const ClfToken *
clf_token_peek(Oid userid, Oid serverid)
{
	Oid			umid = clf_find_user_mapping(userid, serverid);
	const ClfToken *token = tokens;

	while (token != NULL && (token->umid != umid || token->base_url == NULL))
		token = token->next;
	return token;
}

/*
 * clf_token_value
 *		The access token; NULL: none.  Valid until the next catalog access.
 */
const char *
clf_token_value(const ClfToken *token)
{
	return token->value;
}

/*
 * clf_token_umid
 *		The user mapping of the token.
 */
Oid
clf_token_umid(const ClfToken *token)
{
	return token->umid;
}

/*
 * clf_token_principal
 *		The principal of the token, for its budget.
 */
const ClfPrincipal *
clf_token_principal(const ClfToken *token)
{
	return &token->principal;
}

/*
 * clf_token_scope
 *		The permissions of the app, separated by spaces; "" if unknown.
 */
const char *
clf_token_scope(const ClfToken *token)
{
	return token->scope;
}

/*
 * clf_token_fresh
 *		Is there a value that has not expired and may be sent to this server?
 *		A scan that began before an ALTER SERVER still uses the old URL.
 */
bool
clf_token_fresh(const ClfToken *token, const ClfServer *server)
{
	return token->value != NULL && GetCurrentTimestamp() < token->renew_at &&
		strcmp(token->base_url, server->base_url) == 0;
}

/*
 * clf_token_generation
 *		Number that changes with the value of the token.
 */
uint64
clf_token_generation(const ClfToken *token)
{
	return token->generation;
}

/*
 * clf_token_discard
 *		Drop the value of a generation, which the API has refused.  Returns
 *		true if another value can be obtained.
 */
bool
clf_token_discard(ClfToken *token, uint64 generation)
{
	if (token->value == NULL || token->generation != generation)
		return true;
	if (!token->by_login)
		return false;
	drop_shared(token);
	wipe(token);
	return true;
}

/*
 * clf_token_revalidate
 *		Drop the value if another session has replaced or discarded the shared
 *		token.  To be called after a wait.
 */
void
clf_token_revalidate(ClfToken *token)
{
	const ClfTokenEntry *entry;
	bool		gone;

	if (!token->by_login || token->value == NULL)
		return;
	entry = find_token_entry(clf_shmem_lock(), &token->key);
	gone = entry && entry->generation != 0 &&
		(entry->generation != token->generation || entry->token[0] == '\0');
	clf_shmem_unlock();
	if (gone)
		wipe(token);
}

/*
 * clf_token_logins
 *		Number of logins that this backend has sent.
 */
int64
clf_token_logins(void)
{
	return logins;
}

/*
 * May the current role drop the shared token, which makes other sessions log
 * in again?  The token may belong to another role: to the owner of a view, or
 * to a mapping for PUBLIC.
 */
static bool
may_drop_shared(const ClfToken *token)
{
	HeapTuple	tuple = SearchSysCache1(USERMAPPINGOID,
										ObjectIdGetDatum(token->umid));
	Oid			user;

	if (!HeapTupleIsValid(tuple))
		return true;
	user = ((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser;
	ReleaseSysCache(tuple);
	return OidIsValid(user) ? has_privs_of_role(GetUserId(), user) :
		superuser();
}

/*
 * clf_token_forget_all
 *		Drop all tokens that this backend has used, and the shared ones as far
 *		as the current role is allowed to.  Returns true if there were any.
 */
bool
clf_token_forget_all(void)
{
	bool		found = false;

	for (ClfToken *token = tokens; token != NULL; token = token->next)
	{
		found |= token->value != NULL;
		if (token->by_login && token->value && may_drop_shared(token))
			drop_shared(token);
		wipe(token);
	}
	return found;
}
