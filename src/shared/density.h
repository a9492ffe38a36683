/*-------------------------------------------------------------------------
 *
 * density.h
 *	  Records per day of each table, as observed by scans.
 *
 * For the planner: the API does not return the size of a list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_DENSITY_H
#define CLF_DENSITY_H

#include "datatype/timestamp.h"

/* Days for which RingCentral keeps calls */
#define CLF_KEPT_DAYS 366.0

extern void clf_density_note(Oid relid, Oid umid, double records,
							 TimestampTz from, TimestampTz to);
extern double clf_density_per_day(Oid relid, Oid umid);

#endif							/* CLF_DENSITY_H */
