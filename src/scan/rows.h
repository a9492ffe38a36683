/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Split records into rows, and drop duplicates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_ROWS_H
#define CLF_ROWS_H

#include "answer/field.h"
#include "answer/page.h"
#include "catalog/table.h"
#include "plan/bind.h"

typedef struct ClfRows ClfRows;

/* Order and range of the dates on a page */
typedef struct ClfSpan
{
	TimestampTz oldest;			/* DT_NOEND: no record has a date */
	TimestampTz bottom;			/* date of the last record but one; the only
								 * one's if there are no two */
	int			overlap;		/* number of records at the end of the page
								 * that are not later than the end of bottom's
								 * second */
	bool		falls;			/* is one older than the one before it? */
	bool		rises;			/* is one newer than the one before it? */
} ClfSpan;

extern ClfRows *clf_rows_create(MemoryContext cxt, const ClfTable *table,
								ClfOrder order, ClfSelection *selection);
extern void clf_rows_start(ClfRows *rows, const ClfQuery *query);
extern void clf_rows_set_query(ClfRows *rows, const ClfQuery *query);
extern void clf_rows_open_page(ClfRows *rows, ClfPage *page);
extern ClfFields *clf_rows_record_fields(const ClfRows *rows);
extern bool clf_rows_take(ClfRows *rows, const ClfField *record);
extern const ClfRow *clf_rows_next(ClfRows *rows);
extern void clf_rows_add_token(ClfRows *rows, const char *token);
extern bool clf_rows_has_token(const ClfRows *rows, const char *token);
extern ClfSpan clf_rows_survey(const ClfRows *rows, const ClfPage *page);
extern void clf_rows_mark_page(ClfRows *rows, const ClfPage *page);
extern bool clf_rows_continues(const ClfRows *rows, const ClfPage *page);
extern int64 clf_rows_count(const ClfRows *rows);
extern bool clf_rows_had_broken(const ClfRows *rows);

#endif							/* CLF_ROWS_H */
