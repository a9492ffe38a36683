/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  Offset of the API's clock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_CLOCK_H
#define CLF_CLOCK_H

#include "datatype/timestamp.h"

extern void clf_clock_note(const char *base_url, TimestampTz date,
						   TimestampTz started);
extern bool clf_clock_known(const char *base_url);
extern TimestampTz clf_clock_now(const char *base_url);

#endif							/* CLF_CLOCK_H */
