/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Fuzz target: any bytes as the response to a request for several ids.
 *
 * The first line of the input is the number of ids, the second one the content
 * type, the rest the body.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "answer/batch.h"
#include "api/resource.h"

/* More than the API accepts */
#define MAX_IDS 100

static bool
is_within(const char *text, size_t length, const char *body, size_t size)
{
	return text >= body && text + length <= body + size;
}

/* The returned records are objects */
static void
check_records(ClfPage *page, int nids)
{
	int			n = clf_page_length(page);

	INVARIANT(n <= nids);
	for (int i = 0; i < n; i++)
		INVARIANT(clf_page_record(page, i)->kind == CLF_KIND_OBJECT);
}

void
fuzz_input(const char *data, size_t size)
{
	const char *body = data;
	const char *end = data + size;
	int			nids = atoi(fuzz_line(&body, end));
	char	   *content_type = fuzz_line(&body, end);
	const char *error = NULL;
	ClfFields  *fields = clf_fields_create();
	ClfHttpResponse response = {0};
	ClfFailedPart failed;
	ClfPage    *page;

	if (nids < 2 || nids > MAX_IDS)
		return;
	(void) clf_fields_add(fields, "");
	response.content_type = content_type;
	response.body = unconstify(char *, body);
	response.length = end - body;
	page = clf_batch_parse(CurrentMemoryContext, fields, &response, nids,
						   &failed, &error);
	if (page)
		check_records(page, nids);
	else if (failed.status == 0)
		INVARIANT(error != NULL);
	else
		(void) clf_is_not_found(failed.status, failed.body, failed.length, true);
	if (page == NULL && failed.length > 0)
		INVARIANT(is_within(failed.body, failed.length, body, end - body));
	(void) clf_is_not_found(404, body, end - body, false);
}
