"""Faults on demand: the matching requests, and the effect on the response.

Four kinds: a replacement is another response; a twist makes an endpoint return wrong data
(call_log.py, by_id.py); an event changes the calls before the API responds; a wire fault breaks the
transport of a correct response. Requests with a fault are neither counted nor authorized by the API
unless its own response is needed.
"""

import base64
import socket
import struct
import threading
import time
import urllib.parse

import dates
import errors
import messages

CHUNK = 65536

# RingCentral's error for a status, unless set by a test.
CODES = {400: 'CMN-101', 401: 'OAU-213', 403: 'CMN-401', 404: 'CMN-102', 429: 'CMN-301',
         500: 'CMN-201', 501: 'CMN-202', 503: 'CMN-211'}


class Fault:
    def __init__(self, kind, match='', skip='0', times='1', body=b'', **parameters):
        if kind not in KINDS:
            raise ValueError(f'unknown fault {kind}; there are: {", ".join(sorted(KINDS))}')
        unknown = set(parameters) - set(KINDS[kind])
        if unknown:
            raise ValueError(f'{kind} does not take: {", ".join(sorted(unknown))}')
        self.kind = kind
        self.match = match
        self.skip = int(skip)
        self.times = float('inf') if times == 'always' else int(times)
        if self.skip < 0 or self.times < 1:
            raise ValueError('skip is 0 or more, times 1 or more')
        self.body = body
        self.parameters = {name: TYPES.get(name, str)(text) for name, text in parameters.items()}

    def shown(self):
        return {'kind': self.kind, 'match': self.match, 'skip': self.skip,
                'times': self.times if self.times < float('inf') else 'always',
                'parameters': self.parameters}

    def get(self, name, default):
        return self.parameters.get(name, default)


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.waiting = []

    def add(self, fault):
        with self.lock:
            self.waiting.append(fault)

    def clear(self):
        with self.lock:
            self.waiting.clear()

    def shown(self):
        with self.lock:
            return [fault.shown() for fault in self.waiting]

    def take(self, request):
        """The fault of this request, if any: the first matching one that is not to be skipped."""
        with self.lock:
            for fault in self.waiting:
                if fault.match not in request.target:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None


# --- replacements: (status, headers, body) ---------------------------------------------------

def status(fault, request):
    number, content = failure(fault)
    if request.path.endswith('/oauth/token') and number == 400:
        error = errors.oauth(fault.get('error', 'invalid_grant'), content['message'],
                             fault.parameters.get('code'))
        return number, extra_headers(fault) + error.headers, messages.json_body(error.content)
    return number, extra_headers(fault), messages.json_body(content)


def failure(fault):
    """Status and content of a fault's error."""
    number = fault.get('status', 500)
    message = fault.get('message', f'Simulated status {number}')
    names = {'parameter': 'parameterName', 'permission': 'permissionName'}
    details = {names[name]: value for name, value in fault.parameters.items() if name in names}
    code = fault.get('code', CODES.get(number, f'AGW-{number}'))
    content = errors.content(code, message, **details)
    if code.startswith('ADG-'):     # the directory's errors have no more than this
        content = {'errors': content['errors']}
    return number, content


def extra_headers(fault):
    headers = []
    if 'retry_after' in fault.parameters:
        headers.append(('Retry-After', fault.parameters['retry_after']))
    if 'header' in fault.parameters:
        for line in fault.parameters['header'].splitlines():
            name, _, value = line.partition(':')
            headers.append((name.strip(), value.strip()))
    return headers


def html(fault, request):
    number = fault.get('status', 502)
    page = f'<html><head><title>{number}</title></head><body><h1>{number}</h1></body></html>\r\n'
    return (number, [('Content-Type', 'text/html'), *extra_headers(fault)],
            messages.Body(page.encode()))


def empty(fault, request):
    return fault.get('status', 500), extra_headers(fault), messages.Body(b'')


def raw(fault, request):
    return 200, [], messages.Body(fault.body)


def echo(fault, request):
    """The request's credentials, echoed in every text of the response."""
    authorization = request.header('authorization', '')
    kind, _, credentials = authorization.partition(' ')
    decoded = base64.b64decode(credentials).decode() if kind == 'Basic' else credentials
    secrets = f'{authorization} {decoded} {urllib.parse.unquote_plus(request.body.decode())}'
    said = 'echo: ' + ENCODINGS[fault.get('encoding', 'plain')](secrets)
    number = fault.get('status', 400)
    line = ' '.join(said.split())
    headers = [*extra_headers(fault), ('RCRequestId', line), ('X-Rate-Limit-Group', credentials)]
    if 'value' in fault.parameters:
        headers.append(('Content-Type', f'{fault.parameters["value"]}; {line}'))
    return number, headers, SHAPES[fault.get('shape', 'api')](said)


def echo_as_api(said):
    details = {'error': said, 'error_description': said, 'parameterName': said}
    return messages.json_body(errors.content(said, said, **details))


def every_character(form):
    return lambda text: ''.join(form.format(ord(character)) for character in text)


# Encodings and formats in which a gateway may echo a request
ENCODINGS = {
    'plain': str, 'slash': lambda text: text.replace('/', '\\/'),
    'percent': lambda text: urllib.parse.quote(text, safe=''), 'form': urllib.parse.quote_plus,
    'percent-lower': every_character('%{:02x}'), 'percent-upper': every_character('%{:02X}'),
    'hex': every_character('{:02x}'), 'escape': every_character('\\u{:04x}'),
    'entity': every_character('&#{};'),
    'base64': lambda text: base64.b64encode(text.encode()).decode(),
    'base64-shifted': lambda text: base64.b64encode(b'x' + text.encode()).decode(),
    'base64-lines': lambda text: base64.encodebytes(text.encode()).decode(),
    'spaced-hex': every_character('{:02x} ')}
SHAPES = {
    'api': echo_as_api, 'text': lambda said: messages.Body(said.encode()),
    'json': lambda said: messages.Body(f'{{"request": "{said}"}}'.encode()),
    'html': lambda said: messages.Body(f'<html><title>{said}</title><p>{said}</html>'.encode()),
    'broken': lambda said: messages.Body(f'{{"records": [{{"id": "{said}"'.encode())}


def redirect(fault, request):
    return (fault.get('status', 302), [('Location', fault.get('location', '/'))],
            messages.Body(b''))


# --- events: changes of calls before the response ---------------------------------------------

def arrive(fault, dataset):
    for _ in range(fault.get('n', 1)):
        dataset.arrive()


def late(fault, dataset):
    for _ in range(fault.get('n', 1)):
        dataset.appear(fault.get('start_time', None))


def rewrite(fault, dataset):
    """By default the change of a call to a queue: inbound, earlier, and answered."""
    record = dataset.find(fault.get('id', None)) or dataset.preliminary()
    start = fault.get('start_time', record.start - 600_000)
    dataset.rewrite(record.id.decode(), {
        'startTime': dates.stamp(start), 'direction': fault.get('direction', 'Inbound'),
        'result': fault.get('result', 'Accepted')})


# --- wire faults: each sends the response in its way, and returns whether it is complete -------

def hang(connection, fault, answer):
    connection.wait_for_end()
    return False


def close(connection, fault, answer):
    return False


def wire(connection, fault, answer):
    """Exactly these bytes, HTTP or not."""
    connection.write(fault.body)
    return False


def drip(connection, fault, answer):
    connection.send_head(answer, ('Content-Length', str(len(answer.payload))))
    for byte in answer.payload:
        time.sleep(fault.get('interval', 1.0))
        connection.write(bytes((byte,)))
    return True


def truncate(connection, fault, answer):
    connection.send_head(answer, ('Content-Length', str(len(answer.payload))))
    connection.write(half(answer))
    return False


def chunk_truncate(connection, fault, answer):
    connection.send_head(answer, ('Transfer-Encoding', 'chunked'))
    connection.write_chunk(half(answer))
    return False


def reset(connection, fault, answer):
    truncate(connection, fault, answer)
    connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.rfile.close()        # the socket closes with its last user
    connection.connection.close()
    return False


def half(answer):
    return answer.payload[:len(answer.payload) // 2]


def huge(connection, fault, answer):
    """A correct document of this size, without Content-Length."""
    opening, closing = b'{"records":[],"padding":"', b'"}'
    answer.drop('Content-Encoding')
    connection.send_head(answer, ('Transfer-Encoding', 'chunked'))
    connection.write_chunk(opening)
    left = fault.get('bytes', 100_000_000) - len(opening) - len(closing)
    for start in range(0, left, CHUNK):
        connection.write_chunk(b'x' * min(left - start, CHUNK))
    connection.write_chunk(closing)
    connection.write_chunk(b'')
    return True


def content_type(connection, fault, answer):
    answer.set('Content-Type', fault.get('value', 'text/plain'))
    connection.send(answer)
    return True


def badgzip(connection, fault, answer):
    answer.payload = answer.body.gzip()[:-8] + b'\xff' * 8      # the check sum is at the end
    answer.set('Content-Encoding', 'gzip')
    connection.send(answer)
    return True


REPLACEMENTS = {'status': status, 'html': html, 'empty': empty, 'raw': raw, 'echo': echo,
                'redirect': redirect}
TWISTS = ('unsorted', 'repeat-page', 'endless', 'part')
EVENTS = {'arrive': arrive, 'late': late, 'rewrite': rewrite}
WIRE_FAULTS = {'hang': hang, 'close': close, 'wire': wire, 'drip': drip, 'truncate': truncate,
               'chunk-truncate': chunk_truncate, 'reset': reset, 'huge': huge,
               'content-type': content_type, 'badgzip': badgzip}

TYPES = {'status': int, 'interval': float, 'bytes': int, 'n': int,
         'start_time': dates.parse_milliseconds}
ERROR_PARAMETERS = ('status', 'code', 'message', 'parameter', 'permission')
HEADER_PARAMETERS = ('status', 'retry_after', 'header')
KINDS = {kind: () for kind in (*REPLACEMENTS, *TWISTS, *EVENTS, *WIRE_FAULTS)} | {
    'status': (*ERROR_PARAMETERS, *HEADER_PARAMETERS, 'error'), 'part': (*ERROR_PARAMETERS, 'n'),
    'html': HEADER_PARAMETERS, 'empty': HEADER_PARAMETERS, 'redirect': ('status', 'location'),
    'echo': (*HEADER_PARAMETERS, 'value', 'encoding', 'shape'),
    'arrive': ('n',), 'late': ('n', 'start_time'),
    'rewrite': ('id', 'start_time', 'direction', 'result'),
    'drip': ('interval',), 'huge': ('bytes',), 'content-type': ('value',)}
