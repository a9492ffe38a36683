"""What the lists answer: windows, pages, filters, views."""

import gzip
import json

from tests.harness import ACCOUNT, BEARER, EVERYTHING, EXTENSION, SimulatorTest


def ids(records):
    return [record['id'] for record in records]


class Windows(SimulatorTest):
    def count(self, since, until):
        return len(self.records(dateFrom=since, dateTo=until))

    def setUp(self):
        super().setUp()
        self.start = '2025-12-24T18:00:00.500Z'
        self.control('POST', 'records', json.dumps({'id': 'x', 'startTime': self.start}),
                     startTime=self.start)
        self.before, self.after = '2025-12-24T18:00:00.499Z', '2025-12-24T18:00:00.501Z'

    def test_inclusive(self):
        self.assertEqual(self.count(self.start, self.start), 1)
        self.assertEqual(self.count(self.before, self.before), 0)
        self.assertEqual(self.count('2025-12-24T18:00:00.5000001Z', self.after), 0)

    def test_exclusive(self):
        self.set(bounds='exclusive')
        self.assertEqual(self.count(self.start, self.after), 0)
        self.assertEqual(self.count(self.before, self.start), 0)
        self.assertEqual(self.count(self.before, self.after), 1)

    def test_seconds(self):
        self.set(bounds='seconds')
        self.assertEqual(self.count(self.before, self.after), 0)
        self.assertEqual(self.count(self.after, '2025-12-24T18:00:01Z'), 1)

    def test_session_filter_does_not_lift_the_window(self):
        old = self.records()[-1]
        self.assertEqual(json.loads(self.get(ACCOUNT, {'sessionId': old['sessionId']}).body)
                         ['records'], [])


class Pages(SimulatorTest):
    def test_newest_first_and_complete(self):
        records = self.records(perPage=70)
        times = [record['startTime'] for record in records]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual(ids(records), ids(self.records()))
        self.assertEqual(len(set(ids(records))), len(records))

    def test_paging_without_totals(self):
        page = self.page(page=2, perPage=10)
        self.assertEqual(page['paging'], {'perPage': 10, 'page': 2, 'pageStart': 10, 'pageEnd': 19})
        self.assertEqual(set(page['navigation']), {'firstPage', 'previousPage', 'nextPage'})
        self.assertTrue(page['navigation']['nextPage']['uri'].startswith(
            self.simulator.url + '/restapi/v1.0/account/731900200008/call-log?'))
        self.assertIn('&page=3&perPage=10', page['navigation']['nextPage']['uri'])

    def test_beyond_the_end(self):
        page = self.page(page=900)
        self.assertEqual((page['records'], page['paging']), ([], {'perPage': 100}))
        self.assertNotIn('nextPage', page['navigation'])

    def test_exactly_full_last_page(self):
        total = len(self.records())
        self.assertIn('nextPage', self.page(perPage=total)['navigation'])
        self.assertEqual(self.page(perPage=total, page=2)['records'], [])
        self.set(empty_last_page='off')
        self.assertNotIn('nextPage', self.page(perPage=total)['navigation'])

    def test_page_ceiling_and_size(self):
        self.set(page_ceiling=3, max_per_page=5)
        self.assertEqual(len(self.page(page=3, perPage='max')['records']), 5)
        self.assert_refused('page', page=4)

    def test_short_pages(self):
        expected = ids(self.records(type='Fax'))
        self.set(short_pages='on')
        sizes = [len(self.page(type='Fax', perPage=3, page=number)['records'])
                 for number in range(1, 20)]
        self.assertLess(min(sizes), 3)
        self.assertEqual(ids(self.records(type='Fax', perPage=3)), expected)


class Filters(SimulatorTest):
    """Every filter against the same condition on the complete list."""

    def assert_same(self, condition, path=ACCOUNT, **parameters):
        expected = [record['id'] for record in self.records(path, view='Detailed')
                    if condition(record)]
        self.assertTrue(expected)
        self.assertEqual(ids(self.records(path, **parameters)), expected)

    def test_enums(self):
        self.assert_same(lambda record: record['type'] == 'Fax', type='Fax')
        self.assert_same(lambda record: record['direction'] == 'Inbound', direction='Inbound')
        self.assert_same(lambda record: True, direction=['Inbound', 'Outbound'])
        self.assert_same(lambda record: record['transport'] == 'PSTN', EXTENSION, transport='PSTN')

    def test_recordings(self):
        def types(record):
            parts = [record, *(record.get('legs') or ())]
            return {part['recording']['type'] for part in parts if part.get('recording')}
        self.assert_same(types, recordingType='All')
        self.assert_same(types, withRecording='true')
        self.assert_same(lambda record: 'OnDemand' in types(record), recordingType='OnDemand',
                         withRecording='false')

    def test_sessions(self):
        session = self.records()[-1]['sessionId']
        self.assert_same(lambda record: record['sessionId'] == session, sessionId=session)
        telephony = next(record['telephonySessionId'] for record in reversed(self.records())
                         if record.get('telephonySessionId'))
        self.assert_same(lambda record: record.get('telephonySessionId') == telephony,
                         telephonySessionId=telephony)

    def test_phone_number_compares_digits(self):
        self.assert_same(lambda record: any((record.get(side) or {}).get('phoneNumber')
                                            == '+18005550100' for side in ('from', 'to')),
                         phoneNumber='18005550100')

    def test_extension_number(self):
        self.assert_same(lambda record: any((part.get('extension') or {}).get('id') == 48213008
                                            for part in [record, *(record.get('legs') or ())]),
                         extensionNumber='105')

    def test_categories(self):
        self.assert_same(lambda record: 'Sales' in (record.get('metadataCategories') or ()),
                         metadataCategory='Sales')

    def test_deleted_and_blocked(self):
        def deleted(records):
            return [record for record in records if record.get('deleted')]
        self.assertFalse(deleted(self.records()))
        self.assertTrue(deleted(self.records(showDeleted='true')))
        self.assert_same(lambda record: record['result'] != 'Blocked', EXTENSION,
                         showBlocked='false')


class Everyday(SimulatorTest):
    def test_office_hours_and_plain_names(self):
        self.control('POST', 'reset', everyday='on')
        records = self.records()
        hours = [int(record['startTime'][11:13]) for record in records]
        self.assertGreater(sum(8 <= hour < 18 for hour in hours) / len(hours), 0.8)
        self.assertLess(sum(hour < 6 for hour in hours) / len(hours), 0.05)
        names = {record[side].get('name') for record in records for side in ('from', 'to') if record.get(side)}
        self.assertLess(max(len(name) for name in names if name is not None), 25)
        self.assertNotIn('', names)


class Views(SimulatorTest):
    def test_simple_is_a_part_of_detailed(self):
        simple, detailed = self.records(), self.records(view='Detailed')
        for less, more in zip(simple, detailed, strict=True):
            self.assertTrue(less.pop('uri').endswith('?view=Simple'))
            self.assertTrue(less.items() <= more.items())
            self.assertFalse({'legs', 'billing', 'lastModifiedTime'} & set(less))

    def test_billing_adds_up(self):
        for record in self.records(view='Detailed'):
            for cost, total in record['billing'].items() if record.get('legs') else ():
                self.assertAlmostEqual(total, sum(leg['billing'][cost] for leg in record['legs']))

    def test_extension_list(self):
        mine = [record['id'] for record in self.records()
                if (record.get('extension') or {}).get('id') == 731900211008]
        own = self.records(EXTENSION)
        self.assertEqual(ids(own), mine)
        self.assertIn('/extension/731900211008/call-log/', own[0]['uri'])

    def test_compression(self):
        for accepted, encoding in (('gzip', 'gzip'), ('identity', None)):
            reply = self.get(ACCOUNT, EVERYTHING, BEARER | {'Accept-Encoding': accepted})
            self.assertEqual(reply.headers['Content-Encoding'], encoding)
            body = gzip.decompress(reply.body) if encoding else reply.body
            self.assertEqual(len(json.loads(body)['records']), 100)
