/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  Sets of ids.
 *
 * A set consists of many hash tables.  A table that is full is copied into one of
 * twice the size; the tables get different shares of the ids, so that they grow one
 * after another, and a set is neither copied as a whole nor ever half empty.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "scan/idset.h"
#include "utils/memutils.h"

/* Bytes hashed between two checks for interrupts */
#define HASH_BLOCK 1048576

#define NTABLES 256

/* Initial number of entries of a table */
#define INITIAL_ENTRIES 4

typedef struct IdEntry
{
	ClfIdHash	hash;
	uint8		status;			/* simplehash's */
} IdEntry;

/* The bytes after those that select the table */
static inline uint32
get_bucket(const ClfIdHash *hash)
{
	uint32		bucket;

	memcpy(&bucket, hash->bytes + sizeof(uint16), sizeof(bucket));
	return bucket;
}

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE ClfIdHash
#define SH_KEY hash
#define SH_HASH_KEY(table, key) get_bucket(&(key))
#define SH_EQUAL(table, a, b) (clf_id_hash_compare(&(a), &(b)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct ClfIdSet
{
	MemoryContext cxt;
	entries_hash *tables[NTABLES];	/* NULL: empty */
};

/* Hash a text of any length, checking for interrupts */
static uint64
hash_text(const unsigned char *text, size_t length, uint64 seed)
{
	for (; length > HASH_BLOCK; text += HASH_BLOCK, length -= HASH_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		seed = hash_bytes_extended(text, HASH_BLOCK, seed);
	}
	return hash_bytes_extended(text, (int) length, seed);
}

/*
 * clf_id_hash
 *		The hash of an id, which may have any length.
 */
ClfIdHash
clf_id_hash(const char *id, size_t length)
{
	const unsigned char *text = (const unsigned char *) id;
	uint64		bits[2];
	ClfIdHash	hash;

	bits[0] = hash_text(text, length, 0);
	bits[1] = hash_text(text, length, 1);
	memcpy(hash.bytes, bits, sizeof(hash.bytes));
	return hash;
}

/*
 * clf_id_hash_compare
 *		Comparison as by memcmp.
 */
int
clf_id_hash_compare(const ClfIdHash *a, const ClfIdHash *b)
{
	return memcmp(a, b, sizeof(ClfIdHash));
}

/*
 * Select a table by the first bytes.  The logarithm makes the shares of the tables
 * grow evenly from the first one's to twice as much.
 */
static int
get_table(const ClfIdHash *hash)
{
	uint16		number;

	memcpy(&number, hash->bytes, sizeof(number));
	return (int) (NTABLES * log2(1 + number / (PG_UINT16_MAX + 1.0)));
}

/*
 * clf_idset_create
 *		Create an empty set, owned by the memory context.
 */
ClfIdSet   *
clf_idset_create(MemoryContext cxt)
{
	ClfIdSet   *set = MemoryContextAllocZero(cxt, sizeof(ClfIdSet));

	/* small blocks: the memory of a table that has grown is given back */
	set->cxt = AllocSetContextCreate(cxt, "call_log_fdw ids",
									 ALLOCSET_SMALL_SIZES);
	return set;
}

/*
 * clf_idset_add
 *		Add a hash; returns false if the set contains it already.
 */
bool
clf_idset_add(ClfIdSet *set, const ClfIdHash *hash)
{
	entries_hash **table = &set->tables[get_table(hash)];
	bool		found;

	if (*table == NULL)
		*table = entries_create(set->cxt, INITIAL_ENTRIES, NULL);
	(void) entries_insert(*table, *hash, &found);
	return !found;
}

/*
 * clf_idset_contains
 *		Does the set contain the hash?
 */
bool
clf_idset_contains(const ClfIdSet *set, const ClfIdHash *hash)
{
	entries_hash *table = set->tables[get_table(hash)];

	return table && entries_lookup(table, *hash) != NULL;
}
