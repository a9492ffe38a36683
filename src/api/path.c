/*-------------------------------------------------------------------------
 *
 * path.c
 *	  JSON paths of columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/path.h"

/* Prefix character of a path by origin; 0: none */
static const char origin_signs[CLF_ORIGINS] = {
	[CLF_FROM_CONSTANT] = '=',
	[CLF_FROM_ROW_NUMBER] = '#',
	[CLF_FROM_QUERY] = '?',
	[CLF_FROM_ANSWER] = '%',
	[CLF_FROM_RECORD] = '^',
	[CLF_FROM_DETAILS] = '&',
	[CLF_FROM_CONTENT] = '@',
};

/*
 * clf_path
 *		Parse a path, which must be valid or built in.
 */
ClfPath
clf_path(const char *text)
{
	ClfPath		path;

	path.text = path.keys = text;

	path.origin = CLF_FROM_ROW;
	for (ClfOrigin origin = 0; origin < CLF_ORIGINS; origin++)
	{
		if (text[0] != '\0' && text[0] == origin_signs[origin])
		{
			path.origin = origin;
			path.keys = text + 1;
		}
	}
	if (path.origin != CLF_FROM_CONSTANT &&
		strcmp(path.keys, CLF_WHOLE_ROW) == 0)
		path.keys = "";
	return path;
}

/*
 * clf_path_is_valid
 *		Is the path valid as the value of the option json_path?
 */
bool
clf_path_is_valid(const char *text)
{
	ClfPath		path = clf_path(text);
	const char *keys = path.keys;

	if (strcmp(text, CLF_WHOLE_ROW) == 0)
		return true;
	if (path.origin == CLF_FROM_ROW_NUMBER || path.origin == CLF_FROM_CONTENT)
		return keys[0] == '\0';
	if (path.origin == CLF_FROM_CONSTANT || strstr(keys, "..") ||
		strpbrk(keys, "$#@^%?&[]"))
		return false;
	for (;;)
	{
		size_t		length = strcspn(keys, CLF_KEYS_SEPARATORS);

		if (length == 0 || keys[0] == '.' || keys[length - 1] == '.')
			return false;
		if (keys[length] == '\0')
			return true;
		keys += length + 1;
	}
}

/*
 * clf_keys_touch
 *		Are both paths equal, or is one of them a prefix of the other, by
 *		whole keys?
 */
bool
clf_keys_touch(const char *a, const char *b)
{
	size_t		length_a = strlen(a);
	size_t		length_b = strlen(b);
	size_t		shorter = Min(length_a, length_b);

	if (strncmp(a, b, shorter) != 0)
		return false;
	return length_a == length_b ||
		(length_a > length_b ? a : b)[shorter] == '.';
}
