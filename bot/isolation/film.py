"""Clips joined into one film, written to another file. Runs in a child process.

The length of the film is known before it is encoded: every clip is read twice. Pictures and sound are made tick by
tick, so that the memory needed does not grow with the film.
"""

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, pairwise, repeat
from pathlib import Path
from typing import Any

from bot.isolation.child import Unparsable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each thread reserves address space, which is limited

import av
import numpy as np

from bot.isolation import film_clips, film_text
from bot.isolation.film_clips import RATE, THREADS, Block, Picture
from bot.isolation.reencode import scaled_size

_LOUDNESS = -16.0  #: LUFS of every clip
_MUSIC_BELOW = 8.0  #: LU by which music is softer than the sound of clips
_MOST_GAIN = 24.0  #: dB
_CEILING = 0.9  #: of full scale; what is louder is bent below it
_FADE = 1.0  #: seconds at both ends of the music, and at the end of all sound
_QUALITY = "21"  #: CRF of x264
_SOUND_BITS, _LEAST_SOUND_BITS = 128_000, 32_000  #: per second
_LEAST_BITS = 48_000  #: of pictures per second; below this they are unrecognisable
_MOST_BITS = 2**31 - 1  #: per second; FFmpeg takes no larger buffer
_SHARES = (0.92, 0.8, 0.65)  #: of the limit that a try aims for
_PICTURES = 24  #: a second
_TITLE_SECONDS = 2.5
_TITLE_SIZE, _SUBTITLE_SIZE = 1 / 9, 1 / 18  #: of the height of the picture
_DARKER = 0.35  #: light of the picture behind a title

Tick = tuple[Picture, Block]


@dataclass(slots=True)
class Shot:
    """One clip on the film's time line; of the title card `path` is that of the first clip."""

    number: int  #: from 1; 0: the title card
    path: str
    container: str
    text: str  #: subtitle, or the title
    ticks: int
    gain: float  #: factor of its sound; 0: silence
    overlap: int = 0  #: ticks that it shares with the next one
    start: int = 0  #: tick of the film


def join(data: bytes, *, target: str) -> tuple[str, bytes]:
    """Join the clips of a task (`bot.film.join` describes it) into `target`; return "" and a report, both as JSON.

    Raises `Unparsable` with the reason, a colon and the number of the clip, "music" or nothing.
    """
    task: dict[str, Any] = json.loads(data)
    (width, height), shots = _measure(task)
    width, height = max(width // 2 * 2, 2), max(height // 2 * 2, 2)
    _arrange(shots, round(task["fade"] * _PICTURES))
    film = _Film(shots, task)
    seconds = film.ticks / _PICTURES
    limit = int(task["limit"] or 0)
    for share in _SHARES if limit else ():
        bits = min(int(limit * 8 * share / seconds), _MOST_BITS)
        sound_bits = max(min(bits // 4, _SOUND_BITS), _LEAST_SOUND_BITS) if film.has_sound else 0
        if bits - sound_bits < _LEAST_BITS:
            break
        made = scaled_size(width, height, _PICTURES, bits - sound_bits)
        film.write(target, *made, sound_bits, bits - sound_bits)
        if Path(target).stat().st_size <= limit:
            return "done", film.report()
    film.write(target, width, height, _SOUND_BITS)
    return "done", film.report()


def check(_data: bytes, *, path: str, container: str, seconds: float) -> tuple[str, bytes]:
    """Read a clip to its end. Raises `Unparsable` as `film_clips` does."""
    film_clips.measure(path, container, seconds)
    for _ in islice(film_clips.read_pictures(path, container, 64, 64, 1), int(seconds)):
        pass
    return "done", b""


def _measure(task: dict[str, Any]) -> tuple[tuple[int, int], list[Shot]]:
    """Return the size of the first clip, and the shots."""
    sizes, shots = [], []
    for number, clip in enumerate(task["clips"], 1):
        with _named(str(number)):
            found = film_clips.measure(clip["path"], clip["container"], task["most_seconds"])
        ticks = max(round(found.seconds * _PICTURES), 1)
        shots.append(Shot(number, clip["path"], clip["container"], clip["subtitle"], ticks, _gain(found.loudness)))
        sizes.append((found.width, found.height))
    if task["title"]:
        first, ticks = shots[0], round(_TITLE_SECONDS * _PICTURES)
        shots.insert(0, Shot(0, first.path, first.container, task["title"], ticks, 0))
    return sizes[0], shots


def _arrange(shots: list[Shot], fade: int) -> None:
    for shot, following in pairwise(shots):
        shot.overlap = min(fade, shot.ticks // 2, following.ticks // 2)
        following.start = shot.start + shot.ticks - shot.overlap


def _gain(loudness: float | None, below: float = 0) -> float:
    return 0.0 if loudness is None else 10 ** (min(_LOUDNESS - below - loudness, _MOST_GAIN) / 20)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Add the name of a file to the reason why it can't be read."""
    try:
        yield
    except Unparsable as exc:
        raise Unparsable(f"{exc}:{name}") from exc


class _Film:
    """Shots in their order, with music."""

    def __init__(self, shots: list[Shot], task: dict[str, Any]) -> None:
        self._shots = shots
        self._task = task
        self._samples = RATE // _PICTURES  # of a tick
        self.ticks = shots[-1].start + shots[-1].ticks
        self.has_sound = any(shot.gain for shot in shots) or bool(task["music"])
        self._missing_letters: set[str] = set()  # of "title" and "subtitles"
        self._music_gain = 0.0
        if music := task["music"]:
            with _named("music"):
                loudness = film_clips.measure_loudness(music["path"], music["container"])
            is_alone = not any(shot.gain for shot in shots)
            self._music_gain = _gain(loudness, 0 if is_alone else _MUSIC_BELOW)

    def report(self) -> bytes:
        """Describe what was written."""
        cuts = [0.0, *(b.start + a.overlap / 2 for a, b in pairwise(self._shots)), self.ticks]
        times = [
            (shot.number, start / _PICTURES, end / _PICTURES)
            for shot, (start, end) in zip(self._shots, pairwise(cuts), strict=True)
            if shot.number
        ]
        return json.dumps({"missing_letters": sorted(self._missing_letters), "times": times}).encode()

    def write(self, target: str, width: int, height: int, sound_bits: int, bits: int = 0) -> None:
        """Encode the film. `bits`: at most so many per second for pictures; 0: as many as they need."""
        options = {"preset": "veryfast", "crf": _QUALITY, "threads": str(THREADS)}
        if bits:
            options |= {"maxrate": str(bits), "bufsize": str(bits)}
        with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as container:
            video = container.add_stream("libx264", _PICTURES, options, width=width, height=height, pix_fmt="yuv420p")
            video.codec_context.time_base = Fraction(1, _PICTURES)
            audio = None
            if self.has_sound:
                audio = container.add_stream("aac", RATE, layout="stereo")
                audio.bit_rate = sound_bits
            music = self._music()
            for tick, (picture, own) in enumerate(self._ticks(width, height)):
                shape = (height * 3 // 2, width)
                frame = av.VideoFrame.from_ndarray(picture.reshape(shape), format="yuv420p")
                frame.pts, frame.time_base = tick, Fraction(1, _PICTURES)
                container.mux(video.encode(frame))
                if audio is not None:
                    sound = av.AudioFrame.from_ndarray(
                        _limit(self._fade_out(own + next(music), tick)), "fltp", "stereo"
                    )
                    sound.sample_rate, sound.pts = RATE, tick * self._samples
                    sound.time_base = Fraction(1, RATE)
                    container.mux(audio.encode(sound))
            container.mux(video.encode(None))
            if audio is not None:
                container.mux(audio.encode(None))

    def _ticks(self, width: int, height: int) -> Iterator[Tick]:
        """Yield the film: each shot, and where it fades into the next, both."""
        shared, reader = 0, self._read(self._shots[0], width, height)
        for shot, following in zip(self._shots, [*self._shots[1:], None], strict=True):
            yield from islice(reader, shot.ticks - shot.overlap - shared)
            if following is None:
                return
            next_reader = self._read(following, width, height)
            for number in range(shot.overlap):
                yield _mix(next(reader), next(next_reader), (number + 1) / (shot.overlap + 1))
            reader.close()
            shared, reader = shot.overlap, next_reader

    def _read(self, shot: Shot, width: int, height: int) -> Generator[Tick, None, None]:
        """Yield the pictures and sounds of one shot without end."""
        silence = np.zeros((2, self._samples), np.float32)
        where = (shot.path, shot.container)
        with _named(str(shot.number or 1)):
            pictures = film_clips.read_pictures(*where, width, height, _PICTURES)
            if shot.number == 0:
                pictures = repeat(self._title_card(next(pictures), shot.text, width, height))
            elif self._task["burn_subtitles"] and shot.text:
                pictures = self._subtitled(pictures, shot.text, width, height)
            sounds = film_clips.read_sound(*where, self._samples) if shot.gain else iter(())
            sounds = chain((block * np.float32(shot.gain) for block in sounds), repeat(silence))
            yield from zip(pictures, sounds, strict=False)

    def _title_card(self, picture: Picture, title: str, width: int, height: int) -> Picture:
        dark = picture.copy()
        for plane, black in zip(film_clips.planes(dark, width, height), (16, 128, 128), strict=True):
            plane[:] = (plane.astype(np.float32) - black) * _DARKER + black
        caption = self._caption("title", title, width, height, _TITLE_SIZE)
        return caption.put_on(dark, width, height, is_title=True) if caption else dark

    def _subtitled(self, pictures: Iterator[Picture], text: str, width: int, height: int) -> Iterator[Picture]:
        caption = self._caption("subtitles", text, width, height, _SUBTITLE_SIZE)
        return (caption.put_on(p, width, height, is_title=False) for p in pictures) if caption else pictures

    def _caption(self, what: str, text: str, width: int, height: int, share: float) -> film_text.Caption | None:
        made = film_text.make_caption(text, width, height, share, locale=self._task["locale"])
        if made is None:
            self._missing_letters.add(what)
        return made

    def _music(self) -> Iterator[Block]:
        """Yield the music, again and again, or silence."""
        silence = np.zeros((2, self._samples), np.float32)
        fade = _FADE * _PICTURES  # ticks
        tick = 0
        while music := self._task["music"]:
            before = tick
            with _named("music"):
                for block in film_clips.read_sound(music["path"], music["container"], self._samples):
                    yield block * np.float32(self._music_gain * min((tick + 1) / fade, 1))
                    tick += 1
            if tick == before:
                break
        yield from repeat(silence)

    def _fade_out(self, block: Block, tick: int) -> Block:
        left = (self.ticks - tick - np.linspace(0, 1, self._samples, dtype=np.float32)) / (_FADE * _PICTURES)
        faded: Block = block * left.clip(0, 1).astype(np.float32)
        return faded


def _mix(one: Tick, other: Tick, share: float) -> Tick:
    """Return two ticks as one, with `share` of the second picture; of the sounds, both keep their power."""
    weight = round(share * 256)
    picture = (one[0].astype(np.uint16) * (256 - weight) + other[0].astype(np.uint16) * weight) >> 8
    sound = one[1] * np.float32(np.cos(share * np.pi / 2)) + other[1] * np.float32(np.sin(share * np.pi / 2))
    return picture.astype(np.uint8), sound


def _limit(block: Block) -> Block:
    """Bend what is louder than the ceiling below it."""
    size, room = np.abs(block), np.float32(1 - _CEILING)
    bent = np.minimum(size, _CEILING + room * np.tanh(np.maximum(size - _CEILING, 0) / room))
    limited: Block = np.copysign(bent, block).astype(np.float32)
    return limited
