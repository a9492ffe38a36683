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

/* What the result of the functions is, and the values it is compared with */
typedef enum ClfTimeScale
{
	CLF_SCALE_TIME,				/* timestamptz, timestamp or date */
	CLF_SCALE_SECONDS,			/* number of seconds since 1970, or a multiple
								 * of it */
	CLF_SCALE_YEARS,			/* number of the year */
	CLF_SCALE_TEXT				/* text that begins with the year, and may
								 * continue with month and day */
} ClfTimeScale;

/*
 * For a time t, the result of the functions, converted to a time, is in
 * [t - before, t + after].  Both are in seconds and can be negative.
 */
typedef struct ClfTimeShift
{
	int			before;
	int			after;
	bool		local;			/* result is the local time of a named zone,
								 * stored as if it were UTC */
	ClfTimeScale scale;
	int			multiplier;		/* of the seconds; 0 means 1 */
	int			divisor;
	int			grid;			/* width of the last truncation, in seconds,
								 * while it is computed; 0: none */
} ClfTimeShift;

/*
 * Additional shift of times before 2012-01-02, in seconds: until then zones
 * moved across the date line (Pacific/Apia, 2011-12-30).
 */
#define CLF_OLD_ZONE_CHANGE (3 * 86400)
#define CLF_ZONES_SETTLED INT64CONST(378777600000000)

/* Maximum change of a time zone's offset, twice a year, in seconds */
#define CLF_ZONE_CHANGE (3 * 3600)

extern Node *clf_time_below(Node *node, ClfTimeShift *shift);
extern Oid	clf_called_function(Node *node, List **args);
extern bool clf_count_days(ClfTimeShift *shift);
extern bool clf_is_age(Node *node);
extern bool clf_length_seconds(Node *node, const ClfTimeShift *shift,
							   int *seconds);

#endif							/* CLF_TIME_FUNCTION_H */
