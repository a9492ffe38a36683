/*-------------------------------------------------------------------------
 *
 * tuple.c
 *	  Conversion of JSON records to tuples.
 *
 * Values are converted by the input function of the column's type, so that a
 * column may have any type that accepts the text.  Only columns that the query
 * needs are converted: an invalid value does not affect queries that do not
 * read it.
 *
 * With on_error 'set_null', conversion errors are soft: the value becomes
 * NULL, or the row is skipped if NULL is not allowed, and one warning at the
 * end of the scan reports the number of both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "answer/error.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "scan/text.h"
#include "scan/tuple.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Conversion of JSON to the column's type */
typedef enum Conversion
{
	CONVERT_TEXT,				/* text: any JSON, strings without quotes */
	CONVERT_TIME,				/* timestamptz: the API's dates */
	CONVERT_INTEGER,			/* integer, bigint: without the input function
								 * if possible */
	CONVERT_BOOLEAN,			/* boolean: likewise */
	CONVERT_JSON,				/* json, jsonb: any JSON */
	CONVERT_ARRAY,				/* an array, element by element */
	CONVERT_BYTES,				/* bytea: the row's content */
	CONVERT_NOTHING,			/* a constant */
	CONVERT_SCALAR				/* the type's input function */
} Conversion;

/* One of the values that a column may show */
typedef struct TupleValue
{
	ClfFieldRef field;
	bool		joined;			/* is its text appended to the one before? */
} TupleValue;

typedef struct TupleColumn
{
	AttrNumber	attnum;
	const char *name;
	ClfFieldRef field;			/* the first or only value */
	int			nvalues;		/* 0: it is the only one */
	TupleValue *values;			/* all of them */
	Conversion	conversion;
	Oid			type;			/* base type; of the elements for an array */
	bool		not_null;		/* as declared */
	FmgrInfo	input;			/* its input function */
	Oid			ioparam;
	int32		typmod;
	Datum		value;			/* for CONVERT_NOTHING */
} TupleColumn;

struct ClfTuple
{
	const char *relname;
	MemoryContext cxt;			/* of this struct */
	const ClfSelection *selection;
	ClfFieldRef id;				/* of the record */
	ClfFieldRef record;			/* the whole record */
	int			ncolumns;
	TupleColumn *columns;
	ClfEncoder *encoder;

	/* for the error context */
	const TupleColumn *current;
	const ClfRow *row;

	/* values that cannot be converted */
	Node	   *escontext;		/* NULL: an error; else &soft */
	ErrorSaveContext soft;
	int64		nulls;			/* values set to NULL */
	int64		skipped;		/* rows skipped */
	char	   *first;			/* the first failure, for the warning */
};

static void
set_input(TupleColumn *column, Oid type)
{
	Oid			function;

	getTypeInputInfo(type, &function, &column->ioparam);
	fmgr_info(function, &column->input);
	column->type = type;
}

/* Convert the constant of a column */
static void
set_constant(TupleColumn *column, Form_pg_attribute attr, const char *text)
{
	Oid			function;
	Oid			ioparam;

	getTypeInputInfo(attr->atttypid, &function, &ioparam);
	column->value = OidInputFunctionCall(function, unconstify(char *, text),
										 ioparam, attr->atttypmod);
	column->conversion = CONVERT_NOTHING;
}

/* Select the fields of "name|firstName+lastName" */
static void
select_values(TupleColumn *column, const ClfPath *path,
			  ClfSelection *selection)
{
	const char *keys = path->keys;
	bool		joined = false;

	column->values = palloc(strlen(keys) * sizeof(TupleValue));
	for (;;)
	{
		size_t		length = strcspn(keys, CLF_KEYS_SEPARATORS);
		TupleValue *value = &column->values[column->nvalues++];

		value->field = clf_select(selection, path->origin,
								  pnstrdup(keys, length));
		value->joined = joined;
		if (keys[length] == '\0')
			break;
		joined = keys[length] == CLF_JOINED;
		keys += length + 1;
	}
	column->field = column->values[0].field;
}

static void
select_column(TupleColumn *column, const ClfPath *path,
			  ClfSelection *selection)
{
	if (path->origin == CLF_FROM_CONSTANT ||
		strpbrk(path->keys, CLF_KEYS_SEPARATORS) == NULL)
		column->field = clf_select(selection, path->origin, path->keys);
	else
		select_values(column, path, selection);
}

/*
 * The input function of a domain checks its constraints, so the other
 * conversions are for the base types only.
 */
static void
prepare_column(TupleColumn *column, Form_pg_attribute attr,
			   const ClfPath *path, ClfSelection *selection)
{
	Oid			element = get_element_type(attr->atttypid);

	column->attnum = attr->attnum;
	column->name = NameStr(attr->attname);
	select_column(column, path, selection);
	column->typmod = attr->atttypmod;
	column->not_null = attr->attnotnull;
	set_input(column, OidIsValid(element) ? element : attr->atttypid);

	if (column->field.origin == CLF_FROM_CONSTANT)
		set_constant(column, attr, path->keys);
	else if (column->field.origin == CLF_FROM_CONTENT)
		column->conversion = CONVERT_BYTES;
	else if (OidIsValid(element))
		column->conversion = CONVERT_ARRAY;
	else if (attr->atttypid == TEXTOID)
		column->conversion = CONVERT_TEXT;
	else if (attr->atttypid == TIMESTAMPTZOID && attr->atttypmod == -1)
		column->conversion = CONVERT_TIME;
	else if (attr->atttypid == INT4OID || attr->atttypid == INT8OID)
		column->conversion = CONVERT_INTEGER;
	else if (attr->atttypid == BOOLOID)
		column->conversion = CONVERT_BOOLEAN;
	else if (getBaseType(attr->atttypid) == JSONOID ||
			 getBaseType(attr->atttypid) == JSONBOID)
		column->conversion = CONVERT_JSON;
	else
		column->conversion = CONVERT_SCALAR;
}

static void
check_column_type(const TupleColumn *column, const char *relname)
{
	if (column->conversion == CONVERT_BYTES && column->type != BYTEAOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of foreign table \"%s\" must be of type "
						"bytea", column->name, relname),
				 errdetail("The column contains the audio of a recording.")));
}

/*
 * clf_tuple_create
 *		Prepare the conversion of the given columns, and add their fields to
 *		the selection.  Palloc'd in the current memory context.
 */
ClfTuple   *
clf_tuple_create(Relation rel, const ClfTable *table, List *attnums,
				 ClfSelection *selection)
{
	ClfTuple   *tuple = palloc0(sizeof(ClfTuple));
	ListCell   *lc;

	tuple->relname = RelationGetRelationName(rel);
	tuple->cxt = CurrentMemoryContext;
	tuple->encoder = clf_encoder_create();
	tuple->soft.type = T_ErrorSaveContext;
	tuple->soft.details_wanted = true;
	tuple->escontext = table->set_null ? (Node *) &tuple->soft : NULL;
	tuple->selection = selection;
	tuple->id = clf_select(selection, CLF_FROM_RECORD,
						   table->resource->id_path);
	tuple->record = clf_select(selection, CLF_FROM_RECORD, "");
	tuple->columns = palloc0((list_length(attnums) + 1) * sizeof(TupleColumn));
	foreach(lc, attnums)
	{
		TupleColumn *column = &tuple->columns[tuple->ncolumns++];

		prepare_column(column, TupleDescAttr(RelationGetDescr(rel),
											 lfirst_int(lc) - 1),
					   clf_column_path(table, lfirst_int(lc)),
					   selection);
		check_column_type(column, tuple->relname);
	}
	return tuple;
}

/* ----------
 * Conversions
 *
 * On failure, each function raises an error or saves a soft one; its result is
 * undefined in the latter case.
 * ----------
 */

/* Call the input function; text may be NULL */
static Datum
call_input(ClfTuple *tuple, TupleColumn *column, char *text)
{
	Datum		value = (Datum) 0;

	(void) InputFunctionCallSafe(&column->input, text, column->ioparam,
								 column->typmod, tuple->escontext, &value);
	return value;
}

static void
report_wrong_kind(ClfTuple *tuple, const char *expected, ClfKind kind)
{
	errsave(tuple->escontext,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("expected %s, got %s", expected, clf_kind_name(kind)),
			 errhint("Change the type of the column to jsonb to see the "
					 "value.")));
}

/* Strings as text, other values as JSON */
static Datum
convert_text(ClfTuple *tuple, const ClfField *field)
{
	bool		is_string = field->kind == CLF_KIND_STRING;
	size_t		length;
	const char *text = is_string ? clf_field_text(field, &length) :
	clf_field_json(field, &length);

	if (clf_encoder_accepts(tuple->encoder, text, length))
		return PointerGetDatum(cstring_to_text_with_len(text, (int) length));
	return CStringGetTextDatum(clf_encode(tuple->encoder, text, length));
}

static Datum
convert_scalar(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	ClfKind		kind = field->kind;
	size_t		length;
	const char *text;

	if (kind == CLF_KIND_OBJECT || kind == CLF_KIND_ARRAY)
	{
		report_wrong_kind(tuple, "a single value", kind);
		return (Datum) 0;
	}
	text = clf_field_text(field, &length);
	return call_input(tuple, column, clf_encode(tuple->encoder, text, length));
}

static Datum
convert_time(ClfTuple *tuple, const ClfField *field)
{
	TimestampTz t = 0;
	size_t		length;
	const char *text;

	if (clf_field_time(field, &t) && IS_VALID_TIMESTAMP(t))
		return TimestampTzGetDatum(t);
	text = clf_field_text(field, &length);
	errsave(tuple->escontext,
			(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
			 errmsg("invalid date: \"%s\"",
					clf_excerpt(text, length, CLF_EXCERPT_LENGTH)),
			 errdetail("The API writes dates as 2016-03-10T18:07:52.534Z.")));
	return (Datum) 0;
}

static Datum
integer_datum(const TupleColumn *column, int64 number)
{
	return column->type == INT4OID ? Int32GetDatum((int32) number) :
		Int64GetDatum(number);
}

/* Numbers of so few digits that they cannot overflow need no input function */
static Datum
convert_integer(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	uint32		digits = column->type == INT4OID ? 9 : 18;
	int64		number = 0;

	if (field->kind != CLF_KIND_NUMBER || field->length > digits)
		return convert_scalar(tuple, column, field);
	for (uint32 i = 0; i < field->length; i++)
	{
		if (field->start[i] < '0' || field->start[i] > '9')
			return convert_scalar(tuple, column, field);
		number = number * 10 + (field->start[i] - '0');
	}
	return integer_datum(column, number);
}

static Datum
convert_boolean(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	if (field->kind != CLF_KIND_BOOLEAN)
		return convert_scalar(tuple, column, field);
	return BoolGetDatum(*field->start == 't');
}

static Datum
convert_json(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	size_t		length;
	const char *json = clf_field_json(field, &length);

	return call_input(tuple, column, clf_encode(tuple->encoder, json, length));
}

static Datum
convert_array(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	ArrayBuildState *array = initArrayResult(column->type,
											 CurrentMemoryContext, false);
	ClfField	element = {0};

	if (field->kind != CLF_KIND_ARRAY)
	{
		report_wrong_kind(tuple, "an array", field->kind);
		return (Datum) 0;
	}
	while (clf_field_next_element(field, &element))
	{
		bool		isnull = *element.start == 'n';
		Datum		value = isnull ? (Datum) 0 :
		convert_scalar(tuple, column, &element);

		if (tuple->soft.error_occurred)
			return (Datum) 0;
		array = accumArrayResult(array, value, isnull, column->type,
								 CurrentMemoryContext);
	}
	return makeArrayResult(array, CurrentMemoryContext);
}

static Datum
convert(ClfTuple *tuple, TupleColumn *column, const ClfField *field)
{
	switch (column->conversion)
	{
		case CONVERT_TEXT:
			return convert_text(tuple, field);
		case CONVERT_TIME:
			return convert_time(tuple, field);
		case CONVERT_INTEGER:
			return convert_integer(tuple, column, field);
		case CONVERT_BOOLEAN:
			return convert_boolean(tuple, column, field);
		case CONVERT_JSON:
			return convert_json(tuple, column, field);
		case CONVERT_ARRAY:
			return convert_array(tuple, column, field);
		case CONVERT_BYTES:
		case CONVERT_NOTHING:
		case CONVERT_SCALAR:
			break;
	}
	return convert_scalar(tuple, column, field);
}

/* The record's id or, without one, its text, for a message */
static char *
shown_record(const ClfTuple *tuple)
{
	const ClfField *fields = tuple->row->fields[CLF_FROM_RECORD];
	const ClfField *id = &fields[tuple->id.n];
	const ClfField *record = &fields[tuple->record.n];
	const char *text;
	size_t		length;

	if (id->start == NULL)
		return record->start == NULL ? "null" :
			clf_excerpt(record->start, record->length, CLF_EXCERPT_LENGTH);
	text = clf_field_text(id, &length);
	return psprintf("\"%s\"", clf_excerpt(text, length, CLF_EXCERPT_LENGTH));
}

/* Error context callback: column and record; must not access the catalogs */
static void
column_error_context(void *arg)
{
	const ClfTuple *tuple = arg;

	errcontext("column \"%s\" of foreign table \"%s\", record %s",
			   tuple->current->name, tuple->relname, shown_record(tuple));
}

/* The row number, converted to the column's type */
static Datum
row_number(ClfTuple *tuple, TupleColumn *column)
{
	char		text[16];

	if (column->conversion == CONVERT_INTEGER)
		return integer_datum(column, tuple->row->number);
	snprintf(text, sizeof(text), "%d", tuple->row->number);
	return call_input(tuple, column, text);
}

static void
report_mismatch(ClfTuple *tuple, ClfFieldRef ref, const ClfField *field)
{
	errsave(tuple->escontext,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("expected an object with the field \"%s\"",
					clf_fields_step(tuple->selection->from[ref.origin],
									field->mismatched_step))));
}

/* Get a field of the row; NULL if it is missing */
static inline const ClfField *
row_field(ClfTuple *tuple, ClfFieldRef ref)
{
	const ClfField *fields = tuple->row->fields[ref.origin];
	const ClfField *field = fields ? &fields[ref.n] : NULL;

	if (field && field->mismatched_step != 0)
		report_mismatch(tuple, ref, field);
	return field && field->start ? field : NULL;
}

/*
 * Concatenate the text of value n with those joined to it, separated by spaces,
 * as a JSON string.  Empty texts are skipped; NULL if all of them are empty.
 */
static const ClfField *
join_fields(ClfTuple *tuple, const TupleColumn *column, int n)
{
	ClfField   *joined = palloc0(sizeof(ClfField));
	StringInfoData text;
	StringInfoData json;

	initStringInfo(&text);
	do
	{
		const ClfField *field = row_field(tuple, column->values[n].field);
		const char *part;
		size_t		length;

		part = field ? clf_field_text(field, &length) : NULL;
		if (part == NULL || length == 0)
			continue;
		if (text.len > 0)
			appendStringInfoChar(&text, ' ');
		appendBinaryStringInfo(&text, part, (int) length);
	} while (++n < column->nvalues && column->values[n].joined);
	if (text.len == 0)
		return NULL;
	initStringInfo(&json);
	escape_json(&json, text.data);
	joined->start = json.data;
	joined->length = json.len;
	joined->kind = CLF_KIND_STRING;
	joined->escaped = true;
	return joined;
}

/* The field of a column; NULL if missing */
static const ClfField *
find_field(ClfTuple *tuple, const TupleColumn *column)
{
	const ClfField *field = NULL;

	if (column->nvalues == 0)
		return row_field(tuple, column->field);
	for (int n = 0; n < column->nvalues && field == NULL; n++)
	{
		if (column->values[n].joined)
			continue;
		if (n + 1 < column->nvalues && column->values[n + 1].joined)
			field = join_fields(tuple, column, n);
		else
			field = row_field(tuple, column->values[n].field);
	}
	return field;
}

/*
 * The value of a column; a domain's constraints apply to missing values, too
 */
static Datum
column_value(ClfTuple *tuple, TupleColumn *column, bool *isnull)
{
	const ClfField *field;

	*isnull = column->conversion == CONVERT_BYTES &&
		tuple->row->content == NULL;
	if (column->conversion == CONVERT_BYTES)
		return PointerGetDatum(tuple->row->content);
	if (column->conversion == CONVERT_NOTHING)
		return column->value;
	if (column->field.origin == CLF_FROM_ROW_NUMBER)
		return row_number(tuple, column);
	field = find_field(tuple, column);
	if (field)
		return convert(tuple, column, field);
	*isnull = true;
	if (!column->input.fn_strict && column->conversion != CONVERT_ARRAY &&
		!tuple->soft.error_occurred)
		return call_input(tuple, column, NULL);
	return (Datum) 0;
}

/* ----------
 * Values that cannot be converted
 * ----------
 */

/* Save the first failure */
static void
save_first_error(ClfTuple *tuple, const char *what)
{
	MemoryContext old;

	if (tuple->first)
		return;
	old = MemoryContextSwitchTo(tuple->cxt);
	tuple->first = pnstrdup(what, pg_mbcliplen(what, (int) strlen(what),
											   2 * CLF_EXCERPT_LENGTH));
	MemoryContextSwitchTo(old);
}

/* Do table and domain allow the column to be NULL? */
static bool
accepts_null(ClfTuple *tuple, TupleColumn *column)
{
	if (column->not_null)
		return false;
	if (column->conversion != CONVERT_ARRAY)
		(void) call_input(tuple, column, NULL);
	return !tuple->soft.error_occurred;
}

/*
 * Handle a soft error of a column: true if it becomes NULL, false to skip the
 * row
 */
static bool
accept_error(ClfTuple *tuple, TupleColumn *column)
{
	bool		accepted;

	save_first_error(tuple,
					 psprintf("column \"%s\" of record %s: %s", column->name,
							  shown_record(tuple),
							  tuple->soft.error_data->message));
	tuple->soft.error_occurred = false;
	accepted = accepts_null(tuple, column);
	tuple->soft.error_occurred = false;
	tuple->nulls += accepted;
	tuple->skipped += !accepted;
	return accepted;
}

/*
 * clf_tuple_skip
 *		Count the row as skipped because of its values.
 */
void
clf_tuple_skip(ClfTuple *tuple, const ClfRow *row, const char *reason)
{
	tuple->row = row;
	save_first_error(tuple, psprintf("record %s: %s", shown_record(tuple),
									 reason));
	tuple->skipped++;
}

/*
 * clf_tuple_warn
 *		Warn at the end of a scan about values that could not be converted.
 */
void
clf_tuple_warn(const ClfTuple *tuple)
{
	if (tuple->nulls > 0)
		ereport(WARNING,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg_plural("%lld value from foreign table \"%s\" was set to null due to data type incompatibility",
							   "%lld values from foreign table \"%s\" were set to null due to data type incompatibility",
							   (unsigned long) tuple->nulls,
							   (long long) tuple->nulls, tuple->relname),
				 tuple->skipped > 0 ?
				 errdetail("The first is %s.\n"
						   "Rows skipped because of a missing id or date or "
						   "a NOT NULL constraint: %lld.",
						   tuple->first, (long long) tuple->skipped) :
				 errdetail("The first is %s.", tuple->first)));
	else if (tuple->skipped > 0)
		ereport(WARNING,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg_plural("%lld row of foreign table \"%s\" was skipped due to data type incompatibility",
							   "%lld rows of foreign table \"%s\" were skipped due to data type incompatibility",
							   (unsigned long) tuple->skipped,
							   (long long) tuple->skipped, tuple->relname),
				 errdetail("The first is %s.", tuple->first)));
}

/*
 * clf_tuple_error_count, clf_tuple_skipped_count
 *		Number of values set to NULL and rows skipped, and of the latter.
 */
int64
clf_tuple_error_count(const ClfTuple *tuple)
{
	return tuple->nulls + tuple->skipped;
}

int64
clf_tuple_skipped_count(const ClfTuple *tuple)
{
	return tuple->skipped;
}

/* ----------
 * Filling
 * ----------
 */

/*
 * Store the values of the columns with this origin; all origins of a list are
 * equivalent.  Returns false if the row is to be skipped.
 */
static bool
fill_columns(ClfTuple *tuple, ClfOrigin origin, TupleTableSlot *slot)
{
	ErrorContextCallback context;
	bool		fits = true;

	context.callback = column_error_context;
	context.arg = tuple;
	context.previous = error_context_stack;
	error_context_stack = &context;
	for (int i = 0; i < tuple->ncolumns && fits; i++)
	{
		TupleColumn *column = &tuple->columns[i];
		ClfOrigin	from = column->field.origin;
		int			n = column->attnum - 1;

		if (CLF_IS_PER_ROW(origin) ? from != origin : CLF_IS_PER_ROW(from))
			continue;
		tuple->current = column;
		slot->tts_values[n] = column_value(tuple, column,
										   &slot->tts_isnull[n]);
		if (tuple->soft.error_occurred)
		{
			fits = accept_error(tuple, column);
			slot->tts_isnull[n] = true;
		}
	}
	error_context_stack = context.previous;
	return fits;
}

/*
 * clf_tuple_fill
 *		Store a row as a virtual tuple: the columns that the list contains, and
 *		NULL in all others.  By-reference values are palloc'd in the current
 *		memory context, which must live as long as the slot is read.  Returns
 *		false if the row is to be skipped.
 */
bool
clf_tuple_fill(ClfTuple *tuple, const ClfRow *row, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
	tuple->row = row;
	if (row->invalid)
	{
		clf_tuple_skip(tuple, row, row->invalid);
		return false;
	}
	if (!fill_columns(tuple, CLF_FROM_ROW, slot))
		return false;
	ExecStoreVirtualTuple(slot);
	return true;
}

/*
 * clf_tuple_add
 *		Add columns that needed a request for the row: details or content.
 *		Returns false if the row is to be skipped.
 */
bool
clf_tuple_add(ClfTuple *tuple, const ClfRow *row, ClfOrigin origin,
			  TupleTableSlot *slot)
{
	Assert(CLF_IS_PER_ROW(origin));
	tuple->row = row;
	return fill_columns(tuple, origin, slot);
}
