"""Audio from words: rain, thunder, waves, birds, music and more, mixed into one file."""

import io
from collections.abc import Iterator

import av
import numpy as np

from sandbox.media import music, prompt_words, sounds
from sandbox.media.sounds import RATE, Track, Wave

_BLOCK = 1 << 16  #: samples mixed at a time: memory does not grow with the duration
_STEP = 32  #: samples between two values of a swell
_PEAK = {"mp3": 0.8, "wav": 0.9}  #: lossy coding overshoots a little
_FORMATS = {"mp3": ("libmp3lame", "fltp", "audio/mpeg"), "wav": ("pcm_s16le", "s16", "audio/wav")}


def render_audio(prompt: str, *, duration: float, format: str) -> tuple[bytes, str]:  # noqa: A002 - the API's own word
    """Return the bytes and content type of `duration` seconds of the sounds that `prompt` names.

    Stereo at 44.1 kHz, faded in and out, without clipping; the same for the same prompt. Raises `ValueError` for
    another format than mp3 and wav, or a duration that is not positive.
    """
    if format not in _FORMATS:
        raise ValueError(f"The audio format must be mp3 or wav, not {format!r}.")
    if duration <= 0:
        raise ValueError("The duration must be greater than zero seconds.")
    codec, layout, content_type = _FORMATS[format]
    total = round(duration * RATE)
    tracks = _tracks(prompt, duration)
    loudest = max(float(np.abs(block).max()) for block in _mix(tracks, total))
    gain = _PEAK[format] / max(loudest, 1e-6)
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        container.metadata.update({"title": prompt[:200], "comment": "sandbox", "artist": "sandbox"})
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        if format == "mp3":
            stream.bit_rate = 160_000
            stream.options = {"compression_level": "7"}  # twice as fast as the default, hardly heard
        stream.codec_context.format = layout
        at = 0
        for block in _mix(tracks, total):
            scaled = block * gain
            samples = scaled if format == "mp3" else (scaled * 32767).astype(np.int16).T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=layout, layout="stereo")
            frame.sample_rate, frame.pts = RATE, at
            at += block.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue(), content_type


def _tracks(prompt: str, duration: float) -> list[tuple[Track, float]]:
    sound = prompt_words.parse_sounds(prompt)
    made = []
    for name, loudness in sound.sounds.items():
        rng = np.random.default_rng(prompt_words.seed("audio", prompt, name))
        if name == "music":
            track = music.music(rng, duration, sound.mood)
        elif name == "drums":
            track = music.drums(rng, duration, sound.mood)
        elif name == "tone":
            track = music.tone(sound.frequency)
        else:
            track = sounds.MAKERS[name](rng, duration)
        made.append((track, loudness))
    return made


def _mix(tracks: list[tuple[Track, float]], total: int) -> Iterator[Wave]:
    """Yield the whole mix as (2, n) blocks, faded at both ends."""
    fade = max(min(RATE, total // 4), 1)
    for start in range(0, total, _BLOCK):
        count = min(_BLOCK, total - start)
        out = np.zeros((2, count), np.float32)
        for track, loudness in tracks:
            for bed in track.beds:
                points = np.arange(start, start + count, _STEP)
                swelling = np.interp(points / RATE, bed.times, bed.gains) * loudness
                gains = np.repeat(swelling.astype(np.float32), _STEP)[:count]
                out += _wrapped(bed.loop, start, count) * gains
            for event in track.events:
                first = round(event.at * RATE)
                low, high = max(first, start), min(first + event.wave.size, start + count)
                if low < high:
                    piece = event.wave[low - first : high - first] * np.float32(event.gain * loudness)
                    out[0, low - start : high - start] += piece * np.float32(min(1, 1 - event.pan))
                    out[1, low - start : high - start] += piece * np.float32(min(1, 1 + event.pan))
        if start < fade or start + count > total - fade:
            place = np.arange(start, start + count, dtype=np.float32)
            edge = np.minimum(place, total - 1 - place) / fade
            out *= np.sin(edge.clip(0, 1) * np.float32(np.pi / 2))
        yield out


def _wrapped(loop: Wave, start: int, count: int) -> Wave:
    """Return `count` samples of an endless `loop` from `start` on."""
    size = loop.shape[1]
    start %= size
    if start + count <= size:
        return loop[:, start : start + count]
    return np.concatenate(
        [loop[:, start:], *[loop] * ((start + count) // size - 1), loop[:, : (start + count) % size]], axis=1
    )
