"""The oracle: every visible record of a resource as CSV that COPY reads, or as JSON lines.

It goes from the JSON of the Detailed view to columns on its own, so that a test can compare what
another program made of the same JSON.
"""

import decimal
import itertools
import json
import re


def columns(*pairs):
    """Column names, each with the path to its value."""
    return tuple((name, tuple(path.split('.'))) for name, path in pairs)


COLUMNS = columns(
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
    ('deleted', 'deleted'))

CALL_HEADER = [name for name, _ in COLUMNS] + ['legs', 'attrs']

# A leg: columns of its call, then its own.
CALL_OF_LEG_COLUMNS = columns(
    ('call_start_time', 'startTime'), ('session_id', 'sessionId'),
    ('telephony_session_id', 'telephonySessionId'), ('call_type', 'type'),
    ('call_direction', 'direction'))
CALL_ONLY = ('id', 'uri', 'session_id', 'telephony_session_id', 'sip_uuid_info', 'party_id',
             'last_modified_time', 'deleted')
LEG_COLUMNS = (*(column for column in COLUMNS if column[0] not in CALL_ONLY),
               *columns(('leg_telephony_session_id', 'telephonySessionId'),
                        ('sip_uuid_info', 'sipUuidInfo'), ('party_id', 'partyId'),
                        ('leg_type', 'legType'), ('master', 'master')))
LEG_HEADER = ['call_id', 'leg_number',
              *(name for name, _ in (*CALL_OF_LEG_COLUMNS, *LEG_COLUMNS)), 'attrs']

# A recording: its id, columns of its call, then what the call log, the recording itself and its
# audio say.
CALL_OF_RECORDING_COLUMNS = columns(
    ('call_id', 'id'), ('session_id', 'sessionId'), ('telephony_session_id', 'telephonySessionId'),
    ('call_start_time', 'startTime'))
RECORDING_COLUMNS = columns(('type', 'type'), ('uri', 'uri'), ('content_uri', 'contentUri'))
RECORDING_HEADER = ['id', *(name for name, _ in (*CALL_OF_RECORDING_COLUMNS, *RECORDING_COLUMNS)),
                    'content_type', 'duration', 'content']

# A directory entry; the name of a person may be in its parts only.
EXTENSION_COLUMNS = columns(
    ('id', 'id'), ('type', 'type'), ('status', 'status'), ('extension_number', 'extensionNumber'),
    ('name', 'name'), ('first_name', 'firstName'), ('last_name', 'lastName'), ('department', 'department'),
    ('job_title', 'jobTitle'), ('email', 'email'), ('phone_numbers', 'phoneNumbers'),
    ('site_id', 'site.id'), ('site_name', 'site.name'), ('site_code', 'site.code'),
    ('hidden', 'hidden'), ('profile_image_uri', 'profileImage.uri'),
    ('profile_image_etag', 'profileImage.etag'), ('custom_fields', 'customFields'),
    ('integration', 'integration'))
EXTENSION_HEADER = [name for name, _ in EXTENSION_COLUMNS] + ['attrs']

MESSAGE_COLUMNS = columns(
    ('id', 'id'), ('uri', 'uri'), ('extension_id', 'extensionId'), ('type', 'type'),
    ('direction', 'direction'), ('availability', 'availability'), ('read_status', 'readStatus'),
    ('message_status', 'messageStatus'), ('priority', 'priority'),
    ('creation_time', 'creationTime'), ('last_modified_time', 'lastModifiedTime'),
    ('conversation_id', 'conversationId'), ('subject', 'subject'),
    ('from_phone_number', 'from.phoneNumber'), ('from_extension_number', 'from.extensionNumber'),
    ('from_extension_id', 'from.extensionId'), ('from_name', 'from.name'),
    ('from_location', 'from.location'), ('to', 'to'), ('attachments', 'attachments'),
    ('fax_page_count', 'faxPageCount'), ('fax_resolution', 'faxResolution'),
    ('cover_index', 'coverIndex'), ('cover_page_text', 'coverPageText'),
    ('delivery_error_code', 'deliveryErrorCode'), ('segment_count', 'segmentCount'),
    ('sms_delivery_time', 'smsDeliveryTime'),
    ('sms_sending_attempts_count', 'smsSendingAttemptsCount'),
    ('pg_to_department', 'pgToDepartment'), ('vm_transcription_status', 'vmTranscriptionStatus'),
    ('private', 'private'), ('owner_extension_id', 'owner.extensionId'),
    ('owner_extension_type', 'owner.extensionType'), ('owner_name', 'owner.name'),
    ('forwarding', 'forwarding'))
MESSAGE_HEADER = [name for name, _ in MESSAGE_COLUMNS] + ['attrs']

LEGS = re.compile(r'"legs"\s*:\s*')
BETWEEN_LEGS = re.compile(r'[\s,]*')
VIEWS = {'simple': 'Simple', 'detailed': 'Detailed'}
BATCH = 500


def json_lines(texts):
    return batches(text + b'\n' for text in texts)


def calls(texts, view):
    """One line per record; `view` is the one that the uri names."""
    if view not in VIEWS:
        raise ValueError('view is simple or detailed')
    return csv_lines(CALL_HEADER, (call(fields, text, VIEWS[view])
                                   for fields, text in parsed(texts)))


def legs(texts):
    """One line per leg."""
    return csv_lines(LEG_HEADER, (leg for fields, text in parsed(texts)
                                  for leg in legs_of(fields, text)))


def recordings(texts, source):
    """One line per recording of a record or its legs; `source` knows the recordings themselves."""
    return csv_lines(RECORDING_HEADER, (recording for fields, _ in parsed(texts)
                                        for recording in recordings_of(fields, source)))


def extensions(texts):
    """One line per directory entry."""
    return csv_lines(EXTENSION_HEADER, (
        [*(as_json(find(named, path)) for _, path in EXTENSION_COLUMNS), text]
        for named, text in ((fields | {'name': full_name(fields)}, text)
                            for fields, text in parsed(texts))))


def full_name(fields):
    """The name as the directory has it, else first and last name, as far as there are any."""
    if fields.get('name') is not None:
        return plain(fields['name'])
    parts = [fields[part] for part in ('firstName', 'lastName') if fields.get(part)]
    return ' '.join(parts) or None


def messages(texts):
    """One line per message."""
    return csv_lines(MESSAGE_HEADER, (
        [*(as_json(find(fields, path)) for _, path in MESSAGE_COLUMNS), text]
        for fields, text in parsed(texts)))


def as_json(value):
    """Arrays and objects are JSON here, as these resources have arrays of objects."""
    return json.dumps(value) if isinstance(value, (list, dict)) else plain(value)


def csv_lines(header, rows):
    lines = (','.join(map(quoted, row)) + '\n' for row in rows)
    return batches(line.encode() for line in itertools.chain([','.join(header) + '\n'], lines))


def batches(lines):
    lines = iter(lines)
    while batch := list(itertools.islice(lines, BATCH)):
        yield b''.join(batch)


def parsed(texts):
    """Records with their JSON text; injected ones that are not JSON objects are omitted."""
    for text in texts:
        try:
            text = text.decode()
            fields = json.loads(text, parse_float=decimal.Decimal)
        except ValueError:
            continue
        if isinstance(fields, dict):
            yield fields, text


def call(fields, text, view):
    values = [plain(find(fields, path)) for _, path in COLUMNS]
    if view == 'Simple' and values[1]:
        values[1] = values[1].replace('?view=Detailed', '?view=Simple')
    return [*values, legs_text(fields, text), text]


def recordings_of(fields, source):
    parts = [fields, *(fields.get('legs') or ())]
    found = {plain(part['recording'].get('id')): part['recording']
             for part in reversed(parts) if part.get('recording')}
    for recording_id, recording in found.items():
        content_type, duration, content = source.described(recording_id)
        yield [recording_id, *(plain(find(fields, path)) for _, path in CALL_OF_RECORDING_COLUMNS),
               *(plain(find(recording, path)) for _, path in RECORDING_COLUMNS),
               content_type, plain(duration), content and '\\x' + content.hex()]


def legs_of(fields, text):
    head = [plain(find(fields, path)) for _, path in CALL_OF_LEG_COLUMNS]
    members = fields.get('legs')
    if not isinstance(members, list):
        return
    spellings = elements(legs_text(fields, text))
    for number, (leg, spelling) in enumerate(zip(members, spellings), 1):
        yield [plain(fields.get('id')), str(number), *head,
               *(plain(find(leg, path)) for _, path in LEG_COLUMNS), spelling]


def elements(text):
    """The elements of a JSON array as JSON text."""
    decoder = json.JSONDecoder()
    start = BETWEEN_LEGS.match(text, 1).end()
    while text[start] != ']':
        end = decoder.raw_decode(text, start)[1]
        yield text[start:end]
        start = BETWEEN_LEGS.match(text, end).end()


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


def legs_text(fields, text):
    """The legs as JSON text."""
    if fields.get('legs') is None:
        return None
    start = LEGS.search(text).end()
    return text[start:json.JSONDecoder().raw_decode(text, start)[1]]


def quoted(value):
    """NULL is empty, everything else is quoted, as COPY ... CSV expects."""
    return '' if value is None else '"' + value.replace('"', '""') + '"'
