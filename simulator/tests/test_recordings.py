"""Recordings, their audio, and the hosts."""

import contextlib
import csv
import http.client
import io
import json
import urllib.parse
import wave

import audio
from tests.harness import ACCOUNT, BEARER, SimulatorTest

RECORDING = '/restapi/v1.0/account/~/recording/'


class Recordings(SimulatorTest):
    def setUp(self):
        super().setUp()
        self.recorded = [record for record in self.records() if record.get('recording')]
        self.kept = [record for record in self.recorded if record['startTime'] > '2025-10-18']

    def of_type(self, kind):
        return next(record for record in self.kept if record['recording']['type'] == kind)

    def fetch(self, uri, headers=BEARER):
        """Any URL, on whichever host."""
        parts = urllib.parse.urlsplit(uri)
        with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
            connection.request('GET', uri[len(f'http://{parts.netloc}'):], headers=headers)
            response = connection.getresponse()
            return response, response.read()

    def test_description(self):
        for kind, content_type in (('Automatic', 'audio/x-wav'), ('OnDemand', 'audio/mpeg')):
            record = self.of_type(kind)
            recording = record['recording']
            reply = self.get(RECORDING + str(recording['id']))
            self.assertEqual((reply.status, json.loads(reply.body)), (200, {
                'id': str(recording['id']), 'contentUri': recording['contentUri'],
                'contentType': content_type, 'duration': record['duration']}))

    def test_audio(self):
        response, content = self.fetch(self.of_type('Automatic')['recording']['contentUri'])
        self.assertEqual((response.status, response.headers['Content-Type'],
                          response.headers['Content-Encoding']), (200, 'audio/x-wav', None))
        with wave.open(io.BytesIO(content)) as sound:
            self.assertEqual((sound.getframerate(), sound.getnframes() % 8000), (8000, 0))
            self.assertEqual(len(sound.readframes(24001)), sound.getnframes())
        response, content = self.fetch(self.of_type('OnDemand')['recording']['contentUri'])
        self.assertEqual(response.headers['Content-Type'], 'audio/mpeg')
        frames = content[content.index(audio.MP3_HEADER):]
        self.assertEqual(set(frames[position:position + 4] for position in
                             range(0, len(frames), audio.MP3_FRAME_BYTES)), {audio.MP3_HEADER})

    def test_no_two_are_the_same(self):
        contents = [self.fetch(record['recording']['contentUri'])[1] for record in self.kept]
        self.assertEqual(len(set(contents)), len(self.kept))

    def test_ranges(self):
        uri = self.kept[0]['recording']['contentUri']
        whole = self.fetch(uri)[1]
        for asked, expected in (('bytes=0-9', whole[:10]), ('bytes=10-', whole[10:]),
                                ('bytes=-5', whole[-5:]), ('bytes=5-999999', whole[5:])):
            response, content = self.fetch(uri, BEARER | {'Range': asked})
            self.assertEqual((response.status, content), (206, expected), asked)
            self.assertTrue(response.headers['Content-Range'].endswith(f'/{len(whole)}'))
        for asked in ('bytes=x', 'bytes=5-2', 'bytes=0-1,3-4', 'bytes=-', 'lines=1-2'):
            self.assertEqual(self.fetch(uri, BEARER | {'Range': asked})[0].status, 200, asked)
        for asked in (f'bytes={len(whole)}-', 'bytes=-0'):
            response, content = self.fetch(uri, BEARER | {'Range': asked})
            self.assertEqual((response.status, response.headers['Content-Range']),
                             (416, f'bytes */{len(whole)}'))
            self.assertEqual(json.loads(content)['errors'][0]['errorCode'], 'CMN-107')
        self.set(media_ranges='off')
        self.assertEqual(self.fetch(uri, BEARER | {'Range': 'bytes=10-'})[1], whole)

    def test_disposition(self):
        uri = self.kept[0]['recording']['contentUri']
        response, _ = self.fetch(uri + '?contentDisposition=Attachment'
                                       '&contentDispositionFilename=a%20b.wav')
        self.assertEqual(response.headers['Content-Disposition'], 'attachment; filename="a b.wav"')
        self.assertEqual(self.fetch(uri + '?contentDisposition=inline')[0].status, 400)

    def test_only_on_the_media_host_and_only_with_a_token(self):
        recording = self.kept[0]['recording']
        self.assertEqual(self.get(f'{RECORDING}{recording["id"]}/content').status, 404)
        self.assertEqual(self.fetch(recording['contentUri'], {})[0].status, 401)
        self.assertEqual(self.fetch(recording['contentUri'] + '?access_token=x', {})[0].status, 401)
        self.assertEqual(self.fetch(recording['contentUri'],
                                    BEARER | {'Accept': 'application/json'})[0].status, 406)
        other = self.simulator.urls['media'] + '/simulator/urls'
        self.assertEqual(self.fetch(other)[0].status, 404)

    def test_missing(self):
        expired = self.recorded[-1]['recording']
        for recording_id in (expired['id'], '1', 'x', f'{self.kept[0]["recording"]["id"]},1'):
            self.assert_error(self.get(f'{RECORDING}{recording_id}'), 404, 'CMN-102',
                              parameterName='recordingId')
        self.assertEqual(self.fetch(expired['contentUri'])[0].status, 404)
        self.set(recordings_kept=500)
        self.assertEqual(self.fetch(expired['contentUri'])[0].status, 200)

    def test_names_in_errors(self):
        record_path = ACCOUNT + '/unknown'
        for option, path, names in (
                ('recording_parameter', RECORDING + '1', ('callRecordingId', 'callRecordId')),
                ('record_parameter', record_path, ('callRecordId',))):
            for name in names:
                self.set(**{option: name})
                self.assert_error(self.get(path), 404, 'CMN-102', parameterName=name)
            self.set(**{option: 'none'})
            reply = self.get(path)
            self.assert_error(reply, 404, 'CMN-102')
            self.assertNotIn(b'arameter', reply.body)

    def test_troubles(self):
        uri, recording_id = (self.kept[0]['recording'][name] for name in ('contentUri', 'id'))
        details = f'{RECORDING}{recording_id}'
        for state, status in (('missing', 404), ('forbidden', 403), ('failing', 500)):
            self.control('POST', 'recording', id=recording_id, state=state, times=2)
            self.assertEqual(self.get(details).status, 200)
            self.assertEqual([self.fetch(uri)[0].status for _ in range(3)], [status, status, 200])
        self.control('POST', 'recording', id=recording_id, state='missing', part='both')
        self.assertEqual((self.get(details).status, self.fetch(uri)[0].status), (404, 404))
        self.assertEqual(self.fetch(self.kept[1]['recording']['contentUri'])[0].status, 200)
        self.control('POST', 'recording', id=recording_id, state='large', bytes=200_000)
        self.assertEqual(len(self.fetch(uri)[1]), 200_000)
        self.control('POST', 'recording', id=recording_id, state='empty')
        self.assertEqual((self.fetch(uri)[0].status, self.fetch(uri)[1]), (200, b''))
        self.control('POST', 'recording', id=recording_id, state='html')
        self.assertEqual(self.fetch(uri)[0].headers['Content-Type'], 'text/html')
        self.control('POST', 'recording', id=recording_id, state='ready')
        self.assertEqual(self.fetch(uri)[0].headers['Content-Type'][:6], 'audio/')
        self.assertEqual(self.request('POST', '/simulator/recording?id=1&state=x').status, 400)

    def test_recordings_of_legs(self):
        leg = next(leg for record in self.records(view='Detailed', dateFrom='2025-10-18')
                   for leg in record.get('legs') or ()
                   if 'recording' in leg and not record.get('recording'))
        self.assertEqual(self.fetch(leg['recording']['contentUri'])[0].status, 200)

    def test_faults(self):
        uri = self.kept[0]['recording']['contentUri']
        size = len(self.fetch(uri)[1])
        self.fault('truncate', match='/content')
        with self.assertRaises(http.client.IncompleteRead) as broken:
            self.fetch(uri)
        self.assertEqual(len(broken.exception.partial), size // 2)
        for kind, error in (('reset', ConnectionResetError),
                            ('close', http.client.RemoteDisconnected)):
            self.fault(kind, match='/content')
            with self.assertRaises(error):
                self.fetch(uri)
        self.fault('empty', match='/content', status=200)
        self.assertEqual(self.fetch(uri)[1], b'')
        self.fault('status', match='/content', status=503)
        self.assertEqual(self.fetch(uri)[0].status, 503)

    def test_log(self):
        self.control('GET', 'requests', clear='true')
        self.fetch(self.kept[0]['recording']['contentUri'] + '?access_token=secret',
                   BEARER | {'Range': 'bytes=0-1'})
        entry, = self.log()
        self.assertEqual((entry['host'], entry['status'], entry['range'], entry['bytes']),
                         ('media', 206, 'bytes=0-1', 2))
        self.assertNotIn('secret', json.dumps(entry))

    def test_foreign_host(self):
        self.set(content_uri_host='foreign')
        record = self.page()['records'][0]
        foreign = self.simulator.urls['foreign']
        uris = [record['recording']['contentUri'] for record in self.records()
                if record.get('recording')]
        self.assertTrue(all(uri.startswith(foreign + '/restapi/') for uri in uris))
        described = json.loads(self.get(f'{RECORDING}{self.kept[0]["recording"]["id"]}').body)
        self.assertTrue(described['contentUri'].startswith(foreign))
        self.assertNotIn(self.simulator.urls['media'],
                         self.get(f'{ACCOUNT}/{record["id"]}').body.decode())
        for headers in ({}, BEARER):
            self.assertEqual(self.fetch(uris[0], headers)[0].status, 200)
        self.fetch(uris[0] + '?access_token=secret', {})
        entries = json.loads(self.control('GET', 'foreign-requests', clear='true'))
        self.assertEqual([entry['auth'] for entry in entries], ['none', 'bearer', 'query'])
        self.assertNotIn('secret', json.dumps(entries))
        self.assertEqual(self.control('GET', 'foreign-requests'), b'[]')

    def test_truth(self):
        text = self.control('GET', 'truth', resource='recordings').decode()
        rows = list(csv.DictReader(io.StringIO(text, newline='')))
        found = {(row['call_id'], row['id']): row for row in rows}
        self.assertEqual(len(found), len(rows))
        expected = {(record['id'], str(part['recording']['id'])): (record, part['recording'])
                    for record in self.records(view='Detailed')
                    for part in (record, *record.get('legs', ())) if part.get('recording')}
        self.assertEqual(set(found), set(expected))
        for key, (record, recording) in expected.items():
            self.assertEqual((found[key]['call_start_time'], found[key]['content_uri']),
                             (record['startTime'], recording['contentUri']))
        for record in self.recorded:
            row = found[record['id'], str(record['recording']['id'])]
            self.assertEqual(bool(row['content']), record in self.kept)
        content = self.fetch(rows[0]['content_uri'])[1]
        self.assertEqual(rows[0]['content'], '\\x' + content.hex())
