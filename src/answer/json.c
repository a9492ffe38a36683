/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Small JSON answers: tokens, errors, what stands around records.
 *
 * json-c allocates with malloc: every tree hangs on a memory context's reset
 * callback, so that an error anywhere frees it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <json-c/json.h>

#include "answer/json.h"
#include "api/resource.h"
#include "utils/memutils.h"

/* Deeper than any documented answer */
#define MAX_DEPTH 64

/*
 * A tree may take hundreds of times the memory of its text, since an object, be
 * it empty, is a hash table.  A text longer than the first limit, in bytes, is
 * looked at before, and must not have more values than the other one, of which
 * an object or array counts as many.
 */
#define SMALL_TEXT 65536
#define MAX_VALUES 1000000
#define CONTAINER_VALUES 10

/* A tree that lives as long as a memory context */
typedef struct OwnedTree
{
	ClfJson    *tree;
	MemoryContextCallback cleanup;
} OwnedTree;

static void
release_tree(void *arg)
{
	OwnedTree  *owned = arg;

	json_object_put(owned->tree);
	owned->tree = NULL;
}

/* Would the tree be larger than that of any answer?  Strings may count as well. */
static bool
exceeds_value_limit(const char *text, size_t length)
{
	size_t		values = 0;

	for (size_t i = 0; i < length && length > SMALL_TEXT; i++)
	{
		if (text[i] == '{' || text[i] == '[')
			values += CONTAINER_VALUES;
		else if (text[i] == ',')
			values++;
	}
	return values > MAX_VALUES;
}

/*
 * Parse exactly one value, with white space around it at most; NULL when it is
 * not.
 *
 * Not strict: the strict parser of json-c 0.18 refuses every character beyond
 * ASCII (https://github.com/json-c/json-c/issues/892).  What passes instead, a
 * comma too many or a number with a leading zero, changes no value.
 */
static ClfJson *
parse(MemoryContext cxt, const char *text, size_t length)
{
	OwnedTree  *owned = MemoryContextAllocZero(cxt, sizeof(OwnedTree));
	json_tokener *tokener;
	size_t		end;

	if (exceeds_value_limit(text, length))
		return NULL;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (tokener == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	owned->tree = json_tokener_parse_ex(tokener, text, (int) length);
	end = json_tokener_get_parse_end(tokener);
	while (end < length && strchr(" \t\n\r", text[end]) != NULL &&
		   text[end] != '\0')
		end++;
	if (json_tokener_get_error(tokener) != json_tokener_success ||
		end != length)
	{
		json_object_put(owned->tree);
		owned->tree = NULL;
	}
	json_tokener_free(tokener);

	owned->cleanup.func = release_tree;
	owned->cleanup.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->cleanup);
	return owned->tree;
}

/*
 * clf_json_parse
 *		A small answer, owned by the memory context; NULL when it is not one
 *		JSON object.
 */
ClfJson    *
clf_json_parse(MemoryContext cxt, const char *text, size_t length)
{
	ClfJson    *tree = parse(cxt, text, length);

	return clf_json_is_object(tree) ? tree : NULL;
}

/* One step down: a key of an object, or a number into an array */
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
 *		Follow a path: keys joined by dots, numbers into arrays.
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
 *		What a path leads to as a palloc'd string, cut at a zero byte; NULL when
 *		it is not there.
 */
char *
clf_json_get_text(ClfJson *root, const char *path)
{
	ClfJson    *value = clf_json_get(root, path);
	const char *text;

	if (value == NULL)
		return NULL;
	text = json_object_get_string(value);
	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return pstrdup(text);
}

bool
clf_json_is_object(ClfJson *value)
{
	return json_object_is_type(value, json_type_object);
}

/*
 * clf_json_unescape
 *		The characters of a JSON string with its quotes, palloc'd in the current
 *		memory context and terminated.  It must be valid; it may hold zero bytes
 *		before its end.
 */
char *
clf_json_unescape(const char *text, size_t length, size_t *unescaped)
{
	json_tokener *tokener = json_tokener_new_ex(1);
	ClfJson    *tree = NULL;
	char	   *copy;

	if (tokener)
		tree = json_tokener_parse_ex(tokener, text, (int) length);
	if (tokener)
		json_tokener_free(tokener);
	if (!json_object_is_type(tree, json_type_string))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	*unescaped = json_object_get_string_len(tree);
	copy = palloc_extended(*unescaped + 1, MCXT_ALLOC_NO_OOM);
	if (copy)
		memcpy(copy, json_object_get_string(tree), *unescaped + 1);
	json_object_put(tree);
	if (copy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return copy;
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
