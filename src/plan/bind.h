/*-------------------------------------------------------------------------
 *
 * bind.h
 *	  Bind a scan plan to the values of its expressions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_BIND_H
#define CLF_BIND_H

#include "catalog/table.h"
#include "plan/pushdown.h"
#include "plan/query.h"

/* Order in which a scan must return its rows, by the time of their records */
typedef enum ClfOrder
{
	CLF_ANY_ORDER,
	CLF_NEWEST_FIRST,
	CLF_OLDEST_FIRST
} ClfOrder;

/* The plan of a scan; plan/node.c encodes it in the plan node */
typedef struct ClfScanPlan
{
	const ClfResource *resource;
	ClfLevel	level;
	bool		detailed;		/* view=Detailed? */
	int			page_size;		/* of the first request */
	ClfOrder	order;
	double		limit;			/* maximum number of rows; 0: all */
	bool		partial;		/* the scan can end before the last row */
	bool		repeated;		/* executed for each row of other tables,
								 * whose values the pushed conditions contain? */
	double		requests;		/* the planner's estimate */
	double		requests_cost;	/* their share of the plan node's cost; set at
								 * plan time only */
	double		per_day;		/* estimated records a day of a list; 0:
								 * unknown */
	List	   *attnums;		/* columns to fill */
	List	   *early[CLF_ORIGINS]; /* by origin with requests per row:
									 * indexes in the plan's qual of the
									 * clauses checked before them */
	int			join_ids;		/* index in fdw_exprs of the ids passed by a
								 * join; -1: none */
	int			nconditions;
	ClfCondition *conditions;	/* in prefix order, see ClfCondition */
} ClfScanPlan;

/* The value of one of the plan's expressions */
typedef struct ClfValue
{
	Datum		value;
	bool		isnull;
	Oid			type;
	const char *unknown;		/* placeholder for a value that must not be
								 * shown or is not known; else NULL */
} ClfValue;

extern ClfQuery *clf_bind_query(const ClfScanPlan *plan,
								const ClfTable *table,
								const ClfValue *values);
extern void clf_gather_conditions(ClfScanPlan *plan, List *pushed,
								  List **exprs);
extern double clf_list_days(const ClfQuery *query, const ClfTable *table);

#endif							/* CLF_BIND_H */
