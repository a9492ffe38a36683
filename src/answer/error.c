/*-------------------------------------------------------------------------
 *
 * error.c
 *	  Map failures of the network and the API to SQLSTATE, message and hint.
 *
 * The only place that chooses an SQLSTATE for them.  Error codes:
 * https://developers.ringcentral.com/guide/basics/errors
 *
 * A response may echo the request, and a gateway may do so in any encoding.
 * Therefore no part of a response is shown unless it is an error object of the
 * API, and words of its texts are masked if they are as long as a secret: an
 * encoded secret may be longer than the secret, but not shorter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "answer/error.h"
#include "answer/json.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

typedef struct TransportText
{
	int			sqlstate;
	const char *message;
	const char *hint;
	const char *media_hint;		/* for the media host; NULL: the same */
} TransportText;

static const TransportText transport_texts[] = {
	[CLF_TRANSPORT_CONNECT] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"could not connect to RingCentral",
		"Check the server option base_url and whether this machine may reach "
		"it.",
		"Check the server option media_url and whether this machine may reach "
		"it."
	},
	[CLF_TRANSPORT_TLS] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"could not establish a TLS connection to RingCentral",
		"Check the server's certificate; the server option sslrootcert names "
		"the authorities that are trusted."
	},
	[CLF_TRANSPORT_CA_FILE] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"could not use the certificates of option \"sslrootcert\"",
		"The server option sslrootcert must name a file of certificates in PEM "
		"format that the operating system user of the database server can "
		"read."
	},
	[CLF_TRANSPORT_TIMEOUT] = {
		ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION,
		"request to RingCentral timed out",
		"Try again later, or raise the server options connect_timeout and "
		"request_timeout."
	},
	[CLF_TRANSPORT_BROKEN] = {
		ERRCODE_CONNECTION_FAILURE,
		"connection to RingCentral was lost",
		"Run the query again."
	},
	[CLF_TRANSPORT_TOO_LARGE] = {
		ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"response of RingCentral exceeds max_response_size",
		"Lower page_size or raise the server option max_response_size."
	},
	[CLF_TRANSPORT_LOCAL] = {
		ERRCODE_FDW_ERROR,
		"could not send the request to RingCentral",
		NULL
	},
};

StaticAssertDecl(lengthof(transport_texts) == CLF_TRANSPORT_LOCAL + 1,
				 "transport_texts must match ClfTransport");

/* The requests that an ApiErrorText applies to; bits */
#define LOGIN (1 << CLF_TARGET_LOGIN)
#define MEDIA (1 << CLF_TARGET_MEDIA)
#define ANY (1 << CLF_TARGET_API | LOGIN | MEDIA)

/* SQLSTATE and hint for a status or an error code */
typedef struct ApiErrorText
{
	int			targets;
	const char *code;			/* errors[0].errorCode, or its start, or the
								 * error of OAuth; NULL: any */
	const char *parameter;		/* errors[0].parameterName; NULL: any */
	int			status;			/* HTTP status, or 3 for 3xx; 0: any */
	int			sqlstate;
	const char *hint;
} ApiErrorText;

#define CHECK_CLIENT \
	"Check client_id and client_secret of the user mapping, and that the app " \
	"belongs to the environment of base_url."
#define CHECK_JWT \
	"Check the jwt of the user mapping: it must be valid, and made for this " \
	"app and this environment."
#define CHECK_LOGIN \
	"Check client_id, client_secret and jwt of the user mapping, and that " \
	"the JWT was made for this app and this environment."
#define CHECK_FLOW \
	"Allow the JWT auth flow for the app in the developer console of " \
	"RingCentral."
#define CHECK_TOKEN \
	"Check the user mapping: the access token is expired, revoked or wrong."
#define STALE_TOKEN \
	"Start again from a point in time, with a condition since = '<time>'."
#define REDIRECT(option) \
	"Check the server option " option "; redirects are not followed, as they " \
	"would disclose the token."

/*
 * The first matching row applies; rows of specific requests, codes and
 * parameters precede those of a status
 */
static const ApiErrorText api_error_texts[] = {
	{LOGIN, "OAU-112", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_FLOW},
	{LOGIN, "OAU-125", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_FLOW},
	{LOGIN, "OAU-146", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_CLIENT},
	{LOGIN, "OAU-153", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_CLIENT},
	{LOGIN, "OAU-251", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_FLOW},
	{LOGIN, "OAU-", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_LOGIN},
	{LOGIN, "invalid_client", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_CLIENT},
	{LOGIN, "invalid_grant", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_JWT},
	{LOGIN, "unauthorized_client", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_FLOW},
	{LOGIN, NULL, NULL, 400, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_LOGIN},
	{LOGIN, NULL, NULL, 401, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_LOGIN},
	{LOGIN, NULL, NULL, 403, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_LOGIN},

	{MEDIA, NULL, NULL, 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the server option media_url."},
	{MEDIA, NULL, NULL, 3, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION,
	REDIRECT("media_url")},

	{ANY, "CMN-401", NULL, 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
		"The RingCentral app lacks a permission: add it to the app in the "
		"developer console, then log in again. Calls require Read Call Log, "
		"recordings Read Call Recording, extensions Read Accounts, messages Read "
	"Messages."},
	{ANY, "CMN-408", NULL, 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
		"Grant the permission to the role of the RingCentral user: account-level "
		"tables of calls require FullCompanyCallLog, extension-level ones "
	"ReadCallLog, messages ReadMessages."},
	{ANY, "ADG-10", NULL, 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
		"Log in with an app that has the permission Read Accounts, as a user who "
	"may see the company directory."},
	{ANY, "ADG-107", NULL, 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the option account_id."},
	{ANY, "OAU-", NULL, 0, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_TOKEN},
	{ANY, "CLG-10", NULL, 400, ERRCODE_FDW_INVALID_HANDLE, STALE_TOKEN},
	{ANY, NULL, "syncToken", 400, ERRCODE_FDW_INVALID_HANDLE, STALE_TOKEN},
	{ANY, NULL, "dateFrom", 400, ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE,
	"Request a later time; RingCentral may not keep data for that long."},
	{ANY, "CMN-102", NULL, 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the options account_id and extension_id."},
	{ANY, NULL, NULL, 401, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, CHECK_TOKEN},
	{ANY, NULL, NULL, 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Check the permissions of the RingCentral app and of its user."},
	{ANY, NULL, NULL, 404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the server option base_url."},
	{ANY, NULL, NULL, 3, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION,
	REDIRECT("base_url")},
	{ANY, NULL, NULL, 429, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"Wait for the end of the penalty: a request sent before it restarts the "
	"penalty."},
	{ANY, NULL, NULL, 503, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION,
	"RingCentral is overloaded or under maintenance: try again later."},
	{ANY, NULL, NULL, 0, ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION, NULL},
};

/* ----------
 * Foreign texts
 * ----------
 */

/* Word separators, including those of JSON and HTML */
#define SEPARATORS " \t\r\n\"<>"

/*
 * Words of this length or more, in bytes, are always masked.  An encoded
 * secret may be split into lines of base64, which have 64 characters or more.
 */
#define LONG_WORD 40

/*
 * Convert a UTF-8 character to the database's encoding; returns its length, 0
 * on failure
 */
static int
convert_character(const char *character, int width, char *converted)
{
	int			encoding = GetDatabaseEncoding();
	Oid			proc = InvalidOid;

	if (encoding == PG_UTF8)
	{
		memcpy(converted, character, width);
		return width;
	}
	if (IsTransactionState())
		proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc) ||
		pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
									  (unsigned char *) unconstify(char *, character),
									  width, (unsigned char *) converted,
									  width * MAX_CONVERSION_GROWTH + 1,
									  true) != width)
		return 0;
	return (int) strlen(converted);
}

/*
 * clf_to_server_encoding
 *		A palloc'd, terminated copy for a message: invalid bytes, and characters
 *		that the database's encoding lacks, become question marks; never an
 *		error.
 */
char *
clf_to_server_encoding(const char *text, size_t length)
{
	StringInfoData copy;
	int			width;

	initStringInfo(&copy);
	for (size_t i = 0; i < length && text[i] != '\0'; i += width)
	{
		char		converted[MAX_MULTIBYTE_CHAR_LEN * MAX_CONVERSION_GROWTH + 1];
		unsigned char c = text[i];
		int			n = 0;

		width = pg_encoding_mblen(PG_UTF8, text + i);
		if (i + width > length ||
			!pg_utf8_islegal((const unsigned char *) text + i, width))
			width = 1;
		if (width > 1)
			n = convert_character(text + i, width, converted);
		if (n > 0)
			appendBinaryStringInfo(&copy, converted, n);
		else
			appendStringInfoChar(&copy, c < ' ' ? ' ' : c < 0x7f ? c : '?');
	}
	return copy.data;
}

/*
 * clf_add_secret
 *		Register a secret that was sent with the request.
 */
void
clf_add_secret(ClfRequestInfo *info, const char *secret)
{
	const char *p = secret;

	/* of a secret with separators, its shortest part */
	while (*p)
	{
		size_t		length = strcspn(p, SEPARATORS);

		if (length > 0 &&
			(info->shortest_secret == 0 || length < info->shortest_secret))
			info->shortest_secret = length;
		p += length + strspn(p + length, SEPARATORS);
	}
}

/* Replace each word that may be a secret by asterisks */
static void
mask_long_words(char *text, const ClfRequestInfo *info)
{
	size_t		limit = LONG_WORD;
	char	   *out = text;

	if (info->shortest_secret > 0)
		limit = Min(limit, info->shortest_secret);
	while (*text)
	{
		size_t		length = strcspn(text, SEPARATORS);

		if (length >= limit)
		{
			memset(out, '*', Min(length, 3));
			out += Min(length, 3);
		}
		else
		{
			memmove(out, text, length);
			out += length;
		}
		text += length;
		if (*text)
			*out++ = *text++;
	}
	*out = '\0';
}

/* Truncate a text in the database's encoding */
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
 *		The start of a foreign text that contains no secrets, for a message.
 */
char *
clf_excerpt(const char *text, size_t length, int limit)
{
	/* do not convert what is truncated */
	return shorten(clf_to_server_encoding(text, Min(length, (size_t) limit + 8)),
				   limit);
}

/*
 * clf_masked_excerpt
 *		The same for a text that may contain secrets.  They are masked before
 *		it is truncated, as a part of one could remain otherwise.
 */
char *
clf_masked_excerpt(const char *text, const ClfRequestInfo *info)
{
	char	   *copy = clf_to_server_encoding(text, strlen(text));

	mask_long_words(copy, info);
	return shorten(copy, CLF_EXCERPT_LENGTH);
}

/*
 * libcurl's message in the database's encoding.  It may quote a certificate,
 * in UTF-8, or the operating system, in the encoding of lc_messages.
 */
static const char *
libcurl_text(const char *text)
{
	int			length = (int) strlen(text);

	if (!pg_verify_mbstr(PG_UTF8, text, length, true) &&
		pg_verify_mbstr(GetDatabaseEncoding(), text, length, true))
		return text;

	return clf_to_server_encoding(text, length);
}

/* ----------
 * Errors
 * ----------
 */

/*
 * clf_report_transport
 *		Raise the error for a request without a response. detail: libcurl's
 *		message, without secrets.
 */
void
clf_report_transport(ClfTransport how, const char *detail,
					 const ClfRequestInfo *info)
{
	const TransportText *text = &transport_texts[how];
	const char *hint = text->hint;

	Assert(text->message != NULL);
	if (info->target == CLF_TARGET_MEDIA && text->media_hint)
		hint = text->media_hint;

	ereport(ERROR,
			(errcode(text->sqlstate),
			 errmsg("%s", text->message),
			 detail && detail[0] ?
			 errdetail_internal("%s", libcurl_text(detail)) : 0,
			 hint ? errhint("%s", hint) : 0));
}

/* The first of two fields that exists; NULL if neither does */
static char *
first_text(ClfJson *error, const char *path, const char *other_path)
{
	char	   *text = clf_json_get_text(error, path);

	return text ? text : clf_json_get_text(error, other_path);
}

/* Error code for a message: known codes are not masked */
static const char *
describe_code(const ClfRequestInfo *info, const char *code)
{
	for (size_t i = 0; i < lengthof(api_error_texts); i++)
	{
		if (api_error_texts[i].code &&
			strcmp(api_error_texts[i].code, code) == 0)
			return api_error_texts[i].code;
	}
	return clf_masked_excerpt(code, info);
}

/* "403 InsufficientPermissions (CMN-401)", without parts that are missing */
static char *
describe_status(const ClfRequestInfo *info, int status, const char *name,
				const char *code)
{
	StringInfoData s;

	initStringInfo(&s);
	appendStringInfo(&s, "%d", status);
	if (name && (code == NULL || strcmp(name, code) != 0))
		appendStringInfo(&s, " %s", describe_code(info, name));
	if (code)
		appendStringInfo(&s, " (%s)", describe_code(info, code));
	return s.data;
}

static bool
error_text_fits(const ApiErrorText *text, const ClfRequestInfo *info,
				int status, const char *code, const char *parameter)
{
	if ((text->targets & (1 << info->target)) == 0 ||
		(text->status != 0 && text->status != status &&
		 text->status != status / 100))
		return false;
	if (text->code != NULL &&
		(code == NULL || strncmp(text->code, code, strlen(text->code)) != 0))
		return false;
	return text->parameter == NULL ||
		(parameter != NULL && strcmp(text->parameter, parameter) == 0);
}

static const ApiErrorText *
find_api_error_text(const ClfRequestInfo *info, int status, const char *code,
					const char *parameter)
{
	const ApiErrorText *text = api_error_texts;

	while (!error_text_fits(text, info, status, code, parameter))
		text++;
	return text;
}

/* Describe a body without showing any of it */
static char *
describe_body(const ClfHttpResponse *response)
{
	const char *body = response->body;
	size_t		space = strspn(body, " \t\r\n");
	const char *kind = "text";

	if (body[space] == '<')
		kind = "HTML or XML";
	else if (body[space] == '{' || body[space] == '[')
		kind = "JSON";
	return psprintf("%zu bytes of %s", response->length, kind);
}

/* Request id for a message: masked unless it is a UUID */
static char *
describe_request_id(const ClfRequestInfo *info, const char *id)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t		length = strlen(pattern);

	for (size_t i = 0; i <= length; i++)
	{
		if (pattern[i] == 'x' ? !isxdigit((unsigned char) id[i]) :
			id[i] != pattern[i])
			return clf_masked_excerpt(id, info);
	}
	return pstrdup(id);
}

/*
 * Detail: the error message of the API, or the kind of response, and the
 * request id
 */
static char *
describe_answer(ClfJson *error, const ClfHttpResponse *response,
				const ClfRequestInfo *info)
{
	char	   *message = first_text(error, "errors.0.message", "message");
	StringInfoData s;

	if (message == NULL)
		message = first_text(error, "error_description", "error");
	if (message != NULL)
		message = clf_masked_excerpt(message, info);
	else if (response->length > 0)
		message = psprintf("The response is not an error object of the API but "
						   "%s.",
						   describe_body(response));

	initStringInfo(&s);
	if (message)
		appendStringInfoString(&s, message);
	if (response->request_id[0] != '\0')
		appendStringInfo(&s, "%sRCRequestId: %s", message ? "\n" : "",
						 describe_request_id(info, response->request_id));
	return s.data;
}

/*
 * clf_report_status
 *		Raise the error for an HTTP status other than success.
 */
void
clf_report_status(const ClfHttpResponse *response, const ClfRequestInfo *info)
{
	ClfJson    *error = clf_json_parse(CurrentMemoryContext, response->body,
									   response->length);
	char	   *code = first_text(error, "errors.0.errorCode", "errorCode");
	char	   *name = first_text(error, "errorCode", "error");
	char	   *detail = describe_answer(error, response, info);
	const ApiErrorText *text;

	/* an OAuth error may have no code */
	text = find_api_error_text(info, response->status, code ? code : name,
							   first_text(error, "errors.0.parameterName",
										  "parameterName"));

	ereport(ERROR,
			(errcode(text->sqlstate),
			 errmsg("RingCentral answered %s",
					describe_status(info, response->status, name, code)),
			 detail[0] != '\0' ? errdetail_internal("%s", detail) : 0,
			 text->hint ? errhint("%s", text->hint) : 0));
}

/*
 * clf_report_bad_answer
 *		Raise the error for a successful but invalid response. what: the
 *		reason, for the message.
 */
void
clf_report_bad_answer(const char *what, const ClfHttpResponse *response)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
			 errmsg("invalid response from RingCentral: %s", what),
			 response->length > 0 ? errdetail("The response consists of %s.",
											  describe_body(response)) : 0,
			 errhint("Check for a proxy or a login page between this machine "
					 "and RingCentral.")));
}

/*
 * clf_report_recording_gone
 *		Warn that a recording does not exist: RingCentral keeps calls longer
 *		than their recordings. id: UTF-8; NULL if it must not be shown.
 */
void
clf_report_recording_gone(const char *id)
{
	if (id == NULL)
		ereport(WARNING,
				(errmsg("a requested recording does not exist or has been "
						"deleted")));
	else
		ereport(WARNING,
				(errmsg("recording \"%s\" does not exist or has been deleted",
						clf_excerpt(id, strlen(id), CLF_EXCERPT_LENGTH))));
}
