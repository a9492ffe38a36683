/*-------------------------------------------------------------------------
 *
 * pager.c
 *	  Paging: which request to send next, and the rows of all responses.
 *
 * A list changes while a scan reads it.  A call that is in the list, unchanged,
 * from before the scan's first request until after its last one is returned
 * exactly once; any other call at most once.
 *
 * Page numbers cannot guarantee that.  If a call of page 1 is deleted, or its
 * start time is set back, before page 2 is requested, all following calls move
 * up by one position, and the first call of page 2 is never returned.
 * Therefore lists that are sorted newest first are paged by time.
 *
 *	  START
 *		|  open_query			the first step
 *		v
 *	 REQUEST  <--------------+	a step and its URL are decided on
 *		|  take_page		 |
 *		v					 |
 *	  PAGE					 |	records are consumed; the next step is planned,
 *		|  leave_page            |      its request may be prefetched
 *		+--------------------+ v
 *	   END						also from START: nothing to request
 *
 * A response is parsed completely before its first record is consumed, so the
 * next step can be planned, and its request prefetched, immediately.  A step is
 * a kind of paging and a position (ClfStep).  The transitions between steps, each
 * of which is a function:
 *
 *	BY_TIME		Page 1 of the window from the query's lower bound to "until".
 *				Invariant: all calls later than "until" have been seen.
 *
 *		narrow_window	The page reaches a second before "until": the next window
 *						ends with that second.  The page has all calls down to
 *						its oldest, except ties with that one, which are in the
 *						same second: the invariant holds even if the list has
 *						changed.  The bound is a whole second, because the API
 *						may truncate dates, or exclude its bounds.  Calls of
 *						that second are returned again and dropped by id.  It is
 *						the second of the last call but one, since the last one
 *						may be out of order, which only the next page shows.
 *		widen_page		It does not, because that second has more calls than the
 *						page; or no page has shown yet that the list is sorted
 *						newest first: the same window in a larger page.
 *		leave_page		The first page of the wider window of a query (see
 *						widen.c) does not have all of its records: the query's
 *						own window instead.
 *		next_number		The page is as large as the API allows: the next page
 *						number of the same window, until a page reaches an
 *						earlier second.
 *		start_over		A page is out of order, so the invariant need not hold:
 *						the whole window again, by number, dropping known calls.
 *						If rows must be sorted newest first, consuming the page
 *						raises an error instead.
 *
 *	FROM_OLDEST	Rows must be returned oldest first: page 1 of windows chosen by
 *				search.c.
 *
 *		shorten_window	The page has not all records of its window, so it is
 *						skipped: a window that ends earlier.
 *		continue_search	It has: its records are consumed from the last one to the
 *						first, and the next window is later.  Calls of the second
 *						in which it begins are returned again and dropped by id.
 *
 *	BY_NUMBER	Lists without a window, lists out of order, and those that the
 *				option newest_first declares to be so.  New calls move others to
 *				later pages, where they are returned again and dropped.
 *
 *		next_number		The next page, up to the last number that the API has.
 *						Its size is chosen such that it begins with calls of
 *						this page, so that calls that leave the list are noticed.
 *		step_back		It does not have any of them: more calls than that have
 *						left the list, and those after them have moved to pages
 *						that were read before.  The page before it is requested
 *						again; the calls of this page are not consumed, as they
 *						are listed again.
 *		read_again		The API counts more calls than it has listed: the whole
 *						window again, once; after that a warning is raised.
 *		repeat_number	The page has no new record, although the one before it
 *						had: either an old page was sent again, or more calls
 *						arrived than a page holds.  Requesting the same number
 *						once more covers both.
 *		widen_page		The first page was as small as a LIMIT: page 1 again.
 *
 *	BY_IDS		next_chunk: as many ids as a request takes.
 *
 *	BY_TOKENS	next_changes: the response contains the token for the next one.
 *
 * A scan can have several queries: windows with gaps between them, latest first, or
 * a list for each session.  begin_query starts the next one when another ends; ids
 * returned by any of them are dropped, so a call that moves from one window to
 * another is not returned twice.
 *
 * If rows must be sorted newest first, a call newer than the rows of an earlier
 * page is dropped (see rows.c): by the invariant it was not in the list, or had
 * another date, when that page was read.
 *
 * The URI in the API's nextPage is not requested, as the token would be sent to
 * whichever host it names: nextPage is only a flag, and URIs are built here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/time.h"
#include "miscadmin.h"
#include "net/exchange.h"
#include "scan/answers.h"
#include "scan/pager.h"
#include "scan/rows.h"
#include "scan/search.h"
#include "shared/clock.h"
#include "shared/density.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Drive the prefetch every N records */
#define ADVANCE_EVERY 32

/*
 * Give up after this many consecutive pages without a new record, although
 * each has a nextPage: two minutes at ten requests per minute, and 20,000
 * records if the API applies filters after paging.
 */
#define MAX_REDUNDANT 20

typedef enum ClfPaging
{
	CLF_PAGING_BY_TIME,
	CLF_PAGING_FROM_OLDEST,
	CLF_PAGING_BY_NUMBER,
	CLF_PAGING_BY_IDS,
	CLF_PAGING_BY_TOKENS
} ClfPaging;

/* A request of a query */
typedef struct ClfStep
{
	ClfPaging	paging;
	TimestampTz from;			/* bounds of the window */
	TimestampTz until;
	int			number;			/* of the page or of the batch of ids, from 1 */
	int			size;			/* of the page */
	int			overlap;		/* number of records at its beginning that the
								 * marked page has as well, if none has left
								 * the list; 0: unknown */
} ClfStep;

typedef enum ClfPagerState
{
	CLF_PAGER_START,			/* nothing has been requested */
	CLF_PAGER_REQUEST,			/* next_url is to be requested or in progress */
	CLF_PAGER_PAGE,				/* records of the page are being consumed */
	CLF_PAGER_END				/* no more rows */
} ClfPagerState;

/* State of the list after a page */
typedef enum ClfListState
{
	CLF_LIST_COMPLETE,			/* no more pages */
	CLF_LIST_CONTINUES,			/* the next step has been planned */
	CLF_LIST_TOO_WIDE,			/* the query's own window is to be requested */
	CLF_LIST_STUCK				/* more exists but cannot be requested */
} ClfListState;

struct ClfPager
{
	/* for the pager's life */
	const ClfTable *table;
	MemoryContext cxt;
	ClfExchange *exchange;
	ClfAnswers *answers;
	ClfRows    *rows;
	ClfActivity *activity;
	bool		prefetch;
	ClfOrder	order;			/* of the rows */
	double		per_day;		/* estimated records; 0: unknown */
	double		limit;			/* number of rows that suffices; 0: unlimited */
	bool		partial;		/* may the query need only a part of the rows? */

	/* for one run of the queries */
	const ClfQuery *first;
	int			nanswers;		/* so far */

	/* for one query */
	const ClfQuery *query;
	ClfPagerState state;
	ClfWindow	window;			/* the whole window */
	bool		widened;		/* is that the query's wider one? */
	bool		timed;			/* page by time if possible? */
	bool		ordered;		/* has a page had records newest first? */
	int			npages;			/* so far */
	int64		nknown;			/* records of the queries before it */
	int			redundant;		/* consecutive pages without a new record */
	int			full_size;		/* of the first of the numbered pages */
	int64		gap_after;		/* records received before a page that did not
								 * overlap; -1: there was none */
	bool		reread;			/* have pages been requested again? */
	bool		completed;		/* has the list been read to its end before? */
	ClfSearch	search;			/* for the next step if rows are oldest first */
	bool		has_short_page; /* had a page that is not the last one fewer
								 * records than requested? */

	/* the page, and the step planned after it */
	ClfPage    *page;
	ClfStep		step;			/* request of the page */
	ClfSpan		span;			/* of its dates, if it is a list */
	bool		skipped;		/* are its records not consumed? */
	int			next_record;
	int			new_records;	/* consumed so far */
	bool		follows_new;	/* did the page before it have new records? */
	ClfListState list_state;
	ClfStep		next;
	char	   *next_url;		/* in state REQUEST; else NULL */
};

/* ----------
 * Error context
 * ----------
 */

static void
record_error_context(void *arg)
{
	ClfPager   *pager = arg;

	errcontext("record %d on page %d for foreign table \"%s\"",
			   pager->next_record, pager->nanswers,
			   pager->table->relname);
}

/* ----------
 * Creation and start
 * ----------
 */

/*
 * clf_pager_create
 *		Create a pager for one scan, owned by the memory context.  Its rows
 *		have the selected fields; no field may be selected after the start.
 *		Requests use the user mapping of the role.
 */
ClfPager   *
clf_pager_create(MemoryContext cxt, const ClfTable *table,
				 const ClfScanPlan *plan, ClfSelection *selection,
				 Oid userid, ClfActivity *activity)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ClfPager   *pager = palloc0(sizeof(ClfPager));

	pager->table = table;
	pager->cxt = cxt;
	pager->exchange = clf_exchange_create(cxt, table, table->server->base_url,
										  userid, activity);
	pager->answers = clf_answers_create(cxt, table, userid, pager->exchange,
										activity);
	pager->activity = activity;
	pager->order = plan->order;
	pager->per_day = plan->per_day;
	pager->limit = plan->limit;
	pager->partial = plan->partial;
	pager->rows = clf_rows_create(cxt, table, plan->order, selection);
	MemoryContextSwitchTo(old);
	return pager;
}

/*
 * clf_pager_enable_prefetch
 *		Send requests before they are needed.
 */
void
clf_pager_enable_prefetch(ClfPager *pager)
{
	pager->prefetch = true;
}

/*
 * clf_pager_enable_cache
 *		The scan may be restarted with other values: cache responses within
 *		work_mem.
 */
void
clf_pager_enable_cache(ClfPager *pager)
{
	clf_answers_enable_cache(pager->answers);
}

/*
 * clf_pager_share_cache
 *		The same, with one cache for all scans of a statement, whose memory
 *		context this is.
 */
void
clf_pager_share_cache(ClfPager *pager, MemoryContext statement)
{
	clf_answers_share_cache(pager->answers, statement);
}

/* Discard the URL of the next step */
static void
forget_url(ClfPager *pager)
{
	if (pager->next_url)
		pfree(pager->next_url);
	pager->next_url = NULL;
}

/* Rewind to the first record of the page, if there is one */
static void
reset_rows(ClfPager *pager)
{
	forget_url(pager);
	clf_rows_start(pager->rows, pager->first);
	if (pager->page)
		clf_rows_open_page(pager->rows, pager->page);
	if (pager->first->since_token)
		clf_rows_add_token(pager->rows, pager->first->since_token);
	pager->next_record = 0;
	pager->new_records = 0;
	pager->redundant = 0;
	if (pager->page)
		pager->state = CLF_PAGER_PAGE;
}

/* Start a query without its page */
static void
begin_query(ClfPager *pager, const ClfQuery *query)
{
	clf_rows_set_query(pager->rows, query);
	pager->query = query;
	pager->state = query->nothing ? CLF_PAGER_END : CLF_PAGER_START;
	pager->widened = query->widened;
	pager->timed = query->windowed && pager->table->newest_first;
	pager->ordered = false;
	pager->reread = false;
	pager->completed = false;
	pager->has_short_page = false;
	pager->gap_after = -1;
	pager->npages = 0;
	pager->nknown = clf_rows_count(pager->rows);
	pager->redundant = 0;
}

/* Discard the page as well */
static void
reset_pages(ClfPager *pager)
{
	clf_exchange_abandon(pager->exchange);
	clf_answers_release(pager->answers);
	pager->page = NULL;
	pager->nanswers = 0;
	reset_rows(pager);
	begin_query(pager, pager->first);
}

/* The query has no more rows: continue with the next one */
static void
end_query(ClfPager *pager)
{
	if (pager->query->next)
		begin_query(pager, pager->query->next);
	else
		pager->state = CLF_PAGER_END;
}

/*
 * clf_pager_start
 *		Start the queries of a list, which must live until the next start.  Sends
 *		nothing.
 */
void
clf_pager_start(ClfPager *pager, const ClfQuery *query)
{
	const ClfMissingInput *missing = clf_query_missing_input(query, pager->table);

	if (missing)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("%s", missing->message),
				 errhint("%s", missing->hint)));
	clf_exchange_expect(pager->exchange, clf_query_chunk_count(query));
	pager->first = query;
	reset_pages(pager);
}

/*
 * clf_pager_was_too_wide
 *		Has the wider window of a query had more than a page since the start?
 */
bool
clf_pager_was_too_wide(const ClfPager *pager)
{
	return pager->query && pager->query->widened && !pager->widened;
}

/*
 * clf_pager_rewind
 *		Return the rows of the same queries and windows again.  If only the first
 *		page has been read, it is not requested again.
 */
void
clf_pager_rewind(ClfPager *pager)
{
	if (pager->nanswers == 1 && !pager->skipped &&
		pager->query == pager->first)
		reset_rows(pager);
	else
		reset_pages(pager);
}

/* ----------
 * Requests
 * ----------
 */

/*
 * Token for the changes after the page; NULL if there is no page yet.  A token
 * that was used before would cause an infinite loop.
 */
static char *
next_token(const ClfPager *pager)
{
	char	   *token;

	if (!pager->query->changes || pager->page == NULL)
		return NULL;
	token = clf_json_get_text(clf_page_answer(pager->page),
							  "syncInfo.syncToken");
	if (token == NULL || clf_rows_has_token(pager->rows, token))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("could not continue the list of changes: the response "
						"has no new syncToken")));
	return token;
}

/* Window of the next step */
static ClfWindow
next_window(const ClfPager *pager)
{
	ClfWindow	window = pager->window;

	window.from = pager->next.from;
	window.to = pager->next.until;
	return window;
}

/* URL of the next step */
static char *
make_url(const ClfPager *pager)
{
	ClfWindow	window = next_window(pager);

	return psprintf("%s%s", pager->table->server->base_url,
					clf_query_uri(pager->query, &window, pager->next.number,
								  pager->next.size, next_token(pager)));
}

static ClfPageRequest
page_request(const ClfPager *pager, const char *url)
{
	ClfWindow	window = next_window(pager);
	ClfPageRequest request = {0};

	request.url = url;
	request.shown = clf_query_shown_uri(pager->query, &window,
										pager->next.number, pager->next.size,
										pager->page == NULL);
	request.query = pager->query;
	request.number = pager->next.number;
	return request;
}

/* Request the next step */
static void
enter_request(ClfPager *pager)
{
	forget_url(pager);
	pager->next_url = MemoryContextStrdup(pager->cxt, make_url(pager));
	pager->state = CLF_PAGER_REQUEST;
	if (pager->reread)
		clf_answers_forget(pager->answers, pager->next_url);
}

/* ----------
 * From START to REQUEST
 * ----------
 */

/* Current time of the API's clock */
static TimestampTz
now_of_api(const ClfPager *pager)
{
	return clf_clock_now(pager->table->server->base_url);
}

/*
 * Set the window of the query.  It ends at the same moment for all queries of
 * a scan, such as those of a join; that moment is determined after the login,
 * when the clock offset is known.  Returns false if the window is empty.
 */
static bool
fix_window(ClfPager *pager)
{
	ClfMoment  *moment = clf_answers_moment(pager->answers);
	ClfQuery	query = *pager->query;

	if (moment->now == 0)
	{
		moment->now = now_of_api(pager);
		moment->fixed_at = GetCurrentTimestamp();
	}
	if (pager->widened)
	{
		query.lower = query.wide_lower;
		query.upper = query.wide_upper;
	}
	return clf_query_window(&query, pager->table->history, moment->now,
							&pager->window);
}

/* Is "since" in the future? The API would reject it. */
static bool
begins_in_future(const ClfPager *pager)
{
	return pager->query->changes && pager->query->since &&
		pager->query->since_time > now_of_api(pager);
}

/*
 * Log in and set the window; false if no request is needed.  If the clock
 * offset is known, a lower bound in the future is detected before anything is
 * sent.
 */
static bool
can_open_query(ClfPager *pager)
{
	if (pager->query->windowed && clf_clock_known(pager->table->server->base_url) &&
		pager->query->lower > now_of_api(pager) + USECS_PER_DAY)
		return false;
	clf_exchange_login(pager->exchange);
	if (pager->query->windowed || pager->query->changes)
		clf_exchange_learn_clock(pager->exchange);
	return fix_window(pager) && !begins_in_future(pager);
}

static ClfPaging
first_paging(const ClfPager *pager)
{
	if (clf_query_by_id(pager->query))
		return CLF_PAGING_BY_IDS;
	if (pager->query->changes)
		return CLF_PAGING_BY_TOKENS;
	if (pager->order == CLF_OLDEST_FIRST)
		return CLF_PAGING_FROM_OLDEST;
	return pager->timed ? CLF_PAGING_BY_TIME : CLF_PAGING_BY_NUMBER;
}

/* Set the bounds of the first step */
static void
set_first_bounds(ClfPager *pager)
{
	pager->next.from = pager->window.from;
	pager->next.until = pager->window.to;
	if (pager->next.paging == CLF_PAGING_FROM_OLDEST)
	{
		clf_search_start(&pager->search, &pager->window, pager->per_day,
						 pager->next.size);
		pager->next.until = pager->search.until;
	}
}

static void
open_query(ClfPager *pager)
{
	Assert(pager->state == CLF_PAGER_START);
	if (!can_open_query(pager))
	{
		end_query(pager);
		return;
	}
	pager->next.paging = first_paging(pager);
	pager->next.number = 1;
	pager->next.size = pager->query->page_size;
	pager->next.overlap = 0;
	set_first_bounds(pager);
	enter_request(pager);
}

/*
 * Does the first response show that the window ends before the API's present?
 * This happens if the local clock has been set back since the previous
 * response.  The latest calls are missing then, so set the window again.
 */
static bool
window_was_early(ClfPager *pager, TimestampTz date)
{
	ClfMoment  *moment = clf_answers_moment(pager->answers);
	TimestampTz elapsed = GetCurrentTimestamp() - moment->fixed_at;

	if (pager->npages > 0 || !pager->query->windowed ||
		!pager->window.to_now || date - elapsed <= pager->window.to)
		return false;
	moment->now = 0;
	(void) fix_window(pager);
	set_first_bounds(pager);
	return true;
}

/* ----------
 * The step after a page
 * ----------
 */

/* A number in the part of the response around the records; 0 if missing */
static int
number_in_answer(const ClfPager *pager, const char *path)
{
	char	   *text = clf_json_get_text(clf_page_answer(pager->page), path);

	return text ? atoi(text) : 0;
}

/*
 * Choose number and size of the next page such that it begins not after start,
 * and extends as far beyond end as possible; both are counted in records from the
 * beginning of the list.  Returns false if it would have too few new records.
 */
static bool
choose_page(ClfStep *next, int start, int end, int full_size)
{
	int			most = 0;

	for (int size = Min(full_size + full_size / 8 + 1, CLF_MAX_PAGE_SIZE);
		 size > full_size / 2; size--)
	{
		int			first = start / size * size;

		if (first > 0 && first + size - end > most)
		{
			most = first + size - end;
			next->number = first / size + 1;
			next->size = size;
			next->overlap = end - first;
		}
	}
	return most > full_size / 4;
}

/*
 * Let the next numbered page begin with records of this one, at least one and one
 * percent.  Only where the API has honored the size of this one and filled it: the
 * position is not known otherwise.
 */
static void
overlap_next(ClfPager *pager)
{
	int			size = number_in_answer(pager, "paging.perPage");
	int			end = pager->step.number * size;
	ClfStep		next = pager->next;

	if (pager->step.number == 1)
		pager->full_size = size;
	if (size <= 1 || size > CLF_MAX_PAGE_SIZE ||
		clf_page_length(pager->page) < size ||
		(pager->step.number > 1 && size != pager->step.size))
		return;
	if (choose_page(&next, end - 1 - size / 100, end, pager->full_size) &&
		next.number <= pager->table->resource->max_page)
		pager->next = next;
}

/* The next page of the same window */
static ClfListState
next_number(ClfPager *pager)
{
	/* the last numbered page may lack nextPage although there is more */
	if (pager->step.number == pager->table->resource->max_page)
		return clf_page_length(pager->page) >= pager->step.size ||
			clf_page_has_next(pager->page, pager->step.number) ?
			CLF_LIST_STUCK : CLF_LIST_COMPLETE;
	pager->next = pager->step;
	pager->next.paging = CLF_PAGING_BY_NUMBER;
	pager->next.number++;
	pager->next.overlap = 0;
	clf_rows_mark_page(pager->rows, pager->page);
	overlap_next(pager);
	return CLF_LIST_CONTINUES;
}

/*
 * Has the page no record of the marked one, although it should?  If nothing new
 * has been found since the same was true before, the API filters records after it
 * has cut pages.
 */
static bool
has_gap(const ClfPager *pager)
{
	return pager->step.overlap > 0 &&
		!clf_rows_continues(pager->rows, pager->page) &&
		pager->gap_after != clf_rows_count(pager->rows);
}

/* The page is requested again, or in parts */
static void
skip_page(ClfPager *pager)
{
	pager->skipped = true;
	pager->next_record = clf_page_length(pager->page);
}

/* The page before this one, whose records are not consumed */
static ClfListState
step_back(ClfPager *pager)
{
	Assert(pager->step.paging == CLF_PAGING_BY_NUMBER &&
		   pager->step.number > 1);
	pager->gap_after = clf_rows_count(pager->rows);
	pager->reread = true;
	skip_page(pager);
	pager->next = pager->step;
	pager->next.number--;
	pager->next.overlap = pager->next.number > 1;
	return CLF_LIST_CONTINUES;
}

/* The same window in a larger page, or by number if it has the maximum size */
static ClfListState
widen_page(ClfPager *pager)
{
	int			size = Min(2 * pager->step.size, CLF_MAX_PAGE_SIZE);

	if (pager->step.size < pager->table->page_size)
		size = pager->table->page_size;
	if (size <= pager->step.size)
		return next_number(pager);
	pager->next = pager->step;
	pager->next.number = 1;
	pager->next.size = size;
	pager->next.overlap = 0;
	return CLF_LIST_CONTINUES;
}

/* Does the page extend beyond the last second of its window? */
static bool
reaches_back(const ClfPager *pager)
{
	return pager->span.bottom != DT_NOEND &&
		clf_second_after(pager->span.bottom) < pager->step.until;
}

/*
 * The size of a page with as many new records as a page of the usual size, if the
 * API allows it: known records of the last second are returned again, and an API
 * that applies filters after paging returns fewer records than requested.
 */
static int
next_size(const ClfPager *pager)
{
	double		share = Min(1.0, clf_page_length(pager->page) /
							(double) pager->step.size);

	return (int) Min(pager->table->page_size / share + pager->span.overlap,
					 CLF_MAX_PAGE_SIZE);
}

/* The window that ends with the second of the page's last record but one */
static ClfListState
narrow_window(ClfPager *pager)
{
	Assert(pager->timed && pager->ordered && reaches_back(pager));
	pager->next.paging = CLF_PAGING_BY_TIME;
	pager->next.until = clf_second_after(pager->span.bottom);
	pager->next.number = 1;
	pager->next.size = next_size(pager);
	pager->next.overlap = 0;
	return pager->next.until > pager->window.from ? CLF_LIST_CONTINUES :
		CLF_LIST_COMPLETE;
}

/*
 * The whole window by number from its beginning.  Pages of known records are
 * expected, more of them if records arrive meanwhile, and are not counted as
 * redundant.
 */
static void
read_again(ClfPager *pager)
{
	int			size = pager->table->page_size;

	pager->redundant = -(int) (2 * clf_rows_count(pager->rows) / size);
	pager->reread = true;
	pager->next.paging = CLF_PAGING_BY_NUMBER;
	pager->next.until = pager->window.to;
	pager->next.number = 1;
	pager->next.size = size;
	pager->next.overlap = 0;
}

/* Page the whole window by number from now on */
static ClfListState
start_over(ClfPager *pager)
{
	int			size = pager->table->page_size;

	pager->timed = false;
	if (pager->npages == 1 && pager->step.size == size)
		return next_number(pager);
	read_again(pager);
	return CLF_LIST_CONTINUES;
}

/* A shorter window, or a larger page */
static ClfListState
shorten_window(ClfPager *pager)
{
	skip_page(pager);
	pager->next = pager->step;
	if (clf_search_shorten(&pager->search, pager->span.oldest))
		pager->next.until = pager->search.until;
	else if (pager->step.size < CLF_MAX_PAGE_SIZE)
		pager->next.size = Min(2 * pager->step.size, CLF_MAX_PAGE_SIZE);
	else
		return CLF_LIST_STUCK;
	return CLF_LIST_CONTINUES;
}

/* The window after this one, all of whose records are on the page */
static ClfListState
continue_search(ClfPager *pager)
{
	if (!clf_search_continue(&pager->search, clf_page_length(pager->page),
							 pager->span.oldest, pager->table->page_size))
		return CLF_LIST_COMPLETE;
	pager->next = pager->step;
	pager->next.from = pager->search.from;
	pager->next.until = pager->search.until;
	return CLF_LIST_CONTINUES;
}

static ClfListState
plan_search(ClfPager *pager)
{
	pager->span = clf_rows_survey(pager->rows, pager->page);
	return clf_page_has_next(pager->page, pager->step.number) ?
		shorten_window(pager) : continue_search(pager);
}

static ClfListState
plan_list(ClfPager *pager)
{
	bool		more = clf_page_has_next(pager->page, pager->step.number) ||
	pager->step.number == pager->table->resource->max_page;

	pager->span = clf_rows_survey(pager->rows, pager->page);
	pager->ordered |= pager->span.falls;
	pager->has_short_page |= more &&
		clf_page_length(pager->page) < pager->step.size;
	if (pager->widened && more)
	{
		skip_page(pager);
		return CLF_LIST_TOO_WIDE;
	}
	if (pager->order != CLF_ANY_ORDER && pager->span.rises)
		return CLF_LIST_COMPLETE;	/* consuming the page raises an error */
	if (pager->timed && pager->span.rises && (more || pager->npages > 1))
		return start_over(pager);
	if (has_gap(pager))
		return step_back(pager);
	if (!more)
		return CLF_LIST_COMPLETE;
	if (pager->timed && pager->ordered && reaches_back(pager))
		return narrow_window(pager);
	if (pager->step.number == 1 &&
		(pager->timed || (pager->order != CLF_ANY_ORDER && !pager->ordered) ||
		 pager->step.size < pager->table->page_size))
		return widen_page(pager);
	return next_number(pager);
}

static ClfListState
next_chunk(ClfPager *pager)
{
	pager->next = pager->step;
	pager->next.number++;
	return clf_query_chunk_length(pager->query, pager->next.number) > 0 ?
		CLF_LIST_CONTINUES : CLF_LIST_COMPLETE;
}

static ClfListState
next_changes(ClfPager *pager)
{
	pager->next = pager->step;
	return clf_page_has_next(pager->page, pager->step.number) ?
		CLF_LIST_CONTINUES : CLF_LIST_COMPLETE;
}

static ClfListState
plan_next(ClfPager *pager)
{
	switch (pager->step.paging)
	{
		case CLF_PAGING_BY_TIME:
		case CLF_PAGING_BY_NUMBER:
			return plan_list(pager);
		case CLF_PAGING_FROM_OLDEST:
			return plan_search(pager);
		case CLF_PAGING_BY_IDS:
			return next_chunk(pager);
		case CLF_PAGING_BY_TOKENS:
			return next_changes(pager);
	}
	pg_unreachable();
}

/* ----------
 * From REQUEST to PAGE
 * ----------
 */

/*
 * Is the next step likely to be requested?  If the query may need only a part
 * of the rows, its first page may suffice, and a page reduced to a LIMIT
 * should suffice.
 */
static bool
is_next_expected(const ClfPager *pager)
{
	double		records = clf_rows_count(pager->rows) +
	clf_page_length(pager->page);

	if (!pager->prefetch || pager->list_state != CLF_LIST_CONTINUES)
		return false;
	return !(pager->limit > 0 && records >= pager->limit) &&
		!(pager->partial && pager->nanswers == 1) &&
		(pager->step.size >= pager->table->page_size ||
		 pager->step.number > 1);
}

/*
 * A response of call-log-sync that has the maximum length is probably
 * truncated, and the remainder cannot be requested.
 */
static void
check_not_truncated(const ClfPager *pager)
{
	const ClfQuery *query = pager->query;

	if (query->by_call_log_sync && query->since &&
		clf_page_length(pager->page) >= query->page_size)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
				 errmsg("there are more than %d calls since %s", query->page_size,
						query->since),
				 errhint("Use a later time, query the table of calls instead, "
						 "or raise page_size if it is below %d.",
						 pager->table->resource->deletions_count)));
}

/* Process a new page: plan the next step, and prefetch it */
static void
enter_page(ClfPager *pager)
{
	ClfCounters *counters = &pager->activity->counters;

	check_not_truncated(pager);
	pager->state = CLF_PAGER_PAGE;
	pager->step = pager->next;
	pager->nanswers++;
	pager->npages++;
	pager->skipped = false;
	pager->next_record = 0;
	pager->follows_new = pager->new_records > 0;
	pager->new_records = 0;
	clf_rows_open_page(pager->rows, pager->page);
	counters->pages++;
	counters->records += clf_page_length(pager->page);
	clf_activity_set(pager->activity, CLF_READS_ROWS);
	pager->list_state = plan_next(pager);
	if (is_next_expected(pager))
	{
		ClfPageRequest request = page_request(pager, make_url(pager));

		clf_answers_prefetch(pager->answers, &request);
	}
}

/* Fetch the page of the next step */
static ClfPage *
fetch_page(ClfPager *pager, TimestampTz *date)
{
	ClfPageRequest request = page_request(pager, pager->next_url);

	return clf_answers_get(pager->answers, &request,
						   clf_rows_record_fields(pager->rows), date);
}

/* Fetch the page of the next step, again if the window ends too early */
static void
take_page(ClfPager *pager)
{
	char	   *token = next_token(pager);
	TimestampTz date;

	Assert(pager->state == CLF_PAGER_REQUEST);
	if (token)
		clf_rows_add_token(pager->rows, token);
	pager->page = fetch_page(pager, &date);
	if (window_was_early(pager, date))
	{
		pager->page = NULL;
		enter_request(pager);
		pager->page = fetch_page(pager, &date);
	}
	forget_url(pager);
}

/* ----------
 * From PAGE to REQUEST or END
 * ----------
 */

static void
report_stuck(const ClfPager *pager)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
			 errmsg("could not continue after page %d of the list",
					pager->step.number),
			 pager->query->windowed ?
			 errdetail("The API numbers no further pages, and the list cannot "
					   "be continued by time, because it is not sorted newest "
					   "first or has too many records in one second.") :
			 errdetail("The API numbers no further pages."),
			 errhint("Add conditions that the API can evaluate, such as a "
					 "shorter range of time, or raise page_size.")));
}

/* Give up on a list that always has a nextPage but no new records */
static void
count_redundant(ClfPager *pager)
{
	if (pager->step.paging == CLF_PAGING_BY_IDS ||
		pager->step.paging == CLF_PAGING_FROM_OLDEST)
		return;
	if (pager->new_records > 0)
		pager->redundant = Min(pager->redundant, 0);
	else
		pager->redundant++;
	if (pager->redundant >= MAX_REDUNDANT)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_REPLY),
				 errmsg("could not complete the list: %d consecutive pages "
						"had no new record",
						MAX_REDUNDANT),
				 errhint("Add conditions that the API can evaluate, such as a "
						 "shorter range of time.")));
}

/* May the API have returned an old page again? */
static bool
may_be_repeated(const ClfPager *pager)
{
	return pager->step.paging == CLF_PAGING_BY_NUMBER &&
		pager->step.number > 1 && pager->new_records == 0 &&
		pager->follows_new && clf_page_length(pager->page) > pager->step.overlap &&
		pager->gap_after != clf_rows_count(pager->rows);
}

static void
repeat_number(ClfPager *pager)
{
	clf_exchange_abandon(pager->exchange);
	pager->next = pager->step;
	enter_request(pager);
	clf_answers_forget(pager->answers, pager->next_url);
}

/* Record the density of the window read so far, for the planner */
static void
note_density(const ClfPager *pager)
{
	TimestampTz from = pager->window.from;

	if (!pager->query->windowed || !pager->query->unfiltered ||
		pager->order == CLF_OLDEST_FIRST || pager->skipped)
		return;
	if (pager->list_state != CLF_LIST_COMPLETE)
		from = pager->span.oldest;
	if (pager->list_state == CLF_LIST_COMPLETE ||
		(pager->timed && from != DT_NOEND))
		clf_density_note(pager->table->relid,
						 clf_token_umid(clf_exchange_token(pager->exchange)),
						 clf_rows_count(pager->rows) - pager->nknown, from,
						 pager->window.to);
}

/*
 * How many records does the API count that it has not listed by number?  Without
 * a usable count, 0: an API that cuts pages before it filters them counts the
 * records that it leaves out, which a single page of a window does not show.
 */
static int64
count_lacking(const ClfPager *pager)
{
	if (pager->step.paging != CLF_PAGING_BY_NUMBER || pager->timed ||
		(pager->query->windowed && pager->npages == 1) ||
		pager->has_short_page ||
		pager->first->next != NULL || clf_rows_had_broken(pager->rows))
		return 0;
	return number_in_answer(pager, "paging.totalElements") -
		clf_rows_count(pager->rows);
}

/*
 * The last page of the list has been consumed.  If records are lacking, the list is
 * read again once, then a warning is raised.
 */
static void
complete_list(ClfPager *pager)
{
	int64		lacking = count_lacking(pager);

	if (lacking > 0 && !pager->completed)
	{
		pager->completed = true;
		read_again(pager);
		enter_request(pager);
		return;
	}
	if (lacking > 0)
		ereport(WARNING,
				(errmsg("foreign table \"%s\" may be incomplete: RingCentral "
						"counts " INT64_FORMAT " records, but lists only "
						INT64_FORMAT, pager->table->relname,
						clf_rows_count(pager->rows) + lacking,
						clf_rows_count(pager->rows))));
	end_query(pager);
}

/* All records of the page have been consumed */
static void
leave_page(ClfPager *pager)
{
	Assert(pager->state == CLF_PAGER_PAGE);
	note_density(pager);
	if (pager->list_state == CLF_LIST_COMPLETE)
	{
		complete_list(pager);
		return;
	}
	if (pager->list_state == CLF_LIST_TOO_WIDE)
	{
		begin_query(pager, pager->query);
		pager->widened = false;
		return;
	}
	count_redundant(pager);
	if (pager->list_state == CLF_LIST_STUCK)
		report_stuck(pager);
	if (may_be_repeated(pager))
		repeat_number(pager);
	else
		enter_request(pager);
}

/*
 * Advance to the next page or to the end.  Without wait, returns false if the
 * response is not complete.
 */
static bool
next_page(ClfPager *pager, bool wait)
{
	ErrorContextCallback context;
	bool		ready = true;

	context.callback = clf_exchange_context;
	context.arg = pager->exchange;
	context.previous = error_context_stack;
	error_context_stack = &context;

	if (pager->state == CLF_PAGER_PAGE)
		leave_page(pager);
	while (pager->state == CLF_PAGER_START)
		open_query(pager);
	if (pager->state == CLF_PAGER_REQUEST && !wait)
	{
		ClfPageRequest request = page_request(pager, pager->next_url);

		ready = clf_answers_poll(pager->answers, &request);
	}
	if (pager->state == CLF_PAGER_REQUEST && ready)
		take_page(pager);
	error_context_stack = context.previous;
	if (pager->state == CLF_PAGER_REQUEST && ready)
		enter_page(pager);
	return ready;
}

/* ----------
 * Rows
 * ----------
 */

/* Take the next record of the page */
static void
take_record(ClfPager *pager)
{
	int			n = pager->next_record++;

	if (pager->step.paging == CLF_PAGING_FROM_OLDEST)
		n = clf_page_length(pager->page) - 1 - n;
	if (clf_rows_take(pager->rows, clf_page_record(pager->page, n)))
		pager->new_records++;
	else
		pager->activity->counters.duplicates++;
	if (pager->next_record % ADVANCE_EVERY == 0)
		clf_exchange_advance(pager->exchange);
}

/*
 * clf_pager_next_on_page
 *		Return the next row of the page, valid until the next call; NULL after
 *		the last one of the page.
 */
const ClfRow *
clf_pager_next_on_page(ClfPager *pager)
{
	ErrorContextCallback context;
	const ClfRow *row;

	context.callback = record_error_context;
	context.arg = pager;
	context.previous = error_context_stack;
	error_context_stack = &context;
	while ((row = clf_rows_next(pager->rows)) == NULL && pager->page &&
		   pager->next_record < clf_page_length(pager->page))
	{
		take_record(pager);
		CHECK_FOR_INTERRUPTS();
	}
	error_context_stack = context.previous;
	return row;
}

/*
 * clf_pager_next
 *		Return the next row, valid until the next call; NULL after the last
 *		one.  Without wait, also NULL if the response is not complete; see
 *		clf_pager_at_end.
 */
const ClfRow *
clf_pager_next(ClfPager *pager, bool wait)
{
	while (pager->state != CLF_PAGER_END)
	{
		const ClfRow *row = clf_pager_next_on_page(pager);

		if (row)
			return row;
		if (!next_page(pager, wait))
			return NULL;
		CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/*
 * clf_pager_reach
 *		Return the number of records received, the date down to whose second the
 *		page has all records, and whether the list is complete; DT_NOEND and true
 *		if the page is empty or out of order.  The date is that of the last record
 *		but one, as for narrow_window.
 */
double
clf_pager_reach(const ClfPager *pager, TimestampTz *bottom, bool *last)
{
	*bottom = pager->page ? pager->span.bottom : DT_NOEND;
	*last = *bottom == DT_NOEND || pager->span.rises ||
		pager->list_state == CLF_LIST_COMPLETE;
	return clf_rows_count(pager->rows);
}

/*
 * clf_pager_at_end
 *		Have all rows been returned?
 */
bool
clf_pager_at_end(const ClfPager *pager)
{
	return pager->state == CLF_PAGER_END;
}

/*
 * clf_pager_has_more
 *		Are there more pages after the current one?
 */
bool
clf_pager_has_more(const ClfPager *pager)
{
	return pager->page != NULL && pager->list_state != CLF_LIST_COMPLETE;
}

/*
 * clf_pager_token
 *		The token to continue after the current page, palloc'd; NULL if
 *		missing.
 */
char *
clf_pager_token(const ClfPager *pager)
{
	if (pager->page == NULL)
		return NULL;
	return clf_json_get_text(clf_page_answer(pager->page),
							 "syncInfo.syncToken");
}

/*
 * clf_pager_descriptor
 *		Descriptor that becomes readable when the request that clf_pager_next
 *		is waiting for can proceed.
 */
int
clf_pager_descriptor(const ClfPager *pager)
{
	return clf_exchange_descriptor(pager->exchange);
}
