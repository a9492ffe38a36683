"""Generated calls of a fictional account, reproducible by seed.

Formats follow https://developers.ringcentral.com/guide/voice/call-log/details; the mix contains
difficult cases: fields that are missing, null or of another type, values outside the documented
enums, all kinds of text, ties, calls at boundaries of the calendar.
"""

import base64
import calendar
import collections
import datetime
import json
import random

import calls
import dates
import hosts

ACCOUNT = 'account'
ACCOUNT_ID = 731900200008

Extension = collections.namedtuple('Extension', 'id number name')
EXTENSIONS = (
    Extension(731900211008, '101', 'Amara Lindqvist'),
    Extension(731900212008, '102', 'Tomás "Tom" Ibáñez'),
    Extension(731900213008, '103', "Siobhán O'Dell"),
    Extension(731900214008, '104', '林 美咲'),
    Extension(48213008, '105', 'Priya & Sons'),
    Extension(731900216008, '2001', 'Front Desk'),
    Extension(731900217008, '2002', 'Support Queue 🎧'),
    Extension(731900218008, '90210', ''),
)
EXTENSION_IDS = tuple(extension.id for extension in EXTENSIONS)
OWNER = EXTENSIONS[0]
NUMBERS = {extension.id: extension.number for extension in EXTENSIONS}

COMPANY_NUMBER = '+18005550100'

Outcome = collections.namedtuple('Outcome', 'weight direction type action result reason')
OUTCOMES = (
    Outcome(300, 'Inbound', 'Voice', 'Phone Call', 'Accepted', None),
    Outcome(60, 'Inbound', 'Voice', 'Phone Call', 'Missed', None),
    Outcome(60, 'Inbound', 'Voice', 'Phone Call', 'Voicemail', None),
    Outcome(20, 'Inbound', 'Voice', 'Phone Call', 'Hang Up', 'Hang Up'),
    Outcome(10, 'Inbound', 'Voice', 'Phone Call', 'Hang up', None),
    Outcome(15, 'Inbound', 'Voice', 'Phone Call', 'Blocked', 'Number Blocked'),
    Outcome(15, 'Inbound', 'Voice', 'Phone Call', 'Abandoned', None),
    Outcome(10, 'Inbound', 'Voice', 'FindMe', 'Stopped', 'Stopped'),
    Outcome(5, 'Inbound', 'Voice', 'Phone Call', 'Ringing Elsewhere', None),
    Outcome(300, 'Outbound', 'Voice', 'VoIP Call', 'Call connected', None),
    Outcome(30, 'Outbound', 'Voice', 'VoIP Call', 'No Answer', 'Not Answered'),
    Outcome(20, 'Outbound', 'Voice', 'VoIP Call', 'Busy', 'Line Busy'),
    Outcome(10, 'Outbound', 'Voice', 'VoIP Call', 'Wrong Number', 'Bad Number'),
    Outcome(10, 'Outbound', 'Voice', 'VoIP Call', 'IP Phone Offline', None),
    Outcome(5, 'Outbound', 'Voice', '411 Info', 'Call connected', 'DescNoE911Address'),
    Outcome(5, 'Outbound', 'Voice', 'VoIP Call', 'International Restriction',
            'International Restricted'),
    Outcome(40, 'Outbound', 'Voice', 'RingOut Web', 'Call connected', None),
    Outcome(5, 'Outbound', 'Voice', 'Transfer', 'ResultEmpty', None),
    Outcome(3, 'Outbound', 'Voice', 'VoIP Call', 'In Progress', None),
    Outcome(30, 'Inbound', 'Fax', 'Incoming Fax', 'Received', None),
    Outcome(20, 'Outbound', 'Fax', 'Outgoing Fax', 'Sent', None),
    Outcome(5, 'Outbound', 'Fax', 'Outgoing Fax', 'Fax Not Sent', 'Fax Poor Line'),
    Outcome(2, 'Outbound', 'Fax', 'Outgoing Fax', 'No fax machine', None),
)
DRAWN_OUTCOMES = tuple(outcome for outcome in OUTCOMES for _ in range(outcome.weight))

REASON_DESCRIPTIONS = {
    'Hang Up': 'The caller gave up before the call was answered',
    'Number Blocked': 'This number is on the list of "blocked" numbers',
    'Line Busy': 'The other side was talking',
    'Bad Number': 'This number cannot be reached',
    'Stopped': 'Another member was faster',
    'DescNoE911Address': '',
}

INTERNAL_TYPES = ('Local', 'LongDistance', 'International', 'Sip', 'TollFreeNumber', 'Unknown',
                  'LocalNumber', 'Usual', 'SipTrunk')
LEG_TYPES = {
    'Inbound': ('Accept', 'PstnToSip', 'FindMe', 'RingDirectly', 'Hunting', 'SipToSip'),
    'Outbound': ('SipToPstnMetered', 'SipToPstnUnmetered', 'ExtensionToExtension',
                 'RingOutWebToCaller', 'SipToSip'),
}
LEG_RESULTS = ('Missed', 'Stopped', 'Accepted', 'No Answer', 'Answered Elsewhere', 'Connected')
LEG_COUNTS = (1,) * 12 + (2,) * 5 + (3, 3, 4, 5, 6)

NAMES = ('Ines Aboud', 'Jonas Meerwald', 'WIRELESS CALLER', 'Kestrel Roofing LLC', 'Oda Halvorsen',
         'Rafael Quintanilha', 'Marigold Dental', 'Bram van der Zanden', 'Noor Haddad',
         'Lucía Peñalver', 'Acme Widgets', 'Yusuf Demirci', 'Toll Free Call', 'Wei Jun Tan')
AWKWARD_NAMES = (
    '', ' ', 'NULL', 'null', '張偉', 'さくら商事', '김하늘', 'Жанна Орлова', 'مكتب الاستقبال', 'שולחן קבלה',
    '\u202eRTL override', '📞 Sales 👩‍👩‍👧‍👦', 'e\u0301te\u0301 (combining)', 'Ðéjà Vü',
    "D'Arcy \"Ace\" Quill", 'back\\slash\\', 'line one\nline two', 'carriage\r\nreturn',
    'tab\there', '100% sure %s %n', '<b>Bold</b> &amp; <script>', '{brace,"quote"}',
    "'; DROP TABLE calls; --", 'a,b;c|d', '\u2028', 'bell\u0007 unit\u001f', '\u007f',
    '$1 ${name} `id`', '𝕏𝕐𝕫 𓀀', 'x' * 300)
LOCATIONS = ('Springfield, IL', 'Portland (North), OR', ', CO', 'Łódź', 'San José, CA', '')

AREAS = ('201', '212', '303', '415', '503', '617', '720', '805', '917')
TOLL_FREE = ('800', '866', '888')
ABROAD = ('+442079460{:03d}', '+4923125{:03d}', '+33199005{:03d}', '+81355500{:03d}')
SHORT_CODES = ('411', '611', '911', '*86', '75010')

CATEGORIES = ('Sales', 'Support', 'VIP, "gold"', 'Análisis', 'back\\slash', '{}', 'NULL', '')
DELEGATION_TYPES = ('Coworker', 'QueueForwarding', 'Unknown')
NULLABLE = ('reason', 'reasonDescription', 'from', 'to', 'recording', 'extension', 'message',
            'transferTarget', 'metadataCategories', 'durationMs', 'telephonySessionId', 'partyId')

# With the option everyday: calls per hour of the day, relative to the maximum
BUSY = (.01, 0, 0, .01, .01, .03, .08, .25, .6, .95, 1, .9, .55, .75, .9, .85, .75, .5, .25, .15, .1, .06, .04, .02)
WEEKEND = 0.15

# json writes numbers without trailing zeros, the API sometimes with them. A number that must
# keep its format is encoded as a string between marks; the marks and the quotes are removed then.
MARK = '~#'
ENCODERS = tuple(json.JSONEncoder(ensure_ascii=ascii_only, separators=(',', ':')).encode
                 for ascii_only in (False, True))


def exact(number):
    return f'{MARK}{number}{MARK}'


def members(fields, encode):
    """The JSON of an object without its braces."""
    text = encode(fields)[1:-1]
    return text.replace('"' + MARK, '').replace(MARK + '"', '').encode()


def record_of(start, simple, detailed, encode=ENCODERS[False]):
    """A record of the members in both views, and those in Detailed only."""
    return calls.Record(start, simple | detailed, members(simple, encode),
                        b',' + members(detailed, encode))


def extension_number(extension_id):
    return NUMBERS.get(extension_id)


def path_of(scope):
    """Path of the account, or of an extension."""
    account = f'/restapi/v1.0/account/{ACCOUNT_ID}'
    return account if scope == ACCOUNT else f'{account}/extension/{scope}'


class Generator:
    def __init__(self, urls, options, now):
        self.random = random.Random(options.seed)
        self.chance = lambda probability: self.random.random() < probability
        self.pick = lambda values: values[int(self.random.random() * len(values))]
        self.base_url = urls[hosts.API]
        self.media_url = urls[hosts.MEDIA]
        self.account_uri = self.base_url + path_of(ACCOUNT)
        self.count = options.calls
        self.everyday = options.everyday
        self.now = now
        self.newest = now - options.youngest * 1000 - 1
        self.oldest = self.newest - (options.span or options.days * 86_400) * 1000
        self.modern_since = (self.oldest + self.newest) // 2
        self.last_id = None
        self.session = None

    def records(self):
        return [self.record(index, start) for index, start in enumerate(self.start_times())]

    # --- time ------------------------------------------------------------------------------

    def start_times(self):
        """Milliseconds, newest first: evenly distributed, at boundaries of the calendar, and ties;
        with the option everyday, during office hours."""
        times = [] if self.everyday else self.seams()[:self.count // 8]
        while len(times) < self.count - 1:
            times += [self.moment()] * self.pick((1,) * 60 + (2, 3))
        return sorted([self.newest, *times], reverse=True)[:self.count]

    def moment(self):
        moment = self.random.randint(self.oldest, self.newest)
        while self.everyday and not self.chance(busyness(moment)):
            moment = self.random.randint(self.oldest, self.newest)
        return moment // 1000 * 1000 if self.chance(0.3) else moment

    def seams(self):
        """Around midnights, ends of months, and changes of the clock in the US and the EU."""
        turns = []
        for month in months(self.oldest, self.newest):
            turns += turning_points(*month)
        times = [turn + shift for turn in turns for shift in (-3_600_000, -1, 0, 1, 999, 1000)]
        times = [time for time in times if self.oldest <= time <= self.newest]
        self.random.shuffle(times)
        return times

    # --- records ---------------------------------------------------------------------------

    def record(self, index, start, outcome=None):
        outcome = outcome or self.pick(DRAWN_OUTCOMES)
        modern = start >= self.modern_since
        shared = self.shared(outcome, start, modern)
        head = {'id': self.id(index), 'sessionId': self.session_id(index)}
        if modern or self.chance(0.3):
            head['telephonySessionId'] = self.telephony_session_id(modern)
        simple = head | shared | self.extras(outcome)
        if 'message' in simple:
            simple['message']['uri'] = self.message_uri(simple)
        detailed = {'transport': simple.pop('transport')} if not modern else {}
        detailed |= self.details(outcome, start, simple, shared)
        if self.chance(0.03):
            simple[self.pick(NULLABLE)] = None
        return record_of(start, simple, detailed, ENCODERS[self.chance(0.1)])

    def shared(self, outcome, start, modern):
        """Members common to a record and its master leg."""
        fields = {'startTime': dates.stamp(start)}
        if outcome.result != 'In Progress':
            milliseconds = int(self.random.expovariate(1 / 120_000)) + 1
            fields['duration'] = milliseconds // 1000
            if modern and self.chance(0.8):
                fields['durationMs'] = milliseconds
        fields['type'] = outcome.type
        if self.chance(0.5):
            fields['internalType'] = self.pick(INTERNAL_TYPES)
        fields |= {'direction': outcome.direction, 'action': outcome.action,
                   'result': outcome.result}
        if outcome.reason:
            fields['reason'] = outcome.reason
            fields['reasonDescription'] = REASON_DESCRIPTIONS.get(outcome.reason, outcome.reason)
        extension = self.extension()
        self.add_parties(fields, outcome.direction, extension)
        if self.chance(0.75):
            fields['extension'] = {'uri': self.base_url + path_of(extension.id), 'id': extension.id}
        fields['transport'] = 'PSTN' if self.chance(0.4) else 'VoIP'
        return fields

    def extension(self):
        return self.pick(EXTENSIONS[:-1] if self.everyday else EXTENSIONS)

    def extras(self, outcome):
        """Members of some records."""
        fields = {}
        if outcome.type == 'Fax' or outcome.result == 'Voicemail':
            fields['message'] = self.message('Fax' if outcome.type == 'Fax' else 'VoiceMail')
        elif self.chance(0.14):
            fields['recording'] = self.recording()
        elif self.chance(0.01):
            fields['shortRecording'] = True
        if self.chance(0.1):
            fields['partyId'] = f'p-{self.random.getrandbits(48):012x}-{self.pick("123")}'
            fields['sipUuidInfo'] = f'{self.random.getrandbits(128):032x}'
        if self.chance(0.12):
            name, make = self.pick(RARE)
            fields[name] = make(self)
            if name == 'delegate':
                fields['delegationType'] = self.pick(DELEGATION_TYPES)
        if self.chance(0.01):
            fields['deleted'] = True
        return fields

    def details(self, outcome, start, simple, shared):
        """Members of the Detailed view only."""
        end = start + (simple.get('duration') or 0) * 1000
        count = 1 if outcome.type == 'Fax' else self.pick(LEG_COUNTS)
        costs = [self.pick(((0, 0), (97, 0), (0, 1560), (100, 35))) for _ in range(count)]
        modified = min(end + self.random.randint(500, 90_000), self.now)
        fields = {'lastModifiedTime': dates.stamp(modified),
                  'billing': self.billing(sum(row[0] for row in costs),
                                          sum(row[1] for row in costs))}
        if self.chance(0.98):
            fields['legs'] = [self.leg(number, start, simple, shared, costs[number])
                              for number in range(count)]
        return fields

    def leg(self, number, start, simple, shared, cost):
        leg = dict(shared, legType=self.pick(LEG_TYPES[shared['direction']]))
        if 'telephonySessionId' in simple:
            leg['telephonySessionId'] = simple['telephonySessionId']
        if number == 0:
            leg['master'] = True
            leg |= {name: simple[name] for name in ('recording', 'message') if name in simple}
        else:
            leg['startTime'] = dates.stamp(start + number * 1500)
            leg['result'] = self.pick(LEG_RESULTS)
        if 'recording' not in leg and self.chance(0.01):
            leg['recording'] = self.recording()
        leg['billing'] = self.billing(*cost)
        return leg

    # --- identifiers -----------------------------------------------------------------------

    def id(self, index):
        """Unique, with - and _; some differ only in case from the one before."""
        if index % 997 == 1 and self.last_id.swapcase() != self.last_id:
            return self.last_id.swapcase()
        number = self.random.getrandbits(58) << 30 | index * 0x9E3779B1 % (1 << 30)
        self.last_id = base64.urlsafe_b64encode(number.to_bytes(11, 'big')).decode().rstrip('=')
        return self.last_id

    def session_id(self, index):
        """A call to oneself is two records with one session; RingOut sessions are 1000 apart."""
        if self.session is None or not self.chance(0.01):
            self.session = 480_000_000_000 + (self.count - index) * 7000
            return str(self.session)
        return str(self.session + self.pick((0, 1000)))

    def telephony_session_id(self, modern):
        if modern:
            return f's-{self.random.getrandbits(52):013x}z{self.random.getrandbits(44):011x}z0000'
        return base64.b64encode(b'cs1' + self.random.randbytes(13)).decode()

    def number_id(self):
        return self.random.randint(1_000_000, 3_999_999_999)

    # --- parts -----------------------------------------------------------------------------

    def add_parties(self, fields, direction, extension):
        ours, theirs = self.our_party(extension), self.their_party()
        sides = (theirs, ours) if direction == 'Inbound' else (ours, theirs)
        dialed = ('from', 'dialerPhoneNumber') if direction == 'Inbound' else (
            'to', 'dialedPhoneNumber')
        for side, party in zip(('from', 'to'), sides):
            if self.chance(0.05):
                party = self.pick((None, {}, {'name': self.name()}))
            if party and side == dialed[0] and self.chance(0.1):
                party[dialed[1]] = party.get('phoneNumber', '').lstrip('+')
            if party is not None:
                fields[side] = party

    def our_party(self, extension):
        party = {'name': extension.name}
        if self.chance(0.7):
            party['extensionNumber'] = extension.number
            # Documented as a string; sometimes a number.
            party['extensionId'] = extension.id if self.chance(0.1) else str(extension.id)
        else:
            party['phoneNumber'] = COMPANY_NUMBER
        if self.chance(0.05):
            party['device'] = {'uri': f'{self.account_uri}/device/{extension.id + 5}',
                               'id': str(extension.id + 5)}
        return party

    def their_party(self):
        party = {'phoneNumber': self.phone_number()}
        if self.chance(0.7):
            party['name'] = self.name()
        if self.chance(0.5):
            party['location'] = self.pick(LOCATIONS)
        return party

    def name(self):
        return self.pick(AWKWARD_NAMES if not self.everyday and self.chance(0.15) else NAMES)

    def phone_number(self):
        style = self.random.random()
        line = int(self.random.random() * 100)
        if style < 0.80:
            return f'+1{self.pick(AREAS)}55501{line:02d}'
        if style < 0.86:
            return f'1{self.pick(AREAS)}55501{line:02d}'
        if style < 0.90:
            return f'({self.pick(TOLL_FREE)})555-01{line:02d}'
        if style < 0.93:
            return f'+1{self.pick(AREAS)}555XXXX'
        if style < 0.96:
            return self.pick(SHORT_CODES)
        return self.pick(ABROAD).format(line)

    def recording(self):
        number = self.number_id()
        path = f'{path_of(ACCOUNT)}/recording/{number}'
        return {'uri': self.base_url + path, 'id': number if self.chance(0.1) else str(number),
                'type': 'Automatic' if self.chance(0.7) else 'OnDemand',
                'contentUri': f'{self.media_url}{path}/content'}

    def message(self, kind):
        number = self.number_id()
        return {'uri': None, 'id': str(number), 'type': kind}

    def message_uri(self, fields):
        """In the mailbox of the call's extension, or in that of the token's owner."""
        mailbox = fields.get('extension', {'id': OWNER.id})['id']
        return f'{self.base_url}{path_of(mailbox)}/message-store/{fields["message"]["id"]}'

    def delegate(self):
        extension = self.pick(EXTENSIONS)
        return {'id': str(extension.id), 'name': extension.name}

    def transfer(self):
        return {'telephonySessionId': self.telephony_session_id(True)}

    def categories(self):
        return self.random.sample(CATEGORIES, self.random.randint(1, 3))

    def unheard_of(self):
        """A member that is not in the specification."""
        return {'score': exact('2.50'), 'tags': ['a', None, True], 'text': self.name()}

    def billing(self, included, purchased):
        """Costs in thousandths."""
        return {'costIncluded': self.amount(included), 'costPurchased': self.amount(purchased)}

    def amount(self, thousandths):
        if thousandths == 0:
            return exact('0.0') if self.chance(0.5) else 0
        return exact(f'{thousandths / 1000:.3f}') if self.chance(0.3) else thousandths / 1000


RARE = (
    ('delegate', Generator.delegate),
    ('transferTarget', Generator.transfer),
    ('transferee', Generator.transfer),
    ('metadataCategories', Generator.categories),
    ('metadataCategories', Generator.categories),
    ('finished', lambda generator: generator.chance(0.8)),
    ('unheardOf', Generator.unheard_of),
)


def busyness(moment):
    """The probability that a call at this millisecond is taken, with the option everyday."""
    time = dates.EPOCH + datetime.timedelta(milliseconds=moment)
    return BUSY[time.hour] * (WEEKEND if time.weekday() >= 5 else 1)


def months(first, last):
    """(year, month) of every month that touches the milliseconds first to last."""
    start, end = (dates.EPOCH + datetime.timedelta(milliseconds=limit) for limit in (first, last))
    numbers = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [(number // 12, number % 12 + 1) for number in numbers]


def turning_points(year, month):
    """Beginning and middle of a month; the changes to and from summer time, US Eastern and EU."""
    sundays = [week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month)
               if week[calendar.SUNDAY]]
    points = [(1, 0), (15, 0)]
    points += {3: [(sundays[1], 7), (sundays[-1], 1)], 10: [(sundays[-1], 1)],
               11: [(sundays[0], 6)]}.get(month, [])
    return [int((datetime.datetime(year, month, day, hour) - dates.EPOCH).total_seconds()) * 1000
            for day, hour in points]
