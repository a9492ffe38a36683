/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Split records into rows, and drop duplicates.
 *
 * Pages may overlap, and a list may change between requests, so records are
 * deduplicated by id.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "scan/idset.h"
#include "scan/rows.h"
#include "utils/json.h"
#include "utils/memutils.h"

/* A path to rows within a record */
typedef struct RowsPath
{
	const char *name;			/* of the field that contains the row or rows */
	ClfFieldRef field;
	ClfFields  *element;		/* fields picked from each array element;
								 * NULL: the field is the row */
	bool		elements_are_rows;	/* are those the row's fields, or the path
									 * to the row? */
} RowsPath;

struct ClfRows
{
	/* for the whole scan */
	MemoryContext cxt;
	const ClfTable *table;
	ClfOrder	order;			/* in which the records must be */
	ClfSelection *selection;	/* fields of the columns, and the following */
	ClfFieldRef id;
	ClfFieldRef time;
	ClfFieldRef version;
	ClfFieldRef deleted;
	ClfFieldRef whole;			/* the whole record */
	ClfFieldRef row_id;			/* if rows have ids */
	int			nrows_paths;	/* 0: a record is a row */
	RowsPath   *rows_paths;

	/* the marked page, which a rewind does not change */
	MemoryContext marked_cxt;
	ClfIdSet   *marked;			/* keys of its records */

	/* for one run of a query */
	MemoryContext run_cxt;
	const ClfQuery *query;
	ClfIdSet   *seen;
	int64		nrecords;		/* received, without duplicates */
	bool		had_broken;		/* was there one without a valid id or date? */
	TimestampTz last;			/* in order: date of the last one so far */
	TimestampTz previous;		/* date of the previous record of the page */

	/* the current row */
	bool		open;			/* may the record have more rows? */
	bool		broken;			/* record without a valid id or date, or not
								 * an object; see row.invalid */
	ClfRow		row;
	ClfField   *values[CLF_ORIGINS];	/* space for its fields */
	int			rows_path;		/* index of the path to the next row */
	ClfField	element;		/* the last array element at that path */
};

/* ----------
 * Creation and start
 * ----------
 */

/* "legs.*.recording": a row is the recording of each leg */
static void
prepare_rows_path(ClfRows *rows, RowsPath *path, const char *text)
{
	const char *star = strchr(text, '*');

	path->name = star ? pnstrdup(text, star - text - 1) : text;

	path->field = clf_select(rows->selection, CLF_FROM_RECORD, path->name);
	if (star == NULL)
		return;
	path->elements_are_rows = star[1] != '.';
	if (path->elements_are_rows)
		path->element = rows->selection->from[CLF_FROM_ROW];
	else
	{
		path->element = clf_fields_create();
		(void) clf_fields_add(path->element, star + 2);
	}
}

/* Select the fields used in this file */
static void
select_fields(ClfRows *rows, const ClfResource *resource)
{
	const char *const *path = resource->rows_paths;

	rows->id = clf_select(rows->selection, CLF_FROM_RECORD, resource->id_path);
	if (resource->time_path)
		rows->time = clf_select(rows->selection, CLF_FROM_RECORD, resource->time_path);
	rows->deleted = clf_select(rows->selection, CLF_FROM_RECORD, "deleted");
	if (resource->version_path)
		rows->version = clf_select(rows->selection, CLF_FROM_RECORD, resource->version_path);
	rows->whole = clf_select(rows->selection, CLF_FROM_RECORD, "");
	if (resource->row_id_path)
		rows->row_id = clf_select(rows->selection, CLF_FROM_ROW,
								  resource->row_id_path);
	while (path && path[rows->nrows_paths])
		rows->nrows_paths++;
	rows->rows_paths = palloc0((rows->nrows_paths + 1) * sizeof(RowsPath));
	for (int i = 0; i < rows->nrows_paths; i++)
		prepare_rows_path(rows, &rows->rows_paths[i], path[i]);
}

/*
 * clf_rows_create
 *		Create a row source, owned by the memory context.  Rows have the
 *		selected fields; no field may be selected after the first start.
 */
ClfRows    *
clf_rows_create(MemoryContext cxt, const ClfTable *table, ClfOrder order,
				ClfSelection *selection)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfRows    *rows = palloc0(sizeof(ClfRows));

	rows->cxt = cxt;
	rows->table = table;
	rows->order = order;
	rows->selection = selection;
	select_fields(rows, table->resource);
	rows->marked_cxt = AllocSetContextCreate(cxt, "call_log_fdw marked page",
											 ALLOCSET_SMALL_SIZES);
	rows->run_cxt = AllocSetContextCreate(cxt, "call_log_fdw run",
										  ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return rows;
}

/* Allocate the selected fields */
static void
allocate_values(ClfRows *rows)
{
	for (ClfOrigin origin = 0; origin < CLF_ORIGINS; origin++)
	{
		const ClfFields *fields = rows->selection->from[origin];

		if (fields)
			rows->values[origin] = MemoryContextAllocZero(rows->cxt,
														  (clf_fields_count(fields) + 1) *
														  sizeof(ClfField));
	}
}

/*
 * Extract the selected fields of an origin from a text; false if it is not
 * JSON
 */
static bool
pick(const ClfRows *rows, ClfOrigin origin, const char *text, size_t length)
{
	return clf_fields_pick_all(rows->selection->from[origin], text, length,
							   rows->values[origin]);
}

/* Append a text as a JSON string */
static void
append_json_text(StringInfo json, const char *text)
{
	if (text)
		escape_json(json, text);
	else
		appendStringInfoString(json, "null");
}

/* Fields with the inputs of the query, for columns that return them */
static const ClfField *
describe_inputs(const ClfRows *rows)
{
	MemoryContext old = MemoryContextSwitchTo(rows->run_cxt);
	const ClfQuery *query = rows->query;
	StringInfoData json;
	bool		by_phone = query->search_filter &&
	strcmp(query->search_filter->parameter, "phoneNumber") == 0;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"since\": ");
	append_json_text(&json, query->since);
	appendStringInfoString(&json, ", \"sinceToken\": ");
	append_json_text(&json, query->since_token);
	appendStringInfoString(&json, ", \"searchPhoneNumber\": ");
	append_json_text(&json, by_phone ? query->search : NULL);
	appendStringInfoString(&json, ", \"searchExtensionNumber\": ");
	append_json_text(&json, by_phone ? NULL : query->search);
	appendStringInfoChar(&json, '}');
	(void) pick(rows, CLF_FROM_QUERY, json.data, json.len);
	MemoryContextSwitchTo(old);
	return rows->values[CLF_FROM_QUERY];
}

/* A date that no date precedes in the order of the rows */
static TimestampTz
first_date(const ClfRows *rows)
{
	return rows->order == CLF_OLDEST_FIRST ? DT_NOBEGIN : DT_NOEND;
}

/*
 * clf_rows_start
 *		Start with a new query, which must live until the next start.
 */
void
clf_rows_start(ClfRows *rows, const ClfQuery *query)
{
	if (rows->values[CLF_FROM_ROW] == NULL)
		allocate_values(rows);
	MemoryContextReset(rows->run_cxt);
	rows->query = query;
	rows->seen = clf_idset_create(rows->run_cxt);
	rows->nrecords = 0;
	rows->had_broken = false;
	rows->last = first_date(rows);
	rows->previous = first_date(rows);
	rows->open = false;
	memset(&rows->row, 0, sizeof(ClfRow));
	if (query->changes || query->search_filter)
		rows->row.fields[CLF_FROM_QUERY] = describe_inputs(rows);
}

/*
 * clf_rows_set_query
 *		Continue with another query of the list, dropping records that the previous
 *		ones have returned.
 */
void
clf_rows_set_query(ClfRows *rows, const ClfQuery *query)
{
	rows->query = query;
}

/*
 * clf_rows_record_fields
 *		The fields to extract from each record when its page is parsed.
 */
ClfFields  *
clf_rows_record_fields(const ClfRows *rows)
{
	return rows->selection->from[CLF_FROM_RECORD];
}

/* ----------
 * Records
 * ----------
 */

/* Get a field of a record */
static const ClfField *
record_field(const ClfField *record, ClfFieldRef ref)
{
	return &record[ref.n];
}

/*
 * Key for deduplication: the id, and the version if the resource has versions
 */
static const char *
get_key(const ClfRows *rows, const ClfField *record, size_t *length)
{
	const char *text = clf_field_text(record_field(record, rows->id), length);
	StringInfoData key;
	size_t		text_length;

	if (rows->table->resource->version_path == NULL)
		return text;

	initStringInfo(&key);
	appendBinaryStringInfo(&key, text, *length);
	appendStringInfoChar(&key, ' ');
	text = clf_field_text(record_field(record, rows->version), &text_length);
	if (text)
		appendBinaryStringInfo(&key, text, text_length);
	*length = key.len;
	return key.data;
}

/* Insert a key; false if it has been seen before */
static bool
is_new_key(ClfRows *rows, const char *text, size_t length)
{
	ClfIdHash	hash = clf_id_hash(text, length);

	return clf_idset_add(rows->seen, &hash);
}

/* A version of a record in a response with changes */
typedef struct Version
{
	ClfIdHash	key;
	int			n;				/* of the record on the page */
} Version;

static int
compare_versions(const void *a, const void *b)
{
	const Version *one = a;
	const Version *other = b;
	int			order = clf_id_hash_compare(&one->key, &other->key);

	return order != 0 ? order : one->n - other->n;
}

/* Collect the versions of the records with an id, sorted */
static int
list_versions(const ClfRows *rows, const ClfPage *page, Version *versions)
{
	int			nversions = 0;

	for (int i = 0; i < clf_page_length(page); i++)
	{
		const ClfField *record = clf_page_record(page, i);
		const char *key;
		size_t		length;

		if (record_field(record, rows->id)->start == NULL)
			continue;
		key = get_key(rows, record, &length);
		versions[nversions].key = clf_id_hash(key, length);
		versions[nversions++].n = i;
	}
	qsort(versions, nversions, sizeof(Version), compare_versions);
	return nversions;
}

/*
 * Of several versions of a record with the same date, or without one, the last
 * one in the response is valid.  The first one gets its fields, and the others
 * are dropped as duplicates.
 */
static void
keep_last_versions(const ClfRows *rows, ClfPage *page)
{
	Version    *versions = palloc((clf_page_length(page) + 1) *
								  sizeof(Version));
	int			n = list_versions(rows, page, versions);

	for (int first = 0, next; first < n; first = next)
	{
		next = first + 1;
		while (next < n && clf_id_hash_compare(&versions[next].key,
											   &versions[first].key) == 0)
			next++;
		if (next > first + 1)
			clf_page_replace(page, versions[first].n, versions[next - 1].n);
	}
	pfree(versions);
}

/*
 * clf_rows_open_page
 *		Start with the records of a page, which must live until the next one.
 */
void
clf_rows_open_page(ClfRows *rows, ClfPage *page)
{
	const char *frame = clf_page_frame(page);

	rows->previous = first_date(rows);
	rows->row.fields[CLF_FROM_ANSWER] = NULL;
	if (frame && pick(rows, CLF_FROM_ANSWER, frame, strlen(frame)))
		rows->row.fields[CLF_FROM_ANSWER] = rows->values[CLF_FROM_ANSWER];
	if (rows->query->changes)
		keep_last_versions(rows, page);
}

/* Tokens are distinguished from record keys by a leading zero byte */
static ClfIdHash
hash_token(const char *token)
{
	StringInfoData key;
	ClfIdHash	hash;

	initStringInfo(&key);
	appendStringInfoChar(&key, '\0');
	appendStringInfoString(&key, token);
	hash = clf_id_hash(key.data, key.len);
	pfree(key.data);
	return hash;
}

/*
 * clf_rows_add_token, clf_rows_has_token
 *		Store a token of changes that was followed, and look it up.
 */
void
clf_rows_add_token(ClfRows *rows, const char *token)
{
	ClfIdHash	hash = hash_token(token);

	(void) clf_idset_add(rows->seen, &hash);
}

bool
clf_rows_has_token(const ClfRows *rows, const char *token)
{
	ClfIdHash	hash = hash_token(token);

	return clf_idset_contains(rows->seen, &hash);
}

/* Insert the record's key; false if it has been seen before */
static bool
is_new(ClfRows *rows, const ClfField *record)
{
	size_t		length;
	const char *key = get_key(rows, record, &length);

	return is_new_key(rows, key, length);
}

/*
 * Report a record or row without a valid id or date.  It is an error, unless
 * the table has on_error 'set_null': then the row is marked, and
 * clf_tuple_fill skips it.
 */
static void
report_invalid_row(ClfRows *rows, int sqlstate, const char *message)
{
	if (!rows->table->set_null)
		ereport(ERROR, (errcode(sqlstate), errmsg("%s", message)));
	rows->row.invalid = message;
}

/*
 * Check that the field is an id.  Without one, duplicates cannot be detected.
 */
static bool
check_id(ClfRows *rows, const ClfField *id, const char *name, const char *what)
{
	ClfKind		kind = id->kind;

	if (kind == CLF_KIND_STRING || kind == CLF_KIND_NUMBER)
		return true;
	report_invalid_row(rows, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
					   kind == CLF_KIND_NULL ?
					   psprintf("%s has no field \"%s\"", what, name) :
					   psprintf("field \"%s\" of %s: expected a string, got %s",
								name, what, clf_kind_name(kind)));
	return false;
}

/* Check that the record is an object */
static bool
check_record(ClfRows *rows, const ClfField *record)
{
	ClfKind		kind = record_field(record, rows->whole)->kind;

	if (kind == CLF_KIND_OBJECT)
		return true;
	report_invalid_row(rows, ERRCODE_FDW_INVALID_DATA_TYPE,
					   psprintf("expected a record, got %s",
								clf_kind_name(kind)));
	return false;
}

/* Check that the record has a date, by which the order is verified */
static bool
check_time(ClfRows *rows, const ClfField *record)
{
	TimestampTz t;

	if (clf_field_time(record_field(record, rows->time), &t))
		return true;
	report_invalid_row(rows, ERRCODE_INVALID_DATETIME_FORMAT,
					   psprintf("field \"%s\" of a record is missing or not a date",
								rows->table->resource->time_path));
	return false;
}

/* Must a row with this date be returned before one with the other? */
static bool
precedes(const ClfRows *rows, TimestampTz date, TimestampTz other)
{
	return rows->order == CLF_OLDEST_FIRST ? date < other : date > other;
}

/*
 * Verify the order of the rows.  Returns false if the record must be skipped.
 *
 * A page out of order is an error.  A record that precedes those of earlier pages
 * is not: it was inserted, or updated with another date, after they had been
 * read, so the scan need not return it.
 */
static bool
keeps_order(ClfRows *rows, const ClfField *record)
{
	TimestampTz t = 0;

	(void) clf_field_time(record_field(record, rows->time), &t);
	if (precedes(rows, t, rows->previous))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("records are not sorted newest first"),
				 errdetail("The query plan depends on that order."),
				 errhint("Set the option newest_first of the server or table "
						 "to false, and run the query again.")));
	rows->previous = t;
	if (precedes(rows, t, rows->last))
		return false;
	rows->last = t;
	return true;
}

/* Lists do not contain deleted records, but requests by id may return them */
static bool
is_deleted(const ClfRows *rows, const ClfField *record)
{
	char	   *deleted = clf_field_cstring(record_field(record,
														 rows->deleted));

	return deleted != NULL && strcmp(deleted, "true") == 0;
}

/*
 * Changes are requested from a slightly earlier time; see append_changes in
 * query.c.
 */
static bool
is_too_old(const ClfRows *rows, const ClfField *record)
{
	TimestampTz t;

	return clf_field_time(record_field(record, rows->version), &t) &&
		t < rows->query->since_time;
}

/* Can the record satisfy the query's bounds of the time? */
static bool
is_in_window(const ClfRows *rows, const ClfField *record)
{
	TimestampTz t;

	return rows->table->resource->time_path == NULL ||
		!clf_field_time(record_field(record, rows->time), &t) ||
		(t >= rows->query->lower && t <= rows->query->upper);
}

/* Does the record belong to the table? */
static bool
belongs_to_table(const ClfRows *rows, const ClfField *record)
{
	const ClfQuery *query = rows->query;

	if (clf_query_by_id(query))
		return rows->table->show_deleted || !is_deleted(rows, record);
	if (query->changes && query->since)
		return !is_too_old(rows, record);
	return !query->widened || is_in_window(rows, record);
}

/* The response to a row's id is both the row and its details */
static void
open_details(ClfRows *rows, const ClfField *record)
{
	const ClfField *whole = record_field(record, rows->whole);

	(void) pick(rows, CLF_FROM_ROW, whole->start, whole->length);
	(void) pick(rows, CLF_FROM_DETAILS, whole->start, whole->length);
	rows->row.fields[CLF_FROM_ROW] = rows->values[CLF_FROM_ROW];
	rows->row.fields[CLF_FROM_DETAILS] = rows->values[CLF_FROM_DETAILS];
}

/* Position before the first row of the record */
static void
open_rows(ClfRows *rows, const ClfField *record)
{
	rows->row.fields[CLF_FROM_RECORD] = record;
	rows->row.fields[CLF_FROM_DETAILS] = NULL;
	rows->row.number = 0;
	rows->rows_path = 0;
	memset(&rows->element, 0, sizeof(ClfField));
	if (rows->query->details)
		open_details(rows, record);
	else
		rows->row.fields[CLF_FROM_ROW] = rows->nrows_paths == 0 ?
			record : rows->values[CLF_FROM_ROW];
}

/*
 * Insert the row's id; false if the record has had it before.  Always true if
 * rows have no ids.
 */
static bool
is_new_row(ClfRows *rows)
{
	const ClfField *id;
	const char *text;
	size_t		length;
	StringInfoData key;

	if (rows->table->resource->row_id_path == NULL)
		return true;
	id = record_field(rows->values[CLF_FROM_ROW], rows->row_id);
	if (!check_id(rows, id, rows->table->resource->row_id_path, "a row"))
		return true;			/* reported as an invalid row */

	/* distinguished from record keys by a zero byte */
	initStringInfo(&key);
	text = get_key(rows, rows->row.fields[CLF_FROM_RECORD], &length);
	appendBinaryStringInfo(&key, text, length);
	appendStringInfoChar(&key, '\0');
	text = clf_field_text(id, &length);
	appendBinaryStringInfo(&key, text, length);
	return is_new_key(rows, key.data, key.len);
}

/* Pick the row's fields from its text; false if it is missing */
static bool
pick_row(ClfRows *rows, const ClfField *row)
{
	if (row->start == NULL)
		return false;
	(void) pick(rows, CLF_FROM_ROW, row->start, row->length);
	return true;
}

/*
 * Pick the row in the next element of the array; *found is false if it is
 * missing there.  False after the last element.
 */
static bool
next_element(ClfRows *rows, const RowsPath *path, const ClfField *array,
			 bool *found)
{
	ClfKind		kind = array->kind;
	ClfField	row;

	if (kind == CLF_KIND_NULL)
		return false;
	if (kind != CLF_KIND_ARRAY)
	{
		report_invalid_row(rows, ERRCODE_FDW_INVALID_DATA_TYPE,
						   psprintf("field \"%s\": expected an array, got %s",
									path->name, clf_kind_name(kind)));
		return false;
	}
	if (!clf_fields_pick_element(path->element, array, &rows->element,
								 path->elements_are_rows ?
								 rows->values[CLF_FROM_ROW] : &row))
		return false;
	*found = path->elements_are_rows ? *rows->element.start != 'n' :
		pick_row(rows, &row);
	return true;
}

/*
 * Pick the next row at the paths; *found is false if it is missing there.
 * False after the last one.
 */
static bool
pick_next_row(ClfRows *rows, bool *found)
{
	while (rows->rows_path < rows->nrows_paths)
	{
		const RowsPath *path = &rows->rows_paths[rows->rows_path];
		const ClfField *field = record_field(rows->row.fields[CLF_FROM_RECORD],
											 path->field);

		if (path->element && next_element(rows, path, field, found))
		{
			rows->row.number++;
			return true;
		}
		rows->rows_path++;
		rows->row.number = 0;
		memset(&rows->element, 0, sizeof(ClfField));
		if (rows->row.invalid)
			return true;
		if (path->element == NULL)
		{
			rows->row.number = 1;
			*found = pick_row(rows, field);
			return true;
		}
	}
	return false;
}

/*
 * clf_rows_next
 *		Return the next row of the current record, valid until the next call;
 *		NULL after the last one.
 */
const ClfRow *
clf_rows_next(ClfRows *rows)
{
	bool		found = false;

	if (!rows->open)
		return NULL;
	if (rows->broken)
	{
		rows->open = false;
		return &rows->row;
	}
	rows->row.invalid = NULL;
	if (rows->nrows_paths == 0 || rows->query->details)
	{
		rows->open = false;
		rows->row.number = 1;
		return &rows->row;
	}
	while (pick_next_row(rows, &found))
	{
		if (rows->row.invalid || (found && is_new_row(rows)))
			return &rows->row;
	}
	rows->open = false;
	return NULL;
}

/*
 * clf_rows_take
 *		Make a record the current one; it must live until the next one.
 *		Returns false for a duplicate, which has no rows.  A record that does
 *		not belong to the table has no rows either.
 */
bool
clf_rows_take(ClfRows *rows, const ClfField *record)
{
	bool		in_order;

	rows->open = false;
	rows->broken = !check_record(rows, record) ||
		!check_id(rows, record_field(record, rows->id),
				  rows->table->resource->id_path, "a record") ||
		(rows->order != CLF_ANY_ORDER && !check_time(rows, record));
	if (rows->broken)
	{
		rows->had_broken = true;
		rows->open = true;
		rows->row.fields[CLF_FROM_RECORD] = record;
		return false;
	}
	in_order = rows->order == CLF_ANY_ORDER || keeps_order(rows, record);
	if (!is_new(rows, record))
		return false;
	rows->nrecords++;
	rows->open = in_order && belongs_to_table(rows, record);
	if (rows->open)
		open_rows(rows, record);
	return true;
}

/* Get the date of record i of the page; false if it has none */
static bool
get_time(const ClfRows *rows, const ClfPage *page, int i, TimestampTz *t)
{
	return rows->table->resource->time_path &&
		clf_field_time(record_field(clf_page_record(page, i), rows->time), t);
}

/*
 * clf_rows_survey
 *		Determine order and range of the dates on a page.  Records without a
 *		date are ignored.
 */
ClfSpan
clf_rows_survey(const ClfRows *rows, const ClfPage *page)
{
	ClfSpan		span = {DT_NOEND, DT_NOEND, 0, false, false};
	TimestampTz previous = DT_NOEND;
	int			n = clf_page_length(page);
	TimestampTz t;

	for (int i = 0; i < n; i++)
	{
		if (!get_time(rows, page, i, &t))
			continue;
		span.falls |= previous != DT_NOEND && t < previous;
		span.rises |= t > previous;
		span.oldest = Min(span.oldest, t);
		span.bottom = previous != DT_NOEND ? previous : t;
		previous = t;
	}
	while (n-- > 0 && get_time(rows, page, n, &t) &&
		   t <= clf_second_after(span.bottom))
		span.overlap++;
	return span;
}

/* Key of record n of the page; false if it has no id */
static bool
hash_record(const ClfRows *rows, const ClfPage *page, int n, ClfIdHash *hash)
{
	const ClfField *record = clf_page_record(page, n);
	const char *key;
	size_t		length;

	if (record_field(record, rows->id)->start == NULL)
		return false;
	key = get_key(rows, record, &length);
	*hash = clf_id_hash(key, length);
	return true;
}

/*
 * clf_rows_mark_page
 *		Remember the records of a page, for clf_rows_continues.
 */
void
clf_rows_mark_page(ClfRows *rows, const ClfPage *page)
{
	ClfIdHash	hash;

	MemoryContextReset(rows->marked_cxt);
	rows->marked = clf_idset_create(rows->marked_cxt);
	for (int i = 0; i < clf_page_length(page); i++)
	{
		if (hash_record(rows, page, i, &hash))
			(void) clf_idset_add(rows->marked, &hash);
	}
}

/*
 * clf_rows_continues
 *		Does the page have a record of the marked one?
 */
bool
clf_rows_continues(const ClfRows *rows, const ClfPage *page)
{
	ClfIdHash	hash;

	for (int i = 0; i < clf_page_length(page); i++)
	{
		if (hash_record(rows, page, i, &hash) &&
			clf_idset_contains(rows->marked, &hash))
			return true;
	}
	return false;
}

/*
 * clf_rows_count
 *		Number of records received, without duplicates.
 */
int64
clf_rows_count(const ClfRows *rows)
{
	return rows->nrecords;
}

/*
 * clf_rows_had_broken
 *		Was there a record without a valid id or date, which does not count?
 */
bool
clf_rows_had_broken(const ClfRows *rows)
{
	return rows->had_broken;
}
