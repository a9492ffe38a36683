"""A call log that is no bottleneck: records that are ready on disk, and no checks.

server.py DIRECTORY: serves the calls that are in the directory. It binds two ports, prints their
URLs and ends with its input. The first port answers at once; the second one waits LATENCY seconds
before each answer, whatever goes on on other connections. The id of the account says how many calls
it has: those, again and again if need be, each time a year earlier.
"""

import email.utils
import json
import pathlib
import re
import socketserver
import sys
import threading
import time
import urllib.parse

import pages

LATENCY = 0.05
LIST = re.compile(r'/restapi/v1\.0/account/(\d+)/call-log$')
TOKEN = {'access_token': 'bench-token', 'token_type': 'bearer', 'expires_in': 3600,
         'scope': 'ReadCallLog', 'owner_id': '1', 'endpoint_id': '1'}
# A limit that nobody reaches; without these headers there would be the documented one.
LIMIT = ('X-Rate-Limit-Group: heavy', 'X-Rate-Limit-Limit: 1000000',
         'X-Rate-Limit-Remaining: 1000000', 'X-Rate-Limit-Window: 60')


class Host(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, found, latency):
        super().__init__(('127.0.0.1', 0), Connection)
        self.pages = found
        self.latency = latency
        self.url = f'http://127.0.0.1:{self.server_address[1]}'


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
            self.send(*self.page(int(account[1]), dict(urllib.parse.parse_qsl(url.query))))
        else:
            self.send(json.dumps(TOKEN).encode())

    def page(self, ncalls, query):
        """No call is older than dateFrom."""
        size = int(query['perPage'])
        first = (int(query['page']) - 1) * size
        if 'dateTo' in query:
            first += self.server.pages.later_than(query['dateTo'])
        end = min(first + size, ncalls)
        records = self.server.pages.read(query['view'], first, end - first)
        further = {'nextPage': {'uri': 'page'}} if end < ncalls else {}
        return [b'{"records":[', records, b'],"navigation":%b}' % json.dumps(further).encode()]

    def send(self, *body):
        head = ['HTTP/1.1 200 OK', f'Date: {email.utils.formatdate(usegmt=True)}', *LIMIT,
                'Content-Type: application/json;charset=utf-8',
                f'Content-Length: {sum(map(len, body))}', '', '']
        self.connection.sendall(b''.join(('\r\n'.join(head).encode(), *body)))


def main():
    found = pages.Pages(pathlib.Path(sys.argv[1]))
    hosts = [Host(found, latency) for latency in (0, LATENCY)]
    for host in hosts:
        threading.Thread(target=host.serve_forever, daemon=True).start()
    print(*(host.url for host in hosts), flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
