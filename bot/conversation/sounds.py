"""Voice messages and other sound files in a question: which these are, and how they come to this machine's disk."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from aimodels.openai.transcriptions import MAX_SOUND, SOUND_TYPES
from bot.conversation.document_parsers import Unreadable
from bot.conversation.file_pieces import pieces_within
from bot.errors import FileNotSaved
from bot.media.content import HEAD, resolve_content_type, sniff
from bot.media.probe import read_header
from bot.models import Attachment

_UNNAMED_TYPES = ("", "application/octet-stream")
#: Bytes a second of the richest sound in a format; a header that tells of more must be wrong.
_RICHEST = {
    "audio/mpeg": 40_000,
    "audio/ogg": 32_000,
    "audio/wav": 576_000,
    "audio/flac": 576_000,
    "audio/mp4": 200_000,
}
_UNTOLD = 8_000  # bytes a second where the header tells no length, as of what browsers record
_PIECE = 1 << 20
_SUFFIXES = frozenset((*(f".{name}" for name in SOUND_TYPES.values() if name != "webm"), ".oga", ".opus", ".mpga"))


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A sound file on disk."""

    file: BinaryIO
    content_type: str
    seconds: float  #: as its header tells, but not less than its size allows; an estimate where that tells nothing
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

    Raises `Unreadable` for one that is too large, too long or no sound, and `FileNotSaved`.
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
            stored = await asyncio.to_thread(_measure, file, content_type)
        except OSError as exc:
            raise FileNotSaved(f"the sound could not be written: {exc.strerror}") from exc
        if stored.seconds > most_seconds:
            raise Unreadable("too_long")
        yield stored


async def _write(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async with aclosing(pieces_within(MAX_SOUND, pieces)) as read:
        async for piece in read:
            await asyncio.to_thread(file.write, piece)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return head


def _measure(file: BinaryIO, content_type: str) -> SoundFile:
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    told = read_header(file, content_type).duration
    seconds = max(told, size / _RICHEST[content_type]) if told else size / _UNTOLD
    return SoundFile(file, content_type, seconds, digest.hexdigest())
