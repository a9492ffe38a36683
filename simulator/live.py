"""Current calls, from a separate random stream: the data set is not changed."""

import itertools
import random

import data

IN_PROGRESS = tuple(data.Outcome(1, direction, 'Voice', action, 'In Progress', None)
                    for direction, action in (
                        ('Inbound', 'Phone Call'), ('Outbound', 'VoIP Call'),
                        ('Inbound', 'VoIP Call'), ('Outbound', 'Conference Call'),
                        ('Outbound', 'RC Meetings'), ('Outbound', 'Phone Call')))

SINCE_SECONDS = (5, 8, 13, 21, 34, 55, 89, 144, 7200)


class Generator(data.Generator):
    def __init__(self, urls, options, now):
        super().__init__(urls, options, now)
        self.random = random.Random(f'live {options.seed}')
        self.indexes = itertools.count(-1, -1)
        self.turns = itertools.cycle(data.EXTENSIONS)

    def extension(self):
        """All extensions in turn."""
        return next(self.turns)

    def extras(self, outcome):
        """Not deleted yet, and without a recording while in progress."""
        hidden = ('deleted', 'recording') if outcome.result == 'In Progress' else ('deleted',)
        fields = super().extras(outcome)
        return {name: value for name, value in fields.items() if name not in hidden}

    def call(self, start, outcome=None):
        return self.record(next(self.indexes), start, outcome)

    def in_progress(self):
        """Three calls of each extension; each outcome at each extension in turn."""
        outcomes, since = itertools.cycle(IN_PROGRESS), itertools.cycle(SINCE_SECONDS)
        return [self.call(self.now - 1000 * next(since), next(outcomes))
                for _ in range(3 * len(data.EXTENSIONS))]
