"""Recordings: the details, and the audio on the media host.

https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecording
https://developers.ringcentral.com/api-reference/Call-Recordings/readCallRecordingContent
"""

import re
import urllib.parse

import audio
import call_log
import calls
import data
import dates
import errors
import messages
import parameters

TYPES = ('audio/*', '*/*', 'audio/mpeg', 'audio/wav', 'audio/x-wav')

# Content type and maker of the audio, by the recording's type
DEFAULT_FORMAT = ('audio/x-wav', audio.wav)
FORMATS = {'OnDemand': ('audio/mpeg', audio.mp3)}

# Possible defects of a recording
MISSING, FORBIDDEN, FAILING, EMPTY, LARGE, HTML = (
    'missing', 'forbidden', 'failing', 'empty', 'large', 'html')
PARTS = ('content', 'details', 'both')
PAGE = b'<html><body>Not audio</body></html>'

RANGE = re.compile(r'bytes=(\d*)-(\d*)', re.ASCII)


class Defect:
    """The defect of a recording, and its number of requests."""

    def __init__(self, state, part='content', times='always', bytes='1000000'):
        if state not in (MISSING, FORBIDDEN, FAILING, EMPTY, LARGE, HTML) or part not in PARTS:
            raise ValueError('state is missing, forbidden, failing, empty, large or html; '
                             'part is content, details or both')
        self.state = state
        self.part = part
        self.times = float('inf') if times == 'always' else int(times)
        self.bytes = int(bytes)

    def take(self, part):
        """The state for a request of this part; None after it has ended."""
        if self.part not in (part, 'both') or self.times < 1:
            return None
        self.times -= 1
        return self.state


class Recordings:
    def __init__(self, renderer, options, clock, dataset):
        self.renderer = renderer
        self.options = options
        self.clock = clock
        self.dataset = dataset
        self.indexes = calls.Cache(1)
        self.defects = {}      # by id

    def answer(self, request, path, twist):
        recording_id, content_type, duration, _ = self.named(path)
        self.check_defect(recording_id, 'details')
        parameters.parse(request.parameters(), parameters.RECORDING)
        return messages.json_body({
            'id': recording_id, 'contentUri': self.renderer.content_uri(recording_id),
            'contentType': content_type, 'duration': duration})

    def answer_content(self, request, path, twist):
        recording_id, content_type, _, everything = self.named(path)
        values = parameters.parse(request.parameters(), parameters.CONTENT)
        state = self.check_defect(recording_id, 'content')
        if state == HTML:
            content_type, everything = 'text/html', PAGE
        elif state in (EMPTY, LARGE):
            everything = bytes(self.defects[recording_id].bytes if state == LARGE else 0)
        headers = [('Content-Type', content_type), ('Accept-Ranges', 'bytes')]
        if 'contentDisposition' in values:
            headers.append(('Content-Disposition', disposition(values)))
        wanted = wanted_bytes(request.header('range', ''), len(everything))
        if not self.options.media_ranges or wanted is None:
            return messages.Body(everything, headers=headers, compresses=False)
        first, end = wanted
        headers.append(('Content-Range', f'bytes {first}-{end - 1}/{len(everything)}'))
        return messages.Body(everything[first:end], None, 206, headers, compresses=False)

    def check_defect(self, recording_id, part):
        """Raise the error of an unavailable recording, or return its defect."""
        defect = self.defects.get(recording_id)
        state = defect and defect.take(part)
        if state == MISSING:
            raise errors.not_found(self.options.recording_parameter)
        if state == FORBIDDEN:
            raise errors.not_permitted_to_user('ReadCallRecording')
        if state == FAILING:
            raise errors.internal()
        return state

    def described(self, recording_id):
        """(content type, duration, content), all None if there is no such recording."""
        recording = self.find(recording_id)
        if recording is None:
            return None, None, None
        content_type, make = FORMATS.get(recording.type, DEFAULT_FORMAT)
        return content_type, recording.duration, make(recording.id, recording.duration)

    def named(self, path):
        """The id of the recording in a path, and its description."""
        recording_id = urllib.parse.unquote(path.pop('recordingId'))
        call_log.scope_of(path)
        description = self.described(recording_id)
        if None in description:
            raise errors.not_found(self.options.recording_parameter)
        return recording_id, *description

    def find(self, recording_id):
        """The recording with this id, unless there is none or it is no longer kept."""
        start, recording = self.indexes.get(self.dataset.version, self.index).get(
            recording_id, (0, None))
        age = self.clock.now() - start * dates.MILLISECOND
        return recording if age < self.options.recordings_kept * dates.DAY else None

    def index(self):
        """{recording id: (start of the call, recording)}"""
        return {recording.id: (record.start, recording)
                for record in self.dataset.listings[data.ACCOUNT].records
                for recording in record.recordings}


def disposition(values):
    name = values.get('contentDispositionFilename')
    return values['contentDisposition'].lower() + (f'; filename="{name}"' if name else '')


def wanted_bytes(header, size):
    """(first, end) of a single range; None for the whole content, as for other ranges.

    https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
    """
    match = RANGE.fullmatch(header)
    if not match or match[0] == 'bytes=-':
        return None
    first, last = (int(text) if text else None for text in match.groups())
    if first is None:
        first, end = max(0, size - last), size
    else:
        end = size if last is None else min(last + 1, size)
        if last is not None and last < first:
            return None
    if first >= size:
        raise errors.range_not_satisfiable(size)
    return first, end
