"""The active calls."""

import csv
import io
import json

from tests.harness import BEARER, EXTENSION, SimulatorTest

ACTIVE = '/restapi/v1.0/account/~/active-calls'
MINE = '/restapi/v1.0/account/~/extension/~/active-calls'


class ActiveCalls(SimulatorTest):
    def document(self, path=ACTIVE, **parameters):
        reply = self.get(path, parameters)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def active(self, path=ACTIVE, **parameters):
        return self.document(path, **{'perPage': 1000} | parameters)['records']

    def test_order_and_content(self):
        calls = self.active(view='Detailed')
        times = [call['startTime'] for call in calls]
        self.assertEqual(times, sorted(times, reverse=True))
        running = [call for call in calls if call['result'] == 'In Progress']
        self.assertGreaterEqual(len(running), 24)
        self.assertFalse([call for call in running if 'duration' in call])
        logged = {record['id']: record for record in self.records(view='Detailed')}
        ended = [call for call in calls if call['id'] in logged]
        self.assertEqual(ended, list(logged.values())[:30])
        self.assertEqual(len({call['id'] for call in calls}), 54)

    def test_pages(self):
        page = self.document(page=2, perPage=20)
        self.assertEqual(page['paging'], {'perPage': 20, 'page': 2, 'pageStart': 20, 'pageEnd': 39})
        self.assertIn('active-calls?view=Simple&page=3&', page['navigation']['lastPage']['uri'])
        self.assertIn('page=3', page['navigation']['nextPage']['uri'])
        self.assertNotIn('nextPage', self.document(page=3, perPage=20)['navigation'])

    def test_filters(self):
        calls = self.active()
        for name, value in (('direction', 'Inbound'), ('type', 'Voice'), ('transport', 'PSTN')):
            expected = [call for call in calls if call[name] == value]
            self.assertTrue(expected)
            self.assertEqual(self.active(**{name: value}), expected)
        self.assertEqual({call['action'] for call in self.active(
            conferenceType=['AudioConferencing', 'Meetings'])}, {'Conference Call', 'RC Meetings'})
        self.set(active_filters='off')
        self.assertEqual(self.active(direction='Inbound'), calls)
        self.assert_refused('direction', ACTIVE, direction='inbound')

    def test_parameters(self):
        for name, value in (('page', '0'), ('perPage', 'x'), ('view', ''), ('conferenceType', 'x'),
                            ('dateFrom', '2026-01-01'), ('sessionId', '1'),
                            ('recordingType', 'All'), ('showDeleted', 'true')):
            self.assert_refused(name, ACTIVE, **{name: value})
        self.assert_refused('conferenceType', EXTENSION, conferenceType='Meetings')
        self.assertEqual(self.get(ACTIVE, headers={}).status, 401)

    def test_extension_level(self):
        mine = self.active(MINE)
        self.assertEqual([call['id'] for call in mine],
                         [call['id'] for call in self.active()
                          if (call.get('extension') or {}).get('id') == 731900211008])
        self.assertTrue([call for call in mine if call['result'] == 'In Progress'])
        self.assertIn('/extension/731900211008/call-log/', mine[0]['uri'])

    def test_truth(self):
        for level, path in (('account', ACTIVE), ('extension', MINE)):
            text = self.control('GET', 'truth', resource='active_calls', level=level).decode()
            rows = csv.DictReader(io.StringIO(text, newline=''))
            self.assertEqual([json.loads(row['attrs']) for row in rows],
                             self.active(path, view='Detailed'))

    def test_rate_group(self):
        headers = self.get(ACTIVE, headers=BEARER).headers
        self.assertEqual(headers['X-Rate-Limit-Group'], 'heavy')
