/*-------------------------------------------------------------------------
 *
 * time_function.h
 *	  Functions of a time, and how far what they return is from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TIME_FUNCTION_H
#define CLF_TIME_FUNCTION_H

#include "nodes/primnodes.h"

/*
 * For a row with the time t, the functions return something from t - before to
 * t + after, both in seconds and perhaps negative.
 */
typedef struct ClfTimeShift
{
	int			before;
	int			after;
	bool		local;			/* is it the time of a named zone, as if that
								 * were UTC? */
} ClfTimeShift;

/*
 * Times before 2012-01-02 may be off by this many additional seconds: until
 * then zones have crossed the date line (Pacific/Apia, 2011-12-30).
 */
#define CLF_OLD_ZONE_CHANGE (3 * 86400)
#define CLF_ZONES_SETTLED INT64CONST(378777600000000)

extern Node *clf_time_below(Node *node, ClfTimeShift *shift);
extern bool clf_interval_seconds(Node *node, int *least, int *most);

#endif							/* CLF_TIME_FUNCTION_H */
