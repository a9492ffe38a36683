"""directory/entries: people, queues and places of the company, in pages, with totals.

Its errors have a format and codes of their own.

https://developers.ringcentral.com/api-reference/Internal-Contacts/listDirectoryEntries
"""

import urllib.parse
import zlib

import calls
import data
import errors
import messages
import parameters
import people

PEOPLE = 'User'
OWN_ACCOUNT = str(data.ACCOUNT_ID)


class Directory:
    def __init__(self, urls, options):
        self.urls = urls
        self.options = options
        self.made = calls.Cache(4)

    def entries(self):
        key = (self.options.seed, self.options.people)
        return self.made.get(key, lambda: people.Generator(self.urls, self.options).entries())

    def own(self):
        """Entries of the own account, as JSON."""
        return [text_of(entry, False) for entry in self.entries() if is_own(entry)]

    def answer(self, request, path, twist):
        if urllib.parse.unquote(path['accountId']) not in ('~', OWN_ACCOUNT):
            raise errors.directory(404, 'ADG-107', 'Account not found.')
        values = parameters.parse(request.parameters(), parameters.DIRECTORY,
                                  errors.invalid_directory_parameter)
        found = [entry for entry in self.entries() if selected(entry, values)]
        number, size = values['page'], self.size(values['perPage'], len(found))
        if twist and twist.kind == 'repeat-page':
            number = max(1, number - 1)
        shown = found[(number - 1) * size:number * size]
        if twist and twist.kind == 'unsorted':
            shown = shown[::-1]
        content = b'{"paging":%b,"records":[%b]}' % (
            messages.to_json(paging(number, size, len(shown), len(found))),
            b','.join(text_of(entry, values['showFederated']) for entry in shown))
        tag = f'"{zlib.crc32(content):08x}"'
        if request.header('if-none-match') == tag:
            return messages.Body(b'', None, 304, [('ETag', tag)])
        return messages.Body(content, len(shown), headers=[('ETag', tag)])

    def size(self, asked, total):
        """2000 is accepted, although the response has a page size of at most 1000."""
        if asked == float('inf') and self.options.directory_all:
            return max(1, total)
        return min(asked, self.options.directory_page)


def selected(entry, values):
    is_person = entry['type'] == PEOPLE
    return ((values['showFederated'] or is_own(entry))
            and values.get('type', entry['type']) == entry['type']
            and values.get('typeGroup', 'User' if is_person else 'NonUser')
            == ('User' if is_person else 'NonUser')
            and ('siteId' not in values
                 or (entry.get('site') or {}).get('id') == values['siteId']))


def is_own(entry):
    return entry['account']['id'] == OWN_ACCOUNT


def text_of(entry, federated):
    shown = {name: value for name, value in entry.items() if federated or name != 'account'}
    return messages.to_json(shown)


def paging(number, size, count, total):
    """Without page numbers for an empty page, with totals always."""
    shown = {'perPage': size, 'totalPages': -(-total // size), 'totalElements': total}
    if count:
        start = (number - 1) * size
        shown |= {'page': number, 'pageStart': start, 'pageEnd': start + count - 1}
    return shown
