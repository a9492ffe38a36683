#!/usr/bin/env python3
"""Command line of the control API. The environment has the URL: CALL_LOG_SIMULATOR."""

import argparse
import json
import os
import signal
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request


def call(method, name, parameters=(), body=None):
    """Send a request to the simulator; returns the open response."""
    base = os.environ.get('CALL_LOG_SIMULATOR')
    if not base:
        sys.exit('ctl.py: CALL_LOG_SIMULATOR is not set')
    url = f'{base}/simulator/{name}?{urllib.parse.urlencode(parameters)}'
    request = urllib.request.Request(url, data=body, method=method)
    # The simulator is on the loopback interface, its certificate is a test's own.
    context = ssl._create_unverified_context() if base.startswith('https') else None
    try:
        return urllib.request.urlopen(request, context=context)
    except urllib.error.HTTPError as error:
        sys.exit(f'ctl.py: {json.load(error)["error"]}')
    except OSError as error:
        sys.exit(f'ctl.py: {base}: {error}')


def requests(arguments, name='requests'):
    parameters = {'clear': 'true'} if arguments.clear else {}
    with call('GET', name, parameters) as response:
        entries = json.load(response)
    return [entry for entry in entries if arguments.path in entry['path']]


def target(entry):
    """Path and query, after the name of the host where it is not the API's."""
    host = '' if entry['host'] == 'api' else '//' + entry['host']
    return host + entry['path'] + ('?' + entry['query'] if entry['query'] else '')


def log(arguments):
    for entry in requests(arguments):
        line = f'{entry["method"]} {target(entry)} {entry["status"] or "-"}'
        print(json.dumps(entry) if arguments.json else line)


def foreign_log(arguments):
    for entry in requests(arguments, 'foreign-requests'):
        line = f'{entry["method"]} {target(entry)} authorization: {entry["auth"]}'
        print(json.dumps(entry) if arguments.json else line)


def print_url(host):
    def run(arguments):
        with call('GET', 'urls') as response:
            print(json.load(response)[host])
    return run


def count(arguments):
    print(len(requests(arguments)))


def clear(arguments):
    call('GET', 'requests', {'clear': 'true'}).close()


def fault(arguments):
    parameters = {'kind': arguments.kind, 'match': arguments.match, 'skip': arguments.skip,
                  'times': arguments.times} | arguments.pairs
    body = sys.stdin.buffer.read() if arguments.kind in ('raw', 'wire') else b''
    call('POST', 'faults', parameters, body).close()


def show_or_clear(name):
    def run(arguments):
        if arguments.clear:
            call('DELETE', name).close()
        else:
            show('GET', name)
    return run


def show(method, name, parameters=()):
    with call(method, name, parameters) as response:
        print(json.dumps(json.load(response), indent=1))


def record(arguments):
    parameters = {'startTime': arguments.start_time} | scope(arguments)
    call('POST', 'records', parameters, sys.stdin.buffer.read()).close()


def records(arguments):
    call('DELETE', 'records').close()


def change(name):
    """Change a record; prints its id."""
    def run(arguments):
        given = {'id': getattr(arguments, 'id', None),
                 'startTime': getattr(arguments, 'start_time', None)}
        parameters = {key: value for key, value in given.items() if value} | arguments.pairs
        with call('POST', name, parameters) as response:
            print(json.load(response)['id'])
    return run


def set_options(arguments):
    if arguments.pairs:
        call('POST', 'options', arguments.pairs).close()
    else:
        show('GET', 'options')


def reset(arguments):
    call('POST', 'reset', arguments.pairs).close()


def churn(arguments):
    if arguments.stop:
        show('DELETE', 'churn')
    elif arguments.show:
        show('GET', 'churn')
    else:
        call('POST', 'churn', arguments.pairs).close()


def history(arguments):
    bounds = {'from': arguments.first, 'to': arguments.last}
    parameters = {name: value for name, value in bounds.items() if value is not None}
    show('GET', 'history', parameters | {'records': str(arguments.records).lower()}
         | scope(arguments))


def truth(arguments):
    parameters = {'resource': arguments.resource, 'view': arguments.view,
                  'format': 'json' if arguments.json else 'csv',
                  'deleted': str(arguments.deleted).lower()}
    with call('GET', 'truth', parameters | scope(arguments)) as response:
        while part := response.read(1 << 20):
            sys.stdout.buffer.write(part)


def scope(arguments):
    chosen = {'level': arguments.level}
    return chosen | ({'extension': arguments.extension} if arguments.extension else {})


def parse_arguments():
    parser = argparse.ArgumentParser(prog='ctl.py', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)

    def command(name, run, text, takes_pairs=False):
        epilog = 'Further arguments: key=value ...' if takes_pairs else None
        added = commands.add_parser(name, help=text, epilog=epilog)
        added.set_defaults(run=run, takes_pairs=takes_pairs)
        return added

    def add_scope(added):
        added.add_argument('--level', choices=('account', 'extension'), default='account')
        added.add_argument('--extension', help='extension id; default: the owner of the token')

    for name, run, text in (('log', log, 'print the requests, one a line'),
                            ('count', count, 'print how many requests there were'),
                            ('foreign-log', foreign_log, 'print what the foreign host was sent')):
        added = command(name, run, text)
        added.add_argument('--clear', action='store_true', help='forget them afterwards')
        added.add_argument('--path', default='', help='only those whose path contains this')
        if run is not count:
            added.add_argument('--json', action='store_true', help='all properties')
    command('clear', clear, 'forget the requests')
    for host in ('media', 'foreign'):
        command(f'{host}-url', print_url(host), f'print the URL of the {host} host')

    added = command('fault', fault, 'let requests fail (raw, wire: the bytes come from stdin)', True)
    added.add_argument('kind')
    added.add_argument('--match', default='', help='only requests whose target contains this')
    added.add_argument('--skip', default='0', help='number of requests to let pass first')
    added.add_argument('--times', default='1', help='number of times, or: always')
    added = command('faults', show_or_clear('faults'), 'list the faults to come')
    added.add_argument('--clear', action='store_true', help='remove them')

    added = command('record', record, 'add the JSON from stdin to the data set, unchecked')
    added.add_argument('--start-time', required=True)
    add_scope(added)
    added = command('records', records, 'remove the added records')
    added.add_argument('--clear', action='store_true', required=True)

    added = command('recording', change('recording'), 'let a recording be broken: state=missing, '
                    'forbidden, failing, empty, large, html, or ready again', True)
    added.add_argument('id')
    added = command('rewrite', change('rewrite'), 'change members of a record, e.g. from.name=x',
                    True)
    added.add_argument('id')
    added = command('appear', change('appear'), 'let a record appear late, and print its id', True)
    added.add_argument('--start-time', help='default: in the middle of the list')
    added = command('delete', change('delete'), 'mark a record as deleted')
    added.add_argument('id')

    command('set', set_options, 'change options at run time; without any: list them', True)
    command('reset', reset, 'everything as it was at the start, or with other options', True)

    added = command('churn', churn, 'change calls before each request', True)
    added.add_argument('--stop', action='store_true', help='stop, and show the changes')
    added.add_argument('--show', action='store_true', help='show the changes')
    added = command('history', history, 'print the versions of every record since churn began')
    added.add_argument('--from', dest='first', type=int, help='the first request of interest')
    added.add_argument('--to', dest='last', type=int, help='the last one')
    added.add_argument('--records', action='store_true', help='the whole records, too')
    add_scope(added)

    added = command('truth', truth, 'print all visible records, as CSV for COPY')
    add_scope(added)
    added.add_argument('--resource', default='call_log',
                       help='call_log (the default), call_log_legs, active_calls, recordings, '
                            'extensions or messages')
    added.add_argument('--json', action='store_true', help='as JSON, one record a line')
    added.add_argument('--deleted', action='store_true', help='the deleted ones, too')
    added.add_argument('--view', choices=('simple', 'detailed'), default='detailed',
                       help='the view that the uri names')
    # argparse cannot collect positional arguments that stand after options.
    chosen, rest = parser.parse_known_args()
    for text in rest:
        if not chosen.takes_pairs or text.startswith('-') or '=' not in text:
            parser.error(f'unexpected argument: {text}')
    chosen.pairs = dict(text.split('=', 1) for text in rest)
    return chosen


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)      # quiet when `head` has seen enough
    command_line = parse_arguments()
    command_line.run(command_line)
