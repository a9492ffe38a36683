"""Calls that change between requests, and call-log-extract-sync."""

import json
import re

from tests.harness import ACCOUNT, SimulatorTest

SYNC = '/restapi/v1.0/account/~/call-log-extract-sync'
YEARS_AGO = '2024-01-01'


def ids(records):
    return [record['id'] for record in records]


class ChangesTest(SimulatorTest):
    def change(self, name, **parameters):
        return json.loads(self.control('POST', name, **parameters))['id']

    def by_id(self, record_id, **parameters):
        reply = self.get(f'{ACCOUNT}/{record_id}', parameters)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def sync(self, **parameters):
        reply = self.get(SYNC, parameters)
        self.assertEqual(reply.status, 200, reply.body)
        content = json.loads(reply.body)
        return content['records'], content['syncInfo']

    def sync_all(self, **parameters):
        """All changes since dateFrom, and the token to continue with."""
        records, info = self.sync(**parameters)
        view = {name: value for name, value in parameters.items()
                if name not in ('dateFrom', 'recordCount')}
        while info['newerRecordsExist']:
            more, info = self.sync(syncType='ISync', syncToken=info['syncToken'], **view)
            self.assertTrue(more)
            records += more
        return records, info['syncToken']


class Changes(ChangesTest):
    def test_rewrite(self):
        old = self.records(view='Detailed')[3]
        self.change('rewrite', id=old['id'], startTime='2025-06-01', result='Accepted',
                    duration='5', **{'from.name': 'x'})
        new = self.by_id(old['id'], view='Detailed')
        self.assertEqual((new['startTime'], new['result'], new['duration'], new['from']['name']),
                         ('2025-06-01T00:00:00.000Z', 'Accepted', 5, 'x'))
        self.assertEqual(new['lastModifiedTime'], '2026-01-15T12:00:00.001Z')
        self.assertEqual(new['billing'], old['billing'])
        listed = self.records(view='Detailed')
        self.assertEqual([record for record in listed if record['id'] == old['id']], [new])
        times = [record['startTime'] for record in listed]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_spelling_of_numbers_stays(self):
        def amounts():
            body = self.get(f'{ACCOUNT}/{record_id}', {'view': 'Detailed'}).body
            return re.findall(rb'"cost\w+":[^,}]+', body)
        record_id = self.records()[0]['id']
        before = amounts()
        self.change('rewrite', id=record_id, result='Accepted')
        self.assertEqual(amounts(), before)

    def test_rewritten_records_move_between_extensions(self):
        path = '/restapi/v1.0/account/~/extension/48213008/call-log'
        record_id = self.records(f'{path}')[0]['id']
        self.change('rewrite', id=record_id, **{'extension.id': '731900211008'})
        self.assertNotIn(record_id, ids(self.records(path)))
        self.assertIn(record_id, ids(self.records(path.replace('48213008', '~'))))

    def test_delete(self):
        record_id = self.records()[0]['id']
        self.change('delete', id=record_id)
        self.assertNotIn(record_id, ids(self.records()))
        self.assertIn(record_id, ids(self.records(showDeleted='true')))
        self.assertIs(self.by_id(record_id)['deleted'], True)
        self.set(deleted_by_id='off')
        self.assertEqual(self.get(f'{ACCOUNT}/{record_id}').status, 404)
        for deleted, found in (('false', False), ('true', True)):
            truth = self.control('GET', 'truth', format='json', deleted=deleted).decode()
            self.assertEqual(f'"id":"{record_id}"' in truth, found)

    def test_appear(self):
        new = self.change('appear', startTime='2025-08-01T10:00:00Z', direction='Inbound')
        self.assertEqual(self.by_id(new)['startTime'], '2025-08-01T10:00:00.000Z')
        self.assertEqual(self.by_id(new)['direction'], 'Inbound')
        middle = self.change('appear')
        position = ids(self.records()).index(middle)
        self.assertTrue(250 < position < 350, position)

    def test_reset(self):
        before = self.records(view='Detailed')
        news = []
        for _ in range(2):
            news.append(self.change('appear'))
            self.change('delete', id=before[0]['id'])
            self.assertNotEqual(self.records(view='Detailed'), before)
            self.control('POST', 'reset')
            self.assertEqual(self.records(view='Detailed'), before)
        self.assertEqual(news[0], news[1])

    def test_after_added_record(self):
        """A change is later than an added record, so no token that covers that hides it."""
        self.control('POST', 'records', startTime='2026-01-01',
                     body=b'{"id": "x", "lastModifiedTime": "2030-01-01T00:00:00.001Z"}')
        record = self.by_id(self.change('appear'), view='Detailed')
        self.assertEqual(record['lastModifiedTime'], '2030-01-01T00:00:00.002Z')

    def test_unknown_records(self):
        self.control('POST', 'records', b'{"id": "x"}', startTime='2026-01-01')
        for record_id in ('unknown', 'x'):
            for name in ('rewrite', 'delete'):
                reply = self.request('POST', f'/simulator/{name}?id={record_id}')
                self.assertEqual(reply.status, 400)


class Events(ChangesTest):
    """Changes between the pages of a client."""

    def test_arrive(self):
        first = self.page(perPage=10)['records']
        self.fault('arrive', match='page=2', n=3)
        second = self.page(perPage=10, page=2)['records']
        self.assertEqual(ids(second[:3]), ids(first[-3:]))
        self.assertEqual(ids(self.page(perPage=10)['records'])[3:], ids(first[:7]))

    def test_late(self):
        before = ids(self.records())
        self.fault('late', n=2, start_time='2025-09-01')
        after = self.records()
        new = [record for record in after if record['id'] not in before]
        self.assertEqual([record['startTime'] for record in new], ['2025-09-01T00:00:00.000Z'] * 2)

    def test_rewrite(self):
        before = next(record for record in self.records() if record['direction'] == 'Outbound')
        self.fault('rewrite')
        self.page()
        after = self.by_id(before['id'])
        self.assertEqual((after['direction'], after['result']), ('Inbound', 'Accepted'))
        self.assertLess(after['startTime'], before['startTime'])
        self.fault('rewrite', id=before['id'], start_time='2025-03-01', result='Missed')
        self.page()
        after = self.by_id(before['id'])
        self.assertEqual((after['startTime'], after['result']),
                         ('2025-03-01T00:00:00.000Z', 'Missed'))


class ExtractSync(ChangesTest):
    def test_full_and_incremental(self):
        expected = sorted(self.records(view='Detailed'),
                          key=lambda record: record['lastModifiedTime'])
        for count in (1, 7, 250, 1000):
            records, _ = self.sync_all(dateFrom=YEARS_AGO, recordCount=count, view='Detailed')
            times = [record['lastModifiedTime'] for record in records]
            self.assertEqual(times, sorted(times))
            self.assertEqual(sorted(ids(records)), sorted(ids(expected)))
        records, info = self.sync(dateFrom=YEARS_AGO, recordCount=5)
        self.assertEqual((ids(records), info['syncType'], info['newerRecordsExist']),
                         (ids(expected[:5]), 'FSync', True))
        self.assertEqual(info['syncTime'], '2026-01-15T12:00:00.000Z')
        self.assertNotIn('legs', records[0])

    def test_defaults(self):
        records, info = self.sync(view='Detailed')
        self.assertTrue(all(record['lastModifiedTime'] >= '2026-01-15T11:00:00.000Z'
                            for record in records))
        self.assertFalse(info['newerRecordsExist'])
        records, info = self.sync(dateFrom=YEARS_AGO)
        self.assertEqual(len(records), 250)

    def test_changes_since(self):
        self.set(extract_deleted='parameter')
        records, token = self.sync_all(dateFrom=YEARS_AGO)
        self.assertEqual(self.sync(syncType='ISync', syncToken=token)[0], [])
        changed, gone = ids(records)[0], ids(records)[1]
        self.change('rewrite', id=changed, result='Missed')
        self.change('delete', id=gone)
        new = self.change('appear')
        for deleted, expected in ((False, [changed, new]), (True, [changed, gone, new])):
            news, info = self.sync(syncType='ISync', syncToken=token,
                                   showDeleted=str(deleted).lower())
            self.assertEqual(ids(news), expected)
        self.assertEqual(self.sync(syncType='ISync', syncToken=info['syncToken'])[0], [])

    def test_records_of_one_millisecond_stay_together(self):
        for number in range(4):
            self.control('POST', 'records', json.dumps(
                {'id': f'tie{number}', 'lastModifiedTime': '2026-01-15T11:59:59.999Z'}).encode(),
                startTime='2025-12-01')
        records, info = self.sync(dateFrom='2026-01-15T11:59:59.999Z', recordCount=2)
        self.assertEqual(len([name for name in ids(records) if name.startswith('tie')]), 4)
        self.assertFalse(info['newerRecordsExist'])

    def test_bounds(self):
        self.control('POST', 'records', b'{"id":"x","lastModifiedTime":"2026-01-15T11:59:59.500Z"}',
                     startTime='2025-12-01')
        for bounds, since, found in (('inclusive', '59.500', True), ('inclusive', '59.501', False),
                                     ('exclusive', '59.500', False), ('seconds', '59.999', True)):
            self.set(bounds=bounds)
            records, _ = self.sync(dateFrom=f'2026-01-15T11:59:{since}Z')
            self.assertEqual('x' in ids(records), found, (bounds, since))

    def test_categories(self):
        records, _ = self.sync_all(dateFrom=YEARS_AGO, metadataCategory='Sales')
        self.assertEqual(set(ids(records)), set(ids(self.records(metadataCategory='Sales'))))

    def test_parameters(self):
        for name, more in (
                ('syncType', {'syncType': 'fsync'}), ('syncToken', {'syncToken': 'x'}),
                ('syncToken', {'syncType': 'ISync'}), ('dateFrom', {'dateFrom': '2026-01-16'}),
                ('recordCount', {'recordCount': '0'}), ('recordCount', {'recordCount': '1001'}),
                ('recordCount', {'syncType': 'ISync', 'syncToken': 'x', 'recordCount': '5'}),
                ('dateFrom', {'syncType': 'ISync', 'syncToken': 'x', 'dateFrom': '2026-01-01'}),
                ('page', {'page': '1'}), ('dateTo', {'dateTo': '2026-01-01'}),
                ('type', {'type': 'Voice'}), ('view', {'view': 'x'})):
            self.assert_refused(name, SYNC, **more)
        path = '/restapi/v1.0/account/~/extension/~/call-log-extract-sync'
        self.assertEqual(self.get(path).status, 404)

    def test_tokens(self):
        _, info = self.sync(dateFrom=YEARS_AGO)
        self.assertEqual(info['syncToken'], self.sync(dateFrom=YEARS_AGO)[1]['syncToken'])
        for token in ('x', info['syncToken'][:-4], '%FF', 'MTIz'):
            self.assert_error(self.get(SYNC, {'syncType': 'ISync', 'syncToken': token}),
                              400, 'CLG-101', parameterName='syncToken')
        self.set(sync_tokens_expire='on')
        self.assert_error(self.get(SYNC, {'syncType': 'ISync', 'syncToken': info['syncToken']}),
                          400, 'CLG-102', parameterName='syncToken')
