/*-------------------------------------------------------------------------
 *
 * recording.h
 *	  Details and audio of recordings, which lists do not contain.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_RECORDING_H
#define CLF_RECORDING_H

#include "answer/field.h"
#include "catalog/table.h"
#include "shared/activity.h"

typedef struct ClfRecordings ClfRecordings;

extern ClfRecordings *clf_recordings_create(MemoryContext cxt,
											const ClfTable *table,
											ClfSelection *selection,
											Oid userid,
											ClfActivity *activity);
extern void clf_recordings_open(ClfRecordings *recordings,
								const ClfRow *row);
extern void clf_recordings_get(ClfRecordings *recordings, ClfOrigin origin,
							   ClfRow *row);

#endif							/* CLF_RECORDING_H */
