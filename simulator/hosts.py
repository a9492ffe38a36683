"""The hosts by name: RingCentral's two, and a foreign one.

https://developers.ringcentral.com/guide/voice/call-log/recordings
"""

API = 'api'
MEDIA = 'media'
FOREIGN = 'foreign'     # the token must not be sent there

NAMES = (API, MEDIA, FOREIGN)
