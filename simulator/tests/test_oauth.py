"""Login and tokens."""

import base64
import json
import urllib.parse

import ratelimit
from tests.harness import ACCOUNT, SimulatorTest, TOKEN

GRANT = {'grant_type': 'urn:ietf:params:oauth:grant-type:jwt-bearer',
         'assertion': 'simulator.jwt.assertion'}


def basic(text):
    return {'Authorization': 'Basic ' + base64.b64encode(text.encode()).decode()}


CLIENT = basic('simulator-client:simulator-secret')
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}


class Login(SimulatorTest):
    def login(self, form=None, headers=CLIENT, kind=FORM):
        return self.request('POST', TOKEN, urllib.parse.urlencode(form or GRANT), headers | kind)

    def assert_oauth_error(self, reply, error, code=None):
        content = json.loads(reply.body)
        self.assertEqual((reply.status, content['error']), (400, error))
        self.assertEqual(code, content['errors'][0]['errorCode'] if code else content.get('errors'))

    def test_answer(self):
        reply = self.login()
        content = json.loads(reply.body)
        self.assertEqual(content.pop('access_token'), 'simulator-access-token-1')
        self.assertEqual(content, {
            'token_type': 'bearer', 'expires_in': 3600,
            'scope': 'ReadCallLog ReadCallRecording ReadAccounts ReadMessages',
            'owner_id': '731900211008', 'endpoint_id': 'simulator-endpoint',
            'session_id': 'simulator-session-1'})
        self.assertEqual(reply.headers['X-Rate-Limit-Group'], 'auth')

    def test_content_type(self):
        self.assertEqual(self.login(kind={'Content-Type': 'application/json'}).status, 415)
        self.assertEqual(self.login(kind={}).status, 415)

    def test_client(self):
        self.assert_oauth_error(self.login(headers={}), 'invalid_client', 'OAU-123')
        self.assert_oauth_error(self.login(headers={'Authorization': 'Basic !'}),
                                'invalid_client', 'OAU-123')
        self.assert_oauth_error(self.login(headers=basic('x:simulator-secret')),
                                'invalid_client', 'OAU-153')
        self.assert_oauth_error(self.login(headers=basic('simulator-client:x')),
                                'invalid_client', 'OAU-146')

    def test_grant(self):
        self.assert_oauth_error(self.login({'grant_type': 'password'}),
                                'unsupported_grant_type', 'OAU-250')
        self.assert_oauth_error(self.login(GRANT | {'assertion': ''}), 'invalid_request')
        self.assert_oauth_error(self.login(GRANT | {'assertion': 'junk'}), 'invalid_grant')
        self.assert_oauth_error(self.login(GRANT | {'assertion': 'a.b.c'}),
                                'invalid_grant', 'OAU-213')
        for name, value in (('access_token_ttl', '9'), ('refresh_token_ttl', '2592001')):
            self.assert_oauth_error(self.login(GRANT | {name: value}), 'invalid_request')

    def test_number_of_sessions(self):
        self.set(sessions=2)
        tokens = [json.loads(self.login().body)['access_token'] for _ in range(3)]
        statuses = [self.get(ACCOUNT, headers={'Authorization': f'Bearer {token}'}).status
                    for token in tokens]
        self.assertEqual(statuses, [401, 200, 200])
        self.assertEqual(self.get(ACCOUNT).status, 200)

    def test_use_and_expiry(self):
        token = json.loads(self.login().body)['access_token']
        bearer = {'Authorization': f'Bearer {token}'}
        self.assertEqual(self.get(ACCOUNT, headers=bearer).status, 200)
        self.set(token_ttl=0)
        token = json.loads(self.login().body)['access_token']
        reply = self.get(ACCOUNT, headers={'Authorization': f'Bearer {token}'})
        self.assert_error(reply, 401, 'OAU-128')
        self.assertEqual(json.loads(reply.body)['errorCode'], 'TokenExpired')

    def test_other_authorization(self):
        for headers, code in (({}, 'AGW-401'), ({'Authorization': 'Bearer'}, 'AGW-402'),
                              ({'Authorization': 'Digest x'}, 'AGW-402'), (CLIENT, 'OAU-151'),
                              ({'Authorization': 'Bearer x'}, 'OAU-213')):
            self.assert_error(self.get(ACCOUNT, headers=headers), 401, code)


class Limits(SimulatorTest):
    def test_headers_penalty_and_groups(self):
        self.set(rate_limit=2, rate_window=1)
        remaining = [self.get(ACCOUNT).headers['X-Rate-Limit-Remaining'] for _ in range(2)]
        self.assertEqual(remaining, ['1', '0'])
        reply = self.get(ACCOUNT)
        self.assert_error(reply, 429, 'CMN-301')
        self.assertEqual(reply.headers['Retry-After'], '1')
        self.assertEqual(self.request('POST', TOKEN).status, 415)

    def test_sliding_window_and_restarted_penalty(self):
        bucket = ratelimit.Bucket()
        passes = [bucket.admit(now, 2, 60) for now in (0, 30, 59, 70, 129, 189, 249.5)]
        self.assertEqual(passes, [True, True, False, False, False, True, True])
