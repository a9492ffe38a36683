/*-------------------------------------------------------------------------
 *
 * token.h
 *	  OAuth: obtain, cache and renew access tokens.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TOKEN_H
#define CLF_TOKEN_H

#include "catalog/table.h"
#include "net/budget.h"

typedef struct ClfToken ClfToken;

extern void clf_token_init(void);
extern ClfToken *clf_token_get(const ClfServer *server, Oid userid);
extern const ClfToken *clf_token_peek(Oid userid, Oid serverid);
extern const char *clf_token_value(const ClfToken *token);
extern Oid	clf_token_umid(const ClfToken *token);
extern const ClfPrincipal *clf_token_principal(const ClfToken *token);
extern const char *clf_token_scope(const ClfToken *token);
extern bool clf_token_fresh(const ClfToken *token, const ClfServer *server);
extern uint64 clf_token_generation(const ClfToken *token);
extern bool clf_token_discard(ClfToken *token, uint64 generation);
extern void clf_token_revalidate(ClfToken *token);
extern bool clf_token_forget_all(void);
extern int64 clf_token_logins(void);

#endif							/* CLF_TOKEN_H */
