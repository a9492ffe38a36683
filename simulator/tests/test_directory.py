"""The company's directory."""

import csv
import io
import json

from tests.harness import BEARER, SimulatorTest

ENTRIES = '/restapi/v1.0/account/~/directory/entries'


class Directory(SimulatorTest):
    def entries(self, **parameters):
        reply = self.get(ENTRIES, parameters)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def assert_directory_error(self, reply, status, code, parameter=None):
        content = json.loads(reply.body)
        self.assertEqual((reply.status, list(content)), (status, ['errors']))
        error, = content['errors']
        self.assertEqual((error['errorCode'], error.get('parameterName')), (code, parameter))

    def test_everything(self):
        page = self.entries(showFederated='false')
        self.assertEqual(page['paging'], {
            'perPage': 1000, 'page': 1, 'pageStart': 0, 'pageEnd': 58, 'totalPages': 1,
            'totalElements': 59})
        self.assertEqual(set(page), {'paging', 'records'})
        names = {str(entry['id']) for entry in page['records']}
        self.assertEqual(len(names), 59)
        self.assertTrue({'731900211008', '48213008'} < names)
        self.assertFalse(any('account' in entry for entry in page['records']))
        self.assertIn('Hologram', {entry['type'] for entry in page['records']})

    def test_federation(self):
        page = self.entries()
        self.assertEqual(page['paging']['totalElements'], 62)
        self.assertEqual(len({entry['account']['id'] for entry in page['records']}), 2)

    def test_filters(self):
        everything = self.entries(showFederated='false')['records']
        for asked, condition in (
                ({'type': 'Department'}, lambda entry: entry['type'] == 'Department'),
                ({'typeGroup': 'User'}, lambda entry: entry['type'] == 'User'),
                ({'typeGroup': 'NonUser'}, lambda entry: entry['type'] != 'User'),
                ({'siteId': '731900250008'},
                 lambda entry: (entry.get('site') or {}).get('id') == '731900250008')):
            found = self.entries(showFederated='false', **asked)['records']
            self.assertTrue(found)
            self.assertEqual(found, [entry for entry in everything if condition(entry)])
        self.assertEqual(self.entries(siteId='1')['records'], [])

    def test_pages(self):
        self.control('POST', 'reset', people=1500, calls=10)
        total = 1519
        for asked, size in (('2000', 1000), ('max', 1000), ('all', total), ('7', 7)):
            page = self.entries(perPage=asked, showFederated='false')
            self.assertEqual((page['paging']['perPage'], len(page['records'])), (size, size))
            self.assertEqual(page['paging']['totalPages'], -(-total // size))
        self.assertEqual(len(self.entries(page=2, showFederated='false')['records']), 519)
        beyond = self.entries(page=9)
        self.assertEqual((beyond['records'], 'page' in beyond['paging']), ([], False))
        self.set(directory_page=100, directory_all='off')
        self.assertEqual(len(self.entries(perPage='all')['records']), 100)

    def test_refusals(self):
        for name, value in (
                ('type', 'Site'), ('type', 'user'), ('typeGroup', 'x'), ('perPage', 0),
                ('perPage', 2001), ('perPage', 'ALL'), ('page', 0), ('showFederated', ''),
                ('siteId', 'x'), ('dateFrom', '2026-01-01'), ('extensionNumber', '101'),
                ('type', ['User', 'Limited']), ('accessibleSitesOnly', 'x')):
            self.assert_directory_error(self.get(ENTRIES, {name: value}), 400, 'ADG-121', name)
        self.assert_directory_error(self.get(ENTRIES.replace('~', '1')), 404, 'ADG-107')
        self.fault('status', status=503, code='ADG-000')
        self.assert_directory_error(self.get(ENTRIES), 503, 'ADG-000')
        self.assertEqual(self.get(ENTRIES.replace('/directory', '/extension/~/directory')).status,
                         404)

    def test_etag(self):
        tag = self.get(ENTRIES).headers['ETag']
        reply = self.get(ENTRIES, headers=BEARER | {'If-None-Match': tag})
        self.assertEqual((reply.status, reply.body, reply.headers['ETag']), (304, b'', tag))
        self.assertEqual(self.get(ENTRIES, headers=BEARER | {'If-None-Match': '"x"'}).status, 200)

    def test_truth(self):
        text = self.control('GET', 'truth', resource='extensions').decode()
        rows = {row['id']: row for row in csv.DictReader(io.StringIO(text, newline=''))}
        entries = self.entries(showFederated='false')['records']
        self.assertEqual(set(rows), {str(entry['id']) for entry in entries})
        self.assertEqual(rows['731900211008']['name'], 'Amara Lindqvist')
        self.assertEqual(rows['731900216008']['site_name'], 'Main Site')
        for entry in entries:
            self.assertEqual(json.loads(rows[str(entry['id'])]['attrs']), entry)
            numbers = rows[str(entry['id'])]['phone_numbers']
            self.assertEqual(json.loads(numbers) if numbers else None, entry.get('phoneNumbers'))


class Permissions(SimulatorTest):
    def test_application_and_user(self):
        account = '/restapi/v1.0/account/~'
        for path, application, user in (
                ('/call-log', 'ReadCallLog', 'FullCompanyCallLog'),
                ('/extension/~/call-log', 'ReadCallLog', 'ReadCallLog'),
                ('/active-calls', 'ReadCallLog', 'ReadCallLog'),
                ('/call-log/x', 'ReadCallLog', 'FullCompanyCallLog'),
                ('/call-log-sync', 'ReadCallLog', 'ReadCallLog'),
                ('/recording/1', 'ReadCallRecording', 'ReadCallRecording'),
                ('/directory/entries', 'ReadAccounts', None),
                ('/extension/~/message-store', 'ReadMessages', 'ReadMessages')):
            self.control('POST', 'reset')
            self.assertNotEqual(self.get(account + path).status, 403)
            if user:
                self.set(denied=f'x,{user}')
                self.assert_error(self.get(account + path), 403, 'CMN-408', permissionName=user)
            self.set(scope='x,y')
            self.assert_error(self.get(account + path), 403, 'CMN-401', permissionName=application)

    def test_limits_of_each_group(self):
        account = '/restapi/v1.0/account/~'
        self.set(rate_limit=1, rate_limit_medium=2, rate_limit_light=3)
        for path, group, limit in (('/call-log', 'heavy', 1), ('/directory/entries', 'medium', 2),
                                   ('/extension/~/message-store', 'light', 3)):
            replies = [self.get(account + path) for _ in range(limit + 1)]
            self.assertEqual([reply.status for reply in replies], [200] * limit + [429])
            self.assertEqual((replies[0].headers['X-Rate-Limit-Group'],
                              replies[0].headers['X-Rate-Limit-Limit']), (group, str(limit)))
