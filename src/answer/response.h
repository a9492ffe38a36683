/*-------------------------------------------------------------------------
 *
 * response.h
 *	  An HTTP response, or how a transfer failed, as data.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RESPONSE_H
#define CLF_RESPONSE_H

#include "datatype/timestamp.h"

/* How a transfer failed without an answer of the API */
typedef enum ClfTransport
{
	CLF_TRANSPORT_OK,
	CLF_TRANSPORT_CONNECT,		/* name, route, refused */
	CLF_TRANSPORT_TLS,			/* handshake, certificate */
	CLF_TRANSPORT_CA_FILE,		/* sslrootcert cannot be used */
	CLF_TRANSPORT_TIMEOUT,
	CLF_TRANSPORT_BROKEN,		/* cut short, or not HTTP */
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

/* A response.  Numbers that it does not have are -1. */
typedef struct ClfHttpResponse
{
	int			status;
	bool		may_be_missing; /* then status 404 is no failure */
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
	TimestampTz started;		/* when the request was started, by the local
								 * clock */
	TimestampTz answered;		/* when it began to come, by the local clock */
	TimestampTz date;			/* the API's clock, whole seconds; 0: not
								 * given */
} ClfHttpResponse;

#endif							/* CLF_RESPONSE_H */
