"""Voice messages and other sound files in a question: which these are, and how they come to this machine's disk."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
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
_SUFFIXES = frozenset((*(f".{name}" for name in SOUND_TYPES.values() if name != "webm"), ".oga", ".opus", ".mpga"))


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A sound file on disk."""

    file: BinaryIO
    content_type: str
    seconds: float  #: 0: not known


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
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            await _write(pieces, file)
            content_type = resolve_content_type(sniff(_head(file)), "audio")
            if content_type not in SOUND_TYPES:
                raise Unreadable("format")
            seconds = (await asyncio.to_thread(read_header, file, content_type)).duration or 0.0
            if seconds > most_seconds:
                raise Unreadable("too_long")
            yield SoundFile(file, content_type, seconds)
    except OSError as exc:
        raise FileNotSaved(f"the sound could not be written: {exc.strerror}") from exc


async def _write(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async with aclosing(pieces_within(MAX_SOUND, pieces)) as read:
        async for piece in read:
            await asyncio.to_thread(file.write, piece)


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return head
