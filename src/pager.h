/*-------------------------------------------------------------------------
 *
 * pager.h
 *	  Which request comes next, and the records of all of them, each once.
 *
 * Room 9.  Uses option, request, json, batch, exchange, report.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PAGER_H
#define CLF_PAGER_H

#include "postgres.h"

#include "exchange.h"
#include "json.h"
#include "request.h"

typedef struct ClfPager ClfPager;

/* What came so far; for EXPLAIN ANALYZE */
typedef struct ClfPagerStats
{
	int64		pages;			/* received and used */
	int64		records;		/* received */
	int64		duplicates;		/* of these, dropped */
} ClfPagerStats;

extern ClfPager *clf_pager_create(MemoryContext cxt, const ClfOptions *options,
								  Oid userid, bool send_ahead,
								  ClfExchangeStats *costs);
extern void clf_pager_start(ClfPager *pager, const ClfQuery *query);
extern void clf_pager_rewind(ClfPager *pager);
extern const ClfRecord *clf_pager_next(ClfPager *pager);
extern const ClfPagerStats *clf_pager_stats(const ClfPager *pager);

#endif							/* CLF_PAGER_H */
