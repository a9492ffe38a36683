/*-------------------------------------------------------------------------
 *
 * recording.c
 *	  Details and audio of recordings, which lists do not contain.
 *
 * The details contain the URI, the media type and the duration of the audio;
 * lists contain the URI, too.  The audio is on another host than the API, and
 * the token is sent to that host only, whatever URI a response contains.
 * https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecording
 * https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecordingContent
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/batch.h"
#include "answer/error.h"
#include "compat.h"
#include "net/exchange.h"
#include "plan/query.h"
#include "scan/recording.h"
#include "utils/memutils.h"

struct ClfRecordings
{
	const ClfTable *table;
	ClfExchange *api;
	ClfExchange *media;
	ClfFieldRef id_field;		/* of the row */
	ClfFieldRef details_id;		/* of its details */
	ClfFieldRef row_uri;		/* URI of the audio in the row */
	ClfFieldRef details_uri;	/* and in its details */
	ClfFields  *details_fields;

	/* the current row */
	const ClfRow *row;			/* only compared */
	MemoryContext row_cxt;
	const char *id;				/* UTF-8 */
	bool		gone;			/* the recording does not exist */
};

/* A download in progress */
typedef struct Download
{
	bytea	   *content;		/* allocated in full size */
	int64		length;			/* bytes received */
	int64		total;			/* -1: unknown */
} Download;

/*
 * clf_recordings_create
 *		Owned by the memory context.  Adds the fields used here to the
 *		selection.  Requests use the user mapping of the role.
 */
ClfRecordings *
clf_recordings_create(MemoryContext cxt, const ClfTable *table,
					  ClfSelection *selection, Oid userid,
					  ClfActivity *activity)
{
	ClfRecordings *recordings = MemoryContextAllocZero(cxt,
													   sizeof(ClfRecordings));

	recordings->table = table;
	recordings->api = clf_exchange_create(cxt, table, table->server->base_url,
										  userid, activity);
	recordings->media = clf_exchange_create(cxt, table, table->server->media_url,
											userid, activity);
	recordings->id_field = clf_select(selection, CLF_FROM_ROW, "id");
	recordings->row_uri = clf_select(selection, CLF_FROM_ROW, "contentUri");
	recordings->details_id = clf_select(selection, CLF_FROM_DETAILS, "id");
	recordings->details_uri = clf_select(selection, CLF_FROM_DETAILS,
										 "contentUri");
	recordings->details_fields = selection->from[CLF_FROM_DETAILS];
	recordings->row_cxt = AllocSetContextCreate(cxt, "call_log_fdw recording",
												ALLOCSET_DEFAULT_SIZES);
	return recordings;
}

/* Does the response mean that the recording does not exist? If so, warn. */
static bool
is_gone(ClfRecordings *recordings, const ClfHttpResponse *response)
{
	/* the path is valid: the row is from a list of the same account */
	if (!clf_is_not_found(response->status, response->body, response->length,
						  true))
		return false;
	clf_report_recording_gone(recordings->id);
	recordings->gone = true;
	return true;
}

/* ----------
 * Details
 * ----------
 */

/* Request the details; NULL if the recording does not exist */
static const ClfField *
get_details(ClfRecordings *recordings)
{
	char	   *uri = clf_details_uri(recordings->table, recordings->id);
	ClfHttpRequest request = {0};
	ClfHttpResponse response;
	ClfField   *details;

	if (uri == NULL)
		return NULL;
	request.url = psprintf("%s%s", recordings->table->server->base_url, uri);
	request.label = "GET recording";
	clf_exchange_get(recordings->api, &request, CurrentMemoryContext,
					 &response);
	if (is_gone(recordings, &response))
		return NULL;
	if (response.status != 200)
		clf_report_status(&response, clf_exchange_info(recordings->api));
	details = palloc0(clf_fields_count(recordings->details_fields) *
					  sizeof(ClfField));
	if (response.body[strspn(response.body, " \t\r\n")] != '{' ||
		!clf_fields_pick_all(recordings->details_fields, response.body,
							 response.length, details))
		clf_report_bad_answer("it is not a JSON object", &response);
	if (!clf_same_text(clf_field_cstring(&details[recordings->details_id.n]),
					   recordings->id))
		clf_report_bad_answer("it is not about the requested "
							  "recording", &response);
	return details;
}

/* ----------
 * Audio
 * ----------
 */

/* The recording's id, for a message */
static char *
shown_recording_id(const ClfRecordings *recordings)
{
	return clf_excerpt(recordings->id, strlen(recordings->id),
					   CLF_EXCERPT_LENGTH);
}

/*
 * Send the token to the media host only.  The URI is parsed by libcurl, as for
 * the request itself.
 */
static void
check_content_uri(const ClfRecordings *recordings, const char *uri)
{
	if (uri == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("recording \"%s\" has no content URI",
						shown_recording_id(recordings))));
	if (!clf_http_leads_to(uri, recordings->table->server->media_url))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the content of recording \"%s\" is not on the media "
						"host",
						shown_recording_id(recordings)),
				 errdetail("The content URI is %s, but the server option "
						   "media_url is %s.",
						   clf_excerpt(uri, strcspn(uri, "?#"), CLF_EXCERPT_LENGTH),
						   recordings->table->server->media_url),
				 errhint("If RingCentral keeps your recordings there, set "
						 "media_url to that host.")));
}

/* "bytes 100-199/200": offset and total size; false if malformed */
static bool
read_content_range(const char *text, int64 *first, int64 *total)
{
	long long	from;
	long long	to;
	long long	size;
	int			end = 0;

	if (sscanf(text, "bytes %lld-%lld/%lld%n", &from, &to, &size, &end) != 3 ||
		text[end] != '\0' || from < 0 || to < from || size <= to)
		return false;
	*first = from;
	*total = size;
	return true;
}

/*
 * Determine the offset of the response in the content, and the total size, -1
 * if unknown.  A host that does not support ranges starts from the beginning.
 */
static void
locate_answer(const Download *download, const ClfHttpResponse *response,
			  int64 *first, int64 *total)
{
	*first = 0;
	*total = response->content_length;
	if (response->status == 206 &&
		(!read_content_range(response->content_range, first, total) ||
		 download->total < 0 || *first != download->length))
		clf_report_bad_answer("it is not the requested range", response);
	if (download->total >= 0 && *total >= 0 && *total != download->total)
		clf_report_bad_answer("the content has changed while it was read",
							  response);
}

/*
 * Verify that the response is audio and not, for example, a page of a gateway
 */
static void
check_content(const ClfRecordings *recordings, const ClfHttpResponse *response)
{
	char	   *type = pnstrdup(response->content_type,
								strcspn(response->content_type, "; "));

	if (pg_strncasecmp(type, "audio/", 6) != 0)
		clf_report_bad_answer(psprintf("its content type is \"%s\", not audio",
									   clf_masked_excerpt(type, clf_exchange_info(recordings->media))),
							  response);
	if (response->content_encoding[0] != '\0' &&
		pg_strcasecmp(response->content_encoding, "identity") != 0)
		clf_report_bad_answer("it is compressed although no compression was "
							  "requested",
							  response);
	if (response->content_length < 0 &&
		pg_strcasecmp(response->transfer_encoding, "chunked") != 0)
		clf_report_bad_answer("it has neither a content length nor chunked "
							  "encoding", response);
}

static void
report_too_large(const ClfRecordings *recordings)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("recording \"%s\" exceeds max_recording_size",
					shown_recording_id(recordings)),
			 errhint("Raise the option max_recording_size of the server or "
					 "table, or leave this recording out.")));
}

/* Append the response to the download */
static void
take_content(const ClfRecordings *recordings, Download *download,
			 ClfHttpResponse *response)
{
	int64		first;
	int64		total;
	int64		length;

	check_content(recordings, response);
	locate_answer(download, response, &first, &total);
	length = first + (int64) response->length;
	if (Max(total, length) > recordings->table->max_recording_size)
		report_too_large(recordings);

	if (download->content == NULL)
		download->content = palloc(VARHDRSZ + Max(total, length));
	else if (length > download->length)
		download->content = repalloc(download->content,
									 VARHDRSZ + Max(total, length));
	memcpy(VARDATA(download->content) + first, response->body,
		   response->length);
	download->length = length;
	download->total = total;
	response->body = pstrdup("");	/* keep audio out of messages */
	response->length = 0;
}

/*
 * Request the rest of the content, or all of it if the total size is unknown.
 * Returns false when no further attempt is needed.
 */
static bool
try_download(ClfRecordings *recordings, const char *uri, Download *download,
			 ClfHttpResponse *response)
{
	ClfHttpRequest request = {0};
	ClfTransport how;

	request.url = uri;
	request.label = "GET recording content";
	request.accept = "*/*";
	request.resumable = true;
	request.offset = download->total >= 0 ? download->length : 0;
	request.limit = recordings->table->max_recording_size;
	how = clf_exchange_try(recordings->media, &request, recordings->row_cxt,
						   response);
	if (how == CLF_TRANSPORT_TOO_LARGE)
		report_too_large(recordings);
	if (response->status == 200 || response->status == 206)
		take_content(recordings, download, response);
	if (download->length > 0 && download->length == download->total)
		return false;			/* even if the connection was lost */
	return clf_exchange_again(recordings->media, how, response);
}

/*
 * Download the content, palloc'd in the current memory context; NULL if it
 * does not exist
 */
static bytea *
get_content(ClfRecordings *recordings, const char *uri)
{
	Download	download = {NULL, 0, -1};
	ClfHttpRequest request = {0};
	ClfHttpResponse response;

	check_content_uri(recordings, uri);
	request.url = uri;
	clf_exchange_begin(recordings->media, &request);
	while (try_download(recordings, uri, &download, &response))
		;
	if (is_gone(recordings, &response))
		return NULL;
	if (response.status != 200 && response.status != 206)
		clf_report_status(&response, clf_exchange_info(recordings->media));
	if (download.length == 0 ||
		(download.total >= 0 && download.length != download.total))
		clf_report_bad_answer(download.length == 0 ? "it is empty" :
							  "it is truncated", &response);
	SET_VARSIZE(download.content, VARHDRSZ + download.length);
	return download.content;
}

/* ----------
 * Rows
 * ----------
 */

/*
 * clf_recordings_open
 *		Start with another row.
 */
void
clf_recordings_open(ClfRecordings *recordings, const ClfRow *row)
{
	MemoryContext old;

	MemoryContextReset(recordings->row_cxt);
	recordings->row = row;
	old = MemoryContextSwitchTo(recordings->row_cxt);
	recordings->id = clf_field_cstring(&row->fields[CLF_FROM_ROW]
									   [recordings->id_field.n]);
	recordings->gone = false;
	if (recordings->id == NULL)
		recordings->id = "";
	MemoryContextSwitchTo(old);
}

/* Add the details, which live until the next row */
static void
add_details(ClfRecordings *recordings, ClfRow *row)
{
	MemoryContext old = MemoryContextSwitchTo(recordings->row_cxt);

	if (row->fields[CLF_FROM_DETAILS] == NULL && !recordings->gone)
		row->fields[CLF_FROM_DETAILS] = get_details(recordings);
	MemoryContextSwitchTo(old);
}

/* Add the content; if the row has no URI, it is taken from the details */
static void
add_content(ClfRecordings *recordings, ClfRow *row)
{
	char	   *uri = clf_field_cstring(&row->fields[CLF_FROM_ROW]
										[recordings->row_uri.n]);

	if (uri == NULL)
		add_details(recordings, row);
	if (uri == NULL && row->fields[CLF_FROM_DETAILS])
		uri = clf_field_cstring(&row->fields[CLF_FROM_DETAILS]
								[recordings->details_uri.n]);
	if (!recordings->gone)
		row->content = get_content(recordings, uri);
}

/*
 * clf_recordings_get
 *		Add the details or the content to the current row; if both are needed,
 *		the details first.  The content is palloc'd in the current memory
 *		context, the details live until the next row.  If the recording does
 *		not exist, both stay NULL, with a warning.
 */
void
clf_recordings_get(ClfRecordings *recordings, ClfOrigin origin, ClfRow *row)
{
	ClfExchange *exchange = origin == CLF_FROM_CONTENT ? recordings->media :
	recordings->api;
	ErrorContextCallback context;

	Assert(row == recordings->row);
	context.callback = clf_exchange_context;
	context.arg = exchange;
	context.previous = error_context_stack;
	error_context_stack = &context;
	if (origin == CLF_FROM_DETAILS)
		add_details(recordings, row);
	else
		add_content(recordings, row);
	error_context_stack = context.previous;
}
