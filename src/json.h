/*-------------------------------------------------------------------------
 *
 * json.h
 *	  JSON answers of the API: pages of records, single fields, small objects.
 *
 * Room 5.  The only one that knows json-c.  Pure: no I/O.
 *
 * Nothing here raises an error about what is in a text; it is returned, so
 * that who called can say what was asked.  Texts are UTF-8 as received, not
 * yet checked: a string may hold invalid UTF-8 or a zero byte.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_JSON_H
#define CLF_JSON_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* A JSON value; the value null, and what is not there, are NULL pointers */
typedef struct json_object ClfJson;

typedef enum ClfJsonKind
{
	CLF_JSON_NULL,
	CLF_JSON_BOOLEAN,
	CLF_JSON_NUMBER,
	CLF_JSON_STRING,
	CLF_JSON_ARRAY,
	CLF_JSON_OBJECT
} ClfJsonKind;

/* Where a path begins */
typedef enum ClfJsonOrigin
{
	CLF_FROM_ROW,				/* "legType"; "$" has no steps */
	CLF_FROM_RECORD,			/* "^id": what the row is a part of */
	CLF_FROM_ANSWER,			/* "%syncInfo": what the record came in */
	CLF_FROM_QUERY,				/* "?since": what was asked for */
	CLF_FROM_DETAILS,			/* "&duration": the answer for its own id */
	CLF_FROM_CONTENT,			/* "@": no path, but its bytes */
	CLF_ROW_COUNT				/* "#": no path, but the row's number */
} ClfJsonOrigin;

/* A compiled path: "from.phoneNumber", "legs.0.legType" */
typedef struct ClfJsonPath
{
	ClfJsonOrigin origin;
	int			nsteps;
	char	   *steps[FLEXIBLE_ARRAY_MEMBER];
} ClfJsonPath;

/* One record of a page, or a part of one; valid until the next is asked for */
typedef struct ClfRecord
{
	ClfJson    *root;			/* the row: for a record always an object */
	ClfJson    *record;			/* the record that it is a part of */
	ClfJson    *answer;			/* the answer without its records */
	ClfJson    *inputs;			/* what was asked for; NULL: nothing */
	ClfJson    *details;		/* the answer for the row's own id; NULL: not
								 * asked for, or not there */
	bytea	   *content;		/* its bytes; NULL likewise */
	int			number;			/* of the row in its record, from 1 */
	const char *text;			/* a record as received, not terminated; for a
								 * part NULL */
	size_t		length;
} ClfRecord;

/* A list answer: {"records": [...], "navigation": {...}, ...} */
typedef struct ClfPage ClfPage;

extern ClfJson *clf_json_parse(MemoryContext cxt, const char *text,
							   size_t length);
extern ClfJsonPath *clf_json_compile_path(const char *path);
extern bool clf_json_find(ClfJson *root, const ClfJsonPath *path,
						  ClfJson **value, const char **stray);
extern ClfJson *clf_json_get(ClfJson *root, const char *path);
extern ClfJsonKind clf_json_kind(ClfJson *value);
extern const char *clf_json_kind_name(ClfJsonKind kind);
extern const char *clf_json_text(ClfJson *value, size_t *length);
extern const char *clf_json_serialize(ClfJson *value, size_t *length);
extern bool clf_json_get_time(ClfJson *value, TimestampTz *t);
extern char *clf_json_get_text(ClfJson *root, const char *path);
extern int	clf_json_array_length(ClfJson *array);
extern ClfJson *clf_json_array_element(ClfJson *array, int n);

extern const char *clf_json_library(void);

extern ClfPage *clf_page_parse(MemoryContext cxt, const char *body,
							   size_t length, const char *frame_path,
							   const char *next_path, const char **error);
extern ClfPage *clf_page_create(MemoryContext cxt);
extern bool clf_page_add(ClfPage *page, const char *text, size_t length);
extern int	clf_page_length(const ClfPage *page);
extern bool clf_page_has_next(const ClfPage *page);
extern ClfJson *clf_page_answer(const ClfPage *page);
extern const ClfRecord *clf_page_record(ClfPage *page, int n,
										const char **error);

#endif							/* CLF_JSON_H */
