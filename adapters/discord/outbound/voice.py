"""Voice messages: a sound of Opus in Ogg, alone in its message, with its length and the shape of its loudness.

https://discord.com/developers/docs/resources/message#voice-messages
"""

import base64
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import discord

from bot.models import Media

#: Name of the file, as Discord's own clients give it.
VOICE_MESSAGE = "voice-message.ogg"
#: Flag of such a message.
IS_VOICE_MESSAGE = 1 << 13
_MOST_POINTS, _POINTS_A_SECOND = 256, 10
_PAGE_HEAD = struct.Struct("<4sBBqIIIB")
_WHOLE = 255  # a segment that the next one continues
_HEADERS = 2  # packets before the sound


def is_voice(files: Sequence[Media]) -> bool:
    """Whether a message with these files is a voice message."""
    return len(files) == 1 and files[0].name == VOICE_MESSAGE and bool(files[0].duration)


class VoiceFile(discord.File):
    """The file of a voice message. Raises `OSError`."""

    def __init__(self, media: Media) -> None:
        assert media.path is not None
        super().__init__(media.path, filename=media.name)
        self._seconds = media.duration or 0.0
        self._waveform = waveform(media.path, self._seconds)

    def to_dict(self, index: int) -> dict[str, Any]:
        """Describe the attachment."""
        shape = base64.b64encode(self._waveform).decode()
        return {**super().to_dict(index), "duration_secs": round(self._seconds, 2), "waveform": shape}


def waveform(path: Path, seconds: float) -> bytes:
    """Return how loud a sound is over time, as far as the sizes of its packets tell: louder ones are bigger."""
    with path.open("rb") as file:
        sizes = [*_packet_sizes(file)][_HEADERS:] or [0]
    points = max(1, min(_MOST_POINTS, int(seconds * _POINTS_A_SECOND), len(sizes)))
    bounds = [len(sizes) * at // points for at in range(points + 1)]
    means = [sum(sizes[a:b]) / (b - a) for a, b in pairwise(bounds)]
    most = max(means) or 1
    return bytes(round(255 * mean / most) for mean in means)


def _packet_sizes(file: BinaryIO) -> Iterator[int]:
    size = 0
    while len(head := file.read(_PAGE_HEAD.size)) == _PAGE_HEAD.size:
        mark, *_, segments = _PAGE_HEAD.unpack(head)
        if mark != b"OggS":
            return
        lengths = file.read(segments)
        for length in lengths:
            size += length
            if length < _WHOLE:
                yield size
                size = 0
        file.seek(sum(lengths), 1)
