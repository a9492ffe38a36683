/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  Whether and when a request that failed is sent again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RETRY_H
#define CLF_RETRY_H

#include "answer/response.h"
#include "catalog/table.h"
#include "datatype/timestamp.h"

/* What makes a request that failed worth sending again */
typedef enum ClfRetryKind
{
	CLF_RETRY_NEVER,
	CLF_RETRY_BACKOFF,			/* after growing delays */
	CLF_RETRY_AFTER,			/* after Retry-After, else likewise */
	CLF_RETRY_NEW_TOKEN			/* with another token, at once */
} ClfRetryKind;

/* The tries of one request; starts as zeros */
typedef struct ClfRetry
{
	int			tries;			/* that failed */
	TimestampTz started;		/* when the first of them had failed */
} ClfRetry;

extern ClfRetryKind clf_retry_kind(ClfTransport how,
								   const ClfHttpResponse *response);
extern bool clf_retry(ClfRetry *retry, const ClfServer *server,
					  ClfTransport how, const ClfHttpResponse *response);
extern void clf_retry_context(const ClfRetry *retry);

#endif							/* CLF_RETRY_H */
