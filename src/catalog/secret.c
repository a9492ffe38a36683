/*-------------------------------------------------------------------------
 *
 * secret.c
 *	  Memory for secrets, and files containing secrets.
 *
 * A secret is wiped from memory as soon as it is no longer needed, so that
 * neither a core file nor a bug that exposes freed memory discloses it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/secret.h"
#include "storage/fd.h"

/*
 * Maximum size of a file containing a secret, in bytes.  A JWT of RingCentral has
 * less than one kilobyte.
 */
#define MAX_FILE_SIZE 8192

#define FILE_HINT \
	"It must be a regular file that the operating system user of the database " \
	"server can read, and contain nothing but the secret."

/* A chunk of memory with the callback that wipes it */
typedef struct WipedChunk
{
	MemoryContextCallback callback;
	size_t		size;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} WipedChunk;

static void
wipe_chunk(void *arg)
{
	WipedChunk *chunk = arg;

	explicit_bzero(chunk->data, chunk->size);
}

/*
 * clf_secret_alloc
 *		Allocate zeroed memory in the current memory context, which should be
 *		short-lived.  The memory is wiped when the context is reset or deleted,
 *		on errors as well.
 */
void *
clf_secret_alloc(size_t size)
{
	WipedChunk *chunk = palloc0(offsetof(WipedChunk, data) + size);

	chunk->size = size;
	chunk->callback.func = wipe_chunk;
	chunk->callback.arg = chunk;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &chunk->callback);
	return chunk->data;
}

/*
 * clf_is_secret_text
 *		Is the text valid as a secret?  RingCentral's secrets contain neither
 *		spaces nor control characters, and a line break would terminate a header.
 */
bool
clf_is_secret_text(const char *text)
{
	for (const unsigned char *p = (const unsigned char *) text; *p; p++)
	{
		if (*p <= ' ' || *p == 0x7f)
			return false;
	}
	return text[0] != '\0';
}

/*
 * Raise the error for an invalid file.  The file name is sent to the log only: the
 * current role may not be allowed to see the options of the mapping.
 */
static void
report_file(int sqlstate, const char *option, const char *path,
			const char *problem)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("could not read the file of option \"%s\": %s", option,
					problem),
			 errdetail_log("The file is \"%s\".", path),
			 errhint(FILE_HINT)));
}

/* Raise the error for a failed system call */
static void
report_system_error(const char *option, const char *path)
{
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not read the file of option \"%s\": %m", option),
			 errdetail_log("The file is \"%s\".", path),
			 errhint(FILE_HINT)));
}

/* Read a regular file, up to a maximum size; returns its length */
static size_t
read_bytes(int fd, char *bytes, size_t size, const char *option,
		   const char *path)
{
	struct stat st;
	size_t		length = 0;
	ssize_t		n;

	if (fstat(fd, &st) != 0)
		report_system_error(option, path);
	if (!S_ISREG(st.st_mode))
		report_file(ERRCODE_WRONG_OBJECT_TYPE, option, path,
					"it is not a regular file");
	do
	{
		n = read(fd, bytes + length, size - length);
		if (n < 0 && errno != EINTR)
			report_system_error(option, path);
		length += Max(n, 0);
	} while (n != 0 && length < size);
	return length;
}

/*
 * clf_secret_read_file
 *		Read a secret from the file of an option of a user mapping, without
 *		trailing line breaks.  Allocated by clf_secret_alloc.
 */
char *
clf_secret_read_file(const char *option, const char *path)
{
	char	   *text = clf_secret_alloc(MAX_FILE_SIZE + 2);
	size_t		length;
	int			fd;

	/* O_NONBLOCK: opening a FIFO would wait for a writer */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		report_system_error(option, path);
	length = read_bytes(fd, text, MAX_FILE_SIZE + 1, option, path);
	CloseTransientFile(fd);

	if (length > MAX_FILE_SIZE)
		report_file(ERRCODE_PROGRAM_LIMIT_EXCEEDED, option, path,
					psprintf("it is larger than %d bytes", MAX_FILE_SIZE));
	while (length > 0 &&
		   (text[length - 1] == '\n' || text[length - 1] == '\r'))
		text[--length] = '\0';
	if (length == 0)
		report_file(ERRCODE_INVALID_PARAMETER_VALUE, option, path,
					"it is empty");
	if (strlen(text) != length || !clf_is_secret_text(text))
		report_file(ERRCODE_INVALID_PARAMETER_VALUE, option, path,
					"it contains spaces, line breaks or other control "
					"characters");
	return text;
}
