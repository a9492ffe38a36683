/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  Whether and when to retry a failed request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RETRY_H
#define CLF_RETRY_H

#include "answer/response.h"
#include "catalog/table.h"
#include "datatype/timestamp.h"

/* How a failed request is retried */
typedef enum ClfRetryKind
{
	CLF_RETRY_NEVER,
	CLF_RETRY_BACKOFF,			/* with exponential backoff */
	CLF_RETRY_AFTER,			/* after Retry-After, else with backoff */
	CLF_RETRY_NEW_TOKEN			/* at once, with another token */
} ClfRetryKind;

/* Failed attempts of one request; initialize with zeros */
typedef struct ClfRetry
{
	int			tries;
	TimestampTz started;		/* when the first attempt had failed */
} ClfRetry;

extern ClfRetryKind clf_retry_kind(ClfTransport how,
								   const ClfHttpResponse *response);
extern bool clf_retry(ClfRetry *retry, const ClfServer *server,
					  ClfTransport how, const ClfHttpResponse *response);
extern void clf_retry_context(const ClfRetry *retry);

#endif							/* CLF_RETRY_H */
