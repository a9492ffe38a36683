/*-------------------------------------------------------------------------
 *
 * shmem.h
 *	  What the backends of a cluster share: the memory and its lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SHMEM_H
#define CLF_SHMEM_H

#include "common/sha2.h"
#include "datatype/timestamp.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"

/*
 * Sizes.  Anybody with a user mapping can make entries for as many keys as they
 * like, so no role has more than its share of a table; see clf_shmem_choose.
 */
#define CLF_MAX_BUDGETS 256
#define CLF_MAX_SLOTS 128		/* requests of one window */
#define CLF_MAX_WAITERS 64		/* of one budget; see join_queue in budget.c */
#define CLF_MAX_TOKENS 128
#define CLF_MAX_TOKEN_LENGTH 8192
#define CLF_MAX_SCANS 1024		/* others are not shown */
#define CLF_MAX_DENSITIES 256
#define CLF_MAX_CLOCKS 64
#define CLF_ROLE_SHARE(n) ((n) / 4) /* entries of a role, of a table of n */
#define CLF_MAX_MESSAGE 512
#define CLF_MAX_TEXT 128		/* texts are for people and cut, keys are not */

/* What to do where backends share nothing: PostgreSQL 15 and 16 */
#define CLF_PRELOAD_HINT "Sessions share logins and request limits if " \
	"shared_preload_libraries contains call_log_fdw; this takes a restart."

/* Tells whose an entry is without showing it */
typedef struct ClfKey
{
	uint8		bytes[PG_SHA256_DIGEST_LENGTH];
} ClfKey;

/* What the entries of all tables but that of scans begin with */
typedef struct ClfEntryHead
{
	TimestampTz used_at;		/* 0: the entry is free */
	Oid			role;			/* that it is charged to */
} ClfEntryHead;

/* How much is lost if an entry is replaced; of two, the lower one is */
typedef enum ClfClaim
{
	CLF_CLAIM_UNPROVEN,			/* a key that has never succeeded */
	CLF_CLAIM_IDLE,
	CLF_CLAIM_IN_USE			/* is not replaced */
} ClfClaim;

typedef ClfClaim (*ClfClaimOf) (const ClfEntryHead *entry, TimestampTz now);

/* A request that was sent, or is about to be, and counts until then */
typedef struct ClfSlot
{
	uint64		id;
	TimestampTz frees_at;
} ClfSlot;

/* A backend that waits for a slot */
typedef struct ClfWaiter
{
	uint64		ticket;			/* 0: nobody */
	TimestampTz seen_at;		/* it is gone when that is long ago */
	bool		yields;			/* later ones that do not yield may go first */
} ClfWaiter;

/* What happened since stats_since */
typedef struct ClfBudgetCounts
{
	int64		requests;
	int64		refused;		/* answers of 429 */
	int64		failed;			/* other answers of 4xx and 5xx */
	int64		bytes;
	int64		waits;
	int64		wait_time;		/* microseconds */
} ClfBudgetCounts;

/* The request limit of one account and group; see budget.c */
typedef struct ClfBudgetEntry
{
	ClfEntryHead head;
	ClfKey		key;
	char		base_url[CLF_MAX_TEXT];
	char		client_id[CLF_MAX_TEXT];
	char		owner[CLF_MAX_TEXT];
	char		group[CLF_MAX_TEXT];
	int			limit;			/* requests in a window */
	int			window;			/* seconds */
	bool		learned;		/* from an answer; else documented defaults */
	bool		answered;		/* any answer has come */
	bool		proven;			/* one of success has come */
	TimestampTz asked_at;		/* while none has come: when one was sent */
	TimestampTz closed_at;		/* nothing leaves from then */
	TimestampTz closed_until;	/* until then */
	bool		closed_for_all; /* together with all others of that base_url */
	int			refused_in_row; /* answers of 429 without another in between */
	int			nslots;
	ClfSlot		slots[CLF_MAX_SLOTS];
	ClfWaiter	waiters[CLF_MAX_WAITERS];
	ClfBudgetCounts counts;
} ClfBudgetEntry;

/* An error as others get it: texts in ASCII */
typedef struct ClfFailure
{
	int			sqlstate;
	char		message[CLF_MAX_MESSAGE];
	char		detail[CLF_MAX_MESSAGE];
	char		hint[CLF_MAX_MESSAGE];
} ClfFailure;

/* An access token; see token.c */
typedef struct ClfTokenEntry
{
	ClfEntryHead head;
	ClfKey		key;
	Oid			database;		/* of the user mapping that used it last */
	uint32		mapping_hash;	/* hash values of its syscache entry, and that */
	uint32		server_hash;	/* of its server */
	uint64		generation;		/* tells one token from the next */
	int			login_pid;		/* backend that logs in; 0: none does */
	TimestampTz renew_at;
	char		owner[CLF_MAX_TEXT];	/* id of the RingCentral user */
	char		scope[CLF_MAX_MESSAGE]; /* permissions of the app */
	uint64		failures;		/* of logins, counted */
	ClfFailure	failure;		/* the last, for those who waited for it */
	char		token[CLF_MAX_TOKEN_LENGTH];	/* "": none */
} ClfTokenEntry;

/* What a scan does */
typedef enum ClfDoing
{
	CLF_READS_ROWS,
	CLF_WAITS_FOR_ANSWER,
	CLF_WAITS_FOR_LIMIT,
	CLF_WAITS_FOR_TOKEN,
	CLF_WAITS_TO_RETRY
} ClfDoing;

/* What a scan has sent and received */
typedef struct ClfCounters
{
	int64		requests;		/* sent, but for logins */
	int64		retries;		/* of these */
	int64		logins;
	int64		pages;			/* received and used */
	int64		records;		/* received */
	int64		duplicates;		/* of these, dropped */
	int64		spared;			/* answers that were still here */
	int64		bytes;			/* over the network */
} ClfCounters;

/* A scan under way; see activity.c */
typedef struct ClfScanEntry
{
	int			pid;			/* 0: the entry is free */
	Oid			database;
	Oid			role;			/* that logged in to the database */
	char		server[NAMEDATALEN];
	char		table[NAMEDATALEN];
	TimestampTz started;
	ClfDoing	doing;
	TimestampTz since;
	ClfCounters counters;
} ClfScanEntry;

/* How many records came from a time, unfiltered; see density.c */
typedef struct ClfDensityEntry
{
	ClfEntryHead head;			/* used_at: when it was noted */
	Oid			database;
	Oid			relid;
	Oid			umid;			/* user mapping: of another one, another
								 * account */
	double		days;
	double		records;
} ClfDensityEntry;

/* What the clock behind a base_url shows; see clock.c */
typedef struct ClfClockEntry
{
	ClfEntryHead head;			/* used_at: when it was noted */
	ClfKey		key;
	int64		ahead;			/* microseconds before the local clock */
} ClfClockEntry;

typedef struct ClfShared
{
	LWLock		lock;			/* where backends share it */
	int			tranche;
	uint64		last_id;		/* of slots, tickets and generations */
	TimestampTz stats_since;
	ConditionVariable login_ended;
	ClfBudgetEntry budgets[CLF_MAX_BUDGETS];
	ClfTokenEntry tokens[CLF_MAX_TOKENS];
	ClfScanEntry scans[CLF_MAX_SCANS];
	ClfDensityEntry densities[CLF_MAX_DENSITIES];
	ClfClockEntry clocks[CLF_MAX_CLOCKS];
} ClfShared;

extern void clf_shmem_init(void);
extern bool clf_shmem_attached(void);
extern bool clf_shmem_by_cluster(void);
extern ClfShared *clf_shmem_lock(void);
extern void clf_shmem_unlock(void);
extern void *clf_shmem_choose(void *entries, size_t size, int n, Oid role,
							  ClfClaimOf claim_of);
extern ClfKey clf_shmem_key(const char *const *texts, int ntexts);
extern bool clf_same_key(const ClfKey *a, const ClfKey *b);

#endif							/* CLF_SHMEM_H */
