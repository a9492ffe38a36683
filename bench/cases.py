"""Copies: the foreign table, its columns, and the same rows without the extension.

`rows` is the number of rows per call. A column has its name in the foreign table; its path starts at
the row, a call or one of its legs, with '^' in front from the call; '#' is the leg's number.
"""

import collections
import csv
import json

import calls

Case = collections.namedtuple('Case', 'title view remote rows columns')

CALLS = Case('20 columns, Simple', 'Simple', 'call_log', 1, {
    'id': 'id', 'session_id': 'sessionId', 'telephony_session_id': 'telephonySessionId',
    'start_time': 'startTime', 'duration': 'duration', 'duration_ms': 'durationMs',
    'type': 'type', 'direction': 'direction', 'action': 'action', 'result': 'result',
    'reason': 'reason', 'from_phone_number': 'from.phoneNumber',
    'from_extension_number': 'from.extensionNumber', 'from_name': 'from.name',
    'to_phone_number': 'to.phoneNumber', 'to_extension_number': 'to.extensionNumber',
    'to_name': 'to.name', 'to_location': 'to.location', 'extension_id': 'extension.id',
    'recording_id': 'recording.id'})

LEGS = Case('20 columns of legs', 'Detailed', 'call_log_legs', calls.LEGS, {
    'call_id': '^id', 'leg_number': '#', 'call_start_time': '^startTime',
    'session_id': '^sessionId', 'telephony_session_id': '^telephonySessionId',
    'call_type': '^type', 'call_direction': '^direction', 'start_time': 'startTime',
    'duration': 'duration', 'duration_ms': 'durationMs', 'action': 'action', 'result': 'result',
    'from_phone_number': 'from.phoneNumber', 'from_name': 'from.name',
    'to_phone_number': 'to.phoneNumber', 'to_name': 'to.name', 'extension_id': 'extension.id',
    'billing_cost_included': 'billing.costIncluded', 'leg_type': 'legType', 'master': 'master'})

# As CALLS, but for the last column
DETAILED = Case('20 columns with legs jsonb', 'Detailed', 'call_log', 1, {
    name: path for name, path in CALLS.columns.items() if name != 'recording_id'
} | {'legs': 'legs'})

CASES = {'calls': CALLS, 'legs': LEGS, 'detailed': DETAILED}


def rows(case, call):
    parts = enumerate(call['legs'], 1) if case is LEGS else [(1, call)]
    return [[value(path, call, part, number) for path in case.columns.values()]
            for number, part in parts]


def value(path, call, part, number):
    if path == '#':
        return number
    found = part
    if path.startswith('^'):
        path, found = path[1:], call
    for step in path.split('.'):
        found = (found or {}).get(step)
    return json.dumps(found, ensure_ascii=False) if isinstance(found, list) else found


def csv_path(directory, name):
    return directory / f'{name}.csv'


def write(directory, records):
    """Write each case's rows as CSV for COPY."""
    files = {name: csv_path(directory, name).open('w', newline='') for name in CASES}
    writers = {name: csv.writer(file) for name, file in files.items()}
    for simple, detailed in records:
        for name, case in CASES.items():
            writers[name].writerows(rows(case, simple if case.view == 'Simple' else detailed))
    for file in files.values():
        file.close()
