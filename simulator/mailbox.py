"""Generated messages: the faxes and voicemails that calls reference, and texts.

Formats follow https://developers.ringcentral.com/api-reference/Message-Store/listMessages
"""

import functools
import json
import random

import calls
import data
import dates
import listings

STATUSES = {
    ('SMS', 'Outbound'): ('Sent', 'Delivered', 'DeliveryFailed', 'SendingFailed', 'Queued'),
    ('Pager', 'Outbound'): ('Sent',), ('Fax', 'Outbound'): ('Sent', 'SendingFailed', 'Queued'),
}
AVAILABILITIES = ('Alive',) * 40 + ('Deleted', 'Deleted', 'Purged')
FAX_ERRORS = ('NoAnswer', 'LineBusy', 'NoFaxMachine', 'PaperOnFire')
TRANSCRIPTIONS = ('NotAvailable', 'Completed', 'InProgress', 'Failed')
PARTY = ('phoneNumber', 'extensionNumber', 'extensionId', 'name', 'location')
TEXTS = ('See you at nine', 'OK 👍', 'Your order "A-17" is ready', 'x' * 1000)
NULLABLE = ('subject', 'from', 'to', 'readStatus', 'priority', 'attachments', 'messageStatus',
            'lastModifiedTime', 'conversationId')


class Message:
    """One message: its JSON, and values for filters."""

    __slots__ = ('start', 'id', 'fields', 'body', 'detail', 'summary', 'extension_id', 'type',
                 'direction', 'availability', 'read_status', 'conversation', 'numbers')

    SUMMARY = ('type', 'direction', 'readStatus', 'availability', 'lastModifiedTime')

    def __init__(self, start, fields):
        self.start = start
        self.id = str(fields['id']).encode()
        self.fields = fields
        self.body = data.members(fields, data.ENCODERS[False])
        self.detail = b''
        self.summary = None
        self.extension_id = int(fields['extensionId'])
        self.type = fields['type']
        self.direction = fields['direction']
        self.availability = fields['availability']
        self.read_status = fields.get('readStatus')
        self.conversation = (fields.get('conversation') or {}).get('id')
        self.numbers = numbers(fields)

    @property
    def deleted(self):
        return self.availability != 'Alive'

    def render(self, prefix, view):
        return b'{%b}' % self.body


def party(of_call):
    """A party of a call in the format of messages."""
    return of_call and {name: of_call[name] for name in PARTY if name in of_call}


def numbers(fields):
    """The digits of all parties' numbers, unless they are formatted or masked."""
    parties = [fields.get('from') or {}, *(fields.get('to') or ())]
    matches = (calls.E164.fullmatch(party.get('phoneNumber') or '') for party in parties)
    return {match[1] for match in matches if match}


class Generator(data.Generator):
    def __init__(self, urls, options, now):
        super().__init__(urls, options, now)
        self.random = random.Random(f'messages {options.seed}')
        self.count = options.messages
        self.ids = set()

    def messages(self, records):
        """Newest first: those of call records, and the others."""
        linked = [self.of_call(record, json.loads(b'{%b}' % record.body))
                  for record in records if b'"message":{' in record.body]
        others = [self.other(self.moment()) for _ in range(self.count)]
        ties = [self.other(self.random.choice(others).start) for _ in range(self.count // 20)]
        return sorted(filter(None, [*linked, *others, *ties]), key=calls.newest_first)

    def of_call(self, record, fields):
        """The fax or voicemail of a call; some are missing."""
        message = fields['message']
        self.ids.add(int(message['id']))
        if self.chance(0.05):
            return None
        start = record.start + 1000 * (fields.get('duration') or 0)
        mailbox = int(message['uri'].split('/extension/')[1].split('/')[0])
        parties = {'from': party(fields.get('from')), 'to': [party(fields.get('to')) or {}]}
        return self.message(min(start, self.newest), mailbox, int(message['id']),
                            message['type'], fields['direction'], parties)

    def other(self, start):
        extension = self.extension()
        direction = self.pick(('Inbound', 'Outbound'))
        kind = self.pick(('SMS',) * 6 + ('Pager', 'Pager', 'Fax', 'VoiceMail', 'WhatsApp'))
        if kind == 'VoiceMail':
            direction = 'Inbound'
        ours = party(self.our_party(extension))
        theirs = party(self.our_party(self.extension()) if kind == 'Pager'
                       else self.their_party())
        sides = (theirs, ours) if direction == 'Inbound' else (ours, theirs)
        return self.message(start, extension.id, self.new_id(), kind, direction,
                            {'from': sides[0], 'to': [sides[1]]})

    def new_id(self):
        number = self.number_id()
        while number in self.ids:
            number += 1
        self.ids.add(number)
        return number

    def message(self, start, mailbox, number, kind, direction, parties):
        uri = f'{self.base_url}{data.path_of(mailbox)}/message-store/{number}'
        fields = {
            'uri': uri, 'id': number, 'extensionId': str(mailbox), 'type': kind,
            'creationTime': dates.stamp(start),
            'lastModifiedTime': dates.stamp(start + self.random.randrange(90_000)),
            'readStatus': self.pick(('Read', 'Unread')), 'priority': self.pick(('Normal', 'High')),
            'direction': direction, 'availability': self.pick(AVAILABILITIES),
            'messageStatus': self.pick(STATUSES.get((kind, direction), ('Received',)))}
        fields |= {side: party for side, party in parties.items() if party is not None}
        fields |= MAKERS.get(kind, Generator.text)(self, fields, uri)
        if self.chance(0.03):
            fields[self.pick(NULLABLE)] = None
        if self.chance(0.02):
            fields['unheardOf'] = self.unheard_of()
        return Message(start, fields)

    def attachment(self, uri, kind, content_type, **more):
        number = self.new_id()
        return {'id': number, 'uri': f'{uri}/content/{number}', 'type': kind,
                'contentType': content_type} | more

    def text(self, fields, uri):
        """A text message or a pager message."""
        conversation = str(1000 + self.random.randrange(40))
        path = uri.replace('/message-store/', '/conversations/').rpartition('/')[0]
        made = {'subject': self.pick(TEXTS) if self.chance(0.7) else self.name(),
                'conversationId': int(conversation),
                'conversation': {'id': conversation, 'uri': f'{path}/{conversation}'},
                'attachments': [self.attachment(uri, 'Text', 'text/plain')]}
        if fields['type'] == 'Pager':
            return made | {'pgToDepartment': self.chance(0.2)}
        if self.chance(0.1):
            made['attachments'].append(self.attachment(
                uri, 'MmsAttachment', 'image/png', fileName='a "b".png', size=4096, height=64,
                width=64))
        if fields['direction'] == 'Outbound':
            made |= {'smsSendingAttemptsCount': 1, 'segmentCount': self.pick((1, 2, 7))}
        if fields['messageStatus'] == 'Delivered':
            made['smsDeliveryTime'] = fields['lastModifiedTime']
        if fields['messageStatus'].endswith('Failed'):
            made['deliveryErrorCode'] = 'SMS-CAR-430'
        if self.chance(0.1):
            made['to'] = [*fields['to'], self.their_party() | {'target': False}]
        return made

    def fax(self, fields, uri):
        made = {'faxResolution': self.pick(('High', 'Low')),
                'faxPageCount': self.random.randrange(40), 'coverIndex': self.random.randrange(3),
                'attachments': [self.attachment(uri, 'RenderedDocument', 'application/pdf')]}
        if self.chance(0.2):
            made['coverPageText'] = self.name()
        if fields['messageStatus'] == 'SendingFailed':
            made['to'] = [party | {'messageStatus': 'SendingFailed',
                                   'faxErrorCode': self.pick(FAX_ERRORS)}
                          for party in fields['to']]
        return made

    def voicemail(self, fields, uri):
        made = {'vmTranscriptionStatus': self.pick(TRANSCRIPTIONS), 'private': self.chance(0.1),
                'attachments': [self.attachment(uri, 'AudioRecording', 'audio/mpeg',
                                                vmDuration=self.random.randrange(180))]}
        if self.chance(0.1):
            made['owner'] = {'name': self.name(), 'extensionType': 'Department',
                             'extensionId': str(data.EXTENSIONS[5].id)}
        return made


MAKERS = {'Fax': Generator.fax, 'VoiceMail': Generator.voicemail}


class Mailboxes(listings.Listings):
    """The messages of each extension; made when they are first needed."""

    def __init__(self, urls, options, clock, dataset):
        super().__init__(clock)
        self.last_change = dataset.start
        self.generator = Generator(urls, options, dataset.start)
        self.records = dataset.originals

    @functools.cached_property
    def listings(self):
        return listings.of_scopes(self.generator.messages(self.records))

    def rewrite(self, message_id, changes):
        with self.lock:
            old = self.find(message_id)
            if old is None:
                raise ValueError(f'no such message: {message_id}')
            self.replace({old}, Message(old.start, old.fields | changes | self.modification()))

    def delete(self, message_id):
        self.rewrite(message_id, {'availability': 'Deleted'})

    def edit(self, message_id, chance):
        self.rewrite(message_id, {'readStatus': chance.choice(('Read', 'Unread'))})

    def appear(self, start):
        with self.lock:
            message = self.generator.other(start)
            message = Message(start, message.fields | {'availability': 'Alive'}
                              | self.modification())
            self.replace(frozenset(), message)
            return message.id.decode()
