/*-------------------------------------------------------------------------
 *
 * uri.c
 *	  Unit tests of api/uri.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/uri.h"
#include "lib/stringinfo.h"
#include "unit.h"

void
test_escape(void)
{
	StringInfoData out;

	initStringInfo(&out);
	clf_uri_append_escaped(&out, "aZ09-._~: +&=%/?#\"\xc3\xa9\x01");
	unit_check("escape", out.data,
			   "aZ09-._~:%20%2B%26%3D%25%2F%3F%23%22%C3%A9%01");
}
