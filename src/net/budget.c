/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  Rate limiter: sliding window with a FIFO queue of waiters.
 *
 * The API allows a number of requests in any window of some seconds, for
 * example 10 heavy requests in 60 seconds, and reports both with each
 * response.  A request takes a slot before it is sent and holds it until one
 * window after its response began; the API has counted the request by then.
 * When all slots are held, the next request waits until the first of them
 * expires.  Requests of other clients, computed from X-Rate-Limit-Remaining,
 * hold slots as well.
 *
 * Until the first response, the documented defaults apply and requests of
 * other clients are unknown, so only one request at a time is sent.
 *
 * After status 429 no request of that budget is sent until the penalty is
 * over: a request during the penalty would restart it.
 * https://developers.ringcentral.com/guide/basics/rate-limits
 *
 * Waiters are served FIFO by ticket: each has a slot reserved according to its
 * position in the queue, and a later request takes only slots that are not
 * reserved.  A scan takes a new ticket for each page, so that a scan of many
 * pages does not delay the others.  A background session
 * (call_log_fdw.leave_requests) leaves a part of each window to other
 * sessions, unless it has waited for more than a window.
 *
 * Budgets are entries in shared memory; the number per role is limited, and
 * entries in use are not replaced.  If no entry can be allocated, the backend
 * uses a local one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "answer/json.h"
#include "common/pg_prng.h"
#include "compat.h"
#include "miscadmin.h"
#include "net/budget.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * Documented limit of a throttling group, the default until the first response
 */
typedef struct GroupLimit
{
	const char *group;			/* NULL: any other */
	int			limit;
} GroupLimit;

static const GroupLimit group_limits[] = {
	{"light", 50}, {"medium", 40}, {"heavy", 10}, {"auth", 5}, {NULL, 10}
};

/* Documented window and the maximum accepted from a response, in seconds */
#define DEFAULT_WINDOW 60
#define MAX_WINDOW 3600

/* Penalty of a 429 without Retry-After, and the maximum, in seconds */
#define DEFAULT_PENALTY 30
#define MAX_PENALTY 3600

/* Maximum length of a group name, which consists of letters */
#define MAX_GROUP_LENGTH 32

/*
 * Error code for concurrent identical requests, which is not a rate limit: a
 * pause, in milliseconds, lets the other request finish.
 */
#define DUPLICATE_REQUEST "CMN-304"
#define DUPLICATE_PAUSE 1000

/* Maximum time after sending until the API has counted a request */
#define MAX_TRANSIT (5 * USECS_PER_SEC)

/* Maximum number of doublings of the backoff; see backoff_delay */
#define MAX_DOUBLINGS 5

/* Interval between requests that waited for the end of the same penalty */
#define SPREAD (50 * INT64CONST(1000))

/*
 * Re-check interval, in milliseconds; a waiter not seen for GONE_AFTER is
 * presumed dead
 */
#define RECHECK_INTERVAL 250
#define GONE_AFTER (5 * USECS_PER_SEC)

/*
 * Re-check interval while waiting for the first response, and maximum wait for
 * it
 */
#define FIRST_ANSWER_SLEEP (20 * INT64CONST(1000))
#define FIRST_ANSWER_WAIT (5 * USECS_PER_SEC)

/* Minimum wait for which a NOTICE is raised, in milliseconds */
#define NOTICE_AFTER_MS 1000

/* Backend-local handle of a budget */
struct ClfBudget
{
	ClfPrincipal principal;
	const char *use;			/* requests of the same group */
	char		group[CLF_MAX_TEXT];
	ClfKey		key;
	ClfBudget  *next;
};

/* A backend-local entry, used if none could be allocated in shared memory */
typedef struct LocalEntry
{
	ClfBudgetEntry entry;
	struct LocalEntry *next;
} LocalEntry;

static ClfBudget *budgets = NULL;
static LocalEntry *local_entries = NULL;

/* The setting call_log_fdw.leave_requests */
static int	leave_requests = 0;

/*
 * clf_budget_init
 *		Called once, when the library is loaded.
 */
void
clf_budget_init(void)
{
	DefineCustomIntVariable("call_log_fdw.leave_requests",
							"Sets the number of requests in each rate limit "
							"window that are left to other sessions.",
							"A request that has waited for a whole window "
							"ignores this setting.",
							&leave_requests, 0, 0, CLF_MAX_SLOTS, PGC_USERSET, 0,
							NULL, NULL, NULL);
}

/* ----------
 * Entries; the caller holds the lock
 * ----------
 */

/*
 * Has the entry not been used for a window, so that none of its requests counts?
 * The slots alone do not show that, as there can be more requests than slots.
 */
static bool
is_idle(const ClfBudgetEntry *entry, TimestampTz now)
{
	return entry->head.used_at + entry->window * USECS_PER_SEC <= now &&
		entry->closed_until <= now;
}

/* Replacement priority of an entry; see ClfClaim */
static ClfClaim
budget_claim(const ClfEntryHead *head, TimestampTz now)
{
	const ClfBudgetEntry *entry = (const ClfBudgetEntry *) head;

	if (entry->closed_until > now ||
		clf_budget_remaining(entry, now) == 0 ||
		clf_budget_queue_length(entry, now) > 0 ||
		(entry->proven && !is_idle(entry, now)))
		return CLF_CLAIM_IN_USE;
	return entry->proven ? CLF_CLAIM_IDLE : CLF_CLAIM_UNPROVEN;
}

/*
 * Initialize an entry with documented defaults, and with a penalty that
 * applies to all budgets of the base_url
 */
static void
fill_entry(ClfShared *shared, ClfBudgetEntry *entry, const ClfBudget *budget)
{
	const GroupLimit *documented = group_limits;

	memset(entry, 0, sizeof(ClfBudgetEntry));
	entry->head.role = budget->principal.role;
	entry->key = budget->key;
	strlcpy(entry->base_url, budget->principal.base_url, CLF_MAX_TEXT);
	strlcpy(entry->client_id, budget->principal.client_id, CLF_MAX_TEXT);
	strlcpy(entry->owner, budget->principal.owner, CLF_MAX_TEXT);
	strlcpy(entry->group, budget->group, CLF_MAX_TEXT);
	while (documented->group && strcmp(documented->group, budget->group) != 0)
		documented++;
	entry->limit = documented->limit;
	entry->window = DEFAULT_WINDOW;
	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
	{
		const ClfBudgetEntry *other = &shared->budgets[i];

		if (!other->closed_for_all ||
			strcmp(other->base_url, entry->base_url) != 0)
			continue;
		entry->closed_for_all = true;
		entry->closed_at = other->closed_at;
		entry->closed_until = Max(entry->closed_until, other->closed_until);
	}
}

/* Find the entry in shared memory, or NULL */
static ClfBudgetEntry *
find_shared_entry(ClfShared *shared, const ClfKey *key)
{
	Assert(clf_shmem_is_locked());
	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
	{
		ClfBudgetEntry *entry = &shared->budgets[i];

		if (entry->head.used_at != 0 && clf_same_key(&entry->key, key))
			return entry;
	}
	return NULL;
}

/*
 * Find the list link of the backend-local entry; it is NULL if there is no
 * entry
 */
static LocalEntry **
find_local_entry(const ClfKey *key)
{
	LocalEntry **link = &local_entries;

	while (*link != NULL && !clf_same_key(&(*link)->entry.key, key))
		link = &(*link)->next;
	return link;
}

/*
 * Allocate an entry in shared memory, moving a backend-local one there; or
 * NULL
 */
static ClfBudgetEntry *
share_entry(ClfShared *shared, const ClfBudget *budget)
{
	LocalEntry **link = find_local_entry(&budget->key);
	LocalEntry *own = *link;
	ClfBudgetEntry *entry;

	entry = clf_shmem_choose(shared->budgets, sizeof(ClfBudgetEntry),
							 CLF_MAX_BUDGETS, budget->principal.role,
							 budget_claim);
	if (entry == NULL)
		return NULL;
	if (own == NULL)
		fill_entry(shared, entry, budget);
	else
	{
		*entry = own->entry;
		*link = own->next;
		pfree(own);
	}
	return entry;
}

/* Find or create the backend-local entry */
static ClfBudgetEntry *
get_local_entry(ClfShared *shared, const ClfBudget *budget)
{
	LocalEntry **link = find_local_entry(&budget->key);

	if (*link == NULL)
	{
		*link = MemoryContextAllocZero(TopMemoryContext, sizeof(LocalEntry));
		fill_entry(shared, &(*link)->entry, budget);
	}
	return &(*link)->entry;
}

/* Find or create the entry of a budget */
static ClfBudgetEntry *
get_budget_entry(ClfShared *shared, const ClfBudget *budget)
{
	ClfBudgetEntry *entry = find_shared_entry(shared, &budget->key);

	if (entry == NULL)
		entry = share_entry(shared, budget);
	if (entry == NULL)
		entry = get_local_entry(shared, budget);
	entry->head.used_at = GetCurrentTimestamp();
	return entry;
}

/*
 * clf_budget_local
 *		Return backend-local entry n, counted from 0; NULL after the last one.
 */
const ClfBudgetEntry *
clf_budget_local(int n)
{
	const LocalEntry *own = local_entries;

	while (own != NULL && n-- > 0)
		own = own->next;
	return own ? &own->entry : NULL;
}

/*
 * clf_budget_reset_counts
 *		Reset the statistics.
 */
void
clf_budget_reset_counts(void)
{
	ClfShared  *shared = clf_shmem_lock();

	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
		memset(&shared->budgets[i].counts, 0, sizeof(ClfBudgetCounts));
	for (LocalEntry *own = local_entries; own != NULL; own = own->next)
		memset(&own->entry.counts, 0, sizeof(ClfBudgetCounts));
	shared->stats_since = GetCurrentTimestamp();
	clf_shmem_unlock();
}

/*
 * Drop expired slots, penalties and waiters, and return the current time.  Slots
 * that expire later than possible date from before the window was known, or
 * before the clock was set back; clamp them.
 *
 * The time is read here, under the lock: one read before could be earlier than
 * what another backend has just written, which would look as if the clock had
 * been set back.
 */
static TimestampTz
refresh(ClfBudgetEntry *entry)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz latest = now + entry->window * USECS_PER_SEC + MAX_TRANSIT;
	int			kept = 0;

	for (int i = 0; i < entry->nslots; i++)
	{
		ClfSlot    *slot = &entry->slots[i];

		slot->frees_at = Min(slot->frees_at, latest);
		if (slot->frees_at > now)
			entry->slots[kept++] = *slot;
	}
	entry->nslots = kept;
	if (entry->closed_at > now)
		entry->closed_until = entry->closed_at = 0;
	entry->closed_for_all &= entry->closed_until > now;
	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		if (entry->waiters[i].seen_at < now - GONE_AFTER ||
			entry->waiters[i].seen_at > now)
			entry->waiters[i].ticket = 0;
	}
	return now;
}

/* Upper bound of the time when the slot of a request just sent expires */
static TimestampTz
latest_free(const ClfBudgetEntry *entry, TimestampTz now)
{
	int64		window = entry->window * USECS_PER_SEC;

	return now + window + Min(MAX_TRANSIT, window / 2);
}

/* Add a slot that is held until frees_at */
static void
add_slot(ClfBudgetEntry *entry, uint64 id, TimestampTz frees_at)
{
	if (entry->nslots == CLF_MAX_SLOTS)
		return;					/* slot_time does not enforce larger limits */
	entry->slots[entry->nslots].id = id;
	entry->slots[entry->nslots++].frees_at = frees_at;
}

static int
compare_slots(const void *a, const void *b)
{
	TimestampTz time_a = ((const ClfSlot *) a)->frees_at;
	TimestampTz time_b = ((const ClfSlot *) b)->frees_at;

	return time_a < time_b ? -1 : time_a > time_b;
}

/*
 * Is the request in progress whose response reports the limit?  No other one
 * is sent until then, or until FIRST_ANSWER_WAIT has passed.
 */
static bool
awaits_first_answer(const ClfBudgetEntry *entry, TimestampTz now)
{
	return !entry->answered && entry->first_sent_at != 0 &&
		entry->first_sent_at <= now &&
		now - entry->first_sent_at < FIRST_ANSWER_WAIT;
}

/*
 * Compute when a request may be sent, given the number of slots that are
 * reserved for others.  A limit beyond CLF_MAX_SLOTS is not enforced here but
 * by the API.
 */
static TimestampTz
slot_time(ClfBudgetEntry *entry, int before, TimestampTz now)
{
	int			lacking = before + 1 - (entry->limit - entry->nslots);
	int			windows = (lacking - 1 - entry->nslots) / entry->limit + 1;
	TimestampTz time;

	qsort(entry->slots, entry->nslots, sizeof(ClfSlot), compare_slots);
	if (entry->limit > CLF_MAX_SLOTS || lacking <= 0)
		time = now;
	else if (lacking <= entry->nslots)
		time = entry->slots[lacking - 1].frees_at;
	else						/* the reserved ones take all slots that
								 * expire */
		time = now + windows * entry->window * USECS_PER_SEC;
	if (entry->closed_until > now)
		time = Max(time, entry->closed_until + before * SPREAD);
	if (awaits_first_answer(entry, now))
		time = Max(time, now + FIRST_ANSWER_SLEEP);
	return time;
}

/* Count waiters that are served before this ticket */
static int
count_before(const ClfBudgetEntry *entry, uint64 ticket, bool yields)
{
	int			n = 0;

	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		const ClfWaiter *waiter = &entry->waiters[i];

		if (waiter->ticket != 0 && waiter->ticket < ticket &&
			(yields || !waiter->yields))
			n++;
	}
	return n;
}

/*
 * Number of slots that this session leaves to others; none after a full window
 */
static int
count_left(const ClfBudgetEntry *entry, const ClfTurn *turn, TimestampTz now)
{
	bool		waited_enough;

	waited_enough = turn->since != 0 &&
		now - turn->since >= entry->window * USECS_PER_SEC;
	return waited_enough ? 0 : Min(leave_requests, entry->limit - 1);
}

/*
 * Enter the queue with this ticket, or update seen_at of its entry.  If the
 * queue is full, the latest ticket is replaced; if that is this one, it waits
 * without an entry.
 */
static void
join_queue(ClfBudgetEntry *entry, uint64 ticket, bool yields, TimestampTz now)
{
	ClfWaiter  *place = NULL;

	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		ClfWaiter  *waiter = &entry->waiters[i];

		/* own entry, else a free one, else that of the latest ticket */
		if (place == NULL || waiter->ticket == ticket ||
			(place->ticket != 0 && (waiter->ticket == 0 ||
									waiter->ticket > place->ticket)))
			place = waiter;
		if (place->ticket == ticket)
			break;
	}
	if (place->ticket != 0 && place->ticket < ticket)
		return;
	place->ticket = ticket;
	place->seen_at = now;
	place->yields = yields;
}

/*
 * clf_budget_remaining
 *		Number of free slots, not considering waiters.
 */
int
clf_budget_remaining(const ClfBudgetEntry *entry, TimestampTz now)
{
	int			used = 0;

	if (entry->closed_until > now)
		return 0;
	for (int i = 0; i < entry->nslots; i++)
		used += entry->slots[i].frees_at > now;
	return Max(0, entry->limit - used);
}

/*
 * clf_budget_queue_length
 *		Number of backends in the queue.
 */
int
clf_budget_queue_length(const ClfBudgetEntry *entry, TimestampTz now)
{
	int			n = 0;

	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		if (entry->waiters[i].ticket != 0 &&
			entry->waiters[i].seen_at >= now - GONE_AFTER)
			n++;
	}
	return n;
}

/* ----------
 * Handles
 * ----------
 */

static void
set_group(ClfBudget *budget, const char *group)
{
	char	   *lower = asc_tolower(group, strlen(group));
	const char *texts[2];
	char		principal[2 * sizeof(ClfKey) + 1];

	hex_encode((const char *) &budget->principal.key, sizeof(ClfKey),
			   principal);
	principal[sizeof(principal) - 1] = '\0';
	texts[0] = principal;
	texts[1] = lower;
	strlcpy(budget->group, lower, CLF_MAX_TEXT);
	budget->key = clf_shmem_key(texts, 2);
}

/*
 * clf_budget_get
 *		Return the budget of a principal for a kind of request ("use"); it lives
 *		until the backend exits.  It starts with the given throttling group;
 *		the group is replaced when a response names another one.
 */
ClfBudget  *
clf_budget_get(const ClfPrincipal *principal, const char *use,
			   const char *group)
{
	ClfBudget  *budget;

	for (budget = budgets; budget != NULL; budget = budget->next)
	{
		if (clf_same_key(&budget->principal.key, &principal->key) &&
			strcmp(budget->use, use) == 0)
			return budget;
	}
	budget = MemoryContextAllocZero(TopMemoryContext, sizeof(ClfBudget));
	budget->principal = *principal;
	budget->use = MemoryContextStrdup(TopMemoryContext, use);
	set_group(budget, group);
	budget->next = budgets;
	budgets = budget;
	return budget;
}

/* ----------
 * Waiting
 * ----------
 */

/*
 * Take a slot and return 0 if one is available to this ticket, else return the
 * expected time.  In the latter case, join the queue if wanted.  Assigns a
 * ticket if it is 0.
 */
static TimestampTz
take_slot(ClfBudget *budget, ClfTurn *turn, bool stay, uint64 *slot)
{
	ClfShared  *shared = clf_shmem_lock();
	ClfBudgetEntry *entry = get_budget_entry(shared, budget);
	TimestampTz now = refresh(entry);
	TimestampTz at;
	int			left;

	if (turn->ticket == 0)
		turn->ticket = ++shared->last_id;
	left = count_left(entry, turn, now);
	at = slot_time(entry, count_before(entry, turn->ticket, left > 0) + left,
				   now);
	if (at <= now)
	{
		*slot = ++shared->last_id;
		add_slot(entry, *slot, latest_free(entry, now));
		entry->first_sent_at = now;
		entry->counts.requests++;
	}
	else if (stay)
		join_queue(entry, turn->ticket, left > 0, now);
	clf_shmem_unlock();
	return at <= now ? 0 : at;
}

/*
 * clf_budget_try
 *		Take a slot if one is available without waiting.
 */
bool
clf_budget_try(ClfBudget *budget, uint64 *slot)
{
	ClfTurn		turn = {0};

	return take_slot(budget, &turn, false, slot) == 0;
}

static bool
is_too_long(const ClfServer *server, int64 milliseconds)
{
	return server->max_rate_wait > 0 && milliseconds > server->max_rate_wait;
}

/*
 * Raise a NOTICE about a wait, or an error if it exceeds max_rate_wait; hint
 * may be NULL
 */
static void
report_wait(const ClfServer *server, int64 milliseconds,
			const char *purpose, const char *reason, const char *hint)
{
	if (is_too_long(server, milliseconds))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("wait of %lld seconds %s exceeds max_rate_wait",
						(long long) (milliseconds + 999) / 1000, purpose),
				 errdetail("%s", reason),
				 errhint("Try again later, or raise the server option "
						 "max_rate_wait.")));
	if (milliseconds > NOTICE_AFTER_MS)
		ereport(NOTICE,
				(errmsg("waiting %lld seconds %s",
						(long long) (milliseconds + 999) / 1000, purpose),
				 errdetail("%s", reason),
				 hint ? errhint("%s", hint) : 0));
}

/* Sleep on the latch for at most RECHECK_INTERVAL */
static void
sleep_for(int64 milliseconds)
{
	static uint32 wait_event = 0;

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) Min(milliseconds, RECHECK_INTERVAL),
					 clf_wait_event(&wait_event, "CallLogRateLimit"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * clf_budget_pause
 *		Wait, checking for interrupts. purpose and reason are for a NOTICE:
 *		"waiting 5 seconds <purpose>".
 */
void
clf_budget_pause(const ClfServer *server, int64 milliseconds,
				 const char *purpose, const char *reason)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													milliseconds);

	report_wait(server, milliseconds, purpose, reason, NULL);
	for (;;)
	{
		int64		rest = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   until);

		if (rest == 0)
			break;
		sleep_for(rest);
	}
}

static bool
is_for_logins(const ClfBudget *budget)
{
	return strcmp(budget->group, "auth") == 0;
}

/* Detail message for a wait */
static const char *
describe_wait(ClfBudget *budget)
{
	ClfBudgetEntry *entry = get_budget_entry(clf_shmem_lock(), budget);
	bool		closed = entry->closed_until > GetCurrentTimestamp();
	int			limit = entry->limit;
	int			window = entry->window;

	clf_shmem_unlock();
	if (closed && is_for_logins(budget))
		return "A login was refused because the limit was used up.";
	if (closed)
		return psprintf("A request was refused because the limit of the group "
						"\"%s\" was used up.", budget->group);
	if (is_for_logins(budget))
		return psprintf("The limit is %d logins in %d seconds.", limit, window);
	return psprintf("The limit is %d requests of the group \"%s\" in %d seconds.",
					limit, budget->group, window);
}

/* Report the wait of a request that has just joined the queue */
static void
report_queue_wait(ClfBudget *budget, const ClfServer *server, int64 milliseconds)
{
	const char *hint = NULL;

	if (!clf_shmem_by_cluster())
		hint = CLF_PRELOAD_HINT;
	report_wait(server, milliseconds,
				is_for_logins(budget) ? "for RingCentral's login limit" :
				"for RingCentral's request limit", describe_wait(budget),
				hint);
}

/*
 * clf_budget_seconds
 *		Minimum duration of that number of requests; negative if the limit is
 *		not known from a response yet.
 */
double
clf_budget_seconds(ClfBudget *budget, double requests)
{
	ClfBudgetEntry *entry = get_budget_entry(clf_shmem_lock(), budget);
	double		seconds = -1;

	(void) refresh(entry);
	if (entry->learned)
		seconds = ceil(Max(0, requests + entry->nslots - entry->limit) /
					   entry->limit) * entry->window;
	clf_shmem_unlock();
	return seconds;
}

/* Account for the wait of a request that has got its slot */
static void
note_wait(ClfBudget *budget, ClfTurn *turn)
{
	TimestampTz elapsed = GetCurrentTimestamp() - turn->since;
	ClfBudgetEntry *entry = get_budget_entry(clf_shmem_lock(), budget);

	entry->counts.waits++;
	entry->counts.wait_time += elapsed;
	clf_shmem_unlock();
	turn->waited = elapsed / (double) USECS_PER_SEC;
}

/*
 * clf_budget_leave
 *		Leave the queue, if joined.
 */
void
clf_budget_leave(ClfBudget *budget, ClfTurn *turn)
{
	ClfBudgetEntry *entry;

	if (turn->since == 0)
		return;
	entry = get_budget_entry(clf_shmem_lock(), budget);
	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		if (entry->waiters[i].ticket == turn->ticket)
			entry->waiters[i].ticket = 0;
	}
	clf_shmem_unlock();
	memset(turn, 0, sizeof(ClfTurn));
}

/*
 * clf_budget_poll
 *		Take a slot and return 0, with the time waited in *turn.  If none is
 *		available, join the queue and return the number of milliseconds after
 *		which to call again.  A waiter that does not call for GONE_AFTER loses
 *		its place.
 */
int64
clf_budget_poll(ClfBudget *budget, const ClfServer *server, ClfTurn *turn,
				uint64 *slot)
{
	TimestampTz at = take_slot(budget, turn, true, slot);
	TimestampTz now = GetCurrentTimestamp();
	int64		wait = TimestampDifferenceMilliseconds(now, at);
	ClfTurn		taken = {0};

	if (at != 0 && turn->since == 0)
	{
		turn->since = now;
		if (is_too_long(server, wait))
			clf_budget_leave(budget, turn);
		report_queue_wait(budget, server, wait);
	}
	if (at != 0)
		return Max(1, Min(wait, RECHECK_INTERVAL));
	if (turn->since != 0)
		note_wait(budget, turn);
	taken.waited = turn->waited;
	clf_budget_leave(budget, turn);
	*turn = taken;
	return 0;
}

/*
 * clf_budget_take
 *		Take a slot, waiting for it if necessary.  Checks for interrupts.
 */
void
clf_budget_take(ClfBudget *budget, const ClfServer *server, ClfTurn *turn,
				uint64 *slot)
{
	PG_TRY();
	{
		int64		wait;

		while ((wait = clf_budget_poll(budget, server, turn, slot)) > 0)
			sleep_for(wait);
	}
	PG_CATCH();
	{
		clf_budget_leave(budget, turn);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* ----------
 * Updates from responses
 * ----------
 */

/* Error code in the body of a 429 */
static char *
refusal_code(const ClfHttpResponse *response)
{
	ClfJson    *error = clf_json_parse(CurrentMemoryContext, response->body,
									   response->length);
	char	   *code = clf_json_get_text(error, "errors.0.errorCode");

	return code ? code : clf_json_get_text(error, "errorCode");
}

static void
close_entry(ClfBudgetEntry *entry, int64 milliseconds, TimestampTz now)
{
	entry->closed_at = now;
	entry->closed_until = Max(entry->closed_until,
							  now + milliseconds * INT64CONST(1000));
}

/*
 * Exponential backoff with jitter, in milliseconds added to a penalty.  Other
 * clients may use the same budget; if all retried at the end of the penalty,
 * each would restart that of the others.  The backoff starts with the second
 * consecutive refusal, or with the first if the entry is not shared.
 */
static int64
backoff_delay(const ClfBudgetEntry *entry, int64 penalty)
{
	bool		is_shared = clf_shmem_by_cluster() &&
	*find_local_entry(&entry->key) == NULL;
	int			doublings = entry->refused_in_row - is_shared;

	return penalty * ((1 << Min(doublings, MAX_DOUBLINGS)) - 1) *
		pg_prng_double(&pg_global_prng_state);
}

/* Close all budgets of a base_url */
static void
close_all(ClfShared *shared, const char *base_url, int64 milliseconds,
		  TimestampTz now)
{
	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
	{
		ClfBudgetEntry *entry = &shared->budgets[i];

		if (entry->head.used_at == 0 || strcmp(entry->base_url, base_url) != 0)
			continue;
		close_entry(entry, milliseconds, now);
		entry->closed_for_all = true;
	}
	for (LocalEntry *own = local_entries; own != NULL; own = own->next)
	{
		if (strcmp(own->entry.base_url, base_url) == 0)
			close_entry(&own->entry, milliseconds, now);
	}
}

/*
 * Process a 429.  Without rate limit headers it is not the limit of the group
 * but another one, such as that of the IP address, and all budgets of the
 * base_url are closed.  This requires that the principal has been accepted
 * before: invalid credentials must not block other principals.
 */
static void
close_after_refusal(ClfShared *shared, ClfBudgetEntry *entry,
					const ClfHttpResponse *response, const char *code,
					TimestampTz now)
{
	int64		penalty = (response->retry_after >= 0 ? response->retry_after :
						   DEFAULT_PENALTY) * INT64CONST(1000);

	entry->counts.refused++;
	entry->refused_in_row++;
	penalty = Min(penalty + backoff_delay(entry, penalty),
				  MAX_PENALTY * INT64CONST(1000));
	if (code && strcmp(code, DUPLICATE_REQUEST) == 0)
		penalty = DUPLICATE_PAUSE;
	else if (response->rate_limit < 0 && entry->proven)
		close_all(shared, entry->base_url, penalty, now);
	close_entry(entry, penalty, now);
}

/*
 * Set limit and window from the response, and add slots for requests of other
 * clients.  They expire at most one window from now.
 */
static void
learn_limit(ClfBudgetEntry *entry, const ClfHttpResponse *response,
			TimestampTz now)
{
	int			unknown;

	if (response->rate_limit <= 0)
		return;
	entry->limit = response->rate_limit;
	entry->learned = true;
	if (response->rate_window > 0)
		entry->window = Min(response->rate_window, MAX_WINDOW);
	if (response->rate_remaining < 0 || response->status == 429)
		return;
	unknown = entry->limit - entry->nslots -
		Min(response->rate_remaining, entry->limit);
	for (int i = 0; i < Min(unknown, CLF_MAX_SLOTS); i++)
		add_slot(entry, 0, now + entry->window * USECS_PER_SEC);
	if (response->rate_remaining == 0 && entry->limit > CLF_MAX_SLOTS)
		close_entry(entry, entry->window * INT64CONST(1000), now);
}

/*
 * Set the time when a request's slot expires.  If the slot has been dropped
 * before the response arrived, add it again.
 */
static void
settle_slot(ClfBudgetEntry *entry, uint64 id, TimestampTz frees_at)
{
	for (int i = 0; i < entry->nslots; i++)
	{
		if (entry->slots[i].id == id)
		{
			entry->slots[i].frees_at = frees_at;
			return;
		}
	}
	if (frees_at != DT_NOBEGIN)
		add_slot(entry, id, frees_at);
}

/*
 * clf_budget_return
 *		Release the slot of a request that did not reach the API.
 */
void
clf_budget_return(ClfBudget *budget, uint64 slot)
{
	ClfBudgetEntry *entry = get_budget_entry(clf_shmem_lock(), budget);

	settle_slot(entry, slot, DT_NOBEGIN);
	entry->first_sent_at = 0;
	entry->counts.requests--;
	clf_shmem_unlock();
}

/* Move a slot to the group that the API counted the request in */
static void
move_slot(ClfBudget *budget, uint64 slot, const char *group)
{
	ClfBudgetEntry *entry;

	clf_budget_return(budget, slot);
	set_group(budget, group);
	entry = get_budget_entry(clf_shmem_lock(), budget);
	add_slot(entry, slot, 0);
	entry->counts.requests++;
	clf_shmem_unlock();
}

/*
 * Does the response name another group?  Malformed names are ignored, as the
 * name is shown in a view and creates an entry.
 */
static bool
names_other_group(const ClfBudget *budget, const ClfHttpResponse *response)
{
	size_t		length = strlen(response->rate_group);

	return length > 0 && length <= MAX_GROUP_LENGTH &&
		strspn(response->rate_group, CLF_LETTERS) == length &&
		pg_strcasecmp(response->rate_group, budget->group) != 0;
}

/* Update the entry from a response; code is the API's error code of a 429 */
static void
note_response(ClfShared *shared, ClfBudgetEntry *entry, uint64 slot,
			  const ClfHttpResponse *response, const char *code, TimestampTz now)
{
	ClfBudgetCounts *counts = &entry->counts;

	/*
	 * first, so that learn_limit sees the slot; again, as the window may have
	 * changed
	 */
	settle_slot(entry, slot, response->answered + entry->window * USECS_PER_SEC);
	learn_limit(entry, response, now);
	settle_slot(entry, slot, response->answered + entry->window * USECS_PER_SEC);
	entry->answered = true;
	entry->proven |= response->status >= 200 && response->status < 300;
	counts->bytes += Max(response->wire_bytes, 0);
	counts->failed += response->status >= 400 && response->status != 429 &&
		!(response->status == 404 && response->may_be_missing);
	if (response->status == 429)
		close_after_refusal(shared, entry, response, code, now);
	else
		entry->refused_in_row = 0;
}

/*
 * clf_budget_note
 *		Update the budget from the response to the request that took the slot.
 *		NULL: the request failed or was abandoned.
 */
void
clf_budget_note(ClfBudget *budget, uint64 slot, const ClfHttpResponse *response)
{
	char	   *code = NULL;
	ClfShared  *shared;
	ClfBudgetEntry *entry;
	TimestampTz now;

	if (response && response->status == 429)
		code = refusal_code(response);
	if (response && names_other_group(budget, response))
		move_slot(budget, slot, response->rate_group);

	shared = clf_shmem_lock();
	entry = get_budget_entry(shared, budget);
	now = refresh(entry);
	if (response)
		note_response(shared, entry, slot, response, code, now);
	else
	{
		settle_slot(entry, slot, latest_free(entry, now));
		entry->first_sent_at = 0;
	}
	clf_shmem_unlock();
}
