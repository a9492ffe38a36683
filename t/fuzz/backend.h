/*-------------------------------------------------------------------------
 *
 * backend.h
 *	  Fuzz targets: a replacement for the backend functions used by the modules.
 *
 * Each target is a program: libFuzzer calls it with the bytes of a response, it
 * passes them to a module of the extension, and checks invariants of the result.
 * script/fuzz builds and runs them.
 *
 * Every palloc is a malloc here, so that AddressSanitizer detects each access
 * out of bounds, and memory that outlives the input's memory context is a leak.
 * Errors are raised and caught as in a backend; their texts are checked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_FUZZ_BACKEND_H
#define CLF_FUZZ_BACKEND_H

#include "postgres.h"

#include "compat.h"
#include "datatype/timestamp.h"
#include "shared/shmem.h"

/* An invariant for any input; its violation is a finding */
#define INVARIANT(condition) \
	((condition) ? (void) 0 : fuzz_finding(#condition, __FILE__, __LINE__))

/* A function that may raise an error */
typedef void (*FuzzAction) (void *arg);

/* The result of GetCurrentTimestamp; waiting advances it */
extern TimestampTz fuzz_now;

/* Shared memory; outlives an input */
extern ClfShared fuzz_shared;

/* Defined by the target; called for each input, in a new memory context */
extern void fuzz_input(const char *data, size_t size);

pg_noreturn extern void fuzz_finding(const char *what, const char *file,
									 int line);
extern bool fuzz_raises(FuzzAction action, void *arg);
extern char *fuzz_line(const char **p, const char *end);

#endif							/* CLF_FUZZ_BACKEND_H */
