"""The data set: the calls that the lists show, and how they change while somebody looks."""

import calls
import data
import dates
import live

# So many calls that just ended are still among the active ones.
# https://developers.ringcentral.com/guide/voice/call-log/finding-active-calls
LATELY_ENDED = 30


class DataSet:
    """The listings: the account's, and those of each extension."""

    def __init__(self, base_url, options, now):
        now //= dates.MILLISECOND
        self.fill(data.Generator(base_url, options, now).records())
        self.in_progress = live.Generator(base_url, options, now).in_progress()
        self.version = 0        # counts the changes, so that nobody serves yesterday's pages

    def fill(self, records):
        self.listings = {data.ACCOUNT: calls.Listing(records)}
        for extension in data.EXTENSION_IDS:
            self.listings[extension] = calls.Listing(
                [record for record in records if record.extension_id == extension])
        self.injected = set()

    def active(self, scope):
        """The calls in progress and those that just ended, whose ids are those of the call log."""
        ended = [record for record in self.listings[data.ACCOUNT].records if not record.deleted]
        records = [record for record in (*self.in_progress, *ended[:LATELY_ENDED])
                   if scope in (data.ACCOUNT, record.extension_id)]
        return calls.Listing(sorted(records, key=calls.newest_first))

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
