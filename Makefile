# call_log_fdw: the RingCentral Call Log as PostgreSQL foreign tables
#
#   make && make install      build and install (PG_CONFIG=... picks the server)
#   make installcheck         run the tests against a running server
#   make dist                 the archive of a release, from what is committed

EXTENSION = call_log_fdw
DATA = call_log_fdw--1.0.sql
PGFILEDESC = "call_log_fdw - foreign data wrapper for the RingCentral Call Log API"

MODULE_big = call_log_fdw
OBJS = \
	call_log_fdw.o \
	src/admin/check.o \
	src/admin/comment.o \
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
	src/catalog/secret.o \
	src/catalog/table.o \
	src/net/attempt.o \
	src/net/budget.o \
	src/net/exchange.o \
	src/net/http.o \
	src/net/retry.o \
	src/net/token.o \
	src/plan/bind.o \
	src/plan/estimate.o \
	src/plan/jit.o \
	src/plan/node.o \
	src/plan/paths.o \
	src/plan/pushdown.o \
	src/plan/query.o \
	src/plan/time_function.o \
	src/plan/times.o \
	src/scan/analyze.o \
	src/scan/answers.o \
	src/scan/explain.o \
	src/scan/id_join.o \
	src/scan/idset.o \
	src/scan/pager.o \
	src/scan/recording.o \
	src/scan/rows.o \
	src/scan/scan.o \
	src/scan/search.o \
	src/scan/text.o \
	src/scan/tuple.o \
	src/scan/widen.o \
	src/shared/activity.o \
	src/shared/clock.o \
	src/shared/density.o \
	src/shared/shmem.o \
	src/sync/sync.o \
	src/sync/sync_changes.o \
	src/sync/sync_list.o \
	src/sync/sync_lock.o \
	src/sync/sync_plan.o \
	src/sync/sync_ranges.o \
	src/sync/sync_read.o \
	src/sync/sync_recording.o \
	src/sync/sync_run.o \
	src/sync/sync_sql.o \
	src/sync/sync_state.o \
	src/sync/sync_write.o

UNIT_OBJS = $(patsubst $(srcdir)/%.c,%.o,$(wildcard $(srcdir)/t/unit/*.c)) \
	src/answer/batch.o src/answer/field.o src/answer/json.o src/answer/page.o \
	src/api/path.o src/api/resource.o src/api/time.o src/api/uri.o src/plan/query.o \
	src/scan/idset.o src/scan/search.o src/scan/widen.o

OBJ_DIRS = $(filter-out ./,$(sort $(dir $(OBJS) $(UNIT_OBJS))))

PKG_CONFIG ?= pkg-config
LIBRARIES = libcurl json-c
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(srcdir)/call_log_fdw.control)
PG_CPPFLAGS = -I$(srcdir)/src -DCLF_VERSION='"$(EXTVERSION)"' \
	$(shell $(PKG_CONFIG) --cflags $(LIBRARIES)) \
	-isystem $(includedir_server)	# no warnings about PostgreSQL's headers
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs $(LIBRARIES))

# The tests use the API simulator, which installcheck starts and stops;
# NO_INSTALLCHECK lets this Makefile define the target. Their database is in
# UTF8, whatever the encoding of the cluster.
REGRESS = unit setup option import scan pushdown range alternative rescan write type encoding error by_id join join_empty leg active change recording extension search message limit estimate retry monitor privilege hostile sync sync_rights
REGRESS_OPTS = --encoding=UTF8
TAP_TESTS = 1
NO_INSTALLCHECK = 1

EXTRA_CLEAN = $(UNIT_OBJS) t/unit/unit$(DLSUFFIX) $(FUZZ_TARGETS) tmp_check results regression.diffs regression.out log \
	$(wildcard $(srcdir)/bench/__pycache__ $(srcdir)/simulator/__pycache__ $(srcdir)/simulator/*/__pycache__)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error No PostgreSQL to build against: install its header files (Debian: postgresql-server-dev-NN, Red Hat: \
	postgresqlNN-devel), or name its pg_config with PG_CONFIG=/path/to/pg_config)
endif
include $(PGXS)

# A missing library is an error here. Otherwise the compiler would name a header,
# or the linker create a library that no server can load.
ifneq ($(filter-out clean distclean maintainer-clean uninstall dist,$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell $(PKG_CONFIG) --version 2>/dev/null),)
$(error $(PKG_CONFIG) is missing: install it (Debian, Red Hat: pkg-config))
endif
$(foreach library,$(LIBRARIES),$(if $(shell $(PKG_CONFIG) --exists $(library) || echo no),$(error \
	The header files of $(library) are missing: install them (Debian: libcurl4-openssl-dev libjson-c-dev, Red Hat: \
	libcurl-devel json-c-devel) or set PKG_CONFIG_PATH)))
ifeq ($(with_llvm),yes)
ifeq ($(shell command -v $(firstword $(CLANG))),)
$(error $(CLANG) is missing, with which PostgreSQL's JIT compiler has extensions built: install it, or build \
	without (make with_llvm=no), which takes nothing from this extension)
endif
endif
ifdef VPATH
$(shell mkdir -p $(OBJ_DIRS))
endif
endif

# Of a build elsewhere, the directories as well: empty ones only
ifdef VPATH
clean: clean-directories
clean-directories:
	@rm -f $(OBJS) $(OBJS:.o=.bc) $(UNIT_OBJS) t/unit/unit$(DLSUFFIX)
	@for directory in $(OBJ_DIRS) src t; do rmdir "$$directory" 2>/dev/null || true; done
endif

# PGXS does not track the headers of an object
$(OBJS) $(UNIT_OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h $(srcdir)/t/unit/*.h)

# The unit tests are a separate module, with the modules that need no I/O
# linked in
t/unit/unit$(DLSUFFIX): $(UNIT_OBJS)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ $(SHLIB_LINK)

# Each fuzz target is a program, run by script/fuzz: the modules
# that read responses, with t/fuzz/backend.c instead of a backend. The linker drops
# unreachable functions, and with them their references to PostgreSQL.
FUZZ_TARGETS = $(patsubst $(srcdir)/t/fuzz/corpus/%,t/fuzz/%,$(wildcard $(srcdir)/t/fuzz/corpus/*))
FUZZ_CC = clang -g -O1 -fno-omit-frame-pointer -ffunction-sections \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_SOURCES = t/fuzz/backend.c src/answer/batch.c src/answer/error.c src/answer/field.c src/answer/json.c src/answer/page.c \
	src/api/path.c src/api/resource.c src/api/time.c src/api/uri.c src/plan/query.c src/shared/clock.c
t/fuzz/%: t/fuzz/%.c $(FUZZ_SOURCES) t/fuzz/backend.h $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.[ch])
	$(FUZZ_CC) $(CPPFLAGS) -o $@ $< $(FUZZ_SOURCES) -Wl,--gc-sections,-z,start-stop-gc \
		-L$(pkglibdir) -L$(libdir) -lpgcommon -lpgport $(SHLIB_LINK) -lm

# Building them without running them does not require clang
fuzz-targets: FUZZ_CC = $(CC) -ffunction-sections -fdata-sections -nostartfiles -Wl,-e,LLVMFuzzerTestOneInput
fuzz-targets: $(FUZZ_TARGETS)

.PHONY: clean-directories dist fuzz-targets installcheck installcheck-regress installcheck-tap regress
installcheck: installcheck-regress installcheck-tap

installcheck-regress: t/unit/unit$(DLSUFFIX)
	SIMULATOR_OPTIONS='--clock 2026-03-31T12:00:00Z' \
	$(srcdir)/script/with_simulator $(MAKE) -f $(firstword $(MAKEFILE_LIST)) regress

# The server loads the unit tests' module, and may not be able to read a
# home directory.
regress:
	CALL_LOG_UNIT=$$(mktemp -d /tmp/call_log_fdw.XXXXXX) && export CALL_LOG_UNIT && \
	trap 'rm -rf "$$CALL_LOG_UNIT"' 0 && trap 'exit 130' 2 15 && chmod 755 "$$CALL_LOG_UNIT" && \
	$(INSTALL_SHLIB) t/unit/unit$(DLSUFFIX) "$$CALL_LOG_UNIT" && \
	$(pg_regress_installcheck) $(REGRESS_OPTS) $(REGRESS)

installcheck-tap:
	$(prove_installcheck)

# The distribution's version is that of META.json: PGXN requires three numbers.
DIST = call_log_fdw-$(shell sed -n 's/^   "version": "\(.*\)",/\1/p' $(srcdir)/META.json)
dist:
	git -C $(srcdir) archive --format=zip --prefix=$(DIST)/ --output=$(CURDIR)/$(DIST).zip HEAD
	git -C $(srcdir) archive --format=tar.gz --prefix=$(DIST)/ --output=$(CURDIR)/$(DIST).tar.gz HEAD
