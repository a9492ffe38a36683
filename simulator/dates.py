"""Times in the API's format, and the simulator's clock.

Instants are integers: nanoseconds since 1970 in parameters of clients, milliseconds in
call records. Formats: https://developers.ringcentral.com/guide/basics/data-formats
"""

import datetime
import re
import time

MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

YEARS = range(1970, 2101)

EPOCH = datetime.datetime(1970, 1, 1)

TIMESTAMP = re.compile(
    r'(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)'
    r'(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d{1,9}))?)?'
    r'(Z|(?P<sign>[+-])(?P<zone_hour>\d\d):(?P<zone_minute>[0-5]\d)))?)?)?', re.ASCII)


def parse(text):
    """ISO 8601 text to nanoseconds; ValueError for everything that the API does not document."""
    match = TIMESTAMP.fullmatch(text)
    if not match or int(match['year']) not in YEARS:
        raise ValueError(f'not a timestamp: {text}')
    local = datetime.datetime(*(int(match[part] or least) for part, least in (
        ('year', 1), ('month', 1), ('day', 1), ('hour', 0), ('minute', 0), ('second', 0))))
    seconds = int((local - EPOCH).total_seconds()) - zone_offset(match)
    return seconds * SECOND + int((match['fraction'] or '0').ljust(9, '0'))


def parse_milliseconds(text):
    return parse(text) // MILLISECOND


def zone_offset(match):
    """Seconds east of UTC."""
    if not match['sign']:
        return 0
    hour, minute = int(match['zone_hour']), int(match['zone_minute'])
    if hour > 18:
        raise ValueError('no such time zone')
    return int(match['sign'] + '1') * (hour * 3600 + minute * 60)


def stamp(milliseconds):
    """The format of times in responses: UTC with milliseconds."""
    moment = EPOCH + datetime.timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec='milliseconds') + 'Z'


class Clock:
    """The API's clock: running, or frozen for tests."""

    def __init__(self, setting='real'):
        self.frozen = None if setting == 'real' else parse(setting)

    def now(self):
        return time.time_ns() if self.frozen is None else self.frozen
