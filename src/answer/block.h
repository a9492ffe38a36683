/*-------------------------------------------------------------------------
 *
 * block.h
 *	  Search for characters in a JSON text, a block of bytes at a time.
 *
 * A block is a SIMD vector, or a machine word on platforms without SIMD support.
 * All of its bytes are compared at once.  The result is a mask, whose lowest set
 * bit corresponds to the first matching byte; for words, higher bits are not
 * reliable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BLOCK_H
#define CLF_BLOCK_H

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

/* Broadcast a byte */
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
 * Find bytes below c, which is at most 0x80.  The subtraction borrows from the next
 * higher byte, so only the lowest set bit of the mask is reliable.
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

/* Does the character need no escape in a JSON string? */
static inline bool
clf_is_plain(unsigned char c)
{
	return c >= ' ' && c != '"' && c != '\\';
}

/* Find the first character that is not plain; returns end if none */
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

/* Find the first character other than a space; returns end if none */
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

#endif							/* CLF_BLOCK_H */
