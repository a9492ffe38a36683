/*-------------------------------------------------------------------------
 *
 * page.h
 *	  Pages: responses that contain records.
 *
 * Invalid input is reported by the return value, not as an error, so that the
 * caller can report the context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PAGE_H
#define CLF_PAGE_H

#include "answer/field.h"
#include "answer/json.h"
#include "api/resource.h"

/* A list response: {"records": [...], "navigation": {...}, ...} */
typedef struct ClfPage ClfPage;

extern ClfPage *clf_page_parse(MemoryContext cxt, ClfFields *fields,
							   const char *body, size_t length,
							   const ClfResource *resource,
							   const char **error);
extern ClfPage *clf_page_create(MemoryContext cxt, ClfFields *fields);
extern bool clf_page_add(ClfPage *page, const char *text, size_t length);
extern int	clf_page_length(const ClfPage *page);
extern bool clf_page_has_next(const ClfPage *page, int number);
extern const char *clf_page_frame(const ClfPage *page);
extern ClfJson *clf_page_answer(const ClfPage *page);
extern const ClfField *clf_page_record(const ClfPage *page, int n);
extern void clf_page_replace(ClfPage *page, int n, int by);

#endif							/* CLF_PAGE_H */
