"""Query parameters: which ones each endpoint documents and which values they take.

https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog
https://developers.ringcentral.com/api-reference/Call-Log/readUserCallLog
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallRecord
https://developers.ringcentral.com/api-reference/Call-Log/listCompanyActiveCalls
https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecordingContent
https://developers.ringcentral.com/api-reference/Call-Log/extractSyncAccountCallLog
https://developers.ringcentral.com/api-reference/Call-Log/syncAccountCallLog
https://developers.ringcentral.com/api-reference/Call-Log/syncUserCallLog
"""

import collections
import re
import urllib.parse

import dates
import errors

# The list of each level, records by id, active calls of both levels, changes, recordings, their
# audio. LENIENT_EXTRACT_SYNC takes showDeleted, which nobody documents.
ACCOUNT, EXTENSION, BY_ID, ACTIVE_CALLS = 'account', 'extension', 'by-id', 'active-calls'
EXTRACT_SYNC, RECORDING, CONTENT = 'extract-sync', 'recording', 'content'
LENIENT_EXTRACT_SYNC, CALL_LOG_SYNC = 'lenient-extract-sync', 'call-log-sync'
EXTRACT_SYNCS = (EXTRACT_SYNC, LENIENT_EXTRACT_SYNC)
SYNCS = (*EXTRACT_SYNCS, CALL_LOG_SYNC)
LISTS = (ACCOUNT, EXTENSION)
PAGED = (*LISTS, ACTIVE_CALLS)

Parameter = collections.namedtuple('Parameter', 'name parse default many endpoints',
                                   defaults=(None, False, LISTS))


def choice(*values):
    def parse(text):
        if text not in values:
            raise ValueError(text)
        return text
    return parse


def matching(pattern):
    expression = re.compile(pattern, re.ASCII)

    def parse(text):
        if not expression.fullmatch(text):
            raise ValueError(text)
        return text
    return parse


def boolean(text):
    return choice('true', 'false')(text.lower()) == 'true'


def positive(text):
    return int(matching('0*[1-9][0-9]{0,8}')(text))


def page_size(text):
    """The documentation takes 1 to 1000 or `max`; what is greater is lowered, not refused."""
    return float('inf') if text == 'max' else positive(text)


def record_count(text):
    """1000 is the documented maximum; nothing says that more is lowered."""
    number = positive(text)
    if number > 1000:
        raise ValueError(text)
    return number


# Arrays repeat the key; a comma list is one (unknown) value.
PARAMETERS = {parameter.name: parameter for parameter in (
    Parameter('view', choice('Simple', 'Detailed'), 'Simple',
              endpoints=(*PAGED, BY_ID, *SYNCS)),
    Parameter('showBlocked', boolean, True, endpoints=(EXTENSION,)),
    Parameter('withRecording', boolean, False, endpoints=(*LISTS, CALL_LOG_SYNC)),
    Parameter('showDeleted', boolean, False,
              endpoints=(*LISTS, LENIENT_EXTRACT_SYNC, CALL_LOG_SYNC)),
    Parameter('recordingType', choice('Automatic', 'OnDemand', 'All'),
              endpoints=(*LISTS, CALL_LOG_SYNC)),
    Parameter('statusGroup', choice('Missed', 'All'), many=True, endpoints=(CALL_LOG_SYNC,)),
    Parameter('type', choice('Voice', 'Fax'), many=True, endpoints=PAGED),
    Parameter('direction', choice('Inbound', 'Outbound'), many=True, endpoints=PAGED),
    Parameter('transport', choice('PSTN', 'VoIP'), many=True, endpoints=(EXTENSION, ACTIVE_CALLS)),
    Parameter('conferenceType', choice('AudioConferencing', 'Meetings'), many=True,
              endpoints=(ACTIVE_CALLS,)),
    Parameter('metadataCategory', matching('.+'), many=True, endpoints=(*LISTS, *SYNCS)),
    Parameter('sessionId', matching('[0-9]{1,19}')),
    Parameter('telephonySessionId', matching(r'\S+')),
    Parameter('extensionNumber', matching('[0-9]{1,10}')),
    Parameter('phoneNumber', matching('[0-9]{1,15}')),
    Parameter('dateFrom', dates.parse, endpoints=(*LISTS, *SYNCS)),
    Parameter('dateTo', dates.parse),
    Parameter('syncType', choice('FSync', 'ISync'), 'FSync', endpoints=SYNCS),
    Parameter('syncToken', matching(r'\S+'), endpoints=SYNCS),
    Parameter('recordCount', record_count, endpoints=SYNCS),
    Parameter('contentDisposition', choice('Inline', 'Attachment'), endpoints=(CONTENT,)),
    Parameter('contentDispositionFilename', matching(r'[\w .()-]+'), endpoints=(CONTENT,)),
    Parameter('page', positive, 1, endpoints=PAGED),
    Parameter('perPage', page_size, 100, endpoints=PAGED),
)}

EXCLUSIVE = (('sessionId', 'extensionNumber'), ('extensionNumber', 'phoneNumber'))

# Whoever asks for an id gets the record, whatever the dates.
IGNORED = {BY_ID: ('dateFrom', 'dateTo')}


def parse(pairs, endpoint):
    """{name: value} with the defaults, or the error that the API answers.

    The API ignores names that it does not know. A name that only another endpoint documents is
    refused here, although the API may ignore it, so that no client believes it was applied.
    """
    texts = collections.defaultdict(list)
    for name, text in pairs:
        if name in PARAMETERS and name not in IGNORED.get(endpoint, ()):
            texts[name].append(text)
    for name, other in EXCLUSIVE:
        if name in texts and other in texts:
            raise errors.excluded_combination(name, other)
    values = {name: row.default for name, row in PARAMETERS.items()
              if row.default is not None and endpoint in row.endpoints}
    return values | {name: value_of(PARAMETERS[name], texts[name], endpoint) for name in texts}


def value_of(parameter, texts, endpoint):
    if endpoint not in parameter.endpoints or (len(texts) > 1 and not parameter.many):
        raise errors.invalid_parameter(parameter.name)
    try:
        values = [parameter.parse(text) for text in texts]
    except ValueError:
        raise errors.invalid_parameter(parameter.name) from None
    return tuple(values) if parameter.many else values[0]


def text_of(name, value):
    if PARAMETERS[name].parse is dates.parse:
        return dates.stamp(value // dates.MILLISECOND)
    return str(value).lower() if isinstance(value, bool) else str(value)


def echo(values):
    """The query string of these values as the API writes it into its own URIs."""
    pairs = [(name, text_of(name, value)) for name in PARAMETERS if name in values
             for value in (values[name] if PARAMETERS[name].many else (values[name],))]
    return urllib.parse.urlencode(pairs, safe=':', quote_via=urllib.parse.quote)
