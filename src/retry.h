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

#include "postgres.h"

#include "datatype/timestamp.h"
#include "http.h"
#include "option.h"
#include "report.h"

/* The tries of one request; starts as zeros */
typedef struct ClfRetry
{
	int			tries;			/* that failed */
	TimestampTz started;		/* when the first of them had failed */
} ClfRetry;

extern bool clf_retry(ClfRetry *retry, const ClfOptions *options,
					  ClfTransport how, const ClfResponse *response);
extern void clf_retry_context(const ClfRetry *retry);

#endif							/* CLF_RETRY_H */
