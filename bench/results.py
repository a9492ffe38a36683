"""Ratios of the measurements.

The floor of a copy is the download of the same pages by curl, over one connection, and COPY of the
same rows as CSV into the same table. All figures are medians.
"""

import math
import statistics

import cases
import pages
import table

# Maximum ratios
INSERT_CPU = {'calls': 0.95, 'legs': 0.9}   # to the lower bound
TLS_CPU = 1.15                  # to the lower bound, with TLS and gzip
SLOW_WALL = 1.03                # to the download alone, with latency
COUNT_CPU = 0.4                 # to INSERT
GROWTH_CPU = 1.1                # of the time per row, to that with fewer rows
GROWTH_MEMORY = 24              # megabytes more than with the fewest rows
REQUESTS = 1.005                # to the number of pages


class Results:
    def __init__(self, measurements):
        self.costs = measurements.costs
        self.requests = measurements.requests
        self.sizes = measurements.settings.sizes
        self.table = table.Ratios()

    def print(self):
        for name, case in cases.CASES.items():
            self.add_copy(name, case)
        self.add_count()
        self.add_other('script', 'Python, json, \\copy')
        self.add_other('http', 'extension http')
        self.add_growth('insert', f'INSERT of {cases.CALLS.title}')
        self.add_growth('count', 'SELECT count(*)')
        self.add_requests('SELECT count(*)')
        self.table.print()

    def median(self, key, *figures):
        return statistics.median(sum(getattr(cost, figure) for figure in figures)
                                 for cost in self.costs[key])

    def floor(self, name, figure, download=None):
        return (self.median(download or ('download', cases.CASES[name].view), figure)
                + self.median(('copy', name), figure))

    def add_copy(self, name, case):
        title, key = f'INSERT of {case.title}', ('insert', name)
        self.table.ratio(title, 'backend CPU / curl + COPY', self.median(key, 'cpu'),
                         self.floor(name, 'cpu'), 's', INSERT_CPU.get(name))
        self.table.ratio(title, 'wall clock / curl + COPY', self.median(key, 'wall'),
                         self.floor(name, 'wall'), 's')
        self.table.ratio(title, 'backend memory / COPY', self.median(key, 'memory'),
                         self.median(('copy', name), 'memory'), 'MB')
        if case is cases.CALLS:
            self.add_slow(title, 'slow insert')
            self.add_tls(title)

    def add_slow(self, title, key):
        self.table.ratio(title, 'wall clock at 50 ms / curl', self.median(key, 'wall'),
                         self.median('slow download', 'wall'), 's', SLOW_WALL)

    def add_tls(self, title):
        self.table.ratio(title, 'TLS, gzip: backend CPU / curl + COPY',
                         self.median('tls insert', 'cpu'),
                         self.floor('calls', 'cpu', 'tls download'), 's', TLS_CPU)

    def add_count(self):
        title, insert = 'SELECT count(*)', ('insert', 'calls')
        self.table.ratio(title, 'backend CPU / INSERT', self.median('count', 'cpu'),
                         self.median(insert, 'cpu'), 's', COUNT_CPU)
        self.table.ratio(title, 'wall clock / curl', self.median('count', 'wall'),
                         self.median(('download', 'Simple'), 'wall'), 's')
        self.table.ratio(title, 'backend memory / INSERT', self.median('count', 'memory'),
                         self.median(insert, 'memory'), 'MB')
        self.add_slow(title, 'slow count')

    def add_other(self, key, title):
        if key not in self.costs:
            self.table.value(title, 'not installed')
            return
        self.table.ratio(title, 'all CPU / curl + COPY', self.median(key, 'cpu', 'client'),
                         self.floor('calls', 'cpu'), 's')
        self.table.ratio(title, 'wall clock / curl + COPY', self.median(key, 'wall'),
                         self.floor('calls', 'wall'), 's')
        self.table.ratio(title, 'backend memory / COPY', self.median(key, 'memory'),
                         self.median(('copy', 'calls'), 'memory'), 'MB')

    def add_growth(self, kind, title):
        first, *more = self.sizes
        least = self.cpu_a_row(kind, first)
        self.table.value(title, f'CPU a row, {first:,} rows', least, 'µs')
        for size in more:
            found = self.cpu_a_row(kind, size)
            self.table.ratio(title, f'CPU a row, {size:,} rows', found, least, 'µs', GROWTH_CPU)
            least = min(found, least)
        for size in more:
            self.table.difference(title, f'memory, {size:,} rows',
                                  self.median((kind, size), 'memory'),
                                  self.median((kind, first), 'memory'), 'MB', GROWTH_MEMORY)

    def add_requests(self, title):
        """The cost of the overlap of pages; with few pages, one more request would exceed the ratio."""
        size = self.sizes[-1]
        least = math.ceil(size / pages.SIZE)
        self.table.ratio(title, f'requests / pages, {size:,} rows', self.requests[size], least, '',
                         REQUESTS if least >= 1000 else None)

    def cpu_a_row(self, kind, size):
        return self.median((kind, size), 'cpu') / size * 1e6
