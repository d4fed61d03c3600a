"""Converts attached files into text and images for a model. The bytes decide the type of a file.

PDF files, Office files and large pictures are parsed in child processes with limits (`bot.isolation`); text is
decoded here.
"""

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import PurePath

import structlog

from bot.conversation.charset import decode_text
from bot.conversation.document_parsers import (
    PARSER_OPTIONS,
    PARSING_FAILURES,
    PDF_PAGES,
    PICTURE_FAILURES,
    Unreadable,
    parser_of,
)
from bot.conversation.file_pieces import pieces_within
from bot.conversation.links import address_of
from bot.errors import MediaError, MediaTooLarge, UsageError
from bot.i18n import translate
from bot.isolation.fair_slots import FairSlots
from bot.isolation.process import Limits, ParsingFailed, run_isolated
from bot.markdown.split import estimate_tokens
from bot.media.content import HEAD, sniff
from bot.media.pages import WebPages
from bot.media.probe import read_header
from bot.models import Attachment, is_picture
from bot.values import valueclass

log = structlog.get_logger(__name__)

_CUT_MARK = " […]"
_TEXT_HEAD = 10_000  # bytes that decide whether a file is text
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_PICTURE_SIDE = 2048  # pixels; models see no more
_PICTURE_BYTES = 1_000_000  # of one picture for a model; larger ones are reduced
_PICTURES_BYTES = 8_000_000  # of all pictures of a request
_REQUESTS_WITH_PICTURES = 12  # at once, as each keeps its pictures until it is answered
_LARGE_FILE = 1_000_000  # bytes; of larger files only some are in memory at once
_LARGE_FILES = 8
_DOCUMENT_MEMORY = 512 << 20
_PICTURE_MEMORY = 1 << 30  # a picture of 177 megapixels takes 700 MB


@valueclass(frozen=True, slots=True)
class AttachmentContents:
    """The converted files of a message."""

    text: str = ""  #: the files as Markdown, to be added to the prompt
    image_urls: tuple[str, ...] = ()  #: data URLs, for a model with vision
    notes: tuple[str, ...] = ()  #: sentences on unread files, in the person's language; part of `text` as well
    pages: tuple[str, ...] = ()  #: addresses of the links that were read

    @property
    def is_unread(self) -> bool:
        """Whether there are files, and none could be read."""
        return bool(self.notes) and self.text == "\n\n".join(map(_bracketed, self.notes))


@valueclass(frozen=True, slots=True)
class EncodedImage:
    """An image's bytes with their content type."""

    content_type: str
    data: bytes | bytearray

    @property
    def data_url(self) -> str:
        """The image as a data URL."""
        return f"data:{self.content_type};base64,{base64.b64encode(self.data).decode('ascii')}"


@valueclass(frozen=True, slots=True)
class WholeFile:
    """An attached file as it is."""

    content_type: str  #: by its content; "": none that is known
    data: bytearray


OpenAttachment = Callable[[Attachment], AsyncIterator[bytes]]


@valueclass(frozen=True, slots=True, kw_only=True)
class AttachmentSource:
    """Files of one request, and whose it is."""

    attachments: Sequence[Attachment]
    open_attachment: OpenAttachment  #: reads one in pieces
    person: str  #: takes turns with other people
    locale: str  #: of the notes


class AttachmentReader:
    """Reads the files of all requests, within limits of memory and of processes that hold for all together."""

    def __init__(self, *, max_bytes: int, parse_seconds: float, pages: WebPages | None = None) -> None:
        """`max_bytes`: of a file; `parse_seconds`: for a PDF or a picture; `pages`: None: no link is read."""
        self._pages = pages
        self._max_bytes = max_bytes
        self._parse_seconds = parse_seconds
        # Two at least, or one person's file would be everybody's wait.
        self._parsing = FairSlots(min(4, max(2, os.cpu_count() or 1)))
        self._loading = FairSlots(_LARGE_FILES)
        self._with_pictures = FairSlots(_REQUESTS_WITH_PICTURES, per_person=3)

    @asynccontextmanager
    async def read(
        self, source: AttachmentSource, *, max_tokens: int, has_vision: bool
    ) -> AsyncIterator[AttachmentContents]:
        """Read the files in order, within one token limit for all. Every omission leaves a note.

        `max_tokens`: of all files together; `has_vision`: the model accepts images. Leave the block when the request is
        answered: until then its pictures take memory, which is bounded.
        """
        async with AsyncExitStack() as held:
            if has_vision and source.attachments:  # before any file is loaded: who holds a file must not wait for this
                await held.enter_async_context(self._with_pictures.hold(source.person))
            reading = _Reading(tokens_left=max_tokens)
            for attachment in source.attachments:
                name = " ".join(attachment.name.replace("`", "'").split()) or "file"
                try:
                    await self._add(attachment, name, source, reading, has_vision=has_vision)
                    reading.pages += filter(None, (address_of(attachment),))
                except Unreadable as exc:
                    reading.add_note(self._note(str(exc), name, source.locale))
            if not reading.image_urls:
                await held.aclose()
            yield AttachmentContents(
                text="\n\n".join(reading.blocks),
                image_urls=tuple(reading.image_urls),
                notes=tuple(reading.notes),
                pages=tuple(reading.pages),
            )

    async def _add(
        self, attachment: Attachment, name: str, source: AttachmentSource, reading: "_Reading", *, has_vision: bool
    ) -> None:
        """Add what a model gets of a file, which is in memory until then. Raises `Unreadable`."""
        async with self._load(attachment, source) as data:
            if content_type := sniff(bytes(data[:HEAD])):
                is_image = is_picture(content_type)
                if not (is_image and has_vision):
                    raise Unreadable("unseen" if is_image else "binary")
                reading.add_image(await self._reduce(data, content_type, source.person), name)
                return
            # A token is at most four characters by estimate; more text than that would be cut anyway.
            max_chars = 4 * reading.tokens_left + 4
            if parser := parser_of(data, is_page=bool(address_of(attachment))):
                text, is_cut = await self._parse(parser, data, max_chars, source.person)
            else:
                text, is_cut = await asyncio.to_thread(extract_text, bytes(data), max_chars)
        if reading.add_text(text, name) or is_cut:
            reading.add_note(self._note("cut", name, source.locale))

    async def read_image(self, source: AttachmentSource) -> EncodedImage | None:
        """Read the first image among the files; None: there is none.

        Raises `MediaError` if a file is too large or can't be fetched, `UsageError` if the image can't be parsed.
        """
        for attachment in source.attachments:
            try:
                async with self._load(attachment, source) as data:
                    content_type = sniff(bytes(data[:HEAD]))
                    if is_picture(content_type):
                        return await self._reduce(data, content_type, source.person)
            except Unreadable as exc:
                if str(exc) == "too_large":
                    raise MediaTooLarge(f"{attachment.name} is too large") from exc
                if isinstance(exc.__cause__, MediaError):
                    raise exc.__cause__ from None
                raise UsageError(self._note(str(exc), attachment.name, source.locale)) from exc
        return None

    @asynccontextmanager
    async def whole_file(
        self, attachment: Attachment, source: AttachmentSource, *, is_parsed: bool = False
    ) -> AsyncIterator[WholeFile]:
        """Read one of the files as it is; it is in memory until the end of the block.

        `is_parsed`: in the block, by a child process; people take turns. Raises `UsageError`.
        """
        try:
            async with AsyncExitStack() as held:
                data = await held.enter_async_context(self._load(attachment, source))
                if is_parsed:
                    await held.enter_async_context(self._parsing.hold(source.person))
                yield WholeFile(sniff(bytes(data[:HEAD])), data)
        except Unreadable as exc:
            raise UsageError(self._note(str(exc), attachment.name, source.locale)) from exc

    def loading(self, person: str) -> AbstractAsyncContextManager[None]:
        """Take one of the turns of those who load a large file, until the end of the block."""
        return self._loading.hold(person)

    def _note(self, key: str, name: str, locale: str) -> str:
        return translate(
            f"attachment.{key}",
            locale,
            name=name,
            limit=f"{self._max_bytes / 1_000_000:g}",
            pages=PDF_PAGES,
            seconds=f"{self._parse_seconds:g}",
            pictures=f"{_PICTURES_BYTES / 1_000_000:g}",
        )

    @asynccontextmanager
    async def _load(self, attachment: Attachment, source: AttachmentSource) -> AsyncIterator[bytearray]:
        """Read a whole file, which is in memory until the end of the block. Raises `Unreadable`."""
        if attachment.size is not None and attachment.size > self._max_bytes:
            raise Unreadable("too_large")
        async with AsyncExitStack() as held:
            if attachment.size is None or attachment.size > _LARGE_FILE:
                await held.enter_async_context(self._loading.hold(source.person))
            address = address_of(attachment)
            pieces = self._open_page(address) if address else source.open_attachment(attachment)
            yield await _read_bytes(pieces, self._max_bytes)

    def _open_page(self, address: str) -> AsyncIterator[bytes]:
        if self._pages is None:
            raise Unreadable("unreachable")
        return self._pages.open(address)

    async def _parse(self, parser: str, data: bytearray, max_chars: int, person: str) -> tuple[str, bool]:
        """Return a file's text, and whether it is cut. Raises `Unreadable`."""
        # No character takes more than four bytes.
        limits = Limits(seconds=self._parse_seconds, memory=_DOCUMENT_MEMORY, output=4 * max_chars)
        options = {"chars": max_chars, "seconds": self._parse_seconds, **PARSER_OPTIONS.get(parser, {})}
        try:
            async with self._parsing.hold(person):
                word, text = await run_isolated(parser, data, limits, options)
        except ParsingFailed as exc:
            log.warning("file not parsed", parser=parser, size=len(data), reason=exc.reason)
            raise Unreadable(PARSING_FAILURES.get(exc.reason, "damaged")) from exc
        return text.decode("utf-8", "replace"), word == "cut"

    async def _reduce(self, data: bytearray, content_type: str, person: str) -> EncodedImage:
        """Return a picture as large as a model takes. Raises `Unreadable`."""
        header = read_header(BytesIO(data), content_type)
        is_small = max(header.width or _PICTURE_SIDE + 1, header.height or _PICTURE_SIDE + 1) <= _PICTURE_SIDE
        if is_small and len(data) <= _PICTURE_BYTES:
            return EncodedImage(content_type, data)
        if find_spec("PIL") is None:  # the bound of the whole request holds
            return EncodedImage(content_type, data)
        limits = Limits(seconds=self._parse_seconds, memory=_PICTURE_MEMORY, output=_PICTURE_BYTES)
        options = {"side": _PICTURE_SIDE, "limit": _PICTURE_BYTES}
        try:
            async with self._parsing.hold(person):
                return EncodedImage(*await run_isolated("bot.isolation.picture:shrink", data, limits, options))
        except ParsingFailed as exc:
            log.warning("file not parsed", type=content_type, size=len(data), reason=exc.reason)
            raise Unreadable(PICTURE_FAILURES.get(exc.reason, "damaged_picture")) from exc


def _bracketed(note: str) -> str:
    return f"[{note}]"


@dataclass(slots=True)
class _Reading:
    """The files of a request read so far."""

    tokens_left: int
    bytes_left: int = _PICTURES_BYTES  #: for pictures
    blocks: list[str] = field(default_factory=list)
    image_urls: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def add_note(self, note: str) -> None:
        self.notes.append(note)
        self.blocks.append(_bracketed(note))

    def add_image(self, image: EncodedImage, name: str) -> None:
        """Add an image. Raises `Unreadable` if there are too many bytes of them."""
        if len(image.data) > self.bytes_left:
            raise Unreadable("too_many_pictures")
        self.bytes_left -= len(image.data)
        self.image_urls.append(image.data_url)
        self.blocks.append(f"[{name}]")

    def add_text(self, text: str, name: str) -> bool:
        """Add a text, shortened to the tokens that are left; return whether it was."""
        is_cut = estimate_tokens(text) > self.tokens_left
        if is_cut:
            text = truncate_to_tokens(text, self.tokens_left)
        self.tokens_left = max(0, self.tokens_left - estimate_tokens(text))
        self.blocks.append(code_block(text, name) if text else f"`{name}`:")
        return is_cut


async def _read_bytes(pieces: AsyncIterator[bytes], limit: int) -> bytearray:
    """Read a whole file of at most `limit` bytes. Raises `Unreadable`."""
    data = bytearray()
    async with aclosing(pieces_within(limit, pieces)) as read:
        async for piece in read:
            data += piece
    return data


def extract_text(data: bytes, max_chars: int) -> tuple[str, bool]:
    """Decode a text file; return its first `max_chars` characters and whether there are more.

    Raises `Unreadable` for binary data and for an undetectable encoding.
    """
    head = data[: max(4 * max_chars, _TEXT_HEAD)]  # no encoding takes more than four bytes for a character
    text = decode_text(head, is_whole=len(head) == len(data))
    sample = head.decode("latin-1") if text is None else text
    if len(_CONTROL.findall(sample)) > len(sample) // 1000:
        raise Unreadable("binary")
    if text is None:
        raise Unreadable("encoding")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[:max_chars], len(text) > max_chars or len(head) < len(data)


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
