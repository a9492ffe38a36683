"""The hosts by name: RingCentral's two, and a foreign one.

https://developers.ringcentral.com/guide/voice/call-log/recordings
"""

API = 'api'
MEDIA = 'media'
FOREIGN = 'foreign'     # where no token may ever be sent

NAMES = (API, MEDIA, FOREIGN)
