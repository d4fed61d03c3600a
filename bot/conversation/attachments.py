"""Converts attached files into text and images for a model. The bytes decide the type of a file."""

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from bot.conversation.charset import decode_text
from bot.errors import MediaError, MediaTooLarge
from bot.i18n import translate
from bot.markdown.split import estimate_tokens
from bot.media.content import HEAD, sniff
from bot.models import Attachment
from bot.settings.core import Settings

#: Number of PDF pages that are read.
PDF_PAGES = 200

_CUT_MARK = " […]"
_TEXT_HEAD = 10_000  # bytes that decide whether a file is text
_PDF_HEAD = 1024  # bytes within which a PDF's signature must be
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class AttachmentContents:
    """The converted files of a message."""

    text: str = ""  #: the files as Markdown, to be added to the prompt
    image_urls: tuple[str, ...] = ()  #: data URLs, for a model with vision
    notes: tuple[str, ...] = ()  #: sentences on unread files, in the person's language; part of `text` as well


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image's bytes with their content type."""

    content_type: str
    data: bytes

    @property
    def data_url(self) -> str:
        """The image as a data URL."""
        return f"data:{self.content_type};base64,{base64.b64encode(self.data).decode('ascii')}"


class _Unreadable(Exception):
    """A file can't be read; the text is the last part of a sentence's key, `attachment.KEY`."""


OpenAttachment = Callable[[Attachment], AsyncIterator[bytes]]


async def read_attachments(
    attachments: Sequence[Attachment],
    *,
    open_attachment: OpenAttachment,
    settings: Settings,
    locale: str,
    has_vision: bool,
) -> AttachmentContents:
    """Read the files in order, within one token limit for all. Every omission leaves a note.

    `has_vision`: the model accepts images.
    """
    blocks: list[str] = []
    image_urls: list[str] = []
    notes: list[str] = []

    def note(key: str, name: str) -> None:
        limit = f"{settings.bot_max_attachment_bytes / 1_000_000:g}"
        notes.append(translate(f"attachment.{key}", locale, name=name, limit=limit, pages=PDF_PAGES))
        blocks.append(f"[{notes[-1]}]")

    left = settings.bot_attachment_tokens
    for attachment in attachments:
        name = " ".join(attachment.name.replace("`", "'").split()) or "file"
        try:
            data = await _read_bytes(attachment, open_attachment, settings.bot_max_attachment_bytes)
            if (content_type := sniff(data[:HEAD])).startswith("image/"):
                if has_vision:
                    image_urls.append(EncodedImage(content_type, data).data_url)
                    blocks.append(f"[{name}]")
                else:
                    note("unseen", name)
                continue
            if content_type:
                raise _Unreadable("binary")  # noqa: TRY301 - the handler below writes the note
            is_pdf = b"%PDF-" in data[:_PDF_HEAD]
            # A token is at most four characters by estimate; more text than that would be cut anyway.
            max_chars = 4 * left + 4
            text, is_cut = await asyncio.to_thread(extract_pdf_text if is_pdf else extract_text, data, max_chars)
        except _Unreadable as exc:
            note(str(exc), name)
            continue
        if estimate_tokens(text) > left:
            text, is_cut = truncate_to_tokens(text, left), True
        left = max(0, left - estimate_tokens(text))
        blocks.append(code_block(text, name) if text else f"`{name}`:")
        if is_cut:
            note("cut", name)
    return AttachmentContents("\n\n".join(blocks), tuple(image_urls), tuple(notes))


async def read_image(
    attachments: Sequence[Attachment], *, open_attachment: OpenAttachment, limit: int
) -> EncodedImage | None:
    """Read the first image among the files; None: there is none. Raises `MediaError` if a file can't be read.

    `limit`: bytes per file.
    """
    for attachment in attachments:
        try:
            data = await _read_bytes(attachment, open_attachment, limit)
        except _Unreadable as exc:
            raise MediaTooLarge(f"{attachment.name}: {exc}") from exc
        content_type = sniff(data[:HEAD])
        if content_type.startswith("image/"):
            return EncodedImage(content_type, data)
    return None


async def _read_bytes(attachment: Attachment, open_attachment: OpenAttachment, limit: int) -> bytes:
    """Read a whole file of at most `limit` bytes. Raises `_Unreadable`."""
    if attachment.size is not None and attachment.size > limit:
        raise _Unreadable("too_large")
    data = bytearray()
    pieces = open_attachment(attachment)
    try:
        async for piece in pieces:
            data += piece
            if len(data) > limit:
                raise _Unreadable("too_large")
    except MediaTooLarge as exc:
        raise _Unreadable("too_large") from exc
    except MediaError as exc:
        raise _Unreadable("unreachable") from exc
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
    return bytes(data)


def extract_text(data: bytes, max_chars: int) -> tuple[str, bool]:
    """Decode a text file; return its first `max_chars` characters and whether there are more.

    Raises `_Unreadable` for binary data and for an undetectable encoding.
    """
    head = data[: max(4 * max_chars, _TEXT_HEAD)]  # no encoding takes more than four bytes for a character
    text = decode_text(head, is_whole=len(head) == len(data))
    sample = head.decode("latin-1") if text is None else text
    if len(_CONTROL.findall(sample)) > len(sample) // 1000:
        raise _Unreadable("binary")
    if text is None:
        raise _Unreadable("encoding")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[:max_chars], len(text) > max_chars or len(head) < len(data)


def extract_pdf_text(data: bytes, max_chars: int) -> tuple[str, bool]:
    """Extract the text of a PDF; return it and whether it was cut, after `PDF_PAGES` pages or `max_chars` characters.

    Raises `_Unreadable`.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    # On damaged files the parser raises almost anything.
    damage = (PyPdfError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, OSError)
    pages: list[str] = []
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _Unreadable("encrypted")
        total = len(reader.pages)
        length = 0
        for page in reader.pages[:PDF_PAGES]:
            pages.append(page.extract_text().strip())
            length += len(pages[-1])
            if length > max_chars:
                break
    except (DependencyError, NotImplementedError) as exc:
        raise _Unreadable("encrypted") from exc
    except (*damage, RecursionError, AssertionError) as exc:
        raise _Unreadable("damaged") from exc
    if not any(pages):
        raise _Unreadable("scanned")
    return "\n\n".join(page for page in pages if page), len(pages) < total


def truncate_to_tokens(text: str, tokens: int) -> str:
    """Shorten `text` to about `tokens` tokens; a mark shows the cut."""
    if estimate_tokens(text) <= tokens:
        return text
    while text and (cost := estimate_tokens(text)) > tokens:
        text = text[: min(len(text) - 1, len(text) * max(0, tokens) // cost)]
    return text.rstrip() + _CUT_MARK if text else ""


def code_block(text: str, name: str = "", language: str | None = None) -> str:
    """Return `text` as a Markdown code block whose fence `text` can't close; `name`: shown in front of it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    if language is None:
        language = PurePath(name).suffix.removeprefix(".").lower()
        language = language if language.isalnum() else ""
    block = f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"
    return f"`{name}`:\n{block}" if name else block
