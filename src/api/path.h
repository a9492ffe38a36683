/*-------------------------------------------------------------------------
 *
 * path.h
 *	  JSON paths of columns.
 *
 * A path consists of an optional prefix character, which selects the origin, and
 * of keys separated by dots, with numbers for array elements
 * ("from.phoneNumber", "legs.0.legType").  Without a prefix, the origin is the
 * row.  "$" is the whole row.  "|" separates alternatives, of which the first one
 * with a value is used; "+" concatenates texts, separated by a space:
 * "name|firstName+lastName".  All of them are documented in docs/tables.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PATH_H
#define CLF_PATH_H

/*
 * Origin of a path.  A row is a record of the list, or a part of one, such as a
 * leg.  Values of origins before CLF_FROM_DETAILS are contained in the list; the
 * others need requests per row, in ascending order of their cost.
 */
typedef enum ClfOrigin
{
	CLF_FROM_CONSTANT,			/* "=x": no JSON, the value itself */
	CLF_FROM_ROW_NUMBER,		/* "#": no JSON, number of the row in its
								 * record, from 1 */
	CLF_FROM_QUERY,				/* "?since": a parameter of the query */
	CLF_FROM_ANSWER,			/* "%syncInfo": response containing the record */
	CLF_FROM_RECORD,			/* "^id": the record containing the row */
	CLF_FROM_ROW,				/* "legType" */
	CLF_FROM_DETAILS,			/* "&duration": response for the row's id */
	CLF_FROM_CONTENT,			/* "@": no JSON, the bytes at the row's
								 * contentUri */
	CLF_ORIGINS
} ClfOrigin;

#define CLF_WHOLE_ROW "$"

/* Separators of the paths of a column with multiple values */
#define CLF_ALTERNATIVE '|'
#define CLF_JOINED '+'
#define CLF_KEYS_SEPARATORS "|+"

/* A parsed path; its strings are owned by the caller */
typedef struct ClfPath
{
	const char *text;			/* the unparsed path */
	ClfOrigin	origin;
	const char *keys;			/* without the prefix; "": the whole text */
} ClfPath;

/* Does the origin need requests per row? */
#define CLF_IS_PER_ROW(origin) ((origin) >= CLF_FROM_DETAILS)

extern ClfPath clf_path(const char *text);
extern bool clf_path_is_valid(const char *text);
extern bool clf_keys_touch(const char *a, const char *b);

#endif							/* CLF_PATH_H */
