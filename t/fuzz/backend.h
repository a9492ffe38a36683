/*-------------------------------------------------------------------------
 *
 * backend.h
 *	  Fuzz targets: what a backend is to the code under test, outside one.
 *
 * Each target is a program of its own: libFuzzer calls it with bytes, as a
 * server might send them, it hands them to one of the rooms, and looks whether
 * what must hold does.  script/fuzz builds and runs them.
 *
 * Every palloc is a malloc of its own here, so that AddressSanitizer sees each
 * step beyond its ends, and what is not gone with the input's memory context
 * is a leak.  Errors are raised and caught as in a backend; their texts are
 * looked at by the way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_FUZZ_BACKEND_H
#define CLF_FUZZ_BACKEND_H

#include "postgres.h"

#include "compat.h"
#include "datatype/timestamp.h"
#include "shared/shmem.h"

/* What must hold whatever the input is; else it is a finding */
#define INVARIANT(condition) \
	((condition) ? (void) 0 : fuzz_finding(#condition, __FILE__, __LINE__))

/* Something that may raise an error */
typedef void (*FuzzAction) (void *arg);

/* What GetCurrentTimestamp returns; waiting moves it on */
extern TimestampTz fuzz_now;

/* What the backends share; outlives an input */
extern ClfShared fuzz_shared;

/* The target's own: called for each input, in a memory context of its own */
extern void fuzz_input(const char *data, size_t size);

pg_noreturn extern void fuzz_finding(const char *what, const char *file,
									 int line);
extern bool fuzz_raises(FuzzAction action, void *arg);
extern char *fuzz_line(const char **p, const char *end);

#endif							/* CLF_FUZZ_BACKEND_H */
