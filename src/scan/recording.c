/*-------------------------------------------------------------------------
 *
 * recording.c
 *	  What lists leave out of a recording: its details and its audio.
 *
 * Its details say where the audio is, what kind it is and how long it lasts;
 * lists say where, too.  The audio comes from a host of its own, and the token
 * goes to that host only, whatever the answer says.
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
	ClfFieldRef details_id;		/* and of its details */
	ClfFieldRef row_uri;		/* where the row, and its details, say that */
	ClfFieldRef details_uri;	/* the audio is */
	ClfFields  *details_fields;

	/* the row at hand */
	MemoryContext row_cxt;
	const char *id;				/* UTF-8 */
	bool		gone;			/* RingCentral does not have it any longer */
};

/* The audio while it comes in */
typedef struct Download
{
	bytea	   *content;		/* allocated for all of it */
	int64		length;			/* of what is there */
	int64		total;			/* -1: not known yet */
} Download;

/*
 * clf_recordings_create
 *		Owned by the memory context.  Adds to the selection what is looked at
 *		here.  The role is the one whose user mapping counts.
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

/* Is it the answer that there is no such recording?  Then say so. */
static bool
is_gone(ClfRecordings *recordings, const ClfHttpResponse *response)
{
	if (!clf_is_not_found(response->status, response->body, response->length))
		return false;
	clf_report_recording_gone(recordings->id);
	recordings->gone = true;
	return true;
}

/* ----------
 * Details
 * ----------
 */

/* What RingCentral says of the recording; NULL when it is gone */
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
		clf_report_status(&response, clf_exchange_asked(recordings->api));
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

/* The id, for a message */
static char *
shown_id(const ClfRecordings *recordings)
{
	return clf_excerpt(recordings->id, strlen(recordings->id),
					   CLF_EXCERPT_LENGTH);
}

/*
 * The token goes to the media host only.  libcurl decides what a URL leads to,
 * here as when it is asked for.
 */
static void
check_content_uri(const ClfRecordings *recordings, const char *uri)
{
	if (uri == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("recording \"%s\" has no content URI",
						shown_id(recordings))));
	if (!clf_http_leads_to(uri, recordings->table->server->media_url))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the content of recording \"%s\" is not on the media "
						"host",
						shown_id(recordings)),
				 errdetail("The content URI is %s, but the server option "
						   "media_url is %s.",
						   clf_excerpt(uri, strcspn(uri, "?#"), CLF_EXCERPT_LENGTH),
						   recordings->table->server->media_url),
				 errhint("If RingCentral keeps your recordings there, set "
						 "media_url to that host.")));
}

/* "bytes 100-199/200": the first of them and their total; false: no such text */
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
 * Where in the content the answer begins, and how much there is in all, -1 if
 * it does not say.  A host that knows no ranges begins anew.
 */
static void
locate_answer(const ClfRecordings *recordings, const Download *download,
			  const ClfHttpResponse *response, int64 *first, int64 *total)
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

/* Is this audio at all, and no page of a gateway? */
static void
check_content(const ClfRecordings *recordings, const ClfHttpResponse *response)
{
	char	   *type = pnstrdup(response->content_type,
								strcspn(response->content_type, "; "));

	if (pg_strncasecmp(type, "audio/", 6) != 0)
		clf_report_bad_answer(psprintf("its content type is \"%s\", not audio",
									   clf_masked_excerpt(type, clf_exchange_asked(recordings->media))),
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
					shown_id(recordings)),
			 errhint("Raise the option max_recording_size of the server or "
					 "table, or leave this recording out.")));
}

/* Add what came */
static void
take_content(const ClfRecordings *recordings, Download *download,
			 ClfHttpResponse *response)
{
	int64		first;
	int64		total;
	int64		length;

	check_content(recordings, response);
	locate_answer(recordings, download, response, &first, &total);
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
	response->body = pstrdup("");	/* no audio in a message */
	response->length = 0;
}

/*
 * One try to get the rest of the content, or all of it while it is not known
 * how much that is.  False when it was the last one.
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
		return false;			/* however the connection ended */
	return clf_exchange_again(recordings->media, how, response);
}

/* The bytes, palloc'd in the current memory context; NULL when it is gone */
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
		clf_report_status(&response, clf_exchange_asked(recordings->media));
	if (download.length == 0 ||
		(download.total >= 0 && download.length != download.total))
		clf_report_bad_answer(download.length == 0 ? "it is empty" :
							  "it is truncated", &response);
	SET_VARSIZE(download.content, VARHDRSZ + download.length);
	return download.content;
}

/* ----------
 * Both
 * ----------
 */

/*
 * clf_recordings_open
 *		What is asked for from now on is of this row.
 */
void
clf_recordings_open(ClfRecordings *recordings, const ClfRow *row)
{
	MemoryContext old;

	MemoryContextReset(recordings->row_cxt);
	old = MemoryContextSwitchTo(recordings->row_cxt);
	recordings->id = clf_field_cstring(&row->fields[CLF_FROM_ROW]
									   [recordings->id_field.n]);
	recordings->gone = false;
	if (recordings->id == NULL)
		recordings->id = "";
	MemoryContextSwitchTo(old);
}

/* Ask for the details, which live until the next row */
static void
add_details(ClfRecordings *recordings, ClfRow *row)
{
	MemoryContext old = MemoryContextSwitchTo(recordings->row_cxt);

	if (row->fields[CLF_FROM_DETAILS] == NULL && !recordings->gone)
		row->fields[CLF_FROM_DETAILS] = get_details(recordings);
	MemoryContextSwitchTo(old);
}

/* Ask for the content; where nothing says where it is, the details do */
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
 *		Fill in the details or the content of the row that was opened, the
 *		content in the current memory context, the details until the next row
 *		is opened.  Details come first, if both are asked for.  Of a recording
 *		that RingCentral does not have any longer both stay NULL, with a
 *		warning.
 */
void
clf_recordings_get(ClfRecordings *recordings, ClfOrigin origin, ClfRow *row)
{
	ClfExchange *exchange = origin == CLF_FROM_CONTENT ? recordings->media :
	recordings->api;
	ErrorContextCallback context;

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
