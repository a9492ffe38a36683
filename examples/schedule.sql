-- Scheduled updates of copies. CALL call_log_fdw_sync commits after
-- each request, so it must be the only statement of its job: with another one before
-- or after it, both would be in one transaction block, which is an error.
--
-- cron, as a user with access to the database; errors and warnings are mailed:
--
--   PGOPTIONS='-c client_min_messages=warning'
--   */15 * * * *  psql -X -q -d mydb -c "CALL call_log_fdw_sync('calls.call_log', 'archive')"
--   30 3 * * *    psql -X -q -d mydb -c "CALL call_log_fdw_sync('calls.call_log', 'archive', recheck => '7 days')"
--
-- systemd: call_log_sync.service and call_log_sync.timer in /etc/systemd/system, then
-- systemctl enable --now call_log_sync.timer:
--
--   [Service]
--   Type=oneshot
--   User=etl
--   ExecStart=psql -X -q -d mydb -c "CALL call_log_fdw_sync('calls.call_log', 'archive')"
--
--   [Timer]
--   OnCalendar=*:0/15
--   [Install]
--   WantedBy=timers.target
--
-- pg_cron: run this file. It schedules the same two jobs; if a job is still running when
-- the next one starts, the latter fails without consequences.
--
-- source, archive   the call log and its copy

\if :{?source}  \else \set source 'calls.call_log' \endif
\if :{?archive} \else \set archive archive         \endif
\set ON_ERROR_STOP on
\set QUIET on

SELECT count(*) > 0 AS has_cron FROM pg_extension WHERE extname = 'pg_cron' \gset
\if :has_cron
SELECT cron.schedule('call log: changes', '*/15 * * * *',
                     format('CALL call_log_fdw_sync(%L, %L)', :'source', :'archive'));
SELECT cron.schedule('call log: compare', '30 3 * * *',
                     format('CALL call_log_fdw_sync(%L, %L, recheck => %L)', :'source', :'archive', '7 days'));
\else
\echo 'pg_cron is not installed in this database.'
\endif
