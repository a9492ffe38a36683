"""The message store."""

import csv
import io
import json

from tests.harness import BEARER, EVERYTHING, NOW, SimulatorTest

MESSAGES = '/restapi/v1.0/account/~/extension/~/message-store'
ALL = {'availability': ['Alive', 'Deleted', 'Purged']}


def ids(records):
    return [record['id'] for record in records]


class Messages(SimulatorTest):
    def messages(self, **parameters):
        return self.records(MESSAGES, **parameters)

    def test_window_order_and_totals(self):
        found = self.messages()
        times = [message['creationTime'] for message in found]
        self.assertEqual(times, sorted(times, reverse=True))
        page = self.page(MESSAGES, perPage=10, page=2)
        total = len(found)
        self.assertEqual(page['paging'], {
            'perPage': 10, 'page': 2, 'pageStart': 10, 'pageEnd': 19,
            'totalPages': -(-total // 10), 'totalElements': total})
        self.assertEqual(set(page['navigation']),
                         {'firstPage', 'previousPage', 'nextPage', 'lastPage'})
        self.assertEqual(ids(self.records(MESSAGES, perPage=10)), ids(found))
        beyond = self.page(MESSAGES, page=900)
        self.assertEqual((beyond['records'], beyond['paging']['totalElements']), ([], total))

    def test_default_window(self):
        page = json.loads(self.get(MESSAGES).body)
        self.assertIn('dateFrom=2026-01-14T12:00:00.000Z', page['uri'])
        self.assertEqual(ids(page['records']),
                         [message['id'] for message in self.messages()
                          if '2026-01-14T12:00:00.000Z' <= message['creationTime'] <= NOW])

    def test_availability(self):
        alive, everything = self.messages(), self.messages(**ALL)
        self.assertEqual({message['availability'] for message in alive}, {'Alive'})
        self.assertEqual({message['availability'] for message in everything},
                         {'Alive', 'Deleted', 'Purged'})
        self.set(deleted_messages='on')
        self.assertEqual(ids(self.messages()), ids(everything))

    def test_filters(self):
        everything = self.messages(**ALL)
        self.assertLessEqual({'SMS', 'Pager', 'Fax', 'VoiceMail', 'WhatsApp'},
                             {message['type'] for message in everything})
        conversation = next(message['conversation']['id'] for message in everything
                            if 'conversation' in message)
        for asked, condition in (
                ({'messageType': 'Fax'}, lambda message: message['type'] == 'Fax'),
                ({'messageType': ['SMS', 'Pager']},
                 lambda message: message['type'] in ('SMS', 'Pager')),
                ({'direction': 'Inbound'}, lambda message: message['direction'] == 'Inbound'),
                ({'readStatus': 'Unread'}, lambda message: message.get('readStatus') == 'Unread'),
                ({'conversationId': conversation},
                 lambda message: (message.get('conversation') or {}).get('id') == conversation),
                ({'phoneNumber': '18005550100'}, lambda message: any(
                    party.get('phoneNumber') == '+18005550100' for party in
                    [message.get('from') or {}, *(message.get('to') or ())]))):
            found = self.messages(**ALL, **asked)
            self.assertTrue(found)
            self.assertEqual(ids(found), [message['id'] for message in everything
                                          if condition(message)])

    def test_of_calls(self):
        self.control('POST', 'reset', calls=2000)
        call_log = '/restapi/v1.0/account/~/extension/~/call-log'
        named = {int(record['message']['id']): record for record in self.records(call_log)
                 if record.get('message')}
        stored = {message['id']: message for message in self.messages(**ALL)}
        both = named.keys() & stored.keys()
        self.assertGreater(len(both), 3)
        for number in both:
            self.assertEqual(named[number]['message']['uri'], stored[number]['uri'])
            self.assertEqual(named[number]['message']['type'], stored[number]['type'])
            self.assertLessEqual(named[number]['startTime'], stored[number]['creationTime'])

    def test_refusals(self):
        for name, value in (
                ('messageType', 'sms'), ('messageType', 'WhatsApp'), ('availability', 'alive'),
                ('readStatus', ''), ('direction', 'in'), ('conversationId', 'x'),
                ('phoneNumber', '(800)5550100'), ('perPage', 'max'), ('perPage', 0), ('page', 0),
                ('dateFrom', 'x'), ('distinctConversations', 'true'), ('view', 'Detailed'),
                ('type', 'Fax'), ('sessionId', '1'), ('owner', 'Shared')):
            self.assert_refused(name, MESSAGES, **{name: value})
        self.assertEqual(self.get(MESSAGES.replace('/extension/~', '')).status, 404)
        self.assertEqual(len(self.page(MESSAGES, perPage=5000)['records']), len(self.messages()))

    def test_twists(self):
        first = self.page(MESSAGES, perPage=5)['records']
        self.fault('repeat-page')
        self.assertEqual(self.page(MESSAGES, perPage=5, page=2)['records'], first)
        self.fault('unsorted')
        self.assertEqual(self.page(MESSAGES, perPage=5)['records'], first[::-1])

    def test_reset(self):
        self.control('POST', 'reset', calls=0, messages=3)
        found = [message for path in ('~', '48213008', '731900218008')
                 for message in self.records(MESSAGES.replace('/~/m', f'/{path}/m'))]
        self.assertLess(len(found), 4)

    def test_truth(self):
        text = self.control('GET', 'truth', resource='messages', level='extension').decode()
        rows = {row['id']: row for row in csv.DictReader(io.StringIO(text, newline=''))}
        found = self.messages()
        self.assertEqual(set(rows), {str(message['id']) for message in found})
        for message in found:
            row = rows[str(message['id'])]
            self.assertEqual(json.loads(row['attrs']), message)
            self.assertEqual(row['creation_time'], message['creationTime'])
        self.assertEqual(self.request('GET', '/simulator/truth?resource=messages').status, 200)
        self.get(MESSAGES, EVERYTHING, BEARER)


class ExtensionRecordings(SimulatorTest):
    def test_truth(self):
        call_log = '/restapi/v1.0/account/~/extension/~/call-log'
        text = self.control('GET', 'truth', resource='recordings', level='extension').decode()
        rows = list(csv.DictReader(io.StringIO(text, newline='')))
        expected = {(record['id'], str(part['recording']['id']))
                    for record in self.records(call_log, view='Detailed', recordingType='All')
                    for part in (record, *record.get('legs', ())) if part.get('recording')}
        self.assertEqual({(row['call_id'], row['id']) for row in rows}, expected)
        self.assertTrue(expected)
