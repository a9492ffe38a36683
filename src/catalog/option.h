/*-------------------------------------------------------------------------
 *
 * option.h
 *	  Options of servers, user mappings, tables and columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_OPTION_H
#define CLF_OPTION_H

#include "catalog/table.h"
#include "nodes/pg_list.h"

/* Contexts of an option; bits */
#define CLF_ON_SERVER	1
#define CLF_ON_MAPPING	2
#define CLF_ON_TABLE	4
#define CLF_ON_COLUMN	8

/* Structures to store options in; NULL: do not store */
typedef struct ClfOptionTargets
{
	ClfServer  *server;
	ClfTable   *table;
	ClfCredentials *credentials;
} ClfOptionTargets;

extern void clf_read_options(List *list, int context,
							 const ClfOptionTargets *targets);
extern void clf_read_initial_options(const ClfOptionTargets *targets);
extern bool clf_url_is_loopback(const char *url);

#endif							/* CLF_OPTION_H */
