/*-------------------------------------------------------------------------
 *
 * uri.c
 *	  Building the paths and queries of requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/uri.h"

/*
 * clf_uri_append_escaped
 *		Append a text, percent-encoding all but the unreserved characters of
 *		RFC 3986 and the colon, which is valid in a query and keeps dates
 *		readable.
 */
void
clf_uri_append_escaped(StringInfo out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *) text; *p; p++)
	{
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || strchr("-._~:", *p))
			appendStringInfoChar(out, *p);
		else
			appendStringInfo(out, "%%%02X", *p);
	}
}

/*
 * clf_uri_append_parameter
 *		Append a query parameter.
 */
void
clf_uri_append_parameter(StringInfo out, const char *name, const char *value)
{
	appendStringInfo(out, "&%s=", name);
	clf_uri_append_escaped(out, value);
}

/*
 * clf_uri_append_path
 *		Append an endpoint's path, replacing {account} and {extension}.  Without
 *		an extension id, its placeholder remains.
 */
void
clf_uri_append_path(StringInfo out, const char *path, const char *account_id,
					const char *extension_id)
{
	static const char account[] = "{account}";
	static const char extension[] = "{extension}";

	for (const char *p = path; *p;)
	{
		if (strncmp(p, account, sizeof(account) - 1) == 0)
		{
			appendStringInfoString(out, account_id);
			p += sizeof(account) - 1;
		}
		else if (extension_id &&
				 strncmp(p, extension, sizeof(extension) - 1) == 0)
		{
			appendStringInfoString(out, extension_id);
			p += sizeof(extension) - 1;
		}
		else
			appendStringInfoChar(out, *p++);
	}
}
