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

#include "shared/clock.h"
#include "shared/shmem.h"
#include "utils/timestamp.h"

/*
 * So long what was learned is believed.  The local clock, by which it is told,
 * may be set meanwhile: by more than that does not pass unnoticed.
 */
#define BELIEVED USECS_PER_DAY

/* The entry of this URL, or the one noted longest ago; with the lock */
static ClfClockEntry *
choose_entry(ClfShared *shared, const ClfKey *key)
{
	ClfClockEntry *oldest = &shared->clocks[0];

	for (int i = 0; i < CLF_MAX_CLOCKS; i++)
	{
		ClfClockEntry *entry = &shared->clocks[i];

		if (entry->noted_at != 0 && clf_same_key(&entry->key, key))
			return entry;
		if (entry->noted_at < oldest->noted_at)
			oldest = entry;
	}
	return oldest;
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
	entry = choose_entry(clf_shmem_lock(), &key);
	entry->key = key;
	entry->noted_at = GetCurrentTimestamp();
	/* the date's seconds are cut off */
	entry->ahead = (date != 0 ? date - started : 0) + USECS_PER_SEC;
	clf_shmem_unlock();
}

/* What was learned, in microseconds before the local clock, if it was */
static bool
get_ahead(const char *base_url, int64 *ahead)
{
	ClfKey		key = clf_shmem_key(&base_url, 1);
	ClfClockEntry *entry = choose_entry(clf_shmem_lock(), &key);
	int64		age = GetCurrentTimestamp() - entry->noted_at;
	bool		known;

	known = entry->noted_at != 0 && clf_same_key(&entry->key, &key) &&
		age >= -BELIEVED && age <= BELIEVED;
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

	return get_ahead(base_url, &ahead);
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

	(void) get_ahead(base_url, &ahead);
	return GetCurrentTimestamp() + ahead;
}
