/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  What the API's clock shows.
 *
 * It tells in the header Date of each answer.  What one backend learned serves
 * all that share the memory: a session whose token is there already need not
 * ask for the time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/clock.h"
#include "shared/shmem.h"
#include "utils/timestamp.h"

/*
 * Maximum age of what was learned.  The local clock, by which the age is told,
 * may be set meanwhile: by more than that does not pass unnoticed.
 */
#define MAX_OFFSET_AGE USECS_PER_DAY

/* The entry of this URL, or NULL; with the lock */
static ClfClockEntry *
find_clock(ClfShared *shared, const ClfKey *key)
{
	for (int i = 0; i < CLF_MAX_CLOCKS; i++)
	{
		ClfClockEntry *entry = &shared->clocks[i];

		if (entry->head.used_at != 0 && clf_same_key(&entry->key, key))
			return entry;
	}
	return NULL;
}

/* The same, made if need be */
static ClfClockEntry *
get_clock(ClfShared *shared, const ClfKey *key)
{
	ClfClockEntry *entry = find_clock(shared, key);

	if (entry)
		return entry;
	entry = clf_shmem_choose(shared->clocks, sizeof(ClfClockEntry),
							 CLF_MAX_CLOCKS, GetUserId(), NULL);
	entry->head.role = GetUserId();
	entry->key = *key;
	return entry;
}

/*
 * clf_clock_note
 *		An answer said this date, to the second, to a request that was started
 *		then by the local clock; 0 when it said none, which counts only where
 *		nothing is known.  The API's clock showed the date some time between the
 *		start of the request and now, which may be long for a request that was
 *		sent ahead; the start is the safe end, since a window that reaches into
 *		the future loses nothing.
 */
void
clf_clock_note(const char *base_url, TimestampTz date, TimestampTz started)
{
	ClfKey		key = clf_shmem_key(&base_url, 1);
	ClfClockEntry *entry;

	if (date == 0 && clf_clock_known(base_url))
		return;
	entry = get_clock(clf_shmem_lock(), &key);
	entry->head.used_at = GetCurrentTimestamp();
	/* the date's seconds are cut off */
	entry->ahead = (date != 0 ? date - started : 0) + USECS_PER_SEC;
	clf_shmem_unlock();
}

/* What was learned, in microseconds before the local clock, if it was */
static bool
get_clock_offset(const char *base_url, int64 *ahead)
{
	ClfKey		key = clf_shmem_key(&base_url, 1);
	ClfClockEntry *entry = find_clock(clf_shmem_lock(), &key);
	int64		age = entry ? GetCurrentTimestamp() - entry->head.used_at : 0;
	bool		known;

	known = entry && age >= -MAX_OFFSET_AGE && age <= MAX_OFFSET_AGE;
	*ahead = known ? entry->ahead : USECS_PER_SEC;
	clf_shmem_unlock();
	return known;
}

/*
 * clf_clock_known
 *		Has an answer told what the API's clock shows?
 */
bool
clf_clock_known(const char *base_url)
{
	int64		ahead;

	return get_clock_offset(base_url, &ahead);
}

/*
 * clf_clock_now
 *		Now by the API's clock, rather a little late than early.  While it is
 *		not known, by the local clock.
 */
TimestampTz
clf_clock_now(const char *base_url)
{
	int64		ahead;

	(void) get_clock_offset(base_url, &ahead);
	return GetCurrentTimestamp() + ahead;
}
