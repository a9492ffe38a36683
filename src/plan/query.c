/*-------------------------------------------------------------------------
 *
 * query.c
 *	  The requests of a scan: their window and their URIs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "api/uri.h"
#include "plan/query.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/*
 * No call is older.  Earlier dates are not sent, because the API's handling of
 * them is not documented.
 */
#define UNIX_EPOCH \
	((TimestampTz) (UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * clf_query_window
 *		Compute the time window to request.  now is the API server's time; history
 *		is the width of the window of a query without a lower bound.  Returns
 *		false if the window is empty, so no request is needed.
 *
 * It is not documented whether the API's bounds are inclusive, nor whether it
 * considers fractional seconds.  Therefore the window is extended at both ends;
 * the local filter makes the result exact.
 */
bool
clf_query_window(const ClfQuery *query, const Interval *history,
				 TimestampTz now, ClfWindow *window)
{
	TimestampTz lower = query->lower;

	if (!query->windowed)
		return !query->nothing;
	if (lower == DT_NOBEGIN)
		lower = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
														TimestampTzGetDatum(now),
														IntervalPGetDatum(history)));
	window->to_now = query->upper >= now;
	window->from = Max(clf_time_floor(Max(lower, UNIX_EPOCH) - 1), UNIX_EPOCH);
	window->to = clf_second_after(window->to_now ? now : query->upper);
	return !query->nothing && lower <= Min(query->upper, now) &&
		query->upper >= UNIX_EPOCH;
}

static void
append_date(StringInfo out, const char *name, TimestampTz t,
			const char *unknown)
{
	if (unknown)
		appendStringInfo(out, "&%s={%s}", name, unknown);
	else
		clf_uri_append_parameter(out, name, clf_time_format(t));
}

/*
 * clf_query_missing_input
 *		Return the input that the query must specify but does not, or NULL.
 */
const ClfMissingInput *
clf_query_missing_input(const ClfQuery *query, const ClfTable *table)
{
	static const ClfMissingInput since = {
		"since or since_token must be specified to list changes",
		"neither since nor since_token is specified",
		"Add a condition since = '<time>', or since_token = '<sync_token of the "
		"last change that you have>'."
	};
	static const ClfMissingInput number = {
		"no number to search for is specified",
		"no number to search for is specified",
		"Add a condition search_phone_number = '<number>', or "
		"search_extension_number = '<number>', with one value that does not "
		"depend on the table's own rows."
	};
	static const ClfMissingInput extension = {
		"no extension is specified",
		"no extension is specified",
		"Add a condition extension_id = <id>, with one value that does not "
		"depend on the table's own rows, such as the id of a table \"extensions\" "
		"that is joined."
	};

	if (query->nothing)
		return NULL;
	if (query->changes && !query->since && !query->since_token &&
		!query->unknown_since && !query->since_now)
		return &since;
	if (table->resource->search && query->search_filter == NULL)
		return &number;
	if (clf_needs_extension(table) && query->extension == NULL &&
		query->unknown_extension == NULL)
		return &extension;
	return NULL;
}

/*
 * clf_query_sends
 *		Do the requests contain the parameter of this filter?
 */
bool
clf_query_sends(const ClfQuery *query, const ClfFilter *filter)
{
	if (filter->operators & CLF_OP_IDS)
		return clf_query_by_id(query);
	if (filter->operators & CLF_OP_RANGE)
		return query->windowed;
	if (filter->operators & CLF_OP_INPUT)
		return !clf_query_by_id(query);
	return strstr(query->parameters,
				  psprintf("&%s=", filter->parameter)) != NULL;
}

/*
 * clf_can_be_id
 *		Is the id valid?  It must not be too long, and must not change the path of
 *		the URI; an empty id would request the list.
 */
bool
clf_can_be_id(const char *text)
{
	return text[0] != '\0' && strlen(text) <= CLF_MAX_ID_LENGTH &&
		strpbrk(text, "/,?#") == NULL &&
		strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/*
 * clf_bind_path
 *		Fill in the ids of the path of an endpoint: those of the table, and at
 *		account level the extension of the query, if any.  Palloc'd in the current
 *		memory context.
 */
char *
clf_bind_path(const char *path, const ClfTable *table, const char *extension)
{
	StringInfoData out;

	initStringInfo(&out);
	clf_uri_append_path(&out, path, table->account_id,
						table->extension_id ? table->extension_id : extension);
	return out.data;
}

/*
 * clf_details_uri
 *		Path of the details of the row with this id, which lists omit; with NULL,
 *		a template for messages.  Palloc'd in the current memory context; NULL if
 *		the id is not valid.
 */
char *
clf_details_uri(const ClfTable *table, const char *id)
{
	StringInfoData out;

	if (id != NULL && !clf_can_be_id(id))
		return NULL;
	initStringInfo(&out);
	appendStringInfo(&out, "%s/",
					 clf_bind_path(table->resource->details_path, table, NULL));
	if (id != NULL)
		clf_uri_append_escaped(&out, id);
	else
		appendStringInfoString(&out, "{id}");
	return out.data;
}

static bool
same_texts(List *a, List *b)
{
	ListCell   *lc_a;
	ListCell   *lc_b;

	forboth(lc_a, a, lc_b, b)
	{
		if (strcmp(lfirst(lc_a), lfirst(lc_b)) != 0)
			return false;
	}
	return list_length(a) == list_length(b);
}

/* Do both request the records of the same times? */
static bool
has_same_window(const ClfQuery *a, const ClfQuery *b)
{
	if (a->widened || b->widened)
		return a->widened && b->widened && a->wide_lower == b->wide_lower &&
			a->wide_upper == b->wide_upper;
	return a->lower == b->lower && a->upper == b->upper;
}

/* Do both request the same records, leaving aside the next ones? */
static bool
is_same_query(const ClfQuery *a, const ClfQuery *b)
{
	return a->nothing == b->nothing && has_same_window(a, b) &&
		a->page_size == b->page_size &&
		strcmp(a->path, b->path) == 0 &&
		strcmp(a->parameters, b->parameters) == 0 &&
		clf_same_text(a->since, b->since) &&
		clf_same_text(a->since_token, b->since_token) &&
		clf_same_text(a->search, b->search) &&
		a->since_now == b->since_now &&
		same_texts(a->ids, b->ids);
}

/*
 * clf_query_equals
 *		Do the queries of both lists request the same records?
 */
bool
clf_query_equals(const ClfQuery *a, const ClfQuery *b)
{
	while (a && b && is_same_query(a, b))
	{
		a = a->next;
		b = b->next;
	}
	return a == NULL && b == NULL;
}

/*
 * clf_query_list_count
 *		Number of queries of the list.
 */
int
clf_query_list_count(const ClfQuery *query)
{
	int			n = 0;

	for (; query; query = query->next)
		n++;
	return n;
}

/*
 * clf_query_by_id
 *		Are records requested by id?
 */
bool
clf_query_by_id(const ClfQuery *query)
{
	return query->ids != NIL || query->unknown_ids != NULL;
}

/*
 * clf_query_chunk_length
 *		Number of ids of a request, counted from 1; 0: no such request.
 */
int
clf_query_chunk_length(const ClfQuery *query, int page)
{
	Assert(page >= 1);
	return page <= query->nbatches ?
		query->batches[page] - query->batches[page - 1] : 0;
}

/*
 * clf_query_chunk_count
 *		Number of requests for all ids; 0: records are not requested by id.
 */
int
clf_query_chunk_count(const ClfQuery *query)
{
	return query->nbatches;
}

/* Append the ids of a request, or a placeholder */
static void
append_ids(StringInfo out, const ClfQuery *query, int page)
{
	int			n = clf_query_chunk_length(query, page);
	int			first = n > 0 ? query->batches[page - 1] : 0;

	appendStringInfoChar(out, '/');
	if (query->unknown_ids)
		appendStringInfo(out, "{%s}", query->unknown_ids);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		clf_uri_append_escaped(out, list_nth(query->ids, first + i));
	}
}

/*
 * Append the starting point of a list of changes: a time for the first request
 * of a query without a token, else a token.  The time is rounded down, like the
 * lower bound of a window.
 */
static void
append_changes(StringInfo out, const ClfQuery *query, const char *token)
{
	if (token == NULL)
		token = query->since_token;
	if (query->unknown_since)
		appendStringInfo(out, "&since={%s}", query->unknown_since);
	else if (token)
	{
		clf_uri_append_parameter(out, "syncType", "ISync");
		clf_uri_append_parameter(out, "syncToken", token);
		if (query->show_deleted)
			clf_uri_append_parameter(out, "showDeleted", "true");
	}
	else
	{
		TimestampTz from = clf_time_floor(query->since_time - 1);

		clf_uri_append_parameter(out, "syncType", "FSync");
		if (!query->since_now)
			clf_uri_append_parameter(out, "dateFrom", clf_time_format(Max(from, UNIX_EPOCH)));
		appendStringInfo(out, "&recordCount=%d", query->page_size);
	}
}

/* Append number and size of a page */
static void
append_page(StringInfo out, const ClfQuery *query, int page, int page_size)
{
	appendStringInfo(out, "&page=%d", page);
	if (query->all_records && page_size == CLF_MAX_PAGE_SIZE)
		clf_uri_append_parameter(out, "perPage", query->all_records);
	else
		appendStringInfo(out, "&perPage=%d", page_size);
}

/*
 * clf_query_uri
 *		Path and query of a request for a page of the window, for a batch of
 *		ids, or for changes since the token (NULL for the first request).
 *		Palloc'd in the current memory context.
 */
char *
clf_query_uri(const ClfQuery *query, const ClfWindow *window, int page,
			  int page_size, const char *token)
{
	StringInfoData out;
	int			end_of_path;

	initStringInfo(&out);
	appendStringInfoString(&out, query->path);
	if (clf_query_by_id(query))
		append_ids(&out, query, page);
	end_of_path = out.len;
	appendStringInfoString(&out, query->parameters);
	if (query->windowed)
	{
		append_date(&out, "dateFrom", window->from, query->unknown_lower);
		append_date(&out, "dateTo", window->to, query->unknown_upper);
	}
	if (query->changes)
		append_changes(&out, query, token);
	else if (!clf_query_by_id(query))
		append_page(&out, query, page, page_size);
	if (out.len > end_of_path)
		out.data[end_of_path] = '?';
	return out.data;
}

/*
 * clf_query_shown_uri
 *		URI of a request for messages: contains only values that are constants in
 *		the text of the SQL query, and no tokens of responses.  first: is it the
 *		first request of the query?
 */
char *
clf_query_shown_uri(const ClfQuery *query, const ClfWindow *window, int page,
					int page_size, bool first)
{
	return clf_query_uri(query->shown ? query->shown : query, window, page,
						 page_size, first ? NULL : CLF_HIDDEN_VALUE);
}
