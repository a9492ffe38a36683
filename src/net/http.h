/*-------------------------------------------------------------------------
 *
 * http.h
 *	  HTTP transfers that never block the backend.
 *
 * The only module that includes libcurl.
 *
 * A ClfHttp carries one request at a time: start, then advance (no waiting) or
 * wait, then finish.  One descriptor covers everything that libcurl waits for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_HTTP_H
#define CLF_HTTP_H

#include "answer/response.h"
#include "catalog/table.h"

typedef struct ClfHttp ClfHttp;

/* A request. It need not outlive clf_http_start. */
typedef struct ClfHttpRequest
{
	const char *url;
	const char *label;			/* method and path for the log, without ids */
	const char *shown;			/* path and query for error messages; NULL:
								 * taken from url */
	const char *bearer;			/* access token, or NULL */
	const char *username;		/* Basic authentication, or NULL */
	const char *password;
	const char *form;			/* body of a POST, form-encoded; NULL: GET */
	const char *accept;			/* media types; NULL: application/json */
	bool		may_be_missing; /* status 404 is not a failure */
	size_t		limit;			/* bytes of the body, decompressed; 0:
								 * max_response_size */
	bool		resumable;		/* limit the stall time instead of the total
								 * time, disable compression, and keep the
								 * bytes received on failure */
	int64		offset;			/* bytes of the body to skip */
} ClfHttpRequest;

extern ClfHttp *clf_http_open(MemoryContext cxt, const ClfServer *server,
							  const char *base_url);
extern void clf_http_start(ClfHttp *http, const ClfServer *server,
						   const ClfHttpRequest *request);
extern bool clf_http_advance(ClfHttp *http);
extern void clf_http_wait(ClfHttp *http);
extern ClfTransport clf_http_finish(ClfHttp *http, MemoryContext cxt,
									ClfHttpResponse *response,
									const char **detail);
extern void clf_http_wake_after(ClfHttp *http, int64 milliseconds);
extern int	clf_http_descriptor(const ClfHttp *http);
extern bool clf_http_in_flight(const ClfHttp *http);
extern void clf_http_abandon(ClfHttp *http);
extern bool clf_http_close_idle(void);
extern bool clf_http_leads_to(const char *url, const char *base_url);
extern const char *clf_http_library(void);

#endif							/* CLF_HTTP_H */
