/*-------------------------------------------------------------------------
 *
 * density.h
 *	  How many calls a day a table has, as scans have seen it.
 *
 * For the planner: the API does not tell how many records a list has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_DENSITY_H
#define CLF_DENSITY_H

#include "datatype/timestamp.h"

/* Longer ago than that RingCentral has hardly any calls, in days */
#define CLF_KEPT_DAYS 366.0

extern void clf_density_note(Oid relid, Oid umid, double records,
							 TimestampTz from, TimestampTz to);
extern double clf_density_per_day(Oid relid, Oid umid);

#endif							/* CLF_DENSITY_H */
