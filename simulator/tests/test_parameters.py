"""What the lists accept and refuse."""

import json

from tests.harness import ACCOUNT, EXTENSION, SimulatorTest


class Refusals(SimulatorTest):
    BAD = {
        'view': ('detailed', 'Full', ''),
        'withRecording': ('yes', '1', ''),
        'showDeleted': ('2', ''),
        'recordingType': ('all', 'Manual', ''),
        'type': ('voice', 'SMS', 'Voice,Fax', ''),
        'direction': ('inbound', 'Inbound,Outbound', ''),
        'metadataCategory': ('',),
        'sessionId': ('abc', '', '-1'),
        'telephonySessionId': ('', 'a b'),
        'extensionNumber': ('x', ''),
        'phoneNumber': ('+12015550100', '(201)555-0100', ''),
        'page': ('0', '-1', 'x', '1.5', '', '1001', '01'),
        'perPage': ('0', '-1', 'MAX', 'x', ''),
        'dateFrom': ('', 'yesterday', '2026-01-14T10:00:00', '2026-01-14 10:00:00Z', '2026-13-01',
                     '2026-02-30', '2026-01-14T24:00:00Z', '2026-01-14T10:00:00+00',
                     '2026-01-14T10:00:00 01:00', '1969-12-31', '2101', '0001-01-01', 'infinity',
                     '2026-01-14T10:00:00z', '2026-01-14T10:00:00.Z', '1768384800'),
        'dateTo': ('', 'now', '9999-12-31', '2026-01-14T10:00:00'),
    }

    def test_bad_values(self):
        for name, values in self.BAD.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    self.assert_refused(name, **{name: value})

    def test_values_of_the_extension_level(self):
        self.assert_refused('transport', EXTENSION, transport='voip')
        self.assert_refused('showBlocked', EXTENSION, showBlocked='maybe')

    def test_parameters_of_the_other_level(self):
        self.assert_refused('transport', transport='VoIP')
        self.assert_refused('showBlocked', showBlocked='true')

    def test_single_values_given_twice(self):
        for name, value in (('recordingType', 'All'), ('view', 'Simple'), ('page', 1),
                            ('dateFrom', '2026-01-15'), ('sessionId', '1')):
            with self.subTest(name=name):
                self.assert_refused(name, **{name: [value, value]})

    def test_combinations(self):
        reply = self.get(ACCOUNT, {'sessionId': '1', 'extensionNumber': '101'})
        self.assert_error(reply, 400, 'CLG-110', parameterName='sessionId')
        reply = self.get(ACCOUNT, {'extensionNumber': '101', 'phoneNumber': '12015550100'})
        self.assert_error(reply, 400, 'CLG-110', parameterName='extensionNumber')
        for name, other in (('sessionId', 'phoneNumber'), ('telephonySessionId', 'phoneNumber'),
                            ('telephonySessionId', 'extensionNumber')):
            reply = self.get(ACCOUNT, {name: '1', other: '101'})
            self.assert_error(reply, 400, 'CLG-110', parameterName=name)

    def test_impossible_windows(self):
        self.assert_refused('dateFrom', dateFrom='2026-01-14', dateTo='2026-01-13')
        self.assert_refused('dateFrom', dateFrom='2026-01-15T12:00:01Z', dateTo='2026-01-16')

    def test_plus_is_a_space(self):
        target = ACCOUNT + '?dateFrom=2026-01-14T10:00:00'
        self.assertEqual(self.get(target + '+01:00').status, 400)
        self.assertEqual(self.get(target + '%2B01:00').status, 200)


class Acceptance(SimulatorTest):
    def test_date_formats(self):
        for text in ('2025', '2025-06', '2025-06-30', '2026-01-14T10:00Z', '2026-01-14T10:00:00Z',
                     '2026-01-14T10:00:00.1Z', '2026-01-14T10:00:00.1234567Z',
                     '2026-01-14T10:00:00.000-08:00', '2026-01-14T10:00+05:30'):
            with self.subTest(text=text):
                self.assertEqual(self.get(ACCOUNT, {'dateFrom': text}).status, 200)

    def test_offsets_become_utc(self):
        page = self.page(dateFrom='2026-01-14T10:00:00+05:30')
        self.assertIn('dateFrom=2026-01-14T04:30:00.000Z', page['uri'])

    def test_future_end(self):
        self.assertEqual(self.get(ACCOUNT, {'dateTo': '2027-01-01'}).status, 200)

    def test_unknown_names_are_ignored(self):
        self.assertEqual(self.get(ACCOUNT, {'per_page': '7', 'x': ''}).status, 200)

    def test_booleans_in_any_case(self):
        self.assertEqual(self.get(ACCOUNT, {'withRecording': 'True'}).status, 200)

    def test_page_sizes(self):
        for asked, given in (('max', 1000), ('5000', 1000), ('7', 7)):
            self.assertEqual(self.page(perPage=asked)['paging']['perPage'], given)
        self.assertEqual(self.page()['paging']['perPage'], 100)

    def test_default_window_is_the_last_day(self):
        page = json.loads(self.get(ACCOUNT).body)
        self.assertIn('dateFrom=2026-01-14T12:00:00.000Z', page['uri'])
        self.assertNotIn('dateTo', page['uri'])
        for record in page['records']:
            self.assertGreaterEqual(record['startTime'], '2026-01-14T12:00:00.000Z')

    def test_default_start_is_a_day_before_the_end(self):
        page = json.loads(self.get(ACCOUNT, {'dateTo': '2025-12-01T09:30:29Z'}).body)
        self.assertIn('dateFrom=2025-11-30T09:31:00.000Z', page['uri'])


class Paths(SimulatorTest):
    def test_ids(self):
        for account, extension, parameter in (
                ('731900200008', '731900211008', None), ('~', '48213008', None),
                ('1', '~', 'accountId'), ('~', '1', 'extensionId'), ('~', '%2A', 'extensionId')):
            reply = self.get(f'/restapi/v1.0/account/{account}/extension/{extension}/call-log')
            if parameter:
                self.assert_error(reply, 404, 'CMN-102', parameterName=parameter)
            else:
                self.assertEqual(reply.status, 200)

    def test_versions_are_public(self):
        reply = self.get('/restapi', headers={})
        self.assertEqual(reply.status, 200)
        self.assertIn('Date', reply.headers)
        self.assertNotIn('X-Rate-Limit-Group', reply.headers)

    def test_unknown_paths_and_methods(self):
        for path in ('/', '/restapi/v1.0/account/~/call-logs', '/restapi/v1.0/account//call-log'):
            self.assert_error(self.get(path), 404, 'CMN-120')
        reply = self.request('POST', ACCOUNT)
        self.assertEqual((reply.status, reply.headers['Allow']), (405, 'GET'))
