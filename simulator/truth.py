"""The oracle: every visible record of a list as CSV that COPY reads, or as JSON lines.

It goes from the JSON of the Detailed view to columns on its own, so that a test can compare what
another program made of the same JSON.
"""

import decimal
import json
import re

# Column name and where its value stands in a record.
COLUMNS = tuple((name, tuple(path.split('.'))) for name, path in (
    ('id', 'id'), ('uri', 'uri'), ('session_id', 'sessionId'),
    ('telephony_session_id', 'telephonySessionId'), ('sip_uuid_info', 'sipUuidInfo'),
    ('party_id', 'partyId'), ('start_time', 'startTime'), ('duration', 'duration'),
    ('duration_ms', 'durationMs'), ('type', 'type'), ('internal_type', 'internalType'),
    ('direction', 'direction'), ('action', 'action'), ('result', 'result'), ('reason', 'reason'),
    ('reason_description', 'reasonDescription'),
    ('from_phone_number', 'from.phoneNumber'), ('from_extension_number', 'from.extensionNumber'),
    ('from_extension_id', 'from.extensionId'), ('from_name', 'from.name'),
    ('from_location', 'from.location'), ('from_device_id', 'from.device.id'),
    ('from_device_uri', 'from.device.uri'),
    ('from_dialer_phone_number', 'from.dialerPhoneNumber'),
    ('to_phone_number', 'to.phoneNumber'), ('to_extension_number', 'to.extensionNumber'),
    ('to_extension_id', 'to.extensionId'), ('to_name', 'to.name'), ('to_location', 'to.location'),
    ('to_device_id', 'to.device.id'), ('to_device_uri', 'to.device.uri'),
    ('to_dialed_phone_number', 'to.dialedPhoneNumber'),
    ('extension_id', 'extension.id'), ('extension_uri', 'extension.uri'),
    ('transport', 'transport'), ('last_modified_time', 'lastModifiedTime'),
    ('billing_cost_included', 'billing.costIncluded'),
    ('billing_cost_purchased', 'billing.costPurchased'),
    ('recording_id', 'recording.id'), ('recording_uri', 'recording.uri'),
    ('recording_type', 'recording.type'), ('recording_content_uri', 'recording.contentUri'),
    ('short_recording', 'shortRecording'),
    ('message_id', 'message.id'), ('message_type', 'message.type'), ('message_uri', 'message.uri'),
    ('delegate_id', 'delegate.id'), ('delegate_name', 'delegate.name'),
    ('delegation_type', 'delegationType'),
    ('transfer_target_telephony_session_id', 'transferTarget.telephonySessionId'),
    ('transferee_telephony_session_id', 'transferee.telephonySessionId'),
    ('metadata_categories', 'metadataCategories'), ('finished', 'finished'),
    ('deleted', 'deleted')))

HEADER = ','.join([name for name, _ in COLUMNS] + ['legs', 'attrs'])

LEGS = re.compile(r'"legs"\s*:\s*')
VIEWS = {'simple': 'Simple', 'detailed': 'Detailed'}
BATCH = 500


def json_lines(records, prefix):
    return batches([record.render(prefix, 'Detailed') + b'\n' for record in records])


def csv_lines(records, prefix, view):
    """The header and one line per record; injected records that are not JSON are left out."""
    if view not in VIEWS:
        raise ValueError('view is simple or detailed')
    rows = (row(record, prefix, VIEWS[view]) for record in records)
    return batches(line.encode() for line in (HEADER + '\n', *filter(None, rows)))


def batches(lines):
    lines = iter(lines)
    while batch := [line for _, line in zip(range(BATCH), lines)]:
        yield b''.join(batch)


def row(record, prefix, view):
    try:
        text = record.render(prefix, 'Detailed').decode()
        fields = json.loads(text, parse_float=decimal.Decimal)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    values = [plain(find(fields, path)) for _, path in COLUMNS]
    if view == 'Simple' and values[1]:
        values[1] = values[1].replace('?view=Detailed', '?view=Simple')
    return ','.join(map(quoted, [*values, legs(fields, text), text])) + '\n'


def find(value, path):
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def plain(value):
    """The text of a value as PostgreSQL reads it."""
    if isinstance(value, list):
        return '{' + ','.join(map(array_element, value)) + '}'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return None if value is None else str(value)


def array_element(value):
    text = plain(value)
    if text is None:
        return 'NULL'
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def legs(fields, text):
    """The legs in their own spelling."""
    if fields.get('legs') is None:
        return None
    start = LEGS.search(text).end()
    return text[start:json.JSONDecoder().raw_decode(text, start)[1]]


def quoted(value):
    """NULL is nothing, everything else stands in quotes, as COPY ... CSV expects."""
    return '' if value is None else '"' + value.replace('"', '""') + '"'
