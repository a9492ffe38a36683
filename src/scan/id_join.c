/*-------------------------------------------------------------------------
 *
 * id_join.c
 *	  Joins by id, many ids in one request.
 *
 * A nested loop with a parameterized scan requests one id at a time, where the
 * API takes 50 in one request.  This node reads outer rows until they have as many
 * new ids as a request takes, or fill half of work_mem, has the inner scan request
 * these ids, and joins the batch.  The inner rows are cached by id, up to half of
 * work_mem, for later outer rows with the same id.
 *
 * In the plan it is a custom scan, whose children are the outer side and the scan
 * of the foreign table.  The row that it scans has the outer columns, then the
 * inner ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "common/hashfn.h"
#include "compat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "plan/paths.h"
#include "scan/id_join.h"
#include "scan/scan.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/selfuncs.h"

#define NAME "Call Log Join"

/* Pages of a table that was never analyzed, see estimate_rel_size */
#define GUESSED_PAGES 10

/*
 * Factor that makes the join preferable to a nested loop with the same number
 * of requests: if there are more rows than estimated, the join needs fewer.
 */
#define DISCOUNT 0.97

/* Members of the path's custom_private, in this order */
enum PathPrivate
{
	PATH_JOINTYPE,				/* Integer */
	PATH_MAX_IDS,				/* Integer */
	PATH_KEY,					/* outer expression of the id */
	PATH_INNER_KEY,				/* the column that has it */
	PATH_CLAUSES,				/* List of RestrictInfo */
	PATH_MEMBERS
};

/* Members of the plan's custom_private */
enum PlanPrivate
{
	PLAN_JOINTYPE,				/* Integer */
	PLAN_MAX_IDS,				/* Integer */
	PLAN_OUTER_CLAUSES,			/* IntList: indexes of clauses that need the
								 * outer row alone */
	PLAN_MEMBERS
};

/* Members of the plan's custom_exprs; the clauses are the others */
enum PlanExprs
{
	PLAN_KEY,
	PLAN_INNER_KEY,
	PLAN_CLAUSES
};

/* An inner row */
typedef struct InnerRow
{
	struct InnerRow *next;		/* with the same id */
	MinimalTuple tuple;
} InnerRow;

/* The inner rows with an id */
typedef struct IdEntry
{
	struct varlena *id;
	int64		batch;			/* in which it was requested */
	InnerRow   *first;
	InnerRow   *last;
	uint32		hash;
	char		status;
} IdEntry;

static inline uint32
hash_id(const struct varlena *id)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(id),
					  VARSIZE_ANY_EXHDR(id));
}

static inline bool
is_same_id(const struct varlena *a, const struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

#define SH_PREFIX ids
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE struct varlena *
#define SH_KEY id
#define SH_HASH_KEY(table, key) hash_id(key)
#define SH_EQUAL(table, a, b) is_same_id(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* One side of the join */
typedef struct Side
{
	TupleTableSlot *slot;		/* its current row; empty: no row joins */
	int			offset;			/* of its columns in the joined row */
} Side;

typedef struct IdJoin
{
	CustomScanState css;
	JoinType	jointype;
	int			max_ids;
	ExprState  *key;			/* of the outer row */
	ExprState  *inner_key;
	ExprState  *outer_clauses;	/* those that need the outer row alone */
	ExprState  *clauses;
	TupleTableSlot *pair;		/* joined row on which both are evaluated */
	ExprContext *econtext;		/* of both */
	Side		outer;
	Side		inner;

	/* the batch */
	int64		batch;			/* its number */
	MemoryContext batch_cxt;	/* outer rows and ids to request */
	MinimalTuple *outer_rows;
	int64		nouter;
	int64		capacity;
	Size		size;			/* of outer rows and ids, in bytes */

	/* inner rows of this and of earlier batches */
	MemoryContext known_cxt;
	ids_hash   *known;			/* NULL: none yet */
	Size		known_size;		/* in bytes */

	/* the position in it */
	int64		outer_at;		/* the outer row to join */
	bool		opened;			/* is it the current one? */
	InnerRow   *inner_at;		/* the next inner row to join it with */
	bool		matched;		/* has it been joined? */
	bool		at_end;			/* are there no more outer rows? */
} IdJoin;

/* The setting call_log_fdw.enable_batched_join */
static bool enable_batched_join = true;

/* Bytes of a batch that each side may take: together they keep to work_mem */
static Size
side_size(void)
{
	return (Size) work_mem * 1024 / 2;
}

/* ----------
 * Planning
 * ----------
 */

/* A join for which paths are created */
typedef struct JoinPlan
{
	PlannerInfo *root;
	RelOptInfo *joinrel;
	RelOptInfo *outerrel;
	RelOptInfo *innerrel;		/* the foreign table */
	JoinType	jointype;
	List	   *clauses;		/* of RestrictInfo, in the order of
								 * evaluation; the one with the ids is the
								 * first */
	const ClfFilter *filter;	/* which it matches */
	Expr	   *key;			/* its side that gives an id */
} JoinPlan;

static int
compare_security(const ListCell *a, const ListCell *b)
{
	return (int) lfirst_node(RestrictInfo, a)->security_level -
		(int) lfirst_node(RestrictInfo, b)->security_level;
}

/* Order by security level, then by cost, which has been computed */
static int
compare_clauses(const ListCell *a, const ListCell *b)
{
	Cost		cost_a = lfirst_node(RestrictInfo, a)->eval_cost.per_tuple;
	Cost		cost_b = lfirst_node(RestrictInfo, b)->eval_cost.per_tuple;
	int			order = compare_security(a, b);

	return order != 0 ? order : (cost_a > cost_b) - (cost_a < cost_b);
}

/*
 * Sort clauses so that security barriers are respected: no clause may see a
 * row that a clause of a lower security level excludes.
 */
static List *
order_clauses(PlannerInfo *root, List *clauses)
{
	List	   *result = list_copy(clauses);
	QualCost	cost;

	cost_qual_eval(&cost, result, root);	/* stores it in each clause */
	list_sort(result, compare_clauses);
	return result;
}

/*
 * Find the first of the ordered clauses by which the outer side has the ids; false
 * if there is no such clause.  Its expression is evaluated before any other clause
 * is checked.  It is moved to the front: the others may be expensive, and are for
 * rows with the same id, not for each pair of rows of a batch.
 */
static bool
find_key(JoinPlan *join)
{
	ListCell   *lc;

	foreach(lc, join->clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if ((IS_OUTER_JOIN(join->jointype) &&
			 RINFO_IS_PUSHED_DOWN(rinfo, join->joinrel->relids)) ||
			(compare_security(lc, list_head(join->clauses)) > 0 &&
			 !rinfo->leakproof) ||
			!IsA(rinfo->clause, OpExpr))
			continue;
		join->filter = clf_plan_match_ids(join->root, join->innerrel,
										  join->outerrel->relids, rinfo,
										  &join->key);
		if (join->filter)
		{
			join->clauses = lcons(rinfo, list_delete_ptr(join->clauses, rinfo));
			return true;
		}
	}
	return false;
}

/* Find the clause with the key on one side, and return its other side */
static Expr *
inner_key(List *clauses, const Expr *key)
{
	OpExpr	   *op = castNode(OpExpr,
							  linitial_node(RestrictInfo, clauses)->clause);

	return linitial(op->args) == key ? lsecond(op->args) : linitial(op->args);
}

/* Pseudoconstant clauses need a gating Result node */
static bool
has_pseudoconstant(List *clauses)
{
	ListCell   *lc;

	foreach(lc, clauses)
	{
		if (lfirst_node(RestrictInfo, lc)->pseudoconstant)
			return true;
	}
	return false;
}

/*
 * Is the join supported?  Rows that are locked or updated are excluded, as
 * EvalPlanQual would have to join them again.
 */
static bool
is_possible(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *innerrel,
			JoinType jointype, JoinPathExtraData *extra)
{
	return enable_batched_join &&
		(jointype == JOIN_INNER || jointype == JOIN_LEFT ||
		 jointype == JOIN_SEMI || jointype == JOIN_ANTI ||
		 jointype == JOIN_UNIQUE_OUTER) &&
		root->parse->commandType != CMD_UPDATE &&
		root->parse->commandType != CMD_DELETE &&
		root->parse->commandType != CMD_MERGE &&
		root->rowMarks == NIL && root->placeholder_list == NIL &&
		bms_is_empty(joinrel->lateral_relids) &&
		bms_is_empty(innerrel->lateral_relids) &&
		!has_pseudoconstant(extra->restrictlist) &&
		!has_pseudoconstant(innerrel->baserestrictinfo);
}

static Plan *plan_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
					   List *tlist, List *clauses, List *plans);

static const CustomPathMethods path_methods = {
	.CustomName = NAME,
	.PlanCustomPath = plan_join
};

/*
 * PostgreSQL assumes that a table that was never analyzed has at least 10 pages.
 * Return the share of these that it really has.
 */
static double
real_share(PlannerInfo *root, const RelOptInfo *rel)
{
	RangeTblEntry *rte;
	Relation	relation;
	double		share = 1;

	if (rel->reloptkind != RELOPT_BASEREL || rel->rtekind != RTE_RELATION ||
		rel->pages != GUESSED_PAGES)
		return 1;
	rte = planner_rt_fetch(rel->relid, root);
	relation = table_open(rte->relid, NoLock);
	if (relation->rd_rel->relkind == RELKIND_RELATION &&
		relation->rd_rel->reltuples < 0)
		share = Min(1, RelationGetNumberOfBlocks(relation) /
					(double) GUESSED_PAGES);
	table_close(relation, NoLock);
	return share;
}

/*
 * Estimate the number of ids to request.  If the inner rows fit in the cache,
 * each id is requested once.  Without statistics all ids are assumed to be
 * different: the planner's default is 200 distinct values, however many rows
 * there are.
 */
static double
estimate_ids(PlannerInfo *root, const RelOptInfo *innerrel, const Path *outer,
			 Expr *key, int max_ids)
{
	EstimationInfo info;
	double		different = estimate_num_groups(root, list_make1(key),
												outer->rows, NULL, &info);
	double		row_size = MAXALIGN(SizeofMinimalTupleHeader) +
	MAXALIGN(innerrel->reltarget->width) + sizeof(InnerRow) +
	sizeof(IdEntry);

	if (info.flags & SELFLAG_USED_DEFAULT)
		return Max(1, outer->rows * real_share(root, outer->parent));
	if (different * row_size > side_size() + max_ids * row_size)
		return outer->rows;
	return Min(outer->rows, different);
}

/*
 * Is it cheaper to read the whole table?  If so, no path is added, unless the
 * query needs only a part of the rows.  The costs of the joins are not reliable
 * here: PostgreSQL does not know that ids are unique and overestimates the
 * number of joined rows, which some kinds of joins are charged for.
 */
static bool
is_whole_cheaper(const PlannerInfo *root, const RelOptInfo *innerrel,
				 const Path *inner)
{
	const Path *whole = innerrel->cheapest_total_path;

	return root->tuple_fraction == 0 && whole->param_info == NULL &&
		whole->total_cost <= inner->total_cost;
}

/* Add the path with one outer path, whose sort order is preserved */
static void
add_join_path(const JoinPlan *join, Path *outer, Path *inner,
			  const QualCost *cost, List *private)
{
	RelOptInfo *joinrel = join->joinrel;
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = joinrel;
	path->path.pathtarget = joinrel->reltarget;
	path->path.rows = joinrel->rows;
	path->path.startup_cost = outer->startup_cost + cost->startup +
		inner->startup_cost * DISCOUNT;
	path->path.total_cost = outer->total_cost + cost->startup +
		inner->total_cost * DISCOUNT +
		outer->rows * (cost->per_tuple + cpu_tuple_cost);
	path->path.pathkeys = build_join_pathkeys(join->root, joinrel,
											  join->jointype, outer->pathkeys);
	clf_add_disabled_nodes(&path->path, outer);
	clf_add_disabled_nodes(&path->path, inner);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make2(outer, inner);
	path->custom_private = private;
	path->methods = &path_methods;
	add_path(joinrel, &path->path);
}

/* Add a path for each outer path; all of these return the same rows */
static void
add_join_paths(const JoinPlan *join, List *outers)
{
	int			max_ids = clf_plan_max_ids(join->innerrel);
	List	   *private = list_make5(makeInteger(join->jointype),
									 makeInteger(max_ids), join->key,
									 inner_key(join->clauses, join->key),
									 join->clauses);
	double		ids = estimate_ids(join->root, join->innerrel, linitial(outers),
								   join->key, max_ids);
	Path	   *inner = (Path *) clf_plan_path_for_ids(join->root,
													   join->innerrel,
													   join->filter, ids);
	QualCost	cost;
	ListCell   *lc;

	if (is_whole_cheaper(join->root, join->innerrel, inner))
		return;
	cost_qual_eval(&cost, join->clauses, join->root);
	foreach(lc, outers)
		add_join_path(join, lfirst(lc), inner, &cost, private);
}

/* Unparameterized outer paths */
static List *
find_outers(PlannerInfo *root, RelOptInfo *outerrel, JoinType jointype,
			JoinPathExtraData *extra)
{
	List	   *paths = outerrel->pathlist;
	List	   *result = NIL;
	ListCell   *lc;

	if (jointype == JOIN_UNIQUE_OUTER)
		paths = clf_unique_paths(root, outerrel, extra->sjinfo);
	foreach(lc, paths)
	{
		if (((Path *) lfirst(lc))->param_info == NULL)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/*
 * clf_id_join_add_paths
 *		Add paths that join a table of this extension, the inner one, with
 *		another relation.
 */
void
clf_id_join_add_paths(PlannerInfo *root, RelOptInfo *joinrel,
					  RelOptInfo *outerrel, RelOptInfo *innerrel,
					  JoinType jointype, JoinPathExtraData *extra)
{
	JoinPlan	join = {.root = root,.joinrel = joinrel,.outerrel = outerrel,
	.innerrel = innerrel,.jointype = jointype};
	List	   *outers;

	/* a join clause may have made a side a dummy after its paths were created */
	if (IS_DUMMY_REL(outerrel) || IS_DUMMY_REL(innerrel) ||
		!is_possible(root, joinrel, innerrel, jointype, extra))
		return;
	join.clauses = order_clauses(root, extra->restrictlist);
	if (!find_key(&join))
		return;
	outers = find_outers(root, outerrel, jointype, extra);
	if (jointype == JOIN_UNIQUE_OUTER)
		join.jointype = JOIN_INNER;
	if (outers != NIL)
		add_join_paths(&join, outers);
}

/*
 * Copy varnullingrels from the target list, as setrefs.c expects (PG 16+): the
 * same Vars refer to the joined row and to the rows that are joined.
 */
static Node *
copy_nullingrels(Node *node, void *columns)
{
	ListCell   *lc;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, copy_nullingrels, columns);
	foreach(lc, (List *) columns)
	{
		Var		   *var = lfirst(lc);

		if (var->varno == ((Var *) node)->varno &&
			var->varattno == ((Var *) node)->varattno)
			return copyObject((Node *) var);
	}
	return copyObject(node);
}

/* The columns of the joined row: the outer ones, then the inner ones */
static List *
joined_columns(List *plans)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *entry;

	foreach(lc, plans)
	{
		foreach(entry, ((Plan *) lfirst(lc))->targetlist)
			result = lappend(result,
							 makeTargetEntry(lfirst_node(TargetEntry, entry)->expr,
											 list_length(result) + 1, NULL,
											 false));
	}
	return result;
}

/* Position of a member of the list */
static int
list_position(List *list, const void *member)
{
	int			position = 0;

	while (list_nth(list, position) != member)
		position++;
	return position;
}

/*
 * Find the clauses, as indexes, that can be evaluated on the outer row before its
 * id is requested: only outer joins have such clauses.  No clause may see a row
 * that one of a lower security level excludes.
 */
static List *
find_outer_clauses(PlannerInfo *root, List *rinfos, List *clauses, Relids inner)
{
	Index		barrier = PG_UINT32_MAX;
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, rinfos)
		barrier = Min(barrier, lfirst_node(RestrictInfo, lc)->security_level);
	foreach(lc, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Node	   *clause = (Node *) rinfo->clause;

		if (list_member_ptr(clauses, clause) &&
			!bms_overlap(pull_varnos(root, clause), inner) &&
			!contain_volatile_functions(clause) && !contain_subplans(clause) &&
			(rinfo->leakproof || rinfo->security_level <= barrier))
			result = lappend_int(result, list_position(clauses, clause));
	}
	return result;
}

static const CustomScanMethods scan_methods;

/*
 * PlanCustomPath.  Pushed-down clauses of an outer join become the node's
 * qual.
 */
static Plan *
plan_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *plans)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *private = path->custom_private;
	JoinType	jointype = intVal(list_nth(private, PATH_JOINTYPE));
	List	   *row = joined_columns(plans);
	List	   *above = NIL;
	List	   *columns;

	Assert(list_length(private) == PATH_MEMBERS && list_length(plans) == 2);
	if (!IsA(lsecond(plans), ForeignScan))
		elog(ERROR, "a join by id needs a foreign scan as its inner plan");
	if (IS_OUTER_JOIN(jointype))
		extract_actual_join_clauses(list_nth(private, PATH_CLAUSES),
									rel->relids, &clauses, &above);
	else
		clauses = extract_actual_clauses(list_nth(private, PATH_CLAUSES),
										 false);
	columns = pull_var_clause((Node *) list_make2(rel->reltarget->exprs, row),
							  PVC_RECURSE_AGGREGATES |
							  PVC_RECURSE_WINDOWFUNCS |
							  PVC_RECURSE_PLACEHOLDERS);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = (List *) copy_nullingrels((Node *) above, columns);
	scan->flags = path->flags;
	scan->custom_plans = plans;
	scan->custom_exprs = (List *)
		copy_nullingrels((Node *) list_concat(list_make2(list_nth(private, PATH_KEY),
														 list_nth(private, PATH_INNER_KEY)),
											  clauses),
						 columns);
	scan->custom_scan_tlist = (List *) copy_nullingrels((Node *) row, columns);
	scan->custom_private = list_make3(makeInteger(jointype),
									  list_nth(private, PATH_MAX_IDS),
									  find_outer_clauses(root,
														 list_nth(private, PATH_CLAUSES),
														 clauses,
														 ((Path *) lsecond(path->custom_paths))->parent->relids));
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

/* ----------
 * Batches
 * ----------
 */

/* Copy an outer row into the batch */
static void
add_outer(IdJoin *state, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(state->batch_cxt);
	MinimalTuple tuple = ExecCopySlotMinimalTuple(slot);

	if (state->outer_rows == NULL)
	{
		state->capacity = 64;
		state->outer_rows = palloc(state->capacity * sizeof(MinimalTuple));
	}
	if (state->nouter == state->capacity)
	{
		state->capacity *= 2;
		state->outer_rows = repalloc_huge(state->outer_rows, state->capacity *
										  sizeof(MinimalTuple));
	}
	state->outer_rows[state->nouter++] = tuple;
	state->size += GetMemoryChunkSpace(tuple) + sizeof(MinimalTuple);
	MemoryContextSwitchTo(old);
}

/* Copy the current row of one side into a joined row; NULLs if it is empty */
static void
copy_columns(const Side *side, TupleTableSlot *joined)
{
	TupleTableSlot *slot = side->slot;
	int			n = slot->tts_tupleDescriptor->natts;

	if (TTS_EMPTY(slot))
	{
		memset(joined->tts_isnull + side->offset, true, n * sizeof(bool));
		return;
	}
	slot_getallattrs(slot);
	memcpy(joined->tts_values + side->offset, slot->tts_values,
		   n * sizeof(Datum));
	memcpy(joined->tts_isnull + side->offset, slot->tts_isnull,
		   n * sizeof(bool));
}

/* Make it the current outer row */
static void
set_outer(IdJoin *state, MinimalTuple tuple)
{
	ExecStoreMinimalTuple(tuple, state->outer.slot, false);
	copy_columns(&state->outer, state->pair);
}

/* The value of a key for the current rows, until the next call; NULL: none */
static struct varlena *
evaluate_key(IdJoin *state, ExprState *key)
{
	bool		isnull;
	Datum		id;

	ResetExprContext(state->econtext);
	id = ExecEvalExprSwitchContext(key, state->econtext, &isnull);
	if (isnull)
		return NULL;
	return (struct varlena *) PG_DETOAST_DATUM_PACKED(id);
}

/* The entry of the id of the current rows, or NULL */
static IdEntry *
find_known(IdJoin *state, ExprState *key)
{
	struct varlena *id = evaluate_key(state, key);

	return id && state->known ? ids_lookup(state->known, id) : NULL;
}

/* A copy of the id unless it has been requested; else NULL */
static struct varlena *
note_id(IdJoin *state, struct varlena *id)
{
	IdEntry    *entry;
	struct varlena *copy;
	bool		found;

	if (id == NULL || ids_lookup(state->known, id) != NULL)
		return NULL;
	copy = MemoryContextAlloc(state->known_cxt, VARSIZE_ANY_EXHDR(id) + VARHDRSZ);
	SET_VARSIZE(copy, VARSIZE_ANY_EXHDR(id) + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	entry = ids_insert(state->known, copy, &found);
	entry->batch = state->batch;
	entry->first = entry->last = NULL;
	state->known_size += GetMemoryChunkSpace(copy) + sizeof(IdEntry);
	return copy;
}

/* Forget all inner rows */
static void
forget_inner(IdJoin *state)
{
	MemoryContextReset(state->known_cxt);
	state->known = ids_create(state->known_cxt, 64, NULL);
	state->known_size = 0;
}

static ArrayType *
make_array(IdJoin *state, Datum *ids, int n)
{
	MemoryContext old = MemoryContextSwitchTo(state->batch_cxt);
	ArrayType  *array = construct_array(ids, n, TEXTOID, -1, false,
										TYPALIGN_INT);

	MemoryContextSwitchTo(old);
	return array;
}

/* Read outer rows for one request; returns their distinct ids */
static ArrayType *
read_outer(IdJoin *state)
{
	PlanState  *outer = linitial(state->css.custom_ps);
	Datum	   *ids = MemoryContextAlloc(state->batch_cxt,
										 state->max_ids * sizeof(Datum));
	int			n = 0;

	while (n < state->max_ids && state->size < side_size())
	{
		TupleTableSlot *slot = ExecProcNode(outer);
		struct varlena *id = NULL;

		CHECK_FOR_INTERRUPTS();
		if (TupIsNull(slot))
		{
			state->at_end = true;
			break;
		}
		add_outer(state, slot);
		set_outer(state, state->outer_rows[state->nouter - 1]);
		ResetExprContext(state->econtext);
		if (ExecQual(state->outer_clauses, state->econtext))
			id = note_id(state, evaluate_key(state, state->key));
		if (id)
			ids[n++] = PointerGetDatum(id);
	}
	return n > 0 ? make_array(state, ids, n) : NULL;
}

/* Cache an inner row by its id, if this batch requested it */
static void
add_inner(IdJoin *state, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(state->known_cxt);
	InnerRow   *row = palloc(sizeof(InnerRow));
	IdEntry    *entry;

	row->next = NULL;
	row->tuple = ExecCopySlotMinimalTuple(slot);
	MemoryContextSwitchTo(old);
	ExecStoreMinimalTuple(row->tuple, state->inner.slot, false);
	copy_columns(&state->inner, state->pair);
	entry = find_known(state, state->inner_key);
	if (entry == NULL || entry->batch != state->batch)
		return;					/* freed together with the cache */
	if (entry->last)
		entry->last->next = row;
	else
		entry->first = row;
	entry->last = row;
	state->known_size += GetMemoryChunkSpace(row) +
		GetMemoryChunkSpace(row->tuple);
}

/* Read the inner rows with these ids */
static void
read_inner(IdJoin *state, ArrayType *ids)
{
	PlanState  *inner = lsecond(state->css.custom_ps);
	TupleTableSlot *slot;

	clf_scan_set_ids(castNode(ForeignScanState, inner), PointerGetDatum(ids));
	ExecReScan(inner);
	while (slot = ExecProcNode(inner), !TupIsNull(slot))
		add_inner(state, slot);
	ExecClearTuple(state->inner.slot);
}

/* Rows that were returned are no longer valid */
static void
clear_batch(IdJoin *state)
{
	ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
	ExecClearTuple(state->outer.slot);
	ExecClearTuple(state->inner.slot);
	MemoryContextReset(state->batch_cxt);
	state->outer_rows = NULL;
	state->nouter = state->outer_at = 0;
	state->size = 0;
	state->opened = state->matched = false;
}

/* The next batches of both sides */
static void
next_batch(IdJoin *state)
{
	ArrayType  *ids;

	clear_batch(state);
	if (state->known == NULL || state->known_size > side_size())
		forget_inner(state);
	state->batch++;
	ids = read_outer(state);
	if (ids)
		read_inner(state, ids);
}

/* ----------
 * Joining
 * ----------
 */

/* Make the next outer row the current one, with all inner rows of its id before it */
static void
open_outer(IdJoin *state)
{
	IdEntry    *entry;

	set_outer(state, state->outer_rows[state->outer_at]);
	entry = find_known(state, state->key);
	state->inner_at = entry ? entry->first : NULL;
	state->opened = true;
	state->matched = false;
}

/* Advance to the next inner row that joins with the outer one */
static bool
find_match(IdJoin *state)
{
	while (state->inner_at)
	{
		CHECK_FOR_INTERRUPTS();
		ExecStoreMinimalTuple(state->inner_at->tuple, state->inner.slot, false);
		state->inner_at = state->inner_at->next;
		copy_columns(&state->inner, state->pair);
		ResetExprContext(state->econtext);
		if (ExecQual(state->clauses, state->econtext))
			return true;
	}
	ExecClearTuple(state->inner.slot);
	return false;
}

/*
 * Produce the next joined row of the outer row; false if there is none.  A
 * semi join produces one row at most, an anti join one if there is no match.
 */
static bool
join_outer(IdJoin *state)
{
	JoinType	jointype = state->jointype;
	bool		once = jointype == JOIN_SEMI || jointype == JOIN_ANTI;
	bool		first;

	if (!state->opened)
		open_outer(state);
	first = !state->matched;
	if (!(once && !first) && find_match(state))
	{
		state->matched = true;
		return jointype != JOIN_ANTI;
	}
	if (!first || jointype == JOIN_INNER || jointype == JOIN_SEMI)
		return false;
	state->matched = true;
	return true;
}

/*
 * Return the current rows as a joined one.  The slot belongs to the upper
 * nodes: one may have materialized it, so that clearing it freed the values of
 * both sides.  It is therefore filled completely each time, and never read
 * here.
 */
static TupleTableSlot *
store_joined(IdJoin *state)
{
	TupleTableSlot *slot = ExecClearTuple(state->css.ss.ss_ScanTupleSlot);

	copy_columns(&state->outer, slot);
	copy_columns(&state->inner, slot);
	return ExecStoreVirtualTuple(slot);
}

/* ExecScan's access method: the next joined row, or an empty slot */
static TupleTableSlot *
next_joined(ScanState *node)
{
	IdJoin	   *state = (IdJoin *) node;

	for (;;)
	{
		while (state->outer_at < state->nouter)
		{
			if (join_outer(state))
				return store_joined(state);
			state->opened = false;
			state->outer_at++;
		}
		if (state->at_end)
			return ExecClearTuple(node->ss_ScanTupleSlot);
		next_batch(state);
	}
}

/*
 * ExecScan's recheck method.  No rows of the join are locked, but older minor
 * releases of PostgreSQL call it instead of next_joined in a sub-select that is
 * evaluated again for a concurrently updated row.
 */
static bool
recheck_joined(ScanState *node, TupleTableSlot *slot)
{
	return !TupIsNull(next_joined(node));
}

static TupleTableSlot *
exec_join(CustomScanState *node)
{
	return ExecScan(&node->ss, next_joined, recheck_joined);
}

/* ----------
 * Executor callbacks
 * ----------
 */

static void
init_side(IdJoin *state, Side *side, PlanState *child, int offset)
{
	side->slot = ExecInitExtraTupleSlot(state->css.ss.ps.state,
										ExecGetResultType(child),
										&TTSOpsMinimalTuple);
	side->offset = offset;
}

/*
 * Create the slot on which key and clauses are evaluated.  It is a separate
 * one, since the scan slot belongs to the upper nodes.
 */
static void
init_pair(IdJoin *state)
{
	ScanState  *node = &state->css.ss;

	state->pair = ExecInitExtraTupleSlot(node->ps.state,
										 node->ss_ScanTupleSlot->tts_tupleDescriptor,
										 &TTSOpsVirtual);
	ExecStoreAllNullTuple(state->pair);
	state->econtext = CreateExprContext(node->ps.state);
	state->econtext->ecxt_scantuple = state->pair;
}

static ExprState *
init_outer_clauses(CustomScanState *node)
{
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, (List *) list_nth(plan->custom_private, PLAN_OUTER_CLAUSES))
		clauses = lappend(clauses, list_nth(plan->custom_exprs,
											PLAN_CLAUSES + lfirst_int(lc)));
	return ExecInitQual(clauses, &node->ss.ps);
}

static void
begin_join(CustomScanState *node, EState *estate, int eflags)
{
	IdJoin	   *state = (IdJoin *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	PlanState  *outer = ExecInitNode(linitial(plan->custom_plans), estate,
									 eflags & ~EXEC_FLAG_MARK);
	PlanState  *inner = ExecInitNode(lsecond(plan->custom_plans), estate,
									 eflags & ~EXEC_FLAG_MARK);

	Assert(list_length(plan->custom_private) == PLAN_MEMBERS &&
		   list_length(plan->custom_exprs) >= PLAN_CLAUSES);
	node->custom_ps = list_make2(outer, inner);
	state->jointype = intVal(list_nth(plan->custom_private, PLAN_JOINTYPE));
	state->max_ids = intVal(list_nth(plan->custom_private, PLAN_MAX_IDS));
	state->key = ExecInitExpr(list_nth(plan->custom_exprs, PLAN_KEY),
							  &node->ss.ps);
	state->inner_key = ExecInitExpr(list_nth(plan->custom_exprs, PLAN_INNER_KEY),
									&node->ss.ps);
	state->outer_clauses = init_outer_clauses(node);
	state->clauses = ExecInitQual(list_copy_tail(plan->custom_exprs,
												 PLAN_CLAUSES),
								  &node->ss.ps);
	state->known_cxt = AllocSetContextCreate(estate->es_query_cxt,
											 "call_log_fdw join, inner rows",
											 ALLOCSET_DEFAULT_SIZES);
	state->batch_cxt = AllocSetContextCreate(estate->es_query_cxt,
											 "call_log_fdw join",
											 ALLOCSET_DEFAULT_SIZES);
	init_side(state, &state->outer, outer, 0);
	init_side(state, &state->inner, inner, ExecGetResultType(outer)->natts);
	init_pair(state);
}

static void
end_join(CustomScanState *node)
{
	IdJoin	   *state = (IdJoin *) node;
	ListCell   *lc;

	clear_batch(state);
	foreach(lc, node->custom_ps)
		ExecEndNode(lfirst(lc));
	MemoryContextDelete(state->batch_cxt);
	MemoryContextDelete(state->known_cxt);
}

/* ReScanCustomScan; the inner side is rescanned with each batch anyway */
static void
rescan_join(CustomScanState *node)
{
	IdJoin	   *state = (IdJoin *) node;
	PlanState  *outer = linitial(node->custom_ps);
	PlanState  *inner = lsecond(node->custom_ps);

	clear_batch(state);
	forget_inner(state);
	state->at_end = false;
	if (node->ss.ps.chgParam)
	{
		UpdateChangedParamSet(outer, node->ss.ps.chgParam);
		UpdateChangedParamSet(inner, node->ss.ps.chgParam);
	}
	if (outer->chgParam == NULL)
		ExecReScan(outer);
}

static void
explain_join(CustomScanState *node, List *ancestors, ExplainState *es)
{
	IdJoin	   *state = (IdJoin *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   &plan->scan.plan, ancestors);
	Expr	   *clauses = make_ands_explicit(list_copy_tail(plan->custom_exprs,
															PLAN_CLAUSES));
	static const char *const names[] = {
		[JOIN_INNER] = "Inner",
		[JOIN_LEFT] = "Left",
		[JOIN_SEMI] = "Semi",
		[JOIN_ANTI] = "Anti",
	};

	ExplainPropertyText("Join Type", names[state->jointype], es);
	ExplainPropertyText("Join Filter",
						deparse_expression((Node *) clauses, context, true,
										   false), es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = NAME,
	.BeginCustomScan = begin_join,
	.ExecCustomScan = exec_join,
	.EndCustomScan = end_join,
	.ReScanCustomScan = rescan_join,
	.ExplainCustomScan = explain_join
};

static Node *
create_join_state(CustomScan *plan)
{
	IdJoin	   *state = palloc0(sizeof(IdJoin));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

static const CustomScanMethods scan_methods = {
	.CustomName = NAME,
	.CreateCustomScanState = create_join_state
};

/*
 * clf_id_join_init
 *		Called once, when the library is loaded.
 */
void
clf_id_join_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
	DefineCustomBoolVariable("call_log_fdw.enable_batched_join",
							 "Enables the planner's use of joins by id that "
							 "request many ids at once.",
							 NULL, &enable_batched_join, true, PGC_USERSET,
							 GUC_EXPLAIN, NULL, NULL, NULL);
}
