/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  How many requests the API still allows, and waiting for more.
 *
 * The API allows so many requests in any window of so many seconds, and says
 * with each answer how many and how long.  So every request counts until a
 * window after it was answered, which is not before it was counted there; when
 * as many as are allowed count, the next one waits for the oldest to count no
 * more.  Whatever the answers say was sent by others counts as well.
 *
 * After a 429 nothing of that budget leaves before the penalty is over: a
 * request during the penalty would restart it.
 * https://developers.ringcentral.com/guide/basics/rate-limits
 *
 * Who has to wait stands in line, so that a scan of many pages, which goes to
 * the end of the line for each of them, does not keep others waiting.  A session
 * that does its work in the background leaves a part of each window to others,
 * as long as it need not wait for more than a window for that.
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
#include "utils/wait_event.h"

/* What is documented for a group, until an answer tells */
typedef struct GroupLimit
{
	const char *group;			/* NULL: any other */
	int			limit;
} GroupLimit;

static const GroupLimit group_limits[] = {
	{"light", 50}, {"medium", 40}, {"heavy", 10}, {"auth", 5}, {NULL, 10}
};

/* Window that is documented, and the longest that is believed, in seconds */
#define DEFAULT_WINDOW 60
#define LONGEST_WINDOW 3600

/* Penalty when a 429 does not say how long it is, and the longest, in seconds */
#define DEFAULT_PENALTY 30
#define LONGEST_PENALTY 3600

/* The name of a group is a word of letters; longer ones are none */
#define LONGEST_GROUP 32

/*
 * Not a limit: the API was asked the same thing by two at once.  It is enough to
 * let the other one finish; milliseconds.
 */
#define DUPLICATE_REQUEST "CMN-304"
#define DUPLICATE_PAUSE 1000

/* A request that was not answered yet is taken to be counted by then */
#define LONGEST_TRAVEL (5 * USECS_PER_SEC)

/* Who is refused again and again stays away up to so much longer, see there */
#define MAX_DOUBLINGS 5

/* Those who waited for the end of a penalty leave one after the other */
#define SPREAD (50 * INT64CONST(1000))

/* Waiters look around so often; who did not for a while is gone */
#define LONGEST_SLEEP 250
#define GONE_AFTER (5 * USECS_PER_SEC)

/* Shorter waits are not worth a message, in milliseconds */
#define QUIET_WAIT 1000

/* This backend's way to an entry of the shared table */
struct ClfBudget
{
	ClfAccount	account;
	const char *use;			/* whose group is the same */
	char		group[CLF_MAX_TEXT];
	ClfKey		key;
	ClfBudget  *next;
};

static ClfBudget *budgets = NULL;

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
							"Requests of each of RingCentral's windows that the "
							"session leaves to others.",
							"A request that has waited for a whole window is sent "
							"nevertheless.",
							&leave_requests, 0, 0, CLF_MAX_SLOTS, PGC_USERSET, 0,
							NULL, NULL, NULL);
}

/* ----------
 * Entries; all of this with the lock
 * ----------
 */

static bool
is_idle(const ClfBudgetEntry *entry, TimestampTz now)
{
	for (int i = 0; i < entry->nslots; i++)
	{
		if (entry->slots[i].frees_at > now)
			return false;
	}
	return entry->closed_until <= now;
}

/* A free entry, else one that matters least */
static ClfBudgetEntry *
choose_entry(ClfShared *shared, TimestampTz now)
{
	ClfBudgetEntry *best = NULL;
	bool		best_idle = false;

	for (int i = 0; i < CLF_MAX_BUDGETS; i++)
	{
		ClfBudgetEntry *entry = &shared->budgets[i];
		bool		idle = is_idle(entry, now);

		if (best == NULL || (idle && !best_idle) ||
			(idle == best_idle && entry->used_at < best->used_at))
		{
			best = entry;
			best_idle = idle;
		}
	}
	return best;
}

/* A new budget, with what is documented of it and what holds for all */
static void
fill_entry(ClfShared *shared, ClfBudgetEntry *entry, const ClfBudget *budget)
{
	const GroupLimit *documented = group_limits;

	memset(entry, 0, sizeof(ClfBudgetEntry));
	entry->key = budget->key;
	strlcpy(entry->base_url, budget->account.base_url, CLF_MAX_TEXT);
	strlcpy(entry->client_id, budget->account.client_id, CLF_MAX_TEXT);
	strlcpy(entry->owner, budget->account.owner, CLF_MAX_TEXT);
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

static ClfBudgetEntry *
find_entry(ClfShared *shared, const ClfBudget *budget)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfBudgetEntry *entry = NULL;

	for (int i = 0; i < CLF_MAX_BUDGETS && entry == NULL; i++)
	{
		if (shared->budgets[i].used_at != 0 &&
			clf_same_key(&shared->budgets[i].key, &budget->key))
			entry = &shared->budgets[i];
	}
	if (entry == NULL)
	{
		entry = choose_entry(shared, now);
		fill_entry(shared, entry, budget);
	}
	entry->used_at = now;
	return entry;
}

/*
 * Drop what counts no more.  What claims to count for longer than it can is
 * from before the window was known, or before the clock was set back.
 */
static void
refresh(ClfBudgetEntry *entry, TimestampTz now)
{
	TimestampTz latest = now + entry->window * USECS_PER_SEC + LONGEST_TRAVEL;
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
}

/* Take note of a request that counts until then */
static void
add_slot(ClfBudgetEntry *entry, uint64 id, TimestampTz frees_at)
{
	if (entry->nslots == CLF_MAX_SLOTS)
		return;					/* then nobody looks at them, see slot_time */
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
 * When the one may send who has so many before, in line or in what is left to
 * others.  A limit beyond the table's size is left to the API's answers.
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
	else						/* those before take all that become free */
		time = now + windows * entry->window * USECS_PER_SEC;
	if (entry->closed_until > now)
		time = Max(time, entry->closed_until + before * SPREAD);
	return time;
}

/* How many with a smaller ticket are in line, and do not yield */
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

/* How many of the limit's requests the one with this turn leaves to others */
static int
count_left(const ClfBudgetEntry *entry, const ClfTurn *turn, TimestampTz now)
{
	bool		waited_enough;

	waited_enough = turn->since != 0 &&
		now - turn->since >= entry->window * USECS_PER_SEC;
	return waited_enough ? 0 : Min(leave_requests, entry->limit - 1);
}

/* Stand in line with this ticket, or say that one still does */
static void
stand_in_line(ClfBudgetEntry *entry, uint64 ticket, bool yields,
			  TimestampTz now)
{
	ClfWaiter  *place = NULL;

	for (int i = 0; i < CLF_MAX_WAITERS; i++)
	{
		ClfWaiter  *waiter = &entry->waiters[i];

		if (waiter->ticket == ticket || (waiter->ticket == 0 && place == NULL))
			place = waiter;
		if (waiter->ticket == ticket)
			break;
	}
	if (place == NULL)
		return;					/* the line is full: wait outside */
	place->ticket = ticket;
	place->seen_at = now;
	place->yields = yields;
}

/*
 * clf_budget_line_length
 *		How many backends wait.
 */
int
clf_budget_line_length(const ClfBudgetEntry *entry, TimestampTz now)
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
 * Waiting
 * ----------
 */

static void
set_group(ClfBudget *budget, const char *group)
{
	char	   *lower = asc_tolower(group, strlen(group));
	const char *texts[2];
	char		account[2 * sizeof(ClfKey) + 1];

	hex_encode((const char *) &budget->account.key, sizeof(ClfKey), account);
	account[sizeof(account) - 1] = '\0';
	texts[0] = account;
	texts[1] = lower;
	strlcpy(budget->group, lower, CLF_MAX_TEXT);
	budget->key = clf_shmem_key(texts, 2);
}

/*
 * clf_budget_get
 *		The budget for some use by that account; lives as long as the backend.
 *		It is that of the throttling group, until an answer names another one.
 */
ClfBudget  *
clf_budget_get(const ClfAccount *account, const char *use, const char *group)
{
	ClfBudget  *budget;

	for (budget = budgets; budget != NULL; budget = budget->next)
	{
		if (clf_same_key(&budget->account.key, &account->key) &&
			strcmp(budget->use, use) == 0)
			return budget;
	}
	budget = MemoryContextAllocZero(TopMemoryContext, sizeof(ClfBudget));
	budget->account = *account;
	budget->use = MemoryContextStrdup(TopMemoryContext, use);
	set_group(budget, group);
	budget->next = budgets;
	budgets = budget;
	return budget;
}

/*
 * Take a slot if it is this one's turn, and 0 is returned; else stand in line,
 * and the time when it will be is returned.  A ticket of 0 stands nowhere.
 */
static TimestampTz
take_slot(ClfBudget *budget, ClfTurn *turn, bool stay, uint64 *slot)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfShared  *shared = clf_shmem_lock();
	ClfBudgetEntry *entry = find_entry(shared, budget);
	TimestampTz at;
	int			left;

	refresh(entry, now);
	if (turn->ticket == 0)
		turn->ticket = ++shared->last_id;
	left = count_left(entry, turn, now);
	at = slot_time(entry, count_before(entry, turn->ticket, left > 0) + left,
				   now);
	if (at <= now)
	{
		*slot = ++shared->last_id;
		add_slot(entry, *slot,
				 now + entry->window * USECS_PER_SEC +
				 Min(LONGEST_TRAVEL, entry->window * USECS_PER_SEC / 2));
		entry->counts.requests++;
	}
	else if (stay)
		stand_in_line(entry, turn->ticket, left > 0, now);
	clf_shmem_unlock();
	return at <= now ? 0 : at;
}

/*
 * clf_budget_try
 *		Take a slot if that is possible at once.
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

/* Say what is waited for, or that it takes too long */
static void
announce_wait(const ClfServer *server, int64 milliseconds,
			  const char *purpose, const char *reason)
{
	if (is_too_long(server, milliseconds))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("would have to wait %lld seconds %s, longer than "
						"max_rate_wait", (long long) (milliseconds + 999) / 1000,
						purpose),
				 errdetail("%s", reason),
				 errhint("Try again later, or raise the server option "
						 "max_rate_wait.")));
	if (milliseconds > QUIET_WAIT)
		ereport(NOTICE,
				(errmsg("waiting %lld seconds %s",
						(long long) (milliseconds + 999) / 1000, purpose),
				 errdetail("%s", reason)));
}

/* One sleep, which the latch may end early */
static void
sleep_for(int64 milliseconds)
{
	static uint32 wait_event = 0;

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) Min(milliseconds, LONGEST_SLEEP),
					 clf_wait_event(&wait_event, "CallLogRateLimit"));
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * clf_budget_pause
 *		Wait that long, open to interrupts.  purpose and reason are for a
 *		NOTICE: "waiting 5 seconds <purpose>".
 */
void
clf_budget_pause(const ClfServer *server, int64 milliseconds,
				 const char *purpose, const char *reason)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													milliseconds);

	announce_wait(server, milliseconds, purpose, reason);
	for (;;)
	{
		int64		rest = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
														   until);

		if (rest == 0)
			break;
		sleep_for(rest);
	}
}

/* Why a request has to wait */
static const char *
describe_wait(ClfBudget *budget)
{
	ClfBudgetEntry *entry = find_entry(clf_shmem_lock(), budget);
	bool		closed = entry->closed_until > GetCurrentTimestamp();
	int			limit = entry->limit;
	int			window = entry->window;

	clf_shmem_unlock();
	if (closed)
		return "A request was refused because the limit was used up.";
	return psprintf("The limit is %d requests in %d seconds.", limit, window);
}

/*
 * clf_budget_seconds
 *		How long so many requests will take at the least, if the limit is known
 *		from an answer; negative: it is not.
 */
double
clf_budget_seconds(ClfBudget *budget, double requests)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfBudgetEntry *entry = find_entry(clf_shmem_lock(), budget);
	double		seconds = -1;

	refresh(entry, now);
	if (entry->learned)
		seconds = ceil(Max(0, requests + entry->nslots - entry->limit) /
					   entry->limit) * entry->window;
	clf_shmem_unlock();
	return seconds;
}

/* The wait is over */
static void
note_wait(ClfBudget *budget, ClfTurn *turn)
{
	TimestampTz elapsed = GetCurrentTimestamp() - turn->since;
	ClfBudgetEntry *entry = find_entry(clf_shmem_lock(), budget);

	entry->counts.waits++;
	entry->counts.wait_time += elapsed;
	clf_shmem_unlock();
	turn->waited = elapsed / (double) USECS_PER_SEC;
}

/*
 * clf_budget_leave
 *		Give up one's place in line, if there is one.
 */
void
clf_budget_leave(ClfBudget *budget, ClfTurn *turn)
{
	ClfBudgetEntry *entry;

	if (turn->since == 0)
		return;
	entry = find_entry(clf_shmem_lock(), budget);
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
 *		Take a slot if it is one's turn: then 0, and how long it took is in the
 *		turn.  Else stand in line and come back after so many milliseconds.  Who
 *		does not come back for seconds loses the place.
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
		const char *reason = describe_wait(budget);

		turn->since = now;
		if (is_too_long(server, wait))
			clf_budget_leave(budget, turn);
		announce_wait(server, wait, "for RingCentral's request limit", reason);
	}
	if (at != 0)
		return Max(1, Min(wait, LONGEST_SLEEP));
	if (turn->since != 0)
		note_wait(budget, turn);
	taken.waited = turn->waited;
	clf_budget_leave(budget, turn);
	*turn = taken;
	return 0;
}

/*
 * clf_budget_take
 *		Take a slot, after a wait if need be, open to interrupts.
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
 * Learning from answers
 * ----------
 */

/* The API's code for a 429 */
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
 * Milliseconds on top of a penalty.  Others may send as well, whom nobody here
 * knows: if all came back when their penalties end, each would restart that of
 * the others for ever.  So whoever is refused again stays away longer and
 * longer, each at random; a backend on its own does so at once.
 */
static int64
stay_away(const ClfBudgetEntry *entry, int64 penalty)
{
	int			doublings = entry->refused_in_row - clf_shmem_by_cluster();

	return penalty * ((1 << Min(doublings, MAX_DOUBLINGS)) - 1) *
		pg_prng_double(&pg_global_prng_state);
}

/*
 * A 429.  Without the headers of a limit it is another one, such as that of the
 * IP address, and all budgets there are closed.
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
	penalty = Min(penalty + stay_away(entry, penalty),
				  LONGEST_PENALTY * INT64CONST(1000));
	if (code && strcmp(code, DUPLICATE_REQUEST) == 0)
		penalty = DUPLICATE_PAUSE;
	else if (response->rate_limit < 0)
	{
		for (int i = 0; i < CLF_MAX_BUDGETS; i++)
		{
			if (shared->budgets[i].used_at != 0 &&
				strcmp(shared->budgets[i].base_url, entry->base_url) == 0)
			{
				close_entry(&shared->budgets[i], penalty, now);
				shared->budgets[i].closed_for_all = true;
			}
		}
	}
	close_entry(entry, penalty, now);
}

/* What was sent by others counts from now on: it did so a while ago */
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
		entry->window = Min(response->rate_window, LONGEST_WINDOW);
	if (response->rate_remaining < 0 || response->status == 429)
		return;
	unknown = entry->limit - entry->nslots -
		Min(response->rate_remaining, entry->limit);
	for (int i = 0; i < Min(unknown, CLF_MAX_SLOTS); i++)
		add_slot(entry, 0, now + entry->window * USECS_PER_SEC);
	if (response->rate_remaining == 0 && entry->limit > CLF_MAX_SLOTS)
		close_entry(entry, entry->window * INT64CONST(1000), now);
}

/* The slot counts until then */
static void
settle_slot(ClfBudgetEntry *entry, uint64 id, TimestampTz frees_at)
{
	for (int i = 0; i < entry->nslots; i++)
	{
		if (entry->slots[i].id == id)
			entry->slots[i].frees_at = frees_at;
	}
}

/*
 * clf_budget_return
 *		The request that took the slot never reached the API.
 */
void
clf_budget_return(ClfBudget *budget, uint64 slot)
{
	ClfBudgetEntry *entry = find_entry(clf_shmem_lock(), budget);

	settle_slot(entry, slot, DT_NOBEGIN);
	entry->counts.requests--;
	clf_shmem_unlock();
}

/* The request was counted in another group than it was thought to be */
static void
move_slot(ClfBudget *budget, uint64 slot, const char *group)
{
	ClfBudgetEntry *entry;

	clf_budget_return(budget, slot);
	set_group(budget, group);
	entry = find_entry(clf_shmem_lock(), budget);
	add_slot(entry, slot, 0);
	entry->counts.requests++;
	clf_shmem_unlock();
}

/*
 * Does the answer say that the request counts in another group?  Whatever is no
 * name is not shown in a view, nor are budgets made of it.
 */
static bool
names_other_group(const ClfBudget *budget, const ClfHttpResponse *response)
{
	size_t		length = strlen(response->rate_group);

	return length > 0 && length <= LONGEST_GROUP &&
		strspn(response->rate_group, CLF_LETTERS) == length &&
		pg_strcasecmp(response->rate_group, budget->group) != 0;
}

/*
 * clf_budget_note
 *		Learn from the answer to the request that took the slot; NULL: there
 *		was none, or it is not waited for.
 */
void
clf_budget_note(ClfBudget *budget, uint64 slot, const ClfHttpResponse *response)
{
	TimestampTz now = GetCurrentTimestamp();
	char	   *code = NULL;
	ClfShared  *shared;
	ClfBudgetEntry *entry;

	if (response && response->status == 429)
		code = refusal_code(response);
	if (response && names_other_group(budget, response))
		move_slot(budget, slot, response->rate_group);

	shared = clf_shmem_lock();
	entry = find_entry(shared, budget);
	refresh(entry, now);
	if (response)
	{
		learn_limit(entry, response, now);
		entry->counts.bytes += Max(response->wire_bytes, 0);
		entry->counts.failed += response->status >= 400 && response->status != 429;
	}
	settle_slot(entry, slot, (response ? response->answered : now) +
				entry->window * USECS_PER_SEC);
	if (response && response->status != 429)
		entry->refused_in_row = 0;
	else if (response)
		close_after_refusal(shared, entry, response, code, now);
	clf_shmem_unlock();
}
