/*-------------------------------------------------------------------------
 *
 * activity.c
 *	  Current state and counters of running scans, for the view.
 *
 * A scan publishes its counters at each change of state, which is a few times
 * per request, not per row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "miscadmin.h"
#include "shared/activity.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Is the entry free, or did its backend exit without releasing it? */
static bool
is_free(const ClfScanEntry *entry)
{
	return entry->pid == 0 || (entry->pid != MyProcPid &&
							   BackendPidGetProc(entry->pid) == NULL);
}

/*
 * Find a free entry; NULL if there is none, or this role has reached its share
 */
static ClfScanEntry *
find_free(ClfShared *shared)
{
	ClfScanEntry *found = NULL;
	int			held = 0;

	Assert(clf_shmem_is_locked());
	for (int i = 0; i < CLF_MAX_SCANS; i++)
	{
		ClfScanEntry *entry = &shared->scans[i];

		if (found == NULL && is_free(entry))
			found = entry;
		else if (entry->pid != 0 && entry->role == MyProc->roleId)
			held++;
	}
	return held < CLF_ROLE_SHARE(CLF_MAX_SCANS) ? found : NULL;
}

static void
release_entry(void *arg)
{
	ClfActivity *activity = arg;

	if (activity->entry == NULL)
		return;
	(void) clf_shmem_lock();
	activity->entry->pid = 0;
	clf_shmem_unlock();
	activity->entry = NULL;
}

/*
 * clf_activity_begin
 *		Register a scan of a table; it ends when the memory context is reset.
 */
ClfActivity *
clf_activity_begin(MemoryContext cxt, const ClfTable *table)
{
	ClfActivity *activity = MemoryContextAllocZero(cxt, sizeof(ClfActivity));
	ForeignServer *server = GetForeignServer(table->server->serverid);
	ClfScanEntry *entry = find_free(clf_shmem_lock());

	if (entry)
	{
		memset(entry, 0, sizeof(ClfScanEntry));
		entry->pid = MyProcPid;
		entry->database = MyDatabaseId;
		entry->role = MyProc->roleId;
		entry->started = entry->since = GetCurrentTimestamp();
		strlcpy(entry->server, server->servername, NAMEDATALEN);
		strlcpy(entry->table, table->relname, NAMEDATALEN);
	}
	clf_shmem_unlock();
	activity->entry = entry;
	activity->release.func = release_entry;
	activity->release.arg = activity;
	MemoryContextRegisterResetCallback(cxt, &activity->release);
	return activity;
}

/*
 * clf_activity_set
 *		Set the state of the scan, and publish its counters.
 */
void
clf_activity_set(ClfActivity *activity, ClfScanStatus status)
{
	if (activity->entry == NULL)
		return;
	(void) clf_shmem_lock();
	activity->entry->status = status;
	activity->entry->since = GetCurrentTimestamp();
	activity->entry->counters = activity->counters;
	clf_shmem_unlock();
}
