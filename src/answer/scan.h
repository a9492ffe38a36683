/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Search for characters in a JSON text, a block of bytes at a time.
 *
 * A block is a vector, or a machine word where there are no vectors.  All of its
 * bytes are compared at once.  The result is a mask, whose lowest bit that is set
 * stands for the first byte that was searched for; of words, higher bits may be
 * wrong.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SCAN_H
#define CLF_SCAN_H

#include "compat.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

#ifdef CLF_HAS_VECTORS

typedef Vector8 ClfBlock;
typedef uint32 ClfMask;			/* a bit for each byte */

static inline ClfBlock
clf_block_load(const char *p)
{
	Vector8		block;

	vector8_load(&block, (const uint8 *) p);
	return block;
}

/* Bytes that are not plain, see clf_is_plain */
static inline ClfMask
clf_block_find_special(ClfBlock block)
{
	Vector8		quote = vector8_eq(block, vector8_broadcast('"'));
	Vector8		backslash = vector8_eq(block, vector8_broadcast('\\'));
	Vector8		below_space = clf_vector8_le(block, ' ' - 1);

	return vector8_highbit_mask(vector8_or(below_space,
										   vector8_or(quote, backslash)));
}

static inline ClfMask
clf_block_find_other_than_space(ClfBlock block)
{
	return vector8_highbit_mask(vector8_eq(block, vector8_broadcast(' '))) ^
		0xFFFF;
}

static inline int
clf_mask_first(ClfMask mask)
{
	return pg_rightmost_one_pos32(mask);
}

#else

typedef uint64 ClfBlock;		/* the first byte is the lowest */
typedef uint64 ClfMask;			/* the highest bit of each byte */

/* The same byte eight times */
#define CLF_BYTES(c) (UINT64CONST(0x0101010101010101) * (c))

static inline ClfBlock
clf_block_load(const char *p)
{
	uint64		block;

	memcpy(&block, p, sizeof(block));
#ifdef WORDS_BIGENDIAN
	block = pg_bswap64(block);
#endif
	return block;
}

/*
 * Bytes below c, which is at most 0x80.  The subtraction borrows from the byte
 * above, so that only the lowest bit of the mask is certain.
 */
static inline ClfMask
clf_block_find_below(ClfBlock block, uint8 c)
{
	return (block - CLF_BYTES(c)) & ~block & CLF_BYTES(0x80);
}

static inline ClfMask
clf_block_find_special(ClfBlock block)
{
	return clf_block_find_below(block, ' ') |
		clf_block_find_below(block ^ CLF_BYTES('"'), 1) |
		clf_block_find_below(block ^ CLF_BYTES('\\'), 1);
}

static inline ClfMask
clf_block_find_other_than_space(ClfBlock block)
{
	return block ^ CLF_BYTES(' ');
}

static inline int
clf_mask_first(ClfMask mask)
{
	return pg_rightmost_one_pos64(mask) / BITS_PER_BYTE;
}

#endif

/* Does this character of a string mean itself, in any JSON? */
static inline bool
clf_is_plain(unsigned char c)
{
	return c >= ' ' && c != '"' && c != '\\';
}

/* The first character of a string that is not plain, or end */
static inline const char *
clf_find_special(const char *p, const char *end)
{
	while (end - p >= (ptrdiff_t) sizeof(ClfBlock))
	{
		ClfMask		mask = clf_block_find_special(clf_block_load(p));

		if (mask != 0)
			return p + clf_mask_first(mask);
		p += sizeof(ClfBlock);
	}
	while (p < end && clf_is_plain((unsigned char) *p))
		p++;
	return p;
}

/* The first character that is no space, or end */
static inline const char *
clf_find_other_than_space(const char *p, const char *end)
{
	while (end - p >= (ptrdiff_t) sizeof(ClfBlock))
	{
		ClfMask		mask = clf_block_find_other_than_space(clf_block_load(p));

		if (mask != 0)
			return p + clf_mask_first(mask);
		p += sizeof(ClfBlock);
	}
	while (p < end && *p == ' ')
		p++;
	return p;
}

#endif							/* CLF_SCAN_H */
