/*-------------------------------------------------------------------------
 *
 * uri.h
 *	  Building the paths and queries of requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_URI_H
#define CLF_URI_H

#include "lib/stringinfo.h"

extern void clf_uri_append_escaped(StringInfo out, const char *text);
extern void clf_uri_append_parameter(StringInfo out, const char *name,
									 const char *value);
extern void clf_uri_append_path(StringInfo out, const char *path,
								const char *account_id,
								const char *extension_id);

#endif							/* CLF_URI_H */
