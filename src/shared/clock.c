/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  Offset of the API's clock.
 *
 * It is computed from the header Date of each response, and shared by all
 * backends: a session that finds a token in shared memory need not request the
 * time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/clock.h"
#include "shared/shmem.h"
#include "utils/timestamp.h"

/*
 * Maximum age of an offset.  The local clock may be set meanwhile; if by more
 * than this, the offset is discarded.
 */
#define MAX_OFFSET_AGE USECS_PER_DAY

/* Find the entry of a URL, or NULL; the caller holds the lock */
static ClfClockEntry *
find_clock(ClfShared *shared, const ClfKey *key)
{
	Assert(clf_shmem_is_locked());
	for (int i = 0; i < CLF_MAX_CLOCKS; i++)
	{
		ClfClockEntry *entry = &shared->clocks[i];

		if (entry->head.used_at != 0 && clf_same_key(&entry->key, key))
			return entry;
	}
	return NULL;
}

/* Find or create the entry of a URL */
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
 *		Compute the offset from the header Date of a response, in whole
 *		seconds, and the local time when its request was started.  Date 0: not
 *		given; ignored if an offset is known.  The date is that of a moment
 *		between the start of the request and now, which may be long for a
 *		prefetched request.  The start is the safe choice: it can only make the
 *		offset too large, and a window that extends into the future loses no
 *		calls.
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
	/* the date is truncated to seconds */
	entry->ahead = (date != 0 ? date - started : 0) + USECS_PER_SEC;
	clf_shmem_unlock();
}

/*
 * Get the offset, in microseconds ahead of the local clock; false if unknown
 */
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
 *		Is the offset of the API's clock known?
 */
bool
clf_clock_known(const char *base_url)
{
	int64		ahead;

	return get_clock_offset(base_url, &ahead);
}

/*
 * clf_clock_now
 *		Current time of the API's clock, up to a few seconds late but never
 *		early.  If the offset is unknown, that of the local clock.
 */
TimestampTz
clf_clock_now(const char *base_url)
{
	int64		ahead;

	(void) get_clock_offset(base_url, &ahead);
	return GetCurrentTimestamp() + ahead;
}
