/*-------------------------------------------------------------------------
 *
 * tuple.c
 *	  From a JSON record to the columns of a foreign table.
 *
 * Values go through the input function of the column's type, so that a user
 * may declare any type that can read the text.  Only columns that the query
 * needs are looked at: a value that cannot be converted breaks no query that
 * does not read it.
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
#include "scan/tuple.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* How JSON becomes a value of the column's type */
typedef enum Conversion
{
	CONVERT_TEXT,				/* text: any JSON, strings without quotes */
	CONVERT_TIME,				/* timestamptz: the API's dates */
	CONVERT_INTEGER,			/* bigint: a plain number, straight */
	CONVERT_JSON,				/* json, jsonb: any JSON */
	CONVERT_ARRAY,				/* an array, element by element */
	CONVERT_BYTES,				/* bytea: no JSON, but the row's content */
	CONVERT_NOTHING,			/* the same value in all rows */
	CONVERT_SCALAR				/* the type's input function */
} Conversion;

typedef struct TupleColumn
{
	AttrNumber	attnum;
	const char *name;
	ClfFieldRef field;
	Conversion	conversion;
	Oid			type;			/* base type; of the elements for an array */
	FmgrInfo	input;			/* its input function */
	Oid			ioparam;
	int32		typmod;
	Datum		value;			/* for CONVERT_NOTHING */
} TupleColumn;

struct ClfTuple
{
	const char *relname;
	ClfFieldRef id;				/* of the record */
	int			ncolumns;
	TupleColumn *columns;

	/* for the error context */
	const TupleColumn *current;
	const ClfRow *record;
};

static void
set_input(TupleColumn *column, Oid type)
{
	Oid			function;

	getTypeInputInfo(type, &function, &column->ioparam);
	fmgr_info(function, &column->input);
	column->type = type;
}

/* The value of every row, read as any text for that type is */
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

/*
 * A domain is read by its own input function, which checks its constraints, so
 * only plain types take the shorter ways.
 */
static void
prepare_column(TupleColumn *column, Form_pg_attribute attr,
			   const ClfPath *path, ClfSelection *selection)
{
	Oid			element = get_element_type(attr->atttypid);

	column->attnum = attr->attnum;
	column->name = NameStr(attr->attname);
	column->field = clf_select(selection, path->origin, path->keys);
	column->typmod = attr->atttypmod;
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
	else if (attr->atttypid == INT8OID)
		column->conversion = CONVERT_INTEGER;
	else if (getBaseType(attr->atttypid) == JSONOID ||
			 getBaseType(attr->atttypid) == JSONBOID)
		column->conversion = CONVERT_JSON;
	else
		column->conversion = CONVERT_SCALAR;
}

static void
check_column(const TupleColumn *column, const char *relname)
{
	if (column->conversion == CONVERT_BYTES && column->type != BYTEAOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of foreign table \"%s\" must be of type "
						"bytea", column->name, relname),
				 errdetail("It holds the bytes of a recording.")));
}

/*
 * clf_tuple_create
 *		Prepare to fill these columns, from fields that are added to the
 *		selection.  Palloc'd in the current memory context.
 */
ClfTuple   *
clf_tuple_create(Relation rel, const ClfTable *table, List *attnums,
				 ClfSelection *selection)
{
	ClfTuple   *tuple = palloc0(sizeof(ClfTuple));
	ListCell   *lc;

	tuple->relname = RelationGetRelationName(rel);
	tuple->id = clf_select(selection, CLF_FROM_RECORD,
						   table->resource->id_path);
	tuple->columns = palloc0((list_length(attnums) + 1) * sizeof(TupleColumn));
	foreach(lc, attnums)
	{
		TupleColumn *column = &tuple->columns[tuple->ncolumns++];

		prepare_column(column, TupleDescAttr(RelationGetDescr(rel),
											 lfirst_int(lc) - 1),
					   clf_column_path(table, lfirst_int(lc)),
					   selection);
		check_column(column, tuple->relname);
	}
	return tuple;
}

/* The API's text in the database's encoding, terminated */
static char *
to_server(const char *text, size_t length)
{
	if (memchr(text, '\0', length) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("the text contains a zero byte (\\u0000)"),
				 errdetail("PostgreSQL's text cannot hold it."),
				 errhint("Leave the column out of the query, or give it the "
						 "type json.")));
	return pg_any_to_server(pnstrdup(text, length), (int) length, PG_UTF8);
}

static void
report_wrong_kind(const char *expected, ClfKind kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("expected %s, got %s", expected, clf_kind_name(kind)),
			 errhint("Give the column the type jsonb to see what is there.")));
}

/* A scalar's characters */
static char *
scalar_text(const ClfField *field)
{
	size_t		length;
	const char *text = clf_field_text(field, &length);
	ClfKind		kind = clf_field_kind(field);

	if (kind == CLF_KIND_OBJECT || kind == CLF_KIND_ARRAY)
		report_wrong_kind("a single value", kind);
	return to_server(text, length);
}

/* Without a copy in between, where the characters are already right */
static Datum
convert_text(const ClfField *field)
{
	size_t		length;
	const char *text = clf_field_text(field, &length);

	if (field->escaped || GetDatabaseEncoding() != PG_UTF8)
		return CStringGetTextDatum(to_server(text, length));
	(void) pg_verify_mbstr(PG_UTF8, text, (int) length, false);
	return PointerGetDatum(cstring_to_text_with_len(text, (int) length));
}

static Datum
convert_time(const ClfField *field)
{
	TimestampTz t;

	if (!clf_field_time(field, &t) || !IS_VALID_TIMESTAMP(t))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("invalid date: \"%s\"", scalar_text(field)),
				 errdetail("The API writes dates as 2016-03-10T18:07:52.534Z.")));
	return TimestampTzGetDatum(t);
}

static Datum
convert_scalar(TupleColumn *column, const ClfField *field)
{
	return InputFunctionCall(&column->input, scalar_text(field),
							 column->ioparam, column->typmod);
}

/* Digits that fit for certain need no input function */
static Datum
convert_integer(TupleColumn *column, const ClfField *field)
{
	int64		number = 0;

	if (clf_field_kind(field) != CLF_KIND_NUMBER || field->length > 18)
		return convert_scalar(column, field);
	for (uint32 i = 0; i < field->length; i++)
	{
		if (field->start[i] < '0' || field->start[i] > '9')
			return convert_scalar(column, field);
		number = number * 10 + (field->start[i] - '0');
	}
	return Int64GetDatum(number);
}

/* As it was received */
static Datum
convert_json(TupleColumn *column, const ClfField *field)
{
	return InputFunctionCall(&column->input,
							 to_server(field->start, field->length),
							 column->ioparam, column->typmod);
}

static Datum
convert_array(TupleColumn *column, const ClfField *field)
{
	ArrayBuildState *array = initArrayResult(column->type,
											 CurrentMemoryContext, false);
	ClfField	element = {0};

	if (clf_field_kind(field) != CLF_KIND_ARRAY)
		report_wrong_kind("an array", clf_field_kind(field));
	while (clf_field_next_element(field, &element))
	{
		bool		isnull = *element.start == 'n';

		array = accumArrayResult(array, isnull ? (Datum) 0 :
								 convert_scalar(column, &element), isnull,
								 column->type, CurrentMemoryContext);
	}
	return makeArrayResult(array, CurrentMemoryContext);
}

static Datum
convert(TupleColumn *column, const ClfField *field)
{
	switch (column->conversion)
	{
		case CONVERT_TEXT:
			return convert_text(field);
		case CONVERT_TIME:
			return convert_time(field);
		case CONVERT_INTEGER:
			return convert_integer(column, field);
		case CONVERT_JSON:
			return convert_json(column, field);
		case CONVERT_ARRAY:
			return convert_array(column, field);
		case CONVERT_BYTES:
		case CONVERT_NOTHING:
		case CONVERT_SCALAR:
			break;
	}
	return convert_scalar(column, field);
}

/* Says which column of which record; must not touch the catalogs */
static void
column_error_context(void *arg)
{
	const ClfTuple *tuple = arg;
	const ClfField *id = &tuple->record->fields[tuple->id.origin][tuple->id.n];
	const char *text = "";
	size_t		length = 0;

	if (id->start)
		text = clf_field_text(id, &length);
	errcontext("column \"%s\" of foreign table \"%s\", record \"%s\"",
			   tuple->current->name, tuple->relname,
			   clf_excerpt(text, length, CLF_EXCERPT_LENGTH));
}

/* The number of the row, as whatever type the column has */
static Datum
row_number(TupleColumn *column, const ClfRow *record)
{
	char		text[16];

	snprintf(text, sizeof(text), "%d", record->number);
	return InputFunctionCall(&column->input, text, column->ioparam,
							 column->typmod);
}

/* What the column shows; NULL when there is nothing */
static const ClfField *
find_field(const TupleColumn *column, const ClfRow *record)
{
	const ClfField *fields = record->fields[column->field.origin];
	const ClfField *field = fields ? &fields[column->field.n] : NULL;

	if (field && field->mismatched_step)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("expected an object with the field \"%s\"",
						field->mismatched_step)));
	return field && field->start ? field : NULL;
}

/* One column; a domain's constraints hold for what is not there, too */
static Datum
column_value(TupleColumn *column, const ClfRow *record, bool *isnull)
{
	const ClfField *field;

	*isnull = column->conversion == CONVERT_BYTES && record->content == NULL;
	if (column->conversion == CONVERT_BYTES)
		return PointerGetDatum(record->content);
	if (column->conversion == CONVERT_NOTHING)
		return column->value;
	if (column->field.origin == CLF_FROM_ROW_NUMBER)
		return row_number(column, record);
	field = find_field(column, record);
	if (field)
		return convert(column, field);
	*isnull = true;
	if (column->conversion != CONVERT_ARRAY)
		return InputFunctionCall(&column->input, NULL, column->ioparam,
								 column->typmod);
	return (Datum) 0;
}

/* Store the values of the columns from there, one of the list's origins or not */
static void
fill_columns(ClfTuple *tuple, const ClfRow *row, ClfOrigin origin,
			 TupleTableSlot *slot)
{
	ErrorContextCallback context;

	tuple->record = row;
	context.callback = column_error_context;
	context.arg = tuple;
	context.previous = error_context_stack;
	error_context_stack = &context;
	for (int i = 0; i < tuple->ncolumns; i++)
	{
		TupleColumn *column = &tuple->columns[i];
		ClfOrigin	from = column->field.origin;
		int			n = column->attnum - 1;

		if (CLF_IS_PER_ROW(origin) ? from != origin : CLF_IS_PER_ROW(from))
			continue;
		tuple->current = column;
		slot->tts_values[n] = column_value(column, row, &slot->tts_isnull[n]);
	}
	error_context_stack = context.previous;
}

/*
 * clf_tuple_fill
 *		Store a row as a virtual tuple: what comes with the list, with NULL in
 *		all other columns.  By-reference values are palloc'd in the current
 *		memory context, which must live as long as the slot is read.
 */
void
clf_tuple_fill(ClfTuple *tuple, const ClfRow *row, TupleTableSlot *slot)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
	fill_columns(tuple, row, CLF_FROM_ROW, slot);
	ExecStoreVirtualTuple(slot);
}

/*
 * clf_tuple_add
 *		Add what took a request for the row: its details or its content.
 */
void
clf_tuple_add(ClfTuple *tuple, const ClfRow *row, ClfOrigin origin,
			  TupleTableSlot *slot)
{
	Assert(CLF_IS_PER_ROW(origin));
	fill_columns(tuple, row, origin, slot);
}
