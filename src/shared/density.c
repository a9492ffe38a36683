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

/* The entry of this table as that user mapping sees it, or NULL; with the lock */
static ClfDensityEntry *
find_density(ClfShared *shared, Oid relid, Oid umid)
{
	for (int i = 0; i < CLF_MAX_DENSITIES; i++)
	{
		ClfDensityEntry *entry = &shared->densities[i];

		if (entry->head.used_at != 0 && entry->relid == relid &&
			entry->umid == umid && entry->database == MyDatabaseId)
			return entry;
	}
	return NULL;
}

/* The same, made if need be */
static ClfDensityEntry *
get_density(ClfShared *shared, Oid relid, Oid umid)
{
	ClfDensityEntry *entry = find_density(shared, relid, umid);

	if (entry)
		return entry;
	entry = clf_shmem_choose(shared->densities, sizeof(ClfDensityEntry),
							 CLF_MAX_DENSITIES, GetUserId(), NULL);
	memset(entry, 0, sizeof(ClfDensityEntry));
	entry->head.role = GetUserId();
	entry->database = MyDatabaseId;
	entry->relid = relid;
	entry->umid = umid;
	return entry;
}

/*
 * clf_density_note
 *		So many records, unfiltered, are of the time between these two.  A
 *		figure of a longer time is worth more than one of a much shorter.  From
 *		longer ago than RingCentral keeps calls, none are to be expected.
 */
void
clf_density_note(Oid relid, Oid umid, double records, TimestampTz from,
				 TimestampTz to)
{
	double		days = Min((to - from) / (double) USECS_PER_DAY,
						   CLF_KEPT_DAYS);
	TimestampTz now = GetCurrentTimestamp();
	ClfDensityEntry *entry;

	if (days < SHORTEST)
		return;
	entry = get_density(clf_shmem_lock(), relid, umid);
	if (days >= entry->days / 2 || entry->head.used_at < now - OLD_AFTER)
	{
		entry->head.used_at = now;
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
clf_density_per_day(Oid relid, Oid umid)
{
	ClfDensityEntry *entry = find_density(clf_shmem_lock(), relid, umid);
	double		rate = entry ? entry->records / entry->days : -1;

	clf_shmem_unlock();
	return rate;
}
