/*-------------------------------------------------------------------------
 *
 * error.h
 *	  From what RingCentral said to SQLSTATE, message and hint.
 *
 * Which table and which request an error is about is in its CONTEXT, which the
 * callers set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ERROR_H
#define CLF_ERROR_H

#include "answer/response.h"
#include "compat.h"

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

pg_noreturn extern void clf_report_transport(ClfTransport how,
											 const char *detail);
pg_noreturn extern void clf_report_status(const ClfHttpResponse *response,
										  const ClfSecrets *secrets);
pg_noreturn extern void clf_report_bad_answer(const char *what,
											  const ClfHttpResponse *response,
											  const ClfSecrets *secrets);
extern void clf_report_recording_gone(const char *id);
extern char *clf_to_server_encoding(const char *text, size_t length);
extern char *clf_excerpt(const char *text, size_t length, int limit);

#endif							/* CLF_ERROR_H */
