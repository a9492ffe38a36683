/*-------------------------------------------------------------------------
 *
 * jit.c
 *	  Decide about JIT compilation of plans with foreign scans.
 *
 * PostgreSQL compiles the expressions of a plan whose cost exceeds
 * jit_above_cost.  The cost of requests is time spent waiting, which compiled
 * expressions do not shorten, so it is subtracted first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jit/jit.h"
#include "miscadmin.h"
#include "plan/jit.h"
#include "plan/node.h"

static Cost requests_cost(Plan *plan, ClfIsOurScan is_our_scan);

static Cost
requests_cost_of_list(List *plans, ClfIsOurScan is_our_scan)
{
	Cost		cost = 0;
	ListCell   *lc;

	foreach(lc, plans)
		cost += requests_cost(lfirst(lc), is_our_scan);
	return cost;
}

/*
 * Cost of all requests of a plan tree, without those of rescans.  Compiling a
 * plan needlessly is preferred to not compiling one with much local work.
 */
static Cost
requests_cost(Plan *plan, ClfIsOurScan is_our_scan)
{
	if (plan == NULL)
		return 0;
	check_stack_depth();
	switch (nodeTag(plan))
	{
		case T_ForeignScan:
			return is_our_scan((ForeignScan *) plan) ?
				clf_get_requests_cost((ForeignScan *) plan) : 0;
		case T_Append:
			return requests_cost_of_list(((Append *) plan)->appendplans,
										 is_our_scan);
		case T_MergeAppend:
			return requests_cost_of_list(((MergeAppend *) plan)->mergeplans,
										 is_our_scan);
		case T_SubqueryScan:
			return requests_cost(((SubqueryScan *) plan)->subplan, is_our_scan);
		case T_CustomScan:
			return requests_cost_of_list(((CustomScan *) plan)->custom_plans,
										 is_our_scan);
		default:
			return requests_cost(plan->lefttree, is_our_scan) +
				requests_cost(plan->righttree, is_our_scan);
	}
}

/*
 * clf_jit_flags
 *		Compute the plan's jitFlags from its cost without that of requests.
 */
int
clf_jit_flags(const PlannedStmt *stmt, ClfIsOurScan is_our_scan)
{
	int			flags = stmt->jitFlags;
	Cost		requests;
	Cost		cost;

	if (flags == PGJIT_NONE)
		return flags;
	requests = requests_cost(stmt->planTree, is_our_scan) +
		requests_cost_of_list(stmt->subplans, is_our_scan);
	if (requests == 0)
		return flags;
	cost = stmt->planTree->total_cost - requests;
	if (cost <= jit_above_cost)
		return PGJIT_NONE;
	if (cost <= jit_optimize_above_cost)
		flags &= ~PGJIT_OPT3;
	if (cost <= jit_inline_above_cost)
		flags &= ~PGJIT_INLINE;
	return flags;
}
