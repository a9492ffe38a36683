/*-------------------------------------------------------------------------
 *
 * shmem.c
 *	  What the backends of a cluster share: the memory and its lock.
 *
 * With shared_preload_libraries it is a part of the main shared memory.  From
 * PostgreSQL 17 on it can be had without: a named segment.  Otherwise it is the
 * backend's own, and works all the same, for this backend alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "compat.h"
#include "miscadmin.h"
#include "shared/shmem.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NAME "call_log_fdw"

static ClfShared *shared = NULL;
static bool by_cluster = false;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
initialise(void *area)
{
	ClfShared  *fresh = area;

	memset(fresh, 0, sizeof(ClfShared));
	fresh->stats_since = GetCurrentTimestamp();
	fresh->tranche = clf_new_tranche(NAME);
	LWLockInitialize(&fresh->lock, fresh->tranche);
	ConditionVariableInit(&fresh->login_ended);
}

static void
request_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(ClfShared));
}

static void
start_up(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(NAME, sizeof(ClfShared), &found);
	if (!found)
		initialise(shared);
	LWLockRelease(AddinShmemInitLock);
	clf_register_tranche(shared->tranche, NAME);
	by_cluster = true;
}

/*
 * clf_shmem_init
 *		Called once, when the library is loaded.
 */
void
clf_shmem_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

static void
attach(void)
{
	shared = clf_named_segment(NAME, sizeof(ClfShared), initialise);
	by_cluster = shared != NULL;
	if (by_cluster)
		clf_register_tranche(shared->tranche, NAME);
	else
	{
		shared = MemoryContextAllocZero(TopMemoryContext, sizeof(ClfShared));
		shared->stats_since = GetCurrentTimestamp();
		ConditionVariableInit(&shared->login_ended);
	}
}

/*
 * clf_shmem_attached
 *		Can it be used without an error?  Otherwise it has to be made first.
 */
bool
clf_shmem_attached(void)
{
	return shared != NULL;
}

/*
 * clf_shmem_by_cluster
 *		Is it that of all backends?
 */
bool
clf_shmem_by_cluster(void)
{
	if (shared == NULL)
		attach();
	return by_cluster;
}

/*
 * clf_shmem_lock
 *		The memory, for this backend alone until clf_shmem_unlock, which has to
 *		be soon; an error gives it back as well.
 */
ClfShared  *
clf_shmem_lock(void)
{
	if (clf_shmem_by_cluster())
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	return shared;
}

void
clf_shmem_unlock(void)
{
	if (by_cluster)
		LWLockRelease(&shared->lock);
}

/*
 * clf_shmem_key
 *		The key for these texts, in their order.  Nobody who does not know all
 *		of them can make it: it may stand for secrets.
 */
ClfKey
clf_shmem_key(const char *const *texts, int ntexts)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	ClfKey		key;
	bool		ok = hash != NULL && pg_cryptohash_init(hash) >= 0;

	for (int i = 0; i < ntexts && ok; i++)
		ok = pg_cryptohash_update(hash, (const uint8 *) texts[i],
								  strlen(texts[i]) + 1) >= 0;
	ok = ok && pg_cryptohash_final(hash, key.bytes, sizeof(key.bytes)) >= 0;
	if (hash)
		pg_cryptohash_free(hash);
	if (!ok)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash")));
	return key;
}

bool
clf_same_key(const ClfKey *a, const ClfKey *b)
{
	return memcmp(a, b, sizeof(ClfKey)) == 0;
}
