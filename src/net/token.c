/*-------------------------------------------------------------------------
 *
 * token.c
 *	  OAuth: obtain, keep and renew access tokens.
 *
 * A login costs one of few requests of the group "auth", and RingCentral ends
 * the oldest session of a user who has too many, so one login serves all
 * backends with the same credentials, until shortly before its token expires.
 * While a backend logs in, others who need the token wait for it.
 * https://developers.ringcentral.com/guide/authentication/jwt-flow
 *
 * The table of tokens that backends share is found by a hash of URL and
 * credentials, so that nobody gets a token who could not have logged in.  Each
 * backend has a copy of those it uses.
 *
 * A change of the user mapping or the server takes effect at once: syscache
 * invalidation empties the copies and the shared entry.
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

/* A token is renewed this early, so that no request arrives with a dead one */
#define RENEW_BEFORE_MS 60000

/* What expires_in is when the answer does not say, or nonsense, in seconds */
#define DEFAULT_EXPIRES_IN 3600

/* Bytes of the answer to a login: a token and a few short texts */
#define MAX_ANSWER 65535

/* Bytes of a login's form beside the jwt */
#define FORM_OVERHEAD 256

/* Who waits for a login looks so often whether its backend lives; milliseconds */
#define LOOK_EVERY 500

/* Shorter waits are not worth a message */
#define QUIET_WAIT USECS_PER_SEC

/* The token of one user mapping; lives as long as the backend */
struct ClfToken
{
	Oid			umid;
	Oid			role;			/* that used it last */
	uint32		mapping_hash;	/* of the syscache entries it was made from */
	uint32		server_hash;
	bool		by_login;		/* else the mapping's own access_token */
	ClfKey		key;			/* of the shared entry, if by_login */
	char	   *value;			/* NULL: none at present */
	uint64		generation;		/* tells one value from the next */
	char	   *base_url;		/* where it may be sent */
	ClfAccount	account;		/* whose requests it is for */
	char		scope[CLF_MAX_MESSAGE]; /* permissions of the app; "": not
										 * known */
	TimestampTz renew_at;		/* by the local clock */
	ClfToken   *next;
};

/* A login under way */
typedef struct Login
{
	const ClfServer *server;
	const ClfCredentials *credentials;
	Oid			role;			/* that its budget is charged to */
	ClfAsked	asked;
	ClfAttempt	attempt;
} Login;

/* The same, for those who wait for it */
typedef struct LoginForAll
{
	const ClfKey *key;
	MemoryContext cxt;
} LoginForAll;

/* What the shared table says, or a token as it goes from a login to the copy */
typedef struct Obtained
{
	char		token[CLF_MAX_TOKEN_LENGTH];
	char		owner[CLF_MAX_TEXT];
	char		scope[CLF_MAX_MESSAGE];
	uint64		generation;
	TimestampTz renew_at;
	bool		under_way;		/* there is none, another backend logs in */
	uint64		failures;		/* of logins, and the last of them */
	ClfFailure	failure;
} Obtained;

static ClfToken *tokens = NULL;

/* Logins that this backend has sent */
static int64 logins = 0;

/* ----------
 * The shared table; all of this with the lock
 * ----------
 */

/* The entry, or NULL; tokens that are out of date are wiped by the way */
static ClfTokenEntry *
find_entry(ClfShared *shared, const ClfKey *key)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfTokenEntry *found = NULL;

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

/* Does another backend log in at this moment? */
static bool
login_under_way(const ClfTokenEntry *entry)
{
	return entry->login_pid != 0 && entry->login_pid != MyProcPid &&
		BackendPidGetProc(entry->login_pid) != NULL;
}

/* Of what use is the entry? */
static ClfClaim
token_claim(const ClfEntryHead *head, TimestampTz now)
{
	const ClfTokenEntry *entry = (const ClfTokenEntry *) head;

	if ((entry->token[0] != '\0' && entry->renew_at > now) ||
		entry->login_pid == MyProcPid || login_under_way(entry))
		return CLF_CLAIM_STAYS;
	return entry->generation != 0 ? CLF_CLAIM_IDLE : CLF_CLAIM_UNPROVEN;
}

/* The entry of this token, made if need be; NULL: there is none for it */
static ClfTokenEntry *
get_entry(ClfShared *shared, const ClfToken *token)
{
	ClfTokenEntry *entry = find_entry(shared, &token->key);

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

/* Forget the shared tokens of a user mapping or server that changed */
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

/* Forget the shared token, if it still is that one */
static void
drop_shared(const ClfToken *token)
{
	ClfTokenEntry *entry = find_entry(clf_shmem_lock(), &token->key);

	if (entry && entry->generation == token->generation)
		explicit_bzero(entry->token, sizeof(entry->token));
	clf_shmem_unlock();
}

/* ----------
 * The backend's copies
 * ----------
 */

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

/*
 * A user mapping or server changed: hash 0 means any.  The backend that changes
 * it, which has a transaction id, wipes its shared tokens, even if all backends
 * that used them are gone.  Others may learn of the change long after somebody
 * has logged in again.
 */
static void
on_syscache_change(Datum arg, int cacheid, uint32 hash)
{
	(void) arg;
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

/* Without memory for it there is no value, and whatever is there is whole */
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

/* The start of a text in UTF-8, whole characters */
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
 * Whose requests they are: the texts that tell, and those that people see.  The
 * latter are in UTF-8, as databases of other encodings show them as well.
 */
static void
set_account(ClfAccount *account, const char *const *texts, int ntexts,
			const ClfServer *server, const char *client_id,
			const char *owner)
{
	account->key = clf_shmem_key(texts, ntexts);
	strlcpy(account->base_url, server->base_url, CLF_MAX_TEXT);
	clip(account->client_id, CLF_MAX_TEXT,
		 pg_server_to_any(client_id, (int) strlen(client_id), PG_UTF8));
	clip(account->owner, CLF_MAX_TEXT, owner);
}

/* The copy of a token that came from a login */
static void
use_obtained(ClfToken *token, const ClfServer *server,
			 const ClfCredentials *credentials, const Obtained *obtained)
{
	const char *texts[3];

	texts[0] = server->base_url;
	texts[1] = credentials->client_id;
	texts[2] = obtained->owner;
	set_value(token, server, obtained->token);
	set_account(&token->account, texts, 3, server, credentials->client_id,
				obtained->owner);
	strlcpy(token->scope, obtained->scope, sizeof(token->scope));
	token->by_login = true;
	token->generation = obtained->generation;
	token->renew_at = obtained->renew_at;
}

/* The copy of a token that the user mapping has; nothing tells whose it is */
static void
use_static(ClfToken *token, const ClfServer *server, const char *value)
{
	const char *texts[2];

	texts[0] = server->base_url;
	texts[1] = value;
	set_value(token, server, value);
	set_account(&token->account, texts, 2, server, "", "");
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
 * The request for a login.  The form is made in memory that is wiped, large
 * enough from the beginning: growing would leave copies behind.
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

/* The budget of logins: whose they are only the jwt tells */
static ClfBudget *
login_budget(const Login *login)
{
	const ClfCredentials *credentials = login->credentials;
	const char *texts[3];
	ClfAccount	account = {0};

	texts[0] = login->server->base_url;
	texts[1] = credentials->client_id;
	texts[2] = credentials->jwt;
	set_account(&account, texts, 3, login->server, credentials->client_id,
				"");
	account.role = login->role;
	return clf_budget_get(&account, TOKEN_PATH, "auth");
}

/* Post the login and wait for the answer */
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
		clf_report_transport(how, attempt->detail, &login->asked);
	if (response->status != 200)
		clf_report_status(response, &login->asked);
}

/* Seconds that the token is good for */
static int
get_expires_in(const ClfField *field)
{
	int			seconds = field->start ? atoi(clf_field_cstring(field)) : 0;

	return seconds > 0 ? seconds : DEFAULT_EXPIRES_IN;
}

/* May it be in a header?  What ends the line would begin another one. */
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

/* Copy the text of a field, "" if there is none; false: it is too long */
static bool
copy_token(const ClfField *field, char *copy, size_t size)
{
	size_t		length = 0;
	const char *text = field->start ? clf_field_text(field, &length) : "";
	bool		fits = length < size;

	if (fits)
		memcpy(copy, text, length);
	if (field->escaped)
		explicit_bzero(unconstify(char *, text), length);	/* a copy already */
	return fits;
}

/*
 * What a login brought.  Its fields are read where they are, as a tree of them
 * would be one more copy of the token.
 */
static void
read_answer(const Login *login, const ClfHttpResponse *response,
			Obtained *obtained)
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
		clf_report_bad_answer("there is no access_token in it", response);
	if (!copy_token(&values[0], obtained->token, sizeof(obtained->token)))
		clf_report_bad_answer("its access_token is too long", response);
	if (obtained->token[0] == '\0')
		clf_report_bad_answer("there is no access_token in it", response);
	if (!is_sendable(obtained->token))
		clf_report_bad_answer("its access_token is no token", response);
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
	login.asked.target = CLF_TARGET_LOGIN;
	clf_asked_with(&login.asked, credentials->client_secret);
	clf_asked_with(&login.asked, credentials->jwt);
	context.callback = login_error_context;
	context.arg = &login;
	context.previous = error_context_stack;
	error_context_stack = &context;

	send_login(&login, &response);
	read_answer(&login, &response, obtained);
	error_context_stack = context.previous;
}

/* ----------
 * One login for all
 * ----------
 */

/*
 * Take the shared token.  If there is none, false, and unless another backend
 * is about to log in, this one is.
 */
static bool
take_shared(const ClfToken *token, Obtained *obtained)
{
	ClfTokenEntry *entry = get_entry(clf_shmem_lock(), token);
	bool		there = entry && entry->token[0] != '\0';

	obtained->under_way = entry && !there && login_under_way(entry);
	obtained->failures = 0;
	if (entry)
	{
		entry->database = MyDatabaseId;
		entry->mapping_hash = token->mapping_hash;
		entry->server_hash = token->server_hash;
		obtained->failures = entry->failures;
		obtained->failure = entry->failure;
		if (!there && !obtained->under_way)
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

/* The login that was waited for failed, and would fail here as well */
static void
report_shared_failure(const ClfFailure *failure)
{
	ereport(ERROR,
			(errcode(failure->sqlstate), errmsg("%s", failure->message),
			 failure->detail[0] ? errdetail_internal("%s", failure->detail) : 0,
			 failure->hint[0] ? errhint("%s", failure->hint) : 0,
			 errcontext("waiting for another session's login")));
}

/* Keep a text of an error for other backends, whose encoding may differ */
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

/* This backend's login ended without a token; error: how, or NULL */
static void
share_failure(const ClfKey *key, const ErrorData *error)
{
	ClfShared  *shared = clf_shmem_lock();
	ClfTokenEntry *entry = find_entry(shared, key);

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
	ClfTokenEntry *entry = find_entry(shared, key);

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
 * The login under way ended without a token, by an error or, if there is a code,
 * together with the backend.  That somebody cancels it is no failure of others.
 */
static void
end_login(int code, Datum arg)
{
	const LoginForAll *login = (const LoginForAll *) DatumGetPointer(arg);
	MemoryContext old = MemoryContextSwitchTo(login->cxt);
	ErrorData  *error = code == 0 ? CopyErrorData() : NULL;
	bool		failed;

	failed = error && ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_OPERATOR_INTERVENTION;
	share_failure(login->key, failed ? error : NULL);
	MemoryContextSwitchTo(old);
}

static void
log_in_for_all(const ClfToken *token, const ClfServer *server,
			   const ClfCredentials *credentials, Obtained *obtained)
{
	LoginForAll login;

	login.key = &token->key;
	login.cxt = CurrentMemoryContext;
	PG_ENSURE_ERROR_CLEANUP(end_login, PointerGetDatum(&login));
	{
		log_in(token, server, credentials, obtained);
	}
	PG_END_ENSURE_ERROR_CLEANUP(end_login, PointerGetDatum(&login));
	share_token(&token->key, obtained);
}

/* Wait for another backend's login, open to interrupts; true: there is a token */
static bool
wait_for_login(const ClfToken *token, Obtained *obtained)
{
	static uint32 wait_event = 0;
	TimestampTz announce_at = GetCurrentTimestamp() + QUIET_WAIT;
	ConditionVariable *login_ended = &clf_shmem_lock()->login_ended;
	uint64		failures_before = obtained->failures;
	bool		there;

	clf_shmem_unlock();
	ConditionVariablePrepareToSleep(login_ended);
	while (!(there = take_shared(token, obtained)) && obtained->under_way)
	{
		(void) ConditionVariableTimedSleep(login_ended, LOOK_EVERY,
										   clf_wait_event(&wait_event,
														  "CallLogToken"));
		if (GetCurrentTimestamp() < announce_at)
			continue;
		announce_at = DT_NOEND;
		ereport(NOTICE, (errmsg("waiting for another session's login")));
	}
	ConditionVariableCancelSleep();
	if (!there && obtained->failures != failures_before)
	{
		share_failure(&token->key, NULL);	/* this one does not log in */
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
	if (obtained->under_way)
		there = wait_for_login(token, obtained);
	if (!there)
		log_in_for_all(token, server, credentials, obtained);
	use_obtained(token, server, credentials, obtained);
}

/*
 * clf_token_get
 *		The token with which this role calls this server, good for a while.
 *		Logs in when there is none, which sends a request, or waits for another
 *		backend that does.
 *
 * What the token points to is the backend's; it may lose its value at any
 * access to the catalogs.
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

	token->role = token->account.role = userid;
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
 *		The token that this role has used with this server in this session;
 *		NULL: none.  It may be out of date.
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

const char *
clf_token_value(const ClfToken *token)
{
	return token->value;
}

/*
 * clf_token_umid
 *		The user mapping that it belongs to.
 */
Oid
clf_token_umid(const ClfToken *token)
{
	return token->umid;
}

/*
 * clf_token_account
 *		Whose requests are sent with it, for the budget room.
 */
const ClfAccount *
clf_token_account(const ClfToken *token)
{
	return &token->account;
}

/*
 * clf_token_scope
 *		The permissions of the app, separated by spaces; "": not known.
 */
const char *
clf_token_scope(const ClfToken *token)
{
	return token->scope;
}

/*
 * clf_token_fresh
 *		Is there a value, will it do for another request, and may it be sent to
 *		this server?  A scan that began before an ALTER SERVER still uses the
 *		old URL.
 */
bool
clf_token_fresh(const ClfToken *token, const ClfServer *server)
{
	return token->value != NULL && GetCurrentTimestamp() < token->renew_at &&
		strcmp(token->base_url, server->base_url) == 0;
}

/*
 * clf_token_generation
 *		Tells one value of the token from the next.
 */
uint64
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
 * clf_token_look_again
 *		Some time has passed: if another session has replaced or discarded the
 *		token meanwhile, it loses its value here as well.
 */
void
clf_token_look_again(ClfToken *token)
{
	const ClfTokenEntry *entry;
	bool		gone;

	if (!token->by_login || token->value == NULL)
		return;
	entry = find_entry(clf_shmem_lock(), &token->key);
	gone = entry && entry->generation != 0 &&
		(entry->generation != token->generation || entry->token[0] == '\0');
	clf_shmem_unlock();
	if (gone)
		wipe(token);
}

/*
 * clf_token_logins
 *		How many logins this backend has sent.
 */
int64
clf_token_logins(void)
{
	return logins;
}

/*
 * May the current role make others log in anew?  Whoever reads through a view has
 * used the token of its owner, and that of a mapping for PUBLIC is everybody's.
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
 *		Forget all tokens that this backend has used; for all backends where the
 *		current role may.  True if there were any.
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
