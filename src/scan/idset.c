/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  Sets of ids.
 *
 * A set consists of 256 hash tables, selected by the first byte of the hash:
 * each grows on its own, so that a large set is never copied as a whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "scan/idset.h"
#include "utils/memutils.h"

/* Bytes hashed between two checks for interrupts */
#define HASH_BLOCK 1048576

/* Initial number of entries of a table */
#define INITIAL_ENTRIES 4

/* A hash without its first byte */
typedef struct IdRest
{
	uint8		bytes[sizeof(ClfIdHash) - 1];
} IdRest;

typedef struct IdEntry
{
	IdRest		rest;
	uint8		status;			/* simplehash's */
} IdEntry;

/* Use the first bytes of the rest */
static inline uint32
rest_bucket(const IdRest *rest)
{
	uint32		bucket;

	memcpy(&bucket, rest->bytes, sizeof(bucket));
	return bucket;
}

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE IdRest
#define SH_KEY rest
#define SH_HASH_KEY(table, key) rest_bucket(&(key))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(IdRest)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct ClfIdSet
{
	MemoryContext cxt;
	entries_hash *tables[256];	/* by the first byte; NULL: empty */
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

/* The part of a hash that its table stores */
static IdRest
get_rest(const ClfIdHash *hash)
{
	IdRest		rest;

	memcpy(rest.bytes, hash->bytes + 1, sizeof(rest.bytes));
	return rest;
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
	entries_hash **table = &set->tables[hash->bytes[0]];
	bool		found;

	if (*table == NULL)
		*table = entries_create(set->cxt, INITIAL_ENTRIES, NULL);
	(void) entries_insert(*table, get_rest(hash), &found);
	return !found;
}

/*
 * clf_idset_contains
 *		Does the set contain the hash?
 */
bool
clf_idset_contains(const ClfIdSet *set, const ClfIdHash *hash)
{
	entries_hash *table = set->tables[hash->bytes[0]];

	return table && entries_lookup(table, get_rest(hash)) != NULL;
}
