/*-------------------------------------------------------------------------
 *
 * http.h
 *	  HTTP transfers that never block the backend.
 *
 * Room 6.  The only one that knows libcurl.  Uses option, clock, report.
 *
 * A ClfHttp carries one request at a time: start, then advance (no waiting)
 * or wait, then finish.  It watches everything that libcurl waits for through
 * one descriptor of its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_HTTP_H
#define CLF_HTTP_H

#include "datatype/timestamp.h"
#include "catalog/option.h"
#include "answer/error.h"

typedef struct ClfHttp ClfHttp;

/* What to send.  Nothing of it needs to outlive clf_http_start. */
typedef struct ClfHttpRequest
{
	const char *url;
	const char *bearer;			/* access token, or NULL */
	const char *username;		/* Basic authentication, or NULL */
	const char *password;
	const char *form;			/* body of a POST, form-encoded; NULL: GET */
	const char *accept;			/* media types; NULL: application/json */
	size_t		limit;			/* bytes of the body, decompressed; 0:
								 * max_response_size */
	bool		resumable;		/* take as long as it goes on at all, without
								 * compression, and keep what came when it
								 * breaks */
	int64		offset;			/* skip so many bytes of the body */
} ClfHttpRequest;

/* What came back.  Numbers that the answer does not have are -1. */
typedef struct ClfHttpResponse
{
	int			status;
	char	   *body;			/* decompressed, terminated; see
								 * clf_http_finish */
	size_t		length;
	int64		wire_bytes;		/* as it came over the network, body only */
	int64		content_length; /* as announced */
	char	   *content_range;	/* "" when not given, like the next five */
	char	   *content_encoding;
	char	   *transfer_encoding;
	char	   *content_type;
	char	   *request_id;		/* RCRequestId: RingCentral's support asks for
								 * it */
	char	   *rate_group;		/* X-Rate-Limit-Group */
	int			rate_limit;		/* requests a window */
	int			rate_remaining;
	int			rate_window;	/* seconds */
	int			retry_after;	/* seconds */
	TimestampTz answered;		/* when it began to come, by the local clock */
	TimestampTz date;			/* the API's clock, whole seconds; 0: not
								 * given */
} ClfHttpResponse;

extern ClfHttp *clf_http_open(MemoryContext cxt, const ClfOptions *options,
							  const char *base_url);
extern void clf_http_start(ClfHttp *http, const ClfOptions *options,
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
