/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Small JSON texts: errors, versions, lists without their records.
 *
 * The only module that includes json-c.  Pure: no I/O, but it checks for
 * interrupts.
 *
 * Invalid input is reported by the return value, not as an error, so that the
 * caller can report the context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_JSON_H
#define CLF_JSON_H

/* A JSON value; null and missing values are NULL pointers */
typedef struct json_object ClfJson;

extern ClfJson *clf_json_parse(MemoryContext cxt, const char *text,
							   size_t length);
extern ClfJson *clf_json_get(ClfJson *root, const char *path);
extern char *clf_json_get_text(ClfJson *root, const char *path);
extern bool clf_json_is_object(ClfJson *value);
extern bool clf_json_is_set(ClfJson *value);
extern const char *clf_json_library(void);

#endif							/* CLF_JSON_H */
