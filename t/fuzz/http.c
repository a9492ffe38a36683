/*-------------------------------------------------------------------------
 *
 * http.c
 *	  Fuzz target: any bytes as an HTTP response, from the status line on.
 *
 * libcurl sends a request to a server in this process, which responds with the
 * input and closes the connection.  The result must be a response with values in
 * range, or an error with a valid text.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static CURLMcode add_to_multi(CURLM *multi, CURL *easy);

/* A Unix socket occupies no port */
#define curl_multi_add_handle(multi, easy) add_to_multi(multi, easy)
#include "answer/error.h"
#include "shared/clock.h"
#include "src/net/http.c"
#undef curl_multi_add_handle

#define MAX_BODY 5000
#define SECRET "a-token-that-is-secret"

/* Timeout of an idle transfer, in milliseconds */
#define PATIENCE 5000

/* The server, and its response */
static int	listener = -1;
static int	connection = -1;
static const char *response_text;
static size_t response_length;

bool
clf_url_is_loopback(const char *url)
{
	(void) url;
	return true;
}

/* ----------
 * The server
 * ----------
 */

static char *
server_name(void)
{
	return psprintf("call_log_fdw fuzz %d", (int) getpid());
}

static void
start_server(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char	   *name = server_name();
	socklen_t	length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);

	memcpy(address.sun_path + 1, name, strlen(name));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	INVARIANT(bind(listener, (struct sockaddr *) &address, length) == 0);
	INVARIANT(listen(listener, 5) == 0);
}

static void
close_connection(void)
{
	if (connection >= 0)
		close(connection);
	connection = -1;
}

/* Respond to a connection; data that exceeds the socket's buffer is lost */
static void
serve(void)
{
	int			fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ssize_t		sent;

	if (fd < 0)
		return;
	close_connection();
	connection = fd;
	sent = send(fd, response_text, response_length, MSG_NOSIGNAL);
	(void) sent;
	shutdown(fd, SHUT_WR);
}

static CURLMcode
add_to_multi(CURLM *multi, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, server_name());
	return curl_multi_add_handle(multi, easy);
}

/* A complete response needs no wait */
static void
wait_for_end(ClfHttp *http)
{
	do
	{
		struct pollfd fd = {.fd = http->mux,.events = POLLIN};

		serve();
		INVARIANT(poll(&fd, 1, PATIENCE) == 1);
	} while (!clf_http_advance(http));
}

/* ----------
 * The answer
 * ----------
 */

static void
check_number(int number)
{
	INVARIANT(number >= -1);
}

static void
check_response(const ClfHttpResponse *response)
{
	INVARIANT(response->status >= 0 && response->status <= 599);
	INVARIANT(response->length <= MAX_BODY);
	INVARIANT(response->body[response->length] == '\0');
	INVARIANT(response->wire_bytes >= 0);
	INVARIANT(response->content_length >= -1);
	check_number(response->rate_limit);
	check_number(response->rate_remaining);
	check_number(response->rate_window);
	check_number(response->retry_after);
	INVARIANT(response->date == 0 || IS_VALID_TIMESTAMP(response->date));
	INVARIANT(strlen(response->content_type) <= response_length);
}

static void
raise_status(void *arg)
{
	const ClfHttpResponse *response = arg;
	ClfRequestInfo asked = {CLF_TARGET_API, 0};

	clf_add_secret(&asked, SECRET);
	clf_report_status(response, &asked);
}

static void
raise_bad_answer(void *arg)
{
	const ClfHttpResponse *response = arg;
	ClfRequestInfo asked = {CLF_TARGET_API, 0};

	clf_add_secret(&asked, SECRET);
	clf_report_bad_answer("it is odd", response);
}

static void
send_request(const ClfServer *server, bool resumable)
{
	ClfHttpRequest request = {.url = server->base_url,.bearer = SECRET};
	ClfHttp    *http = clf_http_open(CurrentMemoryContext, server,
									 server->base_url);
	ClfHttpResponse response;
	ClfTransport how;
	const char *detail;

	request.resumable = resumable;
	clf_http_start(http, server, &request);
	wait_for_end(http);
	how = clf_http_finish(http, CurrentMemoryContext, &response, &detail);
	INVARIANT((how == CLF_TRANSPORT_OK) == (detail == NULL));
	INVARIANT(how != CLF_TRANSPORT_CONNECT && how != CLF_TRANSPORT_TLS);
	if (how != CLF_TRANSPORT_OK && !resumable)
		return;
	clf_clock_note(server->base_url, response.date, response.started);
	check_response(&response);
	INVARIANT(fuzz_raises(raise_status, &response));
	INVARIANT(fuzz_raises(raise_bad_answer, &response));
	INVARIANT(clf_clock_known(server->base_url));
	INVARIANT(IS_VALID_TIMESTAMP(clf_clock_now(server->base_url)));
}

/* A URL that the token may be sent to names that server only */
static void
check_url(const char *url, const char *base_url)
{
	if (!clf_http_leads_to(url, base_url))
		return;
	for (const char *p = url; *p; p++)
		INVARIANT((unsigned char) *p > ' ' && *p != 0x7f);
	INVARIANT(pg_strncasecmp(url, "http:", 5) == 0);
	INVARIANT(memchr(url, '@', strcspn(url, "?#")) == NULL ||
			  strchr(url + 7, '/') < strchr(url, '@'));
}

void
fuzz_input(const char *data, size_t size)
{
	static char base_url[] = "http://127.0.0.1:80";
	ClfServer	server = {.base_url = base_url,.connect_timeout = 10000,
	.request_timeout = 10000,.max_response_size = MAX_BODY};
	const char *p = data;

	if (listener < 0)
		start_server();
	memset(fuzz_shared.clocks, 0, sizeof(fuzz_shared.clocks));
	check_url(fuzz_line(&p, data + size), base_url);
	response_text = data;
	response_length = size;
	send_request(&server, false);
	send_request(&server, true);
	close_connection();
	MemoryContextReset(CurrentMemoryContext);	/* returns its ClfHttp to the
												 * pool */
	clf_http_close_idle();
}
