"""Records by id."""

import email
import json

from tests.harness import ACCOUNT, BEARER, EXTENSION, SimulatorTest

MULTIPART_JSON = 'application/vnd.ringcentral.multipart+json'


class ById(SimulatorTest):
    def setUp(self):
        super().setUp()
        self.all = self.records(view='Detailed')
        self.ids = [record['id'] for record in self.all]

    def by_id(self, *ids, path=ACCOUNT, accept='*/*', **parameters):
        return self.get(f'{path}/{",".join(ids)}', parameters, BEARER | {'Accept': accept})

    def parts(self, *ids, **more):
        """[(status, body)] of a multipart answer, its first part apart from the others."""
        reply = self.by_id(*ids, **more)
        self.assertEqual(reply.status, 207, reply.body)
        head = f'Content-Type: {reply.headers["Content-Type"]}\n\n'.encode()
        message = email.message_from_bytes(head + reply.body)
        states, *bodies = [json.loads(part.get_payload(decode=True))
                           for part in message.get_payload()]
        for state, asked in zip(states['response'], ids, strict=True):
            self.assertTrue(state['href'].endswith(f'/call-log/{asked}'))
        return [(state['status'], body)
                for state, body in zip(states['response'], bodies, strict=True)]

    def test_one(self):
        reply = self.by_id(self.ids[5], view='Detailed')
        self.assertEqual((reply.status, json.loads(reply.body)), (200, self.all[5]))
        self.assertNotIn('legs', json.loads(self.by_id(self.ids[5]).body))
        self.assert_error(self.by_id('unknown'), 404, 'CMN-102', parameterName='callRecordId')

    def test_multipart(self):
        for quoted in ('off', 'on'):
            self.set(multipart_quoted=quoted)
            parts = self.parts(self.ids[2], 'unknown', self.ids[0], self.ids[2], view='Detailed')
            self.assertEqual([status for status, _ in parts], [200, 404, 200, 200])
            bodies = [body for _, body in parts]
            self.assertEqual(bodies[1]['parameterName'], 'callRecordId')
            self.assertEqual([bodies[0], *bodies[2:]], [self.all[n] for n in (2, 0, 2)])
        reply = self.by_id(*self.ids[:2])
        self.assertIn('boundary="=_Boundary_2_', reply.headers['Content-Type'])
        self.assertIn(b'\r\n', reply.body)
        self.assertIn(b'\n', reply.body.replace(b'\r\n', b''))

    def test_multipart_json(self):
        reply = self.by_id(self.ids[1], 'a%2Fb', view='Detailed', accept=MULTIPART_JSON)
        self.assertEqual((reply.status, reply.headers['Content-Type']), (207, MULTIPART_JSON))
        found, missing = json.loads(reply.body)
        self.assertEqual(found, {'resourceId': self.ids[1], 'status': 200, 'body': self.all[1]})
        self.assertEqual((missing['resourceId'], missing['status']), ('a/b', 404))

    def test_limits(self):
        self.assertEqual(len(self.parts(*self.ids[:50])), 50)
        self.assert_error(self.by_id(*self.ids[:51]), 400, 'CMN-106')
        for ids in ((self.ids[0], ''), ('', ''), ('', self.ids[0])):
            self.assert_error(self.by_id(*ids), 400, 'CMN-101', parameterName='callRecordId')
        self.assert_error(self.by_id(self.ids[0] + '%2C' + self.ids[1]), 404, 'CMN-102')
        self.assertEqual(self.by_id('').status, 404)

    def test_parameters(self):
        path = f'{ACCOUNT}/{self.ids[0]}'
        self.assert_refused('view', path, view='simple')
        self.assert_refused('type', path, type='Voice')
        self.assert_refused('dateFrom', path, dateFrom='2026-01-01')
        self.assertEqual(self.by_id(self.ids[0], unheardOf='1').status, 200)

    def test_deleted_records_are_found(self):
        deleted = next(record['id'] for record in self.records(showDeleted='true')
                       if record.get('deleted'))
        self.assertIs(json.loads(self.by_id(deleted).body)['deleted'], True)

    def test_extension_level(self):
        own = self.records(EXTENSION, view='Detailed')
        other = next(record for record in self.ids
                     if record not in {record['id'] for record in own})
        parts = self.parts(own[0]['id'], other, path=EXTENSION, view='Detailed')
        self.assertEqual([status for status, _ in parts], [200, 404])
        self.assertEqual(parts[0][1], own[0])

    def test_failing_part(self):
        self.fault('part', n=2, status=429, code='CMN-301')
        parts = self.parts(*self.ids[:3])
        self.assertEqual([status for status, _ in parts], [200, 429, 200])
        self.assertEqual(parts[1][1]['errorCode'], 'CMN-301')

    def test_injected_records(self):
        self.control('POST', 'records', b'{"id": "late", "x": 1}', startTime='2026-01-01')
        self.assertEqual(self.by_id('late').body, b'{"id": "late", "x": 1}')
        self.control('POST', 'records', b'{"id": "broken', startTime='2026-01-01')
        for record_id in ('broken', 'None'):
            self.assertEqual(self.by_id(record_id).status, 404)

    def test_log(self):
        self.parts(self.ids[0], 'unknown', self.ids[1])
        entry = self.log()[-1]
        self.assertEqual((entry['status'], entry['records']), (207, 2))
