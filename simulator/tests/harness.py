"""One simulator in this process for all tests, and a client that exposes whole responses."""

import collections
import contextlib
import http.client
import json
import socket
import threading
import unittest
import urllib.parse

import options
import server

NOW = '2026-01-15T12:00:00Z'
ACCOUNT = '/restapi/v1.0/account/~/call-log'
EXTENSION = '/restapi/v1.0/account/~/extension/~/call-log'
TOKEN = '/restapi/oauth/token'
BEARER = {'Authorization': 'Bearer simulator-access-token'}
EVERYTHING = {'dateFrom': '2024-01-01', 'dateTo': '2026-01-15T12:00:00Z'}

Reply = collections.namedtuple('Reply', 'status headers body')


def start(**values):
    simulator = server.Simulator(options.Options(**{'calls': 600, 'clock': NOW} | values))
    threading.Thread(target=simulator.serve_forever, args=(0.01,), daemon=True).start()
    return simulator


class SimulatorTest(unittest.TestCase):
    simulator = None

    @classmethod
    def setUpClass(cls):
        if SimulatorTest.simulator is None:
            SimulatorTest.simulator = start()

    def setUp(self):
        self.simulator.reset()

    def connect(self, timeout=5):
        connection = http.client.HTTPConnection(*self.simulator.address, timeout=timeout)
        return contextlib.closing(connection)

    def request(self, method, target, body=None, headers=(), timeout=5):
        with self.connect(timeout) as connection:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def get(self, path, parameters=(), headers=BEARER, **more):
        query = urllib.parse.urlencode(parameters, doseq=True)
        return self.request('GET', path + ('?' + query if query else ''), headers=headers, **more)

    def page(self, path=ACCOUNT, **parameters):
        """The document of one page of the whole period, or with `parameters`."""
        reply = self.get(path, EVERYTHING | parameters)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def records(self, path=ACCOUNT, **parameters):
        """All records, page by page, like a correct client."""
        records, number = [], 1
        while True:
            page = self.page(path, page=number, **{'perPage': 1000} | parameters)
            records += page['records']
            if 'nextPage' not in page['navigation']:
                return records
            number += 1

    def assert_error(self, reply, status, code, **details):
        """The error has this status and code, and names e.g. this parameterName twice."""
        content = json.loads(reply.body)
        self.assertEqual((reply.status, content['errors'][0]['errorCode']), (status, code))
        for name, value in details.items():
            self.assertEqual(content[name], value)
            self.assertEqual(content['errors'][0][name], value)

    def assert_refused(self, parameter, path=ACCOUNT, **parameters):
        self.assert_error(self.get(path, parameters), 400, 'CMN-101', parameterName=parameter)

    def control(self, method, name, body=None, **parameters):
        target = f'/simulator/{name}?{urllib.parse.urlencode(parameters)}'
        reply = self.request(method, target, body)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def fault(self, kind, body=None, **parameters):
        self.control('POST', 'faults', body, kind=kind, **parameters)

    def set(self, **changes):
        self.control('POST', 'options', **changes)

    def log(self):
        return json.loads(self.control('GET', 'requests'))

    def raw(self, request):
        """Send bytes to the server; returns all bytes until it closes."""
        with socket.create_connection(self.simulator.address, timeout=5) as connection:
            connection.sendall(request)
            received = b''
            while part := connection.recv(65536):
                received += part
            return received
