/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Conversion of the API's UTF-8 to the database's encoding.
 *
 * It never raises an error: callers choose the names that they show, and must
 * not be able to make a query fail.  Invalid bytes, and characters that the
 * encoding lacks, become U+FFFD if the encoding has it, else a question mark.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "scan/text.h"

/* U+FFFD */
#define REPLACEMENT_CHARACTER "\xEF\xBF\xBD"

/* Bytes converted between two checks for interrupts */
#define ENCODE_BLOCK 8192

struct ClfEncoder
{
	int			encoding;		/* of the database */
	bool		direct;			/* UTF-8 or SQL_ASCII: no conversion */
	Oid			conversion;		/* from UTF-8; invalid: none exists */
	char	   *replacement;	/* for invalid and missing characters */
};

/* Append the longest convertible prefix of a text.  Returns its length. */
static size_t
append_converted(const ClfEncoder *encoder, StringInfo out, const char *text,
				 size_t length)
{
	int			space = (int) (length + 1) * MAX_CONVERSION_GROWTH;
	int			done;

	enlargeStringInfo(out, space);
	done = pg_do_encoding_conversion_buf(encoder->conversion, PG_UTF8,
										 encoder->encoding,
										 (unsigned char *) unconstify(char *, text),
										 (int) length,
										 (unsigned char *) out->data + out->len,
										 space, true);
	out->len += (int) strlen(out->data + out->len);
	return done;
}

/* Length of the prefix that is ASCII without zero bytes */
static size_t
ascii_length(const char *text, size_t length)
{
	size_t		n = 0;

	while (n < length && text[n] != '\0' && !IS_HIGHBIT_SET(text[n]))
		n++;
	return n;
}

/*
 * Append the longest prefix in which nothing has to be replaced.  Returns its
 * length; 0: the first character has to be replaced.
 */
static size_t
append_good(const ClfEncoder *encoder, StringInfo out, const char *text,
			size_t length)
{
	size_t		good;

	if (encoder->direct)
		good = pg_encoding_verifymbstr(PG_UTF8, text, (int) length);
	else
	{
		good = ascii_length(text, length);
		if (good == 0 && OidIsValid(encoder->conversion))
			return append_converted(encoder, out, text, length);
	}
	appendBinaryStringInfo(out, text, (int) good);
	return good;
}

/* Length of the first character; 1 if it is invalid */
static size_t
character_length(const char *text, size_t length)
{
	int			width = pg_utf_mblen((const unsigned char *) text);

	return (size_t) width <= length &&
		pg_utf8_islegal((const unsigned char *) text, width) ? width : 1;
}

/*
 * clf_encoder_create
 *		Create an encoder for the current database, palloc'd in the current
 *		memory context.  Unlike the other functions, it reads the catalogs.
 */
ClfEncoder *
clf_encoder_create(void)
{
	ClfEncoder *encoder = palloc0(sizeof(ClfEncoder));
	StringInfoData replacement;

	encoder->encoding = GetDatabaseEncoding();
	encoder->direct = encoder->encoding == PG_UTF8 ||
		encoder->encoding == PG_SQL_ASCII;
	if (!encoder->direct)
		encoder->conversion = FindDefaultConversionProc(PG_UTF8,
														encoder->encoding);
	initStringInfo(&replacement);
	if (append_good(encoder, &replacement, REPLACEMENT_CHARACTER, 3) == 0)
		appendStringInfoChar(&replacement, '?');
	encoder->replacement = replacement.data;
	return encoder;
}

/* Is a text without zero bytes all ASCII? */
static bool
is_ascii(const char *text, size_t length)
{
	uint64		word;
	uint64		all = 0;
	size_t		n = 0;

	if (length < sizeof(word))
		return ascii_length(text, length) == length;
	for (; n + sizeof(word) <= length; n += sizeof(word))
	{
		memcpy(&word, text + n, sizeof(word));
		all |= word;
	}
	/* the last word overlaps the one before */
	memcpy(&word, text + length - sizeof(word), sizeof(word));
	all |= word;
	return (all & UINT64CONST(0x8080808080808080)) == 0;
}

/*
 * clf_encoder_accepts
 *		Can the text, which has no zero bytes, be used without conversion?  False
 *		if not certain.
 */
bool
clf_encoder_accepts(const ClfEncoder *encoder, const char *text, size_t length)
{
	return encoder->direct && length <= ENCODE_BLOCK &&
		(is_ascii(text, length) ||
		 pg_encoding_verifymbstr(PG_UTF8, text, (int) length) == (int) length);
}

/*
 * clf_encode
 *		The text in the database's encoding, palloc'd and terminated.
 */
char *
clf_encode(const ClfEncoder *encoder, const char *text, size_t length)
{
	const char *end = text + length;
	StringInfoData out;

	initStringInfo(&out);
	while (text < end)
	{
		size_t		rest = end - text;
		size_t		good;

		CHECK_FOR_INTERRUPTS();
		good = append_good(encoder, &out, text, Min(rest, ENCODE_BLOCK));
		text += good;
		if (good > 0)
			continue;
		appendStringInfoString(&out, encoder->replacement);
		text += character_length(text, rest);
	}
	return out.data;
}
