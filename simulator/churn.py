"""Changes between the requests of a client, and the history of what each request could see.

While a client reads a list page by page, calls are deleted, rewritten to an earlier start under the
same id, and entered late, and calls with equal start times change places. Each change is drawn from
its own number, so that a test can repeat a run with some of its changes only.

https://developers.ringcentral.com/guide/voice/call-log/sync
"""

import json
import random
import threading

import data
import dates
import messages

OPPOSITE = {'Inbound': 'Outbound', 'Outbound': 'Inbound'}
RESULTS = ('Accepted', 'Call connected', 'Missed', 'Voicemail')

# How far a rewritten call moves into the past, in milliseconds
SHIFTS = (1, 999, 1000, 2000, 10_000, 600_000)


class Version:
    """A record as it was from one request on, until another."""

    def __init__(self, record, scope, since):
        self.record = record
        self.scope = scope      # of an injected record: the one list that shows it
        self.since = since
        self.until = None

    def in_scope(self, scope):
        if self.scope is not None:
            return self.scope == scope
        return scope in (data.ACCOUNT, self.record.extension_id)

    def seen_between(self, first, last):
        return (self.since <= last and self.until != self.since
                and (self.until is None or self.until > first))

    def outlives(self, first, last):
        """Unchanged from before the first of these requests until after the last?"""
        return self.since < first and (self.until is None or self.until > last)

    def shown(self, text):
        """Its JSON, with the whole record if `text` contains it."""
        until = b'null' if self.until is None else b'%d' % self.until
        whole = b'' if text is None else b',"record":%b' % text
        return b'{"from":%d,"until":%b,%b%b}' % (
            self.since, until, summary(self.record), whole)


def summary(record):
    """The members that distinguish the versions of a record."""
    if record.summary is None:
        try:
            fields = json.loads(b'{%b%b}' % (record.body, record.detail))
        except ValueError:
            fields = {}
        values = {name: fields.get(name) for name in record.SUMMARY}
        record.summary = messages.to_json({'startTime': dates.stamp(record.start), **values,
                                           'deleted': record.deleted})[1:-1]
    return record.summary


class History:
    """All versions of all records since it began; request 1 is the first one after that."""

    def __init__(self, listings, injected):
        self.request = 0
        self.versions = {}
        for scope, listing in listings.items():
            for record in listing.records:
                if record in injected:
                    self.add(record, scope)
                elif scope == data.ACCOUNT:
                    self.add(record)

    def add(self, record, scope=None):
        self.versions.setdefault(record.id, []).append(Version(record, scope, self.request))

    def end(self, records):
        for record in records:
            for version in self.versions.get(record.id, ()):
                if version.record is record and version.until is None:
                    version.until = self.request

    def shown(self, renderer, scope, first, last, whole):
        """A JSON array of the records that the requests from first to last could see."""
        rows = (self.row(renderer, scope, record_id, versions, first, last, whole)
                for record_id, versions in self.versions.items())
        return b'{"request":%d,"records":[%b]}' % (self.request, b','.join(filter(None, rows)))

    def row(self, renderer, scope, record_id, versions, first, last, whole):
        versions = [version for version in versions
                    if version.in_scope(scope) and version.seen_between(first, last)]
        if not versions:
            return b''
        unchanged = any(version.outlives(first, last) for version in versions)
        texts = [None] * len(versions)
        if whole:
            texts = renderer.records(scope, [version.record for version in versions], 'Detailed')
        return b'{"id":%b,"unchanged":%b,"versions":[%b]}' % (
            messages.to_json(record_id.decode()), messages.to_json(unchanged),
            b','.join(version.shown(text) for version, text in zip(versions, texts)))


class Churn:
    """The changes: how many before each request, of which kinds."""

    def __init__(self, listings, possible, rate='1', seed='1', kinds='', match='', only=''):
        self.listings = listings
        self.rate = float(rate)
        self.seed = seed
        self.kinds = kinds.split(',') if kinds else [
            kind for kind in possible for _ in range(KINDS[kind][1])]
        self.match = match
        self.only = {int(number) for number in only.split(',') if number}
        if self.rate < 0 or not set(self.kinds) <= set(possible):
            raise ValueError(f'rate is 0 or more, kinds are of: {", ".join(possible)}')
        self.number = 0
        self.changes = []

    def before(self, request):
        """Make the changes that precede the answer to a request."""
        if self.match not in request.target:
            return
        whole, rest = divmod(self.rate, 1)
        extra = random.Random(f'{self.seed} {self.listings.history.request}').random() < rest
        for _ in range(int(whole) + extra):
            self.number += 1
            if not self.only or self.number in self.only:
                self.change(random.Random(f'{self.seed}/{self.number}'))

    def change(self, chance):
        kind = chance.choice(self.kinds)
        visible = self.listings.visible()
        if not visible:
            return
        changed = KINDS[kind][0](self.listings, chance, visible)
        self.changes.append({'number': self.number, 'request': self.listings.history.request,
                             'kind': kind, 'id': changed})


def delete(listings, chance, visible):
    record_id = chance.choice(visible).id.decode()
    listings.delete(record_id)
    return record_id


def rewrite(listings, chance, visible):
    """Change a call to a queue: it started earlier, was answered, in the other direction.

    Every third time it ties with another call.
    """
    record = chance.choice(visible)
    start = record.start - chance.choice(SHIFTS)
    if chance.random() < 1 / 3:
        start = min(record.start, chance.choice(visible).start)
    listings.rewrite(record.id.decode(), {
        'startTime': dates.stamp(start), 'direction': OPPOSITE.get(record.direction, 'Inbound'),
        'result': chance.choice(RESULTS)})
    return record.id.decode()


def edit(listings, chance, visible):
    """A change that leaves the start where it is."""
    record_id = chance.choice(visible).id.decode()
    listings.edit(record_id, chance)
    return record_id


def late(listings, chance, visible):
    """A record that is added late: its call started long ago."""
    return listings.appear(chance.randint(visible[-1].start, visible[0].start))


def tie(listings, chance, visible):
    """A late record that began in the same millisecond as another."""
    return listings.appear(chance.choice(visible).start)


def present(listings, chance, visible):
    """A record of the present second, by the API's clock."""
    now = listings.clock.now() // dates.MILLISECOND
    return listings.appear(now - chance.randrange(1000))


def shuffle(listings, chance, visible):
    """The order of records that began at the same time is not documented."""
    listings.shuffle(chance)


# Each with its weight; deletions and additions keep the balance.
KINDS = {'delete': (delete, 3), 'rewrite': (rewrite, 3), 'edit': (edit, 1), 'late': (late, 1),
         'tie': (tie, 1), 'present': (present, 1), 'shuffle': (shuffle, 2)}

# Messages keep their time.
MESSAGE_KINDS = tuple(kind for kind in KINDS if kind != 'rewrite')


class Serializer:
    """One request at a time while a history is recorded, so that it is exact."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.lock = threading.Lock()
        self.churn = None
        self.listings = dataset

    @property
    def history(self):
        return self.listings.history

    def start(self, resource='call_log', **parameters):
        if resource not in ('call_log', 'messages'):
            raise ValueError('resource is call_log or messages')
        listings = self.dataset if resource == 'call_log' else self.dataset.mailboxes
        churn = Churn(listings, KINDS if resource == 'call_log' else MESSAGE_KINDS, **parameters)
        with self.lock:
            self.listings.history = None
            self.listings = listings
            self.listings.write_history()
            self.churn = churn

    def stop(self):
        """No more changes; the history is kept, and continues."""
        with self.lock:
            self.churn = None

    def clear(self):
        with self.lock:
            self.churn = None
            self.listings.history = None
            self.listings = self.dataset

    def shown(self):
        return {'request': self.history.request if self.history else 0,
                'changes': self.churn.changes if self.churn else []}

    def run(self, request, entry, answer):
        """Respond to a request, after the changes that precede it."""
        if self.history is None:
            return answer()
        with self.lock:
            if self.history:
                self.history.request += 1
                entry['turn'] = self.history.request
            if self.churn:
                self.churn.before(request)
            return answer()
