"""call-log-extract-sync: the records that were created or modified since a time or a token.

https://developers.ringcentral.com/api-reference/Call-Log/extractSyncAccountCallLog
https://developers.ringcentral.com/guide/voice/call-log/sync
"""

import base64
import bisect
import collections
import zlib

import call_log
import calls
import data
import dates
import errors
import messages
import parameters

DEFAULT_COUNT = 250

# What each type of synchronization does not take.
REFUSED = {'FSync': ('syncToken',), 'ISync': ('dateFrom', 'recordCount')}

# Where a synchronization stands: the millisecond it has seen the changes of, and its page size.
Position = collections.namedtuple('Position', 'millisecond count')


class ExtractSync:
    def __init__(self, renderer, options, clock, dataset):
        self.renderer = renderer
        self.options = options
        self.clock = clock
        self.dataset = dataset
        self.indexes = calls.Cache(1)

    def answer(self, request, path, twist):
        scope = call_log.scope_of(path)
        values = parameters.parse(request.parameters(), parameters.EXTRACT_SYNC)
        for name in REFUSED[values['syncType']]:
            if name in values:
                raise errors.invalid_parameter(name)
        start = self.full if values['syncType'] == 'FSync' else self.incremental
        records, position, more = self.cut(call_log.filters_of(values), start(values))
        return self.render(scope, values, records, {
            'syncType': values['syncType'], 'syncToken': token(position),
            'syncTime': dates.stamp(self.clock.now() // dates.MILLISECOND),
            'newerRecordsExist': more})

    def full(self, values):
        """The position just before dateFrom, which is an hour ago unless the client says."""
        now = self.clock.now()
        since = values.setdefault('dateFrom', now - 60 * dates.MINUTE)
        if since > now:
            raise errors.invalid_parameter('dateFrom')
        first, _ = call_log.BOUNDS[self.options.bounds](since, now)
        return Position(first - 1, values.setdefault('recordCount', DEFAULT_COUNT))

    def incremental(self, values):
        if 'syncToken' not in values:
            raise errors.invalid_parameter('syncToken')
        position = position_of(values['syncToken'])
        if self.options.sync_tokens_expire:
            raise errors.invalid_sync_token('CLG-102', ' [Sync token expired, call log was reset]')
        return position

    def cut(self, filters, position):
        """The next records, the position after them, and whether there are more.

        Records of one millisecond are never torn apart, though there are more than asked for.
        """
        times, records = self.indexes.get(self.dataset.version, self.index)
        found = [number for number in range(bisect.bisect_right(times, position.millisecond),
                                            len(times))
                 if call_log.passes(records[number], filters)]
        end = min(position.count, len(found))
        while 0 < end < len(found) and times[found[end]] == times[found[end - 1]]:
            end += 1
        if end:
            position = position._replace(millisecond=times[found[end - 1]])
        return [records[number] for number in found[:end]], position, end < len(found)

    def index(self):
        """The times of the latest change, ascending, and the records beside them."""
        rows = sorted(((modified_at(record), record)
                       for record in self.dataset.listings[data.ACCOUNT].records),
                      key=lambda row: row[0])
        return [time for time, _ in rows], [record for _, record in rows]

    def render(self, scope, values, records, info):
        uri = f'{self.renderer.uri(scope, "call-log-extract-sync")}?{parameters.echo(values)}'
        content = b'{"uri":%b,"records":[%b],"syncInfo":%b}' % (
            messages.to_json(uri),
            b','.join(self.renderer.records(scope, records, values['view'])),
            messages.to_json(info))
        return messages.Body(content, len(records))


def modified_at(record):
    """Milliseconds; an injected record need not tell."""
    try:
        return dates.parse_milliseconds(record.modified)
    except (ValueError, TypeError):
        return record.start


def token(position):
    text = f'{position.millisecond}.{position.count}'
    return base64.urlsafe_b64encode(f'{text}.{check_sum(text)}'.encode()).decode().rstrip('=')


def position_of(sync_token):
    try:
        text = base64.urlsafe_b64decode(sync_token + '=' * (-len(sync_token) % 4)).decode()
        text, _, check = text.rpartition('.')
        if check != check_sum(text):
            raise ValueError(sync_token)
        return Position(*map(int, text.split('.')))
    except ValueError:
        raise errors.invalid_sync_token('CLG-101') from None


def check_sum(text):
    return str(zlib.crc32(text.encode()))
