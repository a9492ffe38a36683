/*-------------------------------------------------------------------------
 *
 * option.c
 *	  Options of servers, user mappings, tables and columns.
 *
 * A table defines the contexts, the parser and the default of each option.  The
 * validator and the reader of a table's options use the same code, so a value that
 * was accepted can be read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <limits.h>

#include "access/reloptions.h"
#include "catalog/option.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "catalog/secret.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

PG_FUNCTION_INFO_V1(call_log_fdw_validator);

typedef struct OptionDef OptionDef;

/* Parses value into *target, or raises an error */
typedef void (*OptionReader) (const OptionDef *def, const char *value,
							  void *target);

struct OptionDef
{
	const char *name;
	int			contexts;		/* CLF_ON_... */
	OptionReader read;
	size_t		offset;			/* in the structure returned by target_of */
	const char *initial;		/* default value, or NULL */
	double		min;			/* for numbers, in the base unit */
	double		max;
};

static void read_client_id(const OptionDef *def, const char *value,
						   void *target);
static void read_secret(const OptionDef *def, const char *value, void *target);
static void read_url(const OptionDef *def, const char *value, void *target);
static void read_file(const OptionDef *def, const char *value, void *target);
static void read_digits(const OptionDef *def, const char *value, void *target);
static void read_id(const OptionDef *def, const char *value, void *target);
static void read_path(const OptionDef *def, const char *value, void *target);
static void read_any(const OptionDef *def, const char *value, void *target);
static void read_resource(const OptionDef *def, const char *value,
						  void *target);
static void read_bool(const OptionDef *def, const char *value, void *target);
static void read_on_error(const OptionDef *def, const char *value,
						  void *target);
static void read_count(const OptionDef *def, const char *value, void *target);
static void read_cost(const OptionDef *def, const char *value, void *target);
static void read_duration(const OptionDef *def, const char *value,
						  void *target);
static void read_size(const OptionDef *def, const char *value, void *target);
static void read_interval(const OptionDef *def, const char *value,
						  void *target);

#define SERVER(field) offsetof(ClfServer, field)
#define TABLE(field) offsetof(ClfTable, field)
#define CREDENTIAL(field) offsetof(ClfCredentials, field)

static const OptionDef option_defs[] = {
	{"base_url", CLF_ON_SERVER, read_url, SERVER(base_url),
	"https://platform.ringcentral.com", 0, 0},
	{"media_url", CLF_ON_SERVER, read_url, SERVER(media_url),
	"https://media.ringcentral.com", 0, 0},
	{"sslrootcert", CLF_ON_SERVER, read_file, SERVER(sslrootcert), NULL, 0, 0},
	{"connect_timeout", CLF_ON_SERVER, read_duration, SERVER(connect_timeout),
	"10s", 1, INT_MAX},
	{"request_timeout", CLF_ON_SERVER, read_duration, SERVER(request_timeout),
	"60s", 1, INT_MAX},
	{"max_response_size", CLF_ON_SERVER, read_size, SERVER(max_response_size),
	"64MB", 1024, MaxAllocSize},
	{"max_recording_size", CLF_ON_SERVER | CLF_ON_TABLE, read_size,
	TABLE(max_recording_size), "256MB", 1024, MaxAllocSize - VARHDRSZ},
	{"max_rate_wait", CLF_ON_SERVER, read_duration, SERVER(max_rate_wait),
	NULL, 1, INT_MAX},
	{"max_requests", CLF_ON_SERVER | CLF_ON_TABLE, read_count, TABLE(max_requests),
	NULL, 1, INT_MAX},
	{"max_retries", CLF_ON_SERVER, read_count, SERVER(max_retries), "5", 0, 100},
	{"account_id", CLF_ON_SERVER | CLF_ON_TABLE, read_id, TABLE(account_id), "~", 0, 0},
	{"page_size", CLF_ON_SERVER | CLF_ON_TABLE, read_count, TABLE(page_size),
	"1000", 1, 1000},
	{"newest_first", CLF_ON_SERVER | CLF_ON_TABLE, read_bool, TABLE(newest_first),
	"true", 0, 0},
	{"history", CLF_ON_SERVER | CLF_ON_TABLE, read_interval, TABLE(history),
	"3 years", 0, 0},
	{"on_error", CLF_ON_SERVER | CLF_ON_TABLE, read_on_error, TABLE(set_null),
	"stop", 0, 0},
	{"async_capable", CLF_ON_SERVER | CLF_ON_TABLE, read_bool, TABLE(async_capable),
	"false", 0, 0},
	{"import_stats", CLF_ON_SERVER | CLF_ON_TABLE, read_bool, TABLE(import_stats),
	"false", 0, 0},
	{"fdw_startup_cost", CLF_ON_SERVER | CLF_ON_TABLE, read_cost,
	TABLE(fdw_startup_cost), "500", 0, 1e10},
	{"fdw_tuple_cost", CLF_ON_SERVER | CLF_ON_TABLE, read_cost,
	TABLE(fdw_tuple_cost), "0.05", 0, 1e10},

	{"resource", CLF_ON_TABLE, read_resource, TABLE(resource), NULL, 0, 0},
	{"extension_id", CLF_ON_TABLE, read_id, TABLE(extension_id), NULL, 0, 0},
	{"extension_number", CLF_ON_TABLE, read_digits, TABLE(extension_number),
	NULL, 0, 0},
	{"show_blocked", CLF_ON_TABLE, read_bool, TABLE(show_blocked), "true", 0, 0},
	{"show_deleted", CLF_ON_TABLE, read_bool, TABLE(show_deleted), "false", 0, 0},

	{"json_path", CLF_ON_COLUMN, read_path, 0, NULL, 0, 0},
	{"value", CLF_ON_COLUMN, read_any, 0, NULL, 0, 0},

	{"client_id", CLF_ON_MAPPING, read_client_id, CREDENTIAL(client_id), NULL, 0, 0},
	{"client_secret", CLF_ON_MAPPING, read_secret, CREDENTIAL(client_secret), NULL, 0, 0},
	{"client_secret_file", CLF_ON_MAPPING, read_file, CREDENTIAL(client_secret_file),
	NULL, 0, 0},
	{"jwt", CLF_ON_MAPPING, read_secret, CREDENTIAL(jwt), NULL, 0, 0},
	{"jwt_file", CLF_ON_MAPPING, read_file, CREDENTIAL(jwt_file), NULL, 0, 0},
	{"access_token", CLF_ON_MAPPING, read_secret, CREDENTIAL(access_token), NULL, 0, 0},
	{0}
};

/* Find an option by name; if there is none, set *closest to a similar one */
static const OptionDef *
find_option(const char *name, int context, const OptionDef **closest)
{
	/* a larger edit distance is not helpful */
	int			best = Min(5, (int) strlen(name) / 2 + 1);

	*closest = NULL;
	for (const OptionDef *def = option_defs; def->name != NULL; def++)
	{
		int			edits;

		if ((def->contexts & context) == 0)
			continue;
		if (strcmp(def->name, name) == 0)
			return def;
		edits = varstr_levenshtein_less_equal(name, strlen(name), def->name,
											  strlen(def->name), 1, 1, 1,
											  best, true);
		if (edits < best)
		{
			best = edits;
			*closest = def;
		}
	}
	return NULL;
}

/* List the names of all options of the context, for a hint */
static const char *
list_options(int context)
{
	StringInfoData names;

	initStringInfo(&names);
	for (const OptionDef *def = option_defs; def->name != NULL; def++)
	{
		if (def->contexts & context)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
							 def->name);
	}
	return names.data;
}

/* Is it an option of user mappings?  Their values are secret. */
static bool
is_mapping_option(const char *name)
{
	const OptionDef *closest;

	return find_option(name, CLF_ON_MAPPING, &closest) != NULL;
}

static void
report_unknown_option(const char *name, int context, const OptionDef *closest)
{
	const char *all = list_options(context);

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 is_mapping_option(name) ?
			 errhint("Set it with CREATE USER MAPPING or ALTER USER MAPPING.") :
			 closest ?
			 errhint("Perhaps you meant the option \"%s\".", closest->name) :
			 all[0] != '\0' ?
			 errhint("Valid options in this context are: %s.", all) :
			 errhint("There are no valid options in this context.")));
}

/*
 * Return the address to store the option's value at, or NULL to only validate it.
 * Options of both server and table are stored in the table.
 */
static void *
target_of(const OptionDef *def, const ClfOptionTargets *targets)
{
	void	   *base;

	if (def->contexts & CLF_ON_COLUMN)
		return NULL;
	if (def->contexts & CLF_ON_MAPPING)
		base = targets->credentials;
	else if (def->contexts & CLF_ON_TABLE)
		base = targets->table;
	else
		base = targets->server;
	return base ? (char *) base + def->offset : NULL;
}

/*
 * clf_read_options
 *		Read a list of DefElems of the context into the targets.  Raises an error
 *		if an option is unknown or its value is invalid.
 */
void
clf_read_options(List *list, int context, const ClfOptionTargets *targets)
{
	ListCell   *lc;

	foreach(lc, list)
	{
		DefElem    *elem = lfirst_node(DefElem, lc);
		const OptionDef *closest;
		const OptionDef *def = find_option(elem->defname, context, &closest);
		void	   *target;
		union
		{
			void	   *pointer;
			double		number;
			int			integer;
			bool		flag;
		}			scratch;

		if (def == NULL)
			report_unknown_option(elem->defname, context, closest);
		target = target_of(def, targets);
		def->read(def, defGetString(elem), target ? target : &scratch);
	}
}

/*
 * clf_read_initial_options
 *		Set the defaults.
 */
void
clf_read_initial_options(const ClfOptionTargets *targets)
{
	for (const OptionDef *def = option_defs; def->name != NULL; def++)
	{
		void	   *target = target_of(def, targets);

		if (target && def->initial)
			def->read(def, def->initial, target);
	}
}

/*
 * Raise the error for an invalid value.  Possible secrets are not shown: options of
 * user mappings, and URLs with a user name or a query.
 */
static void
report_bad_value(const OptionDef *def, const char *value, const char *hint)
{
	bool		secret;

	secret = (def->contexts & CLF_ON_MAPPING) != 0 ||
		(def->read == read_url && strpbrk(value, "@?") != NULL);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 secret ?
			 errmsg("invalid value for option \"%s\"", def->name) :
			 errmsg("invalid value for option \"%s\": \"%s\"", def->name,
					value),
			 errhint("%s", hint)));
}

/*
 * Control characters are rejected: they could terminate a header or a log line.
 */
static bool
is_printable(const char *value)
{
	for (const unsigned char *p = (const unsigned char *) value; *p; p++)
	{
		if (*p < ' ' || *p == 0x7f)
			return false;
	}
	return value[0] != '\0';
}

/* A colon would terminate the id in Basic authentication (RFC 7617) */
static void
read_client_id(const OptionDef *def, const char *value, void *target)
{
	if (!is_printable(value) || strchr(value, ':') != NULL)
		report_bad_value(def, value,
						 "It must not be empty or contain colons or control "
						 "characters.");
	*(const char **) target = value;
}

/* The value is not copied, to minimize the number of copies of a secret */
static void
read_secret(const OptionDef *def, const char *value, void *target)
{
	if (!clf_is_secret_text(value))
		report_bad_value(def, value,
						 "It must not be empty or contain spaces, line breaks "
						 "or other control characters.");
	*(const char **) target = value;
}

#define HEX_DIGITS CLF_DIGITS "abcdefABCDEF"

/*
 * Length of the host at the start of s: a name, an IPv4 or an [IPv6] address; 0
 * if there is none.
 */
static size_t
host_length(const char *s)
{
	struct in6_addr addr;
	size_t		len;

	if (s[0] != '[')
		return strchr(".-", s[0]) ? 0 : strspn(s, CLF_LETTERS CLF_DIGITS ".-");
	len = strspn(s + 1, HEX_DIGITS ":.");
	return s[len + 1] == ']' &&
		inet_pton(AF_INET6, pnstrdup(s + 1, len), &addr) == 1 ? len + 2 : 0;
}

/* Return the start of the host, or NULL unless it is http:// or https:// */
static const char *
url_host(const char *url)
{
	if (strncmp(url, "https://", 8) == 0)
		return url + 8;
	if (strncmp(url, "http://", 7) == 0)
		return url + 7;
	return NULL;
}

/*
 * clf_url_is_loopback
 *		Is the host of a URL accepted by read_url a loopback address?
 */
bool
clf_url_is_loopback(const char *url)
{
	const char *host = url_host(url);
	char	   *name = pnstrdup(host, host_length(host));
	struct in_addr addr;

	return strcmp(name, "localhost") == 0 ||
		strcmp(name, "[::1]") == 0 ||
		(inet_pton(AF_INET, name, &addr) == 1 &&
		 (ntohl(addr.s_addr) >> 24) == 127);
}

/*
 * Only scheme://host[:port] is accepted: the options of servers are visible to all
 * roles, so a user name or password must not be part of one.
 */
static void
read_url(const OptionDef *def, const char *value, void *target)
{
	const char *host = url_host(value);
	const char *rest;
	size_t		length;

	if (host == NULL)
		report_bad_value(def, value, "It must begin with \"https://\".");
	length = host_length(host);
	rest = host + length;
	if (length > 0 && rest[0] == ':')
	{
		size_t		port_digits = strspn(rest + 1, CLF_DIGITS);

		if (port_digits >= 1 && port_digits <= 5 &&
			atoi(rest + 1) >= 1 && atoi(rest + 1) <= 65535)
			rest += 1 + port_digits;
	}
	if (length == 0 || (strcmp(rest, "") != 0 && strcmp(rest, "/") != 0))
		report_bad_value(def, value,
						 "It must be \"https://host\" or \"https://host:port\", "
						 "without user name, path or query.");
	if (strncmp(value, "http://", 7) == 0 && !clf_url_is_loopback(value))
		report_bad_value(def, value,
						 "Credentials are sent over https only; http is for "
						 "loopback addresses.");
	*(char **) target = pnstrdup(value, rest - value);
}

/* The server reads the file: check_server and check_mapping check privileges */
static void
read_file(const OptionDef *def, const char *value, void *target)
{
	if (!is_absolute_path(value) || !is_printable(value))
		report_bad_value(def, value, "It must be an absolute file name.");
	*(char **) target = pstrdup(value);
}

static void
read_digits(const OptionDef *def, const char *value, void *target)
{
	if (value[0] == '\0' || value[strspn(value, CLF_DIGITS)] != '\0')
		report_bad_value(def, value, "It must consist of digits.");
	*(char **) target = pstrdup(value);
}

/* An internal identifier, or "~": that of the token's owner */
static void
read_id(const OptionDef *def, const char *value, void *target)
{
	if (strcmp(value, "~") != 0 &&
		(value[0] == '\0' || value[strspn(value, CLF_DIGITS)] != '\0'))
		report_bad_value(def, value,
						 "It must be an identifier of digits, or \"~\" for "
						 "that of the user who logs in.");
	*(char **) target = pstrdup(value);
}

static void
read_path(const OptionDef *def, const char *value, void *target)
{
	if (!is_printable(value) || !clf_path_is_valid(value))
		report_bad_value(def, value,
						 "It must consist of field names separated by dots, "
						 "for example \"from.phoneNumber\" or "
						 "\"legs.0.legType\"; \"$\" is the whole record.");
	*(char **) target = pstrdup(value);
}

static void
read_any(const OptionDef *def, const char *value, void *target)
{
	*(char **) target = pstrdup(value);
}

static void
read_resource(const OptionDef *def, const char *value, void *target)
{
	const ClfResource *resource = clf_find_resource(value);

	if (resource == NULL)
	{
		StringInfoData names;

		initStringInfo(&names);
		for (const ClfResource *r = clf_resources; r->name != NULL; r++)
			appendStringInfo(&names, "%s\"%s\"", r == clf_resources ? "" : ", ",
							 r->name);
		report_bad_value(def, value,
						 psprintf("Valid resources are: %s.", names.data));
	}
	*(const ClfResource **) target = resource;
}

static void
read_bool(const OptionDef *def, const char *value, void *target)
{
	if (!parse_bool(value, (bool *) target))
		report_bad_value(def, value, "It must be true or false.");
}

static void
read_on_error(const OptionDef *def, const char *value, void *target)
{
	if (strcmp(value, "stop") != 0 && strcmp(value, "set_null") != 0)
		report_bad_value(def, value, "It must be \"stop\" or \"set_null\".");
	*(bool *) target = strcmp(value, "set_null") == 0;
}

static void
read_count(const OptionDef *def, const char *value, void *target)
{
	const char *hint = NULL;

	if (!parse_int(value, (int *) target, 0, &hint) ||
		*(int *) target < def->min || *(int *) target > def->max)
		report_bad_value(def, value,
						 psprintf("It must be a whole number from %.0f to %.0f.",
								  def->min, def->max));
}

static void
read_cost(const OptionDef *def, const char *value, void *target)
{
	const char *hint = NULL;

	/* this form of the comparison rejects NaN */
	if (!parse_real(value, (double *) target, 0, &hint) ||
		!(*(double *) target >= def->min && *(double *) target <= def->max))
		report_bad_value(def, value,
						 psprintf("It must be a number from %g to %g.",
								  def->min, def->max));
}

/*
 * A number without a unit is rejected: PostgreSQL would interpret it as
 * milliseconds or bytes, which is rarely intended.
 */
static void
read_with_unit(const OptionDef *def, const char *value, int *target, int unit,
			   const char *example)
{
	const char *hint = NULL;

	if (strcspn(value, CLF_LETTERS) == strlen(value) ||
		strchr(CLF_DIGITS "., ", value[strlen(value) - 1]) != NULL ||
		!parse_int(value, target, unit, &hint) ||
		*target < def->min || *target > def->max)
		report_bad_value(def, value,
						 psprintf("It must be a number with a unit, for "
								  "example %s.", example));
}

static void
read_duration(const OptionDef *def, const char *value, void *target)
{
	read_with_unit(def, value, target, GUC_UNIT_MS, "\"10s\" or \"500ms\"");
}

static void
read_size(const OptionDef *def, const char *value, void *target)
{
	read_with_unit(def, value, target, GUC_UNIT_BYTE,
				   "\"64MB\" (at least 1kB, less than 1GB)");
}

static void
option_error_context(void *arg)
{
	errcontext("option \"%s\"", ((const OptionDef *) arg)->name);
}

static void
read_interval(const OptionDef *def, const char *value, void *target)
{
	ErrorContextCallback context;
	Interval	shortest = {.time = 1};
	Interval	longest = {.month = 100 * MONTHS_PER_YEAR};
	Datum		interval;

	context.callback = option_error_context;
	context.arg = unconstify(OptionDef *, def);
	context.previous = error_context_stack;
	error_context_stack = &context;
	interval = DirectFunctionCall3(interval_in, CStringGetDatum(value),
								   ObjectIdGetDatum(InvalidOid),
								   Int32GetDatum(-1));
	error_context_stack = context.previous;

	if (DatumGetBool(DirectFunctionCall2(interval_lt, interval,
										 IntervalPGetDatum(&shortest))) ||
		DatumGetBool(DirectFunctionCall2(interval_gt, interval,
										 IntervalPGetDatum(&longest))))
		report_bad_value(def, value,
						 "It must be positive, and at most 100 years.");
	*(Interval **) target = DatumGetIntervalP(interval);
}

/* Is the option in the list? */
static bool
is_set(List *list, const char *name)
{
	ListCell   *lc;

	foreach(lc, list)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return true;
	}
	return false;
}

/* Is exactly one of the option and its file variant in the list? */
static bool
is_set_once(List *list, const char *name, const char *file_name)
{
	return is_set(list, name) != is_set(list, file_name);
}

/*
 * A role that changes a mapping needs the privileges for all of its options,
 * because the validator's list does not indicate which of them are new.
 */
static void
check_mapping(List *list)
{
	bool		files = is_set(list, "client_secret_file") ||
	is_set(list, "jwt_file");
	bool		login = is_set(list, "client_id") &&
	is_set_once(list, "client_secret", "client_secret_file") &&
	is_set_once(list, "jwt", "jwt_file");

	if (is_set(list, "access_token") ? list_length(list) != 1 : !login)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("user mapping must have either the options client_id, "
						"client_secret and jwt, or access_token alone"),
				 errhint("client_secret_file and jwt_file can be used instead "
						 "of client_secret and jwt.")));
	if (files && !has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set the options "
						"client_secret_file and jwt_file"),
				 errdetail("Only roles with privileges of the role "
						   "\"pg_read_server_files\" may create or alter a "
						   "user mapping with these options.")));
}

/* Raise an error if an option not supported by the endpoint is set */
static void
check_table_option(List *list, const ClfTable *table, const char *name,
				   bool exists)
{
	if (!exists && is_set(list, name))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("resource \"%s\" does not support option \"%s\" at %s "
						"level", table->resource->name, name,
						clf_level_names[clf_table_level(table)])));
}

static void
check_table(List *list)
{
	ClfTable	table = {0};
	ClfOptionTargets targets = {.table = &table};
	int			level;
	int			has;

	clf_read_options(list, CLF_ON_TABLE, &targets);
	if (table.resource == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"resource\" is required for foreign tables"),
				 errhint("For example, OPTIONS (resource 'call_log').")));

	level = clf_table_level(&table);
	if ((table.resource->levels & CLF_AT(level)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("resource \"%s\" does not exist at %s level",
						table.resource->name, clf_level_names[level])));

	has = table.resource->options[level];
	check_table_option(list, &table, "show_blocked", has & CLF_HAS_SHOW_BLOCKED);
	check_table_option(list, &table, "show_deleted", has & CLF_HAS_SHOW_DELETED);
	check_table_option(list, &table, "extension_number",
					   has & CLF_HAS_EXTENSION_NUMBER);
	check_table_option(list, &table, "history", has & CLF_HAS_HISTORY);
	check_table_option(list, &table, "newest_first",
					   table.resource->order_path != NULL);
	check_table_option(list, &table, "max_recording_size",
					   table.resource->details_path != NULL);
}

static void
check_column(List *list)
{
	if (is_set(list, "json_path") && is_set(list, "value"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("options \"json_path\" and \"value\" are mutually "
						"exclusive")));
}

static void
check_server(List *list)
{
	if (is_set(list, "sslrootcert") && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set the option \"sslrootcert\""),
				 errdetail("Only superusers may create or alter a server with "
						   "this option.")));
}

/* Kinds of objects with options */
typedef struct ObjectKind
{
	Oid			catalog;
	int			context;
	void		(*check) (List *list);
} ObjectKind;

static const ObjectKind object_kinds[] = {
	{ForeignDataWrapperRelationId, 0, NULL},
	{ForeignServerRelationId, CLF_ON_SERVER, check_server},
	{UserMappingRelationId, CLF_ON_MAPPING, check_mapping},
	{ForeignTableRelationId, CLF_ON_TABLE, check_table},
	{AttributeRelationId, CLF_ON_COLUMN, check_column},
};

/*
 * Error context callback: do not log the statement with the error.  It contains
 * secrets: options of a user mapping, or such options set on a server by mistake.
 */
static void
hide_statement(void *arg)
{
	const ObjectKind *kind = arg;

	if (kind->context & (CLF_ON_MAPPING | CLF_ON_SERVER))
		errhidestmt(true);
}

static void
check_options(const ObjectKind *kind, List *list)
{
	const ClfOptionTargets nothing = {NULL, NULL, NULL};
	ErrorContextCallback context;

	context.callback = hide_statement;
	context.arg = unconstify(ObjectKind *, kind);
	context.previous = error_context_stack;
	error_context_stack = &context;
	clf_read_options(list, kind->context, &nothing);
	if (kind->check)
		kind->check(list);
	error_context_stack = context.previous;
}

/*
 * call_log_fdw_validator
 *		Check the complete list of options of a CREATE or ALTER.
 */
Datum
call_log_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *list = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);

	for (size_t i = 0; i < lengthof(object_kinds); i++)
	{
		if (object_kinds[i].catalog == catalog)
			check_options(&object_kinds[i], list);
	}
	PG_RETURN_VOID();
}
