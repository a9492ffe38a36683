/*-------------------------------------------------------------------------
 *
 * rate.c
 *	  How many calls a day a table has, as scans have seen it.
 *
 * Kept in memory only: a figure that is lost is seen again by the next scan.
 *
 *-------------------------------------------------------------------------
 */
#include "rate.h"

#include "miscadmin.h"
#include "shared.h"
#include "utils/timestamp.h"

/* What was seen is forgotten for anything seen so much later */
#define OLD_AFTER USECS_PER_DAY

/* A shorter time says little about a day: nights, weekends */
#define SHORTEST (USECS_PER_HOUR / (double) USECS_PER_DAY)

/* The entry of this table, or NULL; with the lock */
static ClfRateEntry *
find_entry(ClfShared *shared, Oid relid)
{
	for (int i = 0; i < CLF_MAX_RATES; i++)
	{
		ClfRateEntry *entry = &shared->rates[i];

		if (entry->noted_at != 0 && entry->relid == relid &&
			entry->database == MyDatabaseId)
			return entry;
	}
	return NULL;
}

/* A free entry, or the one noted longest ago; with the lock */
static ClfRateEntry *
choose_entry(ClfShared *shared)
{
	ClfRateEntry *oldest = &shared->rates[0];

	for (int i = 1; i < CLF_MAX_RATES; i++)
	{
		if (shared->rates[i].noted_at < oldest->noted_at)
			oldest = &shared->rates[i];
	}
	return oldest;
}

/*
 * clf_rate_note
 *		So many records, unfiltered, are of the time between these two.  A
 *		figure of a longer time is worth more than one of a much shorter.  From
 *		longer ago than RingCentral keeps calls, none are to be expected.
 */
void
clf_rate_note(Oid relid, double records, TimestampTz from, TimestampTz to)
{
	double		days = Min((to - from) / (double) USECS_PER_DAY,
						   CLF_KEPT_DAYS);
	TimestampTz now = GetCurrentTimestamp();
	ClfShared  *shared;
	ClfRateEntry *entry;

	if (days < SHORTEST)
		return;
	shared = clf_shared_lock();
	entry = find_entry(shared, relid);
	if (entry == NULL)
	{
		entry = choose_entry(shared);
		memset(entry, 0, sizeof(ClfRateEntry));
		entry->database = MyDatabaseId;
		entry->relid = relid;
	}
	if (days >= entry->days / 2 || entry->noted_at < now - OLD_AFTER)
	{
		entry->noted_at = now;
		entry->days = days;
		entry->records = records;
	}
	clf_shared_unlock();
}

/*
 * clf_rate_per_day
 *		Records a day; negative: nothing is known.
 */
double
clf_rate_per_day(Oid relid)
{
	ClfRateEntry *entry = find_entry(clf_shared_lock(), relid);
	double		rate = entry ? entry->records / entry->days : -1;

	clf_shared_unlock();
	return rate;
}
