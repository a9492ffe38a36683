"""Generated calls of a year, reproducible, as returned by the API.

The fields are those of https://developers.ringcentral.com/guide/voice/call-log/details, the mix is
that of an ordinary office: most calls are plain, some are recorded, missed or faxes. A Detailed
record has three legs.

The text "2025-" occurs in dates and ids only. So another year of
other calls is the same text with another year in it.
"""

import base64
import datetime
import random

YEAR = 2025
NEWEST = datetime.datetime(YEAR, 12, 31, 23, 59, 59)
MOST = 100_000
DISTANCE = 2000                 # at most, in milliseconds: a call a second, as in a large company

ACCOUNT = 'https://platform.ringcentral.com/restapi/v1.0/account/731900200008'
MEDIA = 'https://media.ringcentral.com/restapi/v1.0/account/731900200008'

EXTENSIONS = tuple((731900211008 + 1000 * number, str(101 + number), name)
                   for number, name in enumerate((
                       'Amara Lindqvist', 'Tomás Ibáñez', "Siobhán O'Dell", 'Misaki Hayashi',
                       'Front Desk', 'Support Queue', 'Oda Halvorsen', 'Rafael Quintanilha',
                       'Noor Haddad', 'Yusuf Demirci', 'Lucía Peñalver', 'Wei Jun Tan')))
CALLERS = ('WIRELESS CALLER', 'KESTREL ROOFING', 'Marigold Dental', 'Bram van der Zanden',
           'TOLL FREE CALL', 'Inés "Nina" Aboud', 'Жанна Орлова', 'Acme Widgets, Inc.',
           'SPRINGFIELD IL', 'Jonas Meerwald')
LOCATIONS = ('Springfield, IL', 'Portland (North), OR', 'Denver (Northeast), CO', 'New York, NY',
             'San José, CA')
AREAS = ('201', '212', '303', '415', '503', '617', '720', '805', '917')

# type, action, result, reason
INBOUND = (10 * (('Voice', 'Phone Call', 'Accepted', None),)
           + 2 * (('Voice', 'Phone Call', 'Missed', None),)
           + (('Voice', 'Phone Call', 'Voicemail', None),
              ('Voice', 'Phone Call', 'Hang Up', 'Hang Up')))
OUTBOUND = (8 * (('Voice', 'VoIP Call', 'Call connected', None),)
            + (('Voice', 'VoIP Call', 'No Answer', 'Not Answered'),
               ('Fax', 'Outgoing Fax', 'Sent', None)))
OUTCOMES = (*(('Inbound', *outcome) for outcome in INBOUND),
            *(('Outbound', *outcome) for outcome in OUTBOUND))
LEG_TYPES = {'Inbound': ('Accept', 'PstnToSip', 'RingDirectly'),
             'Outbound': ('SipToPstnMetered', 'RingOutWebToCaller', 'SipToSip')}
LEGS = 3


def stamp(moment):
    return moment.isoformat(timespec='milliseconds') + 'Z'


class Calls:
    """The records, newest first, each in its two views."""

    def __init__(self):
        self.random = random.Random(YEAR)
        self.moment = NEWEST

    def __iter__(self):
        for _ in range(MOST):
            self.moment -= datetime.timedelta(milliseconds=self.random.randint(1, DISTANCE))
            yield self.record()

    def pick(self, values):
        return values[int(self.random.random() * len(values))]

    def chance(self, probability):
        return self.random.random() < probability

    def record(self):
        """The Simple and the Detailed view of a call."""
        shared = self.shared()
        identity = f'{YEAR}-{base64.urlsafe_b64encode(self.random.randbytes(9)).decode()}'
        uri = f'{ACCOUNT}/call-log/{identity}?view='
        simple = {'uri': uri + 'Simple', 'id': identity,
                  'sessionId': str(480_000_000_000 + self.random.getrandbits(36))} | shared
        detailed = simple | {'uri': uri + 'Detailed', 'lastModifiedTime': stamp(self.moment),
                             'billing': self.billing(),
                             'legs': [self.leg(number, shared) for number in range(LEGS)]}
        return simple, detailed

    def shared(self):
        """Members common to a record and its legs."""
        direction, kind, action, result, reason = self.pick(OUTCOMES)
        milliseconds = int(self.random.expovariate(1 / 120_000)) + 1
        extension, number, name = self.pick(EXTENSIONS)
        ours = {'name': name, 'extensionId': str(extension), 'extensionNumber': number}
        theirs = {'phoneNumber': f'+1{self.pick(AREAS)}5550{self.random.randint(100, 199)}',
                  'name': self.pick(CALLERS), 'location': self.pick(LOCATIONS)}
        sides = (theirs, ours) if direction == 'Inbound' else (ours, theirs)
        fields = {'startTime': stamp(self.moment), 'duration': milliseconds // 1000,
                  'durationMs': milliseconds, 'type': kind, 'internalType': 'LongDistance',
                  'direction': direction, 'action': action, 'result': result,
                  'from': sides[0], 'to': sides[1],
                  'telephonySessionId': f's-{self.bits(52)}z{self.bits(44)}z0000',
                  'partyId': f'p-{self.bits(52)}z0000-{self.pick("12")}',
                  'transport': self.pick(('PSTN', 'VoIP'))}
        if reason:
            fields |= {'reason': reason, 'reasonDescription': f'The reason is "{reason}"'}
        if self.chance(0.75):
            fields['extension'] = {'uri': f'{ACCOUNT}/extension/{extension}', 'id': extension}
        if self.chance(0.2):
            fields['recording'] = self.recording()
        return fields

    def bits(self, count):
        return f'{self.random.getrandbits(count):0{count // 4}x}'

    def recording(self):
        number = 1_000_000_000 + self.random.getrandbits(31)
        return {'uri': f'{ACCOUNT}/recording/{number}', 'id': str(number), 'type': 'Automatic',
                'contentUri': f'{MEDIA}/recording/{number}/content'}

    def billing(self):
        return {'costIncluded': self.random.randint(0, 200) / 1000, 'costPurchased': 0}

    def leg(self, number, shared):
        leg = shared | {'legType': LEG_TYPES[shared['direction']][number],
                        'billing': self.billing()}
        if number == 0:
            return leg | {'master': True}
        later = self.moment + datetime.timedelta(milliseconds=1500 * number)
        return leg | {'startTime': stamp(min(later, NEWEST))}
