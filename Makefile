# call_log_fdw: the RingCentral Call Log as PostgreSQL foreign tables
#
#   make && make install      build and install (PG_CONFIG=... picks the server)
#   make installcheck         run the tests against a running server

EXTENSION = call_log_fdw
DATA = call_log_fdw--1.0.sql
PGFILEDESC = "call_log_fdw - foreign data wrapper for the RingCentral Call Log API"

MODULE_big = call_log_fdw
OBJS = \
	call_log_fdw.o \
	src/admin/check.o \
	src/admin/monitor.o \
	src/answer/batch.o \
	src/answer/error.o \
	src/answer/field.o \
	src/answer/json.o \
	src/answer/page.o \
	src/api/path.o \
	src/api/resource.o \
	src/api/time.o \
	src/api/uri.o \
	src/catalog/import.o \
	src/catalog/option.o \
	src/catalog/table.o \
	src/net/attempt.o \
	src/net/budget.o \
	src/net/exchange.o \
	src/net/http.o \
	src/net/retry.o \
	src/net/token.o \
	src/plan/estimate.o \
	src/plan/node.o \
	src/plan/paths.o \
	src/plan/pushdown.o \
	src/plan/query.o \
	src/scan/analyze.o \
	src/scan/explain.o \
	src/scan/id_join.o \
	src/scan/pager.o \
	src/scan/recording.o \
	src/scan/rows.o \
	src/scan/scan.o \
	src/scan/text.o \
	src/scan/tuple.o \
	src/shared/activity.o \
	src/shared/clock.o \
	src/shared/density.o \
	src/shared/shmem.o \
	src/sync/sync.o

PKG_CONFIG ?= pkg-config
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(srcdir)/call_log_fdw.control)
PG_CPPFLAGS = -I$(srcdir)/src -DCLF_VERSION='"$(EXTVERSION)"' \
	$(shell $(PKG_CONFIG) --cflags libcurl json-c) \
	-isystem $(includedir_server)	# others' headers, others' warnings
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcurl json-c)

# The tests talk to the API simulator, so installcheck starts one for the time
# it runs; NO_INSTALLCHECK makes room for that target of our own.
REGRESS = unit setup option import scan pushdown rescan write type encoding error by_id join join_empty leg active change recording limit estimate retry monitor privilege hostile sync
TAP_TESTS = 1
NO_INSTALLCHECK = 1

EXTRA_CLEAN = t/unit.o t/unit.so $(FUZZ_TARGETS) tmp_check results regression.diffs regression.out

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS does not know which headers an object was made from
$(OBJS) t/unit.o: $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)

# The unit tests are a module of their own, with the pure rooms linked in
UNIT_OBJS = t/unit.o src/answer/batch.o src/answer/field.o src/answer/json.o src/answer/page.o \
	src/api/path.o src/api/resource.o src/api/time.o src/api/uri.o src/plan/query.o
t/unit$(DLSUFFIX): $(UNIT_OBJS)
	$(CC) $(CFLAGS) $(UNIT_OBJS) $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ $(SHLIB_LINK)

# Each fuzz target is a program of its own, to be run by script/fuzz: the rooms
# that read answers, in what stands for a backend. What it does not reach of them
# is left out, and with it what that would need of PostgreSQL.
FUZZ_TARGETS = $(patsubst $(srcdir)/t/fuzz/corpus/%,t/fuzz/%,$(wildcard $(srcdir)/t/fuzz/corpus/*))
FUZZ_CC = clang -g -O1 -fno-omit-frame-pointer -ffunction-sections \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_SOURCES = t/fuzz/backend.c src/answer/batch.c src/answer/error.c src/answer/field.c src/answer/json.c src/answer/page.c \
	src/api/path.c src/api/resource.c src/api/time.c src/api/uri.c src/plan/query.c src/shared/clock.c
t/fuzz/%: t/fuzz/%.c $(FUZZ_SOURCES) t/fuzz/backend.h $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.[ch])
	$(FUZZ_CC) $(CPPFLAGS) -o $@ $< $(FUZZ_SOURCES) -Wl,--gc-sections,-z,start-stop-gc \
		-L$(pkglibdir) -L$(libdir) -lpgcommon -lpgport $(SHLIB_LINK) -lm

# To see that they still build needs no clang
fuzz-targets: FUZZ_CC = $(CC) -ffunction-sections -fdata-sections -nostartfiles -Wl,-e,LLVMFuzzerTestOneInput
fuzz-targets: $(FUZZ_TARGETS)

.PHONY: fuzz-targets installcheck installcheck-regress installcheck-tap regress
installcheck: installcheck-regress installcheck-tap

installcheck-regress: t/unit$(DLSUFFIX)
	SIMULATOR_OPTIONS='--clock 2026-03-31T12:00:00Z' \
	$(srcdir)/script/with_simulator $(MAKE) regress

regress:
	$(pg_regress_installcheck) $(REGRESS_OPTS) $(REGRESS)

installcheck-tap:
	$(prove_installcheck)
