/*-------------------------------------------------------------------------
 *
 * import.h
 *	  IMPORT FOREIGN SCHEMA.
 *
 * Room 11.  Uses endpoint.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_IMPORT_H
#define CLF_IMPORT_H

#include "nodes/parsenodes.h"

extern List *clf_import_schema(ImportForeignSchemaStmt *stmt);

#endif							/* CLF_IMPORT_H */
