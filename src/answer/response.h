/*-------------------------------------------------------------------------
 *
 * response.h
 *	  An HTTP response, and the ways a transfer can fail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RESPONSE_H
#define CLF_RESPONSE_H

#include "datatype/timestamp.h"

/* Result of a transfer; failures have no usable response */
typedef enum ClfTransport
{
	CLF_TRANSPORT_OK,
	CLF_TRANSPORT_CONNECT,		/* name resolution, no route, connection
								 * refused */
	CLF_TRANSPORT_TLS,			/* handshake, certificate */
	CLF_TRANSPORT_CA_FILE,		/* sslrootcert cannot be used */
	CLF_TRANSPORT_TIMEOUT,
	CLF_TRANSPORT_BROKEN,		/* truncated, or not HTTP */
	CLF_TRANSPORT_TOO_LARGE,	/* over max_response_size */
	CLF_TRANSPORT_LOCAL			/* libcurl or this machine */
} ClfTransport;

/* Did it fail before the request was sent? */
static inline bool
clf_never_sent(ClfTransport how)
{
	return how == CLF_TRANSPORT_CONNECT || how == CLF_TRANSPORT_TLS ||
		how == CLF_TRANSPORT_CA_FILE;
}

/* A response. Missing numbers are -1; without a response, all members are 0. */
typedef struct ClfHttpResponse
{
	int			status;
	bool		may_be_missing; /* if so, status 404 is not a failure */
	char	   *body;			/* decompressed, terminated; see
								 * clf_http_finish */
	size_t		length;
	int64		wire_bytes;		/* body as transferred, before decompression */
	int64		content_length; /* value of the header */
	char	   *content_range;	/* "" if missing, like the next five */
	char	   *content_encoding;
	char	   *transfer_encoding;
	char	   *content_type;
	char	   *request_id;		/* RCRequestId, for RingCentral's support */
	char	   *rate_group;		/* X-Rate-Limit-Group */
	int			rate_limit;		/* requests a window */
	int			rate_remaining;
	int			rate_window;	/* seconds */
	int			retry_after;	/* seconds */
	TimestampTz started;		/* when the request was started, by the local
								 * clock */
	TimestampTz answered;		/* when the response began, by the local clock */
	TimestampTz date;			/* header Date, whole seconds; 0: missing */
} ClfHttpResponse;

#endif							/* CLF_RESPONSE_H */
