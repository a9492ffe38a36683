"""A simple script for comparison: fetch.py URL prints the calls of all pages as CSV, for \\copy."""

import csv
import json
import sys
import urllib.request


def calls(url):
    page = 1
    while True:
        with urllib.request.urlopen(f'{url}&page={page}') as response:
            answer = json.load(response)
        yield from answer['records']
        if 'nextPage' not in answer['navigation']:
            return
        page += 1


def row(call):
    """The columns of cases.CALLS."""
    caller = call.get('from', {})
    callee = call.get('to', {})
    return (call['id'], call['sessionId'], call.get('telephonySessionId'), call['startTime'],
            call.get('duration'), call.get('durationMs'), call['type'], call['direction'],
            call.get('action'), call.get('result'), call.get('reason'),
            caller.get('phoneNumber'), caller.get('extensionNumber'), caller.get('name'),
            callee.get('phoneNumber'), callee.get('extensionNumber'), callee.get('name'),
            callee.get('location'), call.get('extension', {}).get('id'),
            call.get('recording', {}).get('id'))


if __name__ == '__main__':
    csv.writer(sys.stdout).writerows(map(row, calls(sys.argv[1])))
