"""The lists of call records: a window of a listing, filtered, cut into pages, rendered.

https://developers.ringcentral.com/guide/voice/call-log/api
"""

import urllib.parse

import calls
import data
import dates
import errors
import messages
import parameters

# The conferenceType of calls with these actions.
CONFERENCES = {'Conference Call': 'AudioConferencing', 'RC Meetings': 'Meetings'}

# Condition of each filter on a record. `phoneNumber` compares digits: a number that is
# formatted or masked is not found, which is why clients should not rely on it.
FILTERS = {
    'showDeleted': lambda record, _: not record.deleted,
    'showBlocked': lambda record, _: record.result != 'Blocked',
    'type': lambda record, values: record.type in values,
    'direction': lambda record, values: record.direction in values,
    'conferenceType': lambda record, values: CONFERENCES.get(record.action) in values,
    'transport': lambda record, values: record.transport in values,
    'statusGroup': lambda record, values: 'All' in values or record.result == 'Missed',
    'metadataCategory': lambda record, values: not values.isdisjoint(record.categories),
    'sessionId': lambda record, value: record.session_id == value,
    'telephonySessionId': lambda record, value: record.telephony_session_id == value,
    'phoneNumber': lambda record, value: value in record.numbers,
    'extensionNumber': lambda record, value: value in map(data.extension_number,
                                                          record.extension_ids),
    'recordingType': lambda record, value: value in record.recording_types or (
        value == 'All' and bool(record.recording_types)),
}

VISIBILITY = ('showDeleted', 'showBlocked')

# Whether dateFrom and dateTo belong to the range, and whether their fractions count, is not
# documented. Each function turns the two (nanoseconds) into the first and the last millisecond.
BOUNDS = {
    'inclusive': lambda since, until: (-(-since // dates.MILLISECOND), until // dates.MILLISECOND),
    'exclusive': lambda since, until: (since // dates.MILLISECOND + 1,
                                       -(-until // dates.MILLISECOND) - 1),
    'seconds': lambda since, until: (since // dates.SECOND * 1000, until // dates.SECOND * 1000),
}


class RecordList:
    """A list of records; subclasses select the source and the records."""

    resource = None
    filter_table = FILTERS

    def __init__(self, renderer, options, clock, dataset):
        self.renderer = renderer
        self.options = options
        self.clock = clock
        self.dataset = dataset
        self.listings = calls.Cache(64)
        self.pages = calls.Cache(64)

    def forget(self):
        """The options changed."""
        self.listings.clear()
        self.pages.clear()

    def answer(self, request, path, twist):
        scope = scope_of(path)
        values = parameters.parse(request.parameters(), self.endpoint(scope))
        values['perPage'] = min(values['perPage'], self.options.max_per_page)
        if values['page'] > self.options.page_ceiling:
            raise errors.invalid_parameter('page')
        window = self.window(values)
        lie = twist.kind if twist else None
        key = (self.version(), scope, parameters.echo(values), window, lie)
        return self.pages.get(key, lambda: self.page(scope, values, window, lie))

    def version(self):
        return self.dataset.version

    def page(self, scope, values, window, lie):
        served = max(1, values['page'] - 1) if lie == 'repeat-page' else values['page']
        records, last, total = self.cut(scope, self.filters(values), window, served,
                                        values['perPage'])
        if lie == 'endless':
            last = served + 1
        if lie == 'unsorted':
            records = records[::-1]
        return self.render(scope, values | {'page': served}, records, last, total)

    def cut(self, scope, filters, window, number, size):
        """The records of a page, the number of the last page that is offered, and the total."""
        late = ()
        if self.options.short_pages:
            late = tuple(row for row in filters if row[0] not in VISIBILITY)
            filters = tuple(row for row in filters if row[0] in VISIBILITY)
        listing = self.listing(scope, filters)
        low, high = listing.window(*window)
        start, end = low + (number - 1) * size, low + number * size
        records = [record for record in listing.records[start:min(end, high)]
                   if self.passes(record, late)]
        full, rest = divmod(high - low, size)
        last = full + 1 if rest or self.options.empty_last_page else full
        return records, max(1, last), high - low

    def listing(self, scope, filters):
        key = (self.version(), scope, filters)
        return self.listings.get(key, lambda: self.source(scope).filter(
            lambda record: self.passes(record, filters)))

    def passes(self, record, filters):
        return all(self.filter_table[name](record, value) for name, value in filters)

    def render(self, scope, values, records, last, total):
        number = values['page']
        paging = self.paging(number, values['perPage'], len(records), total)
        navigation = {name: {'uri': self.page_uri(scope, values, target)}
                      for name, target in self.links(number, last).items() if target}
        content = b'{"uri":%b,"records":[%b],"paging":%b,"navigation":%b}' % (
            messages.to_json(self.page_uri(scope, values, number)),
            b','.join(self.texts(scope, records, values)),
            messages.to_json(paging), messages.to_json(navigation))
        return messages.Body(content, len(records))

    def texts(self, scope, records, values):
        return self.renderer.records(scope, records, values['view'])

    def paging(self, number, size, count, total):
        """No totals, and no page numbers for an empty page."""
        if not count:
            return {'perPage': size}
        start = (number - 1) * size
        return {'perPage': size, 'page': number, 'pageStart': start, 'pageEnd': start + count - 1}

    def page_uri(self, scope, values, number):
        echo = parameters.echo(values | {'page': number})
        return f'{self.renderer.uri(scope, self.resource)}?{echo}'

    def links(self, number, last):
        """Page numbers; 0 is none."""
        return {'firstPage': 1, 'previousPage': number - 1,
                'nextPage': number + 1 if number < last else 0}

    def filters(self, values):
        return filters_of(values, self.filter_table)


class CallLog(RecordList):
    resource = 'call-log'

    def endpoint(self, scope):
        return parameters.ACCOUNT if scope == data.ACCOUNT else parameters.EXTENSION

    def window(self, values):
        """First and last millisecond that the dates admit; fills in the default dateFrom.

        A missing dateTo is now; a missing dateFrom a day earlier, on a whole minute, as the URIs in
        the documentation's examples show.
        """
        now = self.clock.now()
        until = values.get('dateTo', now)
        if 'dateFrom' not in values:
            values['dateFrom'] = -(-(until - dates.DAY) // dates.MINUTE) * dates.MINUTE
        elif values['dateFrom'] > min(until, now):
            raise errors.invalid_parameter('dateFrom')
        return BOUNDS[self.options.bounds](values['dateFrom'], until)

    def source(self, scope):
        return self.dataset.listings[scope]


def scope_of(path):
    """The list that a path names: the account's, or the one of an extension."""
    names = {name: urllib.parse.unquote(text) for name, text in path.items() if text is not None}
    if names['accountId'] not in ('~', str(data.ACCOUNT_ID)):
        raise errors.not_found('accountId')
    extension = names.get('extensionId')
    if extension is None:
        return data.ACCOUNT
    if extension == '~':
        return data.OWNER.id
    if extension not in map(str, data.EXTENSION_IDS):
        raise errors.not_found('extensionId')
    return int(extension)


def filters_of(values, table=FILTERS):
    """The effective filters as (name, value) pairs; recordingType overrides withRecording."""
    asked = {name: value for name, value in values.items() if name in table}
    if values.get('withRecording'):
        asked.setdefault('recordingType', 'All')
    for name in VISIBILITY:
        if asked.get(name):
            del asked[name]
    return tuple((name, frozenset(value) if isinstance(value, tuple) else value)
                 for name, value in asked.items())


def passes(record, filters):
    return all(FILTERS[name](record, value) for name, value in filters)
