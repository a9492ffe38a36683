/*-------------------------------------------------------------------------
 *
 * path.h
 *	  JSON paths: where the value of a column comes from.
 *
 * A path is written as keys joined by dots, from the outside in, with numbers
 * into arrays ("from.phoneNumber", "legs.0.legType"), after a character that
 * tells what the path starts at; without one it starts at the row.  "$" stands
 * for no keys at all, the whole row.  "|" stands between paths of which the first
 * counts that leads to something, "+" between those whose texts are joined by a
 * space: "name|firstName+lastName".  docs/tables.md documents all of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_PATH_H
#define CLF_PATH_H

/*
 * What a path starts at.  A row is a record of the list, or a part of one, such
 * as a leg.  Values of the first origins come with the list; those from
 * CLF_FROM_DETAILS on take requests for each row, each more than the one before.
 */
typedef enum ClfOrigin
{
	CLF_FROM_CONSTANT,			/* "=x": no JSON, the value itself */
	CLF_FROM_ROW_NUMBER,		/* "#": no JSON, number of the row in its
								 * record, from 1 */
	CLF_FROM_QUERY,				/* "?since": what the query asks for */
	CLF_FROM_ANSWER,			/* "%syncInfo": the answer with the record */
	CLF_FROM_RECORD,			/* "^id": the record that the row is part of */
	CLF_FROM_ROW,				/* "legType" */
	CLF_FROM_DETAILS,			/* "&duration": the answer for the row's id */
	CLF_FROM_CONTENT,			/* "@": no JSON, the bytes that the row's
								 * contentUri leads to */
	CLF_ORIGINS
} ClfOrigin;

#define CLF_WHOLE_ROW "$"

/* Between the keys of several values that one column shows */
#define CLF_ALTERNATIVE '|'
#define CLF_JOINED '+'
#define CLF_KEYS_SEPARATORS "|+"

/* A parsed path; its texts belong to the caller */
typedef struct ClfPath
{
	const char *text;			/* as written */
	ClfOrigin	origin;
	const char *keys;			/* after what names the origin; "": all of it */
} ClfPath;

/* Does a value of that origin take requests for each row? */
#define CLF_IS_PER_ROW(origin) ((origin) >= CLF_FROM_DETAILS)

extern ClfPath clf_path(const char *text);
extern bool clf_path_is_valid(const char *text);
extern bool clf_keys_touch(const char *a, const char *b);

#endif							/* CLF_PATH_H */
