/*-------------------------------------------------------------------------
 *
 * shmem.c
 *	  Shared memory of all backends, and its lock.
 *
 * With shared_preload_libraries it is part of the main shared memory, else a
 * named DSM segment (PostgreSQL 17+).  Before 17, without preloading, each
 * backend has its own.
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
initialize(void *area)
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
		initialize(shared);
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

/*
 * Attach to a named segment.  It lives until the server is restarted, while
 * sessions may load a newer library: version and size are part of its name.
 */
static void
attach(void)
{
	const char *name = psprintf(NAME " " CLF_VERSION " %zu",
								sizeof(ClfShared));

	shared = clf_named_segment(name, sizeof(ClfShared), initialize);
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
 *		Is the shared memory attached, so that its use cannot raise an error?
 */
bool
clf_shmem_attached(void)
{
	return shared != NULL;
}

/*
 * clf_shmem_by_cluster
 *		Is the memory shared by all backends?
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
 *		Lock the shared memory exclusively, until clf_shmem_unlock.  To be held
 *		for a short time; an error releases the lock.
 */
ClfShared  *
clf_shmem_lock(void)
{
	if (clf_shmem_by_cluster())
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	return shared;
}

/*
 * clf_shmem_unlock
 *		Release the lock.
 */
void
clf_shmem_unlock(void)
{
	if (by_cluster)
		LWLockRelease(&shared->lock);
}

#ifdef USE_ASSERT_CHECKING
/*
 * clf_shmem_is_locked
 *		Does this backend hold the lock?  Memory of its own needs none.
 */
bool
clf_shmem_is_locked(void)
{
	return !by_cluster || LWLockHeldByMeInMode(&shared->lock, LW_EXCLUSIVE);
}
#endif

/*
 * clf_shmem_choose
 *		Choose the entry of a table for a new key of a role; NULL if there is
 *		none. size is that of an entry.  The caller holds the lock.
 *
 * A free entry is preferred, then the one with the lowest claim, then the
 * least recently used.  A role that holds its share of the table replaces only
 * its own entries.  If claim_of is NULL, all entries are CLF_CLAIM_IDLE and
 * the result is not NULL.
 */
void *
clf_shmem_choose(void *entries, size_t size, int n, Oid role,
				 ClfClaimOf claim_of)
{
	TimestampTz now = GetCurrentTimestamp();
	ClfEntryHead *best = NULL;
	ClfClaim	best_claim = CLF_CLAIM_IN_USE;
	bool		has_share;
	int			held = 0;

	Assert(clf_shmem_is_locked());
	for (int i = 0; i < n; i++)
	{
		const ClfEntryHead *head = (ClfEntryHead *) ((char *) entries + i * size);

		held += head->used_at != 0 && head->role == role;
	}
	has_share = held >= CLF_ROLE_SHARE(n);

	for (int i = 0; i < n; i++)
	{
		ClfEntryHead *head = (ClfEntryHead *) ((char *) entries + i * size);
		ClfClaim	claim = CLF_CLAIM_IDLE;

		if (has_share && (head->used_at == 0 || head->role != role))
			continue;
		if (head->used_at == 0)
			return head;
		if (claim_of)
			claim = claim_of(head, now);
		if (claim < best_claim ||
			(best != NULL && claim == best_claim &&
			 head->used_at < best->used_at))
		{
			best = head;
			best_claim = claim;
		}
	}
	return best;
}

/*
 * clf_shmem_key
 *		Compute the key for a list of texts.  As a cryptographic hash it does
 *		not disclose them, so they may be secret.
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

/*
 * clf_same_key
 *		Are both keys equal?
 */
bool
clf_same_key(const ClfKey *a, const ClfKey *b)
{
	return memcmp(a, b, sizeof(ClfKey)) == 0;
}
