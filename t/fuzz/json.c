/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Fuzz target: any bytes as a JSON answer.
 *
 * The input is taken as a small answer and as a page of records.  Where json-c
 * can read all of it, what the room finds in it must be what is there.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <json-c/json.h>

#include "json.h"
#include "option.h"
#include "utils/timestamp.h"

/* Deeper than the room goes */
#define DEPTH 100

/* An integer of so many digits json-c may change, the room must not */
#define LONG_INTEGER_DIGITS 19

/* A part of the input */
typedef struct Text
{
	const char *start;
	size_t		length;
} Text;

/* ----------
 * Values
 * ----------
 */

static void
check_time(ClfJson *value)
{
	TimestampTz t;

	if (!clf_json_get_time(value, &t))
		return;
	INVARIANT(clf_json_kind(value) == CLF_JSON_STRING);
	INVARIANT(IS_VALID_TIMESTAMP(t) && !TIMESTAMP_NOT_FINITE(t));
}

/* A number's digits are those of the answer */
static void
check_number(ClfJson *value, const Text *input)
{
	size_t		length;
	const char *text = clf_json_text(value, &length);

	if (*text == '-')
	{
		text++;
		length--;
	}
	INVARIANT(length > 0);
	INVARIANT(memmem(input->start, input->length, text, length) != NULL);
}

/* What is there is found where it is, and nothing beyond it */
static void
check_step(ClfJson *parent, const char *step, ClfJson *child)
{
	ClfJson    *value;
	const char *stray;

	if (strpbrk(step, ".^%?&@#$") != NULL || strlen(step) > 1000)
		return;					/* means something else in a path */
	INVARIANT(clf_json_find(parent, clf_json_compile_path(step), &value,
							&stray));
	INVARIANT(value == child);
	INVARIANT(clf_json_get(parent, psprintf("%s.x", step)) == NULL ||
			  clf_json_kind(child) == CLF_JSON_OBJECT);
}

static void check_value(ClfJson *value, const Text *input);

static void
check_object(ClfJson *object, const Text *input)
{
	struct json_object_iterator it = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
	{
		ClfJson    *child = json_object_iter_peek_value(&it);

		check_step(object, json_object_iter_peek_name(&it), child);
		check_value(child, input);
	}
}

static void
check_array(ClfJson *array, const Text *input)
{
	int			length = clf_json_array_length(array);

	for (int i = 0; i < length; i++)
	{
		ClfJson    *child = clf_json_array_element(array, i);

		check_step(array, psprintf("%d", i), child);
		check_value(child, input);
	}
	INVARIANT(clf_json_array_element(array, length) == NULL);
	INVARIANT(clf_json_array_element(array, -1) == NULL);
}

static void
check_value(ClfJson *value, const Text *input)
{
	ClfJsonKind kind = clf_json_kind(value);
	size_t		length;

	INVARIANT(clf_json_kind_name(kind) != NULL);
	INVARIANT((kind == CLF_JSON_NULL) == (value == NULL));
	if (value == NULL)
		return;
	INVARIANT(clf_json_text(value, &length)[length] == '\0');
	check_time(value);
	if (kind == CLF_JSON_NUMBER)
		check_number(value, input);
	else if (kind == CLF_JSON_OBJECT)
		check_object(value, input);
	else if (kind == CLF_JSON_ARRAY)
		check_array(value, input);
	INVARIANT(kind == CLF_JSON_ARRAY || clf_json_array_length(value) == 0);
}

/* ----------
 * A small answer
 * ----------
 */

/* What the answer is written as must be an answer as well; how that is written */
static char *
write_again(const char *text)
{
	ClfJson    *answer = clf_json_parse(CurrentMemoryContext, text,
										strlen(text));
	size_t		length;

	INVARIANT(answer != NULL);
	return pstrdup(clf_json_serialize(answer, &length));
}

static void
check_answer(const Text *input)
{
	ClfJson    *answer = clf_json_parse(CurrentMemoryContext, input->start,
										input->length);
	size_t		length;
	char	   *text;

	if (answer == NULL)
		return;
	INVARIANT(clf_json_kind(answer) == CLF_JSON_OBJECT);
	check_value(answer, input);

	/* the first time, a number like 007 may become another text */
	text = write_again(clf_json_serialize(answer, &length));
	INVARIANT(strcmp(write_again(text), text) == 0);
}

/* ----------
 * A page
 * ----------
 */

static ClfPage *
parse_page(const Text *input)
{
	const char *error;
	ClfPage    *page = clf_page_parse(CurrentMemoryContext, input->start,
									  input->length, "navigation",
									  "navigation.nextPage", &error);

	INVARIANT((page == NULL) == (error != NULL));
	return page;
}

/* A copy of the record as it is written, NULL when it is none */
static char *
write_record(ClfPage *page, int n)
{
	const char *error = NULL;
	const ClfRecord *record = clf_page_record(page, n, &error);
	size_t		length;

	INVARIANT((record == NULL) == (error != NULL));
	return record ? pstrdup(clf_json_serialize(record->root, &length)) : NULL;
}

static void
check_record(ClfPage *page, int n, const Text *input)
{
	const char *error;
	const ClfRecord *record = clf_page_record(page, n, &error);
	const char *end = input->start + input->length;

	if (record == NULL)
		return;
	INVARIANT(clf_json_kind(record->root) == CLF_JSON_OBJECT);
	INVARIANT(record->record == record->root && record->number == 1);
	INVARIANT(record->answer == clf_page_answer(page));
	INVARIANT(record->text >= input->start && record->text < end);
	INVARIANT(record->length >= 2 && record->text + record->length <= end);
	INVARIANT(record->text[0] == '{');
	INVARIANT(record->text[record->length - 1] == '}');
	check_value(record->root, input);
}

/* The whole input as json-c reads it, NULL when it does not */
static ClfJson *
read_all(const Text *input)
{
	json_tokener *tokener = json_tokener_new_ex(DEPTH);
	ClfJson    *all = json_tokener_parse_ex(tokener, input->start,
											(int) input->length);
	bool		ok = json_tokener_get_error(tokener) == json_tokener_success;

	json_tokener_free(tokener);
	if (ok && json_object_is_type(all, json_type_object))
		return all;
	json_object_put(all);
	return NULL;
}

/*
 * Are there numbers that json-c changes, or that look like those which the
 * room has it not change?
 */
static bool
has_special_numbers(const Text *input)
{
	size_t		digits = 0;

	for (size_t i = 0; i < input->length; i++)
	{
		digits = isdigit((unsigned char) input->start[i]) ? digits + 1 : 0;
		if (digits >= LONG_INTEGER_DIGITS - 1)
			return true;
	}
	return memmem(input->start, input->length, "E+00", 4) != NULL;
}

/* Record n as json-c reads it */
static const char *
expected_record(ClfJson *all, int n)
{
	ClfJson    *record = json_object_array_get_idx(json_object_object_get(all,
																		  "records"), n);

	return json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN |
										  JSON_C_TO_STRING_NOSLASHESCAPE);
}

/*
 * A page all of whose records can be read has those that are there: nothing is
 * lost, nothing is made up.
 */
static void
compare_page(ClfPage *page, char **records, const Text *input)
{
	ClfJson    *all = read_all(input);
	ClfJson    *there = all ? json_object_object_get(all, "records") : NULL;
	int			n = clf_page_length(page);

	for (int i = 0; i < n; i++)
	{
		if (records[i] == NULL)
			n = -1;
	}
	if (all && n >= 0)
	{
		INVARIANT(json_object_is_type(there, json_type_array));
		INVARIANT(n == (int) json_object_array_length(there));
		for (int i = 0; i < n && !has_special_numbers(input); i++)
			INVARIANT(strcmp(records[i], expected_record(all, i)) == 0);
	}
	json_object_put(all);
}

static void
check_page(const Text *input)
{
	ClfPage    *page = parse_page(input);
	ClfPage    *again = parse_page(input);
	int			n = page ? clf_page_length(page) : 0;
	char	  **records = palloc((n + 1) * sizeof(char *));

	INVARIANT((page == NULL) == (again == NULL));
	if (page == NULL)
		return;
	INVARIANT(n == clf_page_length(again));
	INVARIANT(clf_page_has_next(page) == clf_page_has_next(again));
	check_value(clf_page_answer(page), input);
	for (int i = 0; i < n; i++)
	{
		records[i] = write_record(page, i);
		check_record(page, i, input);
	}
	for (int i = n - 1; i >= 0; i--)
		INVARIANT(clf_same_text(write_record(again, i), records[i]));
	compare_page(page, records, input);
}

void
fuzz_input(const char *data, size_t size)
{
	Text		input = {data, size};

	check_answer(&input);
	check_page(&input);
}
