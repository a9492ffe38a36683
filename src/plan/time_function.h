/*-------------------------------------------------------------------------
 *
 * time_function.h
 *	  Functions of a time, and the maximum distance of the result from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TIME_FUNCTION_H
#define CLF_TIME_FUNCTION_H

#include "nodes/primnodes.h"

/*
 * For a time t, the result of the functions is in [t - before, t + after].  Both
 * are in seconds and can be negative.
 */
typedef struct ClfTimeShift
{
	int			before;
	int			after;
	bool		local;			/* result is the local time of a named zone,
								 * stored as if it were UTC */
} ClfTimeShift;

/*
 * Additional shift of times before 2012-01-02, in seconds: until then zones
 * moved across the date line (Pacific/Apia, 2011-12-30).
 */
#define CLF_OLD_ZONE_CHANGE (3 * 86400)
#define CLF_ZONES_SETTLED INT64CONST(378777600000000)

extern Node *clf_time_below(Node *node, ClfTimeShift *shift);
extern bool clf_interval_seconds(Node *node, int *least, int *most);

#endif							/* CLF_TIME_FUNCTION_H */
