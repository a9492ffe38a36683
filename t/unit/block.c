/*-------------------------------------------------------------------------
 *
 * block.c
 *	  Unit tests of answer/block.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "answer/block.h"
#include "unit.h"

/* The search by blocks stops where a search by bytes does */
static void
check_run(const char *text, const char *end)
{
	const char *p = text;

	while (p < end && clf_is_plain((unsigned char) *p))
		p++;
	unit_check_true("special character", clf_find_special(text, end) == p);
	for (p = text; p < end && *p == ' ';)
		p++;
	unit_check_true("no space", clf_find_other_than_space(text, end) == p);
}

/* Each byte at each position of a text longer than two blocks, and others after it */
void
test_runs(void)
{
	static const char plain[] = {'a', ' ', '!', '\x7F', '\x80', '\xFF'};
	char		text[40];

	for (size_t filler = 0; filler < lengthof(plain); filler++)
	{
		for (size_t i = 0; i < sizeof(text) * 256; i++)
		{
			size_t		place = i / 256;

			memset(text, plain[filler], sizeof(text));
			text[place] = (char) i;
			check_run(text, text + place);
			check_run(text, text + place + 1);
			check_run(text, text + sizeof(text));
			memset(text + place + 1, (int) (i * 7), sizeof(text) - place - 1);
			check_run(text, text + sizeof(text));
			check_run(text + place / 2, text + sizeof(text));
		}
	}
}
