"""call-log-extract-sync: the records that were created or modified since a time or a token.

https://developers.ringcentral.com/api-reference/Call-Log/extractSyncAccountCallLog
"""

import bisect

import call_log
import changes
import dates
import errors
import parameters

DEFAULT_COUNT = 250


class ExtractSync(changes.Synchronization):
    """A token contains the millisecond of the last change, and the page size."""

    resource = 'call-log-extract-sync'
    refused = {'FSync': ('syncToken',), 'ISync': ('dateFrom', 'recordCount')}

    @property
    def endpoint(self):
        if self.options.extract_deleted == 'parameter':
            return parameters.LENIENT_EXTRACT_SYNC
        return parameters.EXTRACT_SYNC

    def synchronize(self, scope, values, given):
        full = values['syncType'] == 'FSync'
        since, count = self.full(values) if full else self.incremental(values)
        unasked = self.options.extract_deleted == 'always' and not full
        filters = call_log.filters_of({'showDeleted': unasked} | values)
        records, since, more = self.cut(scope, filters, since, count)
        return records, {'syncToken': changes.make_token(self.resource, since=since, count=count),
                         'newerRecordsExist': more}, values['view']

    def full(self, values):
        """The position just before dateFrom, an hour ago by default."""
        now = self.clock.now()
        since = values.setdefault('dateFrom', now - 60 * dates.MINUTE)
        reach = self.options.extract_reach * dates.DAY
        if since > now or reach and since < now - reach:
            raise errors.invalid_parameter('dateFrom')
        first, _ = call_log.BOUNDS[self.options.bounds](since, now)
        return first - 1, values.setdefault('recordCount', DEFAULT_COUNT)

    def incremental(self, values):
        position = self.position_of(values)
        return position['since'], position['count']

    def cut(self, scope, filters, since, count):
        """The next records, the position after them, and whether there are more.

        Records of one millisecond are returned together, even if they exceed the limit.
        """
        times, records = self.index(scope)
        found = [number for number in range(bisect.bisect_right(times, since), len(times))
                 if call_log.passes(records[number], filters)]
        end = min(count, len(found))
        while 0 < end < len(found) and times[found[end]] == times[found[end - 1]]:
            end += 1
        if end:
            since = times[found[end - 1]]
        return [records[number] for number in found[:end]], since, end < len(found)
