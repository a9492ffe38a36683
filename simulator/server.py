"""Sockets and HTTP: reads requests, logs them, applies faults, sends responses."""

import collections
import email.utils
import itertools
import re
import socketserver
import ssl
import sys
import threading
import time

import api
import churn
import control
import dataset
import dates
import faults
import hosts
import messages
import options

LINE_LIMIT = 65536
HEADER_LIMIT = 200
BODY_LIMIT = 1 << 27   # the largest answer of a fault comes in a request

COMMON_HEADERS = [('Content-Type', 'application/json;charset=utf-8'), ('Vary', 'Accept-Encoding')]


TOKEN_PARAMETER = re.compile(r'(\baccess_token=)[^&]*')


class BadRequest(Exception):
    """Invalid HTTP."""


class Simulator:
    """The hosts and the state of the simulator."""

    def __init__(self, options):
        self.options = options
        self.tls = tls_context(options)
        self.hosts = {name: Host(self, name) for name in hosts.NAMES}
        self.urls = {name: host.url for name, host in self.hosts.items()}
        self.url = self.urls[hosts.API]
        self.address = self.hosts[hosts.API].server_address
        self.clock = dates.Clock(options.clock)
        self.dataset = dataset.DataSet(self.urls, options, self.clock)
        self.api = api.Api(self.urls, options, self.clock, self.dataset)
        self.faults = faults.Faults()
        self.serializer = churn.Serializer(self.dataset)
        self.log = Log()
        self.foreign_log = Log()
        self.connections = itertools.count(1)

    def serve_forever(self, *arguments):
        for host in self.hosts.values():
            threading.Thread(target=host.serve_forever, args=arguments, daemon=True).start()
        threading.Event().wait()

    def reset(self, changes=()):
        """Restore the state at the start, including tokens and counted requests; then change options.

        They may include options of the data set.
        """
        self.options.reset()
        self.options.set(dict(changes), options.RESET)
        self.serializer.clear()
        self.faults.clear()
        self.log.take(clear=True)
        self.foreign_log.take(clear=True)
        self.api.reset()


class Host(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A listening socket."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, simulator, name):
        super().__init__(('127.0.0.1', 0), CONNECTIONS[name])
        self.simulator = simulator
        self.name = name
        self.tls = simulator.tls
        self.url = f'http{"s" if self.tls else ""}://127.0.0.1:{self.server_address[1]}'

    def finish_request(self, request, client_address):
        if not self.tls:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as encrypted:
            super().finish_request(encrypted, client_address)

    def handle_error(self, request, client_address):
        """Ignore closed connections; report everything else as a bug."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def tls_context(options):
    if not options.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


class Log:
    """The latest requests, without tokens."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = collections.deque(maxlen=100_000)
        self.numbers = itertools.count(1)

    def add(self, request, host, connection):
        query = TOKEN_PARAMETER.sub(r'\1...', request.query)
        parameters = messages.pairs(query)
        entry = {
            'n': next(self.numbers), 'at': time.time(), 'host': host, 'method': request.method,
            'path': request.path,
            'query': query, 'parameters': parameters, 'status': None,
            'bytes': 0, 'connection': connection, 'auth': auth_kind(request),
            'user_agent': request.header('user-agent'), 'accept': request.header('accept'),
            'accept_encoding': request.header('accept-encoding'), 'range': request.header('range'),
            'view': dict(parameters).get('view', 'Simple'), 'records': None}
        with self.lock:
            self.entries.append(entry)
        return entry

    def take(self, clear=False):
        with self.lock:
            entries = list(self.entries)
            if clear:
                self.entries.clear()
        return entries


def auth_kind(request):
    """The kind of authorization of a request."""
    if 'authorization' not in request.headers and TOKEN_PARAMETER.search(request.query):
        return 'query'
    kind = request.header('authorization', '').partition(' ')[0].lower()
    return kind if kind in ('bearer', 'basic') else 'none' if not kind else 'other'


class Answer:
    """A response to send: `payload` is the body, compressed or not."""

    def __init__(self, status, headers, body, compress):
        self.status = status
        self.headers = headers
        self.body = body
        self.payload = body.gzip() if compress else body.plain
        if compress:
            self.set('Content-Encoding', 'gzip')

    def set(self, name, value):
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name):
        self.headers = [row for row in self.headers if row[0] != name]


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        serial = next(self.server.simulator.connections)
        keep_alive = True
        while keep_alive:
            try:
                request = read_request(self.rfile)
            except BadRequest:
                self.write(b'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n'
                           b'Content-Length: 0\r\n\r\n')
                return
            if request is None:
                return
            keep_alive = self.serve(request, serial)

    def serve(self, request, serial):
        """Respond to one request; returns whether the connection is kept."""
        raise NotImplementedError

    def dress(self, request, entry, status, headers, body):
        """Add the common headers, and complete the log before the response is sent."""
        headers = self.common_headers(entry['n'], request.keep_alive, headers) + headers
        simulator = self.server.simulator
        compress = (body.compresses and 0 < simulator.options.gzip_min <= len(body.plain)
                    and 'gzip' in request.header('accept-encoding', ''))
        answer = Answer(status, headers, body, compress)
        entry.update(status=status, bytes=len(answer.payload), records=body.records)
        return answer

    def common_headers(self, number, keep_alive, headers):
        given = {name for name, _ in headers}
        now = self.server.simulator.clock.now() // dates.SECOND
        common = [('RCRequestId', f'{number:08x}-0000-4000-8000-000000000000'),
                  ('Date', email.utils.formatdate(now, usegmt=True)), *COMMON_HEADERS]
        common = [row for row in common if row[0] not in given]
        return common if keep_alive else [*common, ('Connection', 'close')]

    # --- sending ---------------------------------------------------------------------------

    def write(self, data):
        self.connection.sendall(data)

    def send(self, answer):
        """Head and body in one piece, so that they leave in one packet if they fit."""
        self.send_head(answer, ('Content-Length', str(len(answer.payload))), answer.payload)

    def send_head(self, answer, length, payload=b''):
        lines = [f'HTTP/1.1 {answer.status} {messages.phrase(answer.status)}']
        lines += [f'{name}: {value}' for name, value in (*answer.headers, length)]
        self.write(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + payload)

    def write_chunk(self, data):
        self.write(b'%x\r\n%b\r\n' % (len(data), data))

    def wait_for_end(self):
        """Wait until the client closes the connection."""
        while self.rfile.read(1):
            pass


class RingCentralConnection(Connection):
    """To the API or the media host."""

    def serve(self, request, serial):
        simulator = self.server.simulator
        entry = simulator.log.add(request, self.server.name, serial)
        fault = simulator.faults.take(request)
        kind = fault.kind if fault else None
        if simulator.options.latency:
            time.sleep(simulator.options.latency / 1000)
        if kind in faults.REPLACEMENTS:
            status, headers, body = faults.REPLACEMENTS[kind](fault, request)
        else:
            status, headers, body = simulator.serializer.run(
                request, entry, lambda: self.ask(request, fault))
        answer = self.dress(request, entry, status, headers, body)
        if kind in ('hang', 'close', 'wire'):
            entry['status'] = None
        if kind in faults.WIRE_FAULTS:
            return faults.WIRE_FAULTS[kind](self, fault, answer) and request.keep_alive
        self.send(answer)
        return request.keep_alive


    def ask(self, request, fault):
        """The API's answer, after an event, or with a twist."""
        simulator = self.server.simulator
        if fault and fault.kind in faults.EVENTS:
            faults.EVENTS[fault.kind](fault, simulator.dataset)
        twist = fault if fault and fault.kind in faults.TWISTS else None
        return simulator.api.answer(request, self.server.name, twist)


class ApiConnection(RingCentralConnection):
    """The API's host has the control API, too."""

    def serve(self, request, serial):
        if not request.path.startswith(control.PREFIX):
            return super().serve(request, serial)
        status, content_type, chunks = control.answer(self.server.simulator, request)
        self.send_head(Answer(status, [('Content-Type', content_type)], messages.Body(b''), False),
                       ('Transfer-Encoding', 'chunked'))
        for chunk in filter(None, chunks):
            self.write_chunk(chunk)
        self.write_chunk(b'')
        return request.keep_alive


class ForeignConnection(Connection):
    """Accepts and logs all requests."""

    def serve(self, request, serial):
        entry = self.server.simulator.foreign_log.add(request, self.server.name, serial)
        self.send(self.dress(request, entry, 200, [], messages.json_body({})))
        return request.keep_alive


CONNECTIONS = {hosts.API: ApiConnection, hosts.MEDIA: RingCentralConnection,
               hosts.FOREIGN: ForeignConnection}


def read_request(stream):
    """The next request; None if the client is done."""
    line = stream.readline(LINE_LIMIT)
    if not line:
        return None
    try:
        method, target, version = line.decode('ascii').split()
    except ValueError:
        raise BadRequest from None
    headers = dict(read_headers(stream))
    if 'transfer-encoding' in headers or version not in ('HTTP/1.0', 'HTTP/1.1'):
        raise BadRequest
    length = headers.get('content-length', '0')
    if not length.isdecimal() or int(length) > BODY_LIMIT:
        raise BadRequest
    body = stream.read(int(length))
    return messages.Request(method, target, version, headers, body)


def read_headers(stream):
    for _ in range(HEADER_LIMIT):
        line = stream.readline(LINE_LIMIT).decode('latin-1')
        if line in ('\r\n', '\n', ''):
            return
        name, colon, value = line.partition(':')
        if not colon or name != name.strip():
            raise BadRequest
        yield name.lower(), value.strip()
    raise BadRequest
