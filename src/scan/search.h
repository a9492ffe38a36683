/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Search for the oldest records of a list that is sorted newest first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SEARCH_H
#define CLF_SEARCH_H

#include "plan/query.h"

/* All bounds but the first "from" are whole seconds */
typedef struct ClfSearch
{
	TimestampTz from;			/* window to request next */
	TimestampTz until;
	TimestampTz done;			/* all older records have been found; before
								 * "until" */
	TimestampTz too_late;		/* a window that ended then had more records
								 * than a page; DT_NOEND: not known */
	TimestampTz end;			/* of the whole window */
} ClfSearch;

extern void clf_search_start(ClfSearch *search, const ClfWindow *window,
							 double per_day, int page_size);
extern bool clf_search_shorten(ClfSearch *search, TimestampTz oldest);
extern bool clf_search_continue(ClfSearch *search, int nrecords,
								TimestampTz oldest, int page_size);

#endif							/* CLF_SEARCH_H */
