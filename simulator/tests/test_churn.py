"""Calls that change between the requests of a client, and the history of it."""

import collections
import json

from tests.harness import ACCOUNT, BEARER, EVERYTHING, EXTENSION, NOW, SimulatorTest

SMALL = {'calls': 80, 'seed': 7, 'span': 3}


def ids(records):
    return [record['id'] for record in records]


class Churn(SimulatorTest):
    def small(self, **more):
        self.control('POST', 'reset', **SMALL | more)

    def churn(self, **parameters):
        self.control('POST', 'churn', **parameters)

    def changes(self):
        return json.loads(self.control('GET', 'churn'))['changes']

    def request_number(self):
        return json.loads(self.control('GET', 'churn'))['request']

    def history(self, **parameters):
        document = json.loads(self.control('GET', 'history', **parameters))
        return {record['id']: record for record in document['records']}

    def pages(self, path=ACCOUNT, size=7):
        """All records as read by page number."""
        return self.records(path, perPage=size, showDeleted='false')

    def test_reset_to_another_data_set(self):
        before = ids(self.records())
        self.small()
        small = self.records(showDeleted='true')
        self.assertEqual(len(small), 80)
        self.assertLess(len({record['startTime'][:19] for record in small}), 6)
        self.small(seed=8)
        self.assertNotEqual(ids(self.records()), ids(small))
        self.small()
        self.assertEqual(self.records(showDeleted='true'), small)
        self.control('POST', 'reset')
        self.assertEqual(ids(self.records()), before)
        self.small(youngest=0, bounds='exclusive')
        newest = self.records()[0]['startTime']
        self.assertEqual(newest, '2026-01-15T11:59:59.999Z')
        self.assertEqual(json.loads(self.control('GET', 'options'))['bounds'], 'exclusive')
        for query in ('clock=real', 'calls=x', 'x=1'):
            self.assertEqual(self.request('POST', f'/simulator/reset?{query}').status, 400)

    def test_same_seed_same_changes(self):
        runs = []
        for seed in (3, 3, 4):
            self.small()
            self.churn(seed=seed, rate=2.5)
            runs.append((self.pages(), self.changes()))
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0][1], runs[2][1])
        self.assertEqual({change['kind'] for change in runs[0][1]},
                         {'delete', 'rewrite', 'edit', 'late', 'tie', 'present', 'shuffle'})

    def test_some_of_the_changes(self):
        self.small()
        self.churn(rate=2, only='3,6')
        self.pages()
        self.assertEqual([(change['number'], change['request']) for change in self.changes()],
                         [(3, 2), (6, 3)])

    def test_kinds_and_match(self):
        self.small()
        self.churn(rate=1, kinds='delete', match='page=2')
        self.pages()
        self.assertEqual([change['kind'] for change in self.changes()], ['delete'] * 1)
        gone = self.changes()[0]['id']
        self.assertNotIn(gone, ids(self.records()))
        for query in ('rate=-1', 'kinds=x', 'x=1', 'rate=x', 'only=x'):
            self.assertEqual(self.request('POST', f'/simulator/churn?{query}').status, 400)

    def test_stop_and_reset(self):
        self.small()
        self.churn(kinds='delete')
        self.page()
        self.control('DELETE', 'churn')
        before = self.pages()
        self.assertEqual(self.pages(), before)
        self.assertTrue(self.history())
        self.control('POST', 'reset')
        self.assertEqual(self.request('GET', '/simulator/history').status, 400)

    def test_rewrite(self):
        self.small()
        before = {record['id']: record for record in self.records(view='Detailed')}
        self.churn(kinds='rewrite', rate=1)
        after = {record['id']: record for record in self.records(view='Detailed', perPage=1000)}
        changed, = {change['id'] for change in self.changes()}
        old, new = before[changed], after[changed]
        self.assertLessEqual(new['startTime'], old['startTime'])
        self.assertNotEqual(new['direction'], old['direction'])
        self.assertGreater(new['lastModifiedTime'], max(
            record['lastModifiedTime'] for record in before.values()))

    def test_present_second(self):
        self.small()
        self.churn(kinds='present', rate=20)
        first = self.records()[:20]
        self.assertTrue(all('2026-01-15T11:59:59' <= record['startTime'] <= NOW
                            for record in first))

    def test_ties_change_places(self):
        self.small(calls=400)
        before = self.records()
        self.churn(kinds='shuffle')
        after = self.records()
        self.assertNotEqual(ids(before), ids(after))
        self.assertEqual(sorted(ids(before)), sorted(ids(after)))
        times = [record['startTime'] for record in after]
        self.assertEqual(times, sorted(times, reverse=True))
        mine = set(ids(self.records(EXTENSION)))
        self.control('DELETE', 'churn')
        self.assertEqual(ids(self.records(EXTENSION)),
                         [name for name in ids(self.records()) if name in mine])

    def test_reading_by_number_loses_calls_and_history_proves_it(self):
        lost = 0
        for seed in range(5):
            self.small()
            self.churn(seed=seed, kinds='delete,rewrite')
            first = self.request_number() + 1
            seen = collections.Counter(ids(self.pages()))
            history = self.history(**{'from': first, 'to': self.request_number()})
            for name, record in history.items():
                if record['unchanged'] and not record['versions'][0]['deleted']:
                    self.assertEqual(len(record['versions']), 1)
                    lost += seen[name] == 0
            self.assertLessEqual(set(seen), set(history))
        self.assertGreater(lost, 5)

    def test_history_is_what_each_request_saw(self):
        self.small()
        self.churn(rate=3)
        for path, scope in ((ACCOUNT, {}), (EXTENSION, {'level': 'extension'})):
            for _ in range(10):
                page = self.records(path, view='Detailed')
                number = self.request_number()
                history = self.history(**{'from': number, 'to': number}, records='true', **scope)
                versions = {name: record['versions'][0] for name, record in history.items()}
                self.assertTrue(all(len(record['versions']) == 1 for record in history.values()))
                expected = {name: version['record'] for name, version in versions.items()
                            if not version['deleted']}
                uri = self.simulator.url
                self.assertEqual(len(page), len(expected))
                for record in page:
                    self.assertEqual(record, expected[record['id']])
                    self.assertTrue(record['uri'].startswith(uri))

    def test_versions(self):
        self.small()
        self.churn(rate=0)
        self.page()
        record_id = self.records()[0]['id']
        self.control('POST', 'rewrite', id=record_id, result='Missed')
        self.page()
        self.control('POST', 'delete', id=record_id)
        self.page()
        versions = self.history()[record_id]['versions']
        self.assertEqual([(version['from'], version['until'], version['deleted'])
                          for version in versions], [(0, 2, False), (2, 3, False), (3, None, True)])
        self.assertEqual(versions[1]['result'], 'Missed')
        self.assertFalse(self.history()[record_id]['unchanged'])
        self.assertTrue(any(record['unchanged'] for record in self.history().values()))
        self.assertTrue(self.history(**{'from': 4, 'to': 4})[record_id]['unchanged'])
        self.assertEqual([entry['turn'] for entry in self.log() if 'turn' in entry], [1, 2, 3, 4])

    def test_injected_records(self):
        self.small()
        self.control('POST', 'records', b'{"id": "x"}', startTime='2026-01-01')
        self.churn(rate=5)
        for _ in range(5):
            self.records()
        self.assertEqual(len(self.history()['x']['versions']), 1)
        self.assertNotIn('x', self.history(level='extension'))

    def test_every_resource(self):
        self.small()
        self.churn(rate=5)
        record_id = self.records(recordingType='All', view='Detailed')[0]['id']
        for path in (f'{ACCOUNT}/{record_id}', '/restapi/v1.0/account/~/active-calls',
                     '/restapi/v1.0/account/~/call-log-extract-sync'):
            before = self.request_number()
            self.assertEqual(self.get(path, headers=BEARER).status, 200)
            self.assertEqual(self.request_number(), before + 1)


class Endless(SimulatorTest):
    def test_next_page_for_ever(self):
        self.fault('endless', times='always')
        for number in (1, 500):
            page = self.page(page=number)
            self.assertIn(f'page={number + 1}&', page['navigation']['nextPage']['uri'])
        self.assertEqual(page['records'], [])
        self.assertEqual(self.get(ACCOUNT, EVERYTHING | {'page': 1001}).status, 400)


class MessageChurn(SimulatorTest):
    MESSAGES = '/restapi/v1.0/account/~/extension/~/message-store'

    def test_history_of_messages(self):
        self.control('POST', 'reset', calls=0, messages=300, span=3)
        self.control('POST', 'churn', resource='messages', rate=4)
        number = 0
        for _ in range(20):
            page = self.records(self.MESSAGES)
            number += 1
            document = json.loads(self.control('GET', 'history', level='extension', records='true',
                                               **{'from': number, 'to': number}))
            expected = {record['id']: record['versions'][0]['record']
                        for record in document['records']
                        if not record['versions'][0]['deleted']}
            self.assertEqual({str(message['id']): message for message in page}, expected)
        changes = json.loads(self.control('DELETE', 'churn'))['changes']
        self.assertEqual({change['kind'] for change in changes},
                         {'delete', 'edit', 'late', 'tie', 'present', 'shuffle'})
        self.assertNotEqual(self.records(self.MESSAGES), [])
        for query in ('resource=x', 'resource=messages&kinds=rewrite'):
            self.assertEqual(self.request('POST', f'/simulator/churn?{query}').status, 400)

    def test_reset(self):
        before = self.records(self.MESSAGES)
        self.control('POST', 'churn', resource='messages', kinds='delete', rate=50)
        self.assertNotEqual(self.records(self.MESSAGES), before)
        self.control('POST', 'reset')
        self.assertEqual(self.records(self.MESSAGES), before)
