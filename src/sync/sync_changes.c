/*-------------------------------------------------------------------------
 *
 * sync_changes.c
 *	  Steps: what is new, has changed or was deleted since a token or a time.
 *
 * A token that is refused, in whatever words, leads to a time, or to a new
 * token and the list; a time that is refused leads to the list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "sync/sync.h"

/* How to ask, and the answer */
typedef struct Question
{
	const ClfTable *table;
	const char *token;
	TimestampTz since;			/* without a token */
	ClfSyncAnswer answer;
} Question;

static void
ask(ClfSync *sync, void *arg)
{
	Question   *question = arg;

	clf_sync_read_changes(sync, question->table, question->token,
						  question->since, &question->answer);
}

/* NULL, or the error by which RingCentral refuses such a request */
static ErrorData *
try_to_ask(ClfSync *sync, Question *question)
{
	ErrorData  *error = clf_sync_try(sync, ask, question);

	if (error && error->sqlerrcode != ERRCODE_FDW_INVALID_HANDLE &&
		error->sqlerrcode != ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE)
		ReThrowError(error);
	return error;
}

/* Since when to read anew what is not known to have been read */
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

/* Note what was told, by whom if that has to be said, and the token for what
 * follows */
static void
take_answer(ClfSync *sync, const ClfSyncAnswer *answer, char **token,
			const char *what, const char *by)
{
	int64		changed = clf_sync_merge(sync, answer, true);

	if (answer->token)
		*token = answer->token;
	clf_sync_add_rows(sync, answer, changed);
	clf_sync_say(sync, psprintf("%s%s, %s",
								clf_sync_count(answer->nrows, what), by,
								clf_sync_count(clf_sync_sent(sync), "request")));
	clf_sync_save(sync);
}

/* Note that the question was in vain */
static void
end_in_vain(ClfSync *sync)
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
 *		Get a token of call-log-sync, before the list is read: what changes from
 *		now on is told.  Of the calls in the answer only the list counts.
 */
void
clf_sync_token_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	ClfSyncPlan *plan = sync->plan;
	Question	question = {0};
	ErrorData  *error;

	question.table = plan->deletions ? plan->deletions : plan->changes;
	question.since = CLF_SYNC_NEVER;
	error = clf_sync_try(sync, ask, &question);
	if (error || question.answer.token == NULL)
	{
		ereport(WARNING,
				(errmsg("%s: calls that are deleted are not told of",
						sync->label),
				 errdetail_internal("%s", error ? error->message :
									"The answer of RingCentral has no syncToken."),
				 errhint("recheck finds them.")));
		sync->without_tokens = true;
		sync->without_changes |= !plan->extract;
		if (!plan->extract)
			read_list_again(sync);
		end_in_vain(sync);
		return;
	}
	sync->deletions_read = true;
	sync->deletions_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	if (plan->deletions)
		state->deletions_token = question.answer.token;
	else
		state->sync_token = question.answer.token;
	clf_sync_add_rows(sync, NULL, 0);
	clf_sync_say(sync, psprintf("noted where changes with deletions begin, %s",
								clf_sync_count(clf_sync_sent(sync), "request")));
	clf_sync_save(sync);
}

/* ----------
 * Changes
 * ----------
 */

/* RingCentral does not know the token: the next step asks by time */
static void
forget_token(ClfSync *sync)
{
	clf_sync_say(sync, psprintf("RingCentral does not know the token any longer, reading all changes since %s",
								clf_sync_time_text(settled(sync))));
	sync->state->sync_token = NULL;
	if (!sync->plan->extract)
		read_list_again(sync);
	end_in_vain(sync);
}

/* Changes since that time cannot be had: read the list since then instead */
static void
use_list(ClfSync *sync, const ErrorData *error)
{
	ereport(WARNING,
			(errmsg("%s: RingCentral tells no changes since %s, reading the call log since then",
					sync->label, clf_sync_time_text(settled(sync))),
			 errdetail_internal("%s", error->message)));
	read_list_again(sync);
	sync->without_changes = true;
	sync->caught_up = true;
	end_in_vain(sync);
}

/*
 * clf_sync_changes_step
 *		Copy the changes of one response.
 */
void
clf_sync_changes_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	Question	question = {0};
	ErrorData  *error;

	question.table = sync->plan->changes;
	question.token = state->sync_token;
	question.since = settled(sync);
	error = try_to_ask(sync, &question);
	if (error && question.token)
		forget_token(sync);
	else if (error)
		use_list(sync, error);
	if (error)
		return;
	if (!question.answer.more)
	{
		state->synced_at = question.answer.clock;
		sync->caught_up = true;
		sync->changes_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	}
	take_answer(sync, &question.answer, &state->sync_token, "change",
				"");
}

/*
 * clf_sync_deletions_step
 *		Copy one response of call-log-sync, for the deletions in it.
 *		Where there are more changes than a response holds, those in between have to
 *		be found in the list.
 */
void
clf_sync_deletions_step(ClfSync *sync)
{
	ClfSyncState *state = sync->state;
	Question	question = {0};
	ErrorData  *error;

	question.table = sync->plan->deletions;
	question.token = state->deletions_token;
	error = try_to_ask(sync, &question);
	sync->deletions_read = true;
	sync->deletions_due = GetCurrentTimestamp() + CLF_SYNC_CHANGES_EVERY;
	if (error == NULL)
	{
		take_answer(sync, &question.answer, &state->deletions_token,
					"change", " with deletions");
		return;
	}
	clf_sync_say(sync, psprintf("RingCentral does not tell of deletions since the last time, reading the call log since %s",
								clf_sync_time_text(settled(sync))));
	state->deletions_token = NULL;
	read_list_again(sync);
	end_in_vain(sync);
}
