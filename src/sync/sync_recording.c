/*-------------------------------------------------------------------------
 *
 * sync_recording.c
 *	  Steps: the audio of recordings, newest first.
 *
 * A recording that cannot be fetched is recorded as a problem and retried with
 * exponential backoff, until RingCentral's retention time for recordings has passed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "sync/sync.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define KIND "recording"

/*
 * RingCentral retains recordings for 90 days, unless the account is set to less:
 * https://support.ringcentral.com/article-v2/Call-recording-retention.html
 */
#define KEPT (90 * USECS_PER_DAY)

/* Backoff: 5 minutes, 20 minutes, ... a day */
#define FIRST_DELAY (5 * USECS_PER_MINUTE)
#define LONGEST_DELAY USECS_PER_DAY

/*
 * After this number of consecutive missing recordings, a sample of all ages is
 * tried.
 */
#define GONE_IN_A_ROW 20
#define PROBES "20"

/* This number of consecutive errors is not caused by single recordings */
#define FAILURES_IN_A_ROW 20
#define SERVER_FAILURES_IN_A_ROW 3

/* A request and its outcome */
typedef struct Attempt
{
	const char *id;
	TimestampTz start;			/* of its call */
	ClfSyncAnswer answer;
	int64		size;			/* -1: it is not there */
} Attempt;

static const char *
audio_name(const ClfSync *sync)
{
	return quote_identifier(sync->plan->audio->name);
}

static const char *
id_name(const ClfSync *sync)
{
	return quote_identifier(sync->plan->id->name);
}

static const char *
time_name(const ClfSync *sync)
{
	return quote_identifier(sync->plan->time->name);
}

/* Ids of recordings that this run does not request */
static List *
skipped(ClfSync *sync)
{
	if (!sync->knows_skipped)
	{
		List	   *ids = clf_sync_problems(sync, KIND, clf_sync_clock(sync));
		ListCell   *lc;

		sync->knows_skipped = true;
		foreach(lc, ids)
			clf_sync_skip(sync, lfirst(lc));
	}
	return sync->skipped;
}

/*
 * clf_sync_skip
 *		Do not request the recording in the rest of the run.
 */
void
clf_sync_skip(ClfSync *sync, const char *id)
{
	MemoryContext old = MemoryContextSwitchTo(sync->cxt);

	sync->skipped = lappend(sync->skipped, pstrdup(id));
	MemoryContextSwitchTo(old);
}

/* ----------
 * Which recording is next
 * ----------
 */

/* Choose one recording of each age from those not requested yet */
static void
choose_probes(ClfSync *sync)
{
	ClfSyncParams params = {0};
	MemoryContext old;

	clf_sync_param_texts(&params, skipped(sync));
	(void) clf_sync_execute(sync->plan->owner, psprintf("SELECT array_agg(x.id) FROM (SELECT DISTINCT ON (y.age) y.id FROM ("
														"SELECT %1$s::text AS id, row_number() OVER (ORDER BY %2$s) AS n, "
														"ntile(" PROBES ") OVER (ORDER BY %2$s) AS age "
														"FROM %3$s WHERE %4$s IS NULL AND %1$s::text <> ALL ($1)) y "
														"ORDER BY y.age, y.n DESC) x",
														id_name(sync), time_name(sync), clf_sync_target(sync),
														audio_name(sync)), &params);
	old = MemoryContextSwitchTo(sync->cxt);
	sync->probes = clf_sync_result_texts(0, 1);
	MemoryContextSwitchTo(old);
	sync->probing = true;
}

/* Choose the newest recording or the next probe; false if none is left */
static bool
next_recording(ClfSync *sync, Attempt *attempt)
{
	ClfSyncParams params = {0};
	const char *which = "%1$s::text <> ALL ($1)";

	if (sync->gone == GONE_IN_A_ROW && !sync->probing)
		choose_probes(sync);
	if (sync->probing && sync->probes == NIL)
		return false;
	if (sync->probing)
	{
		clf_sync_param_texts(&params, list_make1(linitial(sync->probes)));
		sync->probes = list_delete_first(sync->probes);
		which = "%1$s::text = ANY ($1)";
	}
	else
		clf_sync_param_texts(&params, skipped(sync));
	which = psprintf("SELECT %%1$s::text, %%2$s FROM %%3$s WHERE %%4$s IS NULL AND %s "
					 "ORDER BY %%2$s DESC LIMIT 1", which);
	if (clf_sync_execute(sync->plan->owner,
						 psprintf(which, id_name(sync), time_name(sync),
								  clf_sync_target(sync), audio_name(sync)),
						 &params) == 0)
		return false;
	attempt->id = clf_sync_result_text(0, 1);
	attempt->start = clf_sync_result_time(0, 2, DT_NOBEGIN);
	return true;
}

/* ----------
 * Failures
 * ----------
 */

/* Time of the next attempt; CLF_SYNC_NEVER if there is to be none */
static TimestampTz
next_try(TimestampTz now, TimestampTz start, int tries)
{
	int64		delay = FIRST_DELAY;

	while (tries-- > 0 && delay < LONGEST_DELAY)
		delay *= 4;
	return start < now - KEPT ? CLF_SYNC_NEVER : now + Min(delay, LONGEST_DELAY);
}

/* Give the recording up: its audio becomes empty */
static void
give_up(ClfSync *sync, const char *id)
{
	ClfSyncParams params = {0};

	clf_sync_param_text(&params, id);
	(void) clf_sync_execute(sync->plan->owner,
							psprintf("UPDATE %s SET %s = '' WHERE %s::text = $1 AND %s IS NULL",
									 clf_sync_target(sync), audio_name(sync),
									 id_name(sync), audio_name(sync)), &params);
}

static void
note_failure(ClfSync *sync, const Attempt *attempt, const char *reason)
{
	TimestampTz next = next_try(clf_sync_clock(sync), attempt->start,
								clf_sync_problem_tries(sync, KIND,
													   attempt->id));

	clf_sync_note_problem(sync, KIND, attempt->id, reason, next);
	clf_sync_skip(sync, attempt->id);
	if (next == CLF_SYNC_NEVER)
		give_up(sync, attempt->id);
}

/* None of the sample was found: assume the same of the others of that age */
static void
leave_others(ClfSync *sync)
{
	TimestampTz now = clf_sync_clock(sync);
	ClfSyncParams params = {0};
	List	   *ids;
	ListCell   *lc;
	int64		n;

	clf_sync_param_texts(&params, skipped(sync));
	clf_sync_param_time(&params, now - KEPT);
	n = clf_sync_execute(sync->plan->owner,
						 psprintf("UPDATE %s SET %s = '' WHERE %s IS NULL AND %s::text <> ALL ($1) AND %s < $2",
								  clf_sync_target(sync), audio_name(sync), audio_name(sync),
								  id_name(sync), time_name(sync)), &params);
	(void) clf_sync_execute(sync->plan->owner,
							psprintf("SELECT array_agg(%s::text) FROM %s WHERE %s IS NULL AND %s::text <> ALL ($1) AND %s >= $2",
									 id_name(sync), clf_sync_target(sync), audio_name(sync),
									 id_name(sync), time_name(sync)), &params);
	ids = clf_sync_result_texts(0, 1);
	foreach(lc, ids)
	{
		clf_sync_note_problem(sync, KIND, lfirst(lc),
							  "not found, as a sample of recordings of its age",
							  now + LONGEST_DELAY);
		clf_sync_skip(sync, lfirst(lc));
	}
	clf_sync_report(sync, psprintf("older recordings were not found: %s given up, %s to be retried",
								   clf_sync_count(n, "recording"),
								   clf_sync_count(list_length(ids), "recording")));
	sync->probing = false;
	sync->gone = 0;
}

/* Count the error.  Does it affect all recordings, not just this one? */
static bool
concerns_all(ClfSync *sync, const ErrorData *error)
{
	sync->failures++;
	if (clf_sync_is_unreachable(error))
		return true;
	switch (error->sqlerrcode)
	{
		case ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION:
		case ERRCODE_CONFIGURATION_LIMIT_EXCEEDED:
			return ++sync->server_failures >= SERVER_FAILURES_IN_A_ROW;
		default:
			return sync->failures >= FAILURES_IN_A_ROW;
	}
}

/* ----------
 * The step
 * ----------
 */

static void
fetch(ClfSync *sync, void *arg)
{
	Attempt    *attempt = arg;

	attempt->size = clf_sync_read_recording(sync, attempt->id,
											&attempt->answer);
}

static void
note_audio(ClfSync *sync, const Attempt *attempt)
{
	(void) clf_sync_put_audio(sync, &attempt->answer);
	clf_sync_forget_problem(sync, KIND, attempt->id);
	sync->recordings++;
	sync->bytes += attempt->size;
	sync->gone = 0;
	sync->failures = 0;
	sync->server_failures = 0;
	sync->probing = false;
}

static void
note_error(ClfSync *sync, const Attempt *attempt, ErrorData *error)
{
	if (concerns_all(sync, error))
		ReThrowError(error);
	ereport(WARNING,
			(errmsg("%s: could not copy recording \"%s\": %s", sync->label,
					attempt->id, error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0));
	note_failure(sync, attempt, error->message);
}

/* Once a minute */
static void
report_progress(ClfSync *sync)
{
	TimestampTz now = GetCurrentTimestamp();

	if (now - sync->reported_at < USECS_PER_MINUTE)
		return;
	clf_sync_report(sync, clf_sync_describe_audio(sync));
	sync->reported_at = now;
}

/*
 * clf_sync_recording_step
 *		Copy the audio of a recording.
 */
void
clf_sync_recording_step(ClfSync *sync)
{
	Attempt		attempt = {0};
	ErrorData  *error = NULL;

	if (!next_recording(sync, &attempt))
	{
		if (!sync->probing)
			sync->audio_read = true;
		else if (sync->probes == NIL)
			leave_others(sync);
		return;
	}
	error = clf_sync_try(sync, fetch, &attempt);
	if (error)
		note_error(sync, &attempt, error);
	else if (attempt.size >= 0)
		note_audio(sync, &attempt);
	else
	{
		note_failure(sync, &attempt, "not found");
		sync->gone++;
	}
	clf_sync_add_rows(sync, &attempt.answer, 0);
	clf_sync_save(sync);
	report_progress(sync);
}

/*
 * clf_sync_describe_audio
 *		Number and size of the recordings fetched; NULL if the copy has no audio.
 */
char *
clf_sync_describe_audio(const ClfSync *sync)
{
	if (sync->plan->audio == NULL)
		return NULL;
	return psprintf("audio of %s, %s",
					clf_sync_count(sync->recordings, "recording"),
					TextDatumGetCString(DirectFunctionCall1(pg_size_pretty,
															Int64GetDatum(sync->bytes))));
}
