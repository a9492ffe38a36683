/*-------------------------------------------------------------------------
 *
 * import.h
 *	  IMPORT FOREIGN SCHEMA.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_IMPORT_H
#define CLF_IMPORT_H

#include "nodes/parsenodes.h"

extern List *clf_import_schema(ImportForeignSchemaStmt *stmt);

#endif							/* CLF_IMPORT_H */
