"""Files that came with a message, made into what a model can read. What a file is, its bytes decide."""

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from bot.conversation.charset import decoded
from bot.errors import MediaError, MediaTooLarge
from bot.i18n import translate
from bot.markdown.split import estimate_tokens
from bot.media.content import HEAD, sniff
from bot.models import Attachment
from bot.settings.core import Settings

#: pages of a PDF that are read
PDF_PAGES = 200

_CUT = " […]"
_HEAD = 10_000  # bytes that are looked at to tell whether a file is text
_PDF_HEAD = 1024  # bytes within which a PDF's mark stands
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a message's files."""

    text: str = ""  #: the files as Markdown, to be added to the prompt
    pictures: tuple[str, ...] = ()  #: data URLs, for a model that can see
    notes: tuple[str, ...] = ()  #: what could not be read and why, in the person's language; part of `text` as well


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes with their type."""

    content_type: str
    data: bytes

    @property
    def url(self) -> str:
        """The picture as a data URL."""
        return f"data:{self.content_type};base64,{base64.b64encode(self.data).decode('ascii')}"


class _Unread(Exception):
    """Why a file is not read: the key of a sentence."""


Open = Callable[[Attachment], AsyncIterator[bytes]]


async def read_attachments(
    attachments: Sequence[Attachment],
    *,
    open: Open,  # noqa: A002 - the seam's own word
    settings: Settings,
    locale: str,
    sees: bool,
) -> Reading:
    """Read the files in order within the token limit of all together. Nothing is left out without a note.

    `sees`: the model can look at pictures.
    """
    blocks: list[str] = []
    pictures: list[str] = []
    notes: list[str] = []

    def note(key: str, name: str) -> None:
        limit = f"{settings.bot_max_attachment_bytes / 1_000_000:g}"
        notes.append(translate(f"attachment.{key}", locale, name=name, limit=limit, pages=PDF_PAGES))
        blocks.append(f"[{notes[-1]}]")

    left = settings.bot_attachment_tokens
    for attachment in attachments:
        name = " ".join(attachment.name.replace("`", "'").split()) or "file"
        try:
            data = await _bytes_of(attachment, open, settings.bot_max_attachment_bytes)
            if (content_type := sniff(data[:HEAD])).startswith("image/"):
                if sees:
                    pictures.append(Picture(content_type, data).url)
                    blocks.append(f"[{name}]")
                else:
                    note("unseen", name)
                continue
            if content_type:
                raise _Unread("binary")  # noqa: TRY301 - the one place where it is told
            is_pdf = b"%PDF-" in data[:_PDF_HEAD]
            # A token is estimated as four characters at most: nothing beyond that is worth extracting or counting.
            most = 4 * left + 4
            text, is_cut = await asyncio.to_thread(pdf_text if is_pdf else plain_text, data, most)
        except _Unread as exc:
            note(str(exc), name)
            continue
        if estimate_tokens(text) > left:
            text, is_cut = cut_to_tokens(text, left), True
        left = max(0, left - estimate_tokens(text))
        blocks.append(fenced(text, name) if text else f"`{name}`:")
        if is_cut:
            note("cut", name)
    return Reading("\n\n".join(blocks), tuple(pictures), tuple(notes))


async def read_picture(attachments: Sequence[Attachment], *, open: Open, limit: int) -> Picture | None:  # noqa: A002
    """The first picture among the files, None when there is none. Raises `MediaError` when it can't be read.

    `limit`: bytes.
    """
    for attachment in attachments:
        try:
            data = await _bytes_of(attachment, open, limit)
        except _Unread as exc:
            raise MediaTooLarge(f"{attachment.name}: {exc}") from exc
        content_type = sniff(data[:HEAD])
        if content_type.startswith("image/"):
            return Picture(content_type, data)
    return None


async def _bytes_of(attachment: Attachment, open_: Open, limit: int) -> bytes:
    """The whole file, at most `limit` bytes. Raises `_Unread`."""
    if attachment.size is not None and attachment.size > limit:
        raise _Unread("too_large")
    data = bytearray()
    pieces = open_(attachment)
    try:
        async for piece in pieces:
            data += piece
            if len(data) > limit:
                raise _Unread("too_large")
    except MediaTooLarge as exc:
        raise _Unread("too_large") from exc
    except MediaError as exc:
        raise _Unread("unreachable") from exc
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
    return bytes(data)


def plain_text(data: bytes, most: int) -> tuple[str, bool]:
    """The first `most` characters of the text in `data`, whatever its encoding, and whether there is more.

    Raises `_Unread` when it is no text, or in an encoding that can't be told.
    """
    head = data[: max(4 * most, _HEAD)]  # no encoding takes more than four bytes for a character
    text = decoded(head, is_whole=len(head) == len(data))
    shown = head.decode("latin-1") if text is None else text
    if len(_CONTROL.findall(shown)) > len(shown) // 1000:
        raise _Unread("binary")
    if text is None:
        raise _Unread("encoding")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[:most], len(text) > most or len(head) < len(data)


def pdf_text(data: bytes, most: int) -> tuple[str, bool]:
    """The text of a PDF and whether it stops early: after `PDF_PAGES` pages or `most` characters. Raises `_Unread`."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    # A damaged file can make the parser stumble over anything.
    stumbles = (PyPdfError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, OSError)
    pages: list[str] = []
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _Unread("encrypted")
        total = len(reader.pages)
        length = 0
        for page in reader.pages[:PDF_PAGES]:
            pages.append(page.extract_text().strip())
            length += len(pages[-1])
            if length > most:
                break
    except (DependencyError, NotImplementedError) as exc:
        raise _Unread("encrypted") from exc
    except (*stumbles, RecursionError, AssertionError) as exc:
        raise _Unread("damaged") from exc
    if not any(pages):
        raise _Unread("scanned")
    return "\n\n".join(page for page in pages if page), len(pages) < total


def cut_to_tokens(text: str, tokens: int) -> str:
    """The beginning of `text` in at most about `tokens` tokens, marked where it was cut."""
    if estimate_tokens(text) <= tokens:
        return text
    while text and (cost := estimate_tokens(text)) > tokens:
        text = text[: min(len(text) - 1, len(text) * max(0, tokens) // cost)]
    return text.rstrip() + _CUT if text else ""


def fenced(text: str, name: str = "", language: str | None = None) -> str:
    """`text` as a Markdown code block that nothing in it can close; `name` stands before it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    if language is None:
        language = PurePath(name).suffix.removeprefix(".").lower()
        language = language if language.isalnum() else ""
    block = f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"
    return f"`{name}`:\n{block}" if name else block
