/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Responses to requests for several records by id.
 *
 * The response to a single id is the record.  The response to several ids has
 * status 207 and one of two formats, both with a status for each id:
 *
 *	  multipart/mixed: the first part is {"response": [{"status": 200}, ...]},
 *	  the others are the bodies, in the same order;
 *
 *	  application/vnd.ringcentral.multipart+json:
 *	  [{"resourceId": "...", "status": 200, "body": {...}}, ...]
 *
 * https://developers.ringcentral.com/guide/basics/batch-requests
 *
 * A response with fewer parts than ids is invalid: a missing record must have
 * the status "not found".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/batch.h"
#include "miscadmin.h"

#define HTTP_OK 200
#define HTTP_NOT_FOUND 404

/* https://developers.ringcentral.com/guide/basics/errors */
#define RESOURCE_NOT_FOUND "CMN-102"

/* A part of the body */
typedef struct Part
{
	const char *start;
	size_t		length;
} Part;

/* Iterator over the parts of a multipart body */
typedef struct PartReader
{
	const char *next;			/* start of the search for the next delimiter */
	const char *end;
	char	   *delimiter;		/* "--" and the boundary */
	size_t		delimiter_length;
} PartReader;

/*
 * The boundary parameter of the content type, quoted or not; NULL if missing
 */
static char *
get_boundary(const char *content_type)
{
	static const char name[] = "boundary=";
	const char *p = content_type;
	const char *value;

	while (*p != '\0' && pg_strncasecmp(p, name, sizeof(name) - 1) != 0)
		p++;
	if (*p == '\0')
		return NULL;
	value = p + sizeof(name) - 1;
	if (*value == '"')
		return pnstrdup(value + 1, strcspn(value + 1, "\""));
	return pnstrdup(value, strcspn(value, "; \t"));
}

/* Start of the next line */
static const char *
next_line(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', end - p);

	CHECK_FOR_INTERRUPTS();

	return newline ? newline + 1 : end;
}

/* Find the next delimiter at the start of a line, or NULL */
static const char *
find_delimiter(const PartReader *reader, const char *p)
{
	while (p + reader->delimiter_length <= reader->end)
	{
		if (memcmp(p, reader->delimiter, reader->delimiter_length) == 0)
			return p;
		p = next_line(p, reader->end);
	}
	return NULL;
}

/* Is the line empty? Line ends are \n or \r\n. */
static bool
is_empty_line(const char *p, const char *end)
{
	return p < end && (*p == '\n' || (*p == '\r' && p + 1 < end &&
									  p[1] == '\n'));
}

/*
 * Read the body of the next part, skipping its headers; false after the last
 * one
 */
static bool
read_part(PartReader *reader, Part *part)
{
	const char *p = find_delimiter(reader, reader->next);
	const char *stop;

	if (p == NULL)
		return false;
	p += reader->delimiter_length;
	if (p + 2 <= reader->end && p[0] == '-' && p[1] == '-')
		return false;
	for (p = next_line(p, reader->end);
		 p < reader->end && !is_empty_line(p, reader->end);)
		p = next_line(p, reader->end);
	p = next_line(p, reader->end);
	stop = find_delimiter(reader, p);
	if (stop == NULL)
		return false;
	part->start = p;
	part->length = stop - p;
	reader->next = stop;
	return true;
}

/*
 * The parameter that an error names, palloc'd, or NULL. It is in the field
 * parameterName, or in the message: "Resource for parameter [callRecordId] is
 * not found".
 */
static char *
get_parameter(ClfJson *error)
{
	char	   *name = clf_json_get_text(error, "errors.0.parameterName");
	char	   *message;

	if (name == NULL)
		name = clf_json_get_text(error, "parameterName");
	if (name != NULL)
		return name;
	message = clf_json_get_text(error, "errors.0.message");
	if (message == NULL)
		message = clf_json_get_text(error, "message");
	name = message ? strchr(message, '[') : NULL;
	return name ? pnstrdup(name + 1, strcspn(name + 1, "]")) : NULL;
}

/* Does the error have this code? */
static bool
has_code(ClfJson *error, const char *wanted)
{
	char	   *code = clf_json_get_text(error, "errors.0.errorCode");

	if (code == NULL)
		code = clf_json_get_text(error, "errorCode");
	return code != NULL && strcmp(code, wanted) == 0;
}

/*
 * Does the response mean that something in the path does not exist?  *parameter
 * is set to the name of its parameter, or NULL.
 */
static bool
is_resource_not_found(int status, const char *body, size_t length,
					  char **parameter)
{
	ClfJson    *error;

	if (status != HTTP_NOT_FOUND)
		return false;
	error = clf_json_parse(CurrentMemoryContext, body, length);
	if (!has_code(error, RESOURCE_NOT_FOUND))
		return false;
	*parameter = get_parameter(error);
	return true;
}

/*
 * clf_is_not_found
 *		Does the response mean that the id at the end of the path does not
 *		exist?  The parameter name of this id varies between endpoints, and
 *		between reference and responses, so any name is accepted except those
 *		of the parameters before it in the path, which do not identify the
 *		record.  The reference does not require a name:
 *		https://developers.ringcentral.com/guide/basics/errors
 *		Without one, the error is about the id if the parameters before it are
 *		known to be valid (is_path_valid); else it may be about any of them.
 */
bool
clf_is_not_found(int status, const char *body, size_t length,
				 bool is_path_valid)
{
	char	   *parameter;

	if (!is_resource_not_found(status, body, length, &parameter))
		return false;
	if (parameter == NULL)
		return is_path_valid;
	return strcmp(parameter, "accountId") != 0 &&
		strcmp(parameter, "extensionId") != 0;
}

/*
 * clf_is_unknown_extension
 *		Does the response mean that the extension in the path does not exist?
 *		is_rest_valid: is the rest of the path known to be valid?
 */
bool
clf_is_unknown_extension(int status, const char *body, size_t length,
						 bool is_rest_valid)
{
	char	   *parameter;

	if (!is_resource_not_found(status, body, length, &parameter))
		return false;
	return parameter ? strcmp(parameter, "extensionId") == 0 : is_rest_valid;
}

/*
 * Process the response to one id.  Returns false, with *failed or *error set,
 * if it is neither a record nor "not found".
 */
static bool
take_part(ClfPage *page, int status, const Part *part, ClfFailedPart *failed,
		  const char **error)
{
	/* an invalid path would have failed the whole request */
	if (clf_is_not_found(status, part->start, part->length, true))
		return true;
	if (status == HTTP_OK)
	{
		if (clf_page_add(page, part->start, part->length))
			return true;
		*error = "a part of it is truncated or not valid JSON";
		return false;
	}
	failed->status = status;
	failed->body = part->start;
	failed->length = part->length;
	return false;
}

/* Entry of one id: the status, and in the JSON format the record */
enum EntryField
{
	ENTRY_STATUS,
	ENTRY_BODY,
	ENTRY_FIELDS
};

typedef struct Entry
{
	ClfField	fields[ENTRY_FIELDS];
} Entry;

static int
get_status(const Entry *entry)
{
	char	   *text = clf_field_cstring(&entry->fields[ENTRY_STATUS]);

	return text ? atoi(text) : 0;
}

/* Read the entries of nids ids from an array; false if it is invalid */
static bool
read_entries(const ClfField *array, int nids, Entry *entries)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	element = {0};
	int			n = 0;

	/* in the order of enum EntryField */
	(void) clf_fields_add(fields, "status");
	(void) clf_fields_add(fields, "body");
	if (array->kind != CLF_KIND_ARRAY)
		return false;
	for (; clf_field_next_element(array, &element); n++)
	{
		if (n < nids)
			(void) clf_fields_pick_all(fields, element.start, element.length,
									   entries[n].fields);
	}
	return n == nids;
}

/* Read multipart/mixed into the page */
static bool
parse_mixed(ClfPage *page, PartReader *reader, int nids, Entry *entries,
			ClfFailedPart *failed, const char **error)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	response;
	Part		part;

	(void) clf_fields_add(fields, "response");
	*error = "it has no status for each id";
	if (!read_part(reader, &part) ||
		!clf_fields_pick_all(fields, part.start, part.length, &response) ||
		!read_entries(&response, nids, entries))
		return false;

	for (int i = 0; i < nids; i++)
	{
		*error = "it has fewer parts than ids were requested";
		if (!read_part(reader, &part) ||
			!take_part(page, get_status(&entries[i]), &part, failed, error))
			return false;
	}
	return true;
}

/* Read the JSON format into the page */
static bool
parse_json(ClfPage *page, const ClfHttpResponse *response, int nids,
		   Entry *entries, ClfFailedPart *failed, const char **error)
{
	ClfFields  *fields = clf_fields_create();
	ClfField	array;

	(void) clf_fields_add(fields, "");
	*error = "it has no status for each id";
	if (!clf_fields_pick_all(fields, response->body, response->length, &array) ||
		!read_entries(&array, nids, entries))
		return false;
	for (int i = 0; i < nids; i++)
	{
		const ClfField *record = &entries[i].fields[ENTRY_BODY];
		Part		part = {"null", 4};

		if (record->start)
		{
			part.start = record->start;
			part.length = record->length;
		}
		if (!take_part(page, get_status(&entries[i]), &part, failed, error))
			return false;
	}
	return true;
}

/*
 * clf_batch_parse
 *		Parse the response to nids ids, two or more, into a page of the records
 *		that were found.  The page is owned by the memory context and refers to
 *		the body, which must live as long.  Returns NULL on any failure other
 *		than "not found": *failed is the first failed part, or if its status is
 *		0, *error the message.
 */
ClfPage    *
clf_batch_parse(MemoryContext cxt, ClfFields *fields,
				const ClfHttpResponse *response, int nids,
				ClfFailedPart *failed, const char **error)
{
	static const char mixed[] = "multipart/mixed";
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPage    *page = clf_page_create(cxt, fields);
	Entry	   *entries = palloc0(nids * sizeof(Entry));
	PartReader	reader = {response->body, response->body + response->length, NULL, 0};
	char	   *boundary = get_boundary(response->content_type);
	bool		ok;

	memset(failed, 0, sizeof(ClfFailedPart));
	if (pg_strncasecmp(response->content_type, mixed, sizeof(mixed) - 1) != 0)
		ok = parse_json(page, response, nids, entries, failed, error);
	else if (boundary == NULL || boundary[0] == '\0')
	{
		*error = "its content type has no boundary";
		ok = false;
	}
	else
	{
		reader.delimiter = psprintf("--%s", boundary);
		reader.delimiter_length = strlen(reader.delimiter);
		ok = parse_mixed(page, &reader, nids, entries, failed, error);
	}
	MemoryContextSwitchTo(old);
	return ok ? page : NULL;
}
