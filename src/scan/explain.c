/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  EXPLAIN output of a scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "net/exchange.h"
#include "nodes/nodeFuncs.h"
#include "scan/explain.h"
#include "scan/scan.h"
#include "scan/search.h"
#include "shared/clock.h"
#include "utils/ruleutils.h"

/* The first request of a query */
static char *
describe_request(const ClfScanState *state, const ClfQuery *query)
{
	ClfWindow	window;
	ClfSearch	search;
	const ClfMissingInput *missing = clf_query_missing_input(query,
															 state->table);

	if (missing)
		return psprintf("none, because %s", missing->reason);
	if (!clf_query_window(query, state->table->history,
						  clf_clock_now(state->table->server->base_url), &window))
		return pstrdup("none, because no record can match the conditions");
	if (state->plan->order == CLF_OLDEST_FIRST)
	{
		clf_search_start(&search, &window, state->plan->per_day,
						 query->page_size);
		window.to = search.until;
	}
	return psprintf("GET %s", clf_query_uri(query, &window, 1, query->page_size,
											NULL));
}

/* The first request, of each alternative */
static void
explain_requests(const ClfScanState *state, ExplainState *es,
				 const ClfQuery *query)
{
	List	   *texts = list_make1(describe_request(state, query));

	for (; query->next; query = query->next)
	{
		if (query->next->alternative != query->alternative)
			texts = lappend(texts, describe_request(state, query->next));
	}
	if (list_length(texts) == 1)
		ExplainPropertyText("Call Log Request", linitial(texts), es);
	else
		ExplainPropertyList("Call Log Requests", texts, es);
}

/* Requests that are sent for each row that passes the other conditions */
static void
explain_row_requests(ForeignScanState *node, ExplainState *es,
					 const ClfQuery *query)
{
	ClfScanState *state = node->fdw_state;
	const ClfTable *table = state->table;
	List	   *texts = NIL;

	if (state->needs_details && !query->details)
		texts = lappend(texts, psprintf("GET %s", clf_details_uri(table,
																  NULL)));
	if (state->needs_content)
		texts = lappend(texts, psprintf("GET {content_uri} at %s",
										table->server->media_url));
	if (texts != NIL)
		ExplainPropertyList("Requests per Row", texts, es);
}

/* Conditions whose parameters are sent; with ids, no others are */
static void
explain_pushed_conditions(ForeignScanState *node, ExplainState *es,
						  List *deparse_context, const ClfQuery *query)
{
	ClfScanState *state = node->fdw_state;
	List	   *texts = NIL;
	List	   *shown = NIL;

	for (int i = 0; i < state->plan->nconditions; i++)
	{
		ClfCondition *condition = &state->plan->conditions[i];

		if (condition->clause < 0 || list_member_int(shown, condition->clause) ||
			!(query->nothing || condition->alternative > 0 ||
			  clf_query_sends(query, condition->filter)))
			continue;
		shown = lappend_int(shown, condition->clause);
		texts = lappend(texts,
						clf_scan_deparse(node,
										 list_nth(node->ss.ps.plan->qual,
												  condition->clause),
										 deparse_context, es->verbose));
	}
	if (texts != NIL)
		ExplainPropertyList("Pushed Conditions", texts, es);
}

/* Estimates that need no request */
static void
explain_estimate(ForeignScanState *node, ExplainState *es)
{
	ClfScanState *state = node->fdw_state;
	double		requests = state->plan->requests;
	double		seconds;

	ExplainPropertyFloat(state->plan->repeated ?
						 "Estimated Requests per Loop" : "Estimated Requests",
						 NULL, requests, 0, es);
	seconds = clf_exchange_seconds(state->table,
								   clf_scan_userid((ForeignScan *) node->ss.ps.plan,
												   node->ss.ps.state),
								   requests);
	if (seconds >= 60 || (seconds >= 0 && es->format != EXPLAIN_FORMAT_TEXT))
		ExplainPropertyFloat("Estimated Minutes", NULL, seconds / 60, 1, es);
}

/*
 * Structured formats show all properties, the text format only relevant ones
 */
static bool
is_shown(const ExplainState *es, bool matters)
{
	return matters || es->verbose || es->format != EXPLAIN_FORMAT_TEXT;
}

static void
explain_activity(const ClfActivity *activity, ExplainState *es)
{
	const ClfCounters *counters = &activity->counters;
	const struct
	{
		const char *label;
		int64		count;
		bool		matters;
	}			lines[] = {
		{"Requests", counters->requests, true},
		{"Retries", counters->retries, counters->retries > 0},
		{"Logins", counters->logins, false},
		{"Pages", counters->pages, true},
		{"Records Received", counters->records, true},
		{"Duplicates Dropped", counters->duplicates, counters->duplicates > 0},
		{"Requests Avoided", counters->avoided, counters->avoided > 0},
		{"Bytes Received", counters->bytes, false},
	};

	for (size_t i = 0; i < lengthof(lines); i++)
	{
		if (is_shown(es, lines[i].matters))
			ExplainPropertyInteger(lines[i].label, NULL, lines[i].count, es);
	}
	if (es->timing && is_shown(es, activity->budget_wait > 0.001))
		ExplainPropertyFloat("Budget Wait", "s", activity->budget_wait, 3, es);
	if (es->timing && is_shown(es, false))
		ExplainPropertyFloat("Network Wait", "s", activity->network_wait, 3,
							 es);
}

/*
 * clf_explain_scan
 *		ExplainForeignScan.  Sends nothing without ANALYZE. Values that the
 *		user may not see are not shown.
 */
void
clf_explain_scan(ForeignScanState *node, ExplainState *es)
{
	ClfScanState *state = node->fdw_state;
	List	   *deparse_context = set_deparse_context_plan(es->deparse_cxt,
														   node->ss.ps.plan,
														   NIL);
	bool		hides;
	ClfQuery   *query = clf_bind_query(state->plan, state->table,
									   clf_scan_shown_values(node, deparse_context,
															 &hides));
	const ClfQuery *bound = state->query ? state->query : query;

	query->nothing = bound->nothing;
	explain_requests(state, es, query);
	explain_row_requests(node, es, query);
	explain_pushed_conditions(node, es, deparse_context, query);
	if (bound->next && bound->alternative == 0)
		ExplainPropertyInteger("Lists", NULL, clf_query_list_count(bound), es);
	if (bound->ids != NIL)
		ExplainPropertyInteger("Ids", NULL, list_length(bound->ids), es);
	else if (!clf_query_by_id(query))
		ExplainPropertyInteger("Page Size", NULL, state->plan->page_size, es);
	if (state->plan->order != CLF_ANY_ORDER)
		ExplainPropertyText("Call Log Order",
							state->plan->order == CLF_NEWEST_FIRST ?
							"newest first" : "oldest first", es);
	if (es->costs)
		explain_estimate(node, es);
	if (es->analyze && state->activity)
		explain_activity(state->activity, es);
}
