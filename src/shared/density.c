/*-------------------------------------------------------------------------
 *
 * density.c
 *	  How many calls a day a table has, as scans have seen it.
 *
 * Kept in memory only: a figure that is lost is seen again by the next scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/density.h"
#include "shared/shmem.h"
#include "utils/timestamp.h"

/* What was seen is forgotten for anything seen so much later */
#define OLD_AFTER USECS_PER_DAY

/* A shorter time says little about a day: nights, weekends */
#define SHORTEST (USECS_PER_HOUR / (double) USECS_PER_DAY)

/* The entry of this table, or NULL; with the lock */
static ClfDensityEntry *
find_entry(ClfShared *shared, Oid relid)
{
	for (int i = 0; i < CLF_MAX_DENSITIES; i++)
	{
		ClfDensityEntry *entry = &shared->rates[i];

		if (entry->noted_at != 0 && entry->relid == relid &&
			entry->database == MyDatabaseId)
			return entry;
	}
	return NULL;
}

/* A free entry, or the one noted longest ago; with the lock */
static ClfDensityEntry *
choose_entry(ClfShared *shared)
{
	ClfDensityEntry *oldest = &shared->rates[0];

	for (int i = 1; i < CLF_MAX_DENSITIES; i++)
	{
		if (shared->rates[i].noted_at < oldest->noted_at)
			oldest = &shared->rates[i];
	}
	return oldest;
}

/*
 * clf_density_note
 *		So many records, unfiltered, are of the time between these two.  A
 *		figure of a longer time is worth more than one of a much shorter.  From
 *		longer ago than RingCentral keeps calls, none are to be expected.
 */
void
clf_density_note(Oid relid, double records, TimestampTz from, TimestampTz to)
{
	double		days = Min((to - from) / (double) USECS_PER_DAY,
						   CLF_KEPT_DAYS);
	TimestampTz now = GetCurrentTimestamp();
	ClfShared  *shared;
	ClfDensityEntry *entry;

	if (days < SHORTEST)
		return;
	shared = clf_shmem_lock();
	entry = find_entry(shared, relid);
	if (entry == NULL)
	{
		entry = choose_entry(shared);
		memset(entry, 0, sizeof(ClfDensityEntry));
		entry->database = MyDatabaseId;
		entry->relid = relid;
	}
	if (days >= entry->days / 2 || entry->noted_at < now - OLD_AFTER)
	{
		entry->noted_at = now;
		entry->days = days;
		entry->records = records;
	}
	clf_shmem_unlock();
}

/*
 * clf_density_per_day
 *		Records a day; negative: nothing is known.
 */
double
clf_density_per_day(Oid relid)
{
	ClfDensityEntry *entry = find_entry(clf_shmem_lock(), relid);
	double		rate = entry ? entry->records / entry->days : -1;

	clf_shmem_unlock();
	return rate;
}
