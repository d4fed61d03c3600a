"""The spool folder: files of answers, from their creation until their retention ends."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from mimetypes import guess_extension
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from pydantic import SecretStr

from bot.errors import DownloadFailed, FileNotSaved, MediaError, MediaTooLarge, SettingsError, WrongContent
from bot.i18n import operator_text, translate
from bot.isolation.fair_slots import FairSlots
from bot.media import links
from bot.media.content import EXTENSIONS, HEAD
from bot.media.fit import shrink
from bot.media.names import safe_stem, short_digest, split_name
from bot.media.network import Network, SafeClient
from bot.media.probe import probe
from bot.media.timing import MediaTiming
from bot.media.writer import MediaWriter, decode_base64
from bot.models import Kind, Media

_CHUNK_SIZE = 1 << 18  # bytes per write: few thread hops, little memory
_MAX_TRIES = 3


class GeneratedFile(Protocol):
    """A generated file in the API's answer: a URL or base64, with optional properties."""

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
        network: Network | None = None,
        timing: MediaTiming | None = None,
    ) -> None:
        """`timeout`: seconds for one whole download; `allowed_origins` (scheme://host:port) may be internal or http."""
        self._folder = folder
        self._secret = secret
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._public_url = public_url
        self._link_hours = link_hours
        self._timing = timing or MediaTiming()
        self._working = FairSlots(1)
        self._client = SafeClient(allowed_origins, network or Network(), self._timing)
        self._parts: set[Path] = set()  # temporary files that this process writes

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as exc:
            raise SettingsError(operator_text("setting.folder", path=self._folder, reason=exc.strerror)) from exc
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    # ------------------------------------------------------------------ in

    async def fetch(self, item: GeneratedFile, *, kind: Kind, name: str, event: str, description: str = "") -> Media:
        """Store a generated file. The same event and name overwrite, so that a repetition leaves one file.

        Raises `UnsafeUrl`, `MediaTooLarge`, `WrongContent`, `DownloadFailed`, `FileNotSaved`.
        """
        url = item.url or ""
        encoded = item.b64_json or ""
        if not encoded and url.startswith("data:"):
            encoded, url = url, ""
        if not encoded and not url:
            raise DownloadFailed("the API named no file")
        async with self._temporary_file(name, event) as part:
            if encoded:
                content_type, size = await asyncio.to_thread(self._decode, encoded, part, kind)
            else:
                content_type, size = await self._download(url, part, kind)
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_rename_part, part, extension)
        info = await asyncio.to_thread(probe, path, content_type)
        return Media(
            name=f"{safe_stem(name)}.{extension}",
            content_type=content_type,
            size=size,
            path=path,
            source_url=url,
            description=description,
            width=info.width or item.width,
            height=info.height or item.height,
            duration=info.duration or item.duration,
        )

    async def write(
        self, name: str, content: bytes | str, *, content_type: str, event: str, description: str = ""
    ) -> Media:
        """Store a file made by the service itself. Raises `FileNotSaved`."""
        data = content.encode() if isinstance(content, str) else content
        stem, extension = split_name(name)
        extension = extension or (guess_extension(content_type) or ".bin").removeprefix(".")
        async with self._temporary_file(name, event) as part:
            await asyncio.to_thread(part.write_bytes, data)
            path = await asyncio.to_thread(_rename_part, part, extension)
        return Media(
            name=f"{stem}.{extension}", content_type=content_type, size=len(data), path=path, description=description
        )

    async def make(
        self, name: str, work: Callable[[Path], Awaitable[str]], *, event: str, person: str, description: str = ""
    ) -> Media:
        """Store a file that `work` writes to the path it is given; it returns the content type.

        `person`: takes turns with other people, as this and making files smaller is much work for the machine.
        Raises `FileNotSaved` and the errors of `work`.
        """
        async with self._temporary_file(name, event) as part:
            async with self._working.hold(person):
                content_type = await work(part)
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_rename_part, part, extension)
        info = await asyncio.to_thread(probe, path, content_type)
        return Media(
            name=f"{split_name(name)[0]}.{extension}",
            content_type=content_type,
            size=path.stat().st_size,
            path=path,
            description=description,
            width=info.width,
            height=info.height,
            duration=info.duration,
        )

    @asynccontextmanager
    async def _temporary_file(self, name: str, event: str) -> AsyncIterator[Path]:
        """Reserve the path of a temporary file; deletes it at the end unless it was renamed."""
        day = self._folder / datetime.now(UTC).date().isoformat()
        stem = f"{short_digest(event, name)}-{split_name(name)[0]}"
        part = day / f"{stem}.{secrets.token_hex(4)}.part"
        self._parts.add(part)
        try:
            await asyncio.to_thread(day.mkdir, parents=True, exist_ok=True)
            yield part
        except OSError as exc:
            raise FileNotSaved(f"the file could not be written: {exc.strerror}") from exc
        finally:
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(part.unlink, missing_ok=True))
            self._parts.discard(part)

    async def _download(self, url: str, part: Path, kind: Kind) -> tuple[str, int]:
        try:
            async with asyncio.timeout(self._timeout):
                for attempt in range(1, _MAX_TRIES + 1):
                    try:
                        return await self._transfer(url, part, kind)
                    except (aiohttp.ClientError, TimeoutError) as exc:
                        if attempt == _MAX_TRIES:
                            raise DownloadFailed(f"the file could not be fetched: {exc or 'no answer'}") from exc
                    await asyncio.sleep(self._timing.retry_pause * attempt)
        except TimeoutError as exc:
            raise DownloadFailed(f"the file took longer than {self._timeout:g} s to fetch") from exc
        raise AssertionError("unreachable")

    async def _transfer(self, url: str, part: Path, kind: Kind) -> tuple[str, int]:
        async with await self._client.get(url) as response:
            if (response.content_length or 0) > self._max_bytes:
                raise self._too_large()
            writer = MediaWriter(part, self._max_bytes, kind)
            try:
                buffer = bytearray()
                async for chunk in response.content.iter_any():
                    buffer += chunk
                    if len(buffer) >= (_CHUNK_SIZE if writer.content_type else HEAD):
                        await asyncio.to_thread(writer.write, buffer)
                        buffer = bytearray()
                await asyncio.to_thread(writer.write, buffer)
                return writer.content_type, writer.size
            finally:
                writer.close()

    def _decode(self, encoded: str, part: Path, kind: Kind) -> tuple[str, int]:
        writer = MediaWriter(part, self._max_bytes, kind)
        try:
            for piece in decode_base64(encoded):
                writer.write(piece)
            writer.write(b"")
        except ValueError as exc:
            raise WrongContent("the API's file is not base64") from exc
        finally:
            writer.close()
        return writer.content_type, writer.size

    def _too_large(self) -> MediaTooLarge:
        return MediaTooLarge(f"the file is bigger than {self._max_bytes} bytes")

    # ------------------------------------------------------------------ out

    async def fit(self, media: Media, limit: int | None, *, locale: str = "", person: str = "") -> tuple[Media, str]:
        """Make a file fit `limit` bytes; return the file to show and a sentence about the change ("": unchanged).

        A file that is too big is shrunk if possible, else gets a `url`: a signed link, or the API's own. If there is
        neither, the result has no path: only the sentence can be shown. `person`: takes turns with other people.
        """
        if limit is None or media.size <= limit or media.path is None or media.url:
            return media, ""
        values = {"name": media.name, "size": _format_size(media.size), "limit": _format_size(limit)}
        smaller = await self._shrink(media, limit, person)
        if smaller is not None:
            return smaller, translate("media.smaller", locale, **values, smaller=_format_size(smaller.size))
        if self._public_url:
            return replace(media, url=self.link(media)), translate(
                "media.link", locale, **values, hours=f"{self._link_hours:g}"
            )
        if media.source_url:
            return replace(media, url=media.source_url), translate("media.source", locale, **values)
        return replace(media, path=None), translate("media.unshown", locale, **values)

    async def _shrink(self, media: Media, limit: int, person: str) -> Media | None:
        assert media.path is not None
        stem = media.path.stem.rpartition(".")[0] or media.path.stem
        target = media.path.with_name(f"{stem}.fit-{limit}.part")
        self._parts.add(target)
        try:
            async with self._working.hold(person):
                content_type = await shrink(media.path, target, media.content_type, limit, timeout=self._timing.shrink)
            if not content_type:
                return None
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_rename_part, target, extension, f"{stem}.fit-{limit}")
            info = await asyncio.to_thread(probe, path, content_type)
        finally:
            await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
            self._parts.discard(target)
        return replace(
            media,
            name=f"{split_name(media.name)[0]}.{extension}",
            content_type=content_type,
            size=path.stat().st_size,
            path=path,
            width=info.width,
            height=info.height,
        )

    def link(self, media: Media) -> str:
        """Return a signed URL of a file of this spool, valid for `link_hours`. Raises `MediaError`."""
        if media.path is None:
            raise MediaError(f"{media.name} is not in the spool")
        relative = media.path.resolve().relative_to(self._folder.resolve()).as_posix()
        token = links.sign_link(self._secret, relative, media.name, time.time() + self._link_hours * 3600)
        return links.media_url(self._public_url, token, media.name)

    def resolve(self, token: str, name: str) -> Path | None:
        """Return the file of a link; None if the link is forged or expired, or the file is gone."""
        return links.verify_link(self._secret, token, name, self._folder)

    # ------------------------------------------------------------------ housekeeping

    async def remove(self, media: Sequence[Media]) -> None:
        """Delete files of this spool with their smaller versions; missing files are ignored."""
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
        """Delete files older than `before` (None: none), abandoned temporary files, and empty folders.

        Other processes may share the folder: a temporary file counts as abandoned only after all timeouts have passed.
        """
        oldest = 0.0 if before is None else before.timestamp()
        await asyncio.to_thread(self._sweep, oldest, frozenset(self._parts))

    def _sweep(self, before: float, active: frozenset[Path]) -> None:
        abandoned = time.time() - max(self._timeout, self._timing.shrink) - self._timing.clock_skew
        for day in [path for path in self._folder.iterdir() if path.is_dir()]:
            for path in list(day.iterdir()):
                with suppress(FileNotFoundError):  # another process finished or swept it
                    oldest = abandoned if path.suffix == ".part" else before
                    if path not in active and path.stat().st_mtime < oldest:
                        path.unlink()
            if day.name != datetime.now(UTC).date().isoformat():
                with suppress(OSError):  # not empty, or gone already
                    day.rmdir()


def _rename_part(part: Path, extension: str, stem: str = "") -> Path:
    """Rename a finished temporary file atomically; return its new path."""
    return part.replace(part.with_name(f"{stem or part.name.split('.')[0]}.{extension}"))


def _format_size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004
