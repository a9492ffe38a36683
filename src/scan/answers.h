/*-------------------------------------------------------------------------
 *
 * answers.h
 *	  Pages of a scan, with a cache of responses for rescans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ANSWERS_H
#define CLF_ANSWERS_H

#include "answer/field.h"
#include "answer/page.h"
#include "catalog/table.h"
#include "net/exchange.h"
#include "plan/query.h"
#include "shared/activity.h"

typedef struct ClfAnswers ClfAnswers;

/* The present by the API's clock, at which windows without an upper bound end */
typedef struct ClfMoment
{
	TimestampTz now;			/* 0: not set yet */
	TimestampTz fixed_at;		/* local time when it was set */
} ClfMoment;

/* One request of a query */
typedef struct ClfPageRequest
{
	const char *url;
	const char *shown;			/* path and query for error messages */
	const ClfQuery *query;
	int			number;			/* of the page or of the batch of ids, from 1 */
} ClfPageRequest;

extern ClfAnswers *clf_answers_create(MemoryContext cxt,
									  const ClfTable *table, Oid userid,
									  ClfExchange *exchange,
									  ClfActivity *activity);
extern void clf_answers_enable_cache(ClfAnswers *answers);
extern void clf_answers_share_cache(ClfAnswers *answers,
									MemoryContext statement);
extern ClfMoment *clf_answers_moment(ClfAnswers *answers);
extern ClfPage *clf_answers_get(ClfAnswers *answers,
								const ClfPageRequest *request,
								ClfFields *fields, TimestampTz *date);
extern bool clf_answers_poll(ClfAnswers *answers,
							 const ClfPageRequest *request);
extern void clf_answers_prefetch(ClfAnswers *answers,
								 const ClfPageRequest *request);
extern void clf_answers_forget(ClfAnswers *answers, const char *url);
extern void clf_answers_release(ClfAnswers *answers);

#endif							/* CLF_ANSWERS_H */
