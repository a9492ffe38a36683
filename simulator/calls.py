"""Call records as the lists serve them: rendered once, ordered newest first, filtered, cut."""

import array
import bisect
import collections
import json
import re
import threading

Recording = collections.namedtuple('Recording', 'id type duration')

E164 = re.compile(r'\+?([1-9]\d{7,14})', re.ASCII)


class Record:
    """One call: its JSON without the uri, which depends on list and view; values for filters."""

    SUMMARY = ('direction', 'result', 'lastModifiedTime')

    __slots__ = ('start', 'id', 'body', 'detail', 'type', 'direction', 'action', 'transport',
                 'session_id', 'telephony_session_id', 'recordings', 'recording_types',
                 'numbers', 'extension_id', 'extension_ids', 'categories', 'modified',
                 'deleted', 'result', 'summary')

    def __init__(self, start, fields, body, detail):
        self.start = start
        self.id = str(fields.get('id')).encode()
        self.body = body        # the members that both views show
        self.detail = detail    # the members that only Detailed shows, with a leading comma
        self.summary = None     # for the history, made when it is first needed
        self.read(fields)

    def read(self, fields):
        legs = fields.get('legs') or ()
        self.type = fields.get('type')
        self.direction = fields.get('direction')
        self.action = fields.get('action')
        self.transport = fields.get('transport')
        self.session_id = fields.get('sessionId')
        self.telephony_session_id = fields.get('telephonySessionId')
        self.recordings = recordings(fields, legs)
        self.recording_types = {recording.type for recording in self.recordings}
        self.numbers = phone_numbers(fields)
        self.extension_id = extension_id(fields)
        self.extension_ids = tuple({self.extension_id, *map(extension_id, legs)} - {None})
        self.categories = tuple(fields.get('metadataCategories') or ())
        self.modified = fields.get('lastModifiedTime')
        self.deleted = fields.get('deleted') is True
        self.result = fields.get('result')

    def render(self, prefix, view):
        """The record as JSON; `prefix` opens the object and its uri, up to the id."""
        detail = self.detail if view == 'Detailed' else b''
        return b'%b%b?view=%b",%b%b}' % (prefix, self.id, view.encode(), self.body, detail)


class InjectedRecord(Record):
    """A record that a test supplied: served byte for byte in both views, valid or not."""

    __slots__ = ()

    def __init__(self, start, raw):
        super().__init__(start, {}, raw, b'')
        try:
            fields = json.loads(raw)
            self.read(fields)
            self.id = str(fields.get('id')).encode()
            hash((self.type, self.direction, self.action, self.transport, self.categories,
                  self.extension_ids))
        except (ValueError, TypeError, AttributeError, RecursionError):
            self.read({})       # nothing to filter on, so it is only in unfiltered lists
            self.id = b''       # and not found by id

    def render(self, prefix, view):
        return self.body


def recordings(fields, legs):
    """The recordings of a record and its legs; a recording may be on a leg only."""
    return tuple(Recording(str(part['recording'].get('id')), part['recording'].get('type'),
                           int(part.get('duration') or 0))
                 for part in (fields, *legs) if part.get('recording'))


def phone_numbers(fields):
    """The digits of both parties' numbers, unless they are formatted, masked or short."""
    texts = ((fields.get(side) or {}).get('phoneNumber') for side in ('from', 'to'))
    matches = (E164.fullmatch(text) for text in texts if text)
    return tuple(match[1] for match in matches if match)


def extension_id(fields):
    return (fields.get('extension') or {}).get('id')


def newest_first(record):
    return -record.start


class Listing:
    """Records newest first, and their start times for binary search."""

    def __init__(self, records):
        self.records = records
        self.keys = array.array('q', map(newest_first, records))
        self.by_id = None       # made when it is first needed

    def window(self, first, last):
        """Positions (from, to) of the records that started in [first, last] milliseconds."""
        low = bisect.bisect_left(self.keys, -last)
        return low, max(low, bisect.bisect_right(self.keys, -first))

    def find(self, record_id):
        """The record with this id, or None."""
        if self.by_id is None:
            self.by_id = {record.id: record for record in reversed(self.records)}
        return self.by_id.get(record_id.encode())

    def filter(self, predicate):
        return Listing([record for record in self.records if predicate(record)])

    def changed(self, gone=frozenset(), new=()):
        """A listing without some records and with others; this one is not changed."""
        kept = self.filter(lambda record: record not in gone) if gone else self
        records = kept.records.copy()
        for record in new:
            records.insert(bisect.bisect_left(records, -record.start, key=newest_first), record)
        return Listing(records)


class Cache:
    """Cache of the most recently used values of an expensive function."""

    def __init__(self, size):
        self.size = size
        self.values = collections.OrderedDict()
        self.lock = threading.Lock()

    def get(self, key, make):
        with self.lock:
            if key in self.values:
                self.values.move_to_end(key)
                return self.values[key]
        value = make()
        with self.lock:
            self.values[key] = value
            if len(self.values) > self.size:
                self.values.popitem(last=False)
        return value

    def clear(self):
        with self.lock:
            self.values.clear()
