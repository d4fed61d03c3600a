"""Voice messages and other sound files in a question: recognised, and downloaded to the disk of this machine."""

import asyncio
import hashlib
import mmap
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import BinaryIO

import structlog

from aimodels.openai.transcriptions import MAX_SOUND, SOUND_TYPES
from bot.conversation.document_parsers import Unreadable
from bot.conversation.file_pieces import pieces_within
from bot.errors import FileNotSaved
from bot.isolation.process import Limits, ParsingFailed, run_isolated
from bot.media.content import HEAD, resolve_content_type, sniff
from bot.media.probe import read_header
from bot.models import Attachment
from bot.values import valueclass

log = structlog.get_logger(__name__)

_UNNAMED_TYPES = ("", "application/octet-stream")
#: Bytes a second of the richest sound in a format; a header that tells of more must be wrong.
_RICHEST = {
    "audio/mpeg": 40_000,
    "audio/ogg": 32_000,
    "audio/wav": 576_000,
    "audio/flac": 576_000,
    "audio/mp4": 200_000,
}
_TYPICAL = 8_000  # bytes a second where the header tells no length, as of what browsers record
_SHORTEST = 0.1  #: seconds; less is refused by OpenAI's endpoint, and nobody says anything in it
_POOREST = 750  # bytes a second of what can not be decoded: the least at which speech is recorded
_DECODING = Limits(seconds=60, memory=2 << 30)
_PIECE = 1 << 20
#: Demuxer of each type.
_CONTAINERS = {name: {"m4a": "mp4"}.get(extension, extension) for name, extension in SOUND_TYPES.items()}
_SUFFIXES = frozenset((*(f".{name}" for name in SOUND_TYPES.values() if name != "webm"), ".oga", ".opus", ".mpga"))


@valueclass(frozen=True, slots=True)
class SoundFile:
    """A sound file on disk."""

    file: BinaryIO
    content_type: str
    #: as it is decoded, or else as its header tells, but not less than its size allows
    seconds: float
    digest: str  #: of its bytes


def is_sound(attachment: Attachment) -> bool:
    """Whether a file is sound by what the platform says of it."""
    if attachment.content_type in _UNNAMED_TYPES:
        return PurePath(attachment.name).suffix.lower() in _SUFFIXES
    return attachment.content_type.startswith("audio/")


@asynccontextmanager
async def store_sound(
    attachment: Attachment, pieces: AsyncIterator[bytes], folder: Path, *, most_seconds: float
) -> AsyncIterator[SoundFile]:
    """Write a sound file to a file without a name, which is gone with the block or with the process.

    Raises `Unreadable` for one that is too large, too long, too short or no sound, and `FileNotSaved`.
    """
    if attachment.size is not None and attachment.size > MAX_SOUND:
        raise Unreadable("too_large")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder))
            await _write(pieces, file)
            content_type = resolve_content_type(sniff(_head(file)), "audio")
            if content_type not in SOUND_TYPES:
                raise Unreadable("format")
            digest = await asyncio.to_thread(_digest, file)
            seconds = await _measure(file, content_type, most_seconds)
        except OSError as exc:
            raise FileNotSaved(f"the sound could not be written: {exc.strerror}") from exc
        if seconds > most_seconds:
            raise Unreadable("too_long")
        yield SoundFile(file, content_type, seconds, digest)


async def _write(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async with aclosing(pieces_within(MAX_SOUND, pieces)) as read:
        async for piece in read:
            await asyncio.to_thread(file.write, piece)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return head


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


async def _measure(file: BinaryIO, content_type: str, most_seconds: float) -> float:
    """Return the length of a sound: decoded in a child process where the library for it is installed.

    Raises `Unreadable` for one that has none.
    """
    size = file.seek(0, 2)
    file.seek(0)
    # A sound of another format counts as a second at least.
    least = size / _RICHEST[content_type] if content_type in _RICHEST else 1.0
    if find_spec("av") is None:
        seconds = await asyncio.to_thread(lambda: read_header(file, content_type).duration)
        if seconds and max(seconds, least) < _SHORTEST:
            raise Unreadable("empty")
        return max(seconds, least) if seconds else size / _TYPICAL
    options: dict[str, str | float] = {"container": _CONTAINERS[content_type], "most_seconds": most_seconds}
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            decoded, _ = await run_isolated("bot.isolation.sound:measure", data, _DECODING, options)
        except ParsingFailed as exc:
            log.warning("sound not decoded", type=content_type, size=size, reason=exc.reason)
            if exc.reason == "damaged":
                raise Unreadable("empty") from exc
            return size / _POOREST
    if float(decoded) < _SHORTEST:
        raise Unreadable("empty")
    return max(float(decoded), least)
