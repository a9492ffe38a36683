/*-------------------------------------------------------------------------
 *
 * backend.c
 *	  Fuzz targets: a replacement for the backend functions used by the modules.
 *
 * Only functions that the modules call and that are not in PostgreSQL's
 * frontend libraries.  They behave like the backend's functions of the same
 * name, as far as the modules depend on it.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include <poll.h>
#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <time.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Maximum length of an error text; a response must not fill the server's log */
#define LONGEST_TEXT 2000

/* Time at the start of an input: 2026-03-31 12:00:00 UTC */
#define START INT64CONST(828273600000000)

/* Maximum number of allocations that outlive an input */
#define MAX_KEPT 64

/* Header of each allocation, poisoned */
typedef struct Chunk
{
	struct Chunk *previous;
	struct Chunk *next;
	struct Context *owner;
	size_t		size;
} Chunk;

/* A memory context */
typedef struct Context
{
	struct Context *parent;
	struct Context *children;
	struct Context *sibling;
	MemoryContextCallback *callbacks;
	Chunk		chunks;			/* head of a ring */
	int			nchunks;
} Context;

static Context top = {.chunks = {&top.chunks, &top.chunks, NULL, 0}};
static int	error_level;
static int	external_fds = 0;

TimestampTz fuzz_now;
ClfShared	fuzz_shared;
MemoryContext CurrentMemoryContext = (MemoryContext) &top;
MemoryContext TopMemoryContext = (MemoryContext) &top;
sigjmp_buf *PG_exception_stack = NULL;
ErrorContextCallback *error_context_stack = NULL;
volatile	sig_atomic_t InterruptPending = false;
struct Latch *MyLatch = NULL;

/* ----------
 * An input
 * ----------
 */

/*
 * fuzz_finding
 *		Report a violated invariant.
 */
void
fuzz_finding(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: violated invariant: %s\n", file, line, what);
	abort();
}

/*
 * fuzz_raises
 *		Call the function.  Returns true if it raised an error.
 */
bool
fuzz_raises(FuzzAction action, void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	volatile bool raised = false;

	PG_TRY();
	{
		action(arg);
	}
	PG_CATCH();
	{
		raised = true;
	}
	PG_END_TRY();
	CurrentMemoryContext = old;
	return raised;
}

/*
 * fuzz_line
 *		The next line of a text, palloc'd, without its end; "" after the last.
 */
char *
fuzz_line(const char **p, const char *end)
{
	const char *newline = memchr(*p, '\n', end - *p);
	const char *stop = newline ? newline : end;
	char	   *line = pnstrdup(*p, stop - *p);

	*p = newline ? newline + 1 : end;
	return line;
}

typedef struct Input
{
	const char *data;
	size_t		size;
} Input;

static void
take_input(void *arg)
{
	const Input *input = arg;

	fuzz_input(input->data, input->size);
}

extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input		input = {(const char *) data, size};
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "input",
											  ALLOCSET_DEFAULT_SIZES);

	fuzz_now = START;
	CurrentMemoryContext = cxt;
	if (fuzz_raises(take_input, &input))
		fuzz_finding("no error leaves the target", __FILE__, __LINE__);
	CurrentMemoryContext = TopMemoryContext;
	MemoryContextDelete(cxt);
	INVARIANT(top.children == NULL && top.nchunks <= MAX_KEPT);
	return 0;
}

/* ----------
 * Memory
 * ----------
 */

/* These functions access memory that is poisoned for all others */
#define SEES_CHUNKS __attribute__((no_sanitize("address")))

SEES_CHUNKS static void *
allocate(Context *cxt, size_t size)
{
	Chunk	   *chunk;

	if (!AllocHugeSizeIsValid(size) ||
		(chunk = malloc(sizeof(Chunk) + size)) == NULL)
		elog(ERROR, "invalid memory alloc request size");
	chunk->owner = cxt;
	chunk->size = size;
	chunk->previous = &cxt->chunks;
	chunk->next = cxt->chunks.next;
	chunk->previous->next = chunk->next->previous = chunk;
	cxt->nchunks++;
	ASAN_POISON_MEMORY_REGION(chunk, sizeof(Chunk));
	return chunk + 1;
}

SEES_CHUNKS static void
release(Chunk *chunk)
{
	chunk->previous->next = chunk->next;
	chunk->next->previous = chunk->previous;
	chunk->owner->nchunks--;
	free(chunk);
}

SEES_CHUNKS static Chunk *
first_chunk(Context *cxt)
{
	return cxt->chunks.next == &cxt->chunks ? NULL : cxt->chunks.next;
}

SEES_CHUNKS static Chunk
describe(void *p)
{
	return ((Chunk *) p)[-1];
}

static size_t
checked(size_t size)
{
	if (!AllocSizeIsValid(size))
		elog(ERROR, "invalid memory alloc request size");
	return size;
}

void *
MemoryContextAlloc(MemoryContext cxt, Size size)
{
	return allocate((Context *) cxt, checked(size));
}

void *
MemoryContextAllocZero(MemoryContext cxt, Size size)
{
	return memset(MemoryContextAlloc(cxt, size), 0, size);
}

char *
MemoryContextStrdup(MemoryContext cxt, const char *string)
{
	size_t		size = strlen(string) + 1;

	return memcpy(MemoryContextAlloc(cxt, size), string, size);
}

void *
palloc(Size size)
{
	return MemoryContextAlloc(CurrentMemoryContext, size);
}

void *
palloc0(Size size)
{
	return MemoryContextAllocZero(CurrentMemoryContext, size);
}

void *
palloc_extended(Size size, int flags)
{
	return allocate((Context *) CurrentMemoryContext,
					flags & MCXT_ALLOC_HUGE ? size : checked(size));
}

/* Always moves the chunk, so that stale pointers are detected */
void *
repalloc(void *pointer, Size size)
{
	Chunk		old = describe(pointer);
	void	   *new = allocate(old.owner, checked(size));

	memcpy(new, pointer, Min(old.size, size));
	pfree(pointer);
	return new;
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

void
pfree(void *pointer)
{
	release((Chunk *) pointer - 1);
}

char *
pstrdup(const char *in)
{
	return MemoryContextStrdup(CurrentMemoryContext, in);
}

char *
pnstrdup(const char *in, Size len)
{
	size_t		length = strnlen(in, len);
	char	   *out = palloc(length + 1);

	memcpy(out, in, length);
	out[length] = '\0';
	return out;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name,
							  Size minContextSize, Size initBlockSize,
							  Size maxBlockSize)
{
	Context    *cxt = calloc(1, sizeof(Context));

	(void) name;
	(void) minContextSize;
	(void) initBlockSize;
	(void) maxBlockSize;
	cxt->chunks.previous = cxt->chunks.next = &cxt->chunks;
	cxt->parent = (Context *) parent;
	cxt->sibling = cxt->parent->children;
	cxt->parent->children = cxt;
	return (MemoryContext) cxt;
}

void
MemoryContextRegisterResetCallback(MemoryContext context,
								   MemoryContextCallback *cb)
{
	Context    *cxt = (Context *) context;

	cb->next = cxt->callbacks;
	cxt->callbacks = cb;
}

/* Children first, then the callbacks in reverse order */
void
MemoryContextReset(MemoryContext context)
{
	Context    *cxt = (Context *) context;
	Chunk	   *chunk;

	while (cxt->children)
		MemoryContextDelete((MemoryContext) cxt->children);
	while (cxt->callbacks)
	{
		MemoryContextCallback *callback = cxt->callbacks;

		cxt->callbacks = callback->next;
		callback->func(callback->arg);
	}
	while ((chunk = first_chunk(cxt)) != NULL)
		release(chunk);
}

void
MemoryContextDelete(MemoryContext context)
{
	Context    *cxt = (Context *) context;
	Context   **link = &cxt->parent->children;

	MemoryContextReset(context);
	while (*link != cxt)
		link = &(*link)->sibling;
	*link = cxt->sibling;
	free(cxt);
}

/* ----------
 * Errors
 * ----------
 */

/* Parts of responses in messages must be valid text */
static void
check_text(const char *format, va_list args)
{
	char		text[LONGEST_TEXT + 1];
	int			length = vsnprintf(text, sizeof(text), format, args);

	INVARIANT(length >= 0 && length <= LONGEST_TEXT);
	INVARIANT(pg_encoding_verifymbstr(PG_UTF8, text, length) == length);
	for (int i = 0; i < length; i++)
		INVARIANT((unsigned char) text[i] >= ' ' || text[i] == '\n');
}

#define CHECK_TEXT(format) \
	do { \
		va_list		args; \
		va_start(args, format); \
		check_text(format, args); \
		va_end(args); \
		return 0; \
	} while (0)

int
errmsg(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
errmsg_internal(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
errdetail(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
errdetail_internal(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
errhint(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
errcontext_msg(const char *fmt,...)
{
	CHECK_TEXT(fmt);
}

int
set_errcontext_domain(const char *domain)
{
	(void) domain;
	return 0;
}

int
errcode(int sqlerrcode)
{
	INVARIANT(sqlerrcode != 0);
	return 0;
}

int
errcode_for_file_access(void)
{
	return 0;
}

bool
errstart(int elevel, const char *domain)
{
	(void) domain;
	error_level = elevel;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	(void) filename;
	(void) lineno;
	(void) funcname;
	for (ErrorContextCallback *c = error_context_stack; c; c = c->previous)
		c->callback(c->arg);
	if (error_level >= ERROR)
		pg_re_throw();
}

void
pg_re_throw(void)
{
	siglongjmp(*PG_exception_stack, 1);
}

/* ----------
 * Time
 * ----------
 */

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

TimestampTz
GetCurrentTimestamp(void)
{
	return fuzz_now;
}

int
date2j(int year, int month, int day)
{
	struct tm	tm = {.tm_year = year - 1900,.tm_mon = month - 1,.tm_mday = day};

	return (int) (timegm(&tm) / SECS_PER_DAY) + UNIX_EPOCH_JDATE;
}

TimestampTz
time_t_to_timestamptz(pg_time_t tm)
{
	return (tm - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
			(int64) SECS_PER_DAY) * USECS_PER_SEC;
}

/* Only UTC */
int
timestamp2tm(Timestamp dt, int *tzp, struct pg_tm *tm, fsec_t *fsec,
			 const char **tzn, pg_tz *attimezone)
{
	struct tm	utc;
	int64		micros = dt % USECS_PER_SEC;
	time_t		seconds;

	INVARIANT(tzp == NULL && tzn == NULL && attimezone == NULL);
	*fsec = (fsec_t) (micros < 0 ? micros + USECS_PER_SEC : micros);
	seconds = (dt - *fsec) / USECS_PER_SEC +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
	if (!IS_VALID_TIMESTAMP(dt) || gmtime_r(&seconds, &utc) == NULL)
		return -1;
	tm->tm_year = utc.tm_year + 1900;
	tm->tm_mon = utc.tm_mon + 1;
	tm->tm_mday = utc.tm_mday;
	tm->tm_hour = utc.tm_hour;
	tm->tm_min = utc.tm_min;
	tm->tm_sec = utc.tm_sec;
	return 0;
}

long
TimestampDifferenceMilliseconds(TimestampTz start_time, TimestampTz stop_time)
{
	TimestampTz difference;

	if (start_time >= stop_time)
		return 0;
	if (pg_sub_s64_overflow(stop_time, start_time, &difference))
		return INT_MAX;
	return (long) Min(difference / 1000 + 1, INT_MAX);
}

/* ----------
 * Waiting
 * ----------
 */

void
ResetLatch(Latch *latch)
{
	(void) latch;
}

int
WaitLatch(Latch *latch, int wakeEvents, long timeout, uint32 wait_event_info)
{
	(void) latch;
	(void) wakeEvents;
	(void) wait_event_info;
	fuzz_now += timeout * INT64CONST(1000);
	return WL_TIMEOUT;
}

/* An infinite wait is an error after a minute */
int
WaitLatchOrSocket(Latch *latch, int wakeEvents, pgsocket sock, long timeout,
				  uint32 wait_event_info)
{
	struct pollfd fd = {.fd = sock,.events = POLLIN};

	(void) latch;
	(void) wakeEvents;
	(void) timeout;
	(void) wait_event_info;
	INVARIANT(poll(&fd, 1, 60000) == 1);
	return WL_SOCKET_READABLE;
}

void
ProcessInterrupts(void)
{
}

bool
AcquireExternalFD(void)
{
	external_fds++;
	return true;
}

void
ReleaseExternalFD(void)
{
	INVARIANT(external_fds > 0);
	external_fds--;
}

Oid
GetUserId(void)
{
	return BOOTSTRAP_SUPERUSERID;
}

/* ----------
 * The shared memory
 * ----------
 */

ClfShared  *
clf_shmem_lock(void)
{
	return &fuzz_shared;
}

void
clf_shmem_unlock(void)
{
}

#ifdef USE_ASSERT_CHECKING
bool
clf_shmem_is_locked(void)
{
	return true;
}
#endif

bool
clf_shmem_by_cluster(void)
{
	return true;
}

void *
clf_shmem_choose(void *entries, size_t size, int n, Oid role,
				 ClfClaimOf claim_of)
{
	for (int i = 0; i < n; i++)
	{
		ClfEntryHead *head = (ClfEntryHead *) ((char *) entries + i * size);

		if (head->used_at == 0 || claim_of == NULL ||
			claim_of(head, fuzz_now) != CLF_CLAIM_IN_USE)
			return head;
	}
	return NULL;
}

ClfKey
clf_shmem_key(const char *const *texts, int ntexts)
{
	ClfKey		key = {{0}};

	for (int i = 0; i < ntexts; i++)
	{
		for (size_t n = 0; texts[i][n] != '\0'; n++)
			key.bytes[n % sizeof(key.bytes)] += (n + 7) * texts[i][n];
	}
	return key;
}

bool
clf_same_key(const ClfKey *a, const ClfKey *b)
{
	return memcmp(a, b, sizeof(ClfKey)) == 0;
}

/* ----------
 * Settings
 * ----------
 */

/* A setting keeps its initial value */
void
DefineCustomIntVariable(const char *name, const char *short_desc,
						const char *long_desc, int *valueAddr, int bootValue,
						int minValue, int maxValue, GucContext context,
						int flags, GucIntCheckHook check_hook,
						GucIntAssignHook assign_hook,
						GucShowHook show_hook)
{
	*valueAddr = bootValue;
}

/* ----------
 * Texts
 * ----------
 */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

int
pg_mbcliplen(const char *mbstr, int len, int limit)
{
	int			clipped = 0;

	while (clipped < len && mbstr[clipped] != '\0')
	{
		int			width = pg_encoding_mblen(PG_UTF8, mbstr + clipped);

		if (clipped + width > limit)
			break;
		clipped += width;
	}
	return clipped;
}

bool
pg_verify_mbstr(int encoding, const char *mbstr, int len, bool noError)
{
	INVARIANT(noError);
	return pg_encoding_verifymbstr(encoding, mbstr, len) == len;
}

/* In a UTF-8 database nothing is converted */
bool
IsTransactionState(void)
{
	return true;
}

Oid
FindDefaultConversionProc(int32 for_encoding, int32 to_encoding)
{
	return InvalidOid;
}

int
pg_do_encoding_conversion_buf(Oid proc, int src_encoding, int dest_encoding,
							  unsigned char *src, int srclen,
							  unsigned char *dest, int destlen, bool noError)
{
	return 0;
}

char *
asc_tolower(const char *buff, size_t nbytes)
{
	char	   *lower = pnstrdup(buff, nbytes);

	for (char *p = lower; *p; p++)
		*p = (char) pg_ascii_tolower((unsigned char) *p);
	return lower;
}

uint64
hex_encode(const char *src, size_t len, char *dst)
{
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) src[i];

		dst[2 * i] = "0123456789abcdef"[c >> 4];
		dst[2 * i + 1] = "0123456789abcdef"[c & 15];
	}
	return len * 2;
}
