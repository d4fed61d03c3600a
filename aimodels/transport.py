"""The HTTP transport of a client: one connection pool, and the bodies that it carries."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx

from aimodels.errors import ConfigurationError, UnexpectedAnswer
from aimodels.exchange import Exchange

MAX_ERROR = 100_000  #: bytes that are read of an error
_LARGE_BODY = 1 << 18  # bytes above which a body is sent in pieces
_REPORTED = 1_000_000  # bytes of an answer that are kept for a report


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
    stream = _BodyPieces(content) if len(content) > _LARGE_BODY else httpx.ByteStream(content)
    request = httpx.Request(method, url, headers=headers, stream=stream, extensions=extensions)
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


class AiohttpTransport(httpx.AsyncBaseTransport):
    """A transport that sends over an aiohttp session, and follows no redirects.

    `open_session` is called at the first request. A request whose body is a stream must say its length.
    """

    def __init__(self, open_session: Callable[[], aiohttp.ClientSession]) -> None:
        self._open_session = open_session
        self._session: aiohttp.ClientSession | None = None
        self.on_exchange: Callable[[Exchange], None] | None = None  #: called with each request when it ends

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        if self._session is None:
            self._session = self._open_session()
        timeout, stream, url = request.extensions.get("timeout", {}), request.stream, str(request.url)
        content = b"".join(stream) if isinstance(stream, httpx.ByteStream) else None
        report = self.on_exchange
        exchange = None if report is None else Exchange(report, request.method, url, content or b"", time.time())
        try:
            response = await self._session.request(
                request.method,
                url,
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=stream if content is None else content or None,
                allow_redirects=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(sock_connect=timeout.get("connect"), sock_read=timeout.get("read")),
            )
        except BaseException as exc:
            error = _as_httpx_error(exc) if isinstance(exc, aiohttp.ClientError) else exc
            if exchange is not None:
                exchange.error = type(error).__name__
                exchange.report(exchange)
            if error is exc:
                raise
            raise error from exc
        if exchange is not None:
            exchange.answered, exchange.status, exchange.headers = time.time(), response.status, response.raw_headers
        return httpx.Response(response.status, headers=response.raw_headers, stream=_AnswerBody(response, exchange))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


class _AnswerBody(httpx.AsyncByteStream):
    """The body of an answer as it comes: an iterator, and no generator, of which the event loop would keep a list."""

    def __init__(self, response: aiohttp.ClientResponse, exchange: Exchange | None) -> None:
        self._response = response
        self._exchange = exchange  # None: it is reported to nobody, or was reported

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        exchange = self._exchange
        try:
            piece = await self._response.content.readany()
        except aiohttp.ClientError as exc:
            error = _as_httpx_error(exc)
            if exchange is not None:
                exchange.error = type(error).__name__
            raise error from exc
        if exchange is not None:
            exchange.is_whole = not piece
            if exchange.size < _REPORTED:
                exchange.pieces.append(piece)
            exchange.size += len(piece)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.report(exchange)
        self._response.release()
        await self._response.wait_for_close()


def _as_httpx_error(exc: aiohttp.ClientError) -> httpx.TransportError:
    is_unconnected = isinstance(exc, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return (httpx.ConnectError if is_unconnected else httpx.ReadError)(str(exc) or type(exc).__name__)


def open_http(base_url: str) -> AiohttpTransport:
    """A transport to `base_url` that connects at the first request. Close it in the event loop that used it.

    Raises `ConfigurationError` where the environment names certificates that can't be read.

    A transport, not a client: `httpx.AsyncClient` handles cookies, redirects and authentication flows at each request,
    and none of them is wanted here. aiohttp carries the bytes because httpx's own pool inspects every connection on
    each request: it needed 2, 5 and 7 times the CPU per request at 1, 50 and 200 concurrent calls.
    """
    # Reading the certificates takes some 20 ms and is needed for https only; redirects are not followed.
    try:
        context = httpx.create_ssl_context() if base_url.startswith("https:") else False
    except OSError as exc:
        text = f"SSL_CERT_FILE or SSL_CERT_DIR: no certificates can be read ({exc.strerror})"
        raise ConfigurationError(text) from exc
    proxy = _proxy(base_url)
    return AiohttpTransport(lambda: _session(context, proxy))


def _session(context: ssl.SSLContext | bool, proxy: str | None) -> aiohttp.ClientSession:
    # Callers bound their own concurrency: a limit here would make calls wait outside of any deadline.
    connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=30)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy)


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for this address; httpx and aiohttp would look it up at each request."""
    parts = urlsplit(base_url)
    address = getproxies().get(parts.scheme)
    return address if address and not proxy_bypass(parts.netloc) else None


def read_pieces(response: httpx.Response, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    """Return the body's pieces, unpacked; httpx's processing of each is needed for a compressed body only.

    `headers`: of the answer, by lower-case name.
    """
    if "content-encoding" in headers:
        return response.aiter_bytes()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


async def read_body(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    """Read the whole body. Raises `UnexpectedAnswer` as soon as it has more than `limit` bytes, unpacked."""
    found, size = [], 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise UnexpectedAnswer(f"the API's answer is larger than {limit / 1_000_000:.0f} MB")
        found.append(piece)
    return b"".join(found)


async def read_start(pieces: AsyncIterator[bytes]) -> bytes:
    """Read the beginning of an error's body; more of it helps nobody."""
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) >= MAX_ERROR:
            break
    return bytes(found[:MAX_ERROR])
