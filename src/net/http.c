/*-------------------------------------------------------------------------
 *
 * http.c
 *	  HTTP transfers that never block the backend.
 *
 * libcurl's multi interface reports the sockets and the timeout that it waits
 * for; both are registered with one epoll descriptor per ClfHttp, and that
 * descriptor is waited on together with the process latch, so that a query
 * cancel is processed in every state of the transfer.
 *
 * A ClfHttp is malloc'd and outlives the scan that used it: when the scan's
 * memory context is reset or deleted, the ClfHttp returns to a small pool with
 * its open connection, for the next scan of the session.
 *
 * The libcurl callbacks in this file must not palloc, ereport or check for
 * interrupts: after a longjmp out of libcurl its handles can be neither used
 * nor freed.  They set a flag and return.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "catalog/option.h"
#include "common/base64.h"
#include "compat.h"
#include "miscadmin.h"
#include "net/http.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#if !CLF_CURL_IS_SUPPORTED
#error call_log_fdw needs libcurl 7.74 or later
#endif

/* Connections kept open between scans, for a session that reads many servers */
#define MAX_IDLE 4

/* Dates after the year 9998 are ignored; seconds since 1970 */
#define LATEST_DATE INT64CONST(253370764799)

/* Maximum size of all headers of a response, in bytes */
#define MAX_HEADERS (256 * 1024)

/* epoll, timerfd, and the connection's socket */
#define DESCRIPTORS 3

/* Received bytes, malloc'd, with space for a terminating zero byte */
typedef struct ByteBuffer
{
	char	   *data;
	size_t		capacity;
} ByteBuffer;

/* Larger buffers are not reused for the next response */
#define KEPT_CAPACITY ((size_t) 16 * 1024 * 1024)

struct ClfHttp
{
	/* Server that the open connection belongs to */
	char	   *base_url;
	char	   *sslrootcert;

	/* The engine */
	CURLM	   *multi;
	CURL	   *easy;
	int			mux;			/* epoll of the sockets and the timer */
	int			timer;
	int			descriptors;	/* acquired from fd.c */
	ClfHttp    *next_idle;

	/* The request in progress */
	bool		in_flight;		/* the easy handle is in the multi handle */
	TimestampTz started;		/* by the local clock */
	TimestampTz answered;		/* likewise, when the response began */
	bool		done;
	CURLcode	result;
	struct curl_slist *headers;
	struct curl_slist authorization;	/* list head; data is malloc'd */
	char	   *form;			/* malloc'd */
	ByteBuffer	body;			/* of the response, received so far */
	size_t		length;
	size_t		limit;
	ByteBuffer	header;			/* lines of the response's header section */
	size_t		header_length;
	size_t		header_bytes;	/* including proxies and trailers */
	bool		in_header;		/* inside the header section */
	bool		resumable;
	bool		too_large;
	char		error[CURL_ERROR_SIZE];

	ByteBuffer	previous;		/* body of the previous response */
	bool		confidential;	/* wipe the bodies: they contain a token */
};

/* Returns a ClfHttp to the pool when the memory context is reset */
typedef struct Lease
{
	ClfHttp    *http;
	MemoryContextCallback callback;
} Lease;

static ClfHttp *idle_list = NULL;

/* ----------
 * Allocation functions for libcurl, which does not wipe its copies of
 * requests: memory is wiped when it is freed.  These are callbacks as well.
 * ----------
 */

static void
wipe_and_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *
wipe_and_realloc(void *memory, size_t size)
{
	void	   *copy = malloc(size);

	if (memory && copy)
	{
		memcpy(copy, memory, Min(size, malloc_usable_size(memory)));
		wipe_and_free(memory);
	}
	return copy;
}

/* ----------
 * Callbacks: see the top of the file
 * ----------
 */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	ClfHttp    *http = arg;
	struct epoll_event event = {0};

	event.data.fd = fd;
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
	{
		/* fails if closed already, which deregistered it */
		(void) epoll_ctl(http->mux, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if (epoll_ctl(http->mux, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	return epoll_ctl(http->mux, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	ClfHttp    *http = arg;
	struct itimerspec when = {0};

	if (timeout_ms == 0)
		when.it_value.tv_nsec = 1;	/* zero would disarm it */
	else if (timeout_ms > 0)
	{
		when.it_value.tv_sec = timeout_ms / 1000;
		when.it_value.tv_nsec = (timeout_ms % 1000) * 1000000;
	}
	return timerfd_settime(http->timer, 0, &when, NULL) == 0 ? 0 : -1;
}

/* Enlarge the buffer to length + 1 bytes; false if out of memory */
static bool
enlarge(ByteBuffer *buffer, size_t length)
{
	size_t		capacity = Max(buffer->capacity, 64 * 1024);
	char	   *data;

	if (length < buffer->capacity)
		return true;
	while (capacity <= length)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

static void
free_buffer(const ClfHttp *http, ByteBuffer *buffer)
{
	if (http->confidential)
		wipe_and_free(buffer->data);
	else
		free(buffer->data);
	memset(buffer, 0, sizeof(ByteBuffer));
}

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	ClfHttp    *http = arg;
	size_t		length = size * count;

	if (length > http->limit - http->length)
	{
		http->too_large = true;
		return 0;
	}
	if (!enlarge(&http->body, http->length + length))
		return 0;
	memcpy(http->body.data + http->length, data, length);
	http->length += length;
	return length;
}

/*
 * One line of a header section.  Sections of a proxy and of interim responses
 * (1xx) come first, each with a status line, and trailers come last: only the
 * section before the body is kept.  Not all versions of libcurl limit their
 * total size.
 */
static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	ClfHttp    *http = arg;
	size_t		length = size * count;

	http->header_bytes += length;
	if (http->header_bytes > MAX_HEADERS)
		return 0;
	if (length >= 5 && memcmp(data, "HTTP/", 5) == 0)
	{
		http->answered = GetCurrentTimestamp();
		http->header_length = 0;
		http->in_header = true;
	}
	else if (length == 0 || data[0] == '\r' || data[0] == '\n')
		http->in_header = false;
	if (!http->in_header)
		return length;
	if (!enlarge(&http->header, http->header_length + length))
		return 0;
	memcpy(http->header.data + http->header_length, data, length);
	http->header_length += length;
	return length;
}

/* ----------
 * Life of a ClfHttp
 * ----------
 */

static void
wipe_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

/*
 * Remove the easy handle from the multi handle and free the request's data.  A
 * handle that sent a login is destroyed together with its buffers; the
 * connection belongs to the multi handle and stays open.
 */
static void
end_transfer(ClfHttp *http)
{
	if (http->in_flight)
		curl_multi_remove_handle(http->multi, http->easy);
	http->in_flight = false;
	if (http->form)
	{
		curl_easy_cleanup(http->easy);
		http->easy = NULL;
	}
	curl_slist_free_all(http->headers);
	http->headers = NULL;
	wipe_text(&http->authorization.data);
	wipe_text(&http->form);
	http->length = 0;
}

/* Reuse the buffer of the previous response, which is no longer referenced */
static void
swap_buffers(ClfHttp *http)
{
	ByteBuffer	old = http->previous;

	http->previous = http->body;
	if (old.capacity > KEPT_CAPACITY)
		free_buffer(http, &old);
	http->body = old;
}

static void
destroy_http(ClfHttp *http)
{
	if (http->easy)
		curl_easy_cleanup(http->easy);
	if (http->multi)
		curl_multi_cleanup(http->multi);
	if (http->timer >= 0)
		close(http->timer);
	if (http->mux >= 0)
		close(http->mux);
	while (http->descriptors-- > 0)
		ReleaseExternalFD();
	free_buffer(http, &http->body);
	free_buffer(http, &http->previous);
	free_buffer(http, &http->header);
	free(http->base_url);
	free(http->sslrootcert);
	free(http);
}

/* Return to the pool, and close the oldest connection beyond MAX_IDLE */
static void
return_http(void *arg)
{
	Lease	   *lease = arg;
	ClfHttp   **link = &idle_list;

	if (lease->http == NULL)
		return;
	end_transfer(lease->http);
	free_buffer(lease->http, &lease->http->body);
	free_buffer(lease->http, &lease->http->previous);
	free_buffer(lease->http, &lease->http->header);
	lease->http->confidential = false;
	lease->http->next_idle = idle_list;
	idle_list = lease->http;
	lease->http = NULL;

	for (int i = 0; *link != NULL && i < MAX_IDLE; i++)
		link = &(*link)->next_idle;
	if (*link != NULL)
	{
		destroy_http(*link);
		*link = NULL;
	}
}

/*
 * clf_http_close_idle
 *		Close the connections that no scan uses.  Returns true if there were
 *		any.
 */
bool
clf_http_close_idle(void)
{
	bool		found = idle_list != NULL;

	while (idle_list != NULL)
	{
		ClfHttp    *http = idle_list;

		idle_list = http->next_idle;
		destroy_http(http);
	}
	return found;
}

/* Remove from the pool an entry with the same URL and certificates */
static ClfHttp *
reuse_http(const ClfServer *server, const char *base_url)
{
	for (ClfHttp **link = &idle_list; *link != NULL; link = &(*link)->next_idle)
	{
		ClfHttp    *http = *link;

		if (clf_same_text(http->base_url, base_url) &&
			clf_same_text(http->sslrootcert, server->sslrootcert))
		{
			*link = http->next_idle;
			return http;
		}
	}
	return NULL;
}

/* Create the descriptors and handles of a new ClfHttp; on false, see errno */
static bool
build_http(ClfHttp *http, const ClfServer *server, const char *base_url)
{
	struct epoll_event event = {0};

	while (http->descriptors < DESCRIPTORS)
	{
		if (!AcquireExternalFD())
			return false;
		http->descriptors++;
	}
	http->mux = epoll_create1(EPOLL_CLOEXEC);
	http->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	event.events = EPOLLIN;
	event.data.fd = http->timer;
	if (http->mux < 0 || http->timer < 0 ||
		epoll_ctl(http->mux, EPOLL_CTL_ADD, http->timer, &event) != 0)
		return false;

	errno = ENOMEM;
	http->base_url = strdup(base_url);
	http->sslrootcert = server->sslrootcert ? strdup(server->sslrootcert) :
		NULL;
	http->multi = curl_multi_init();
	return http->base_url && http->multi &&
		(http->sslrootcert || !server->sslrootcert) &&
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION,
						  on_socket) == CURLM_OK &&
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
		curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION,
						  on_timer) == CURLM_OK &&
		curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == CURLM_OK;
}

static ClfHttp *
create_http(const ClfServer *server, const char *base_url)
{
	static bool initialized = false;
	ClfHttp    *http;

	/* not in _PG_init, which may run in the postmaster before it forks */
	if (!initialized &&
		curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free,
							 wipe_and_realloc, strdup, calloc) != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not initialize libcurl")));
	initialized = true;

	http = calloc(1, sizeof(ClfHttp));
	if (http == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	http->mux = http->timer = -1;
	if (!build_http(http, server, base_url))
	{
		int			save_errno = errno;

		destroy_http(http);
		errno = save_errno;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not prepare an HTTP connection: %m")));
	}
	return http;
}

/*
 * clf_http_open
 *		Return a ClfHttp for requests to base_url, one of the server's URLs.
 *		It returns to the pool when the memory context is reset.
 */
ClfHttp    *
clf_http_open(MemoryContext cxt, const ClfServer *server,
			  const char *base_url)
{
	Lease	   *lease = MemoryContextAllocZero(cxt, sizeof(Lease));
	ClfHttp    *http = reuse_http(server, base_url);

	if (http == NULL)
		http = create_http(server, base_url);
	lease->http = http;
	lease->callback.func = return_http;
	lease->callback.arg = lease;
	MemoryContextRegisterResetCallback(cxt, &lease->callback);
	return http;
}

/* ----------
 * A transfer
 * ----------
 */

static void
check_setopt(CURLcode rc, const char *option)
{
	if (rc != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not set libcurl option %s: %s", option,
						curl_easy_strerror(rc))));
}

#define SETOPT(http, option, value) \
	check_setopt(curl_easy_setopt((http)->easy, option, value), #option)

/*
 * Trust only the certificates of this file, not those of the system's
 * directory or of a certificate store of the operating system.
 *
 * As of 8.21, NULL selects the system's directory, so that a path without
 * certificates has to be given.
 */
static void
set_authorities(ClfHttp *http, const char *file)
{
	bool		null_is_default;

	null_is_default = curl_version_info(CURLVERSION_NOW)->version_num >=
		CURL_VERSION_BITS(8, 21, 0);
	SETOPT(http, CURLOPT_CAINFO, file);
	SETOPT(http, CURLOPT_CAPATH, null_is_default ? "/dev/null" : NULL);
	SETOPT(http, CURLOPT_SSL_OPTIONS, 0L);
	/* a changed file takes effect for the next connection */
#if CLF_CURL_HAS_CA_CACHE
	SETOPT(http, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
}

static void
set_engine_options(ClfHttp *http, const ClfServer *server)
{
	SETOPT(http, CURLOPT_ERRORBUFFER, http->error);
	SETOPT(http, CURLOPT_WRITEFUNCTION, on_body);
	SETOPT(http, CURLOPT_WRITEDATA, http);
	SETOPT(http, CURLOPT_HEADERFUNCTION, on_header);
	SETOPT(http, CURLOPT_HEADERDATA, http);
	SETOPT(http, CURLOPT_NOSIGNAL, 1L); /* SIGALRM is PostgreSQL's */
#if CLF_CURL_HAS_QUICK_EXIT
	SETOPT(http, CURLOPT_QUICK_EXIT, 1L);	/* do not join a resolver thread */
#endif
	SETOPT(http, CURLOPT_CONNECTTIMEOUT_MS, (long) server->connect_timeout);
#if CLF_CURL_HAS_PROTOCOLS_STR
	SETOPT(http, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SETOPT(http, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SETOPT(http, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SETOPT(http, CURLOPT_FOLLOWLOCATION, 0L);	/* do not send the token
												 * elsewhere */
	SETOPT(http, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (server->sslrootcert)
		set_authorities(http, server->sslrootcert);
	if (clf_url_is_loopback(http->base_url))
		SETOPT(http, CURLOPT_NOPROXY, "*");
}

/* Limits of size and time */
static void
set_limits(ClfHttp *http, const ClfServer *server, const ClfHttpRequest *request)
{
	http->resumable = request->resumable;
	http->limit = request->limit > 0 ? request->limit :
		(size_t) server->max_response_size;
	SETOPT(http, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) http->limit);
	if (!request->resumable)
	{
		SETOPT(http, CURLOPT_TIMEOUT_MS, (long) server->request_timeout);
		SETOPT(http, CURLOPT_ACCEPT_ENCODING, "");
		return;
	}
	SETOPT(http, CURLOPT_LOW_SPEED_LIMIT, 1L);
	SETOPT(http, CURLOPT_LOW_SPEED_TIME,
		   (long) Max(server->request_timeout / 1000, 1));
	if (request->offset > 0)
		SETOPT(http, CURLOPT_RANGE, psprintf(INT64_FORMAT "-",
											 request->offset));
}

static void
set_request_options(ClfHttp *http, const ClfHttpRequest *request)
{
	SETOPT(http, CURLOPT_URL, request->url);
	if (http->form)
		SETOPT(http, CURLOPT_POSTFIELDS, http->form);
}

static void
add_header(ClfHttp *http, const char *line)
{
	struct curl_slist *longer = curl_slist_append(http->headers, line);

	if (longer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	http->headers = longer;
}

/*
 * Build the Authorization header, malloc'd; NULL if out of memory.  It is not
 * left to libcurl, which keeps user name, password and token with the
 * connection.
 */
static char *
make_authorization(const ClfHttpRequest *request)
{
	const char *secret = request->bearer ? request->bearer : request->password;
	const char *username = request->username ? request->username : "";
	size_t		length = strlen(username) + 1 + strlen(secret);
	size_t		size = sizeof("Authorization: Bearer ") +
	pg_b64_enc_len((int) length);
	char	   *header = malloc(size);
	char	   *pair = malloc(length + 1);
	const void *source = pair;

	if (header && pair && request->bearer)
		snprintf(header, size, "Authorization: Bearer %s", secret);
	else if (header && pair)
	{
		int			start = snprintf(header, size, "Authorization: Basic ");
		int			encoded;

		snprintf(pair, length + 1, "%s:%s", username, secret);
		encoded = pg_b64_encode(source, (int) length, header + start,
								(int) size - start - 1);
		Assert(encoded >= 0);
		header[start + Max(encoded, 0)] = '\0';
	}
	wipe_and_free(pair);
	return header;
}

/*
 * Copy the secrets of the request, so that they can be wiped when the transfer
 * ends
 */
static void
copy_secrets(ClfHttp *http, const ClfHttpRequest *request)
{
	bool		authorized = request->bearer || request->username;

	http->confidential |= request->form != NULL;
	if (request->form)
		http->form = strdup(request->form);
	if (authorized)
		http->authorization.data = make_authorization(request);
	if ((request->form && !http->form) ||
		(authorized && !http->authorization.data))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/*
 * RingCentral asks clients to identify themselves:
 * https://developers.ringcentral.com/guide/basics/user-agent
 *
 * Error messages of the API are requested in English, like the hints.
 */
static void
set_headers(ClfHttp *http, const ClfHttpRequest *request)
{
	add_header(http, psprintf("Accept: %s", request->accept ? request->accept :
							  "application/json"));
	add_header(http, "Accept-Language: en-US");
	add_header(http, "User-Agent: call_log_fdw/" CLF_VERSION
			   " (PostgreSQL/" PG_VERSION ")");
	http->authorization.next = http->headers;
	SETOPT(http, CURLOPT_HTTPHEADER, http->authorization.data ?
		   &http->authorization : http->headers);
}

/* Does the response have a status code of RFC 9110?  libcurl takes any number. */
static bool
has_valid_status(ClfHttp *http)
{
	long		status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 100 && status <= 599;
}

/* Record the result of the transfer if it has ended */
static void
collect_result(ClfHttp *http)
{
	CURLMsg    *message;
	int			queued;

	while ((message = curl_multi_info_read(http->multi, &queued)) != NULL)
	{
		if (message->msg != CURLMSG_DONE)
			continue;
		http->done = true;
		http->result = message->data.result;
		if (http->result == CURLE_OK && !has_valid_status(http))
			http->result = CURLE_WEIRD_SERVER_REPLY;
	}
}

/* Notify libcurl of a ready socket, or of its timeout (CURL_SOCKET_TIMEOUT) */
static void
act(ClfHttp *http, curl_socket_t fd, int ready)
{
	int			running;
	CURLMcode	rc = curl_multi_socket_action(http->multi, fd, ready, &running);

	if (rc != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("libcurl failed: %s", curl_multi_strerror(rc))));
	collect_result(http);
}

/*
 * clf_http_start
 *		Send a request without waiting.  The server is that which the ClfHttp
 *		was opened with.
 */
void
clf_http_start(ClfHttp *http, const ClfServer *server,
			   const ClfHttpRequest *request)
{
	CURLMcode	rc;

	Assert(!http->in_flight);
	if (http->easy == NULL)
		http->easy = curl_easy_init();
	if (http->easy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	curl_easy_reset(http->easy);
	http->done = http->too_large = false;
	http->header_length = http->header_bytes = 0;
	http->in_header = false;
	http->error[0] = '\0';
	copy_secrets(http, request);
	set_engine_options(http, server);
	set_limits(http, server, request);
	set_request_options(http, request);
	set_headers(http, request);

	rc = curl_multi_add_handle(http->multi, http->easy);
	if (rc != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("libcurl failed: %s", curl_multi_strerror(rc))));
	http->in_flight = true;
	http->started = GetCurrentTimestamp();
	act(http, CURL_SOCKET_TIMEOUT, 0);
}

/*
 * clf_http_in_flight
 *		Has a request been started whose response has not been taken yet?
 */
bool
clf_http_in_flight(const ClfHttp *http)
{
	return http->in_flight;
}

/*
 * clf_http_descriptor
 *		Descriptor that becomes readable when clf_http_advance has work to do,
 *		or the timeout of clf_http_wake_after has passed.
 */
int
clf_http_descriptor(const ClfHttp *http)
{
	return http->mux;
}

/*
 * clf_http_wake_after
 *		Without a request in progress, make the descriptor readable after a
 *		timeout.
 */
void
clf_http_wake_after(ClfHttp *http, int64 milliseconds)
{
	Assert(!http->in_flight);
	(void) on_timer(http->multi, (long) milliseconds, http);
}

/*
 * clf_http_advance
 *		Continue the transfer without waiting.  Returns true when it is done.
 */
bool
clf_http_advance(ClfHttp *http)
{
	struct epoll_event events[8];
	int			n = epoll_wait(http->mux, events, lengthof(events), 0);

	for (int i = 0; i < n && !http->done; i++)
	{
		int			ready = 0;

		if (events[i].data.fd == http->timer)
		{
			uint64		expirations;

			if (read(http->timer, &expirations, sizeof(expirations)) > 0)
				act(http, CURL_SOCKET_TIMEOUT, 0);
			continue;
		}
		if (events[i].events & EPOLLIN)
			ready |= CURL_CSELECT_IN;
		if (events[i].events & EPOLLOUT)
			ready |= CURL_CSELECT_OUT;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			ready |= CURL_CSELECT_ERR;
		act(http, events[i].data.fd, ready);
	}
	return http->done;
}

/*
 * clf_http_wait
 *		Wait until the transfer is done, checking for interrupts.
 */
void
clf_http_wait(ClfHttp *http)
{
	static uint32 wait_event = 0;

	while (!clf_http_advance(http))
	{
		int			rc = WaitLatchOrSocket(MyLatch,
										   WL_LATCH_SET | WL_SOCKET_READABLE |
										   WL_EXIT_ON_PM_DEATH,
										   http->mux, -1,
										   clf_wait_event(&wait_event,
														  "CallLogHttp"));

		if (rc & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
}

/* Map libcurl's result code to a ClfTransport */
static ClfTransport
classify(const ClfHttp *http)
{
	switch (http->result)
	{
		case CURLE_OK:
			return CLF_TRANSPORT_OK;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_CONNECT:
		case CURLE_PROXY:
			return CLF_TRANSPORT_CONNECT;
		case CURLE_SSL_CACERT_BADFILE:
			return http->sslrootcert ? CLF_TRANSPORT_CA_FILE :
				CLF_TRANSPORT_TLS;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_PEER_FAILED_VERIFICATION:
			return CLF_TRANSPORT_TLS;
		case CURLE_OPERATION_TIMEDOUT:
			return CLF_TRANSPORT_TIMEOUT;
		case CURLE_PARTIAL_FILE:
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_UNSUPPORTED_PROTOCOL:
#if CLF_CURL_HAS_TOO_LARGE
		case CURLE_TOO_LARGE:	/* headers beyond libcurl's own limit */
#endif
			return CLF_TRANSPORT_BROKEN;
		case CURLE_FILESIZE_EXCEEDED:
			return CLF_TRANSPORT_TOO_LARGE;
		case CURLE_WRITE_ERROR:
			if (http->too_large)
				return CLF_TRANSPORT_TOO_LARGE;
			if (http->header_bytes > MAX_HEADERS)
				return CLF_TRANSPORT_BROKEN;
			return CLF_TRANSPORT_LOCAL;
		default:
			return CLF_TRANSPORT_LOCAL;
	}
}

/*
 * Value of a response header, palloc'd in the current memory context; "" if
 * not present.  If repeated, the first. libcurl's own function requires 7.84.
 */
static char *
get_header(const ClfHttp *http, const char *name)
{
	const char *line = http->header.data;
	size_t		left = http->header_length;
	size_t		name_length = strlen(name);

	while (left > 0)
	{
		const char *eol = memchr(line, '\n', left);
		size_t		length = eol ? (size_t) (eol - line) + 1 : left;

		if (length > name_length && line[name_length] == ':' &&
			pg_strncasecmp(line, name, name_length) == 0)
		{
			const char *value = line + name_length + 1;
			const char *end = line + length;

			while (value < end && isspace((unsigned char) *value))
				value++;
			while (value < end && isspace((unsigned char) end[-1]))
				end--;
			return pnstrdup(value, end - value);
		}
		line += length;
		left -= length;
	}
	return pstrdup("");
}

/* Value of a header as an integer, -1 if missing or malformed */
static int
get_number_header(ClfHttp *http, const char *name)
{
	char	   *value = get_header(http, name);
	char	   *end;
	long		number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < 0 ||
		number > PG_INT32_MAX)
		return -1;
	return (int) number;
}

/* Value of a header as a date (RFC 9110), 0 if missing or out of range */
static TimestampTz
get_date_header(ClfHttp *http, const char *name)
{
	int64		date = curl_getdate(get_header(http, name), NULL);

	return date < 0 || date > LATEST_DATE ? 0 : time_t_to_timestamptz(date);
}

/* Retry-After is a number of seconds or a date (RFC 9110) */
static int
get_retry_after(ClfHttp *http, TimestampTz now)
{
	int			seconds = get_number_header(http, "Retry-After");
	TimestampTz date = get_date_header(http, "Retry-After");

	if (seconds >= 0 || date == 0 || now == 0)
		return seconds;
	return date > now ? (int) Min((date - now) / USECS_PER_SEC, PG_INT32_MAX) : 0;
}

static void
read_response(ClfHttp *http, ClfHttpResponse *response)
{
	long		status = 0;
	curl_off_t	bytes = 0;
	curl_off_t	content_length = -1;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	response->status = has_valid_status(http) ? (int) status : 0;
	response->wire_bytes = bytes;
	curl_easy_getinfo(http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
					  &content_length);
	response->content_length = content_length;
	response->started = http->started;
	response->answered = http->answered;
	response->content_range = get_header(http, "Content-Range");
	response->content_encoding = get_header(http, "Content-Encoding");
	response->transfer_encoding = get_header(http, "Transfer-Encoding");
	response->content_type = get_header(http, "Content-Type");
	response->request_id = get_header(http, "RCRequestId");
	response->rate_group = get_header(http, "X-Rate-Limit-Group");
	response->rate_limit = get_number_header(http, "X-Rate-Limit-Limit");
	response->rate_remaining = get_number_header(http, "X-Rate-Limit-Remaining");
	response->rate_window = get_number_header(http, "X-Rate-Limit-Window");
	response->date = get_date_header(http, "Date");
	response->retry_after = get_retry_after(http, response->date);

	if (!enlarge(&http->body, http->length))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	response->length = http->length;
	response->body = http->body.data;
	response->body[http->length] = '\0';
	swap_buffers(http);
}

/* Why libcurl could not use the file of sslrootcert, for a DETAIL; palloc'd */
static const char *
describe_ca_file(const ClfHttp *http)
{
	int			fd = open(http->sslrootcert, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return psprintf("could not open file \"%s\": %m", http->sslrootcert);
	close(fd);
	return psprintf("There is no certificate in PEM format in the file \"%s\".",
					http->sslrootcert);
}

/*
 * clf_http_finish
 *		Return the response of a transfer that is done, palloc'd in cxt, or the
 *		kind of failure, with libcurl's message in *detail; after a failed
 *		resumable transfer the response holds the bytes received.  The ClfHttp
 *		is then available for the next request.  The body belongs to the
 *		ClfHttp, and is valid until the next response is returned or the
 *		ClfHttp is released.
 */
ClfTransport
clf_http_finish(ClfHttp *http, MemoryContext cxt, ClfHttpResponse *response,
				const char **detail)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfTransport how = classify(http);

	Assert(http->done);
	memset(response, 0, sizeof(ClfHttpResponse));
	*detail = NULL;
	if (how == CLF_TRANSPORT_OK || http->resumable)
		read_response(http, response);
	if (how == CLF_TRANSPORT_CA_FILE)
		*detail = describe_ca_file(http);
	else if (how != CLF_TRANSPORT_OK)
		*detail = pstrdup(http->error[0] ? http->error :
						  curl_easy_strerror(http->result));
	MemoryContextSwitchTo(old);
	end_transfer(http);
	return how;
}

/*
 * clf_http_abandon
 *		Drop the request in progress, if any.
 */
void
clf_http_abandon(ClfHttp *http)
{
	end_transfer(http);
}

/* One component of a URL, allocated by libcurl; NULL if missing */
static char *
url_part(CURLU *url, CURLUPart part)
{
	char	   *text;

	return curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ?
		text : NULL;
}

/* Compare a component of two URLs; unless required, both may lack it */
static bool
same_part(CURLU *a, CURLU *b, CURLUPart part, bool required)
{
	char	   *text_a = url_part(a, part);
	char	   *text_b = url_part(b, part);
	bool		same = !required && text_a == NULL && text_b == NULL;

	if (text_a != NULL && text_b != NULL)
		same = pg_strcasecmp(text_a, text_b) == 0;
	curl_free(text_a);
	curl_free(text_b);
	return same;
}

/*
 * clf_http_leads_to
 *		Does a URL from an API response refer to the same server and port as
 *		base_url? libcurl parses it here as it does when it sends the request.
 */
bool
clf_http_leads_to(const char *url, const char *base_url)
{
	CURLU	   *a = curl_url();
	CURLU	   *b = curl_url();
	bool		same;

	same = a != NULL && b != NULL &&
		curl_url_set(a, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_set(b, CURLUPART_URL, base_url, 0) == CURLUE_OK &&
		same_part(a, b, CURLUPART_SCHEME, true) &&
		same_part(a, b, CURLUPART_HOST, true) &&
		same_part(a, b, CURLUPART_PORT, true) &&
		same_part(a, b, CURLUPART_USER, false) &&
		same_part(a, b, CURLUPART_PASSWORD, false);
	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

/*
 * clf_http_library
 *		Name and version of the library in use.
 */
const char *
clf_http_library(void)
{
	return psprintf("libcurl %s", curl_version_info(CURLVERSION_NOW)->version);
}
