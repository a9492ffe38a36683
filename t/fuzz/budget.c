/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  Fuzz target: rate limit headers of responses.
 *
 * Each line of the input is a response: status, limit, remaining requests,
 * window, Retry-After, all as numbers, the group, and its time in milliseconds.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "src/net/budget.c"

/* ----------
 * Answers
 * ----------
 */

/* No response blocks requests forever, or allows more than its limit */
static void
check_entry(ClfBudgetEntry *entry)
{
	int64		window = entry->window * USECS_PER_SEC;

	INVARIANT(entry->limit > 0);
	INVARIANT(entry->window > 0 && entry->window <= MAX_WINDOW);
	INVARIANT(entry->nslots >= 0 && entry->nslots <= CLF_MAX_SLOTS);
	INVARIANT(entry->closed_until <=
			  fuzz_now + MAX_PENALTY * USECS_PER_SEC);
	for (int i = 0; i < 3; i++)
		INVARIANT(slot_time(entry, i, fuzz_now) <=
				  fuzz_now + 4 * window + MAX_PENALTY * USECS_PER_SEC +
				  MAX_TRANSIT + i * SPREAD);
}

static int
clip(long long number, int low)
{
	return (int) Max(low, Min(number, PG_INT32_MAX));
}

/* A line as a response of http.c */
static void
read_answer(const char *line, ClfHttpResponse *response)
{
	long long	n[6] = {200, -1, -1, -1, -1, 0};
	char		group[201] = "";
	static char empty[] = "{}";

	(void) sscanf(line, "%lld %lld %lld %lld %lld %200s %lld", &n[0], &n[1],
				  &n[2], &n[3], &n[4], group, &n[5]);
	memset(response, 0, sizeof(ClfHttpResponse));
	fuzz_now += Max(0, Min(n[5], 10000)) * 1000;
	response->status = clip(n[0], 0) % 1000;
	response->rate_limit = clip(n[1], -1);
	response->rate_remaining = clip(n[2], -1);
	response->rate_window = clip(n[3], -1);
	response->retry_after = clip(n[4], -1);
	response->rate_group = pstrdup(strcmp(group, "-") == 0 ? "" : group);
	response->body = empty;
	response->length = strlen(empty);
	response->answered = fuzz_now;
}

void
fuzz_input(const char *data, size_t size)
{
	static const ClfPrincipal principal = {.base_url = "http://api.example"};
	const char *end = data + size;

	memset(&fuzz_shared, 0, sizeof(fuzz_shared));
	while (data < end)
	{
		ClfBudget  *budget = clf_budget_get(&principal, "list", "heavy");
		ClfHttpResponse response;
		uint64		slot;
		bool		taken = clf_budget_try(budget, &slot);

		read_answer(fuzz_line(&data, end), &response);
		if (!taken)
			continue;
		clf_budget_note(budget, slot, &response);
		check_entry(get_budget_entry(&fuzz_shared, budget));
	}
}
