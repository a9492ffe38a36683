/*-------------------------------------------------------------------------
 *
 * sync_changes.c
 *	  Steps: calls created, modified or deleted since a token or a time.
 *
 * If RingCentral rejects a token, changes are requested by time, or a new token
 * is obtained and the call log read; if it rejects the time, the call log is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "sync/sync.h"

/* A request for changes, and its response */
typedef struct ChangesRequest
{
	const ClfTable *table;
	const char *token;
	TimestampTz since;			/* without a token */
	ClfSyncAnswer answer;
} ChangesRequest;

static void
send_request(ClfSync *sync, void *arg)
{
	ChangesRequest *request = arg;

	clf_sync_read_changes(sync, request->table, request->token,
						  request->since, &request->answer);
}

/* Send the request.  Returns NULL, or the error if RingCentral rejects it. */
static ErrorData *
try_request(ClfSync *sync, ChangesRequest *request)
{
	ErrorData  *error = clf_sync_try(sync, send_request, request);

	if (error && error->sqlerrcode != ERRCODE_FDW_INVALID_HANDLE &&
		error->sqlerrcode != ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE)
		ReThrowError(error);
	return error;
}

/* Start of the time to read again where changes are not known */
static TimestampTz
settled(const ClfSync *sync)
{
	const ClfSyncState *state = sync->state;

	if (state->synced_at == CLF_SYNC_NEVER)
		return state->since;
	return Max(state->since,
			   clf_sync_time_before(state->synced_at, sync->settle));
}

static void
read_list_again(ClfSync *sync)
{
	ClfSyncRange range = {settled(sync), DT_NOEND};

	sync->state->missing = clf_sync_ranges_add(sync->state->missing, range);
}

/*
 * Merge the response, and save the token of the next request.  what and suffix are
 * for the message.
 */
static void
take_answer(ClfSync *sync, const ClfSyncAnswer *answer, char **token,
			const char *what, const char *suffix)
{
	int64		changed = clf_sync_merge(sync, answer);

	if (answer->token)
		*token = answer->token;
	clf_sync_add_rows(sync, answer, changed);
	clf_sync_report(sync, psprintf("%s%s, %s",
								   clf_sync_count(answer->nrows, what), suffix,
								   clf_sync_count(clf_sync_sent(sync), "request")));
	clf_sync_save(sync);
}

/* Save the state after a request that failed */
static void
save_failure(ClfSync *sync)
{
	clf_sync_add_rows(sync, NULL, 0);
	clf_sync_save(sync);
}

/* ----------
 * A first token
 * ----------
 */

/*
 * clf_sync_token_step
 *		Obtain a token of call-log-sync before the call log is read, so that no
 *		later change is missed.  The calls in the response are ignored.  The call log
 *		is read without a token only if RingCentral refuses it: deletions until the
 *		next run obtains one are then not found.
 */
void
clf_sync_token_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ClfSyncPlan *plan = sync->plan;
	ChangesRequest request = {0};
	ErrorData  *error;

	request.table = plan->deletions ? plan->deletions : plan->changes;
	request.since = CLF_SYNC_NEVER;
	error = clf_sync_try(sync, send_request, &request);
	if (error && clf_sync_is_unreachable(error))
		ReThrowError(error);
	if (error || request.answer.token == NULL)
	{
		ereport(WARNING,
				(errmsg("%s: could not obtain a token for deleted calls",
						sync->label),
				 errdetail_internal("%s", error ? error->message :
									"The response has no syncToken."),
				 errhint("Use recheck to find deleted calls.")));
		sync->without_tokens = true;
		sync->without_changes |= !plan->extract;
		if (!plan->extract)
			read_list_again(sync);
		save_failure(sync);
		return;
	}
	sync->deletions_read = true;
	sync->deletions_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	if (plan->deletions)
		state->deletions_token = request.answer.token;
	else
		state->sync_token = request.answer.token;
	clf_sync_add_rows(sync, NULL, 0);
	clf_sync_report(sync, psprintf("obtained a token for changes with deletions, %s",
								   clf_sync_count(clf_sync_sent(sync), "request")));
	clf_sync_save(sync);
}

/* ----------
 * Changes
 * ----------
 */

/* The token was rejected: request changes by time, or read the call log */
static void
forget_token(ClfSync *sync)
{
	clf_sync_report(sync, psprintf("sync token was rejected, %s since %s",
								   sync->plan->extract ? "requesting all changes" :
								   "reading the call log",
								   clf_sync_time_text(settled(sync))));
	sync->state->sync_token = NULL;
	sync->token_rejected = true;
	if (!sync->plan->extract)
		read_list_again(sync);
	save_failure(sync);
}

/* The time or a new token was rejected: read the call log instead */
static void
use_list(ClfSync *sync, const ErrorData *error)
{
	ereport(WARNING,
			(errmsg("%s: could not request changes since %s, reading the call log since then",
					sync->label, clf_sync_time_text(settled(sync))),
			 errdetail_internal("%s", error->message)));
	read_list_again(sync);
	sync->state->sync_token = NULL;
	sync->without_changes = true;
	sync->caught_up = true;
	save_failure(sync);
}

/*
 * clf_sync_changes_step
 *		Copy the changes of one response.
 */
void
clf_sync_changes_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ChangesRequest request = {0};
	ErrorData  *error;

	request.table = sync->plan->changes;
	request.token = state->sync_token;
	request.since = settled(sync);
	error = try_request(sync, &request);
	if (error && request.token && !sync->token_rejected)
		forget_token(sync);
	else if (error)
		use_list(sync, error);
	if (error)
		return;
	if (!request.answer.more)
	{
		state->synced_at = request.answer.clock;
		sync->caught_up = true;
		sync->changes_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	}
	take_answer(sync, &request.answer, &state->sync_token, "change",
				"");
}

/*
 * clf_sync_deletions_step
 *		Copy one response of call-log-sync, for the deletions in it.  It rejects
 *		the token if there are more changes than a response holds; those are then
 *		read from the call log.
 */
void
clf_sync_deletions_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ChangesRequest request = {0};
	ErrorData  *error;

	request.table = sync->plan->deletions;
	request.token = state->deletions_token;
	error = try_request(sync, &request);
	sync->deletions_read = true;
	sync->deletions_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	if (error == NULL)
	{
		take_answer(sync, &request.answer, &state->deletions_token,
					"change", " with deletions");
		return;
	}
	clf_sync_report(sync, psprintf("token for deletions was rejected, reading the call log since %s",
								   clf_sync_time_text(settled(sync))));
	state->deletions_token = NULL;
	read_list_again(sync);
	save_failure(sync);
}
