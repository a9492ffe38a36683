/*-------------------------------------------------------------------------
 *
 * json.c
 *	  JSON answers of the API: pages of records, single fields, small objects.
 *
 * A page of a thousand detailed records is several megabytes of JSON, and its
 * tree many times that, so a page is first cut into its records without
 * looking into them, and json-c gets one record at a time.  It also means that
 * whatever is wrong with a record can be said of that record.
 *
 * json-c allocates with malloc: every tree hangs on a memory context's reset
 * callback, so that an error anywhere frees it.
 *
 *-------------------------------------------------------------------------
 */
#include "json.h"

#include <json-c/json.h>

#include "lib/stringinfo.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

/* Deeper than any documented answer (record, legs, leg, from, device: 5) */
#define MAX_DEPTH 32

/*
 * An integer of this many digits may not fit into 64 bits.  json-c would clamp
 * or refuse it, but of a number with an exponent it keeps the text; so such an
 * integer is handed to it with this exponent, which changes nothing, and the
 * exponent is taken off when the text is asked for.
 */
#define LONG_INTEGER_DIGITS 19
#define LONG_INTEGER_MARK "E+00"
#define LONG_INTEGER_MARK_LENGTH (sizeof(LONG_INTEGER_MARK) - 1)

/* Where a value stands in the body */
typedef struct Slice
{
	const char *start;
	size_t		length;
	bool		long_integers;	/* holds an integer to be marked */
} Slice;

struct ClfPage
{
	json_tokener *tokener;
	ClfJson    *tree;			/* of the record given out last */
	ClfRecord	record;
	Slice	   *records;
	int			nrecords;
	int			maxrecords;
	ClfJson    *answer;			/* what stands around the records */
	bool		has_next;
	MemoryContextCallback cleanup;
};

/* A tree that lives as long as a memory context */
typedef struct OwnedTree
{
	ClfJson    *tree;
	MemoryContextCallback cleanup;
} OwnedTree;

/* ----------
 * Finding one's way in the text, without understanding it
 * ----------
 */

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* p is at the opening quote; the place after the closing one, or NULL */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++)
	{
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* p is at a digit or sign; the place after the number */
static const char *
skip_number(const char *p, const char *end, bool *is_long_integer)
{
	const char *start = p;
	bool		integer = true;

	for (; p < end; p++)
	{
		if (*p == '.' || *p == 'e' || *p == 'E')
			integer = false;
		else if (!(*p >= '0' && *p <= '9') && *p != '-' && *p != '+')
			break;
	}
	*is_long_integer = integer && p - start >= LONG_INTEGER_DIGITS;
	return p;
}

/*
 * The place after the value that begins at p, or NULL when the text ends
 * first.  That brackets match and commas are in place is json-c's to check.
 */
static const char *
skip_value(const char *p, const char *end, bool *long_integers)
{
	int			depth = 0;

	while (p < end)
	{
		bool		is_long = false;

		switch (*p)
		{
			case '"':
				p = skip_string(p, end);
				if (p == NULL)
					return NULL;
				break;
			case '{':
			case '[':
				depth++;
				p++;
				break;
			case '}':
			case ']':
				if (depth == 0)
					return p;
				depth--;
				p++;
				break;
			case ',':
				if (depth == 0)
					return p;
				p++;
				continue;
			case '-':
			case '0':
			case '1':
			case '2':
			case '3':
			case '4':
			case '5':
			case '6':
			case '7':
			case '8':
			case '9':
				p = skip_number(p, end, &is_long);
				*long_integers |= is_long;
				break;
			default:
				p++;
				continue;
		}
		if (depth == 0)
			return p;
	}
	return NULL;
}

/* The same text with the long integers outside strings marked */
static void
mark_long_integers(const Slice *slice, StringInfo out)
{
	const char *p = slice->start;
	const char *end = p + slice->length;

	while (p < end)
	{
		const char *start = p;
		bool		is_long = false;

		if (*p == '"')
		{
			p = skip_string(p, end);
			if (p == NULL)
				p = end;
		}
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
			p = skip_number(p, end, &is_long);
		else
			p++;
		appendBinaryStringInfo(out, start, p - start);
		if (is_long)
			appendStringInfoString(out, LONG_INTEGER_MARK);
	}
}

/* ----------
 * json-c
 * ----------
 */

/* Parse exactly one value, all of it; NULL when it is not, or null */
static ClfJson *
parse_slice(json_tokener *tokener, const Slice *slice)
{
	const char *text = slice->start;
	size_t		length = slice->length;
	ClfJson    *tree;
	StringInfoData marked = {0};

	if (slice->long_integers)
	{
		initStringInfo(&marked);
		mark_long_integers(slice, &marked);
		text = marked.data;
		length = marked.len;
	}
	json_tokener_reset(tokener);
	tree = json_tokener_parse_ex(tokener, text, (int) length);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
		json_tokener_get_parse_end(tokener) != length)
	{
		json_object_put(tree);
		tree = NULL;
	}
	if (marked.data)
		pfree(marked.data);
	return tree;
}

/*
 * Not strict: the strict parser of json-c 0.18 refuses every character beyond
 * ASCII (https://github.com/json-c/json-c/issues/892).  What passes instead, a
 * comma too many or a number with a leading zero, changes no value.
 */
static json_tokener *
new_tokener(void)
{
	json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);

	if (tokener == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return tokener;
}

static void
release_tree(void *arg)
{
	OwnedTree  *owned = arg;

	json_object_put(owned->tree);
	owned->tree = NULL;
}

/*
 * clf_json_parse
 *		A small answer (token, error), owned by the memory context; NULL when
 *		it is not one JSON object.
 */
ClfJson    *
clf_json_parse(MemoryContext cxt, const char *text, size_t length)
{
	OwnedTree  *owned = MemoryContextAllocZero(cxt, sizeof(OwnedTree));
	json_tokener *tokener;
	Slice		slice = {0};

	owned->cleanup.func = release_tree;
	owned->cleanup.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->cleanup);

	slice.start = skip_space(text, text + length);
	slice.length = length - (slice.start - text);
	while (slice.length > 0 &&
		   skip_space(slice.start + slice.length - 1,
					  slice.start + slice.length) != slice.start + slice.length - 1)
		slice.length--;

	tokener = new_tokener();
	owned->tree = parse_slice(tokener, &slice);
	json_tokener_free(tokener);
	return clf_json_kind(owned->tree) == CLF_JSON_OBJECT ? owned->tree : NULL;
}

/*
 * clf_json_compile_path
 *		Palloc'd in the current memory context.
 */
ClfJsonPath *
clf_json_compile_path(const char *path)
{
	static const struct
	{
		char		prefix;
		ClfJsonOrigin origin;
	}			origins[] = {
		{'^', CLF_FROM_RECORD}, {'%', CLF_FROM_ANSWER}, {'?', CLF_FROM_QUERY},
		{'&', CLF_FROM_DETAILS},
	};
	int			nsteps = 1;
	ClfJsonPath *compiled;
	char	   *step = pstrdup(path);

	for (const char *p = path; *p; p++)
		nsteps += (*p == '.');
	compiled = palloc(offsetof(ClfJsonPath, steps) + nsteps * sizeof(char *));
	compiled->nsteps = 0;
	compiled->origin = CLF_FROM_ROW;
	if (strcmp(path, "#") == 0)
		compiled->origin = CLF_ROW_COUNT;
	if (strcmp(path, "@") == 0)
		compiled->origin = CLF_FROM_CONTENT;
	if (compiled->origin != CLF_FROM_ROW || strcmp(path, "$") == 0)
		return compiled;
	for (size_t i = 0; i < lengthof(origins); i++)
	{
		if (step[0] == origins[i].prefix)
			compiled->origin = origins[i].origin;
	}
	if (compiled->origin != CLF_FROM_ROW)
		step++;

	while (step != NULL)
	{
		char	   *dot = strchr(step, '.');

		if (dot)
			*dot++ = '\0';
		compiled->steps[compiled->nsteps++] = step;
		step = dot;
	}
	return compiled;
}

/* One step down: a key of an object, or a number into an array */
static bool
take_step(ClfJson **value, const char *step)
{
	ClfJson    *parent = *value;
	bool		is_number = step[strspn(step, "0123456789")] == '\0';

	if (json_object_is_type(parent, json_type_object))
		*value = json_object_object_get(parent, step);
	else if (json_object_is_type(parent, json_type_array) && is_number)
		*value = clf_json_array_element(parent, atoi(step));
	else
		return false;
	return true;
}

/*
 * clf_json_find
 *		Follow a path.  True, with *value NULL, also where a step is missing or
 *		null; false, with the step in *stray, where it does not fit the value.
 */
bool
clf_json_find(ClfJson *root, const ClfJsonPath *path, ClfJson **value,
			  const char **stray)
{
	*value = root;
	for (int i = 0; i < path->nsteps && *value != NULL; i++)
	{
		if (!take_step(value, path->steps[i]))
		{
			*value = NULL;
			*stray = path->steps[i];
			return false;
		}
	}
	return true;
}

/*
 * clf_json_get
 *		A field of a small answer; NULL when it is not there.
 */
ClfJson    *
clf_json_get(ClfJson *root, const char *path)
{
	ClfJson    *value;
	const char *stray;

	(void) clf_json_find(root, clf_json_compile_path(path), &value, &stray);
	return value;
}

ClfJsonKind
clf_json_kind(ClfJson *value)
{
	switch (json_object_get_type(value))
	{
		case json_type_boolean:
			return CLF_JSON_BOOLEAN;
		case json_type_int:
		case json_type_double:
			return CLF_JSON_NUMBER;
		case json_type_string:
			return CLF_JSON_STRING;
		case json_type_array:
			return CLF_JSON_ARRAY;
		case json_type_object:
			return CLF_JSON_OBJECT;
		case json_type_null:
			break;
	}
	return CLF_JSON_NULL;
}

/*
 * clf_json_kind_name
 *		For a message: "expected a number, got an array".
 */
const char *
clf_json_kind_name(ClfJsonKind kind)
{
	static const char *const names[] = {
		[CLF_JSON_NULL] = "null",
		[CLF_JSON_BOOLEAN] = "a boolean",
		[CLF_JSON_NUMBER] = "a number",
		[CLF_JSON_STRING] = "a string",
		[CLF_JSON_ARRAY] = "an array",
		[CLF_JSON_OBJECT] = "an object",
	};

	return names[kind];
}

/* Is p at a mark, and not within a longer exponent as 1E+003? */
static bool
at_mark(const char *p)
{
	return strncmp(p, LONG_INTEGER_MARK, LONG_INTEGER_MARK_LENGTH) == 0 &&
		!(p[LONG_INTEGER_MARK_LENGTH] >= '0' &&
		  p[LONG_INTEGER_MARK_LENGTH] <= '9');
}

/* A terminated copy without the marks of mark_long_integers */
static const char *
unmark_long_integers(const char *text, size_t *length)
{
	StringInfoData out;
	const char *end = text + *length;
	const char *p = text;

	initStringInfo(&out);
	while (p < end)
	{
		const char *start = p;

		if (*p == '"')
			p = skip_string(p, end);
		else if (at_mark(p))
			start = p += LONG_INTEGER_MARK_LENGTH;
		else
			p++;
		appendBinaryStringInfo(&out, start, p - start);
	}
	*length = out.len;
	return out.data;
}

/*
 * clf_json_serialize
 *		The JSON of any value.  Belongs to the value, or is palloc'd in the
 *		current memory context; not to be freed.
 */
const char *
clf_json_serialize(ClfJson *value, size_t *length)
{
	const char *text;

	text = json_object_to_json_string_length(value,
											 JSON_C_TO_STRING_PLAIN |
											 JSON_C_TO_STRING_NOSLASHESCAPE,
											 length);
	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (strstr(text, LONG_INTEGER_MARK) != NULL)
		return unmark_long_integers(text, length);
	return text;
}

/*
 * clf_json_text
 *		A string's characters, which belong to the value, or any other value's
 *		JSON, as clf_json_serialize gives it.  Terminated; a string may have
 *		zero bytes before its end.
 */
const char *
clf_json_text(ClfJson *value, size_t *length)
{
	if (json_object_get_type(value) != json_type_string)
		return clf_json_serialize(value, length);
	*length = json_object_get_string_len(value);
	return json_object_get_string(value);
}

/* So many digits at p, as a number; false when there are other characters */
static bool
read_digits(const char **p, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*p)++)
	{
		if (**p < '0' || **p > '9')
			return false;
		*number = *number * 10 + (**p - '0');
	}
	return true;
}

static bool
read_char(const char **p, char c)
{
	return *(*p)++ == c;
}

/* ".594", as microseconds; further digits are dropped, as they are rare */
static bool
read_fraction(const char **p, int *micros)
{
	int			scale = 100000;

	*micros = 0;
	if (**p != '.')
		return true;
	for ((*p)++; **p >= '0' && **p <= '9'; (*p)++)
	{
		*micros += (**p - '0') * scale;
		scale /= 10;
	}
	return true;
}

/* "Z", "+01:00" or "+0100", as seconds east of UTC */
static bool
read_zone(const char **p, int *offset)
{
	int			sign = **p == '-' ? -1 : 1;
	int			hours;
	int			minutes;

	*offset = 0;
	if (**p == 'Z')
	{
		(*p)++;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	(*p)++;
	if (!read_digits(p, 2, &hours))
		return false;
	if (**p == ':')
		(*p)++;
	if (!read_digits(p, 2, &minutes) || hours > 15 || minutes > 59)
		return false;
	*offset = sign * (hours * 60 + minutes) * 60;
	return true;
}

/*
 * clf_json_get_time
 *		A date as the API writes it: 2016-03-10T18:07:52.534Z.  False when it
 *		is anything else; unlike timestamptz_in this does not know of "now" or
 *		of dates without a zone.
 */
bool
clf_json_get_time(ClfJson *value, TimestampTz *t)
{
	const char *p;
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				micros,
				offset;

	if (!json_object_is_type(value, json_type_string))
		return false;
	p = json_object_get_string(value);
	if (!read_digits(&p, 4, &year) || !read_char(&p, '-') ||
		!read_digits(&p, 2, &month) || !read_char(&p, '-') ||
		!read_digits(&p, 2, &day) || !read_char(&p, 'T') ||
		!read_digits(&p, 2, &hour) || !read_char(&p, ':') ||
		!read_digits(&p, 2, &minute) || !read_char(&p, ':') ||
		!read_digits(&p, 2, &second) || !read_fraction(&p, &micros) ||
		!read_zone(&p, &offset) || *p != '\0')
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
		day > day_tab[isleap(year)][month - 1] || hour > 23 || minute > 59 ||
		second > 60)
		return false;

	*t = (TimestampTz) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) *
		USECS_PER_DAY +
		((hour * 60 + minute) * INT64CONST(60) + second - offset) *
		USECS_PER_SEC + micros;
	return true;
}

/*
 * clf_json_get_text
 *		A field of a small answer as a palloc'd string, cut at a zero byte;
 *		NULL when it is not there or null.
 */
char *
clf_json_get_text(ClfJson *root, const char *path)
{
	ClfJson    *value = clf_json_get(root, path);
	size_t		length;
	const char *text;

	if (value == NULL)
		return NULL;
	text = clf_json_text(value, &length);
	return pnstrdup(text, length);
}

/*
 * clf_json_array_length, clf_json_array_element
 *		json-c aborts the process when asked this of anything but an array;
 *		here that is an array without elements.
 */
int
clf_json_array_length(ClfJson *array)
{
	return json_object_is_type(array, json_type_array) ?
		(int) json_object_array_length(array) : 0;
}

ClfJson    *
clf_json_array_element(ClfJson *array, int n)
{
	return n >= 0 && n < clf_json_array_length(array) ?
		json_object_array_get_idx(array, n) : NULL;
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

/* ----------
 * Pages
 * ----------
 */

static void
release_page(void *arg)
{
	ClfPage    *page = arg;

	json_object_put(page->tree);
	page->tree = NULL;
	if (page->tokener)
		json_tokener_free(page->tokener);
	page->tokener = NULL;
}

static void
add_record(ClfPage *page, const Slice *slice)
{
	if (page->nrecords == page->maxrecords)
	{
		page->maxrecords *= 2;
		page->records = repalloc(page->records,
								 page->maxrecords * sizeof(Slice));
	}
	page->records[page->nrecords++] = *slice;
}

/*
 * clf_page_create
 *		An empty page, to be filled by clf_page_add; belongs to the memory
 *		context.
 */
ClfPage    *
clf_page_create(MemoryContext cxt)
{
	ClfPage    *page = MemoryContextAllocZero(cxt, sizeof(ClfPage));

	page->cleanup.func = release_page;
	page->cleanup.arg = page;
	MemoryContextRegisterResetCallback(cxt, &page->cleanup);
	page->tokener = new_tokener();
	page->maxrecords = 64;
	page->records = MemoryContextAlloc(cxt, page->maxrecords * sizeof(Slice));
	return page;
}

/*
 * clf_page_add
 *		Add a record, of which the page keeps the pointer.  False when the text
 *		ends before the record does.
 */
bool
clf_page_add(ClfPage *page, const char *text, size_t length)
{
	const char *end = text + length;
	Slice		slice = {0};

	slice.start = skip_space(text, end);
	end = skip_value(slice.start, end, &slice.long_integers);
	if (end == NULL)
		return false;
	slice.length = end - slice.start;
	add_record(page, &slice);
	return true;
}

/* p is after the '[' of "records"; the place of its ']', or NULL */
static const char *
cut_records(ClfPage *page, const char *p, const char *end)
{
	p = skip_space(p, end);
	if (p < end && *p == ']')
		return p;
	while (p != NULL && p < end)
	{
		Slice		slice = {0};

		slice.start = p = skip_space(p, end);
		p = skip_value(p, end, &slice.long_integers);
		if (p == NULL)
			return NULL;
		slice.length = p - slice.start;
		add_record(page, &slice);
		p = skip_space(p, end);
		if (p < end && *p == ']')
			return p;
		if (p >= end || *p != ',')
			return NULL;
		p++;
	}
	return NULL;
}

/*
 * Cut the value of "records" out of the body: *frame becomes the body with an
 * empty array in its place, for json-c to check.  False when it has none.
 */
static bool
cut_page(ClfPage *page, const char *body, size_t length, StringInfo frame)
{
	static const char key[] = "\"records\"";
	const char *end = body + length;
	const char *p = skip_space(body, end);
	bool		ignored = false;

	if (p >= end || *p != '{')
		return false;
	for (p++; p < end; p++)
	{
		const char *name = p = skip_space(p, end);
		const char *name_end;

		if (p >= end || *p != '"' || (p = skip_string(p, end)) == NULL)
			return false;
		name_end = p;
		p = skip_space(p, end);
		if (p >= end || *p != ':')
			return false;
		p = skip_space(p + 1, end);
		if (name_end - name == sizeof(key) - 1 &&
			memcmp(name, key, sizeof(key) - 1) == 0 && p < end && *p == '[')
		{
			appendBinaryStringInfo(frame, body, p + 1 - body);
			p = cut_records(page, p + 1, end);
			if (p == NULL)
				return false;
			appendBinaryStringInfo(frame, p, end - p);
			return true;
		}
		p = skip_value(p, end, &ignored);
		if (p == NULL)
			return false;
		p = skip_space(p, end);
	}
	return false;
}

/*
 * clf_page_parse
 *		Take an answer with records apart.  The page belongs to the memory
 *		context and refers to the body, which must live as long.  frame_path
 *		leads to the object that says whether there is more: when next_path
 *		leads to something that is neither null nor false.  NULL, with the
 *		reason in *error, when it is no such answer.
 */
ClfPage    *
clf_page_parse(MemoryContext cxt, const char *body, size_t length,
			   const char *frame_path, const char *next_path,
			   const char **error)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPage    *page = clf_page_create(cxt);
	StringInfoData frame;
	char	   *next = NULL;

	*error = NULL;
	initStringInfo(&frame);
	if (!cut_page(page, body, length, &frame))
		*error = "it is not a JSON object with an array \"records\"";
	else if ((page->answer = clf_json_parse(cxt, frame.data,
											frame.len)) == NULL)
		*error = "it is not valid JSON";
	else if (clf_json_kind(clf_json_get(page->answer,
										frame_path)) != CLF_JSON_OBJECT)
		*error = "it does not say whether there is a next page";
	else
		next = clf_json_get_text(page->answer, next_path);
	page->has_next = next != NULL && strcmp(next, "false") != 0;
	pfree(frame.data);
	MemoryContextSwitchTo(old);
	return *error ? NULL : page;
}

/*
 * clf_page_answer
 *		What stood around the records; lives as long as the page.
 */
ClfJson    *
clf_page_answer(const ClfPage *page)
{
	return page->answer;
}

int
clf_page_length(const ClfPage *page)
{
	return page->nrecords;
}

bool
clf_page_has_next(const ClfPage *page)
{
	return page->has_next;
}

/*
 * clf_page_record
 *		Record n, from 0, until the next call; NULL, with the reason in *error,
 *		when it is not a JSON object.
 */
const ClfRecord *
clf_page_record(ClfPage *page, int n, const char **error)
{
	const Slice *slice = &page->records[n];

	json_object_put(page->tree);
	page->tree = NULL;
	page->tree = parse_slice(page->tokener, slice);
	if (clf_json_kind(page->tree) == CLF_JSON_OBJECT)
	{
		page->record.root = page->record.record = page->tree;
		page->record.number = 1;
		page->record.answer = page->answer;
		page->record.inputs = page->record.details = NULL;
		page->record.content = NULL;
		page->record.text = slice->start;
		page->record.length = slice->length;
		return &page->record;
	}
	*error = "it is not a valid JSON object";
	return NULL;
}
