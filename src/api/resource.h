/*-------------------------------------------------------------------------
 *
 * resource.h
 *	  The RingCentral Call Log API as data: resources, columns, filters.
 *
 * Everything here is constant.  Unless a line cites another source, facts are
 * from RingCentral's API reference,
 * https://developers.ringcentral.com/api-reference/Call-Log
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RESOURCE_H
#define CLF_RESOURCE_H

#include "api/path.h"

/* Whose calls: the whole account's, or one extension's (user's) */
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

/* Characters, for strspn */
#define CLF_DIGITS "0123456789"
#define CLF_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* One column that IMPORT FOREIGN SCHEMA creates */
typedef struct ClfColumn
{
	const char *name;			/* SQL name */
	const char *type;			/* SQL type; NOT NULL for keys, which every row has */
	const char *json_path;		/* where in the row: "from.phoneNumber" */
	bool		detailed;		/* does only view=Detailed always carry it? */
} ClfColumn;

/* What a filter can be asked; bits */
typedef enum ClfOperators
{
	CLF_OP_EQUAL = 1,			/* =, IN, = ANY */
	CLF_OP_RANGE = 2,			/* <, <=, =, >=, > */
	CLF_OP_PRESENT = 4,			/* IS NOT NULL, or any strict operator */
	CLF_OP_IDS = 8,				/* as CLF_OP_EQUAL, but another endpoint */
	CLF_OP_SINCE = 16,			/* = a time where changes begin */
	CLF_OP_SINCE_TOKEN = 32,	/* = a token where they do */
	CLF_OP_DETAILS = 64,		/* with CLF_OP_IDS: by the details' endpoint */
	CLF_OP_SEARCH = 128			/* = a number to search for */
} ClfOperators;

/* Not a filter of records, but what the request needs */
#define CLF_OP_INPUT	(CLF_OP_SINCE | CLF_OP_SINCE_TOKEN | CLF_OP_SEARCH)

/*
 * Parameters with the same rival number are not to be sent together; the first
 * in the resource's table that applies is sent, the others are left to the
 * local recheck.
 */
typedef enum ClfRivals
{
	CLF_NO_RIVALS,
	CLF_SESSION_RIVALS
} ClfRivals;

/* A condition on a column that the API can apply by a query parameter */
typedef struct ClfFilter
{
	const char *json_path;		/* field it filters by */
	const char *parameter;		/* query parameter; of several filters with
								 * the same one, all hold (AND).  With
								 * CLF_OP_IDS the end of the path. */
	int			operators;		/* ClfOperators */
	int			levels;			/* CLF_AT_... where it is documented */
	const char *const *values;	/* the values it takes, NULL-terminated;
								 * records may have others, which cannot be
								 * asked for; NULL: a text of characters */
	const char *characters;
	int			max_length;		/* of the text of a search, in characters */
	const char *const *undeleted;	/* of the values those that records have which
									 * are not deleted: all that is asked for
									 * without the option show_deleted.  NULL:
									 * another parameter leaves out deleted
									 * ones */
	bool		repeatable;		/* type=Voice&type=Fax? */
	const char *any_value;		/* the one value that means any of values, for
								 * a parameter that is not repeatable; NULL:
								 * it is left out */
	bool		always;			/* sent without a condition, too, as any_value
								 * or as all values? */
	ClfRivals	rivals;
} ClfFilter;

/* Table options that only some endpoints have; bits */
typedef enum ClfTableOptions
{
	CLF_HAS_SHOW_BLOCKED = 1,
	CLF_HAS_SHOW_DELETED = 2,
	CLF_HAS_EXTENSION_NUMBER = 4,
	CLF_HAS_HISTORY = 8
} ClfTableOptions;

/* perPage is 1000 at most, or what stands for all records, see all_records */
#define CLF_MAX_PAGE_SIZE 1000

/* A resource of the API, which a foreign table represents */
typedef struct ClfResource
{
	const char *name;			/* value of the table option resource */
	int			levels;			/* CLF_AT_... */
	const char *path[CLF_LEVELS];	/* "{account}", "{extension}" to be filled
									 * in */
	int			options[CLF_LEVELS];	/* ClfTableOptions */
	bool		has_views;		/* does it take view=Simple and view=Detailed? */
	const char *constant_parameters;	/* "a=b", of every request; NULL: none */
	bool		windowed;		/* does it take dateFrom and dateTo? */
	const char *const *rows_paths;	/* where a record's rows are, "*" being
									 * each element of an array; NULL: the
									 * record is the row */
	double		rows_per_record;	/* roughly, for the planner */
	const char *row_id_path;	/* of several such rows with the same id only
								 * one counts; NULL: all do */
	const char *details_path;	/* with "/id" the path of what lists leave out
								 * of a row; NULL: they leave out nothing */
	const char *const *details_fields;	/* of a row, those in both answers */
	bool		changes;		/* is it a list of changes since a time or
								 * token? */
	bool		search;			/* is it what the API finds for a number? */
	const char *deletions_path[CLF_LEVELS]; /* instead of path, of changes with
											 * deleted records */
	int			deletions_count;	/* most records of an answer there */
	double		records;		/* roughly, of a list without a window, for the
								 * planner */
	const char *frame_path;		/* object that holds one of the next two */
	const char *next_path;		/* there is more if this is neither null nor
								 * false */
	const char *pages_path;		/* or if this number of pages is greater than
								 * that of the page; NULL: see next_path */
	const char *all_records;	/* perPage for the largest page_size; NULL: that
								 * number */
	const char *throttling_group;	/* x-throttling-group */
	const char *id_path;		/* the record's key */
	const char *version_path;	/* with it, where a record may come in several
								 * versions */
	const char *time_path;		/* the record's date; dateFrom and dateTo act
								 * on it; NULL: it has none */
	const char *order_path;		/* a row's date by which lists come newest
								 * first; NULL: they do not */
	int			max_ids;		/* by-id requests: ids in one */
	int			max_page;		/* highest page number the API defines; 0: it
								 * has no pages */
	const ClfColumn *columns;	/* ends with name == NULL */
	const ClfFilter *filters;	/* ends with json_path == NULL */
} ClfResource;

/* All resources; ends with name == NULL */
extern const ClfResource clf_resources[];

/* What the level is called: the remote schema of IMPORT FOREIGN SCHEMA */
extern const char *const clf_level_names[CLF_LEVELS];

extern const ClfResource *clf_find_resource(const char *name);
extern const ClfColumn *clf_find_column(const ClfResource *resource,
										const char *name);
extern bool clf_path_needs_detailed(const ClfResource *resource,
									const ClfPath *path);
extern bool clf_path_in_details(const ClfResource *resource,
								const ClfPath *path);

#endif							/* CLF_RESOURCE_H */
