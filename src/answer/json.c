/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Small JSON texts: errors, versions, lists without their records.
 *
 * json-c allocates with malloc: each tree is freed by a reset callback of a
 * memory context, so that no error leaks it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <json-c/json.h>

#include "answer/field.h"
#include "answer/json.h"
#include "api/resource.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Maximum nesting depth, larger than that of any documented response */
#define MAX_DEPTH 64

/*
 * A tree may take hundreds of times the memory of its text, since even an
 * empty object is a hash table.  A text longer than SMALL_TEXT, in bytes, must
 * not have more than MAX_VALUES values, where an object or array counts as
 * CONTAINER_VALUES.
 */
#define SMALL_TEXT 65536
#define MAX_VALUES 1000000
#define CONTAINER_VALUES 10

/*
 * Bytes parsed between two checks for interrupts, which takes about a
 * millisecond.
 */
#define PARSE_BLOCK 65536

/* A tree and its tokener, owned by a memory context */
typedef struct OwnedTree
{
	ClfJson    *tree;
	json_tokener *tokener;
	MemoryContextCallback cleanup;
} OwnedTree;

static void
release_tokener(OwnedTree *owned)
{
	if (owned->tokener)
		json_tokener_free(owned->tokener);
	owned->tokener = NULL;
}

static void
release_tree(void *arg)
{
	OwnedTree  *owned = arg;

	release_tokener(owned);
	json_object_put(owned->tree);
	owned->tree = NULL;
}

static OwnedTree *
create_tree(MemoryContext cxt)
{
	OwnedTree  *owned = MemoryContextAllocZero(cxt, sizeof(OwnedTree));

	owned->tokener = json_tokener_new_ex(MAX_DEPTH);
	if (owned->tokener == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	owned->cleanup.func = release_tree;
	owned->cleanup.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->cleanup);
	return owned;
}

/* Upper bound of the number of values that begin in a part of a text */
static size_t
count_values(const char *text, size_t length)
{
	size_t		values = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '{' || text[i] == '[')
			values += CONTAINER_VALUES;
		else if (text[i] == ',')
			values++;
	}
	return values;
}

/*
 * Parse the object at the start of the text.  Returns a pointer past it, or
 * NULL if there is none or it exceeds the limit.
 *
 * Not strict: the strict parser of json-c 0.18 refuses every character beyond
 * ASCII (https://github.com/json-c/json-c/issues/892).  The syntax that is
 * accepted in addition, such as trailing commas or leading zeros, changes no
 * value.
 */
static const char *
parse_object(OwnedTree *owned, const char *text, size_t length)
{
	size_t		values = 0;
	size_t		done = 0;
	enum json_tokener_error status = json_tokener_continue;

	while (done < length && status == json_tokener_continue)
	{
		size_t		block = Min(length - done, PARSE_BLOCK);

		CHECK_FOR_INTERRUPTS();
		values += count_values(text + done, block);
		if (length > SMALL_TEXT && values > MAX_VALUES)
			return NULL;
		owned->tree = json_tokener_parse_ex(owned->tokener, text + done,
											(int) block);
		done += json_tokener_get_parse_end(owned->tokener);
		status = json_tokener_get_error(owned->tokener);
	}
	return status == json_tokener_success ? text + done : NULL;
}

/*
 * clf_json_parse
 *		Parse a text that consists of one JSON object; NULL if it is anything
 *		else.  The result is owned by the memory context.
 */
ClfJson    *
clf_json_parse(MemoryContext cxt, const char *text, size_t length)
{
	const char *end = text + length;
	const char *start = clf_skip_space(text, end);
	OwnedTree  *owned;
	const char *p;

	if (start == end || *start != '{')
		return NULL;
	owned = create_tree(cxt);
	p = parse_object(owned, start, end - start);
	release_tokener(owned);
	return p != NULL && clf_skip_space(p, end) == end ? owned->tree : NULL;
}

/* Follow one step of a path: a key of an object or an index of an array */
static ClfJson *
take_step(ClfJson *parent, const char *step)
{
	size_t		n = strtoul(step, NULL, 10);

	if (json_object_is_type(parent, json_type_object))
		return json_object_object_get(parent, step);
	if (json_object_is_type(parent, json_type_array) &&
		step[strspn(step, CLF_DIGITS)] == '\0' &&
		n < json_object_array_length(parent))
		return json_object_array_get_idx(parent, n);
	return NULL;
}

/*
 * clf_json_get
 *		Follow a path of keys and array indexes, separated by dots.
 */
ClfJson    *
clf_json_get(ClfJson *root, const char *path)
{
	char	   *steps = pstrdup(path);
	char	   *rest = steps;
	ClfJson    *value = root;

	while (value != NULL && rest != NULL)
		value = take_step(value, strsep(&rest, "."));
	pfree(steps);
	return value;
}

/*
 * clf_json_get_text
 *		Return the scalar at a path as a palloc'd string, truncated at a zero
 *		byte; NULL if there is none.
 */
char *
clf_json_get_text(ClfJson *root, const char *path)
{
	ClfJson    *value = clf_json_get(root, path);
	const char *text;

	if (value == NULL || json_object_is_type(value, json_type_object) ||
		json_object_is_type(value, json_type_array))
		return NULL;
	text = json_object_get_string(value);
	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return pstrdup(text);
}

/*
 * clf_json_is_object
 *		Does the value exist, and is it an object?
 */
bool
clf_json_is_object(ClfJson *value)
{
	return json_object_is_type(value, json_type_object);
}

/*
 * clf_json_is_set
 *		Does the value exist, and is it neither null nor false?
 */
bool
clf_json_is_set(ClfJson *value)
{
	return value != NULL && (!json_object_is_type(value, json_type_boolean) ||
							 json_object_get_boolean(value));
}

/*
 * clf_json_library
 *		Name and version of the library in use.
 */
const char *
clf_json_library(void)
{
	return psprintf("json-c %s", json_c_version());
}
