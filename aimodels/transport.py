"""HTTP connections of a client: one pool, and the bodies that it carries."""

import os
import ssl
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from aimodels.errors import UnexpectedAnswer

MAX_ERROR = 100_000  #: bytes that are read of an error
_LARGE_BODY = 1 << 18  # bytes above which a body is sent in pieces

#: Makes the session that a client sends with; called in the event loop that uses it.
MakeSession = Callable[[], aiohttp.ClientSession]


def session_maker(base_url: str) -> MakeSession:
    """Return what makes sessions to `base_url`."""
    # Reading the certificates takes some 20 ms and is needed for https only; redirects are not followed.
    context = _tls_context() if base_url.startswith("https:") else False
    proxy = _proxy(base_url)

    def make_session() -> aiohttp.ClientSession:
        # Callers bound their own concurrency: a limit here would make calls wait outside of any deadline.
        connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=30)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy)

    return make_session


def _tls_context() -> ssl.SSLContext:
    """Trust the authorities that the environment names, else Mozilla's."""
    is_chosen = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    return ssl.create_default_context(cafile=None if is_chosen else certifi.where())


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for this address; aiohttp would look it up at each request."""
    parts = urlsplit(base_url)
    address = getproxies().get(parts.scheme)
    return address if address and not proxy_bypass(parts.netloc) else None


def in_pieces(body: bytes | None) -> bytes | AsyncIterator[bytes] | None:
    """Return a body as it is sent: a large one in pieces, as all that the connection does not take yet is copied."""
    return _pieces(body) if body is not None and len(body) > _LARGE_BODY else body


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _LARGE_BODY):
        yield body[start : start + _LARGE_BODY]


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the whole body. Raises `UnexpectedAnswer` as soon as it has more than `limit` bytes, unpacked."""
    found, size = [], 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > limit:
            raise UnexpectedAnswer(f"the API's answer is larger than {limit / 1_000_000:.0f} MB")
        found.append(piece)
    return b"".join(found)


async def read_start(response: aiohttp.ClientResponse) -> bytes:
    """Read the beginning of an error's body; more of it helps nobody."""
    found = bytearray()
    while len(found) < MAX_ERROR and (piece := await response.content.readany()):
        found += piece
    return bytes(found[:MAX_ERROR])
