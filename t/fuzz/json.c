/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Fuzz target: any bytes as a response with records, and as any other.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <json-c/json.h>

#include "api/resource.h"
#include "answer/field.h"
#include "answer/json.h"
#include "answer/page.h"
#include "utils/timestamp.h"

/* Selected fields: the record itself first */
static const char *const paths[] = {
	CLF_WHOLE_ROW, "id", "startTime", "from.name", "legs", "legs.0.legType", "a",
};

#define NPATHS lengthof(paths)

/* More than the maximum depth */
#define DEPTH 128

static ClfFields *
make_fields(void)
{
	ClfFields  *fields = clf_fields_create();

	for (size_t i = 0; i < NPATHS; i++)
		INVARIANT(clf_fields_add(fields, clf_path(paths[i]).keys) == (int) i);
	return fields;
}

static void
check_value(const ClfField *field)
{
	ClfKind		kind = field->kind;
	size_t		length;
	ClfField	element = {0};
	TimestampTz t;

	INVARIANT(clf_kind_name(kind) != NULL);
	if (clf_field_time(field, &t))
		INVARIANT(kind == CLF_KIND_STRING && IS_VALID_TIMESTAMP(t));
	if (kind == CLF_KIND_NULL)
		return;
	INVARIANT(clf_skip_value(field->start, field->start + field->length) ==
			  field->start + field->length);
	INVARIANT(clf_field_text(field, &length) != NULL);
	INVARIANT(clf_field_cstring(field) != NULL);
	while (kind == CLF_KIND_ARRAY && clf_field_next_element(field, &element))
		INVARIANT(element.length > 0 && element.start > field->start &&
				  element.start + element.length < field->start + field->length);
}

/* ----------
 * Comparison with json-c
 * ----------
 */

/*
 * A text accepted by answer/field.c is valid JSON for json-c as well.  NULL if
 * json-c is known to differ: it truncates names at zero bytes.
 */
static ClfJson *
read_with_library(const char *text, size_t length)
{
	json_tokener *tokener = json_tokener_new_ex(DEPTH);
	ClfJson    *tree = json_tokener_parse_ex(tokener, text, (int) length);

	INVARIANT(json_tokener_get_error(tokener) == json_tokener_success ||
			  json_tokener_get_error(tokener) == json_tokener_continue);
	json_tokener_free(tokener);
	if (memmem(text, length, "\\u0000", 6) == NULL)
		return tree;
	json_object_put(tree);
	return NULL;
}

/* Follow a path in json-c's tree; false if a step does not match */
static bool
follow(ClfJson *tree, const char *path, ClfJson **value)
{
	char	   *rest = strcmp(path, CLF_WHOLE_ROW) == 0 ? NULL : pstrdup(path);

	for (*value = tree; *value != NULL && rest != NULL;)
	{
		char	   *step = strsep(&rest, ".");
		bool		number = step[strspn(step, CLF_DIGITS)] == '\0';

		if (json_object_is_type(*value, json_type_object))
			*value = json_object_object_get(*value, step);
		else if (json_object_is_type(*value, json_type_array) && number)
			*value = clf_json_get(*value, step);
		else
			return false;
	}
	return true;
}

/* JSON for PostgreSQL is the same value, without unsupported escapes */
static void
check_json(const ClfField *field)
{
	size_t		length;
	const char *json = clf_field_json(field, &length);
	const char *end = json + length;

	INVARIANT(clf_skip_value(json, end) == end);
	INVARIANT(memmem(json, length, "\\u0000", 6) == NULL ||
			  memmem(json, length, "\\\\u0000", 7) != NULL);
	for (const char *p = json; p < end; p++)
		INVARIANT((unsigned char) *p >= ' ' || strchr("\t\n\r", *p));
}

/* The field equals json-c's; of numbers, which json-c changes, only the kind */
static void
compare_value(const ClfField *field, ClfJson *value)
{
	static const ClfKind kinds[] = {
		[json_type_null] = CLF_KIND_NULL,
		[json_type_boolean] = CLF_KIND_BOOLEAN,
		[json_type_double] = CLF_KIND_NUMBER,
		[json_type_int] = CLF_KIND_NUMBER,
		[json_type_object] = CLF_KIND_OBJECT,
		[json_type_array] = CLF_KIND_ARRAY,
		[json_type_string] = CLF_KIND_STRING,
	};
	ClfKind		kind = kinds[json_object_get_type(value)];
	const char *text;
	size_t		length;

	INVARIANT(field->kind == kind);
	if (kind == CLF_KIND_NULL)
		return;
	text = clf_field_text(field, &length);
	if (kind == CLF_KIND_STRING)
		INVARIANT(length == (size_t) json_object_get_string_len(value) &&
				  memcmp(text, json_object_get_string(value), length) == 0);
	check_json(field);
	if (kind == CLF_KIND_OBJECT || kind == CLF_KIND_ARRAY)
	{
		ClfJson    *same;

		text = clf_field_json(field, &length);
		same = read_with_library(text, length);

		INVARIANT(json_object_equal(same, value));
		json_object_put(same);
	}
}

/* All fields, picked from this text */
static void
compare_fields(const ClfField *fields, ClfJson *tree)
{
	for (size_t i = 0; i < NPATHS; i++)
	{
		ClfJson    *value;
		bool		fits = follow(tree, paths[i], &value);

		INVARIANT(fits == (fields[i].mismatched_step == 0));
		if (fits)
			compare_value(&fields[i], value);
	}
}

/* The page has all records, with all of their fields */
static void
compare_page(const ClfPage *page, const char *data, size_t size)
{
	ClfJson    *tree = read_with_library(data, size);
	ClfJson    *records = tree ? json_object_object_get(tree, "records") : NULL;
	int			n = clf_page_length(page);

	if (tree == NULL)
		return;
	INVARIANT(json_object_is_type(records, json_type_array));
	INVARIANT(n == (int) json_object_array_length(records));
	for (int i = 0; i < n; i++)
		compare_fields(clf_page_record(page, i),
					   json_object_array_get_idx(records, i));
	json_object_put(tree);
}

/* ----------
 * Other invariants
 * ----------
 */

/* Selected fields are within the input, and within their record */
static void
check_record(const ClfField *record, const char *data, size_t size)
{
	const ClfField *whole = &record[0];

	INVARIANT(whole->kind == CLF_KIND_OBJECT);
	INVARIANT(whole->start >= data && whole->start + whole->length <= data + size);
	for (size_t i = 0; i < NPATHS; i++)
	{
		INVARIANT(record[i].start == NULL || record[i].mismatched_step == 0);
		INVARIANT(record[i].start == NULL ||
				  (record[i].start >= whole->start &&
				   record[i].start + record[i].length <=
				   whole->start + whole->length));
		check_value(&record[i]);
	}
}

/* The same input yields the same page, and each record alone the same fields */
static void
check_page(const char *data, size_t size)
{
	static const ClfResource resource = {.frame_path = "navigation",
		.next_path = "navigation.nextPage",
	.pages_path = "paging.totalPages"};
	const char *error;
	ClfFields  *fields = make_fields();
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, fields, data, size,
									  &resource, &error);

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
	if (page)
		compare_page(page, data, size);
}

/* Any text: one value, or none */
static void
check_text(const char *data, size_t size)
{
	ClfField	fields[NPATHS];
	ClfJson    *tree;

	if (!clf_fields_pick_all(make_fields(), data, size, fields))
		return;
	for (size_t i = 0; i < NPATHS; i++)
		check_value(&fields[i]);
	tree = read_with_library(data, size);
	if (tree)
		compare_fields(fields, tree);
	json_object_put(tree);
}

void
fuzz_input(const char *data, size_t size)
{
	ClfJson    *answer;

	check_text(data, size);
	check_page(data, size);
	answer = clf_json_parse(CurrentMemoryContext, data, size);
	INVARIANT(answer == NULL || clf_json_is_object(answer));
	(void) clf_json_get_text(answer, "errors.0.errorCode");
}
