/*-------------------------------------------------------------------------
 *
 * resource.h
 *	  The RingCentral Call Log API as data: resources, columns, filters.
 *
 * All data is constant.  Unless another source is cited, it is from RingCentral's
 * API reference,
 * https://developers.ringcentral.com/api-reference/Call-Log
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RESOURCE_H
#define CLF_RESOURCE_H

#include "api/path.h"

/* Level of an endpoint: calls of the account, or of an extension (user) */
typedef enum ClfLevel
{
	CLF_LEVEL_ACCOUNT,
	CLF_LEVEL_EXTENSION,
	CLF_LEVELS
} ClfLevel;

#define CLF_AT(level)	(1 << (level))
#define CLF_AT_ACCOUNT	CLF_AT(CLF_LEVEL_ACCOUNT)
#define CLF_AT_EXTENSION CLF_AT(CLF_LEVEL_EXTENSION)
#define CLF_AT_BOTH		(CLF_AT_ACCOUNT | CLF_AT_EXTENSION)

/* Character sets for strspn */
#define CLF_DIGITS "0123456789"
#define CLF_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A column created by IMPORT FOREIGN SCHEMA */
typedef struct ClfColumn
{
	const char *name;			/* SQL name */
	const char *type;			/* SQL type; NOT NULL for keys */
	const char *json_path;		/* "from.phoneNumber" */
	bool		detailed;		/* does it require view=Detailed? */
} ClfColumn;

/* Operators supported by a filter; bits */
typedef enum ClfOperators
{
	CLF_OP_EQUAL = 1,			/* =, IN, = ANY */
	CLF_OP_RANGE = 2,			/* <, <=, =, >=, > */
	CLF_OP_PRESENT = 4,			/* IS NOT NULL, or any strict operator */
	CLF_OP_IDS = 8,				/* as CLF_OP_EQUAL, but by a request by id */
	CLF_OP_SINCE = 16,			/* = starting time of changes */
	CLF_OP_SINCE_TOKEN = 32,	/* = starting token of changes */
	CLF_OP_DETAILS = 64,		/* with CLF_OP_IDS: at the details endpoint */
	CLF_OP_SEARCH = 128,		/* = number to search for */
	CLF_OP_EXTENSION = 256		/* = extension in the path */
} ClfOperators;

/* Not filters of records, but inputs of the request */
#define CLF_OP_INPUT \
	(CLF_OP_SINCE | CLF_OP_SINCE_TOKEN | CLF_OP_SEARCH | CLF_OP_EXTENSION)

/*
 * Mutually exclusive parameters: those with the same value are not sent together.
 * The first applicable one in the resource's table is sent; the other conditions
 * are evaluated locally.
 */
typedef enum ClfExclusion
{
	CLF_NOT_EXCLUSIVE,
	CLF_EXCLUSIVE_SESSION
} ClfExclusion;

/* A query parameter that filters by a column */
typedef struct ClfFilter
{
	const char *json_path;		/* path of the column */
	const char *parameter;		/* query parameter; conditions of filters with
								 * the same one are combined by AND. With
								 * CLF_OP_IDS, the end of the path. */
	int			operators;		/* ClfOperators */
	int			levels;			/* CLF_AT_..., levels with this parameter */
	const char *const *values;	/* values accepted by the API,
								 * NULL-terminated; records can have others,
								 * which are not filterable; NULL: a text of
								 * characters */
	const char *characters;
	const char *punctuation;	/* other characters that people write in an
								 * input, which are not sent; NULL: none */
	int			max_length;		/* of the text of an input, in characters */
	const char *const *undeleted;	/* values of records that are not deleted,
									 * sent unless show_deleted is set; NULL:
									 * another parameter excludes deleted
									 * records */
	bool		repeatable;		/* type=Voice&type=Fax? */
	const char *any_value;		/* value matching all values, for a parameter
								 * that is not repeatable; NULL: omit the
								 * parameter */
	bool		always;			/* sent without a condition as well, as
								 * any_value or all values? */
	ClfExclusion exclusion;
} ClfFilter;

/* Table options supported by some endpoints only; bits */
typedef enum ClfTableOptions
{
	CLF_HAS_SHOW_BLOCKED = 1,
	CLF_HAS_SHOW_DELETED = 2,
	CLF_HAS_EXTENSION_NUMBER = 4,
	CLF_HAS_HISTORY = 8
} ClfTableOptions;

/* Maximum of perPage; see also all_records */
#define CLF_MAX_PAGE_SIZE 1000

/* A resource of the API, represented by a foreign table */
typedef struct ClfResource
{
	const char *name;			/* value of the table option resource */
	int			levels;			/* CLF_AT_... */
	const char *path[CLF_LEVELS];	/* with the placeholders "{account}" and
									 * "{extension}"; at account level the
									 * query specifies the extension */
	int			options[CLF_LEVELS];	/* ClfTableOptions */
	bool		has_views;		/* does it have view=Simple and view=Detailed? */
	const char *constant_parameters;	/* "a=b", sent with each request;
										 * NULL: none */
	bool		windowed;		/* does it have dateFrom and dateTo? */
	const char *const *rows_paths;	/* paths of the rows in a record, "*" is
									 * each element of an array; NULL: a row
									 * is the whole record */
	double		rows_per_record;	/* estimate for the planner */
	const char *row_id_path;	/* key of such rows, duplicates in a record
								 * are removed; NULL: none */
	const char *details_path;	/* endpoint of the details of a row, without
								 * "/id"; NULL: lists contain all fields */
	const char *const *details_fields;	/* fields in both list and details */
	bool		changes;		/* is it a list of changes since a time or a
								 * token? */
	bool		search;			/* is it a search for a number? */
	const char *deletions_path[CLF_LEVELS]; /* instead of path, for changes
											 * with deletions */
	int			deletions_count;	/* maximum records per response there */
	double		records;		/* of a list without a window, estimate for
								 * the planner */
	const char *frame_path;		/* object containing one of the next two */
	const char *next_path;		/* more pages exist if this is neither null
								 * nor false */
	const char *pages_path;		/* number of pages; NULL: next_path is used
								 * instead */
	const char *all_records;	/* perPage for the maximum page_size; NULL:
								 * the number */
	bool		cached_in_statement;	/* are responses cached for all scans
										 * of a statement? */
	const char *throttling_group;	/* x-throttling-group */
	const char *id_path;		/* the record's key */
	const char *version_path;	/* version of the record, if multiple versions
								 * can be returned; else NULL */
	const char *time_path;		/* the record's date, filtered by dateFrom and
								 * dateTo; NULL: none */
	const char *order_path;		/* the row's date if lists are sorted by it,
								 * newest first; else NULL */
	int			max_ids;		/* maximum per request by id; 0: not supported */
	int			max_page;		/* maximum page number of the API; 0: no pages */
	const ClfColumn *columns;	/* ends with name == NULL */
	const ClfFilter *filters;	/* ends with json_path == NULL */
} ClfResource;

/* All resources; ends with name == NULL */
extern const ClfResource clf_resources[];

/* Names of the levels: remote schemas of IMPORT FOREIGN SCHEMA */
extern const char *const clf_level_names[CLF_LEVELS];

extern const ClfResource *clf_find_resource(const char *name);
extern const ClfColumn *clf_find_column(const ClfResource *resource,
										const char *name);
extern bool clf_is_first_of_parameter(const ClfResource *resource,
									  const ClfFilter *filter);
extern bool clf_path_needs_detailed(const ClfResource *resource,
									const ClfPath *path);
extern bool clf_path_in_details(const ClfResource *resource,
								const ClfPath *path);

#endif							/* CLF_RESOURCE_H */
