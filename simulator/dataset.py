"""The data set: the calls that the lists show, and how they change while somebody looks."""

import json
import threading

import calls
import data
import dates
import live

# So many calls that just ended are still among the active ones.
# https://developers.ringcentral.com/guide/voice/call-log/finding-active-calls
LATELY_ENDED = 30


class DataSet:
    """The listings: the account's, and those of each extension."""

    def __init__(self, urls, options, clock):
        self.clock = clock
        self.start = clock.now() // dates.MILLISECOND
        self.new_live = lambda: live.Generator(urls, options, self.start)
        self.originals = data.Generator(urls, options, self.start).records()
        self.lock = threading.Lock()
        self.version = 0        # counts the changes, so that nobody serves yesterday's pages
        self.fill()

    def fill(self):
        self.listings = {scope: calls.Listing([record for record in self.originals
                                               if belongs(record, scope)])
                         for scope in (data.ACCOUNT, *data.EXTENSION_IDS)}
        self.live = self.new_live()
        self.in_progress = self.live.in_progress()
        self.last_change = self.start
        self.injected = set()
        self.filled = self.version

    def restore(self):
        """As it was at the start."""
        if self.version > self.filled:
            self.version += 1
            self.fill()

    def active(self, scope):
        """The calls in progress and those that just ended, whose ids are those of the call log."""
        ended = [record for record in self.listings[data.ACCOUNT].records if not record.deleted]
        records = [record for record in (*self.in_progress, *ended[:LATELY_ENDED])
                   if belongs(record, scope)]
        return calls.Listing(sorted(records, key=calls.newest_first))

    # --- records that a test made ------------------------------------------------------------

    def inject(self, scope, start, raw):
        record = calls.InjectedRecord(start, raw)
        self.injected.add(record)
        self.change(scope, new=(record,))

    def clear_injected(self):
        for scope in self.listings:
            self.change(scope, gone=self.injected)
        self.injected = set()

    def change(self, scope, gone=frozenset(), new=()):
        self.listings[scope] = self.listings[scope].changed(gone, new)
        self.version += 1

    # --- what happens to calls ---------------------------------------------------------------

    def find(self, record_id):
        return self.listings[data.ACCOUNT].find(record_id or '')

    def rewrite(self, record_id, changes):
        """Give a record other members; it keeps its id."""
        with self.lock:
            old = self.find(record_id)
            if old is None or old in self.injected:
                raise ValueError(f'no such record of the data set: {record_id}')
            self.replace({old}, rewritten(old, changes | self.modification()))

    def delete(self, record_id):
        self.rewrite(record_id, {'deleted': True})

    def appear(self, start=None, changes=()):
        """A late record: its call started long ago, by default in the middle of the list."""
        with self.lock:
            records = self.listings[data.ACCOUNT].records
            if start is None:
                start = records[len(records) // 2].start if records else self.start
            record = rewritten(self.live.call(start), dict(changes) | self.modification())
            self.replace(frozenset(), record)
            return record.id.decode()

    def arrive(self):
        """A new call, a millisecond after the newest."""
        listing, now = self.listings[data.ACCOUNT], self.clock.now() // dates.MILLISECOND
        first, end = listing.window(0, now)
        newest = listing.records[first].start if first < end else self.start
        return self.appear(min(newest + 1, now))

    def replace(self, gone, record):
        for scope in self.listings:
            self.change(scope, gone, (record,) if belongs(record, scope) else ())

    def modification(self):
        """The time of a change: now, and after all changes before, even if the clock is frozen."""
        self.last_change = max(self.clock.now() // dates.MILLISECOND, self.last_change + 1)
        return {'lastModifiedTime': dates.stamp(self.last_change)}

    def preliminary(self):
        """The newest outgoing call: one to a queue is listed as such until it is answered."""
        return next(record for record in self.listings[data.ACCOUNT].records
                    if record.direction == 'Outbound' and not record.deleted
                    and record not in self.injected)


def belongs(record, scope):
    return scope in (data.ACCOUNT, record.extension_id)


def rewritten(record, changes):
    """A record with other members; `from.name` is a member of a member."""
    simple, detailed = (json.loads(b'{%b}' % text, parse_float=data.exact)
                        for text in (record.body, record.detail[1:]))
    for path, value in changes.items():
        *parents, name = path.split('.')
        members = detailed if path.split('.')[0] in detailed else simple
        for parent in parents:
            members[parent] = members.get(parent) or {}
            members = members[parent]
        members[name] = value
    start = dates.parse_milliseconds(simple['startTime'])
    simple['startTime'] = dates.stamp(start)
    return data.record_of(start, simple, detailed)
