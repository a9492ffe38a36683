"""call-log-sync of both levels, and irregularities of synchronizations."""

import json

from tests.harness import SimulatorTest

ACCOUNT_SYNC = '/restapi/v1.0/account/~/call-log-sync'
EXTENSION_SYNC = '/restapi/v1.0/account/~/extension/~/call-log-sync'
EXTRACT = '/restapi/v1.0/account/~/call-log-extract-sync'
CALL_LOG = {ACCOUNT_SYNC: ACCOUNT_SYNC[:-5], EXTENSION_SYNC: EXTENSION_SYNC[:-5]}


def ids(records):
    return [record['id'] for record in records]


class SyncTest(SimulatorTest):
    def change(self, name, **parameters):
        return json.loads(self.control('POST', name, **parameters))['id']

    def sync(self, path=ACCOUNT_SYNC, **parameters):
        reply = self.get(path, parameters)
        self.assertEqual(reply.status, 200, reply.body)
        content = json.loads(reply.body)
        return content['records'], content['syncInfo']

    def full(self, path=ACCOUNT_SYNC, **parameters):
        return self.sync(path, syncType='FSync', **{'recordCount': 250} | parameters)

    def news(self, info, path=ACCOUNT_SYNC, **parameters):
        return self.sync(path, syncType='ISync', syncToken=info['syncToken'], **parameters)


class Full(SyncTest):
    def test_newest_first(self):
        for path, call_log in CALL_LOG.items():
            for count in (1, 7, 250):
                records, info = self.full(path, recordCount=count)
                self.assertEqual(ids(records), ids(self.records(call_log))[:count])
                self.assertEqual(set(info), {'syncType', 'syncToken', 'syncTime'})
                self.assertEqual((info['syncType'], info['syncTime']),
                                 ('FSync', '2026-01-15T12:00:00.000Z'))

    def test_dates(self):
        records, _ = self.full(dateFrom='2026-01-01')
        self.assertEqual(ids(records), ids(self.records(dateFrom='2026-01-01')))
        self.sync(recordCount=1, dateFrom='2025-12-16T12:00:00Z')
        self.assert_refused('dateFrom', ACCOUNT_SYNC, recordCount=1,
                            dateFrom='2025-12-16T11:59:59Z')

    def test_filters(self):
        for asked, condition in (
                ({'statusGroup': 'Missed'}, lambda record: record['result'] == 'Missed'),
                ({'statusGroup': ['All', 'Missed']}, lambda record: True),
                ({'recordingType': 'OnDemand'}, None), ({'withRecording': 'true'}, None),
                ({'metadataCategory': 'Sales'}, None)):
            records, _ = self.full(**asked)
            expected = (self.records(**asked) if condition is None else
                        [record for record in self.records() if condition(record)])
            self.assertTrue(records)
            self.assertEqual(ids(records), ids(expected)[:250])
        self.assertIn('legs', self.full(view='Detailed')[0][0])

    def test_refusals(self):
        for name, more in (
                ('recordCount', {}), ('recordCount', {'recordCount': 251}),
                ('recordCount', {'recordCount': 0}), ('syncToken', {'syncToken': 'x'}),
                ('showDeleted', {'showDeleted': 'true'}), ('statusGroup', {'statusGroup': 'missed'}),
                ('syncType', {'syncType': 'Full'}), ('dateFrom', {'dateFrom': '2026-01-16'}),
                ('dateTo', {'dateTo': '2026-01-15'}), ('type', {'type': 'Voice'}),
                ('page', {'page': 1}), ('perPage', {'perPage': 1})):
            count = {} if name == 'recordCount' else {'recordCount': 5}
            for path in CALL_LOG:
                self.assert_refused(name, path, **count | more)
        self.assertEqual(self.get(EXTENSION_SYNC.replace('/~/call', '/1/call')).status, 404)


class Incremental(SyncTest):
    def test_new_modified_deleted(self):
        for path, call_log in CALL_LOG.items():
            self.control('POST', 'reset')
            _, info = self.full(path)
            self.assertEqual(self.news(info, path)[0], [])
            old = ids(self.records(call_log))
            changed, gone = old[-1], old[-2]
            self.change('rewrite', id=changed, result='Missed')
            self.change('delete', id=gone)
            new = self.change('appear', startTime='2026-01-10',
                              **{'extension.id': '731900211008'})
            news, later = self.news(info, path)
            self.assertEqual(ids(news), [new, changed])
            news, _ = self.news(info, path, showDeleted='true')
            self.assertEqual(set(ids(news)), {new, changed, gone})
            self.assertEqual([record['id'] for record in news if record.get('deleted')], [gone])
            self.assertEqual(self.news(later, path)[0], [])
            self.change('delete', id=new)
            self.assertEqual(ids(self.news(later, path, showDeleted='true')[0]), [new])

    def test_the_first_request_fixes_the_filters(self):
        _, info = self.full(view='Detailed', statusGroup='Missed')
        new = [self.change('appear', result=result) for result in ('Missed', 'Accepted')]
        news, _ = self.news(info)
        self.assertEqual(ids(news), new[:1])
        self.assertIn('lastModifiedTime', news[0])
        self.news(info, view='Detailed', statusGroup='Missed')
        for name, value in (('view', 'Simple'), ('statusGroup', 'All'), ('recordingType', 'All')):
            self.assert_refused(name, ACCOUNT_SYNC, syncType='ISync', syncToken=info['syncToken'],
                                **{name: value})

    def test_frame(self):
        old = ids(self.records())[-1]
        _, everything = self.full(recordCount=5)
        _, dated = self.full(dateFrom='2026-01-01')
        self.set(sync_frame='records')
        _, framed = self.full(recordCount=5)
        self.change('rewrite', id=old, result='Missed')
        self.assertEqual([ids(self.news(info)[0]) for info in (everything, dated, framed)],
                         [[old], [], []])

    def test_older_records(self):
        expected = ids(self.records())
        _, info = self.full(recordCount=5)
        for start in (5, 12):
            older, info = self.news(info, recordCount=7)
            self.assertEqual(ids(older), expected[start:start + 7])
        new = self.change('appear', startTime='2026-01-15')
        self.assertEqual(set(ids(self.news(info, recordCount=250)[0])),
                         {new, *expected[19:19 + 249]})

    def test_too_many(self):
        _, info = self.full()
        for _ in range(250):
            self.change('appear')
        self.assertEqual(len(self.news(info)[0]), 250)
        self.change('appear')
        reply = self.get(ACCOUNT_SYNC, {'syncType': 'ISync', 'syncToken': info['syncToken']})
        self.assert_error(reply, 400, 'CLG-103', parameterName='syncToken')
        self.assertIn(b'[max sync record number limit is exceeded]', reply.body)

    def test_refusals(self):
        _, info = self.full()
        for name, more in (('dateFrom', {'dateFrom': '2026-01-15'}),
                           ('recordCount', {'recordCount': 251})):
            self.assert_refused(name, ACCOUNT_SYNC, syncType='ISync', syncToken=info['syncToken'],
                                **more)
        self.assert_refused('syncToken', ACCOUNT_SYNC, syncType='ISync')

    def test_tokens(self):
        _, info = self.full()
        _, extract = self.sync(EXTRACT)
        for path, token, code in ((ACCOUNT_SYNC, 'x', 'CLG-101'), (EXTRACT, 'x', 'CLG-101'),
                                  (ACCOUNT_SYNC, extract['syncToken'], 'CLG-101'),
                                  (EXTRACT, info['syncToken'], 'CLG-101')):
            self.assert_error(self.get(path, {'syncType': 'ISync', 'syncToken': token}), 400, code,
                              parameterName='syncToken')
        self.set(sync_tokens_expire='on')
        for code in ('own', 'CLG-105', 'CMN-101'):
            self.set(sync_error_code=code)
            reply = self.get(ACCOUNT_SYNC, {'syncType': 'ISync', 'syncToken': info['syncToken']})
            self.assert_error(reply, 400, 'CLG-102' if code == 'own' else code,
                              parameterName='syncToken')


class Oddities(SyncTest):
    def changed(self):
        """(path, parameters that lead to a changed and a deleted record)"""
        self.set(extract_deleted='parameter')
        _, info = self.full(view='Detailed')
        names = ids(self.records())[:2]
        self.change('rewrite', id=names[0], result='Odd')
        self.change('delete', id=names[1])
        more = {'syncType': 'ISync', 'syncToken': info['syncToken'], 'showDeleted': 'true'}
        extract = {'dateFrom': '2026-01-15T12:00:00Z', 'view': 'Detailed',
                   'showDeleted': 'true'}
        return names, ((ACCOUNT_SYNC, more), (EXTRACT, extract))

    def test_tombstones(self):
        (_, gone), requests = self.changed()
        self.set(tombstones='on')
        for path, parameters in requests:
            record, = [record for record in self.sync(path, **parameters)[0]
                       if record['id'] == gone]
            self.assertEqual(set(record), {'id', 'uri', 'deleted'})

    def test_repeats(self):
        (changed, _), requests = self.changed()
        self.set(sync_repeats='on')
        for modified in ('own', 'equal', 'missing'):
            self.set(sync_modified=modified)
            for path, parameters in requests:
                old, new = [record for record in self.sync(path, **parameters)[0]
                            if record['id'] == changed]
                self.assertNotEqual(old['result'], 'Odd')
                self.assertEqual(new['result'], 'Odd')
                times = [record.get('lastModifiedTime') for record in (old, new)]
                self.assertEqual(len({*times}), 2 if modified == 'own' else 1)
                self.assertEqual(times[0] is None, modified == 'missing')

    def test_deletions_of_the_extract_sync(self):
        _, info = self.sync(EXTRACT)
        gone = self.change('delete', id=ids(self.records())[0])
        more = {'syncType': 'ISync', 'syncToken': info['syncToken']}
        for setting, refused, found in (('refused', True, False), ('always', True, True),
                                        ('parameter', False, False)):
            self.set(extract_deleted=setting)
            self.assertEqual(gone in ids(self.sync(EXTRACT, **more)[0]), found)
            reply = self.get(EXTRACT, more | {'showDeleted': 'true'})
            self.assertEqual(reply.status, 400 if refused else 200)
            self.assertNotIn(gone, ids(self.sync(EXTRACT)[0]))

    def test_reach_of_the_extract_sync(self):
        self.set(extract_reach=7)
        self.sync(EXTRACT, dateFrom='2026-01-08T12:00:00Z')
        self.assert_refused('dateFrom', EXTRACT, dateFrom='2026-01-08T11:59:59Z')
