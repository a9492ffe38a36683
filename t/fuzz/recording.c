/*-------------------------------------------------------------------------
 *
 * recording.c
 *	  Fuzz target: any responses with parts of the audio of a recording.
 *
 * Each response is two lines of the input, one with its headers, separated by
 * bars:
 *
 *	  how|status|Content-Length|Content-Range|Content-Type|
 *	  Content-Encoding|Transfer-Encoding
 *
 * and one with its body.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "src/scan/recording.c"

#define MAX_SIZE 1000
#define MAX_TRIES 10

/* The next responses, and the requests so far */
static const char *next_answer;
static const char *end_of_answers;
static int	tries;
static ClfSelection *selection;

/* ----------
 * Replacement of the exchange
 * ----------
 */

ClfExchange *
clf_exchange_create(MemoryContext cxt, const ClfTable *table,
					const char *base_url, Oid userid, ClfActivity *activity)
{
	(void) table;
	(void) base_url;
	(void) userid;
	(void) activity;
	return MemoryContextAllocZero(cxt, 1);
}

void
clf_exchange_begin(ClfExchange *exchange, const ClfHttpRequest *request)
{
	(void) exchange;
	INVARIANT(request->url != NULL);
	tries = 0;
}

/* Remove the next word from a line */
static char *
next_word(char **line)
{
	char	   *word = *line;

	*line += strcspn(word, "|");
	if (**line == '|')
		*(*line)++ = '\0';
	return word;
}

ClfTransport
clf_exchange_try(ClfExchange *exchange, const ClfHttpRequest *request,
				 MemoryContext cxt, ClfHttpResponse *response)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	char	   *line = fuzz_line(&next_answer, end_of_answers);
	int			how = atoi(next_word(&line));

	(void) exchange;
	INVARIANT(request->offset >= 0 && request->offset <= MAX_SIZE);
	memset(response, 0, sizeof(ClfHttpResponse));
	response->status = atoi(next_word(&line));
	response->content_length = Max(atoll(next_word(&line)), -1);
	response->content_range = next_word(&line);
	response->content_type = next_word(&line);
	response->content_encoding = next_word(&line);
	response->transfer_encoding = next_word(&line);
	response->request_id = pstrdup("");
	response->body = fuzz_line(&next_answer, end_of_answers);
	response->length = strlen(response->body);
	MemoryContextSwitchTo(old);
	return how > 0 && how <= CLF_TRANSPORT_LOCAL ? how : CLF_TRANSPORT_OK;
}

bool
clf_exchange_again(ClfExchange *exchange, ClfTransport how,
				   const ClfHttpResponse *response)
{
	(void) exchange;
	if (how == CLF_TRANSPORT_OK && response->status < 500)
		return false;
	if (++tries < MAX_TRIES && next_answer < end_of_answers)
		return true;
	if (how != CLF_TRANSPORT_OK)
		clf_report_transport(how, "broken", clf_exchange_info(exchange));
	return false;
}

void
clf_exchange_get(ClfExchange *exchange, const ClfHttpRequest *request,
				 MemoryContext cxt, ClfHttpResponse *response)
{
	clf_exchange_begin(exchange, request);
	while (clf_exchange_again(exchange, clf_exchange_try(exchange, request, cxt,
														 response), response))
		;
}

const ClfRequestInfo *
clf_exchange_info(const ClfExchange *exchange)
{
	static const ClfRequestInfo asked = {CLF_TARGET_MEDIA, 0};

	return &asked;
}

void
clf_exchange_context(void *exchange)
{
	(void) exchange;
}

bool
clf_http_leads_to(const char *url, const char *base_url)
{
	return strncmp(url, base_url, strlen(base_url)) == 0;
}

/* ----------
 * Reading a recording
 * ----------
 */

/* The content of a recording is neither empty nor too large */
static void
read_recording(void *arg)
{
	ClfRecordings *recordings = arg;
	char	   *row = fuzz_line(&next_answer, end_of_answers);
	ClfFields  *fields = selection->from[CLF_FROM_ROW];
	ClfField   *values = palloc0(clf_fields_count(fields) * sizeof(ClfField));
	ClfRow		record = {0};

	if (!clf_fields_pick_all(fields, row, strlen(row), values))
		return;
	record.fields[CLF_FROM_ROW] = values;
	clf_recordings_open(recordings, &record);
	clf_recordings_get(recordings, CLF_FROM_DETAILS, &record);
	clf_recordings_get(recordings, CLF_FROM_CONTENT, &record);
	if (record.content == NULL)
		return;
	INVARIANT(VARSIZE(record.content) > VARHDRSZ);
	INVARIANT(VARSIZE(record.content) <= VARHDRSZ + MAX_SIZE);
	for (char *p = VARDATA(record.content);
		 p < (char *) record.content + VARSIZE(record.content); p++)
		INVARIANT(*p != '\n');
}

void
fuzz_input(const char *data, size_t size)
{
	static char api[] = "http://api.example";
	static char media[] = "http://media.example";
	static char account[] = "~";
	ClfServer	server = {.base_url = api,.media_url = media};
	ClfTable	table = {.server = &server,
	.account_id = account,.max_recording_size = MAX_SIZE};

	table.resource = clf_find_resource("recordings");
	next_answer = data;
	end_of_answers = data + size;
	selection = clf_selection_create(false);
	(void) fuzz_raises(read_recording,
					   clf_recordings_create(CurrentMemoryContext, &table,
											 selection, InvalidOid, NULL));
}
