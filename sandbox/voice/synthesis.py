"""A hum with the rhythm of speech: a syllable of vowel for each of a text's. Nobody understands it."""

import io
import re
from collections.abc import Iterator
from functools import cache
from zlib import crc32

import av
import numpy as np
import numpy.typing as npt

from sandbox.voice.hearing import MARK

Wave = npt.NDArray[np.float32]

RATE = 24_000  #: samples a second
#: Container, codec and content type of each format.
FORMATS = {
    "mp3": ("mp3", "libmp3lame", "audio/mpeg"),
    "opus": ("ogg", "libopus", "audio/ogg"),
    "wav": ("wav", "pcm_s16le", "audio/wav"),
    "flac": ("flac", "flac", "audio/flac"),
}
_BIT_RATES = {"libmp3lame": 32_000, "libopus": 24_000}
_EFFORT = {"libmp3lame": "9", "libopus": "0"}  #: the least, hardly heard
_SYLLABLES = re.compile(
    r"(?P<character>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|(?P<word>[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)"
    r"|(?P<stop>[.!?。！？\n]+)|(?P<pause>[,;:，；：、]+)"
)
_VOWELS = re.compile("[aeiouyáéíóúäöü]+")
#: Formants in hertz: https://en.wikipedia.org/wiki/Formant#Phonetics
_FORMANTS = {"a": (850, 1610), "e": (390, 2300), "i": (240, 2400), "o": (360, 640), "u": (250, 595)}
_SYLLABLE, _CHARACTER, _PAUSE, _STOP, _EDGE = 0.14, 0.19, 0.16, 0.32, 0.02  #: seconds
_TABLE, _HARMONICS, _WIDTH = 1024, 30, 120.0
_LOUDNESS = 0.6


def render_speech(text: str, *, voice: str, format: str) -> tuple[bytes, str]:  # noqa: A002 - the API's own word
    """Return the bytes and content type of a text's hum, the same for the same text; it has the text as its title."""
    container_name, codec, content_type = FORMATS[format]
    file = io.BytesIO()
    with av.open(file, "w", format=container_name, options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        if codec in _BIT_RATES:
            stream.bit_rate = _BIT_RATES[codec]
            stream.options = {"compression_level": _EFFORT[codec]}
        for tags in (container.metadata, stream.metadata):  # Ogg has those of the stream
            tags.update({"title": text, "comment": MARK, "artist": "sandbox"})
        at = 0
        for wave in _waves(text, 95.0 + crc32(voice.encode()) % 90):
            samples = (wave * 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            at += wave.size
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue(), content_type


def _waves(text: str, pitch: float) -> Iterator[Wave]:
    """Yield the sound of one syllable or pause after another, at least one."""
    yield _silence(_EDGE)
    at = 0  #: syllables since the last stop: a sentence falls
    for match in _SYLLABLES.finditer(text):
        if match["character"]:
            tone = ord(match["character"])
            yield _syllable("aeiou"[tone % 5], _CHARACTER, pitch * (1.12 - 0.01 * min(at, 20)), 0.9 + tone % 4 * 0.08)
            at += 1
        elif match["word"]:
            for vowels in _VOWELS.findall(match["word"].lower()) or ["e"]:
                yield _syllable(_plain(vowels), _SYLLABLE, pitch * (1.12 - 0.01 * min(at, 20)), 0.97)
                at += 1
            yield _silence(_EDGE)
        else:
            at = 0
            yield _silence(_STOP if match["stop"] else _PAUSE)
    yield _silence(_STOP)


def _plain(vowels: str) -> str:
    return vowels[0] if vowels[0] in _FORMANTS else "i" if vowels[0] == "y" else "a"


def _silence(seconds: float) -> Wave:
    return np.zeros(int(seconds * RATE), np.float32)


def _syllable(vowel: str, seconds: float, pitch: float, bend: float) -> Wave:
    """Return a vowel that begins and ends softly; its pitch is multiplied by `bend` meanwhile."""
    count = int(seconds * RATE)
    phase = np.cumsum(np.linspace(pitch, pitch * bend, count)) / RATE * _TABLE
    edge = np.minimum(np.arange(count), np.arange(count)[::-1]) / (_EDGE * RATE)
    return np.asarray(_period(vowel)[phase.astype(np.int64) % _TABLE] * edge.clip(0, 1) * _LOUDNESS, np.float32)


@cache
def _period(vowel: str) -> Wave:
    """Return one period of a vowel, whose loudest sample is 1."""
    at = np.arange(_TABLE) / _TABLE
    wave = np.zeros(_TABLE)
    for harmonic in range(1, _HARMONICS + 1):
        hertz = harmonic * 120.0
        gain = sum(1 / (1 + ((hertz - formant) / _WIDTH) ** 2) for formant in _FORMANTS[vowel])
        wave += (gain + 0.05) / harmonic**0.5 * np.sin(2 * np.pi * harmonic * at)
    return np.asarray(wave / np.abs(wave).max(), np.float32)
