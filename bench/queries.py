"""queries.py: prints the number of requests of the queries in queries.sql, and the minimum.

Needs a separate server and a simulator, see script/bench. A query that sends more than the
minimum is marked, and an error at the end; one whose rows differ from those of the copy is an error. At the end, "documented" queries that are not in the documents are reported, so that
the documented ones are tested.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import urllib.request

import session
import table

HERE = pathlib.Path(__file__).parent
DOCUMENTS = HERE.parent / 'README.md', *(HERE.parent / 'docs').glob('*.md')

HEADER = 'query', 'requests', 'minimum', 'met?'
UNCOUNTED = '/restapi'          # the API's versions: without a throttling group
ENTRY = re.compile(r'-- (?P<name>[^[\n]*?)(?: \[(?P<marks>.*)\])?\n'
                   r'-- minimum (?P<minimum>.*?): .*\n'
                   r'(?P<sql>(?s:.*))')

Query = collections.namedtuple('Query', 'name marks minimum sql')


def queries():
    entries = (HERE / 'queries.sql').read_text().strip().split('\n\n')[1:]
    for entry in entries:
        found = ENTRY.fullmatch(entry.strip())
        if not found:
            raise session.WrongResult(f'queries.sql: cannot read this:\n{entry}')
        yield Query(found['name'], (found['marks'] or '').split(', '), found['minimum'],
                    found['sql'])


def is_outdated(query):
    return 'documented' in query.marks and not any(query.sql in document.read_text()
                                                   for document in DOCUMENTS)


def of_copy(sql):
    """The same query on the copies of the tables."""
    sql = re.sub(r'\b(my_)?calls("?)\.', r'\1truth\2.', sql)
    return re.sub(r'\bcalls_of_all_time\b', 'truth.calls_of_all_time', sql)


def count_requests():
    """Requests since the last call that count toward the API's limits."""
    url = os.environ['CALL_LOG_SIMULATOR'] + '/simulator/requests?clear=true'
    with urllib.request.urlopen(url) as response:
        return sum(request['path'] != UNCOUNTED for request in json.load(response))


def run(query):
    """The number of requests sent, and the minimum."""
    with session.Session() as psql:
        psql.ask('BEGIN')       # with a constant now()
        minimum = int(psql.ask(f'SELECT {query.minimum}'))
        count_requests()
        found = rows(psql, query, query.sql)
        if 'no copy' not in query.marks and found != rows(psql, query, of_copy(query.sql)):
            raise session.WrongResult(f'{query.name}: other rows than in the copy:\n{query.sql}')
        psql.ask('ROLLBACK')
    return count_requests(), minimum    # a prefetched request may be in progress at the end of the query


def rows(psql, query, sql):
    """The rows in an order of their own, or the number of any rows."""
    answer = psql.ask(sql.rstrip(';'))
    if 'any rows' in query.marks:       # not that of lines: there are line breaks in names
        return psql.ask('\\echo :ROW_COUNT')
    return sorted(answer.splitlines())


def main():
    subprocess.run(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', HERE / 'queries_setup.sql'],
                   check=True)
    with session.Session() as psql:
        psql.ask('SELECT max(start_time) FROM calls.call_log')      # logs in
    lines = [HEADER]
    above = []
    for query in queries():
        sent, minimum = run(query)
        if sent < minimum:
            raise session.WrongResult(f'{query.name}: {minimum} is not the minimum, {sent} is.')
        if sent > minimum:
            above.append(query.name)
        lines.append((query.name, str(sent), str(minimum), 'yes' if sent == minimum else 'NO'))
    table.print_table(lines, 1)
    for query in filter(is_outdated, queries()):
        print(f'Not in the documents: {query.name}')
    if above:
        raise session.WrongResult(f'More requests than needed: {"; ".join(above)}')


if __name__ == '__main__':
    main()
