"""The spool folder: files of answers, from their creation until their retention ends."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from mimetypes import guess_extension
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from pydantic import SecretStr

from bot.concurrency.shared_probe import SharedProbe
from bot.errors import FileNotSaved, MediaError, MediaUnavailable, SettingsError
from bot.i18n import operator_text, translate
from bot.isolation.fair_slots import FairSlots
from bot.media import links
from bot.media.content import EXTENSIONS
from bot.media.download import Downloader, GeneratedFile
from bot.media.fit import shrink
from bot.media.names import safe_stem, short_digest, split_name
from bot.media.network import Network, SafeClient
from bot.media.probe import probe
from bot.media.storage.folder import FolderStore
from bot.media.storage.store import KeptFile, MediaStore
from bot.media.timing import MediaTiming
from bot.models import Answer, Kind, Media
from bot.ports import Namespace
from bot.security.content_credentials import MOST_ADDED, ContentCredentials

log = structlog.get_logger(__name__)


class Spool:
    """Files on disk under `folder`, a folder a day. Use as an async context manager: it owns its HTTP client."""

    def __init__(
        self,
        folder: Path | MediaStore,
        *,
        secret: SecretStr,
        max_bytes: int,
        timeout: float,
        allowed_origins: Collection[str] = (),
        public_url: str = "",
        link_hours: float = 72,
        network: Network | None = None,
        removals: Namespace | None = None,
        timing: MediaTiming | None = None,
        credentials: ContentCredentials | None = None,
    ) -> None:
        """`timeout`: seconds for one whole download; `allowed_origins` (scheme://host:port) may be internal or http.

        `credentials`: are put into generated files; None: nothing is.
        `removals`: notes which files are still to be deleted where the store of a spool can't be reached.
        """
        self._store = FolderStore(folder) if isinstance(folder, Path) else folder
        self._folder = self._store.folder
        timing = timing or MediaTiming()
        self._probe = SharedProbe(self._store.reach, interval=timing.store_check, pause=timing.store_pause)
        self._removals = removals
        self._secret = secret
        self._timeout = timeout
        self._public_url = public_url
        self._link_hours = link_hours
        self._timing = timing
        self._making = FairSlots(1)
        self._shrinking = FairSlots(1)
        self._credentials = credentials
        self._client = SafeClient(allowed_origins, network or Network(), self._timing)
        self._downloader = Downloader(self._client, max_bytes=max_bytes, timeout=timeout, timing=self._timing)
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

    @property
    def credentials(self) -> ContentCredentials | None:
        """Writes and reads the credentials of files; None: that is off, or not installed."""
        return self._credentials

    # ------------------------------------------------------------------ in

    async def fetch(self, item: GeneratedFile, *, kind: Kind, name: str, event: str, description: str = "") -> Media:
        """Store a generated file. The same event and name overwrite, so that a repetition leaves one file.

        Raises `UnsafeUrl`, `MediaTooLarge`, `WrongContent`, `DownloadFailed`, `FileNotSaved`, `MediaUnavailable`.
        """
        async with self._temporary_file(name, event) as part:
            content_type, _, url = await self._downloader.write(item, part, kind)
            path = await self._sign(part, content_type, event)
        made = await self._finish(path, content_type, safe_stem(name), description)
        return replace(
            made,
            source_url=url,
            width=made.width or item.width,
            height=made.height or item.height,
            duration=made.duration or item.duration,
        )

    async def write(
        self, name: str, content: bytes | str, *, content_type: str, event: str, description: str = ""
    ) -> Media:
        """Store a file made by the service itself. Raises `FileNotSaved` and `MediaUnavailable`."""
        data = content.encode() if isinstance(content, str) else content
        stem, extension = split_name(name)
        extension = extension or (guess_extension(content_type) or ".bin").removeprefix(".")
        async with self._temporary_file(name, event) as part:
            await asyncio.to_thread(part.write_bytes, data)
            path = await asyncio.to_thread(_rename_part, part, extension)
        await self._keep(path)
        return Media(
            name=f"{stem}.{extension}", content_type=content_type, size=len(data), path=path, description=description
        )

    async def make(
        self, name: str, work: Callable[[Path], Awaitable[str]], *, event: str, person: str, description: str = ""
    ) -> Media:
        """Store a file that `work` writes to the path it is given; it returns the content type.

        `person`: takes turns with other people, as this is much work for the machine.
        Raises `FileNotSaved`, `MediaUnavailable` and the errors of `work`.
        """
        async with self._temporary_file(name, event) as part:
            async with self._making.hold(person):
                content_type = await work(part)
            path = await self._sign(part, content_type, event)
        return await self._finish(path, content_type, split_name(name)[0], description)

    async def _sign(self, part: Path, content_type: str, event: str) -> Path:
        """Put credentials into a file that was written, where that is on; return its path from now on."""
        if self._credentials is not None:
            await self._credentials.sign(part, content_type, event)
        return await asyncio.to_thread(_rename_part, part, EXTENSIONS[content_type])

    async def _finish(self, path: Path, content_type: str, stem: str, description: str = "") -> Media:
        """Keep a file, and return what is known of it."""
        info = await asyncio.to_thread(probe, path, content_type)
        size = (await asyncio.to_thread(path.stat)).st_size
        await self._keep(path)
        return Media(
            name=f"{stem}{path.suffix}",
            content_type=content_type,
            size=size,
            path=path,
            description=description,
            width=info.width,
            height=info.height,
            duration=info.duration,
        )

    def unsigned_limit(self, limit: int | None) -> int | None:
        """Return how big a file may be before it gets credentials, so that it fits `limit` bytes with them."""
        return limit if limit is None or self._credentials is None else _unsigned_limit(limit)

    async def _keep(self, path: Path) -> None:
        try:
            await self._store.keep(path)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(path.unlink, missing_ok=True))
            raise

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
            async with self._shrinking.hold(person):
                content_type = await self._write_smaller(media.path, target, media.content_type, limit)
            if not content_type:
                return None
            extension = EXTENSIONS[content_type]
            path = await asyncio.to_thread(_rename_part, target, extension, f"{stem}.fit-{limit}")
            made = await self._finish(path, content_type, split_name(media.name)[0])
        finally:
            await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
            self._parts.discard(target)
        changed = ("name", "content_type", "size", "path", "width", "height")
        return replace(media, **{name: getattr(made, name) for name in changed})

    async def _write_smaller(self, path: Path, target: Path, content_type: str, limit: int) -> str:
        """Write a smaller version, with the credentials that the file has; return its type, "": there is none."""
        signed = None if self._credentials is None else await self._credentials.read(path, content_type)
        if self._credentials is None or signed is None or signed.state != "own":
            return await shrink(path, target, content_type, limit, timeout=self._timing.shrink)
        made = await shrink(path, target, content_type, _unsigned_limit(limit), timeout=self._timing.shrink)
        if made:
            await self._credentials.sign(target, made, signed.event, at=signed.at)
        return made

    def link(self, media: Media) -> str:
        """Return a signed URL of a file of this spool, valid for `link_hours`. Raises `MediaError`."""
        if media.path is None:
            raise MediaError(f"{media.name} is not in the spool")
        name = self._store.name_of(media.path)
        token = links.sign_link(self._secret, name, media.name, time.time() + self._link_hours * 3600)
        return links.media_url(self._public_url, token, media.name)

    async def open_link(self, token: str, name: str) -> KeptFile | None:
        """Return the file of a link; None if the link is forged or expired, or the file is gone.

        Raises `MediaUnavailable`.
        """
        relative = links.verify_link(self._secret, token, name)
        return None if relative is None else await self._store.find(self._folder / relative)

    async def find(self, media: Media) -> KeptFile | None:
        """Return a file of an answer, None where it is gone. Raises `MediaUnavailable`."""
        return None if media.path is None else await self._store.find(media.path)

    @asynccontextmanager
    async def on_disk(self, answer: Answer) -> AsyncIterator[Answer]:
        """Have the files of an answer on this machine's disk while they are sent. Raises `MediaUnavailable`.

        There is no file at the path of one that is gone. Files that are shown as links stay where they are.
        """
        copies: dict[Path, Path] = {}
        try:
            for media in answer.media:
                if media.path is not None and not media.url and media.path not in copies:
                    copies[media.path] = await self._store.copy(media.path)
            if all(path == copy for path, copy in copies.items()):
                yield answer
            else:
                sendable = (
                    replace(media, path=copies[media.path]) if media.path in copies else media for media in answer.media
                )
                yield replace(answer, media=tuple(sendable))
        finally:
            for copy in copies.values():
                await self._store.release(copy)

    # ------------------------------------------------------------------ housekeeping

    async def remove(self, media: Sequence[Media]) -> None:
        """Delete files of this spool with their other versions; missing files are ignored.

        Where they can't be reached, the next `sweep` deletes them. Raises `StoreError` where that can't be noted.
        """
        paths = [item.path for item in media if item.path is not None]
        try:
            await self._store.remove(paths)
        except MediaUnavailable as exc:
            if self._removals is None:
                raise
            log.warning("files are deleted later", files=len(paths), reason=str(exc))
            for path in paths:
                await self._removals.set(self._store.name_of(path), "")

    async def check(self) -> None:
        """Raise `MediaUnavailable` unless files could be kept and read a while ago at most."""
        await self._probe.check()

    async def sweep(self, before: datetime | None) -> None:
        """Delete files older than `before` (None: none), abandoned temporary files, and empty folders.

        Other processes may share the folder: a temporary file counts as abandoned only after all timeouts have passed.
        Raises `MediaUnavailable`, `OSError` and `StoreError`.
        """
        if self._removals is not None:
            for name in await self._removals.items():
                await self._store.remove([self._folder / name])
                await self._removals.delete(name)
        longest = timedelta(seconds=max(self._timeout, self._timing.shrink) + self._timing.clock_skew)
        await self._store.sweep(before, abandoned=datetime.now(UTC) - longest, active=self._parts)


def _rename_part(part: Path, extension: str, stem: str = "") -> Path:
    """Rename a finished temporary file atomically; return its new path."""
    return part.replace(part.with_name(f"{stem or part.name.split('.')[0]}.{extension}"))


def _format_size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004


def _unsigned_limit(limit: int) -> int:
    """Return how many bytes a file may have that gets credentials and fits `limit` bytes with them."""
    return max(limit - MOST_ADDED, limit // 2)
