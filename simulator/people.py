"""Generated directory entries: the extensions of the calls, other entries, colleagues.

https://developers.ringcentral.com/api-reference/Internal-Contacts/listDirectoryEntries
"""

import collections
import random

import data
import hosts

FEDERATED_ACCOUNT_ID = 731900300008

Site = collections.namedtuple('Site', 'id name code')
SITES = (Site('731900250008', 'Main Site', None), Site('731900251008', 'Łódź "Nord"', '1007'),
         Site('731900252008', '', '1008'))

DEPARTMENTS = ('Sales', 'Support', 'R&D', 'Büro', '', None)
JOB_TITLES = ('Sales manager', 'Engineer', '=cmd()', 'Líder', None)
STATUSES = ('Enabled',) * 12 + ('Disabled', 'NotActivated', 'Frozen')

QUEUES = ('2001', '2002')

# Type, number and name of entries other than people; the last type is not in the specification.
PLACES = (
    ('Announcement', '2101', 'Holiday hours'), ('Voicemail', '2102', 'General mailbox'),
    ('SharedLinesGroup', '2103', 'Reception'), ('PagingOnly', '2104', 'Warehouse; loud'),
    ('ParkLocation', '811', 'Park 1'), ('IvrMenu', '2105', 'Main menu'),
    ('Limited', '2106', 'Lobby phone'), ('Site', '1007', 'Łódź "Nord"'), ('Room', None, 'Room 5'),
    ('Bot', None, 'Bot 🤖'), ('Hologram', '2107', None))


class Generator:
    """The order of the entries is random."""

    def __init__(self, urls, options):
        self.random = random.Random(f'people {options.seed}')
        self.base_url = urls[hosts.API]
        self.count = options.people

    def entries(self):
        """Dictionaries; the contacts of a federated account have another `account`."""
        entries = [*map(self.known, data.EXTENSIONS), *map(self.place, PLACES),
                   *map(self.colleague, range(self.count))]
        self.random.shuffle(entries)
        account = self.account(data.ACCOUNT_ID, 'Simulated Company', data.COMPANY_NUMBER)
        foreign = self.account(FEDERATED_ACCOUNT_ID, 'Federated "Twin"', '+18005550199')
        federated = [self.colleague(1_000_000 + number) for number in range(3)]
        return ([entry | {'account': account} for entry in entries]
                + [entry | {'account': foreign} for entry in federated])

    def known(self, extension):
        """An extension that has calls."""
        # Documented as a string; sometimes a number.
        entry_id = extension.id if extension.number == '105' else str(extension.id)
        entry = {'id': entry_id, 'extensionNumber': extension.number}
        if extension.number in QUEUES:
            return entry | {'type': 'Department', 'status': 'Enabled', 'name': extension.name,
                            'site': self.site(SITES[0])}
        first, _, last = extension.name.rpartition(' ')
        return entry | self.person(first, last) | {'status': 'Enabled'}

    def place(self, row):
        kind, number, name = row
        entry = {'id': str(self.random.randrange(10**11, 10**12)), 'type': kind,
                 'status': 'Enabled', 'name': name, 'extensionNumber': number, 'hidden': False}
        return {key: value for key, value in entry.items() if value is not None}

    def colleague(self, number):
        """A person without calls."""
        entry = {'id': str(731_910_000_008 + 1000 * number)}
        status = self.random.choice(STATUSES)
        if status != 'NotActivated':
            entry['extensionNumber'] = str(3000 + number)
        name = self.random.choice(data.AWKWARD_NAMES if self.random.random() < 0.1 else data.NAMES)
        first, _, last = name.rpartition(' ')
        return entry | self.person(first, last) | {'status': status}

    def person(self, first, last):
        chance = self.random.random
        entry = {'type': 'User', 'firstName': first, 'lastName': last}
        if chance() < 0.3:
            entry['name'] = f'{first} {last}'.strip()
        entry['department'] = self.random.choice(DEPARTMENTS)
        if chance() < 0.6:
            entry['jobTitle'] = self.random.choice(JOB_TITLES)
        if chance() < 0.8:
            entry['email'] = f'user{self.random.randrange(10**6)}@example.com'
        if chance() < 0.9:
            entry['phoneNumbers'] = [self.number() for _ in range(self.random.choice((0, 1, 1, 2)))]
        if chance() < 0.8:
            entry['site'] = self.site(self.random.choice(SITES))
        if chance() < 0.3:
            entry['profileImage'] = {'etag': f'{self.random.getrandbits(64):x}',
                                     'uri': f'{self.base_url}/image/{self.random.randrange(99)}'}
        if chance() < 0.2:
            entry['customFields'] = [{'id': '1032854', 'name': 'Rank', 'value': '5'}]
        if chance() < 0.1:
            entry |= {'hidden': True, 'integration': None, 'unheardOf': [1, {'a': None}]}
        return entry

    def number(self):
        line = f'{self.random.choice(data.AREAS)}55501{self.random.randrange(100):02d}'
        text, shown = f'+1{line}', f'+1 ({line[:3]}) {line[3:6]}{line[6:]}'
        number = {'phoneNumber': text, 'formattedPhoneNumber': shown, 'type': 'VoiceFax',
                  'usageType': self.random.choice(('DirectNumber', 'MobileNumber', 'Satellite'))}
        if self.random.random() < 0.3:
            number |= {'e164': text, 'formatted': shown, 'primary': True, 'hidden': False,
                       'label': 'Boss', 'smsAvailabilityStatus': 'Active'}
        return number

    def site(self, site):
        fields = {'id': site.id, 'name': site.name, 'code': site.code}
        return {name: value for name, value in fields.items() if value is not None}

    def account(self, account_id, name, number):
        return {'id': str(account_id), 'companyName': name, 'federatedName': 'Simulated Holding',
                'mainNumber': {'phoneNumber': number, 'usageType': 'MainCompanyNumber'}}
