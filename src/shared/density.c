/*-------------------------------------------------------------------------
 *
 * density.c
 *	  Records per day of each table, as observed by scans.
 *
 * Kept in shared memory only: the next scan replaces a lost figure.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/density.h"
#include "shared/shmem.h"
#include "utils/timestamp.h"

/* Age after which a figure is replaced by any newer one */
#define OLD_AFTER USECS_PER_DAY

/* Minimum time span, in days; shorter ones are not representative */
#define SHORTEST (USECS_PER_HOUR / (double) USECS_PER_DAY)

/*
 * Find the entry of a table and user mapping, or NULL; the caller holds the
 * lock
 */
static ClfDensityEntry *
find_density(ClfShared *shared, Oid relid, Oid umid)
{
	Assert(clf_shmem_is_locked());
	for (int i = 0; i < CLF_MAX_DENSITIES; i++)
	{
		ClfDensityEntry *entry = &shared->densities[i];

		if (entry->head.used_at != 0 && entry->relid == relid &&
			entry->umid == umid && entry->database == MyDatabaseId)
			return entry;
	}
	return NULL;
}

/* Find or create the entry */
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
 *		Record the number of unfiltered records between two points in time.  A
 *		figure of a much shorter time span does not replace one of a longer
 *		span.  The span is limited to the time for which RingCentral keeps
 *		calls.
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
 *		Records per day; negative if unknown.
 */
double
clf_density_per_day(Oid relid, Oid umid)
{
	ClfDensityEntry *entry = find_density(clf_shmem_lock(), relid, umid);
	double		rate = entry ? entry->records / entry->days : -1;

	clf_shmem_unlock();
	return rate;
}
