"""Measures, alternating, the cost of copying and counting calls: with the extension and without.

All results are checked; a wrong result is an error.
"""

import collections
import os
import pathlib
import subprocess
import sys
import time

import cases
import pages
import session

HERE = pathlib.Path(__file__).parent
# Schemas of calls that are sent at once, with latency, and at once over TLS and compressed
FAST, SLOW, TLS = 'fast', 'slow', 'tls'


def query(case, schema):
    return f'SELECT {", ".join(case.columns)} FROM {schema}.{case.remote}'


def insertion(name, schema):
    return f'INSERT INTO local.{name} {query(cases.CASES[name], schema)}'


def sized(ncalls):
    """The schema with an account of that size."""
    return f'calls_{ncalls}'


class Measurements:
    """`costs` has all of them, by measurement."""

    def __init__(self, settings, directory, urls):
        self.settings = settings
        self.directory = directory
        self.urls = dict(zip((FAST, SLOW, TLS), urls))
        self.certificate = pages.certificate_path(directory)
        self.admin = session.Session()
        self.costs = collections.defaultdict(list)
        self.fingerprints = {}
        self.requests = {}      # by the number of calls that were counted
        self.has_http = False

    # --- set-up ----------------------------------------------------------------------------

    def prepare(self):
        self.admin.ask('CREATE EXTENSION call_log_fdw')
        self.admin.ask('CREATE SCHEMA local')
        for schema in (FAST, SLOW, TLS):
            self.connect(f'{schema}_login', schema, pages.SIZE)
            self.admin.ask(f'SELECT count(*) FROM {schema}_login.call_log')
            self.connect(schema, schema, self.settings.calls)
        for size in self.settings.sizes:
            self.connect(sized(size), FAST, size)
        for name, case in cases.CASES.items():
            self.admin.ask(f'CREATE TABLE local.{name} AS {query(case, FAST)} LIMIT 0')
        self.has_http = self.admin.ask("SELECT EXISTS (SELECT FROM pg_available_extensions"
                                       " WHERE name = 'http')") == 't'
        if self.has_http:
            self.admin.ask('CREATE EXTENSION http')

    def connect(self, schema, host, ncalls):
        """Foreign tables of an account with this number of calls."""
        authority = f"sslrootcert '{self.certificate}', " if host == TLS else ''
        self.admin.ask(f"CREATE SERVER {schema} FOREIGN DATA WRAPPER call_log_fdw"
                       f" OPTIONS (base_url '{self.urls[host]}', account_id '{ncalls}',"
                       f" {authority} history '50 years')")
        self.admin.ask(f'CREATE USER MAPPING FOR CURRENT_USER SERVER {schema}'
                       " OPTIONS (client_id 'bench', client_secret 'bench', jwt 'bench')")
        self.admin.ask(f'CREATE SCHEMA {schema}')
        self.admin.ask(f'IMPORT FOREIGN SCHEMA account FROM SERVER {schema} INTO {schema}')

    def server(self):
        """The server's version, and whether it uses JIT compilation, which may cost more than it saves."""
        version, jit = self.admin.ask("SELECT current_setting('server_version'),"
                                      " pg_jit_available()").split('|')
        return f'PostgreSQL {version}, {"with" if jit == "t" else "without"} JIT'

    def list_url(self, host, view):
        return (f'{self.urls[host]}/restapi/v1.0/account/{self.settings.calls}/call-log'
                f'?view={view}&perPage={pages.SIZE}')

    # --- one measurement -------------------------------------------------------------------

    def download(self, key, host, view):
        count = self.settings.calls // pages.SIZE
        start = time.monotonic()
        curl = subprocess.Popen(
            ['curl', '--silent', '--fail', '--output', '/dev/null', *self.curl_options(host),
             '--write-out', '%{num_connects} %{size_download}\n',
             f'{self.list_url(host, view)}&page=[1-{count}]'], stdout=subprocess.PIPE)
        transfers = curl.stdout.read().split(b'\n')[:-1]
        _, curl.returncode, usage = os.wait4(curl.pid, 0)
        wall = time.monotonic() - start
        connections, size = map(sum, zip(*(map(int, line.split()) for line in transfers)))
        expected = 0 if host == TLS else pages.path(self.directory, view).stat().st_size
        if len(transfers) != count or connections != 1 or size < expected:
            raise session.WrongResult(f'curl fetched {len(transfers)} pages, {size} bytes, '
                                      f'over {connections} connections')
        self.costs[key].append(session.Cost(wall, usage.ru_utime + usage.ru_stime, 0, 0))

    def curl_options(self, host):
        return ['--compressed', '--cacert', self.certificate] if host == TLS else []

    def fill(self, key, name, command):
        """Fill the local table of a case; the first result is the reference for the others."""
        self.fill_with_any(key, name, command)
        found = self.admin.ask(f"SELECT count(*), sum(hashtextextended(t::text, 0))"
                               f" FROM local.{name} t")
        expected = self.fingerprints.setdefault(name, found)
        rows = self.settings.calls * cases.CASES[name].rows
        if found != expected or not found.startswith(f'{rows}|'):
            raise session.WrongResult(f'local.{name} holds {found} instead of {expected}')

    def fill_with_any(self, key, name, command):
        self.admin.ask(f'TRUNCATE local.{name}')
        self.admin.ask('CHECKPOINT')
        with session.Session() as backend:
            cost, _ = backend.measure(command)
        self.costs[key].append(cost)

    def insert(self, key, name, schema):
        self.fill(key, name, insertion(name, schema))

    def count(self, key, schema, expected):
        with session.Session() as backend:
            cost, answer = backend.measure(f'SELECT count(*) FROM {schema}.call_log')
            self.requests[expected] = int(backend.ask('SELECT call_log_fdw_requests()'))
        self.costs[key].append(cost)
        if int(answer) != expected:
            raise session.WrongResult(f'{schema}.call_log has {answer} rows instead of {expected}')

    # --- rounds ----------------------------------------------------------------------------

    def round(self):
        for view in pages.VIEWS:
            self.download(('download', view), FAST, view)
        for name, case in cases.CASES.items():
            self.fill(('copy', name), name,
                      f"COPY local.{name} FROM '{cases.csv_path(self.directory, name)}' CSV")
            self.insert(('insert', name), name, FAST)
        self.count('count', FAST, self.settings.calls)
        self.others()
        self.download('slow download', SLOW, 'Simple')
        self.insert('slow insert', 'calls', SLOW)
        self.count('slow count', SLOW, self.settings.calls)
        self.download('tls download', TLS, 'Simple')
        self.insert('tls insert', 'calls', TLS)
        self.growth()

    def others(self):
        """The same copy without this extension."""
        script = f'{sys.executable} "{HERE}/fetch.py" "{self.list_url(FAST, "Simple")}"'
        self.fill('script', 'calls', f"\\copy local.calls FROM PROGRAM '{script}' CSV")
        if self.has_http:
            self.fill('http', 'calls', self.http_insert())

    def http_insert(self):
        types = self.admin.ask("SELECT attname, atttypid::regtype FROM pg_attribute"
                               " WHERE attrelid = 'local.calls'::regclass AND attnum > 0")
        types = dict(line.split('|') for line in types.splitlines())
        columns = ', '.join(f"(call #>> '{{{path.replace('.', ',')}}}')::{types[name]}"
                            for name, path in cases.CALLS.columns.items())
        return (f"INSERT INTO local.calls SELECT {columns}"
                f" FROM generate_series(1, {self.settings.calls // pages.SIZE}) page,"
                f" http_get('{self.list_url(FAST, 'Simple')}&page=' || page) answer,"
                f" jsonb_array_elements(answer.content::jsonb -> 'records') call")

    def growth(self):
        for size in self.settings.sizes:
            self.fill_with_any(('insert', size), 'calls', insertion('calls', sized(size)))
            found = self.admin.ask('SELECT count(*), count(DISTINCT id) FROM local.calls')
            if found != f'{size}|{size}':
                raise session.WrongResult(f'local.calls holds {found} instead of {size} calls')
            self.count(('count', size), sized(size), size)
