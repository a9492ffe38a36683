/*-------------------------------------------------------------------------
 *
 * page.c
 *	  Pages: responses that contain records.
 *
 * The selected fields of all records are extracted in one pass over the body.
 * The part around the records, called the frame, is small and parsed by
 * json-c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/page.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

/* Limit of records per page, far beyond the page sizes that are requested */
#define MAX_RECORDS 100000

struct ClfPage
{
	MemoryContext cxt;
	ClfFields  *fields;
	ClfField   *values;			/* of all records, consecutively */
	int			width;			/* fields of a record */
	int			nrecords;
	int			maxrecords;
	char	   *frame;			/* the part around the records */
	ClfJson    *answer;			/* the frame, parsed */
	bool		has_next;		/* by next_path: do more pages exist? */
	int			npages;			/* by pages_path: number of pages; 0: unknown */
};

/*
 * clf_page_create
 *		Create an empty page, owned by the memory context; see clf_page_add.
 */
ClfPage    *
clf_page_create(MemoryContext cxt, ClfFields *fields)
{
	ClfPage    *page = MemoryContextAllocZero(cxt, sizeof(ClfPage));

	page->cxt = cxt;
	page->fields = fields;
	page->width = clf_fields_count(fields);
	page->maxrecords = 64;
	page->values = MemoryContextAlloc(cxt, (Size) page->maxrecords *
									  page->width * sizeof(ClfField));
	return page;
}

/*
 * Append the record that begins at p.  Returns a pointer past it, or NULL if
 * it is not valid JSON.  One that is no object has no fields: it is the reader's
 * decision whether to skip it.
 */
static const char *
add_record(ClfPage *page, const char *p, const char *end)
{
	if (p >= end || page->nrecords == MAX_RECORDS)
		return NULL;
	if (page->nrecords == page->maxrecords)
	{
		page->maxrecords *= 2;
		page->values = repalloc_huge(page->values, (Size) page->maxrecords *
									 page->width * sizeof(ClfField));
	}
	p = clf_fields_pick(page->fields, p, end,
						page->values + (Size) page->nrecords * page->width);
	page->nrecords += p != NULL;
	return p;
}

/*
 * clf_page_add
 *		Append a record, whose text must live as long as the page.  Returns
 *		false if it is not a single JSON value.
 */
bool
clf_page_add(ClfPage *page, const char *text, size_t length)
{
	const char *end = text + length;
	const char *p = add_record(page, clf_skip_space(text, end), end);

	return p != NULL && clf_skip_space(p, end) == end;
}

/*
 * Parse the array of records after its '['; returns a pointer to its ']', or
 * NULL
 */
static const char *
add_records(ClfPage *page, const char *p, const char *end)
{
	p = clf_skip_space(p, end);
	if (p < end && *p == ']')
		return p;
	for (;;)
	{
		p = add_record(page, clf_skip_space(p, end), end);
		if (p == NULL)
			return NULL;
		p = clf_skip_space(p, end);
		if (p < end && *p == ']')
			return p;
		if (p >= end || *p != ',')
			return NULL;
		p++;
	}
}

/* Return a pointer past the '[' of "records", or NULL if there is none */
static const char *
find_records(const char *body, const char *end)
{
	static const char key[] = "\"records\"";
	const char *p = clf_skip_space(body, end);

	if (p >= end || *p != '{')
		return NULL;
	do
	{
		ClfField	name;

		p = clf_skip_name(clf_skip_space(p + 1, end), end, &name);
		if (p && p < end && *p == '[' && name.length == sizeof(key) - 1 &&
			memcmp(name.start, key, name.length) == 0)
			return p + 1;
		if (p)
			p = clf_skip_value(p, end);
		if (p)
			p = clf_skip_space(p, end);
	} while (p && p < end && *p == ',');
	return NULL;
}

/*
 * Parse the frame.  It must have the empty array "records" at the given offset
 * and no second one, as the last one would take precedence.  Returns NULL or
 * an error message.
 */
static const char *
parse_frame(ClfPage *page, size_t length, size_t place)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	records;

	(void) clf_fields_add(fields, "records");
	if (!clf_fields_pick_all(fields, page->frame, length, &records))
		return "it is not valid JSON";
	if (records.start != page->frame + place)
		return "it has more than one field \"records\"";
	page->answer = clf_json_parse(page->cxt, page->frame, length);
	return page->answer ? NULL : "it is not valid JSON";
}

/*
 * Parse the records; the rest of the body, with an empty array in their place,
 * becomes the frame.  Returns NULL or an error message.
 */
static const char *
split_body(ClfPage *page, const char *body, const char *end)
{
	const char *first = find_records(body, end);
	const char *after;
	StringInfoData frame;

	if (first == NULL)
		return "it is not a JSON object with an array \"records\"";
	after = add_records(page, first, end);
	if (after == NULL)
		return psprintf("record %d is truncated or not valid JSON",
						page->nrecords + 1);
	initStringInfo(&frame);
	appendBinaryStringInfo(&frame, body, first - body);
	appendBinaryStringInfo(&frame, after, end - after);
	page->frame = frame.data;
	return parse_frame(page, frame.len, first - 1 - body);
}

/*
 * Read from the frame whether more pages exist.  If it should contain the number
 * of pages but does not, the list ends with the first page without records.
 */
static void
read_next(ClfPage *page, const ClfResource *resource)
{
	char	   *npages;

	if (resource->pages_path == NULL)
	{
		page->has_next = clf_json_is_set(clf_json_get(page->answer,
													  resource->next_path));
		return;
	}
	npages = clf_json_get_text(page->answer, resource->pages_path);
	page->has_next = npages == NULL && page->nrecords > 0;
	if (npages)
		page->npages = atoi(npages);
}

/*
 * clf_page_parse
 *		Parse a response with records of the resource, and extract the fields of
 *		each.  The page is owned by the memory context and refers to the body,
 *		which must live as long.  Returns NULL with a message in *error if the
 *		response is invalid.
 */
ClfPage    *
clf_page_parse(MemoryContext cxt, ClfFields *fields, const char *body,
			   size_t length, const ClfResource *resource, const char **error)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPage    *page = clf_page_create(cxt, fields);

	*error = split_body(page, body, body + length);
	if (*error == NULL && !clf_json_is_object(clf_json_get(page->answer,
														   resource->frame_path)))
		*error = "it does not specify whether there is a next page";
	read_next(page, resource);
	MemoryContextSwitchTo(old);
	return *error ? NULL : page;
}

/*
 * clf_page_frame, clf_page_answer
 *		The frame as a terminated text, and parsed; lives as long as the page.
 *		NULL if the page was made by clf_page_create.
 */
const char *
clf_page_frame(const ClfPage *page)
{
	return page->frame;
}

ClfJson    *
clf_page_answer(const ClfPage *page)
{
	return page->answer;
}

/*
 * clf_page_length
 *		Number of records.
 */
int
clf_page_length(const ClfPage *page)
{
	return page->nrecords;
}

/*
 * clf_page_has_next
 *		Are there more pages after this one, which was requested by number?
 */
bool
clf_page_has_next(const ClfPage *page, int number)
{
	return page->has_next || number < page->npages;
}

/*
 * clf_page_record
 *		The fields of record n, counted from 0.
 */
const ClfField *
clf_page_record(const ClfPage *page, int n)
{
	Assert(n >= 0 && n < page->nrecords);
	return page->values + (Size) n * page->width;
}

/*
 * clf_page_replace
 *		Replace the fields of record n by those of another one.
 */
void
clf_page_replace(ClfPage *page, int n, int by)
{
	Assert(n >= 0 && n < page->nrecords && by >= 0 && by < page->nrecords);
	memcpy(page->values + (Size) n * page->width,
		   page->values + (Size) by * page->width,
		   page->width * sizeof(ClfField));
}
