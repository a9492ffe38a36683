/*-------------------------------------------------------------------------
 *
 * shmem.h
 *	  Shared memory of all backends, and its lock.
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
 * Sizes.  A role with a user mapping can create entries for any number of
 * keys, so the number of entries per role is limited; see clf_shmem_choose.
 */
#define CLF_MAX_BUDGETS 256
#define CLF_MAX_SLOTS 128		/* requests of one window */
#define CLF_MAX_WAITERS 64		/* of one budget; see join_queue in budget.c */
#define CLF_MAX_TOKENS 128
#define CLF_MAX_TOKEN_LENGTH 8192
#define CLF_MAX_SCANS 1024		/* further ones are not shown */
#define CLF_MAX_DENSITIES 256
#define CLF_MAX_CLOCKS 64
#define CLF_ROLE_SHARE(n) ((n) / 4) /* maximum entries of a role in a table of
									 * n */
#define CLF_MAX_MESSAGE 512
#define CLF_MAX_TEXT 128		/* texts are for display and truncated, keys
								 * are not */

/* HINT if backends have no shared memory: PostgreSQL 15 and 16 */
#define CLF_PRELOAD_HINT "Add call_log_fdw to shared_preload_libraries and " \
	"restart the server, so that sessions share logins and request limits."

/* Key of an entry: a hash, so that it discloses nothing */
typedef struct ClfKey
{
	uint8		bytes[PG_SHA256_DIGEST_LENGTH];
} ClfKey;

/* Header of the entries of all tables except scans */
typedef struct ClfEntryHead
{
	TimestampTz used_at;		/* 0: the entry is free */
	Oid			role;			/* that it is charged to */
} ClfEntryHead;

/* Replacement priority: entries with the lowest claim are replaced first */
typedef enum ClfClaim
{
	CLF_CLAIM_UNPROVEN,			/* the key has never been accepted by the API */
	CLF_CLAIM_IDLE,
	CLF_CLAIM_IN_USE			/* is not replaced */
} ClfClaim;

typedef ClfClaim (*ClfClaimOf) (const ClfEntryHead *entry, TimestampTz now);

/* A slot taken by a request that was sent or is about to be */
typedef struct ClfSlot
{
	uint64		id;
	TimestampTz frees_at;
} ClfSlot;

/* A backend that waits for a slot */
typedef struct ClfWaiter
{
	uint64		ticket;			/* 0: free */
	TimestampTz seen_at;		/* presumed dead if long ago */
	bool		yields;			/* later ones that do not yield may go first */
} ClfWaiter;

/* Statistics since stats_since */
typedef struct ClfBudgetCounts
{
	int64		requests;
	int64		refused;		/* responses with status 429 */
	int64		failed;			/* other responses with status 4xx and 5xx */
	int64		bytes;
	int64		waits;
	int64		wait_time;		/* microseconds */
} ClfBudgetCounts;

/* The request limit of one principal and group; see budget.c */
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
	bool		learned;		/* from a response; else documented defaults */
	bool		answered;		/* any response has been received */
	bool		proven;			/* a successful one has been received */
	TimestampTz first_sent_at;	/* until the first response: when its request
								 * was sent */
	TimestampTz closed_at;		/* a penalty began then */
	TimestampTz closed_until;	/* and ends then; no request is sent */
	bool		closed_for_all; /* together with all others of that base_url */
	int			refused_in_row; /* consecutive responses with status 429 */
	int			nslots;
	ClfSlot		slots[CLF_MAX_SLOTS];
	ClfWaiter	waiters[CLF_MAX_WAITERS];
	ClfBudgetCounts counts;
} ClfBudgetEntry;

/* An error for other backends: texts in ASCII */
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
	uint32		mapping_hash;	/* hash value of its syscache entry */
	uint32		server_hash;	/* the same of its server */
	uint64		generation;		/* changes with the token */
	int			login_pid;		/* backend that logs in; 0: none does */
	TimestampTz renew_at;
	char		owner[CLF_MAX_TEXT];	/* id of the RingCentral user */
	char		scope[CLF_MAX_MESSAGE]; /* permissions of the app */
	uint64		failures;		/* number of failed logins */
	ClfFailure	failure;		/* the last one, for the waiters */
	char		token[CLF_MAX_TOKEN_LENGTH];	/* "": none */
} ClfTokenEntry;

/* Status of a scan in progress */
typedef enum ClfScanStatus
{
	CLF_READS_ROWS,
	CLF_WAITS_FOR_ANSWER,
	CLF_WAITS_FOR_LIMIT,
	CLF_WAITS_FOR_TOKEN,
	CLF_WAITS_TO_RETRY
} ClfScanStatus;

/* What a scan has sent and received */
typedef struct ClfCounters
{
	int64		requests;		/* sent, without logins */
	int64		retries;		/* of these, retries */
	int64		logins;
	int64		pages;			/* received and used */
	int64		records;		/* received */
	int64		duplicates;		/* of these, dropped */
	int64		avoided;		/* responses reused from an earlier run */
	int64		bytes;			/* received over the network */
} ClfCounters;

/* A scan in progress; see activity.c */
typedef struct ClfScanEntry
{
	int			pid;			/* 0: the entry is free */
	Oid			database;
	Oid			role;			/* that logged in to the database */
	char		server[NAMEDATALEN];
	char		table[NAMEDATALEN];
	TimestampTz started;
	ClfScanStatus status;
	TimestampTz since;
	ClfCounters counters;
} ClfScanEntry;

/* Number of unfiltered records in a time span; see density.c */
typedef struct ClfDensityEntry
{
	ClfEntryHead head;			/* used_at: time of the observation */
	Oid			database;
	Oid			relid;
	Oid			umid;			/* user mapping, which determines the account */
	double		days;
	double		records;
} ClfDensityEntry;

/* Clock offset of a base_url; see clock.c */
typedef struct ClfClockEntry
{
	ClfEntryHead head;			/* used_at: time of the observation */
	ClfKey		key;
	int64		ahead;			/* microseconds ahead of the local clock */
} ClfClockEntry;

typedef struct ClfShared
{
	LWLock		lock;			/* initialized only if shared */
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
#ifdef USE_ASSERT_CHECKING
extern bool clf_shmem_is_locked(void);
#endif
extern void *clf_shmem_choose(void *entries, size_t size, int n, Oid role,
							  ClfClaimOf claim_of);
extern ClfKey clf_shmem_key(const char *const *texts, int ntexts);
extern bool clf_same_key(const ClfKey *a, const ClfKey *b);

#endif							/* CLF_SHMEM_H */
