/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  Responses to requests for several records by id.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BATCH_H
#define CLF_BATCH_H

#include "answer/page.h"
#include "answer/response.h"

/* A part of the response that is neither a record nor "not found" */
typedef struct ClfFailedPart
{
	int			status;			/* HTTP status; 0: no such part */
	const char *body;
	size_t		length;
} ClfFailedPart;

/* Accepted media types; multipart is preferred as the better tested format */
#define CLF_BATCH_ACCEPT "multipart/mixed, application/json"

extern bool clf_is_not_found(int status, const char *body, size_t length,
							 bool is_path_valid);
extern bool clf_is_unknown_extension(int status, const char *body,
									 size_t length, bool is_rest_valid);
extern ClfPage *clf_batch_parse(MemoryContext cxt, ClfFields *fields,
								const ClfHttpResponse *response, int nids,
								ClfFailedPart *failed, const char **error);

#endif							/* CLF_BATCH_H */
