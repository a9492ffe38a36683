"""The data set: the calls in the lists, and their changes."""

import json

import calls
import churn
import data
import dates
import listings
import live
import mailbox
from changes import modified_at

# Number of calls that just ended and are still among the active ones
# https://developers.ringcentral.com/guide/voice/call-log/finding-active-calls
LATELY_ENDED = 30

# Number of cached data sets, as tests use them repeatedly
KEPT = 16


class DataSet(listings.Listings):
    """The calls; the messages that belong to them are in `mailboxes`."""

    def __init__(self, urls, options, clock):
        super().__init__(clock)
        self.urls = urls
        self.options = options
        self.made = {}          # the data set of the start, and the latest ones, oldest first
        self.make()
        self.fill()

    def make(self):
        """Generate the calls according to the options."""
        self.made_with = self.options.dataset_options()
        if self.made_with not in self.made:
            now = self.clock.now() // dates.MILLISECOND
            records = data.Generator(self.urls, self.options, now).records()
            self.made[self.made_with] = now, records
            if len(self.made) > KEPT:
                del self.made[list(self.made)[1]]
        self.start, self.originals = self.made[self.made_with]

    def fill(self):
        self.listings = listings.of_scopes(self.originals)
        self.last_change = self.start
        self.live = live.Generator(self.urls, self.options, self.start)
        self.in_progress = self.live.in_progress()
        self.mailboxes = mailbox.Mailboxes(self.urls, self.options, self.clock, self)
        self.injected = set()
        self.previous = {}      # the record before its latest change, by id
        self.filled = self.version

    def restore(self):
        """Restore the state at the start, or that of the current options."""
        if (self.version > self.filled or self.mailboxes.version
                or self.made_with != self.options.dataset_options()):
            self.make()
            self.version += 1
            self.fill()

    def active(self, scope):
        """The calls in progress and those that just ended, whose ids are those of the call log."""
        ended = [record for record in self.listings[data.ACCOUNT].records if not record.deleted]
        records = [record for record in (*self.in_progress, *ended[:LATELY_ENDED])
                   if listings.belongs(record, scope)]
        return calls.Listing(sorted(records, key=calls.newest_first))

    # --- records added by tests --------------------------------------------------------------

    def inject(self, scope, start, raw):
        record = calls.InjectedRecord(start, raw)
        self.last_change = max(self.last_change, modified_at(record))
        self.injected.add(record)
        self.change(scope, new=(record,))
        if self.history:
            self.history.add(record, scope)

    def clear_injected(self):
        for scope in self.listings:
            self.change(scope, gone=self.injected)
        if self.history:
            self.history.end(self.injected)
        self.injected = set()

    # --- changes of calls --------------------------------------------------------------------

    def rewrite(self, record_id, changes):
        """Change members of a record; it keeps its id."""
        with self.lock:
            old = self.find(record_id)
            if old is None or old in self.injected:
                raise ValueError(f'no such record of the data set: {record_id}')
            self.previous[old.id] = old
            self.replace({old}, rewritten(old, changes | self.modification()))

    def edit(self, record_id, chance):
        self.rewrite(record_id, {'result': chance.choice(churn.RESULTS),
                                 'duration': chance.randrange(99)})

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

    def preliminary(self):
        """The newest outgoing call: one to a queue is listed as such until it is answered."""
        return next(record for record in self.listings[data.ACCOUNT].records
                    if record.direction == 'Outbound' and not record.deleted
                    and record not in self.injected)


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
