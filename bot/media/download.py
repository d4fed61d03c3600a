"""Fetching generated files: over HTTP, or out of the answer itself, with checks of size and type."""

import asyncio
from pathlib import Path
from typing import Protocol

import aiohttp

from bot.errors import DownloadFailed, MediaTooLarge, WrongContent
from bot.media.content import HEAD
from bot.media.network import SafeClient
from bot.media.timing import MediaTiming
from bot.media.writer import MediaWriter, decode_base64
from bot.models import Kind

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


class Downloader:
    """Writes generated files of at most `max_bytes` to paths; `timeout`: seconds for one whole download."""

    def __init__(self, client: SafeClient, *, max_bytes: int, timeout: float, timing: MediaTiming) -> None:
        self._client = client
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._timing = timing

    async def write(self, item: GeneratedFile, part: Path, kind: Kind) -> tuple[str, int, str]:
        """Write a generated file; return its content type, its size and its URL ("": it had none).

        Raises `UnsafeUrl`, `MediaTooLarge`, `WrongContent`, `DownloadFailed` and `OSError`.
        """
        url = item.url or ""
        encoded = item.b64_json or ""
        if not encoded and url.startswith("data:"):
            encoded, url = url, ""
        if encoded:
            return *await asyncio.to_thread(self._decode, encoded, part, kind), url
        if not url:
            raise DownloadFailed("the API named no file")
        return *await self._download(url, part, kind), url

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
