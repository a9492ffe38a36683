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
 * A segment lives until the server is restarted, a library until the session
 * ends.  Those of another version find none of theirs in this one.
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
 * clf_shmem_choose
 *		The entry of a table that a new key of this role takes, with the lock
 *		held; NULL: there is none for it.  size is that of an entry.
 *
 * A free entry, else the one with the lowest claim, and of these the one used
 * least recently.  A role that holds its share of the table replaces only its
 * own.  claim_of NULL: all entries are CLF_CLAIM_IDLE, and there always is one.
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
 *		The key for these texts, in their order.  It takes all of them to make
 *		it, so it may stand for secrets.
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
