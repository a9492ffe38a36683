/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Fuzz target: any bytes as an answer with records, and as any other.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <json-c/json.h>

#include "endpoint.h"
#include "field.h"
#include "json.h"
#include "page.h"

/* What is picked: the record itself first */
static const char *const paths[] = {
	CLF_WHOLE_ROW, "id", "startTime", "from.name", "legs", "legs.0.legType", "a",
};

#define NPATHS lengthof(paths)

static ClfFields *
make_fields(void)
{
	ClfFields  *fields = clf_fields_create();

	for (size_t i = 0; i < NPATHS; i++)
		INVARIANT(clf_fields_add(fields, paths[i]) == (int) i);
	return fields;
}

/* json-c takes what was picked, and finds the same kind in it */
static void
check_value(const ClfField *field)
{
	ClfKind		kind = clf_field_kind(field);
	size_t		length;
	ClfField	element = {0};
	TimestampTz t;

	if (kind == CLF_KIND_NULL)
		return;
	INVARIANT(clf_skip_value(field->start, field->start + field->length) ==
			  field->start + field->length);
	INVARIANT(clf_field_text(field, &length) != NULL);
	INVARIANT(clf_field_cstring(field) != NULL);
	if (clf_field_time(field, &t))
		INVARIANT(kind == CLF_KIND_STRING);
	while (kind == CLF_KIND_ARRAY && clf_field_next_element(field, &element))
		INVARIANT(element.length > 0 && element.start > field->start &&
				  element.start + element.length < field->start + field->length);
}

/* What was picked stands in the input, and within its record */
static void
check_record(const ClfField *record, const char *data, size_t size)
{
	const ClfField *whole = &record[0];

	INVARIANT(clf_field_kind(whole) == CLF_KIND_OBJECT);
	INVARIANT(whole->start >= data && whole->start + whole->length <= data + size);
	for (size_t i = 0; i < NPATHS; i++)
	{
		INVARIANT(record[i].start == NULL || record[i].stray == NULL);
		INVARIANT(record[i].start == NULL ||
				  (record[i].start >= whole->start &&
				   record[i].start + record[i].length <=
				   whole->start + whole->length));
		check_value(&record[i]);
	}
}

/* The same input gives the same page, and each record alone the same fields */
static void
check_page(const char *data, size_t size)
{
	const char *error;
	ClfFields  *fields = make_fields();
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, fields, data, size,
									  "navigation", "navigation.nextPage",
									  &error);

	INVARIANT((page == NULL) == (error != NULL));
	for (int n = 0; page && n < clf_page_length(page); n++)
	{
		const ClfField *record = clf_page_record(page, n);
		ClfField	alone[NPATHS];

		check_record(record, data, size);
		INVARIANT(clf_fields_pick_all(fields, record[0].start,
									  record[0].length, alone));
		for (size_t i = 0; i < NPATHS; i++)
			INVARIANT(alone[i].start == record[i].start &&
					  alone[i].length == record[i].length);
	}
}

/* What passes here is JSON to json-c as well, if it is not too deep for it */
static void
compare_with_library(const char *data, size_t size)
{
	json_tokener *tokener = json_tokener_new_ex(128);
	struct json_object *tree = json_tokener_parse_ex(tokener, data, (int) size);

	INVARIANT(json_tokener_get_error(tokener) == json_tokener_success ||
			  json_tokener_get_error(tokener) == json_tokener_continue);
	json_object_put(tree);
	json_tokener_free(tokener);
}

void
fuzz_input(const char *data, size_t size)
{
	ClfField	record[NPATHS];
	ClfJson    *answer;

	if (clf_fields_pick_all(make_fields(), data, size, record))
	{
		for (size_t i = 0; i < NPATHS; i++)
			check_value(&record[i]);
		if (memchr(data, '\0', size) == NULL)
			compare_with_library(data, size);
	}
	check_page(data, size);
	answer = clf_json_parse(CurrentMemoryContext, data, size);
	INVARIANT(answer == NULL || clf_json_is_object(answer));
	(void) clf_json_get_text(answer, "errors.0.errorCode");
}
