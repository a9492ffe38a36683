"""The API: endpoints, their permissions, and checks that precede the evaluation of parameters."""

import collections
import re

import active_calls
import by_id
import call_log
import call_log_sync
import directory
import errors
import extract_sync
import hosts
import message_store
import messages
import oauth
import ratelimit
import recordings
import render

JSON_TYPES = ('application/json', 'application/*', '*/*')

# `app` and `user` are the required permissions, of the user those for the account and for an
# extension; `types`: media types accepted in the header Accept
Endpoint = collections.namedtuple('Endpoint', 'method path group answer app user types host',
                                  defaults=(None, (None, None), JSON_TYPES, hosts.API))

ACCOUNT = '/restapi/v1.0/account/(?P<accountId>[^/]+)'
LEVEL = ACCOUNT + '(?:/extension/(?P<extensionId>[^/]+))?'
EXTENSION = ACCOUNT + '/extension/(?P<extensionId>[^/]+)'
RECORDING = ACCOUNT + '/recording/(?P<recordingId>[^/]+)'

COMPANY_LOG = ('FullCompanyCallLog', 'ReadCallLog')
LOG = ('ReadCallLog', 'ReadCallLog')

# The group of unlimited requests without authorization
PUBLIC = None


class Api:
    def __init__(self, urls, options, clock, dataset):
        self.base_url = urls[hosts.API]
        self.options = options
        self.dataset = dataset
        self.tokens = oauth.Tokens(options)
        self.limiter = ratelimit.RateLimiter(options)
        self.renderer = render.Renderer(urls, options)
        self.call_log = call_log.CallLog(self.renderer, options, clock, dataset)
        self.active_calls = active_calls.ActiveCalls(self.renderer, options, clock, dataset)
        self.by_id = by_id.ById(self.renderer, options, dataset)
        self.call_log_sync = call_log_sync.CallLogSync(self.renderer, options, clock, dataset)
        self.extract_sync = extract_sync.ExtractSync(self.renderer, options, clock, dataset)
        self.recordings = recordings.Recordings(self.renderer, options, clock, dataset)
        self.directory = directory.Directory(urls, options)
        self.message_store = message_store.MessageStore(self.renderer, options, clock, dataset)
        self.endpoints = (
            Endpoint('GET', re.compile('/restapi'), PUBLIC, self.versions),
            Endpoint('POST', re.compile('/restapi/oauth/token'), 'auth', self.token),
            Endpoint('GET', re.compile(LEVEL + '/call-log'), 'heavy', self.call_log.answer,
                     'ReadCallLog', COMPANY_LOG),
            Endpoint('GET', re.compile(LEVEL + '/call-log/(?P<ids>[^/]+)'), 'heavy',
                     self.by_id.answer, 'ReadCallLog', COMPANY_LOG, (*JSON_TYPES, *by_id.TYPES)),
            Endpoint('GET', re.compile(LEVEL + '/active-calls'), 'heavy',
                     self.active_calls.answer, 'ReadCallLog', LOG),
            Endpoint('GET', re.compile(LEVEL + '/call-log-sync'), 'heavy',
                     self.call_log_sync.answer, 'ReadCallLog', LOG),
            Endpoint('GET', re.compile(ACCOUNT + '/call-log-extract-sync'), 'heavy',
                     self.extract_sync.answer, 'ReadCallLog', LOG),
            Endpoint('GET', re.compile(RECORDING), 'heavy', self.recordings.answer,
                     'ReadCallRecording', ('ReadCallRecording', None)),
            Endpoint('GET', re.compile(RECORDING + '/content'), 'heavy',
                     self.recordings.answer_content, 'ReadCallRecording', (None, None),
                     recordings.TYPES, hosts.MEDIA),
            Endpoint('GET', re.compile(ACCOUNT + '/directory/entries'), 'medium',
                     self.directory.answer, 'ReadAccounts'),
            Endpoint('GET', re.compile(EXTENSION + '/message-store'), 'light',
                     self.message_store.answer, 'ReadMessages', (None, 'ReadMessages')),
        )

    def reset(self):
        self.tokens.clear()
        self.limiter.clear()
        self.dataset.restore()
        self.recordings.defects.clear()
        self.forget()

    def forget(self):
        """The options changed."""
        self.call_log.forget()
        self.active_calls.forget()
        self.message_store.forget()

    def answer(self, request, host, twist=None):
        """(status, headers, body) of a request; for `twist` see faults.py."""
        headers = []
        try:
            endpoint, path = self.route(request, host)
            self.admit(request, endpoint, path, headers)
            body = endpoint.answer(request, path, twist)
            return body.status, headers + body.headers, body
        except errors.ApiError as error:
            return error.status, headers + error.headers, messages.json_body(error.content)

    def route(self, request, host):
        for endpoint in self.endpoints:
            match = endpoint.path.fullmatch(request.path)
            if not match or endpoint.host != host:
                continue
            if request.method != endpoint.method:
                raise errors.refused(405, 'MethodNotAllowed', 'HTTP 405 Method Not Allowed',
                                     [('Allow', endpoint.method)])
            return endpoint, match.groupdict()
        raise errors.invalid_uri()

    def admit(self, request, endpoint, path, headers):
        """Rate limit first: a request that is rejected for another reason counts, too."""
        if endpoint.group is PUBLIC:
            return
        passes, limits = self.limiter.admit(endpoint.group)
        headers += limits
        if not passes:
            raise errors.rate_exceeded(self.options.rate_window)
        if endpoint.group != 'auth':
            self.tokens.check(request.header('authorization'))
            self.permit(endpoint, path)
        accepted = request.header('accept', '*/*')
        if not any(name in accepted for name in endpoint.types):
            raise errors.refused(406, 'NotAcceptable', 'HTTP 406 Not Acceptable')

    def permit(self, endpoint, path):
        """Of the application, then of the user."""
        if endpoint.app not in self.options.scope.split():
            raise errors.not_permitted_to_application(endpoint.app)
        needed = endpoint.user[path.get('extensionId') is not None]
        if needed in self.options.denied.split():
            raise errors.not_permitted_to_user(needed)

    def versions(self, request, path, twist):
        version = {'uri': self.base_url + '/restapi/v1.0', 'versionString': '1.0.60',
                   'uriString': 'v1.0'}
        return messages.json_body({'uri': self.base_url + '/restapi', 'apiVersions': [version]})

    def token(self, request, path, twist):
        return messages.json_body(oauth.answer(self.tokens, request))
