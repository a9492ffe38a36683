"""The pages of the call log on disk: of each the records, without what stands around them."""

import itertools
import json

import calls

SIZE = 1000
VIEWS = 'Simple', 'Detailed'

encode = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode


def path(directory, view, number):
    return directory / f'{view}-{number}.json'


def write(directory, count):
    """Write the first pages of both views; yields the pairs of records that are on them."""
    records = iter(calls.Calls())
    for number in range(1, count + 1):
        page = list(itertools.islice(records, SIZE))
        for view, shown in zip(VIEWS, zip(*page)):
            path(directory, view, number).write_text(','.join(map(encode, shown)))
        yield from page


def read(directory, view, number, count):
    """Of so many pages one; after the last one they come again, a year earlier."""
    years, number = divmod(number - 1, count)
    records = path(directory, view, number + 1).read_bytes()
    if years:
        records = records.replace(b'%d-' % calls.YEAR, b'%d-' % (calls.YEAR - years))
    return records
