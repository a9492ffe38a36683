"""The hosts by name: RingCentral's two, and one that is nobody's business.

https://developers.ringcentral.com/guide/voice/call-log/recordings
"""

API = 'api'
MEDIA = 'media'
FOREIGN = 'foreign'     # where no token may ever be sent

NAMES = (API, MEDIA, FOREIGN)
