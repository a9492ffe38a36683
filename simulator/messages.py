"""HTTP messages: a received request, the body of a response."""

import gzip
import http
import json
import urllib.parse


def phrase(status):
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return 'Unknown'


class Request:
    """One request; header names are in lower case."""

    def __init__(self, method, target, version, headers, body):
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition('?')
        self.keep_alive = version == 'HTTP/1.1' and headers.get('connection', '').lower() != 'close'
        self.headers = headers
        self.body = body

    def header(self, name, default=None):
        return self.headers.get(name, default)

    def parameters(self):
        return pairs(self.query)


def pairs(query):
    """A query string as pairs; `+` is a space, as in every form."""
    return urllib.parse.parse_qsl(query, keep_blank_values=True)


class Body:
    """The bytes of a response; they are compressed once, even if sent repeatedly.

    `status` and `headers` are set by the endpoint.
    """

    def __init__(self, plain, records=None, status=200, headers=(), compresses=True):
        self.plain = plain
        self.records = records      # number of call records, for the log
        self.status = status
        self.headers = list(headers)
        self.compresses = compresses
        self.packed = None

    def gzip(self):
        if self.packed is None:
            self.packed = gzip.compress(self.plain, compresslevel=1, mtime=0)
        return self.packed


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode()


def json_body(value):
    return Body(to_json(value))
