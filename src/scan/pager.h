/*-------------------------------------------------------------------------
 *
 * pager.h
 *	  Paging: which request to send next, and the rows of all responses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PAGER_H
#define CLF_PAGER_H

#include "answer/field.h"
#include "plan/bind.h"
#include "shared/activity.h"

typedef struct ClfPager ClfPager;

extern ClfPager *clf_pager_create(MemoryContext cxt, const ClfTable *table,
								  const ClfScanPlan *plan,
								  ClfSelection *selection, Oid userid,
								  ClfActivity *activity);
extern void clf_pager_enable_prefetch(ClfPager *pager);
extern void clf_pager_enable_cache(ClfPager *pager);
extern void clf_pager_share_cache(ClfPager *pager, MemoryContext statement);
extern void clf_pager_start(ClfPager *pager, const ClfQuery *query);
extern bool clf_pager_was_too_wide(const ClfPager *pager);
extern void clf_pager_rewind(ClfPager *pager);
extern const ClfRow *clf_pager_next(ClfPager *pager, bool wait);
extern const ClfRow *clf_pager_next_on_page(ClfPager *pager);
extern double clf_pager_reach(const ClfPager *pager, TimestampTz *bottom,
							  bool *last);
extern bool clf_pager_at_end(const ClfPager *pager);
extern bool clf_pager_has_more(const ClfPager *pager);
extern char *clf_pager_token(const ClfPager *pager);
extern int	clf_pager_descriptor(const ClfPager *pager);

#endif							/* CLF_PAGER_H */
