"""Common to both synchronizations: times of changes, tokens, and the format of responses.

https://developers.ringcentral.com/guide/voice/call-log/sync
"""

import base64
import json
import re
import zlib

import call_log
import calls
import dates
import errors
import messages
import parameters

MODIFIED = re.compile(rb',"lastModifiedTime":("[^"]*")')

# The code of each rejection of a token, unless an option sets one for all
MALFORMED, EXPIRED, EXCEEDED = 'CLG-101', 'CLG-102', 'CLG-103'
REASONS = {MALFORMED: '', EXPIRED: ' [Sync token expired, call log was reset]',
           EXCEEDED: ' [max sync record number limit is exceeded]'}


class Synchronization:
    """Subclasses select the records of a response and create its token."""

    resource = None
    endpoint = None
    refused = None      # parameters that each type of synchronization rejects

    def __init__(self, renderer, options, clock, dataset):
        self.renderer = renderer
        self.options = options
        self.clock = clock
        self.dataset = dataset
        self.indexes = calls.Cache(4)

    def answer(self, request, path, twist):
        scope = call_log.scope_of(path)
        given = {name for name, _ in request.parameters()}
        values = parameters.parse(request.parameters(), self.endpoint)
        for name in self.refused[values['syncType']]:
            if name in values:
                raise errors.invalid_parameter(name)
        records, info, view = self.synchronize(scope, values, given)
        return self.render(scope, values, records, {
            'syncType': values['syncType'],
            'syncTime': dates.stamp(self.clock.now() // dates.MILLISECOND)} | info, view)

    def synchronize(self, scope, values, given):
        """(records, further members of syncInfo, view); `given` are the names in the request."""
        raise NotImplementedError

    def index(self, scope):
        """The times of the latest change, ascending, and the records beside them."""
        return self.indexes.get((self.dataset.version, scope), lambda: self.sorted(scope))

    def sorted(self, scope):
        rows = sorted(((modified_at(record), record)
                       for record in self.dataset.listings[scope].records),
                      key=lambda row: row[0])
        return [time for time, _ in rows], [record for _, record in rows]

    def position_of(self, values):
        """The contents of a request's token."""
        if 'syncToken' not in values:
            raise errors.invalid_parameter('syncToken')
        try:
            position = read_token(values['syncToken'], self.resource)
        except ValueError:
            raise self.refusal(MALFORMED) from None
        if self.options.sync_tokens_expire:
            raise self.refusal(EXPIRED)
        return position

    def refusal(self, code):
        chosen = self.options.sync_error_code
        return errors.invalid_sync_token(code if chosen == 'own' else chosen, REASONS[code])

    def render(self, scope, values, records, info, view):
        uri = f'{self.renderer.uri(scope, self.resource)}?{parameters.echo(values)}'
        content = b'{"uri":%b,"records":[%b],"syncInfo":%b}' % (
            messages.to_json(uri), b','.join(self.texts(scope, records, view)),
            messages.to_json(info))
        return messages.Body(content, len(records))

    def texts(self, scope, records, view):
        """The records, with the irregularities selected by an option."""
        if self.options.sync_repeats:
            records = [version for record in records
                       for version in (self.dataset.previous.get(record.id, record), record)]
        texts = [self.tombstone(scope, record) if record.deleted and self.options.tombstones
                 else text
                 for record, text in zip(records, self.renderer.records(scope, records, view))]
        if self.options.sync_modified == 'missing':
            return [MODIFIED.sub(b'', text, 1) for text in texts]
        if self.options.sync_modified == 'equal' and self.options.sync_repeats:
            texts[::2] = map(with_time_of, texts[::2], texts[1::2])
        return texts

    def tombstone(self, scope, record):
        name = record.id.decode()
        return messages.to_json({'id': name, 'deleted': True,
                                 'uri': f'{self.renderer.uri(scope, "call-log")}/{name}'})


def with_time_of(text, other):
    time = MODIFIED.search(other)
    return MODIFIED.sub(lambda _: time[0], text, 1) if time else text


def modified_at(record):
    """Milliseconds; an injected record may lack it."""
    try:
        return dates.parse_milliseconds(record.modified)
    except (ValueError, TypeError):
        return record.start


def make_token(resource, **position):
    text = json.dumps([resource, position], separators=(',', ':'))
    return base64.urlsafe_b64encode(f'{check_sum(text)}{text}'.encode()).decode().rstrip('=')


def read_token(token, resource):
    text = base64.urlsafe_b64decode(token + '=' * (-len(token) % 4)).decode()
    check, text = text[:8], text[8:]
    if check != check_sum(text):
        raise ValueError(token)
    issuer, position = json.loads(text)
    if issuer != resource:
        raise ValueError(token)
    return position


def check_sum(text):
    return f'{zlib.crc32(text.encode()):08x}'
