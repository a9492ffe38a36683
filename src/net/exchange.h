/*-------------------------------------------------------------------------
 *
 * exchange.h
 *	  Authorized GET requests: token, budget, retries.
 *
 * A ClfExchange sends one request at a time to one of the server's URLs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_EXCHANGE_H
#define CLF_EXCHANGE_H

#include "answer/error.h"
#include "catalog/table.h"
#include "net/http.h"
#include "net/token.h"
#include "shared/activity.h"

typedef struct ClfExchange ClfExchange;

extern ClfExchange *clf_exchange_create(MemoryContext cxt,
										const ClfTable *table,
										const char *base_url, Oid userid,
										ClfActivity *activity);
extern void clf_exchange_login(ClfExchange *exchange);
extern const ClfToken *clf_exchange_token(const ClfExchange *exchange);
extern ClfTransport clf_exchange_get_versions(ClfExchange *exchange,
											  ClfHttpResponse *response,
											  const char **detail);
extern void clf_exchange_learn_clock(ClfExchange *exchange);
extern void clf_exchange_prefetch(ClfExchange *exchange,
								  const ClfHttpRequest *request);
extern void clf_exchange_advance(ClfExchange *exchange);
extern bool clf_exchange_poll(ClfExchange *exchange,
							  const ClfHttpRequest *request);
extern int	clf_exchange_descriptor(const ClfExchange *exchange);
extern double clf_exchange_seconds(const ClfTable *table, Oid userid,
								   double requests);
extern void clf_exchange_expect(const ClfExchange *exchange, int requests);
extern bool clf_exchange_is_busy(const ClfExchange *exchange);
extern void clf_exchange_abandon(ClfExchange *exchange);
extern void clf_exchange_get(ClfExchange *exchange, const ClfHttpRequest *request,
							 MemoryContext cxt, ClfHttpResponse *response);
extern void clf_exchange_begin(ClfExchange *exchange,
							   const ClfHttpRequest *request);
extern ClfTransport clf_exchange_try(ClfExchange *exchange,
									 const ClfHttpRequest *request,
									 MemoryContext cxt, ClfHttpResponse *response);
extern bool clf_exchange_again(ClfExchange *exchange, ClfTransport how,
							   const ClfHttpResponse *response);
extern uint64 clf_exchange_sent(void);
extern const ClfRequestInfo *clf_exchange_info(const ClfExchange *exchange);
extern void clf_exchange_context(void *arg);

#endif							/* CLF_EXCHANGE_H */
