/*-------------------------------------------------------------------------
 *
 * recording.h
 *	  What lists leave out of a recording: its details and its audio.
 *
 * Uses endpoint, option, request, field, batch, activity, exchange, report.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RECORDING_H
#define CLF_RECORDING_H

#include "shared/activity.h"
#include "api/resource.h"
#include "answer/field.h"
#include "catalog/option.h"

typedef struct ClfRecordings ClfRecordings;

extern ClfRecordings *clf_recordings_create(MemoryContext cxt,
											const ClfOptions *options,
											ClfSelection *selection,
											Oid userid,
											ClfActivity *activity);
extern void clf_recordings_open(ClfRecordings *recordings,
								const ClfRow *row);
extern void clf_recordings_get(ClfRecordings *recordings, ClfSource source,
							   ClfRow *row);

#endif							/* CLF_RECORDING_H */
