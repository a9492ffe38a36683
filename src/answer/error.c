/*-------------------------------------------------------------------------
 *
 * error.c
 *	  From what RingCentral said to SQLSTATE, message and hint.
 *
 * The only place that chooses an SQLSTATE for what the network or the API did.
 * Error codes: https://developers.ringcentral.com/guide/basics/errors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/error.h"
#include "answer/json.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

typedef struct TransportText
{
	int			sqlstate;
	const char *message;
	const char *hint;
} TransportText;

static const TransportText transport_texts[] = {
	[CLF_TRANSPORT_CONNECT] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"could not connect to RingCentral",
		"Check the server option base_url and whether this machine may reach "
		"it."
	},
	[CLF_TRANSPORT_TLS] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"could not make a secure connection to RingCentral",
		"Check the server's certificate; the server option sslrootcert names "
		"the authorities that are trusted."
	},
	[CLF_TRANSPORT_TIMEOUT] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"RingCentral did not answer in time",
		"The server options connect_timeout and request_timeout say how long "
		"to wait."
	},
	[CLF_TRANSPORT_BROKEN] = {
		ERRCODE_CONNECTION_FAILURE,
		"the connection to RingCentral broke",
		"Nothing was lost: run the query again."
	},
	[CLF_TRANSPORT_TOO_LARGE] = {
		ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"the answer of RingCentral is larger than max_response_size",
		"Lower page_size or raise the server option max_response_size."
	},
	[CLF_TRANSPORT_LOCAL] = {
		ERRCODE_FDW_ERROR,
		"could not send the request to RingCentral",
		NULL
	},
};

/* What a status or an error code means for the person in front of it */
typedef struct ApiErrorText
{
	const char *code;			/* errors[0].errorCode, or its start; NULL:
								 * any */
	int			status;			/* HTTP status, or 3 for 3xx; 0: any */
	int			sqlstate;
	const char *hint;
} ApiErrorText;

/* The first row that fits is taken */
static const ApiErrorText api_error_texts[] = {
	{"CMN-401", 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
		"The RingCentral app lacks a permission: add it to the app in the "
	"developer console, then log in anew."},
	{"CMN-408", 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
		"The RingCentral user's role lacks a permission; account-level "
	"tables need FullCompanyCallLog, extension-level tables ReadCallLog."},
	{NULL, 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Check the permissions of the RingCentral app and of its user."},
	{NULL, 401, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the user mapping: the access token is expired, revoked or wrong."},
	{"OAU-", 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
		"Check client_id, client_secret and jwt of the user mapping, and that "
	"the JWT was made for this app and this environment."},
	{"CLG-10", 400, ERRCODE_FDW_INVALID_HANDLE,
		"RingCentral does not know this token any longer: begin again from a "
	"time, with since = '...'."},
	{"CMN-102", 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the options account_id and extension_id."},
	{NULL, 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the server option base_url."},
	{NULL, 3, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION,
		"Redirects are not followed, since the token would go along: check the "
	"server options base_url and media_url."},
	{NULL, 429, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"The request limit of this RingCentral user and app is used up; a "
	"request sent too early restarts the penalty."},
	{NULL, 503, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION,
	"RingCentral is overloaded or under maintenance: try again later."},
	{NULL, 0, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION, NULL},
};

/*
 * clf_to_server_encoding
 *		A palloc'd, terminated copy for a message: invalid bytes, and what the
 *		database's encoding lacks, become question marks; never an error.
 */
char *
clf_to_server_encoding(const char *text, size_t length)
{
	char	   *copy = palloc(length + 1);
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	size_t		out = 0;

	for (size_t i = 0; i < length && text[i] != '\0';)
	{
		int			width = pg_encoding_mblen(PG_UTF8, text + i);

		if (width == 1 || !utf8 || i + width > length ||
			!pg_utf8_islegal((const unsigned char *) text + i, width))
		{
			unsigned char c = text[i++];

			copy[out++] = c < ' ' ? ' ' : c < 0x7f ? c : '?';
			continue;
		}
		memcpy(copy + out, text + i, width);
		out += width;
		i += width;
	}
	copy[out] = '\0';
	return copy;
}

/* Overwrite every occurrence of a secret with asterisks */
static void
redact(char *text, const ClfSecrets *secrets)
{
	for (size_t i = 0; i < lengthof(secrets->values); i++)
	{
		const char *secret = secrets->values[i];
		char	   *p = text;

		if (secret == NULL || secret[0] == '\0')
			continue;
		while ((p = strstr(p, secret)) != NULL)
		{
			memset(p, '*', strlen(secret));
			p += strlen(secret);
		}
	}
}

/* Cut a text, which has to be in the database's encoding */
static char *
shorten(char *text, int limit)
{
	int			length = (int) strlen(text);

	if (length <= limit)
		return text;
	text[pg_mbcliplen(text, length, limit)] = '\0';
	return psprintf("%s...", text);
}

/*
 * clf_excerpt
 *		The start of a foreign text without secrets, fit for a message.
 */
char *
clf_excerpt(const char *text, size_t length, int limit)
{
	/* no need to convert what is cut off */
	return shorten(clf_to_server_encoding(text, Min(length, (size_t) limit + 8)),
				   limit);
}

/* The same of any text: secrets go before it is cut, or half of one might stay */
static char *
excerpt(const char *text, size_t length, const ClfSecrets *secrets)
{
	char	   *copy = clf_to_server_encoding(text, length);

	redact(copy, secrets);
	return shorten(copy, CLF_EXCERPT_LENGTH);
}

/*
 * clf_report_transport
 *		Raise the error for a request that got no answer.  detail: libcurl's
 *		words, without secrets.
 */
void
clf_report_transport(ClfTransport how, const char *detail)
{
	const TransportText *text = &transport_texts[how];

	ereport(ERROR,
			(errcode(text->sqlstate),
			 errmsg("%s", text->message),
			 detail && detail[0] ? errdetail_internal("%s", detail) : 0,
			 text->hint ? errhint("%s", text->hint) : 0));
}

/* The first of two fields that is there, fit for a message */
static char *
first_text(ClfJson *error, const char *path, const char *other_path,
		   const ClfSecrets *secrets)
{
	char	   *text = clf_json_get_text(error, path);

	if (text == NULL)
		text = clf_json_get_text(error, other_path);
	return text ? excerpt(text, strlen(text), secrets) : NULL;
}

/* "403 InsufficientPermissions (CMN-401)", as far as it is known */
static char *
describe_status(int status, const char *name, const char *code)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "%d", status);
	if (name && (code == NULL || strcmp(name, code) != 0))
		appendStringInfo(&s, " %s", name);
	if (code)
		appendStringInfo(&s, " (%s)", code);
	return s.data;
}

static const ApiErrorText *
find_api_error_text(int status, const char *code)
{
	const ApiErrorText *text = api_error_texts;

	while ((text->status != 0 && text->status != status &&
			text->status != status / 100) ||
		   (text->code != NULL &&
			(code == NULL ||
			 strncmp(text->code, code, strlen(text->code)) != 0)))
		text++;
	return text;
}

/* What the API said, or what a gateway in between wrote, and the request id */
static char *
describe_answer(ClfJson *error, const ClfHttpResponse *response,
				const ClfSecrets *secrets)
{
	char	   *said = first_text(error, "errors.0.message", "message",
								  secrets);
	StringInfoData s;

	if (said == NULL)
		said = first_text(error, "error_description", "error", secrets);
	if (said == NULL && response->length > 0 && !secrets->hide_answer)
		said = psprintf("The answer is no error object of the API: %s",
						excerpt(response->body, response->length, secrets));

	initStringInfo(&s);
	if (said)
		appendStringInfoString(&s, said);
	if (response->request_id[0] != '\0')
		appendStringInfo(&s, "%sRCRequestId: %s", said ? "\n" : "",
						 excerpt(response->request_id,
								 strlen(response->request_id), secrets));
	return s.data;
}

/*
 * clf_report_status
 *		Raise the error for an HTTP status that is none of success.
 */
void
clf_report_status(const ClfHttpResponse *response, const ClfSecrets *secrets)
{
	ClfJson    *error = clf_json_parse(CurrentMemoryContext, response->body,
									   response->length);
	char	   *code = first_text(error, "errors.0.errorCode", "errorCode",
								  secrets);
	char	   *name = first_text(error, "errorCode", "error", secrets);
	char	   *detail = describe_answer(error, response, secrets);
	const ApiErrorText *text;

	/* an OAuth error may come without a code */
	if (code == NULL && clf_json_get(error, "error"))
		text = find_api_error_text(response->status, "OAU-");
	else
		text = find_api_error_text(response->status, code);

	ereport(ERROR,
			(errcode(text->sqlstate),
			 errmsg("RingCentral answered %s",
					describe_status(response->status, name, code)),
			 detail[0] != '\0' ? errdetail_internal("%s", detail) : 0,
			 text->hint ? errhint("%s", text->hint) : 0));
}

/*
 * clf_report_bad_answer
 *		Raise the error for an answer of success that cannot be used.  what:
 *		what is wrong with it.
 */
void
clf_report_bad_answer(const char *what, const ClfHttpResponse *response,
					  const ClfSecrets *secrets)
{
	bool		show = response->length > 0 && !secrets->hide_answer;

	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
			 errmsg("could not read the answer of RingCentral: %s",
					excerpt(what, strlen(what), secrets)),
			 show ? errdetail_internal("It begins: %s",
									   excerpt(response->body, response->length,
											   secrets)) : 0,
			 errhint("Is a proxy or a login page between this machine and "
					 "RingCentral?")));
}

/*
 * clf_report_recording_gone
 *		Warn that a recording is not there: RingCentral keeps calls longer than
 *		their recordings.  id: UTF-8; NULL if it is not to be shown.
 */
void
clf_report_recording_gone(const char *id)
{
	if (id == NULL)
		ereport(WARNING,
				(errmsg("RingCentral does not have a recording that was asked "
						"for, or not any longer")));
	else
		ereport(WARNING,
				(errmsg("RingCentral does not have the recording \"%s\", or not "
						"any longer",
						clf_excerpt(id, strlen(id), CLF_EXCERPT_LENGTH))));
}
