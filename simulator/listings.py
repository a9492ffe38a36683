"""The lists of one kind of record, and their changes."""

import threading

import calls
import churn
import data
import dates


class Listings:
    """The account's list and that of each extension, with the history of the records."""

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.Lock()
        self.version = 0        # counts the changes; part of the key of cached pages
        self.history = None
        self.last_change = 0
        self.injected = set()

    def write_history(self):
        with self.lock:
            self.history = churn.History(self.listings, self.injected)

    def change(self, scope, gone=frozenset(), new=()):
        self.listings[scope] = self.listings[scope].changed(gone, new)
        self.version += 1

    def find(self, record_id):
        return self.listings[data.ACCOUNT].find(record_id or '')

    def visible(self):
        """The records that can change, newest first."""
        return [record for record in self.listings[data.ACCOUNT].records
                if not record.deleted and record not in self.injected]

    def replace(self, gone, record):
        for scope in self.listings:
            new = (record,) if belongs(record, scope) else ()
            old = {record for record in gone if belongs(record, scope)}
            if old or new:
                self.change(scope, old, new)
        if self.history:
            self.history.end(gone)
            self.history.add(record)

    def shuffle(self, chance):
        """Records with equal start times in another order, which is the same in every list."""
        with self.lock:
            ranks = {record: chance.random() for record in self.listings[data.ACCOUNT].records}
            for scope, listing in self.listings.items():
                self.listings[scope] = calls.Listing(sorted(
                    listing.records, key=lambda record: (-record.start, ranks.get(record, 0))))
            self.version += 1

    def modification(self):
        """The time of a change: now, and after all changes before, even if the clock is frozen."""
        self.last_change = max(self.clock.now() // dates.MILLISECOND, self.last_change + 1)
        return {'lastModifiedTime': dates.stamp(self.last_change)}


def of_scopes(records):
    """The listings of these records, which are newest first."""
    return {scope: calls.Listing([record for record in records if belongs(record, scope)])
            for scope in (data.ACCOUNT, *data.EXTENSION_IDS)}


def belongs(record, scope):
    return scope in (data.ACCOUNT, record.extension_id)
