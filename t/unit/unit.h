/*-------------------------------------------------------------------------
 *
 * unit.h
 *	  Unit tests and their common functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_UNIT_H
#define CLF_UNIT_H

#include "answer/field.h"
#include "answer/page.h"
#include "datatype/timestamp.h"

extern void unit_check(const char *what, const char *got,
					   const char *expected);
extern void unit_check_true(const char *what, bool ok);
extern char *unit_repeat_text(const char *before, const char *text, int times,
							  const char *after);
extern TimestampTz unit_timestamp(const char *text);

/* Fields of a text, in field.c */
extern ClfField unit_pick(const char *text, const char *path);
extern char *unit_raw(const ClfField *field);
extern ClfFields *unit_whole_records(void);

/* The records of a page, in page.c */
extern char *unit_list_records(const ClfPage *page);

extern void test_views(void);
extern void test_tables(void);
extern void test_escape(void);
extern void test_windows(void);
extern void test_runs(void);
extern void test_times(void);
extern void test_paths(void);
extern void test_members(void);
extern void test_grammar(void);
extern void test_depth(void);
extern void test_texts(void);
extern void test_json(void);
extern void test_elements(void);
extern void test_objects(void);
extern void test_sizes(void);
extern void test_pages(void);
extern void test_batches(void);
extern void test_idsets(void);
extern void test_searches(void);
extern void test_widening(void);

#endif							/* CLF_UNIT_H */
