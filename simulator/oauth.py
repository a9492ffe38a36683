"""The token endpoint and the tokens it issued.

https://developers.ringcentral.com/guide/authentication/jwt-flow
"""

import base64
import binascii
import threading
import time
import urllib.parse

import data
import errors

CLIENT_ID = 'simulator-client'
CLIENT_SECRET = 'simulator-secret'
JWT = 'simulator.jwt.assertion'
LASTING_TOKEN = 'simulator-access-token'

JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
FORM = 'application/x-www-form-urlencoded'
REQUESTED_TTL = range(600, 3601)
REFRESH_TTL = range(0, 2_592_001)


class Tokens:
    """Access tokens and their expiry, in real time, even if the clock is frozen."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        with self.lock:
            self.expiry = {LASTING_TOKEN: float('inf')}
            self.issued = 0

    def issue(self, requested_ttl):
        ttl = min(self.options.token_ttl, requested_ttl)
        with self.lock:
            self.issued += 1
            token = f'simulator-access-token-{self.issued}'
            self.expiry[token] = time.monotonic() + ttl
            if self.options.sessions:
                for oldest in list(self.expiry)[1:-self.options.sessions]:
                    del self.expiry[oldest]
        return {'access_token': token, 'token_type': 'bearer', 'expires_in': ttl,
                'scope': self.options.scope, 'owner_id': str(data.OWNER.id),
                'endpoint_id': 'simulator-endpoint', 'session_id': f'simulator-session-{self.issued}'}

    def check(self, authorization):
        """Raise the API's error for this Authorization header, if any."""
        if authorization is None:
            raise errors.unauthorized('AGW-401', 'Authorization header is not specified')
        kind, _, token = authorization.partition(' ')
        if kind.lower() == 'basic':
            raise errors.unauthorized('OAU-151', 'Authorization method not supported')
        if kind.lower() != 'bearer' or not token:
            raise errors.unauthorized('AGW-402', 'Invalid Authorization header')
        expiry = self.expiry.get(token)
        if expiry is None:
            raise errors.unauthorized('OAU-213', 'Token not found')
        if time.monotonic() >= expiry:
            raise errors.unauthorized('OAU-128', 'Access token expired')


def answer(tokens, request):
    """POST /restapi/oauth/token."""
    if request.header('content-type', '').partition(';')[0].strip().lower() != FORM:
        raise errors.refused(415, 'UnsupportedMediaType', 'HTTP 415 Unsupported Media Type')
    check_client(request.header('authorization'))
    form = read_form(request.body)
    if form.get('grant_type') != JWT_BEARER:
        raise errors.oauth('unsupported_grant_type', 'Unsupported grant type', 'OAU-250')
    check_assertion(form.get('assertion'))
    requested_ttl(form, 'refresh_token_ttl', '0', REFRESH_TTL)
    return tokens.issue(requested_ttl(form, 'access_token_ttl', '3600', REQUESTED_TTL))


def check_client(authorization):
    kind, _, credentials = (authorization or '').partition(' ')
    try:
        text = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ''
    if kind.lower() != 'basic' or ':' not in text:
        raise errors.oauth('invalid_client', 'Invalid Authorization header value', 'OAU-123')
    client_id, client_secret = map(urllib.parse.unquote, text.split(':', 1))
    if client_id != CLIENT_ID:
        raise errors.oauth('invalid_client', 'Invalid client', 'OAU-153')
    if client_secret != CLIENT_SECRET:
        raise errors.oauth('invalid_client', 'Invalid client credentials', 'OAU-146')


def read_form(body):
    try:
        pairs = urllib.parse.parse_qsl(body.decode('ascii'), keep_blank_values=True,
                                       strict_parsing=True, errors='strict')
    except ValueError:
        raise errors.oauth('invalid_request', 'Malformed request body') from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise errors.oauth('invalid_request', 'Repeated parameter')
    return dict(pairs)


def check_assertion(assertion):
    if not assertion:
        raise errors.oauth('invalid_request', 'Parameter [assertion] is missing')
    if assertion.count('.') != 2:
        raise errors.oauth('invalid_grant', 'Unparseable assertion')
    if assertion != JWT:
        raise errors.oauth('invalid_grant', 'Token not found', 'OAU-213')


def requested_ttl(form, name, default, values):
    text = form.get(name, default)
    if not text.isdecimal() or int(text) not in values:
        raise errors.oauth('invalid_request', f'Parameter [{name}] value is invalid')
    return int(text)
