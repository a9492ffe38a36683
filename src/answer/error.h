/*-------------------------------------------------------------------------
 *
 * error.h
 *	  Map failures of the network and the API to SQLSTATE, message and hint.
 *
 * Table and request are in the CONTEXT of an error, which the callers set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ERROR_H
#define CLF_ERROR_H

#include "answer/response.h"
#include "compat.h"

/* Kind of request, on which SQLSTATE and hint depend */
typedef enum ClfTarget
{
	CLF_TARGET_API,
	CLF_TARGET_LOGIN,
	CLF_TARGET_MEDIA
} ClfTarget;

/* Properties of a request, for error messages */
typedef struct ClfRequestInfo
{
	ClfTarget	target;
	size_t		shortest_secret;	/* bytes, of those sent; 0: none */
} ClfRequestInfo;

/* Maximum length of a foreign text in messages, in bytes */
#define CLF_EXCERPT_LENGTH 300

extern void clf_add_secret(ClfRequestInfo *info, const char *secret);
pg_noreturn extern void clf_report_transport(ClfTransport how,
											 const char *detail,
											 const ClfRequestInfo *info);
pg_noreturn extern void clf_report_status(const ClfHttpResponse *response,
										  const ClfRequestInfo *info);
pg_noreturn extern void clf_report_bad_answer(const char *what,
											  const ClfHttpResponse *response);
extern void clf_report_recording_gone(const char *id);
extern char *clf_to_server_encoding(const char *text, size_t length);
extern char *clf_masked_excerpt(const char *text, const ClfRequestInfo *info);
extern char *clf_excerpt(const char *text, size_t length, int limit);

#endif							/* CLF_ERROR_H */
