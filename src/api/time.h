/*-------------------------------------------------------------------------
 *
 * time.h
 *	  Conversion of dates from and to the API's format.
 *
 * https://developers.ringcentral.com/guide/basics/data-formats
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TIME_H
#define CLF_TIME_H

#include "datatype/timestamp.h"

extern char *clf_time_format(TimestampTz t);
extern bool clf_time_parse(const char *text, char end, TimestampTz *t);
extern TimestampTz clf_time_floor(TimestampTz t);
extern TimestampTz clf_second_after(TimestampTz t);

#endif							/* CLF_TIME_H */
