"""call-log-sync: the newest calls, then new and changed calls, including deletions.

https://developers.ringcentral.com/api-reference/Call-Log/syncAccountCallLog
https://developers.ringcentral.com/api-reference/Call-Log/syncUserCallLog
"""

import bisect

import call_log
import calls
import changes
import dates
import errors
import parameters

LIMIT = 250
REACH = 30 * dates.DAY

# Parameters of the FSync that also hold for each ISync with its token
FRAME = ('view', 'statusGroup', 'recordingType', 'withRecording', 'metadataCategory')


class CallLogSync(changes.Synchronization):
    """A token contains the latest known change, the frame's start, and the frame's filters.

    The start is dateFrom, or none: then changes of all calls are returned.
    """

    resource = 'call-log-sync'
    endpoint = parameters.CALL_LOG_SYNC
    refused = {'FSync': ('syncToken',), 'ISync': ('dateFrom',)}

    def synchronize(self, scope, values, given):
        if values.get('recordCount', 0) > LIMIT:
            raise errors.invalid_parameter('recordCount')
        if values['syncType'] == 'FSync':
            return self.full(scope, values)
        return self.incremental(scope, values, given)

    def full(self, scope, values):
        """The newest calls, newest first."""
        if 'recordCount' not in values:
            raise errors.invalid_parameter('recordCount')
        if values['showDeleted']:
            raise errors.invalid_parameter('showDeleted')
        frame = {name: values[name] for name in FRAME if name in values}
        now = self.clock.now()
        first = None
        if 'dateFrom' in values:
            if not now - REACH <= values['dateFrom'] <= now:
                raise errors.invalid_parameter('dateFrom')
            first, _ = call_log.BOUNDS[self.options.bounds](values['dateFrom'], now)
        filters = call_log.filters_of(values)
        records = [record for record in self.dataset.listings[scope].records
                   if (first is None or record.start >= first)
                   and call_log.passes(record, filters)][:values['recordCount']]
        if self.options.sync_frame == 'records' and first is None and records:
            first = records[-1].start
        reached = records[-1].start if records else None
        return records, self.info(scope, frame, first, reached), values['view']

    def incremental(self, scope, values, given):
        """New and changed calls; with recordCount also older ones, as far as the limit allows."""
        position = self.position_of(values)
        frame = {name: tuple(value) if isinstance(value, list) else value
                 for name, value in position['frame'].items()}
        for name in FRAME:
            if name in given and values[name] != frame.get(name):
                raise errors.invalid_parameter(name)    # it would be ignored
        filters = call_log.filters_of(frame | {'showDeleted': values['showDeleted']})
        first = position['first']
        times, records = self.index(scope)
        fresh = [record for record in records[bisect.bisect_right(times, position['since']):]
                 if (first is None or record.start >= first) and call_log.passes(record, filters)]
        if len(fresh) > LIMIT:
            raise self.refusal(changes.EXCEEDED)
        older = self.older(scope, filters, position, set(fresh))[
            :min(values.get('recordCount', 0), LIMIT - len(fresh))]
        reached = position['reached']
        if older:
            reached = older[-1].start
            first = None if first is None else min(first, reached)
        records = sorted([*fresh, *older], key=calls.newest_first)
        return records, self.info(scope, frame, first, reached), frame['view']

    def older(self, scope, filters, position, known):
        """The calls from before those that the client has seen, newest first."""
        if position['reached'] is None:
            return []
        return [record for record in self.dataset.listings[scope].records
                if record.start < position['reached'] and record not in known
                and not record.deleted and call_log.passes(record, filters)]

    def info(self, scope, frame, first, reached):
        times, _ = self.index(scope)
        since = max([self.dataset.last_change, *times[-1:]])
        return {'syncToken': changes.make_token(self.resource, since=since, first=first,
                                                reached=reached, frame=frame)}
