"""Error responses in RingCentral's format.

https://developers.ringcentral.com/guide/basics/errors
"""

# The outermost errorCode, where it is not the code in errors[]
ALIASES = {
    'CMN-101': 'InvalidParameter',
    'CMN-211': 'MaintenanceMode',
    'CMN-401': 'InsufficientPermissions',
    'OAU-128': 'TokenExpired',
    'OAU-213': 'TokenInvalid',
}

BEARER_CHALLENGE = 'Bearer realm="RingCentral REST API"'


class ApiError(Exception):
    """A response other than 200: `content` is the JSON body, `headers` are additional headers."""

    def __init__(self, status, content, headers=()):
        super().__init__(status)
        self.status = status
        self.content = content
        self.headers = list(headers)


def content(code, message, **details):
    """The usual body; `details` (parameterName, permissionName) are contained twice."""
    return {'errorCode': ALIASES.get(code, code), 'message': message,
            'errors': [{'errorCode': code, 'message': message, **details}], **details}


def invalid_parameter(name):
    return ApiError(400, content('CMN-101', f'Parameter [{name}] value is invalid',
                                 parameterName=name))


def directory(status, code, message, **details):
    """The directory's own format.

    https://developers.ringcentral.com/api-reference/Internal-Contacts/listDirectoryEntries
    """
    return ApiError(status, {'errors': [{'errorCode': code, 'message': message, **details}]})


def invalid_directory_parameter(name):
    return directory(400, 'ADG-121', f'Parameter [{name}] is invalid. ', parameterName=name)


def excluded_combination(name, other):
    return ApiError(400, content(
        'CLG-110', f'Parameter [{name}] is not allowed for usage along with parameter [{other}]',
        parameterName=name))


def invalid_sync_token(code, why=''):
    return ApiError(400, content(code, f'Parameter [syncToken] is invalid{why}',
                                 parameterName='syncToken'))


def not_found(name):
    """Without a name if `name` is none, as the specification does not require one for 404."""
    if name == 'none':
        return ApiError(404, content('CMN-102', 'Resource is not found'))
    return ApiError(404, content('CMN-102', f'Resource for parameter [{name}] is not found',
                                 parameterName=name))


def not_permitted_to_application(permission):
    return ApiError(403, content(
        'CMN-401', f'In order to call this API endpoint, application needs to have [{permission}] '
        'permission', permissionName=permission))


def not_permitted_to_user(permission):
    return ApiError(403, content(
        'CMN-408', f'In order to call this API endpoint, user needs to have [{permission}] '
        'permission for requested resource', permissionName=permission))


def internal():
    return ApiError(500, content('CMN-203', 'Internal Server Error'))


def batch_too_large(limit):
    return ApiError(400, content('CMN-106', f'Batch request is limited to {limit} entries'))


def range_not_satisfiable(size):
    return ApiError(416, content('CMN-107', 'Requested range is not satisfiable'),
                    [('Content-Range', f'bytes */{size}')])


def invalid_uri():
    return ApiError(404, content('CMN-120', 'Invalid URI'))


def unauthorized(code, message):
    return ApiError(401, content(code, message), [('WWW-Authenticate', BEARER_CHALLENGE)])


def rate_exceeded(seconds):
    return ApiError(429, content('CMN-301', 'Request rate exceeded'),
                    [('Retry-After', str(seconds))])


def refused(status, name, message, headers=()):
    """405, 406, 415: the specification has a status, but no code."""
    return ApiError(status, {'errorCode': name, 'message': message, 'errors': []}, headers)


def oauth(error, description, code=None):
    """The token endpoint's own format; `errors` is missing without a RingCentral code."""
    body = {'error': error, 'error_description': description}
    if code:
        body['errors'] = [{'errorCode': code, 'message': description}]
    challenge = f'{BEARER_CHALLENGE}, error="{error}", error_description="{description}"'
    return ApiError(400, body, [('WWW-Authenticate', challenge)])
