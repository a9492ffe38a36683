"""Faults, the log, injected records, the oracle."""

import csv
import gzip
import http.client
import io
import json
import os
import re
import subprocess
import sys
import time
import unittest

import truth
from tests.harness import ACCOUNT, BEARER, SimulatorTest, start

SIMULATOR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REQUEST = (f'GET {ACCOUNT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
           'Authorization: Bearer simulator-access-token\r\n\r\n').encode()


class Faults(SimulatorTest):
    def test_match_skip_times(self):
        self.fault('status', match='page=2', skip=1, times=2, status=503, retry_after=7)
        statuses = [self.get(ACCOUNT, {'page': page}).status for page in (2, 1, 2, 2, 2)]
        self.assertEqual(statuses, [200, 200, 503, 503, 200])

    def test_status(self):
        self.fault('status', status=403, code='CMN-401', permission='ReadCallLog',
                   header='X-One: 1\nX-Two: 2')
        reply = self.get(ACCOUNT)
        self.assert_error(reply, 403, 'CMN-401', permissionName='ReadCallLog')
        self.assertEqual((reply.headers['X-One'], reply.headers['X-Two']), ('1', '2'))

    def test_replacements(self):
        for kind, more, status, content_type, body in (
                ('html', {}, 502, 'text/html', b'<html>'),
                ('empty', {'status': 204}, 204, 'application/json;charset=utf-8', b''),
                ('redirect', {'location': '/x'}, 302, 'application/json;charset=utf-8', b'')):
            self.fault(kind, **more)
            reply = self.get(ACCOUNT)
            self.assertEqual((reply.status, reply.headers['Content-Type']), (status, content_type))
            self.assertTrue(reply.body.startswith(body))
        self.fault('raw', b'{"records":')
        self.assertEqual(self.get(ACCOUNT).body, b'{"records":')

    def test_echo(self):
        self.fault('echo', status=403, value='audio/wav')
        reply = self.get(ACCOUNT)
        self.assertEqual(reply.status, 403)
        for text in (reply.body.decode(), reply.headers['RCRequestId'],
                     reply.headers['Content-Type'], reply.headers['X-Rate-Limit-Group']):
            self.assertIn('simulator-access-token', text)
        for encoding, text in (('percent-upper', '%73%69%6D%75'), ('base64', 'IHNpbXVsYXRvci1hY2Nl'),
                               ('escape', '\\u0073\\u0069'), ('hex', '73696d75')):
            self.fault('echo', encoding=encoding, shape='html')
            self.assertIn(text, self.get(ACCOUNT).body.decode())

    def test_broken_transport(self):
        for kind, error in (('truncate', http.client.IncompleteRead),
                            ('chunk-truncate', http.client.IncompleteRead),
                            ('reset', ConnectionResetError),
                            ('close', http.client.RemoteDisconnected)):
            self.fault(kind)
            with self.subTest(kind=kind), self.assertRaises(error):
                self.get(ACCOUNT)

    def test_any_bytes(self):
        self.fault('wire', b'HTTP/1.1 299 Odd\r\nX: \xff\r\n\r\nbody')
        reply = self.get(ACCOUNT)
        self.assertEqual((reply.status, reply.headers['X'], reply.body), (299, '\xff', b'body'))
        self.assertIsNone(self.log()[-1]['status'])

    def test_slow_transport(self):
        self.fault('hang')
        self.fault('drip', interval=0.3)
        for _ in range(2):
            with self.assertRaises(TimeoutError):
                self.get(ACCOUNT, timeout=0.1)

    def test_strange_content(self):
        self.fault('huge', bytes=300_000)
        self.assertEqual(len(json.loads(self.get(ACCOUNT).body)['padding']), 300_000 - 27)
        self.fault('content-type', value='text/plain')
        self.assertEqual(self.get(ACCOUNT).headers['Content-Type'], 'text/plain')
        self.fault('badgzip')
        with self.assertRaises(gzip.BadGzipFile):
            gzip.decompress(self.get(ACCOUNT).body)

    def test_lies(self):
        pages = [self.page(perPage=5, page=number)['records'] for number in (1, 2)]
        self.fault('unsorted')
        self.assertEqual(self.page(perPage=5)['records'], pages[0][::-1])
        self.fault('repeat-page')
        self.assertEqual(self.page(perPage=5, page=2)['records'], pages[0])

    def test_unknown_faults_are_refused(self):
        for query in ('kind=x', 'kind=hang&status=1', 'kind=status&status=x', 'kind=hang&times=0'):
            self.assertEqual(self.request('POST', f'/simulator/faults?{query}').status, 400)


class Http(SimulatorTest):
    def test_every_answer_is_dressed(self):
        headers = self.get(ACCOUNT).headers
        self.assertEqual(headers['Date'], 'Thu, 15 Jan 2026 12:00:00 GMT')
        for name in ('RCRequestId', 'Content-Type', 'Vary', 'X-Rate-Limit-Window'):
            self.assertIn(name, headers)

    def test_accept(self):
        self.assertEqual(self.get(ACCOUNT, headers=BEARER | {'Accept': 'text/html'}).status, 406)

    def test_keep_alive(self):
        with self.connect() as connection:
            for _ in range(2):
                connection.request('GET', ACCOUNT, headers=BEARER)
                connection.getresponse().read()
        self.assertEqual(len({entry['connection'] for entry in self.log()}), 1)
        self.assertIn(b'\r\nConnection: close\r\n', self.raw(REQUEST))

    def test_not_http(self):
        for request in (b'hello\r\n\r\n', b'GET / HTTP/2.0\r\n\r\n', b'GET / HTTP/1.1\r\nx\r\n\r\n',
                        b'GET /\xff HTTP/1.1\r\n\r\n'):
            self.assertTrue(self.raw(request).startswith(b'HTTP/1.1 400 '))


class Control(SimulatorTest):
    def test_log(self):
        self.page(type=['Voice', 'Fax'], perPage=3)
        entry, = self.log()
        self.assertEqual((entry['method'], entry['path'], entry['status'], entry['records'],
                          entry['auth']), ('GET', ACCOUNT, 200, 3, 'bearer'))
        self.assertIn(['type', 'Fax'], entry['parameters'])
        self.assertNotIn('simulator-access-token', json.dumps(entry))

    def test_options(self):
        for query in ('seed=2', 'bounds=x', 'latency=x', 'x=1'):
            self.assertEqual(self.request('POST', f'/simulator/options?{query}').status, 400)
        self.set(max_per_page=5)
        self.control('POST', 'reset')
        self.assertEqual(json.loads(self.control('GET', 'options'))['max_per_page'], 1000)

    def test_injected_records(self):
        broken = b'{"id":"bad\\u0000\xff","duration":99999999999999999999,"type":["x"'
        self.control('POST', 'records', broken, startTime='2026-01-15T11:59:00Z')
        self.assertIn(broken, self.get(ACCOUNT, {'view': 'Detailed'}).body)
        self.assertNotIn(broken, self.get(ACCOUNT, {'type': 'Voice'}).body)
        self.control('DELETE', 'records')
        self.assertNotIn(broken, self.get(ACCOUNT).body)

    def test_truth(self):
        text = self.control('GET', 'truth', view='simple').decode()
        rows = list(csv.DictReader(io.StringIO(text, newline='')))
        records = self.records(view='Detailed')
        self.assertEqual(list(rows[0]), truth.CALL_HEADER)
        self.assertEqual([json.loads(row['attrs']) for row in rows], records)
        for row, record in zip(rows, records):
            self.assertEqual(row['from_name'], (record.get('from') or {}).get('name', ''))
            self.assertEqual(row['uri'], record['uri'].replace('Detailed', 'Simple'))
            if record.get('legs'):
                self.assertEqual(json.loads(row['legs']), record['legs'])
        lines = self.control('GET', 'truth', format='json').splitlines()
        self.assertEqual(list(map(json.loads, lines)), records)

    def test_truth_of_legs(self):
        text = self.control('GET', 'truth', resource='call_log_legs').decode()
        rows = list(csv.DictReader(io.StringIO(text, newline='')))
        legs = [(record, number, leg) for record in self.records(view='Detailed')
                for number, leg in enumerate(record.get('legs') or (), 1)]
        for row, (record, number, leg) in zip(rows, legs, strict=True):
            self.assertEqual(json.loads(row['attrs']), leg)
            self.assertEqual((row['call_id'], row['leg_number'], row['call_start_time']),
                             (record['id'], str(number), record['startTime']))
            self.assertEqual(row['leg_type'], leg['legType'])
            self.assertEqual(row['master'], 'true' if number == 1 else '')

    def test_truth_of_an_extension(self):
        text = self.control('GET', 'truth', level='extension', extension='48213008').decode()
        rows = list(csv.DictReader(io.StringIO(text, newline='')))
        self.assertEqual({row['extension_id'] for row in rows}, {'48213008'})


class Values(unittest.TestCase):
    def test_null_is_not_the_empty_string(self):
        self.assertEqual([truth.quoted(value) for value in (None, '', 'a"b')], ['', '""', '"a""b"'])

    def test_elements(self):
        text = '[ {"a": "]"} ,{"b":[1.50]}\n]'
        self.assertEqual(list(truth.elements(text)), ['{"a": "]"}', '{"b":[1.50]}'])

    def test_arrays(self):
        self.assertEqual(truth.plain(['a', 'b "c" \\', None, '']), r'{"a","b \"c\" \\",NULL,""}')


class Determinism(unittest.TestCase):
    def test_same_seed_same_calls(self):
        one, two, other = (start(calls=50, seed=seed) for seed in (1, 1, 2))
        bodies = [[re.sub(b'//127[0-9.:]+', b'', record.body)
                   for record in simulator.dataset.listings['account'].records]
                  for simulator in (one, two, other)]
        self.assertEqual(bodies[0], bodies[1])
        self.assertNotEqual(bodies[0], bodies[2])

    def test_few_calls(self):
        for calls in (0, 1):
            dataset = start(calls=calls).dataset
            self.assertEqual(len(dataset.listings['account'].records), calls)
            dataset.appear()
            dataset.arrive()
            self.assertEqual(len(dataset.listings['account'].records), calls + 2)


class Process(unittest.TestCase):
    def run_ctl(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(SIMULATOR, 'ctl.py'), *arguments],
                              env=os.environ | {'CALL_LOG_SIMULATOR': self.url}, text=True,
                              capture_output=True, check=True).stdout

    def test_command_lines(self):
        with subprocess.Popen([sys.executable, SIMULATOR, '--calls', '10', '--no-empty-last-page'],
                              stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            self.url = process.stdout.readline().strip()
            self.run_ctl('fault', 'status', '--match', 'call-log', 'status=404')
            connection = http.client.HTTPConnection(self.url.removeprefix('http://'))
            connection.request('GET', ACCOUNT + '?page=1')
            connection.getresponse().read()
            connection.close()
            self.assertEqual(self.run_ctl('log', '--clear'), f'GET {ACCOUNT}?page=1 404\n')
            self.assertEqual(self.run_ctl('count'), '0\n')
            process.terminate()
            self.assertEqual(process.wait(2), 0)

    def test_exit_with_parent(self):
        script = ('import subprocess, sys; process = subprocess.Popen([sys.executable, '
                  f'{SIMULATOR!r}, "--calls", "1", "--exit-with-parent"], '
                  'stdout=subprocess.PIPE); process.stdout.readline(); print(process.pid)')
        child = int(subprocess.check_output([sys.executable, '-c', script], text=True))
        for _ in range(30):
            time.sleep(0.1)
            if not alive(child):
                return
        self.fail('still running')


def alive(process):
    try:
        with open(f'/proc/{process}/stat', encoding='ascii') as stat:
            return stat.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
