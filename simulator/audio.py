"""The audio of a recording: a tone whose pitch is derived from its id, with the id as its title.

So all recordings differ, and a client that confuses them is detected.
"""

import math
import struct
import zlib

LONGEST = 3         # seconds, to keep tests short

SAMPLE_RATE = 8000
VOLUME = 60         # of 127

# MPEG 1, layer III, 32 kbit/s, 32 kHz, one channel
MP3_HEADER = b'\xff\xfb\x18\xc0'
MP3_FRAME_BYTES = 144
MP3_FRAME_SECONDS = 1152 / 32000
MP3_GAIN = 202      # 210 is full scale, four are a factor of two


def audible(seconds):
    return max(1, min(seconds, LONGEST))


def pitch(title, steps):
    return zlib.crc32(title.encode()) % steps


def wav(title, seconds):
    """8 bits, 8 kHz: one period of the tone, repeated."""
    period = 10 + pitch(title, 30)
    wave = bytes(128 + round(VOLUME * math.sin(2 * math.pi * position / period))
                 for position in range(period))
    count = audible(seconds) * SAMPLE_RATE
    samples = (wave * (count // period + 1))[:count]
    form = struct.pack('<HHIIHH', 1, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8)
    name = b'INFO' + chunk(b'INAM', title.encode() + b'\0')
    return chunk(b'RIFF', b'WAVE' + chunk(b'fmt ', form) + chunk(b'LIST', name)
                 + chunk(b'data', samples))


def chunk(name, content):
    """A RIFF chunk; the next one begins at an even offset."""
    return name + struct.pack('<I', len(content)) + content + b'\0' * (len(content) % 2)


def mp3(title, seconds):
    """The title as an ID3v2.3 tag, then the same frame, repeated."""
    text = b'\0' + title.encode()
    tag = b'TIT2' + struct.pack('>IH', len(text), 0) + text
    head = b'ID3\x03\x00\x00' + bytes((0, 0, len(tag) >> 7, len(tag) & 127))
    frame = mp3_frame(6 + pitch(title, 12))
    return head + tag + frame * math.ceil(audible(seconds) / MP3_FRAME_SECONDS)


def mp3_frame(pair):
    """Two granules with a single spectral line, the first of this pair (each pair is 56 Hz).

    Huffman table 1 spells a pair of zeros as 1, and (1, 0) as 01 and a sign.
    """
    spectrum = '1' * pair + '01' + '0'
    granule = ''.join(f'{value:0{bits}b}' for value, bits in (
        (len(spectrum), 12), (pair + 1, 9), (MP3_GAIN, 8), (0, 4), (0, 1),
        (1, 5), (1, 5), (1, 5),                     # the table of each region
        (0, 4), (0, 3), (0, 1), (0, 1), (0, 1)))
    bits = '0' * 18 + granule * 2 + spectrum * 2    # no reservoir, no shared scale factors
    length = MP3_FRAME_BYTES - len(MP3_HEADER)
    return MP3_HEADER + int(bits.ljust(8 * length, '0'), 2).to_bytes(length, 'big')
