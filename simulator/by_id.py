"""Call records by id: one as the response, several as a batch whose parts have separate statuses.

https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallRecord
https://developers.ringcentral.com/guide/basics/batch-requests
"""

import collections
import itertools
import urllib.parse
import zlib

import call_log
import errors
import faults
import messages
import parameters

LIMIT = 50

MULTIPART = 'multipart/mixed'
MULTIPART_JSON = 'application/vnd.ringcentral.multipart+json'
TYPES = (MULTIPART, 'multipart/*', MULTIPART_JSON)

# Real servers mix them within one response; three of them cover all combinations in a part.
LINE_ENDS = (b'\n', b'\r\n', b'\r\n')

Part = collections.namedtuple('Part', 'id status body')


class ById:
    def __init__(self, renderer, options, dataset):
        self.renderer = renderer
        self.options = options
        self.dataset = dataset

    def answer(self, request, path, twist):
        texts = path.pop('ids').split(',')      # a comma within an id comes as %2C
        scope = call_log.scope_of(path)
        view = parameters.parse(request.parameters(), parameters.BY_ID)['view']
        if '' in texts:
            raise errors.invalid_parameter('callRecordId')
        if len(texts) > LIMIT:
            raise errors.batch_too_large(LIMIT)
        parts = [self.part(scope, urllib.parse.unquote(text), view) for text in texts]
        if len(parts) == 1:
            return messages.Body(parts[0].body, found(parts), parts[0].status)
        if twist and twist.kind == 'part':
            fail(parts, twist)
        if self.options.multipart_json or MULTIPART_JSON in request.header('accept', ''):
            return batch(parts, MULTIPART_JSON, multipart_json(parts))
        hrefs = [f'{self.renderer.uri(scope, "call-log")}/{text}' for text in texts]
        boundary, parameter = self.boundary(hrefs)
        return batch(parts, f'{MULTIPART}; boundary={parameter}', mixed(hrefs, parts, boundary))

    def part(self, scope, record_id, view):
        record = self.dataset.listings[scope].find(record_id)
        if record is None or record.deleted and not self.options.deleted_by_id:
            error = errors.not_found(self.options.record_parameter)
            return Part(record_id, error.status, messages.to_json(error.content))
        body, = self.renderer.records(scope, [record], view)
        return Part(record_id, 200, body)

    def boundary(self, hrefs):
        """The boundary, and its notation in the header; `=` must be quoted."""
        number = f'Boundary_{len(hrefs)}_{zlib.crc32(",".join(hrefs).encode())}'
        if self.options.multipart_quoted:
            return f'=_{number}', f'"=_{number}"'
        return number, number


def fail(parts, fault):
    """Let one part fail; the first is number 1."""
    position = fault.get('n', 1) - 1
    if position in range(len(parts)):
        status, content = faults.failure(fault)
        parts[position] = Part(parts[position].id, status, messages.to_json(content))


def batch(parts, content_type, content):
    return messages.Body(content, found(parts), 207, [('Content-Type', content_type)])


def found(parts):
    return sum(part.status == 200 for part in parts)


def multipart_json(parts):
    return b'[%b]' % b','.join([b'{"resourceId":%b,"status":%d,"body":%b}' % (
        messages.to_json(part.id), part.status, part.body) for part in parts])


def mixed(hrefs, parts, boundary):
    """A part with the status of each id, then the parts of the ids in the order of the request."""
    states = [{'href': href, 'status': part.status,
               'responseDescription': messages.phrase(part.status)}
              for href, part in zip(hrefs, parts)]
    mark = b'--' + boundary.encode()
    lines = []
    for body in (messages.to_json({'response': states}), *(part.body for part in parts)):
        lines += [mark, b'Content-Type: application/json', b'', body]
    return b''.join(line + end for line, end in zip([*lines, mark + b'--'],
                                                    itertools.cycle(LINE_ENDS)))
