/*-------------------------------------------------------------------------
 *
 * field.c
 *	  Parse a JSON text and locate the selected fields in it.
 *
 * The paths form a tree of names, which is traversed in parallel with the text.
 * Values on no path are only validated, without recursion, so that no response
 * can exhaust the stack.
 *
 * The grammar is that of RFC 8259, except that control characters other than zero
 * bytes are accepted in strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/block.h"
#include "answer/field.h"
#include "api/resource.h"
#include "api/time.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/* Maximum depth; documented responses have 5 (record, legs, leg, from, device) */
#define MAX_DEPTH 64

/*
 * Maximum number of bytes of a token (string, number or white space) scanned
 * between checks for interrupts: takes well below a millisecond.
 */
#define SCAN_BLOCK 65536

/* U+FFFD, replaces characters that PostgreSQL's text cannot contain */
#define REPLACEMENT_CHARACTER 0xFFFD

/* Maximum length of a date; the API's dates are much shorter */
#define MAX_TIME_LENGTH 64

/* Names are looked up by length; all longer ones share this list */
#define MAX_NAME_LENGTH 31

/* Maximum length of a character in UTF-8, in bytes */
#define MAX_UTF8_WIDTH 4

/*
 * Objects at the same place usually have the same members in the same order.
 * Therefore each node remembers the members of its objects, and the start of the
 * next member is compared with what is expected there before it is parsed.
 */
#define MAX_MEMBERS 32

/* Length of the longest start of a member that is remembered, in words */
#define MEMBER_WORDS 3

typedef struct Member
{
	uint64		start[MEMBER_WORDS];	/* as in the text, to its value: "id": */
	uint64		mask[MEMBER_WORDS]; /* the bytes of it that are set */
	int			length;			/* in bytes */
	int			child;			/* the child with its name; -1: none */
} Member;

/* A node of the tree of paths */
typedef struct PathNode
{
	char	   *name;
	size_t		length;
	int			index;			/* the name as an array index; -1: it is not a
								 * number */
	int			number;			/* among the nodes, from 1; 0: the root */
	int			value;			/* number of its field; -1: inner node only */
	uint64		visited;		/* number of the last text containing it */
	int			nchildren;
	struct PathNode *children;
	int			nmembers;
	Member	   *members;		/* in their order; NULL: no children */
	int			next;			/* next sibling in the list of the same name
								 * length; -1: none */
	int			first[MAX_NAME_LENGTH + 1]; /* lists of children by name
											 * length; -1: empty */
} PathNode;

struct ClfFields
{
	PathNode	root;
	int			nnodes;			/* without the root */
	int			count;
	ClfField   *values;			/* of the current text */
	uint64		text;			/* number of that text, from 1 */
};

/* ----------
 * Validation
 * ----------
 */

/*
 * Check for interrupts and return the end of the next block to scan.  Interrupts
 * are also checked at the start of each value.
 */
static inline const char *
next_block(const char *p, const char *end)
{
	CHECK_FOR_INTERRUPTS();
	return end - p > SCAN_BLOCK ? p + SCAN_BLOCK : end;
}

/*
 * clf_skip_space
 *		Skip white space; returns the position after it.
 */
const char *
clf_skip_space(const char *p, const char *end)
{
	for (;; p++)
	{
		p = clf_find_other_than_space(p, next_block(p, end));
		if (p >= end ||
			(*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t'))
			return p;
	}
}

/* Fast path of clf_skip_space for a position usually without white space */
static inline const char *
skip_space(const char *p, const char *end)
{
	return p < end && (unsigned char) *p > ' ' ? p : clf_skip_space(p, end);
}

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* Return the last character of the escape at p, or NULL if invalid */
static const char *
skip_escape(const char *p, const char *end)
{
	p++;
	if (p >= end || *p == '\0' || strchr("\"\\/bfnrtu", *p) == NULL)
		return NULL;
	if (*p != 'u')
		return p;
	for (int i = 0; i < 4; i++)
	{
		p++;
		if (p >= end || !isxdigit((unsigned char) *p))
			return NULL;
	}
	return p;
}

/* p is within a string: return the position after its closing quote, or NULL */
static const char *
skip_rest_of_string(const char *p, const char *end, bool *escaped)
{
	while ((p = clf_find_special(p, next_block(p, end))) < end)
	{
		if (*p == '"')
			return p + 1;
		if (clf_is_plain((unsigned char) *p))
			continue;			/* the end of a block */
		*escaped = true;
		if (*p == '\\')
			p = skip_escape(p, end);
		if (p == NULL || *p == '\0')
			return NULL;
		p++;
	}
	return NULL;
}

/*
 * p is at the opening quote: return the position after the closing one, or NULL.
 * Sets *escaped if the string contains characters that are not plain.
 */
static inline const char *
skip_string(const char *p, const char *end, bool *escaped)
{
	const char *special = clf_find_special(p + 1, next_block(p + 1, end));

	return special < end && *special == '"' ? special + 1 :
		skip_rest_of_string(special, end, escaped);
}

/* Skip one or more digits; returns the position after them, or NULL */
static const char *
skip_digits(const char *p, const char *end)
{
	const char *stop;

	if (!is_digit(p, end))
		return NULL;
	do
	{
		stop = next_block(p, end);
		while (is_digit(p, stop))
			p++;
	} while (p == stop && p < end);
	return p;
}

static const char *
skip_number(const char *p, const char *end)
{
	if (*p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = skip_digits(p, end);
	if (p && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p && p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, end);
	}
	return p;
}

static const char *
skip_word(const char *p, const char *end, const char *word, size_t length)
{
	return (size_t) (end - p) >= length && memcmp(p, word, length) == 0 ?
		p + length : NULL;
}

/* Skip a scalar value that is no string; returns the position after it, or NULL */
static const char *
skip_literal(const char *p, const char *end)
{
	switch (*p)
	{
		case 't':
			return skip_word(p, end, "true", 4);
		case 'f':
			return skip_word(p, end, "false", 5);
		case 'n':
			return skip_word(p, end, "null", 4);
		default:
			return skip_number(p, end);
	}
}

/* Skip a scalar value; returns the position after it, or NULL */
static inline const char *
skip_scalar(const char *p, const char *end, bool *escaped)
{
	if (p >= end)
		return NULL;
	return *p == '"' ? skip_string(p, end, escaped) : skip_literal(p, end);
}

/* The kind of a valid value, by its first character */
static ClfKind
kind_of(char first)
{
	switch (first)
	{
		case '"':
			return CLF_KIND_STRING;
		case '{':
			return CLF_KIND_OBJECT;
		case '[':
			return CLF_KIND_ARRAY;
		case 't':
		case 'f':
			return CLF_KIND_BOOLEAN;
		case 'n':
			return CLF_KIND_NULL;
		default:
			return CLF_KIND_NUMBER;
	}
}

/* Set a field to the valid value between start and after */
static inline void
set_field(ClfField *field, const char *start, const char *after, bool escaped)
{
	Assert(after > start);
	field->start = start;
	field->length = after - start;
	field->kind = kind_of(*start);
	field->escaped = escaped;
	field->mismatched_step = 0;
}

/* Skip the colon after a name; p may be NULL.  Returns the value's position, or NULL */
static inline const char *
skip_colon(const char *p, const char *end)
{
	if (p == NULL)
		return NULL;
	p = skip_space(p, end);
	return p < end && *p == ':' ? skip_space(p + 1, end) : NULL;
}

/*
 * Skip a member name and the colon, and store the name in *name.  Returns the
 * position of the member's value, or NULL.
 */
static inline const char *
skip_name(const char *p, const char *end, ClfField *name)
{
	const char *start = p;
	bool		escaped = false;

	if (p >= end || *p != '"')
		return NULL;
	p = skip_string(p, end, &escaped);
	if (p)
		set_field(name, start, p, escaped);
	return skip_colon(p, end);
}

/*
 * clf_skip_name
 *		External version of skip_name, which is inlined in this file.
 */
const char *
clf_skip_name(const char *p, const char *end, ClfField *name)
{
	return skip_name(p, end, name);
}

/* Skip a member name that is not selected */
static inline const char *
skip_any_name(const char *p, const char *end, bool *escaped)
{
	return p < end && *p == '"' ?
		skip_colon(skip_string(p, end, escaped), end) : NULL;
}

/* Stack of open brackets, one bit each, innermost lowest; 1: "{" */
typedef struct Brackets
{
	uint64		objects;
	int			depth;
} Brackets;

/*
 * p is at an opening bracket: push it and return the position of the first value
 * in it, or of the closing bracket if it is empty; NULL if invalid or too deep.
 */
static const char *
open_bracket(Brackets *open, const char *p, const char *end, bool *empty,
			 bool *escaped)
{
	bool		object = *p == '{';

	*empty = false;
	if (open->depth == MAX_DEPTH)
		return NULL;
	open->depth++;
	open->objects = open->objects << 1 | object;
	p = skip_space(p + 1, end);
	*empty = p < end && *p == (object ? '}' : ']');
	return object && !*empty ? skip_any_name(p, end, escaped) : p;
}

/*
 * p is after a value, or at the closing bracket of an empty object or array: pop
 * the brackets closed here.  Returns the position of the next value, or the end
 * of the outermost value, or NULL.
 */
static const char *
next_value(Brackets *open, const char *p, const char *end, bool *escaped)
{
	while (open->depth > 0)
	{
		bool		object = open->objects & 1;

		p = skip_space(p, end);
		if (p < end && *p == ',')
		{
			p = skip_space(p + 1, end);
			return object ? skip_any_name(p, end, escaped) : p;
		}
		if (p >= end || *p != (object ? '}' : ']'))
			return NULL;
		open->objects >>= 1;
		open->depth--;
		p++;
	}
	return p;
}

/* Skip a value; returns the position after it, or NULL if invalid */
static const char *
skip_value(const char *p, const char *end, bool *escaped)
{
	Brackets	open = {0, 0};

	if (p < end && *p != '{' && *p != '[')
		return skip_scalar(p, end, escaped);
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (p < end && (*p == '{' || *p == '['))
		{
			bool		empty;

			p = open_bracket(&open, p, end, &empty, escaped);
			if (!empty)
				continue;
		}
		else
			p = skip_scalar(p, end, escaped);
		if (p)
			p = next_value(&open, p, end, escaped);
	} while (p && open.depth > 0);
	return p;
}

/*
 * clf_skip_value
 *		Skip the value at p; returns the position after it, or NULL if invalid.
 */
const char *
clf_skip_value(const char *p, const char *end)
{
	bool		escaped = false;

	return skip_value(p, end, &escaped);
}

/* ----------
 * Characters of strings
 * ----------
 */

/* Convert four hexadecimal digits */
static uint32
read_unit(const char *digits)
{
	uint32		unit = 0;

	for (int i = 0; i < 4; i++)
	{
		char		c = digits[i];

		unit = unit << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return unit;
}

/*
 * Return the code point of the \u escape at *p, within a valid string, and advance
 * *p past it.  Unpaired surrogates are invalid, and PostgreSQL does not support
 * U+0000: both are replaced.
 */
static uint32
read_code_point(const char **p, const char *end)
{
	uint32		first = read_unit(*p + 2);
	uint32		second;

	*p += 6;
	if (is_utf16_surrogate_first(first) && end - *p >= 6 &&
		(*p)[0] == '\\' && (*p)[1] == 'u')
	{
		second = read_unit(*p + 2);
		if (is_utf16_surrogate_second(second))
		{
			*p += 6;
			return surrogate_pair_to_codepoint(first, second);
		}
	}
	if (first == 0 || is_utf16_surrogate_first(first) ||
		is_utf16_surrogate_second(first))
		return REPLACEMENT_CHARACTER;
	return first;
}

/* Append a character; returns the new end */
static char *
append_code_point(char *out, uint32 c)
{
	unicode_to_utf8(c, (unsigned char *) out);
	return out + pg_utf_mblen((unsigned char *) out);
}

/*
 * Append the byte or the unescaped character at *p, within a valid string, and
 * advance *p.  Returns the new end; the output is never longer than the input.
 */
static char *
append_character(char *out, const char **p, const char *end)
{
	static const char escapes[] = "bfnrt";
	static const char characters[] = "\b\f\n\r\t";
	const char *escape;

	if (**p != '\\')
	{
		*out = *(*p)++;
		return out + 1;
	}
	if ((*p)[1] == 'u')
		return append_code_point(out, read_code_point(p, end));
	escape = strchr(escapes, (*p)[1]);
	*out = escape ? characters[escape - escapes] : (*p)[1];
	*p += 2;
	return out + 1;
}

/* ----------
 * Paths
 * ----------
 */

static void
init_node(PathNode *node, const char *name, size_t length)
{
	memset(node, 0, sizeof(PathNode));
	node->name = pnstrdup(name, length);
	node->length = length;
	node->value = -1;
	node->index = -1;
	node->next = -1;
	memset(node->first, -1, sizeof(node->first));
	if (length > 0 && length < 9 && strspn(node->name, CLF_DIGITS) == length)
		node->index = atoi(node->name);
}

static inline PathNode *
find_child(const PathNode *node, const char *name, size_t length)
{
	PathNode   *child;

	for (int i = node->first[Min(length, MAX_NAME_LENGTH)]; i >= 0; i = child->next)
	{
		child = &node->children[i];
		if (child->length == length && memcmp(child->name, name, length) == 0)
			return child;
	}
	return NULL;
}

static PathNode *
add_child(ClfFields *fields, PathNode *node, const char *name, size_t length)
{
	PathNode   *child = find_child(node, name, length);
	int		   *first = &node->first[Min(length, MAX_NAME_LENGTH)];

	if (child)
		return child;
	if (node->children == NULL)
	{
		node->children = palloc(sizeof(PathNode));
		node->members = palloc(MAX_MEMBERS * sizeof(Member));
	}
	else
		node->children = repalloc(node->children,
								  (node->nchildren + 1) * sizeof(PathNode));
	child = &node->children[node->nchildren];
	init_node(child, name, length);
	child->number = ++fields->nnodes;
	child->next = *first;
	*first = node->nchildren++;
	return child;
}

/*
 * clf_fields_create
 *		Create an empty set of fields.  Palloc'd in the current memory context, as
 *		are the fields added later.
 */
ClfFields  *
clf_fields_create(void)
{
	ClfFields  *fields = palloc0(sizeof(ClfFields));

	init_node(&fields->root, "", 0);
	return fields;
}

/*
 * clf_fields_add
 *		Add a path: keys separated by dots, numbers for array elements; "" is the
 *		whole text.  Returns the field's number, from 0; equal paths share it.
 */
int
clf_fields_add(ClfFields *fields, const char *keys)
{
	PathNode   *node = &fields->root;

	for (const char *p = keys[0] != '\0' ? keys : NULL; p != NULL;)
	{
		size_t		length = strcspn(p, ".");

		node = add_child(fields, node, p, length);
		p = p[length] == '.' ? p + length + 1 : NULL;
	}
	if (node->value < 0)
		node->value = fields->count++;
	return node->value;
}

/*
 * clf_fields_count
 *		Number of fields that have been added.
 */
int
clf_fields_count(const ClfFields *fields)
{
	return fields->count;
}

static const char *
find_step(const PathNode *node, int number)
{
	const char *name = node->number == number ? node->name : NULL;

	for (int i = 0; i < node->nchildren && name == NULL; i++)
		name = find_step(&node->children[i], number);
	return name;
}

/*
 * clf_fields_step
 *		Name of the step with the number, see ClfField.
 */
const char *
clf_fields_step(const ClfFields *fields, int step)
{
	return find_step(&fields->root, step);
}

/*
 * clf_selection_create
 *		Create an empty selection.  rows_are_records: rows are whole records, not
 *		parts of them.  Palloc'd in the current memory context.
 */
ClfSelection *
clf_selection_create(bool rows_are_records)
{
	ClfSelection *selection = palloc0(sizeof(ClfSelection));

	for (ClfOrigin origin = CLF_FROM_QUERY; origin <= CLF_FROM_DETAILS; origin++)
		selection->from[origin] = clf_fields_create();
	if (rows_are_records)
		selection->from[CLF_FROM_RECORD] = selection->from[CLF_FROM_ROW];
	return selection;
}

/*
 * clf_select
 *		Select a field by its path in the text of the origin.  For an origin
 *		without JSON, the reference contains only the origin.
 */
ClfFieldRef
clf_select(ClfSelection *selection, ClfOrigin origin, const char *keys)
{
	ClfFieldRef ref = {origin, -1};

	if (selection->from[origin])
		ref.n = clf_fields_add(selection->from[origin], keys);
	return ref;
}

/* ----------
 * Picking
 * ----------
 */

static const char *pick_value(ClfFields *fields, PathNode *node, const char *p,
							  const char *end, bool *escaped);

/* Reset the fields of a subtree; mismatched_step: see ClfField */
static void
set_missing(ClfFields *fields, PathNode *node, int mismatched_step)
{
	node->visited = 0;
	if (node->value >= 0)
	{
		memset(&fields->values[node->value], 0, sizeof(ClfField));
		fields->values[node->value].mismatched_step = mismatched_step;
	}
	for (int i = 0; i < node->nchildren; i++)
		set_missing(fields, &node->children[i], mismatched_step);
}

/* The value is a scalar: all steps below it are mismatched */
static void
set_mismatched(ClfFields *fields, PathNode *node)
{
	for (int i = 0; i < node->nchildren; i++)
		set_missing(fields, &node->children[i], node->children[i].number);
}

/* Compare a name containing escapes with that of the node */
static bool
is_name_of(const PathNode *node, const ClfField *name)
{
	const char *p = name->start + 1;
	const char *end = name->start + name->length - 1;
	size_t		length = 0;

	while (p < end)
	{
		char		c[MAX_UTF8_WIDTH];
		size_t		width = append_character(c, &p, end) - c;

		if (width > node->length - length ||
			memcmp(node->name + length, c, width) != 0)
			return false;
		length += width;
	}
	return length == node->length;
}

/* Find the child with the name */
static PathNode *
match_name(const PathNode *node, const ClfField *name)
{
	if (!name->escaped)
		return find_child(node, name->start + 1, name->length - 2);
	for (int i = 0; i < node->nchildren; i++)
	{
		if (is_name_of(&node->children[i], name))
			return &node->children[i];
	}
	return NULL;
}

/* Does the text at p, of MEMBER_WORDS words or more, start with the member? */
static inline bool
starts_with(const char *p, const Member *member)
{
	uint64		words[MEMBER_WORDS];
	uint64		differences = 0;

	memcpy(words, p, sizeof(words));
	for (int i = 0; i < MEMBER_WORDS; i++)
		differences |= (words[i] ^ member->start[i]) & member->mask[i];
	return differences == 0;
}

/* Insert the start of a member at n, unless it is too long, or too many are known */
static void
remember_member(PathNode *node, int n, const char *start, size_t length,
				const PathNode *child)
{
	Member	   *member = &node->members[n];

	if (length > sizeof(member->start) || node->nmembers == MAX_MEMBERS)
		return;
	memmove(member + 1, member, (node->nmembers - n) * sizeof(Member));
	node->nmembers++;
	memset(member, 0, sizeof(Member));
	memcpy(member->start, start, length);
	memset(member->mask, 0xFF, length);
	member->length = (int) length;
	member->child = child ? (int) (child - node->children) : -1;
}

/*
 * p is at a member that is not the expected one, number *n: some may be missing in
 * this object.  Returns the position of its value, or NULL.
 */
static const char *
find_member(PathNode *node, int *n, const char *p, const char *end,
			PathNode **child, bool *escaped)
{
	ClfField	name;
	const char *value = skip_name(p, end, &name);

	if (value == NULL)
		return NULL;
	*child = match_name(node, &name);
	*escaped |= name.escaped;
	if (name.escaped || end - p < (ptrdiff_t) sizeof(node->members->start))
		return value;
	for (int i = *n; i < node->nmembers; i++)
	{
		if (starts_with(p, &node->members[i]))
		{
			*n = i + 1;
			return value;
		}
	}
	remember_member(node, *n, p, value - p, *child);
	*n += *n < node->nmembers;
	return value;
}

/*
 * p is at a member: return the position of its value, or NULL, and the child with
 * its name, NULL if there is none.  *n is the number of the expected member.
 */
static inline const char *
next_member(PathNode *node, int *n, const char *p, const char *end,
			PathNode **child, bool *escaped)
{
	const Member *expected = &node->members[*n];

	if (*n == node->nmembers ||
		end - p < (ptrdiff_t) sizeof(expected->start) ||
		!starts_with(p, expected))
		return find_member(node, n, p, end, child, escaped);
	(*n)++;
	*child = expected->child >= 0 ? &node->children[expected->child] : NULL;
	return skip_space(p + expected->length, end);
}

/* p is at "{" */
static const char *
pick_object(ClfFields *fields, PathNode *node, const char *p, const char *end,
			bool *escaped)
{
	int			n = 0;

	p = skip_space(p + 1, end);
	if (p < end && *p == '}')
		return p + 1;
	while (p != NULL)
	{
		PathNode   *child = NULL;

		p = next_member(node, &n, p, end, &child, escaped);
		if (p == NULL)
			return NULL;
		p = child ? pick_value(fields, child, p, end, escaped) :
			skip_value(p, end, escaped);
		if (p == NULL)
			return NULL;
		p = skip_space(p, end);
		if (p < end && *p == '}')
			return p + 1;
		p = p < end && *p == ',' ? skip_space(p + 1, end) : NULL;
	}
	return NULL;
}

/* Find the child for element n of an array */
static PathNode *
match_index(const PathNode *node, int n)
{
	for (int i = 0; i < node->nchildren; i++)
	{
		if (node->children[i].index == n)
			return &node->children[i];
	}
	return NULL;
}

/* p is at "["; steps that are not numbers are mismatched */
static const char *
pick_array(ClfFields *fields, PathNode *node, const char *p, const char *end,
		   bool *escaped)
{
	for (int i = 0; i < node->nchildren; i++)
	{
		PathNode   *child = &node->children[i];

		if (strspn(child->name, CLF_DIGITS) < child->length)
			set_missing(fields, child, child->number);
	}
	p = skip_space(p + 1, end);
	if (p < end && *p == ']')
		return p + 1;
	for (int n = 0; p != NULL; n++)
	{
		PathNode   *child = match_index(node, n);

		p = child ? pick_value(fields, child, p, end, escaped) :
			skip_value(p, end, escaped);
		if (p == NULL)
			return NULL;
		p = skip_space(p, end);
		if (p < end && *p == ']')
			return p + 1;
		p = p < end && *p == ',' ? skip_space(p + 1, end) : NULL;
	}
	return NULL;
}

/*
 * Pick the fields of the value at p; returns the position after it, or NULL if
 * invalid.  Of duplicate member names the last one is used.  Sets *escaped as
 * skip_string does.
 */
static const char *
pick_value(ClfFields *fields, PathNode *node, const char *p, const char *end,
		   bool *escaped)
{
	const char *start = p;
	bool		has_escape = false;

	CHECK_FOR_INTERRUPTS();
	if (node->visited == fields->text)
		set_missing(fields, node, 0);
	node->visited = fields->text;
	if (node->nchildren == 0)
		p = skip_value(p, end, &has_escape);
	else if (p < end && *p == '{')
		p = pick_object(fields, node, p, end, &has_escape);
	else if (p < end && *p == '[')
		p = pick_array(fields, node, p, end, &has_escape);
	else
	{
		p = skip_scalar(p, end, &has_escape);
		if (p && *start != 'n')
			set_mismatched(fields, node);
	}
	*escaped |= has_escape;
	if (p && node->value >= 0 && *start != 'n')
		set_field(&fields->values[node->value], start, p, has_escape);
	return p;
}

/*
 * clf_fields_pick
 *		Parse the value at text and store the fields in values, an array of
 *		clf_fields_count elements.  Returns the position after the value, or NULL
 *		if it is invalid or incomplete.
 */
const char *
clf_fields_pick(ClfFields *fields, const char *text, const char *end,
				ClfField *values)
{
	bool		escaped = false;

	fields->values = values;
	fields->text++;
	memset(values, 0, fields->count * sizeof(ClfField));
	return pick_value(fields, &fields->root, text, end, &escaped);
}

/*
 * clf_fields_pick_all
 *		Parse a text that consists of one value, optionally surrounded by white
 *		space.  Returns false if it is invalid.
 */
bool
clf_fields_pick_all(ClfFields *fields, const char *text, size_t length,
					ClfField *values)
{
	const char *end = text + length;
	const char *p = clf_fields_pick(fields, skip_space(text, end), end,
									values);

	return p != NULL && skip_space(p, end) == end;
}

/* ----------
 * Values
 * ----------
 */

/*
 * clf_kind_name
 *		Name of a kind for messages: "expected a number, got an array".
 */
const char *
clf_kind_name(ClfKind kind)
{
	static const char *const names[] = {
		[CLF_KIND_NULL] = "null",
		[CLF_KIND_BOOLEAN] = "a boolean",
		[CLF_KIND_NUMBER] = "a number",
		[CLF_KIND_STRING] = "a string",
		[CLF_KIND_ARRAY] = "an array",
		[CLF_KIND_OBJECT] = "an object",
	};

	return names[kind];
}

/* Unescape a string; the result is palloc'd */
static const char *
unescape(const ClfField *field, size_t *length)
{
	const char *p = field->start + 1;
	const char *end = field->start + field->length - 1;
	char	   *text = palloc(field->length);
	char	   *out = text;

	while (p < end)
	{
		const char *stop = next_block(p, end);

		while (p < stop)
			out = append_character(out, &p, end);
	}
	*length = out - text;
	return text;
}

/*
 * clf_field_special_text
 *		clf_field_text for fields that are not plain strings.
 */
const char *
clf_field_special_text(const ClfField *field, size_t *length)
{
	if (field->kind == CLF_KIND_STRING)
		return unescape(field, length);
	*length = field->length;
	return field->start;
}

/*
 * clf_field_cstring
 *		As clf_field_text, but palloc'd and zero-terminated; NULL for null.
 */
char *
clf_field_cstring(const ClfField *field)
{
	size_t		length;
	const char *text;

	if (field->start == NULL)
		return NULL;
	text = clf_field_text(field, &length);
	return pnstrdup(text, length);
}

/* Append the character or escape at *p, within a string, as JSON; advance *p */
static void
append_json_character(StringInfo json, const char **p, const char *end)
{
	char		c[MAX_UTF8_WIDTH];
	const char *start = *p;

	if (*start != '\\' && (unsigned char) *start < ' ')
	{
		appendStringInfo(json, "\\u%04x", *start);
		(*p)++;
	}
	else
	{
		size_t		width = append_character(c, p, end) - c;

		if (start[0] == '\\' && !IS_HIGHBIT_SET(c[0]))
			appendBinaryStringInfo(json, start, *p - start);
		else
			appendBinaryStringInfo(json, c, width);
	}
}

/*
 * clf_field_json
 *		Return the value as JSON that PostgreSQL accepts in any encoding:
 *		non-ASCII characters are not escaped, control characters are, and
 *		unsupported characters are replaced as in clf_field_text.  Not
 *		zero-terminated; points into the text, or is palloc'd in the current
 *		memory context.
 */
const char *
clf_field_json(const ClfField *field, size_t *length)
{
	const char *p = field->start;
	const char *end = field->start + field->length;
	bool		in_string = false;
	StringInfoData json;

	*length = field->length;
	if (!field->escaped)
		return field->start;
	initStringInfo(&json);
	while (p < end)
	{
		const char *stop = next_block(p, end);

		while (p < stop)
		{
			const char *run = p;

			while (p < stop && *p != '"' && (!in_string || clf_is_plain((unsigned char) *p)))
				p++;
			appendBinaryStringInfo(&json, run, p - run);
			if (p < stop && *p == '"')
			{
				in_string = !in_string;
				appendStringInfoChar(&json, *p++);
			}
			else if (p < stop)
				append_json_character(&json, &p, end);
		}
	}
	*length = json.len;
	return json.data;
}

/* Position of the next element of an array; NULL after the last one */
static const char *
find_next_element(const ClfField *array, const ClfField *element)
{
	const char *end = array->start + array->length;
	const char *p = element->start ? element->start + element->length :
	array->start;

	p = skip_space(p, end);
	if (*p == ']')
		return NULL;
	p = skip_space(p + 1, end); /* after "[" or "," */
	return *p == ']' ? NULL : p;
}

/*
 * clf_field_next_element
 *		Advance to the next element of an array; from an all-zero element, to the
 *		first.  Returns false after the last one.  The start of a null element is
 *		set as well.
 */
bool
clf_field_next_element(const ClfField *array, ClfField *element)
{
	const char *p = find_next_element(array, element);
	const char *after;
	bool		escaped = false;

	if (p == NULL)
		return false;
	after = skip_value(p, array->start + array->length, &escaped);
	set_field(element, p, after, escaped);
	return true;
}

/*
 * clf_fields_pick_element
 *		As clf_field_next_element, and pick fields of the element.
 */
bool
clf_fields_pick_element(ClfFields *fields, const ClfField *array,
						ClfField *element, ClfField *values)
{
	const char *p = find_next_element(array, element);

	if (p)
		set_field(element, p,
				  clf_fields_pick(fields, p, array->start + array->length,
								  values),
				  false);
	return p != NULL;
}

/*
 * clf_field_time
 *		Convert a date in the API's format, see clf_time_parse.  Returns false if
 *		invalid.
 */
bool
clf_field_time(const ClfField *field, TimestampTz *t)
{
	return field->kind == CLF_KIND_STRING &&
		field->length <= MAX_TIME_LENGTH &&
		clf_time_parse(field->start + 1, '"', t);
}
