/*-------------------------------------------------------------------------
 *
 * error.h
 *	  From what RingCentral said to SQLSTATE, message and hint.
 *
 * Usable from every room.  Which table and which request an error is about is
 * in its CONTEXT, which the pager and the token room set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ERROR_H
#define CLF_ERROR_H

#include "compat.h"

/* How a transfer failed without an answer of the API */
typedef enum ClfTransport
{
	CLF_TRANSPORT_OK,
	CLF_TRANSPORT_CONNECT,		/* name, route, refused */
	CLF_TRANSPORT_TLS,			/* handshake, certificate */
	CLF_TRANSPORT_TIMEOUT,
	CLF_TRANSPORT_BROKEN,		/* cut short, or not HTTP */
	CLF_TRANSPORT_TOO_LARGE,	/* over max_response_size */
	CLF_TRANSPORT_LOCAL			/* libcurl or this machine */
} ClfTransport;

/*
 * What must not come out in an error, should an answer repeat it.  Secrets may
 * be NULL.
 */
typedef struct ClfSecrets
{
	const char *values[3];
	bool		hide_answer;	/* show no answer but the API's error objects */
} ClfSecrets;

/* Of a foreign text, so much is shown in a message, in bytes */
#define CLF_EXCERPT_LENGTH 300

/* Did it fail before the request was sent? */
static inline bool
clf_never_sent(ClfTransport how)
{
	return how == CLF_TRANSPORT_CONNECT || how == CLF_TRANSPORT_TLS;
}

pg_noreturn extern void clf_report_transport(ClfTransport how,
											 const char *detail);
pg_noreturn extern void clf_report_status(int status, const char *body,
										  size_t length,
										  const char *request_id,
										  const ClfSecrets *secrets);
pg_noreturn extern void clf_report_bad_answer(const char *what,
											  const char *body, size_t length,
											  const ClfSecrets *secrets);
extern void clf_report_recording_gone(const char *id);
extern char *clf_to_server_encoding(const char *text, size_t length);
extern char *clf_excerpt(const char *text, size_t length, int limit);

#endif							/* CLF_ERROR_H */
