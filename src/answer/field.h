/*-------------------------------------------------------------------------
 *
 * field.h
 *	  Fields of a JSON text, found where they stand in it.
 *
 * Pure: no I/O, but it checks for interrupts.
 *
 * A page has a thousand records of which a query reads a few fields.  So no
 * tree is built: a text is gone through once, from end to end, and of the
 * fields that were selected it is noted where they are.
 *
 * Texts are UTF-8 as received, not yet checked: a string may hold invalid
 * UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_FIELD_H
#define CLF_FIELD_H

#include "api/path.h"
#include "datatype/timestamp.h"

/* A value where it stands; valid as long as the text that it stands in */
typedef struct ClfField
{
	const char *start;			/* NULL: it is not there, or null */
	const char *mismatched_step;	/* the step of its path that does not fit
									 * what is there instead; NULL: there is
									 * none */
	uint32		length;
	bool		escaped;		/* a string in it has a backslash or control
								 * character */
} ClfField;

typedef enum ClfKind
{
	CLF_KIND_NULL,
	CLF_KIND_BOOLEAN,
	CLF_KIND_NUMBER,
	CLF_KIND_STRING,
	CLF_KIND_ARRAY,
	CLF_KIND_OBJECT
} ClfKind;

/* Paths to be followed in one text after the other */
typedef struct ClfFields ClfFields;

/* The fields that a scan needs, by where they come from */
typedef struct ClfSelection
{
	ClfFields  *from[CLF_ORIGINS];	/* NULL: no JSON comes from there */
} ClfSelection;

/* One of them */
typedef struct ClfFieldRef
{
	ClfOrigin	origin;
	int			n;				/* among those of the origin */
} ClfFieldRef;

/* A row, and what it came with; valid until the next is asked for */
typedef struct ClfRow
{
	const ClfField *fields[CLF_ORIGINS];	/* as selected; NULL: there is no
											 * such text */
	bytea	   *content;		/* its bytes; NULL: not asked for, or gone */
	int			number;			/* of the row in its record, from 1 */
	const char *misfit;			/* why it cannot be shown; NULL: it can */
} ClfRow;

extern ClfFields *clf_fields_create(void);
extern int	clf_fields_add(ClfFields *fields, const char *path);
extern int	clf_fields_count(const ClfFields *fields);
extern const char *clf_fields_pick(ClfFields *fields, const char *text,
								   const char *end, ClfField *values);
extern bool clf_fields_pick_all(ClfFields *fields, const char *text,
								size_t length, ClfField *values);
extern bool clf_fields_pick_element(ClfFields *fields, const ClfField *array,
									ClfField *element, ClfField *values);

extern ClfSelection *clf_selection_create(bool rows_are_records);
extern ClfFieldRef clf_select(ClfSelection *selection, ClfOrigin origin,
							  const char *keys);

extern ClfKind clf_field_kind(const ClfField *field);
extern const char *clf_kind_name(ClfKind kind);
extern const char *clf_field_text(const ClfField *field, size_t *length);
extern char *clf_field_cstring(const ClfField *field);
extern const char *clf_field_json(const ClfField *field, size_t *length);
extern bool clf_field_time(const ClfField *field, TimestampTz *t);
extern bool clf_field_next_element(const ClfField *array, ClfField *element);

/* Steps of a text, for those who cut it: the place after them, or NULL */
extern const char *clf_skip_space(const char *p, const char *end);
extern const char *clf_skip_value(const char *p, const char *end);
extern const char *clf_skip_name(const char *p, const char *end,
								 ClfField *name);

#endif							/* CLF_FIELD_H */
