"""The calls on disk: for each view all records, newest first, without the rest of the response."""

import array
import bisect
import itertools
import json
import os
import subprocess

import calls

SIZE = 1000
VIEWS = 'Simple', 'Detailed'

encode = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode


def path(directory, view):
    return directory / f'{view}.json'


def index_path(directory):
    return directory / 'index.json'


def certificate_path(directory):
    """The certificate of the server and its key."""
    return directory / 'server.pem'


def write_certificate(directory):
    path = certificate_path(directory)
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                    '-out', path, '-keyout', f'{path}.key'], check=True, capture_output=True)
    with path.open('a') as file, open(f'{path}.key') as key:
        file.write(key.read())


def write(directory, count):
    """Write this number of calls in both views, and their positions; yields the pairs of records."""
    starts, ends = [], {view: [] for view in VIEWS}
    files = {view: path(directory, view).open('wb') for view in VIEWS}
    for pair in itertools.islice(calls.Calls(), count):
        starts.append(pair[0]['startTime'])
        for view, record in zip(VIEWS, pair):
            files[view].write(encode(record).encode() + b',')
            ends[view].append(files[view].tell())
        yield pair
    for file in files.values():
        file.close()
    index_path(directory).write_text(json.dumps({'starts': starts, 'ends': ends}))


class Pages:
    """All calls of the year, then the same for earlier years, without end."""

    def __init__(self, directory):
        index = json.loads(index_path(directory).read_text())
        self.ascending = [start[4:] for start in reversed(index['starts'])]
        self.ends = {view: array.array('Q', [0, *index['ends'][view]]) for view in VIEWS}
        self.files = {view: os.open(path(directory, view), os.O_RDONLY) for view in VIEWS}

    def later_than(self, until):
        """Number of calls that started after that time, in the API's format."""
        until = until if '.' in until else until.replace('Z', '.000Z')
        years = calls.YEAR - int(until[:4])
        if years < 0:
            return 0
        until = bisect.bisect_right(self.ascending, until[4:])
        return (years + 1) * len(self.ascending) - until

    def read(self, view, first, number):
        """This number of records, beginning with the first one, separated by commas."""
        parts = []
        while number > 0:
            years, place = divmod(first, len(self.ascending))
            found = min(number, len(self.ascending) - place)
            parts.append(self.read_of_year(view, place, found, calls.YEAR - years))
            first, number = first + found, number - found
        return b','.join(parts)

    def read_of_year(self, view, place, number, year):
        ends = self.ends[view]
        records = os.pread(self.files[view], ends[place + number] - ends[place] - 1, ends[place])
        return records if year == calls.YEAR else records.replace(b'%d-' % calls.YEAR, b'%d-' % year)
