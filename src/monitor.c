/*-------------------------------------------------------------------------
 *
 * monitor.c
 *	  The SQL-callable functions.
 *
 * Room 12.  Uses http, json.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "http.h"
#include "json.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(call_log_fdw_version);

/*
 * call_log_fdw_version
 *		What is running here, for a bug report.
 */
Datum
call_log_fdw_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("call_log_fdw %s, %s, %s",
											  CLF_VERSION, clf_http_library(),
											  clf_json_library())));
}
