"""Query parameters: those documented for each endpoint, and their values.

https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog
https://developers.ringcentral.com/api-reference/Call-Log/readUserCallLog
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallRecord
https://developers.ringcentral.com/api-reference/Call-Log/listCompanyActiveCalls
https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecordingContent
https://developers.ringcentral.com/api-reference/Call-Log/extractSyncAccountCallLog
https://developers.ringcentral.com/api-reference/Call-Log/syncAccountCallLog
https://developers.ringcentral.com/api-reference/Call-Log/syncUserCallLog
https://developers.ringcentral.com/api-reference/Internal-Contacts/listDirectoryEntries
https://developers.ringcentral.com/api-reference/Message-Store/listMessages
"""

import collections
import functools
import re
import urllib.parse

import dates
import errors

# The list of each level, records by id, active calls of both levels, changes, recordings, their
# audio. LENIENT_EXTRACT_SYNC accepts showDeleted, which is not documented.
ACCOUNT, EXTENSION, BY_ID, ACTIVE_CALLS = 'account', 'extension', 'by-id', 'active-calls'
EXTRACT_SYNC, RECORDING, CONTENT = 'extract-sync', 'recording', 'content'
LENIENT_EXTRACT_SYNC, CALL_LOG_SYNC = 'lenient-extract-sync', 'call-log-sync'
EXTRACT_SYNCS = (EXTRACT_SYNC, LENIENT_EXTRACT_SYNC)
SYNCS = (*EXTRACT_SYNCS, CALL_LOG_SYNC)
DIRECTORY, MESSAGES = 'directory', 'messages'
LISTS = (ACCOUNT, EXTENSION)
CALLS = (*LISTS, ACTIVE_CALLS)

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
    return int(matching('[1-9][0-9]{0,8}')(text))


def page_size(text):
    """1 to 1000 or `max` is documented; larger values are lowered, not rejected."""
    return float('inf') if text == 'max' else positive(text)


def directory_page_size(text):
    """1 to 2000, `max` (None), or `all`; larger values are rejected."""
    if text in ('max', 'all'):
        return {'max': 2000, 'all': float('inf')}[text]
    number = positive(text)
    if number > 2000:
        raise ValueError(text)
    return number


def record_count(text):
    """1000 is the documented maximum; it is not documented that larger values are lowered."""
    number = positive(text)
    if number > 1000:
        raise ValueError(text)
    return number


# Arrays repeat the key; a comma list is one (unknown) value. A name may be in several rows, for
# endpoints that accept other values.
ROWS = (
    Parameter('view', choice('Simple', 'Detailed'), 'Simple',
              endpoints=(*CALLS, BY_ID, *SYNCS)),
    Parameter('showBlocked', boolean, True, endpoints=(EXTENSION,)),
    Parameter('withRecording', boolean, False, endpoints=(*LISTS, CALL_LOG_SYNC)),
    Parameter('showDeleted', boolean, False,
              endpoints=(*LISTS, LENIENT_EXTRACT_SYNC, CALL_LOG_SYNC)),
    Parameter('recordingType', choice('Automatic', 'OnDemand', 'All'),
              endpoints=(*LISTS, CALL_LOG_SYNC)),
    Parameter('statusGroup', choice('Missed', 'All'), many=True, endpoints=(CALL_LOG_SYNC,)),
    Parameter('type', choice('Voice', 'Fax'), many=True, endpoints=CALLS),
    Parameter('type', choice('User', 'Department', 'Announcement', 'Voicemail', 'SharedLinesGroup',
                             'PagingOnly', 'IvrMenu', 'ParkLocation', 'Limited', 'External',
                             'DelegatedLinesGroup', 'TieLine'), endpoints=(DIRECTORY,)),
    Parameter('typeGroup', choice('User', 'NonUser'), endpoints=(DIRECTORY,)),
    Parameter('siteId', matching('[0-9]{1,19}'), endpoints=(DIRECTORY,)),
    Parameter('showFederated', boolean, True, endpoints=(DIRECTORY,)),
    Parameter('accessibleSitesOnly', boolean, True, endpoints=(DIRECTORY,)),
    Parameter('direction', choice('Inbound', 'Outbound'), many=True, endpoints=(*CALLS, MESSAGES)),
    Parameter('messageType', choice('Fax', 'SMS', 'VoiceMail', 'Pager'), many=True,
              endpoints=(MESSAGES,)),
    Parameter('availability', choice('Alive', 'Deleted', 'Purged'), many=True,
              endpoints=(MESSAGES,)),
    Parameter('readStatus', choice('Read', 'Unread'), many=True, endpoints=(MESSAGES,)),
    Parameter('conversationId', matching('[0-9]{1,19}'), endpoints=(MESSAGES,)),
    Parameter('distinctConversations', choice('false'), endpoints=(MESSAGES,)),
    Parameter('owner', choice('Any', 'Personal'), endpoints=(MESSAGES,)),
    Parameter('voicemailOwner', choice(), endpoints=(MESSAGES,)),
    Parameter('ownerExtensionType', choice(), endpoints=(MESSAGES,)),
    Parameter('transport', choice('PSTN', 'VoIP'), many=True, endpoints=(EXTENSION, ACTIVE_CALLS)),
    Parameter('conferenceType', choice('AudioConferencing', 'Meetings'), many=True,
              endpoints=(ACTIVE_CALLS,)),
    Parameter('metadataCategory', matching('.+'), many=True, endpoints=(*LISTS, *SYNCS)),
    Parameter('sessionId', matching('[0-9]{1,19}')),
    Parameter('telephonySessionId', matching(r'\S+')),
    Parameter('extensionNumber', matching('[0-9]{1,10}')),
    Parameter('phoneNumber', matching('[0-9]{1,15}')),
    Parameter('phoneNumber', matching(r'\+?[0-9]{1,15}'), endpoints=(MESSAGES,)),
    Parameter('dateFrom', dates.parse, endpoints=(*LISTS, *SYNCS, MESSAGES)),
    Parameter('dateTo', dates.parse, endpoints=(*LISTS, MESSAGES)),
    Parameter('syncType', choice('FSync', 'ISync'), 'FSync', endpoints=SYNCS),
    Parameter('syncToken', matching(r'\S+'), endpoints=SYNCS),
    Parameter('recordCount', record_count, endpoints=SYNCS),
    Parameter('contentDisposition', choice('Inline', 'Attachment'), endpoints=(CONTENT,)),
    Parameter('contentDispositionFilename', matching(r'[\w .()-]+'), endpoints=(CONTENT,)),
    Parameter('page', positive, 1, endpoints=(*CALLS, DIRECTORY, MESSAGES)),
    Parameter('perPage', page_size, 100, endpoints=CALLS),
    Parameter('perPage', positive, 100, endpoints=(MESSAGES,)),
    Parameter('perPage', directory_page_size, 1000, endpoints=(DIRECTORY,)),
)
NAMES = tuple(dict.fromkeys(row.name for row in ROWS))

# The last pair is documented, the first one known from an error's text; rejecting the others
# as well is an assumption, on the safe side.
EXCLUSIVE = (('sessionId', 'extensionNumber'), ('sessionId', 'phoneNumber'),
             ('telephonySessionId', 'extensionNumber'), ('telephonySessionId', 'phoneNumber'),
             ('extensionNumber', 'phoneNumber'))


def parse(pairs, endpoint, refuse=errors.invalid_parameter):
    """{name: value} with the defaults, or the API's error.

    The API ignores unknown names. A name that only another endpoint documents is
    rejected here, although the API may ignore it, so that no client assumes that it was applied.
    """
    texts = collections.defaultdict(list)
    for name, text in pairs:
        if name in NAMES:
            texts[name].append(text)
    for name, other in EXCLUSIVE:
        if endpoint in LISTS and name in texts and other in texts:
            raise errors.excluded_combination(name, other)
    rows = rows_of(endpoint)
    values = {name: row.default for name, row in rows.items() if row.default is not None}
    for name, given in texts.items():
        try:
            values[name] = value_of(rows[name], given)
        except (KeyError, ValueError):
            raise refuse(name) from None
    return values


@functools.cache
def rows_of(endpoint):
    return {row.name: row for row in ROWS if endpoint in row.endpoints}


def value_of(row, texts):
    values = [row.parse(text) for text in texts]
    if len(values) > 1 and not row.many:
        raise ValueError(texts)
    return tuple(values) if row.many else values[0]


def text_of(name, value):
    if name in ('dateFrom', 'dateTo'):
        return dates.stamp(value // dates.MILLISECOND)
    return str(value).lower() if isinstance(value, bool) else str(value)


def echo(values):
    """The query string of these values in the API's own URIs."""
    pairs = [(name, text_of(name, value)) for name in NAMES if name in values
             for value in (values[name] if isinstance(values[name], tuple) else (values[name],))]
    return urllib.parse.urlencode(pairs, safe=':', quote_via=urllib.parse.quote)
