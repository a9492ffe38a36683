/*-------------------------------------------------------------------------
 *
 * field.h
 *	  Parse a JSON text and locate the selected fields in it.
 *
 * Pure: no I/O, but it checks for interrupts.
 *
 * A page contains up to a thousand records, of which a query reads a few fields.
 * Therefore no tree is built: the text is scanned once, and the positions of the
 * selected fields are stored.
 *
 * Texts are UTF-8 as received: strings can contain invalid UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_FIELD_H
#define CLF_FIELD_H

#include "api/path.h"
#include "datatype/timestamp.h"

typedef enum ClfKind
{
	CLF_KIND_NULL,
	CLF_KIND_BOOLEAN,
	CLF_KIND_NUMBER,
	CLF_KIND_STRING,
	CLF_KIND_ARRAY,
	CLF_KIND_OBJECT
} ClfKind;

/*
 * Position of a value in a text; valid as long as the text is.  16 bytes, because
 * the fields of a page should fit into the processor's cache.
 */
typedef struct ClfField
{
	const char *start;			/* NULL: missing, or null */
	uint32		length;
	uint8		kind;			/* a ClfKind */
	bool		escaped;		/* contains a string with a backslash or
								 * control character */
	uint16		mismatched_step;	/* number of the first step of its path
									 * that does not match the type of the
									 * value, see clf_fields_step; 0: none */
} ClfField;

/* A set of paths, used for multiple texts */
typedef struct ClfFields ClfFields;

/* The fields needed by a scan, by origin */
typedef struct ClfSelection
{
	ClfFields  *from[CLF_ORIGINS];	/* NULL: no JSON */
} ClfSelection;

/* A selected field */
typedef struct ClfFieldRef
{
	ClfOrigin	origin;
	int			n;				/* number among the fields of the origin */
} ClfFieldRef;

/* A row and its context; valid until the next row is fetched */
typedef struct ClfRow
{
	const ClfField *fields[CLF_ORIGINS];	/* as selected; NULL: no text of
											 * this origin */
	bytea	   *content;		/* NULL: not requested, or deleted */
	int			number;			/* of the row within its record, from 1 */
	const char *invalid;		/* reason why it is not valid; NULL: valid */
} ClfRow;

extern ClfFields *clf_fields_create(void);
extern int	clf_fields_add(ClfFields *fields, const char *keys);
extern int	clf_fields_count(const ClfFields *fields);
extern const char *clf_fields_step(const ClfFields *fields, int step);
extern const char *clf_fields_pick(ClfFields *fields, const char *text,
								   const char *end, ClfField *values);
extern bool clf_fields_pick_all(ClfFields *fields, const char *text,
								size_t length, ClfField *values);
extern bool clf_fields_pick_element(ClfFields *fields, const ClfField *array,
									ClfField *element, ClfField *values);

extern ClfSelection *clf_selection_create(bool rows_are_records);
extern ClfFieldRef clf_select(ClfSelection *selection, ClfOrigin origin,
							  const char *keys);

extern const char *clf_kind_name(ClfKind kind);
extern const char *clf_field_special_text(const ClfField *field, size_t *length);
extern char *clf_field_cstring(const ClfField *field);
extern const char *clf_field_json(const ClfField *field, size_t *length);
extern bool clf_field_time(const ClfField *field, TimestampTz *t);
extern bool clf_field_next_element(const ClfField *array, ClfField *element);

/* Skip a token; these return the position after it, or NULL */
extern const char *clf_skip_space(const char *p, const char *end);
extern const char *clf_skip_value(const char *p, const char *end);
extern const char *clf_skip_name(const char *p, const char *end,
								 ClfField *name);

/*
 * clf_field_text
 *		Return the characters of a string, or the JSON of any other value.  Not
 *		zero-terminated, contains no zero bytes; points into the text, or is
 *		palloc'd in the current memory context.
 */
static inline const char *
clf_field_text(const ClfField *field, size_t *length)
{
	if (field->kind != CLF_KIND_STRING || field->escaped)
		return clf_field_special_text(field, length);
	*length = field->length - 2;
	return field->start + 1;
}

#endif							/* CLF_FIELD_H */
