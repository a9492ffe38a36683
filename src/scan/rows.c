/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  From the records of pages to rows, each once.
 *
 * Records come again where pages overlap and where a list has moved meanwhile,
 * so every id is remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "scan/rows.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * A call's id, as 88 bits of hash: with its status 12 bytes a call, whatever
 * the id's length.  That two of a million ids meet is less likely than 1 in
 * 10^14.
 */
typedef struct IdHash
{
	uint8		bytes[11];
} IdHash;

typedef struct SeenId
{
	IdHash		id;
	uint8		status;			/* simplehash's */
} SeenId;

/* Its first bytes are as good a hash as any */
static inline uint32
id_bucket(const IdHash *id)
{
	uint32		bucket;

	memcpy(&bucket, id->bytes, sizeof(bucket));
	return bucket;
}

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenId
#define SH_KEY_TYPE IdHash
#define SH_KEY id
#define SH_HASH_KEY(table, key) id_bucket(&(key))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(IdHash)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Bytes that are hashed between two checks for interrupts */
#define HASH_BLOCK 1048576

/* One of the places where a record's rows are */
typedef struct RowsPath
{
	const char *name;			/* of the field that holds it or them */
	ClfFieldRef field;
	ClfFields  *element;		/* where in each element of an array the row
								 * is; NULL: the field is the row */
} RowsPath;

struct ClfRows
{
	/* for its whole life */
	MemoryContext cxt;
	const ClfTable *table;
	bool		sorted;			/* must the records come newest first? */
	ClfSelection *selection;	/* the fields that columns show, and these: */
	ClfFieldRef id;
	ClfFieldRef time;
	ClfFieldRef version;
	ClfFieldRef deleted;
	ClfFieldRef whole;			/* the record as it came, for its details */
	ClfFieldRef row_id;			/* if rows are told apart */
	int			nrows_paths;	/* 0: a record is a row */
	RowsPath   *rows_paths;

	/* for one run of a query */
	MemoryContext run_cxt;
	const ClfQuery *query;
	seen_hash  *seen;
	int64		nrecords;		/* so far, each once */
	TimestampTz oldest;			/* if sorted: date of the oldest so far, and
								 * of */
	TimestampTz previous;		/* the record before, if on the same page */

	/* the row that is given out */
	bool		open;			/* may its record have another one? */
	bool		broken;			/* has its record no id, or no date to be in
								 * order by?  Then row.misfit tells so */
	ClfRow		row;
	ClfField   *values[CLF_ORIGINS];	/* space for its fields */
	int			rows_path;		/* where the next one is looked for */
	ClfField	element;		/* and after which of the array there */
};

/* ----------
 * Life
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
	path->element = clf_fields_create();
	(void) clf_fields_add(path->element,
						  star[1] == '.' ? star + 2 : "");
}

/* Select the fields that are used here */
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
	if (resource->details_path)
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
 *		Owned by the memory context.  Rows have the selected fields; nothing may
 *		be selected any more after the first start.
 */
ClfRows    *
clf_rows_create(MemoryContext cxt, const ClfTable *table, bool sorted,
				ClfSelection *selection)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfRows    *rows = palloc0(sizeof(ClfRows));

	rows->cxt = cxt;
	rows->table = table;
	rows->sorted = sorted;
	rows->selection = selection;
	select_fields(rows, table->resource);
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

/* Pick the selected fields of that origin from a text; false: it is no JSON */
static bool
pick(const ClfRows *rows, ClfOrigin origin, const char *text, size_t length)
{
	return clf_fields_pick_all(rows->selection->from[origin], text, length,
							   rows->values[origin]);
}

/* A text as JSON */
static void
append_json_text(StringInfo json, const char *text)
{
	if (text)
		escape_json(json, text);
	else
		appendStringInfoString(json, "null");
}

/* What the query asked for, for the columns that repeat it */
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

/*
 * clf_rows_start
 *		Forget what came and begin anew, with the rows of this query, which must
 *		live until the next start.
 */
void
clf_rows_start(ClfRows *rows, const ClfQuery *query)
{
	if (rows->values[CLF_FROM_ROW] == NULL)
		allocate_values(rows);
	MemoryContextReset(rows->run_cxt);
	rows->query = query;
	rows->seen = seen_create(rows->run_cxt, 1024, NULL);
	rows->nrecords = 0;
	rows->oldest = DT_NOEND;
	rows->previous = DT_NOEND;
	rows->open = false;
	memset(&rows->row, 0, sizeof(ClfRow));
	if (query->changes || query->search_filter)
		rows->row.fields[CLF_FROM_QUERY] = describe_inputs(rows);
}

/*
 * clf_rows_record_fields
 *		What is to be picked from each record as its page is read.
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

/* A field of a record */
static const ClfField *
get_field(const ClfField *record, ClfFieldRef ref)
{
	return &record[ref.n];
}

/* What tells the record from others: its id, and its version if there are any */
static const char *
get_key(const ClfRows *rows, const ClfField *record, size_t *length)
{
	const char *text = clf_field_text(get_field(record, rows->id), length);
	StringInfoData key;
	size_t		text_length;

	if (rows->table->resource->version_path == NULL)
		return text;

	initStringInfo(&key);
	appendBinaryStringInfo(&key, text, *length);
	appendStringInfoChar(&key, ' ');
	text = clf_field_text(get_field(record, rows->version), &text_length);
	if (text)
		appendBinaryStringInfo(&key, text, text_length);
	*length = key.len;
	return key.data;
}

/* Hash values of a text, however long, with interrupts */
static uint64
hash_text(const unsigned char *text, size_t length, uint64 seed)
{
	for (; length > HASH_BLOCK; text += HASH_BLOCK, length -= HASH_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		seed = hash_bytes_extended(text, HASH_BLOCK, seed);
	}
	return hash_bytes_extended(text, (int) length, seed);
}

static IdHash
hash_key(const char *text, size_t length)
{
	const unsigned char *key = (const unsigned char *) text;
	uint64		bits[2];
	IdHash		hash;

	bits[0] = hash_text(key, length, 0);
	bits[1] = hash_text(key, length, 1);
	memcpy(hash.bytes, bits, sizeof(hash.bytes));
	return hash;
}

/* Is this key new?  Then remember it. */
static bool
is_new_key(ClfRows *rows, const char *text, size_t length)
{
	bool		found;

	seen_insert(rows->seen, hash_key(text, length), &found);
	return !found;
}

/* A version of a record in a response with changes */
typedef struct Version
{
	IdHash		key;
	int			n;				/* of the record on the page */
} Version;

static int
compare_versions(const void *a, const void *b)
{
	const Version *one = a;
	const Version *other = b;
	int			order = memcmp(&one->key, &other->key, sizeof(IdHash));

	return order != 0 ? order : one->n - other->n;
}

/* The versions on a page of the records that have an id, in order */
static int
list_versions(const ClfRows *rows, const ClfPage *page, Version *versions)
{
	int			nversions = 0;

	for (int i = 0; i < clf_page_length(page); i++)
	{
		const ClfField *record = clf_page_record(page, i);
		const char *key;
		size_t		length;

		if (get_field(record, rows->id)->start == NULL)
			continue;
		key = get_key(rows, record, &length);
		versions[nversions].key = hash_key(key, length);
		versions[nversions++].n = i;
	}
	qsort(versions, nversions, sizeof(Version), compare_versions);
	return nversions;
}

/*
 * Of several versions of a record with the same date, or without one, the last in
 * the response counts.  The first one gets its fields, the others are dropped
 * as those that came before.
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
		while (next < n && memcmp(&versions[next].key, &versions[first].key,
								  sizeof(IdHash)) == 0)
			next++;
		if (next > first + 1)
			clf_page_replace(page, versions[first].n, versions[next - 1].n);
	}
	pfree(versions);
}

/*
 * clf_rows_open_page
 *		The records that come next are those of this page, which must live as
 *		long.
 */
void
clf_rows_open_page(ClfRows *rows, ClfPage *page)
{
	const char *frame = clf_page_frame(page);

	rows->previous = DT_NOEND;
	rows->row.fields[CLF_FROM_ANSWER] = NULL;
	if (frame && pick(rows, CLF_FROM_ANSWER, frame, strlen(frame)))
		rows->row.fields[CLF_FROM_ANSWER] = rows->values[CLF_FROM_ANSWER];
	if (rows->query->changes)
		keep_last_versions(rows, page);
}

/* Tokens are keys of their own kind: no record's begins with a zero byte */
static IdHash
hash_token(const char *token)
{
	StringInfoData key;
	IdHash		hash;

	initStringInfo(&key);
	appendStringInfoChar(&key, '\0');
	appendStringInfoString(&key, token);
	hash = hash_key(key.data, key.len);
	pfree(key.data);
	return hash;
}

/*
 * clf_rows_add_token, clf_rows_has_token
 *		Remember, beside the records, a token of changes that was followed.
 */
void
clf_rows_add_token(ClfRows *rows, const char *token)
{
	bool		found;

	(void) seen_insert(rows->seen, hash_token(token), &found);
}

bool
clf_rows_has_token(const ClfRows *rows, const char *token)
{
	return seen_lookup(rows->seen, hash_token(token)) != NULL;
}

/* Is this the first record with its key? */
static bool
is_new(ClfRows *rows, const ClfField *record)
{
	size_t		length;
	const char *key = get_key(rows, record, &length);

	return is_new_key(rows, key, length);
}

/*
 * Note why there is no telling what the record or its row is.  It is an error,
 * unless the table sets values to NULL that do not fit: then the record passes as
 * one that is not new, for clf_tuple_fill to skip it.
 */
static void
note_misfit(ClfRows *rows, int sqlstate, const char *misfit)
{
	if (!rows->table->set_null)
		ereport(ERROR, (errcode(sqlstate), errmsg("%s", misfit)));
	rows->row.misfit = misfit;
}

/* Is this the id of such a thing?  Without one it may have come before. */
static bool
check_id(ClfRows *rows, const ClfField *id, const char *name, const char *what)
{
	ClfKind		kind = clf_field_kind(id);

	if (kind == CLF_KIND_STRING || kind == CLF_KIND_NUMBER)
		return true;
	note_misfit(rows, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
				kind == CLF_KIND_NULL ?
				psprintf("%s has no field \"%s\"", what, name) :
				psprintf("field \"%s\" of %s: expected a string, got %s",
						 name, what, clf_kind_name(kind)));
	return false;
}

/* Has the record a date, by which it has to be in order? */
static bool
check_time(ClfRows *rows, const ClfField *record)
{
	TimestampTz t;

	if (clf_field_time(get_field(record, rows->time), &t))
		return true;
	note_misfit(rows, ERRCODE_INVALID_DATETIME_FORMAT,
				psprintf("field \"%s\" of a record is missing or no date",
						 rows->table->resource->time_path));
	return false;
}

/*
 * The rows have to be newest first: false when this record must be left out.
 *
 * A page out of order is an error.  A record newer than those of earlier pages is
 * none: it was entered, or rewritten to a later date, after they had been read,
 * so the scan may as well not see it.
 */
static bool
keeps_order(ClfRows *rows, const ClfField *record)
{
	TimestampTz t = 0;

	(void) clf_field_time(get_field(record, rows->time), &t);
	if (t > rows->previous)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("the records do not come newest first"),
				 errdetail("The query was planned for that order."),
				 errhint("Set the option newest_first of the server or table "
						 "to false, and run the query again.")));
	rows->previous = t;
	if (t > rows->oldest)
		return false;
	rows->oldest = t;
	return true;
}

/* Deleted records are left out of lists, but by its id one may be found */
static bool
is_deleted(const ClfRows *rows, const ClfField *record)
{
	char	   *deleted = clf_field_cstring(get_field(record, rows->deleted));

	return deleted != NULL && strcmp(deleted, "true") == 0;
}

/* The changes were asked for from a little earlier on, see append_changes */
static bool
is_too_old(const ClfRows *rows, const ClfField *record)
{
	TimestampTz t;

	return clf_field_time(get_field(record, rows->version), &t) &&
		t < rows->query->since_time;
}

/* Is this a record that the table holds? */
static bool
is_wanted(const ClfRows *rows, const ClfField *record)
{
	const ClfQuery *query = rows->query;

	if (clf_query_by_id(query))
		return rows->table->show_deleted || !is_deleted(rows, record);
	if (query->changes && query->since)
		return !is_too_old(rows, record);
	return true;
}

/* The answer for a row's own id is both the row and its details */
static void
open_details(ClfRows *rows, const ClfField *record)
{
	const ClfField *whole = get_field(record, rows->whole);

	(void) pick(rows, CLF_FROM_ROW, whole->start, whole->length);
	(void) pick(rows, CLF_FROM_DETAILS, whole->start, whole->length);
	rows->row.fields[CLF_FROM_ROW] = rows->values[CLF_FROM_ROW];
	rows->row.fields[CLF_FROM_DETAILS] = rows->values[CLF_FROM_DETAILS];
}

/* Stand before the first row of the record */
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
	else if (rows->nrows_paths == 0)
		rows->row.fields[CLF_FROM_ROW] = record;
}

/* Is this the first row of the record with its id, or are there none? */
static bool
is_new_row(ClfRows *rows)
{
	const ClfField *id;
	const char *text;
	size_t		length;
	StringInfoData key;

	if (rows->table->resource->row_id_path == NULL)
		return true;
	id = get_field(rows->values[CLF_FROM_ROW], rows->row_id);
	if (!check_id(rows, id, rows->table->resource->row_id_path, "a row"))
		return true;			/* as a misfit */

	/* a key of its own kind: no record's has a zero byte */
	initStringInfo(&key);
	text = get_key(rows, rows->row.fields[CLF_FROM_RECORD], &length);
	appendBinaryStringInfo(&key, text, length);
	appendStringInfoChar(&key, '\0');
	text = clf_field_text(id, &length);
	appendBinaryStringInfo(&key, text, length);
	return is_new_key(rows, key.data, key.len);
}

/* The next element of the path's array; false after the last one */
static bool
next_element(ClfRows *rows, const RowsPath *path, const ClfField *array,
			 ClfField *row)
{
	ClfKind		kind = clf_field_kind(array);

	if (kind == CLF_KIND_NULL)
		return false;
	if (kind != CLF_KIND_ARRAY)
	{
		note_misfit(rows, ERRCODE_FDW_INVALID_DATA_TYPE,
					psprintf("field \"%s\": expected an array, got %s",
							 path->name, clf_kind_name(kind)));
		return false;
	}
	if (!clf_field_next_element(array, &rows->element))
		return false;
	return clf_fields_pick_all(path->element, rows->element.start,
							   rows->element.length, row);
}

/*
 * The next value that the paths lead to, as a row, NULL inside when there is
 * none at that place; false after the last one.
 */
static bool
next_value(ClfRows *rows, ClfField *row)
{
	while (rows->rows_path < rows->nrows_paths)
	{
		const RowsPath *path = &rows->rows_paths[rows->rows_path];
		const ClfField *field = get_field(rows->row.fields[CLF_FROM_RECORD],
										  path->field);

		if (path->element && next_element(rows, path, field, row))
		{
			rows->row.number++;
			return true;
		}
		rows->rows_path++;
		rows->row.number = 0;
		memset(&rows->element, 0, sizeof(ClfField));
		if (rows->row.misfit)
			return true;
		if (path->element == NULL)
		{
			rows->row.number = 1;
			*row = *field;
			return true;
		}
	}
	return false;
}

/* Make this value the row; false when it is none, or came before */
static bool
take_row(ClfRows *rows, const ClfField *row)
{
	if (row->start == NULL)
		return false;
	(void) pick(rows, CLF_FROM_ROW, row->start, row->length);
	rows->row.fields[CLF_FROM_ROW] = rows->values[CLF_FROM_ROW];
	return is_new_row(rows);
}

/*
 * clf_rows_next
 *		The next row of the record that was taken, until the next call; NULL
 *		after the last one.
 */
const ClfRow *
clf_rows_next(ClfRows *rows)
{
	ClfField	row;

	if (!rows->open)
		return NULL;
	if (rows->broken)
	{
		rows->open = false;
		return &rows->row;
	}
	rows->row.misfit = NULL;
	if (rows->nrows_paths == 0 || rows->query->details)
	{
		rows->open = false;
		rows->row.number = 1;
		return &rows->row;
	}
	while (next_value(rows, &row))
	{
		if (rows->row.misfit || take_row(rows, &row))
			return &rows->row;
	}
	rows->open = false;
	return NULL;
}

/*
 * clf_rows_take
 *		Stand before the rows of this record, which must live as long as they
 *		are asked for.  False when it has come before.  It has no rows either
 *		when it is none that the table holds.
 */
bool
clf_rows_take(ClfRows *rows, const ClfField *record)
{
	bool		in_order;

	rows->open = false;
	rows->broken = !check_id(rows, get_field(record, rows->id),
							 rows->table->resource->id_path, "a record") ||
		(rows->sorted && !check_time(rows, record));
	if (rows->broken)
	{
		rows->open = true;
		rows->row.fields[CLF_FROM_RECORD] = record;
		return false;
	}
	in_order = !rows->sorted || keeps_order(rows, record);
	if (!is_new(rows, record))
		return false;
	rows->nrecords++;
	rows->open = in_order && is_wanted(rows, record);
	if (rows->open)
		open_rows(rows, record);
	return true;
}

/* The date of record i of the page; false: it has none */
static bool
get_time(const ClfRows *rows, const ClfPage *page, int i, TimestampTz *t)
{
	return rows->table->resource->time_path &&
		clf_field_time(get_field(clf_page_record(page, i), rows->time), t);
}

/*
 * clf_rows_survey
 *		How the dates on a page run.  Records without a date are passed over.
 */
ClfSpan
clf_rows_survey(const ClfRows *rows, const ClfPage *page)
{
	ClfSpan		span = {DT_NOEND, 0, false, false};
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
		previous = t;
	}
	while (n-- > 0 && get_time(rows, page, n, &t) &&
		   t <= clf_second_after(span.oldest))
		span.overlap++;
	return span;
}

/*
 * clf_rows_count
 *		How many records came, each once.
 */
int64
clf_rows_count(const ClfRows *rows)
{
	return rows->nrecords;
}
