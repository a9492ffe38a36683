/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  Unit tests of scan/idset.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "scan/idset.h"
#include "unit.h"
#include "utils/memutils.h"

#define NIDS 1000000

/* Bytes an id in a large set, at any time */
#define MAX_SIZE 22

static ClfIdHash
hash_number(int i)
{
	char		id[16];

	snprintf(id, sizeof(id), "call-%d", i);
	return clf_id_hash(id, strlen(id));
}

/* Each id is added once, and the others are not contained */
void
test_idsets(void)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "ids", ALLOCSET_DEFAULT_SIZES);
	ClfIdSet   *set = clf_idset_create(cxt);
	bool		small = true;
	bool		correct = true;

	for (int i = 0; i < NIDS; i++)
	{
		ClfIdHash	hash = hash_number(i);

		correct &= clf_idset_add(set, &hash);
		if (i % 1000 == 0 && i >= NIDS / 4)
			small &= MemoryContextMemAllocated(cxt, true) <= (Size) i * MAX_SIZE;
	}
	unit_check_true("new ids", correct);
	for (int i = 0; i < NIDS; i += 100)
	{
		ClfIdHash	known = hash_number(i);
		ClfIdHash	other = hash_number(-i - 1);

		correct &= !clf_idset_add(set, &known) &&
			clf_idset_contains(set, &known) && !clf_idset_contains(set, &other);
	}
	unit_check_true("known ids", correct);
	unit_check_true("size of a set of ids", small);
	MemoryContextDelete(cxt);
}
