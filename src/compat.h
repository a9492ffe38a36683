/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the supported versions: PostgreSQL 15 to 19, libcurl.
 *
 * All version tests of the preprocessor are in this file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_COMPAT_H
#define CLF_COMPAT_H

#include "access/stratnum.h"
#include "catalog/pg_foreign_server.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "storage/lwlock.h"
#include "utils/acl.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#include "access/transam.h"
#include "utils/fmgroids.h"
#endif
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

#if PG_VERSION_NUM < 150000
#error call_log_fdw needs PostgreSQL 15 or later
#endif

/*
 * Versions of libcurl.  The macros expand in net/http.c, which includes
 * curl/curl.h.
 */
#define CLF_CURL_IS_SUPPORTED CURL_AT_LEAST_VERSION(7, 74, 0)
#define CLF_CURL_HAS_PROTOCOLS_STR CURL_AT_LEAST_VERSION(7, 85, 0)
#define CLF_CURL_HAS_QUICK_EXIT CURL_AT_LEAST_VERSION(7, 87, 0)
#define CLF_CURL_HAS_CA_CACHE CURL_AT_LEAST_VERSION(7, 87, 0)
#define CLF_CURL_HAS_TOO_LARGE CURL_AT_LEAST_VERSION(8, 6, 0)	/* CURLE_TOO_LARGE */

/* ANALYZE without a sample: the callback ImportForeignStatistics */
#if PG_VERSION_NUM >= 190000
#define CLF_IMPORTS_STATISTICS
#endif

/* Removed in PostgreSQL 16 */
#ifndef Abs
#define Abs(x) ((x) >= 0 ? (x) : -(x))
#endif

/* Named so as of PostgreSQL 18 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/*
 * Vectors of bytes, as in port/simd.h of PostgreSQL 17.  CLF_HAS_VECTORS is
 * defined if the processor supports them.  16 lacks vector8_highbit_mask and 15
 * the whole file; both are provided here for SSE2, which every x86-64 has.
 */
#if PG_VERSION_NUM >= 160000
#include "port/simd.h"
#elif defined(__SSE2__)
#include <emmintrin.h>
#define USE_SSE2
typedef __m128i Vector8;

static inline void
vector8_load(Vector8 *v, const uint8 *s)
{
	*v = _mm_loadu_si128((const __m128i *) s);
}

static inline Vector8
vector8_broadcast(const uint8 c)
{
	return _mm_set1_epi8((char) c);
}

static inline Vector8
vector8_or(const Vector8 v1, const Vector8 v2)
{
	return _mm_or_si128(v1, v2);
}

static inline Vector8
vector8_ssub(const Vector8 v1, const Vector8 v2)
{
	return _mm_subs_epu8(v1, v2);
}

static inline Vector8
vector8_eq(const Vector8 v1, const Vector8 v2)
{
	return _mm_cmpeq_epi8(v1, v2);
}
#endif

#if PG_VERSION_NUM < 170000 && defined(USE_SSE2)
static inline uint32
vector8_highbit_mask(const Vector8 v)
{
	return (uint32) _mm_movemask_epi8(v);
}
#endif

#if defined(USE_SSE2) || (PG_VERSION_NUM >= 170000 && defined(USE_NEON))
#define CLF_HAS_VECTORS

/* Find the bytes that are at most c; 19 removed the unsigned vector8_ssub */
static inline Vector8
clf_vector8_le(const Vector8 v, const uint8 c)
{
#if PG_VERSION_NUM >= 190000
	return vector8_eq(vector8_min(v, vector8_broadcast(c)), v);
#else
	return vector8_eq(vector8_ssub(v, vector8_broadcast(c)),
					  vector8_broadcast(0));
#endif
}
#endif

/* Names and version for the module list: PostgreSQL 18 */
#ifdef PG_MODULE_MAGIC_EXT
#define CLF_MODULE_MAGIC(n, v) PG_MODULE_MAGIC_EXT(.name = n, .version = v)
#else
#define CLF_MODULE_MAGIC(n, v) PG_MODULE_MAGIC
#endif

/*
 * Create the path of a scan of a base relation.  17 added fdw_restrictinfo, 18
 * disabled_nodes.
 */
static inline ForeignPath *
clf_create_scan_path(PlannerInfo *root, RelOptInfo *rel, double rows,
					 Cost startup_cost, Cost total_cost, List *pathkeys,
					 Relids required_outer)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0, startup_cost,
								   total_cost, pathkeys, required_outer,
								   NULL, NIL, NIL);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost,
								   total_cost, pathkeys, required_outer,
								   NULL, NIL, NIL);
#else
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost,
								   total_cost, pathkeys, required_outer,
								   NULL, NIL);
#endif
}

/* PostgreSQL 18: prefer any other path, independent of costs */
static inline void
clf_disable_path(Path *path)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes = 1000;
#endif
}

/* PostgreSQL 18: add the disabled_nodes of a subpath */
static inline void
clf_add_disabled_nodes(Path *path, const Path *child)
{
#if PG_VERSION_NUM >= 180000
	path->disabled_nodes += child->disabled_nodes;
#endif
}

/*
 * Paths that return distinct rows of rel, for JOIN_UNIQUE_OUTER.  As of 19, all
 * paths of the relation passed to the join hook do.
 */
static inline List *
clf_unique_paths(PlannerInfo *root, RelOptInfo *rel, SpecialJoinInfo *sjinfo)
{
#if PG_VERSION_NUM >= 190000
	return rel->pathlist;
#else
	Path	   *path = (Path *) create_unique_path(root, rel,
												   rel->cheapest_total_path,
												   sjinfo);

	return path ? list_make1(path) : NIL;
#endif
}

/* MERGE's join condition; as of 17 it is not in the query's join tree */
static inline Node *
clf_merge_condition(const Query *parse)
{
#if PG_VERSION_NUM >= 170000
	return parse->mergeJoinCondition;
#else
	return NULL;
#endif
}

/* Is the order descending? */
static inline bool
clf_pathkey_is_desc(const PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/*
 * The members of an equivalence class. 18 keeps those of rel separately if it
 * is a child of an Append.
 */
static inline List *
clf_ec_members(EquivalenceClass *ec, RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 180000
	EquivalenceMemberIterator it;
	EquivalenceMember *member;
	List	   *members = NIL;

	setup_eclass_member_iterator(&it, ec, rel->relids);
	while ((member = eclass_member_iterator_next(&it)) != NULL)
		members = lappend(members, member);
	return members;
#else
	return ec->ec_members;
#endif
}

/*
 * The role whose user mapping a scan uses; that of the view owner if the table
 * is read through a view.  It is in the plan node as of 16.
 */
static inline Oid
clf_scan_userid(const ForeignScan *plan, EState *estate)
{
	Oid			userid;

#if PG_VERSION_NUM >= 160000
	userid = plan->checkAsUser;
#else
	userid = exec_rt_fetch(plan->scan.scanrelid, estate)->checkAsUser;
#endif
	return OidIsValid(userid) ? userid : GetUserId();
}

/*
 * A custom wait event, shown in pg_stat_activity; before 17 all extensions
 * share "Extension". *cache belongs to the caller and is initialized with 0.
 */
static inline uint32
clf_wait_event(uint32 *cache, const char *name)
{
#if PG_VERSION_NUM >= 170000
	if (*cache == 0)
		*cache = WaitEventExtensionNew(name);
	return *cache;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * May the current role use this foreign server? object_aclcheck is new in 16.
 */
static inline bool
clf_may_use_server(Oid serverid)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ForeignServerRelationId, serverid, GetUserId(),
						   ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_foreign_server_aclcheck(serverid, GetUserId(),
									  ACL_USAGE) == ACLCHECK_OK;
#endif
}

#if PG_VERSION_NUM >= 190000
/* Adapter for an init function without an argument */
static inline void
clf_init_segment(void *area, void *init)
{
	(*(void (**) (void *)) init) (area);
}
#endif

/*
 * PostgreSQL 17: attach to a named segment, creating it if necessary.  NULL
 * before.
 */
static inline void *
clf_named_segment(const char *name, size_t size, void (*init) (void *))
{
#if PG_VERSION_NUM >= 190000
	bool		found;

	return GetNamedDSMSegment(name, size, clf_init_segment, &found, &init);
#elif PG_VERSION_NUM >= 170000
	bool		found;

	return GetNamedDSMSegment(name, size, init, &found);
#else
	return NULL;
#endif
}

#if PG_VERSION_NUM < 160000

/*
 * Soft errors, as in 16, for the input functions of built-in types: these hold
 * no resources that only an abort would release.  Errors of domains, which may
 * call arbitrary functions, and of types of extensions are raised as usual.
 */
typedef struct ErrorSaveContext
{
	NodeTag		type;
	bool		error_occurred;
	bool		details_wanted;
	ErrorData  *error_data;
} ErrorSaveContext;

#define T_ErrorSaveContext T_Invalid

/* Move the current error from the error stack to the context */
static inline void
clf_keep_error(Node *escontext)
{
	ErrorSaveContext *save = (ErrorSaveContext *) escontext;

	save->error_occurred = true;
	save->error_data = CopyErrorData();
	FlushErrorState();
}

#define errsave(escontext, ...) \
	do { \
		if ((escontext) == NULL) \
			ereport(ERROR, __VA_ARGS__); \
		else if (errstart(ERROR, TEXTDOMAIN)) \
			__VA_ARGS__, clf_keep_error(escontext); \
	} while (0)

static inline bool
InputFunctionCallSafe(FmgrInfo *flinfo, char *str, Oid typioparam,
					  int32 typmod, Node *escontext, Datum *result)
{
	MemoryContext cxt = CurrentMemoryContext;

	if (escontext == NULL || flinfo->fn_oid == F_DOMAIN_IN ||
		flinfo->fn_oid >= FirstNormalObjectId)
	{
		*result = InputFunctionCall(flinfo, str, typioparam, typmod);
		return true;
	}
	PG_TRY();
	{
		*result = InputFunctionCall(flinfo, str, typioparam, typmod);
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		if (category != ERRCODE_DATA_EXCEPTION &&
			category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		clf_keep_error(escontext);
	}
	PG_END_TRY();
	return !((ErrorSaveContext *) escontext)->error_occurred;
}

#endif

/*
 * Allocate an LWLock tranche.  As of 19 it includes the name; before, each
 * backend has to register it.
 */
static inline int
clf_new_tranche(const char *name)
{
#if PG_VERSION_NUM >= 190000
	return LWLockNewTrancheId(name);
#else
	return LWLockNewTrancheId();
#endif
}

static inline void
clf_register_tranche(int tranche, const char *name)
{
#if PG_VERSION_NUM < 190000
	LWLockRegisterTranche(tranche, name);
#endif
}

/*
 * Convert to timestamptz in the session's time zone; infinity if out of range.
 */
static inline TimestampTz
clf_date_to_timestamptz(DateADT date)
{
#if PG_VERSION_NUM >= 190000
	ErrorSaveContext overflow = {.type = T_ErrorSaveContext};

	return date2timestamptz_safe(date, (Node *) &overflow);
#else
	int			overflow;

	return date2timestamptz_opt_overflow(date, &overflow);
#endif
}

static inline TimestampTz
clf_timestamp_to_timestamptz(Timestamp timestamp)
{
#if PG_VERSION_NUM >= 190000
	ErrorSaveContext overflow = {.type = T_ErrorSaveContext};

	return timestamp2timestamptz_safe(timestamp, (Node *) &overflow);
#else
	int			overflow;

	return timestamp2timestamptz_opt_overflow(timestamp, &overflow);
#endif
}

/* PostgreSQL 19: to be called after all attributes of a TupleDesc are set */
static inline void
clf_tupledesc_finalize(TupleDesc desc)
{
#if PG_VERSION_NUM >= 190000
	TupleDescFinalize(desc);
#endif
}

#endif							/* CLF_COMPAT_H */
