/*-------------------------------------------------------------------------
 *
 * sync_lock.c
 *	  Locks on copies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "sync/sync.h"

/*
 * The lock on a copy is an object lock on the target with a sub-id that is no
 * column number.  Nothing else takes such a lock, and this procedure checks the
 * caller's rights first.
 */
#define LOCK_SUBID 0x4C46
#define WRITE_LOCK_SUBID 0x4C47

static LOCKTAG
lock_tag(const ClfSync *sync, uint16 subid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, sync->target,
					   subid);
	return tag;
}

/*
 * clf_sync_lock_writes
 *		Block writes of other calls, which may only backfill the copy, until the end
 *		of the transaction.
 */
void
clf_sync_lock_writes(const ClfSync *sync)
{
	LOCKTAG		tag = lock_tag(sync, WRITE_LOCK_SUBID);

	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/* Process that holds the lock; 0 if it has been released */
static int
lock_holder(const ClfSync *sync)
{
	ClfSyncParams params = {0};

	clf_sync_param(&params, OIDOID, ObjectIdGetDatum(sync->target), false);
	clf_sync_param_bigint(&params, LOCK_SUBID);
	if (clf_sync_execute(sync->caller,
						 "SELECT l.pid::bigint FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
						 "WHERE l.locktype = 'object' AND l.granted AND l.classid = 'pg_class'::regclass "
						 "AND l.objid = $1 AND l.objsubid = $2 AND d.datname = current_database()",
						 &params) == 0)
		return 0;
	return (int) clf_sync_result_bigint(0, 1);
}

/*
 * clf_sync_lock, clf_sync_unlock
 *		Lock the copy for the session, since the lock has to survive commits; an
 *		error releases it.  A call that only backfills does not need it.
 */
void
clf_sync_lock(const ClfSync *sync)
{
	LOCKTAG		tag = lock_tag(sync, LOCK_SUBID);
	int			holder;

	if (sync->backfill_only)
		return;
	if (LockAcquire(&tag, ExclusiveLock, true, true) !=
		LOCKACQUIRE_NOT_AVAIL)
		return;
	holder = lock_holder(sync);
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("table %s is being synced by another session",
					sync->label),
			 holder != 0 ? errdetail("Process %d holds the lock.", holder) : 0,
			 errhint("Wait for it to finish, or cancel it: the next call "
					 "resumes where it stopped.")));
}

void
clf_sync_unlock(const ClfSync *sync)
{
	LOCKTAG		tag = lock_tag(sync, LOCK_SUBID);

	if (sync->backfill_only)
		return;
	(void) LockRelease(&tag, ExclusiveLock, true);
}
