"""A server of the call log that is not a bottleneck: records are prepared on disk, without checks.

server.py DIRECTORY: serves the calls in the directory. It binds three ports, prints their URLs and
ends with its input. The first port responds immediately; the second one LATENCY seconds later; the
third one immediately, over TLS with the certificate in the directory, and compressed. The id of the
account is its number of calls: those in the directory, repeated for earlier years if necessary.
"""

import email.utils
import gzip
import json
import pathlib
import re
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

import pages

LATENCY = 0.05
LIST = re.compile(r'/restapi/v1\.0/account/(\d+)/call-log$')
TOKEN = {'access_token': 'bench-token', 'token_type': 'bearer', 'expires_in': 3600,
         'scope': 'ReadCallLog', 'owner_id': '1', 'endpoint_id': '1'}
# A limit that is never reached; without these headers the documented one would apply.
LIMIT = ('X-Rate-Limit-Group: heavy', 'X-Rate-Limit-Limit: 1000000',
         'X-Rate-Limit-Remaining: 1000000', 'X-Rate-Limit-Window: 60')


class Host(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, found, latency=0, tls=None):
        super().__init__(('127.0.0.1', 0), Connection)
        self.pages = found
        self.latency = latency
        self.tls = tls          # an SSLContext: responses are compressed, too
        self.compressed = {}    # pages, because gzip is slower than what is measured
        self.url = f'http{"s" if tls else ""}://127.0.0.1:{self.server_address[1]}'

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        return connection, address

    def page(self, view, first, number, has_next):
        """The body of a response, in parts."""
        frame = json.dumps({'nextPage': {'uri': 'page'}} if has_next else {}).encode()
        key = view, first, number, has_next
        if key in self.compressed:
            return self.compressed[key]
        body = [b'{"records":[', self.pages.read(view, first, number), b'],"navigation":', frame, b'}']
        if self.tls:
            body = self.compressed[key] = [gzip.compress(b''.join(body))]
        return body


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while line := self.rfile.readline():
            length = 0
            while (header := self.rfile.readline()) not in (b'\r\n', b''):
                name, _, value = header.lower().partition(b':')
                if name == b'content-length':
                    length = int(value)
            self.rfile.read(length)
            time.sleep(self.server.latency)
            self.answer(urllib.parse.urlsplit(line.split()[1].decode()))

    def answer(self, url):
        account = LIST.match(url.path)
        if account:
            body = self.page(int(account[1]), dict(urllib.parse.parse_qsl(url.query)))
            self.send(body, ['Content-Encoding: gzip'] if self.server.tls else [])
        else:
            self.send([json.dumps(TOKEN).encode()])

    def page(self, ncalls, query):
        """No call is older than dateFrom."""
        size = int(query['perPage'])
        first = (int(query['page']) - 1) * size
        if 'dateTo' in query:
            first += self.server.pages.later_than(query['dateTo'])
        end = min(first + size, ncalls)
        return self.server.page(query['view'], first, end - first, end < ncalls)

    def send(self, body, headers=()):
        head = ['HTTP/1.1 200 OK', f'Date: {email.utils.formatdate(usegmt=True)}', *LIMIT, *headers,
                'Content-Type: application/json;charset=utf-8',
                f'Content-Length: {sum(map(len, body))}', '', '']
        self.connection.sendall(b''.join(('\r\n'.join(head).encode(), *body)))


def main():
    directory = pathlib.Path(sys.argv[1])
    found = pages.Pages(directory)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pages.certificate_path(directory))
    hosts = [Host(found), Host(found, latency=LATENCY), Host(found, tls=tls)]
    for host in hosts:
        threading.Thread(target=host.serve_forever, daemon=True).start()
    print(*(host.url for host in hosts), flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
