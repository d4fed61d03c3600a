"""The HTTP transport of a client: one connection pool."""

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport


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
