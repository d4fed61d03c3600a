"""The spool folder: where files are while they wait to be shown."""

import asyncio
import binascii
import secrets
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from mimetypes import guess_extension
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from pydantic import SecretStr

from bot.errors import DownloadFailed, MediaError, MediaTooLarge, NotKept, SettingsError, WrongContent
from bot.i18n import translate
from bot.media import links
from bot.media.content import EXTENSIONS, HEAD
from bot.media.fit import shrink
from bot.media.names import digest, safe_stem, split
from bot.media.network import Network, SafeClient
from bot.media.probe import probe
from bot.media.writer import Sink
from bot.models import Kind, Media

_PIECE = 1 << 18  # bytes per write: few thread hops, little memory
_TRIES = 3
#: Seconds that a temporary file may go on being written after the time-outs that end it: clocks of machines differ.
_GRACE = 600.0


class Item(Protocol):
    """A generated file as the API offers it: a URL or base64, with what it says of itself."""

    @property
    def url(self) -> str | None:
        """An http(s) or data: URL."""

    @property
    def b64_json(self) -> str | None:
        """The file in base64, or as a data: URL."""

    @property
    def width(self) -> int | None:
        """Pixels."""

    @property
    def height(self) -> int | None:
        """Pixels."""

    @property
    def duration(self) -> float | None:
        """Seconds."""


class Spool:
    """Files on disk under `folder`, a folder a day. Use as an async context manager: it owns its HTTP client."""

    def __init__(
        self,
        folder: Path,
        *,
        secret: SecretStr,
        max_bytes: int,
        timeout: float,
        allowed_origins: Collection[str] = (),
        public_url: str = "",
        link_hours: float = 72,
        shrink_timeout: float = 180,
        network: Network | None = None,
    ) -> None:
        """Times are in seconds; `allowed_origins` (scheme://host:port) need be neither public nor https."""
        self._folder = folder
        self._secret = secret
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._public_url = public_url
        self._link_hours = link_hours
        self._shrink_timeout = shrink_timeout
        self._shrinking = asyncio.Semaphore(1)
        self._client = SafeClient(allowed_origins, network or Network())
        self._parts: set[Path] = set()  # being written by this process

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as exc:
            raise SettingsError(
                f"BOT_DATA_DIR: {self._folder} can't be made ({exc.strerror}); choose a folder that may be written to"
            ) from exc
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    # ------------------------------------------------------------------ in

    async def fetch(self, item: Item, *, kind: Kind, name: str, event: str, description: str = "") -> Media:
        """Keep a generated file. The same event and name overwrite, so that a repetition leaves one file.

        Raises `UnsafeUrl`, `MediaTooLarge`, `WrongContent`, `DownloadFailed`, `NotKept`.
        """
        url = item.url or ""
        encoded = item.b64_json or ""
        if not encoded and url.startswith("data:"):
            encoded, url = url, ""
        if not encoded and not url:
            raise DownloadFailed("the API named no file")
        async with self._part(name, event) as part:
            if encoded:
                content_type, size = await asyncio.to_thread(self._decode, encoded, part, kind)
            else:
                content_type, size = await self._download(url, part, kind)
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_keep, part, extension)
        facts = await asyncio.to_thread(probe, path, content_type)
        return Media(
            name=f"{safe_stem(name)}.{extension}",
            content_type=content_type,
            size=size,
            path=path,
            source_url=url,
            description=description,
            width=facts.width or item.width,
            height=facts.height or item.height,
            duration=facts.duration or item.duration,
        )

    async def write(
        self, name: str, content: bytes | str, *, content_type: str, event: str, description: str = ""
    ) -> Media:
        """Keep a file of our own making. Raises `NotKept` when the disk does not take it."""
        data = content.encode() if isinstance(content, str) else content
        stem, extension = split(name)
        extension = extension or (guess_extension(content_type) or ".bin").removeprefix(".")
        async with self._part(name, event) as part:
            await asyncio.to_thread(part.write_bytes, data)
            path = await asyncio.to_thread(_keep, part, extension)
        return Media(
            name=f"{stem}.{extension}", content_type=content_type, size=len(data), path=path, description=description
        )

    @asynccontextmanager
    async def _part(self, name: str, event: str) -> AsyncIterator[Path]:
        """The path of a temporary file that is gone afterwards unless it was renamed."""
        day = self._folder / datetime.now(UTC).date().isoformat()
        stem = f"{digest(event, name)}-{split(name)[0]}"
        part = day / f"{stem}.{secrets.token_hex(4)}.part"
        self._parts.add(part)
        try:
            await asyncio.to_thread(day.mkdir, parents=True, exist_ok=True)
            yield part
        except OSError as exc:
            raise NotKept(f"the file could not be written: {exc.strerror}") from exc
        finally:
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(part.unlink, missing_ok=True))
            self._parts.discard(part)

    async def _download(self, url: str, part: Path, kind: Kind) -> tuple[str, int]:
        try:
            async with asyncio.timeout(self._timeout):
                for attempt in range(1, _TRIES + 1):
                    try:
                        return await self._transfer(url, part, kind)
                    except (aiohttp.ClientError, TimeoutError) as exc:
                        if attempt == _TRIES:
                            raise DownloadFailed(f"the file could not be fetched: {exc or 'no answer'}") from exc
                    await asyncio.sleep(0.2 * attempt)
        except TimeoutError as exc:
            raise DownloadFailed(f"the file took longer than {self._timeout:g} s to fetch") from exc
        raise AssertionError("unreachable")

    async def _transfer(self, url: str, part: Path, kind: Kind) -> tuple[str, int]:
        async with await self._client.get(url) as response:
            if (response.content_length or 0) > self._max_bytes:
                raise self._too_large()
            sink = Sink(part, self._max_bytes, kind)
            try:
                buffer = bytearray()
                async for chunk in response.content.iter_any():
                    buffer += chunk
                    if len(buffer) >= (_PIECE if sink.content_type else HEAD):
                        await asyncio.to_thread(sink.write, buffer)
                        buffer = bytearray()
                await asyncio.to_thread(sink.write, buffer)
                return sink.content_type, sink.size
            finally:
                sink.close()

    def _decode(self, encoded: str, part: Path, kind: Kind) -> tuple[str, int]:
        sink = Sink(part, self._max_bytes, kind)
        try:
            for piece in _decoded(encoded):
                sink.write(piece)
            sink.write(b"")
        except binascii.Error as exc:
            raise WrongContent("the API's file is not base64") from exc
        finally:
            sink.close()
        return sink.content_type, sink.size

    def _too_large(self) -> MediaTooLarge:
        return MediaTooLarge(f"the file is bigger than {self._max_bytes} bytes")

    # ------------------------------------------------------------------ out

    async def fit(self, media: Media, limit: int | None, *, locale: str = "") -> tuple[Media, str]:
        """Make a file fit `limit` bytes: the file to show, and a sentence on what was done ("" for nothing).

        Too big: made smaller where that works, else with `url` set to a link of ours or the API's own address.
        With neither, the file comes back without a path: only the sentence can be shown.
        """
        if limit is None or media.size <= limit or media.path is None or media.url:
            return media, ""
        values = {"name": media.name, "size": _readable(media.size), "limit": _readable(limit)}
        smaller = await self._smaller(media, limit)
        if smaller is not None:
            return smaller, translate("media.smaller", locale, **values, smaller=_readable(smaller.size))
        if self._public_url:
            return replace(media, url=self.link(media)), translate(
                "media.link", locale, **values, hours=f"{self._link_hours:g}"
            )
        if media.source_url:
            return replace(media, url=media.source_url), translate("media.source", locale, **values)
        return replace(media, path=None), translate("media.unshown", locale, **values)

    async def _smaller(self, media: Media, limit: int) -> Media | None:
        assert media.path is not None
        stem = media.path.stem.rpartition(".")[0] or media.path.stem
        target = media.path.with_name(f"{stem}.fit-{limit}.part")
        self._parts.add(target)
        try:
            async with self._shrinking:
                content_type = await shrink(media.path, target, media.content_type, limit, timeout=self._shrink_timeout)
            if not content_type:
                return None
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_keep, target, extension, f"{stem}.fit-{limit}")
            facts = await asyncio.to_thread(probe, path, content_type)
        finally:
            await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
            self._parts.discard(target)
        return replace(
            media,
            name=f"{split(media.name)[0]}.{extension}",
            content_type=content_type,
            size=path.stat().st_size,
            path=path,
            width=facts.width,
            height=facts.height,
        )

    def link(self, media: Media) -> str:
        """A signed address of the file on our web server, good for `link_hours`. The media has a path of this spool."""
        if media.path is None:
            raise MediaError(f"{media.name} is not in the spool")
        relative = media.path.resolve().relative_to(self._folder.resolve()).as_posix()
        token = links.sign(self._secret, relative, media.name, time.time() + self._link_hours * 3600)
        return links.address(self._public_url, token, media.name)

    def resolve(self, token: str, name: str) -> Path | None:
        """The file behind a link; None when it is forged, expired or gone."""
        return links.verify(self._secret, token, name, self._folder)

    # ------------------------------------------------------------------ housekeeping

    async def remove(self, media: Sequence[Media]) -> None:
        """Delete files of this spool and what was made of them. What is gone already is fine."""
        await asyncio.to_thread(self._remove, [item.path for item in media if item.path is not None])

    def _remove(self, paths: Sequence[Path]) -> None:
        root = self._folder.resolve()
        for path in paths:
            real = path.resolve()
            if real.is_relative_to(root):
                real.unlink(missing_ok=True)
                for other in real.parent.glob(f"{real.stem.partition('.')[0]}.fit-*"):
                    other.unlink(missing_ok=True)

    async def sweep(self, before: datetime | None) -> None:
        """Delete files older than `before` (None: none), temporary ones that nobody writes any more, empty folders.

        Other processes may share the folder: what they are writing stays, as they give up after the same time-outs.
        """
        oldest = 0.0 if before is None else before.timestamp()
        await asyncio.to_thread(self._sweep, oldest, frozenset(self._parts))

    def _sweep(self, before: float, active: frozenset[Path]) -> None:
        abandoned = time.time() - max(self._timeout, self._shrink_timeout) - _GRACE
        for day in [path for path in self._folder.iterdir() if path.is_dir()]:
            for path in list(day.iterdir()):
                with suppress(FileNotFoundError):  # another process finished or swept it
                    oldest = abandoned if path.suffix == ".part" else before
                    if path not in active and path.stat().st_mtime < oldest:
                        path.unlink()
            if day.name != datetime.now(UTC).date().isoformat():
                with suppress(OSError):  # not empty, or gone already
                    day.rmdir()


def _decoded(encoded: str) -> Iterator[bytes]:
    """Base64, with or without a `data:` head, line breaks and padding, in pieces. Raises `binascii.Error`."""
    position = encoded.index(",") + 1 if encoded.startswith("data:") and "," in encoded[:200] else 0
    left = ""
    while position < len(encoded):
        text = left + "".join(encoded[position : position + _PIECE].split())
        position += _PIECE
        whole = len(text) - len(text) % 4
        left = text[whole:]
        if whole:
            yield binascii.a2b_base64(text[:whole], strict_mode=True)
    if left:
        yield binascii.a2b_base64(left + "=" * (-len(left) % 4), strict_mode=True)


def _keep(part: Path, extension: str, stem: str = "") -> Path:
    """Give a finished temporary file its name, in one step."""
    return part.replace(part.with_name(f"{stem or part.name.split('.')[0]}.{extension}"))


def _readable(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004
