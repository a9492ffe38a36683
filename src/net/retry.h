/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  Whether and when a request that failed is sent again.
 *
 * Uses option, http, budget (waiting), report.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RETRY_H
#define CLF_RETRY_H

#include "datatype/timestamp.h"
#include "net/http.h"
#include "catalog/option.h"
#include "answer/error.h"

/* The tries of one request; starts as zeros */
typedef struct ClfRetry
{
	int			tries;			/* that failed */
	TimestampTz started;		/* when the first of them had failed */
} ClfRetry;

extern bool clf_retry(ClfRetry *retry, const ClfOptions *options,
					  ClfTransport how, const ClfHttpResponse *response);
extern void clf_retry_context(const ClfRetry *retry);

#endif							/* CLF_RETRY_H */
