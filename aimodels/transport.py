"""The HTTP transport of a client: one connection pool, and the bodies that it carries."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from aimodels.errors import UnexpectedAnswer

MAX_ERROR = 100_000  #: bytes that are read of an error
_LARGE_BODY = 1 << 18  # bytes above which a body is sent in pieces


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body around an open file, which is read while it is sent, from its beginning each time."""

    before: bytes
    file: BinaryIO
    after: bytes

    def __len__(self) -> int:
        return len(self.before) + self.file.seek(0, os.SEEK_END) + len(self.after)


Body = bytes | FileBody


def build_request(
    method: str, url: httpx.URL, headers: httpx.Headers, body: Body | None, extensions: dict[str, Any]
) -> httpx.Request:
    """Build a request whose headers are whole but for the length; it can be sent once."""
    if isinstance(body, FileBody):
        request = httpx.Request(method, url, headers=headers, stream=_FilePieces(body), extensions=extensions)
        request.headers["Content-Length"] = str(len(body))
        return request
    content = body or b""
    # Given as a stream, what has all its headers already is not looked through for those that are missing.
    is_large = len(content) > _LARGE_BODY
    stream = _BodyPieces(content) if is_large else httpx.ByteStream(content)
    request = httpx.Request(method, url, headers=headers, stream=stream, extensions=extensions)
    if not is_large:
        request.read()
    if body is not None:
        request.headers["Content-Length"] = str(len(content))
    return request


class _BodyPieces(httpx.AsyncByteStream):
    """A large body in pieces: written at once, all that the connection does not take yet would be copied."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _LARGE_BODY):
            yield self._body[start : start + _LARGE_BODY]


class _FilePieces(httpx.AsyncByteStream):
    def __init__(self, body: FileBody) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body.before
        self._body.file.seek(0)
        while piece := await asyncio.to_thread(self._body.file.read, _LARGE_BODY):
            yield piece
        yield self._body.after


def open_http(base_url: str) -> AiohttpTransport:
    """A transport to `base_url` that connects at the first request. Close it in the event loop that used it.

    A transport, not a client: `httpx.AsyncClient` handles cookies, redirects and authentication flows at each request,
    and none of them is wanted here. aiohttp carries the bytes because httpx's own pool inspects every connection on
    each request: it needed 2, 5 and 7 times the CPU per request at 1, 50 and 200 concurrent calls.
    """
    # Reading the certificates takes some 20 ms and is needed for https only; redirects are not followed.
    context = httpx.create_ssl_context() if base_url.startswith("https:") else False
    return AiohttpTransport(verify=context, proxy=_proxy(base_url), client=lambda: _session(context))


def _session(context: ssl.SSLContext | bool) -> aiohttp.ClientSession:
    # Callers bound their own concurrency: a limit here would make calls wait outside of any deadline.
    connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=30)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _proxy(base_url: str) -> httpx.Proxy | None:
    """The proxy that the environment names for this address; httpx and aiohttp would look it up at each request."""
    parts = urlsplit(base_url)
    address = getproxies().get(parts.scheme)
    return httpx.Proxy(address) if address and not proxy_bypass(parts.netloc) else None


def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body's pieces; httpx's processing of each is needed for a compressed body only."""
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


async def read_body(response: httpx.Response, limit: int) -> bytes:
    """Read the whole body. Raises `UnexpectedAnswer` as soon as it has more than `limit` bytes, unpacked."""
    found, size = [], 0
    async for piece in _pieces(response):
        size += len(piece)
        if size > limit:
            raise UnexpectedAnswer(f"the API's answer is larger than {limit / 1_000_000:.0f} MB")
        found.append(piece)
    return b"".join(found)


async def read_start(response: httpx.Response) -> bytes:
    """Read the beginning of an error's body; more of it helps nobody."""
    found = bytearray()
    async for piece in _pieces(response):
        found += piece
        if len(found) >= MAX_ERROR:
            break
    return bytes(found[:MAX_ERROR])
