/*-------------------------------------------------------------------------
 *
 * idset.h
 *	  Sets of ids.
 *
 * A scan remembers the id of every record, to drop those that are returned again.  A
 * set holds hashes of 88 bits instead of the ids, at about 22 bytes an id: the
 * probability of a collision among a million ids is below 1 in 10^14.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_IDSET_H
#define CLF_IDSET_H

typedef struct ClfIdSet ClfIdSet;

typedef struct ClfIdHash
{
	uint8		bytes[11];
} ClfIdHash;

extern ClfIdHash clf_id_hash(const char *id, size_t length);
extern int	clf_id_hash_compare(const ClfIdHash *a, const ClfIdHash *b);

extern ClfIdSet *clf_idset_create(MemoryContext cxt);
extern bool clf_idset_add(ClfIdSet *set, const ClfIdHash *hash);
extern bool clf_idset_contains(const ClfIdSet *set, const ClfIdHash *hash);

#endif							/* CLF_IDSET_H */
