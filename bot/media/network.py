"""HTTP client for URLs from untrusted sources: connects to public addresses only."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.errors import DownloadFailed, UnsafeUrl
from bot.media.timing import MediaTiming
from bot.values import valueclass

MAX_REDIRECTS = 5
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # of protocols (RFC 6890), which Python before 3.11.10 has in part
    ipaddress.IPv4Network("168.63.129.16/32"),  # the host of a virtual machine at Azure
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4, which are no more (RFC 7526)
    ipaddress.IPv6Network("3fff::/20"),  # for documentation (RFC 9637)
)
_REDIRECTS = {301, 302, 303, 307, 308}


def is_public(address: str) -> bool:
    """Return whether an IP address in canonical notation is reachable from the whole internet.

    An IPv6 address that embeds an IPv4 address (mapped, NAT64, 6to4, Teredo, compatible) is as public as that one.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded_ipv4(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _embedded_ipv4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64 or (int(ip) >> 32 == 0 and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class _NotPublicError(OSError):
    """The address is not public. An `OSError`, so that aiohttp tries the name's other addresses."""


@valueclass(frozen=True, slots=True)
class Network:
    """Name resolution, and the rule for addresses that may be connected to."""

    is_public: Callable[[str], bool] = is_public
    resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    tls: ssl.SSLContext | None = None  #: None: the system's certificate authorities

    def public_connector(self, *, reuses: bool) -> aiohttp.TCPConnector:
        """Return a connector to public addresses only. `reuses`: a connection takes several requests."""
        tls: Any = self.tls if self.tls is not None else True
        return aiohttp.TCPConnector(
            resolver=self.resolver(),
            use_dns_cache=False,
            force_close=not reuses,
            limit=0,
            ssl=tls,
            socket_factory=self._public_socket,
        )

    def _public_socket(self, info: Any) -> socket.socket:
        """Create the socket of one connection attempt; here the address is final, after name resolution."""
        family, kind, protocol, _, address = info
        if not self.is_public(address[0]):
            raise _NotPublicError("not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)


@dataclass(slots=True)
class SafeClient:
    """GET requests that reach public https addresses and the allowed origins, nothing else.

    No proxy of the environment, no cookies, no credentials, no compressed bodies. Use as an async context manager.
    """

    allowed_origins: Collection[str]  #: such as http://127.0.0.1:8081; exactly these may be internal or plain http
    network: Network = field(default_factory=Network)
    timing: MediaTiming = field(default_factory=MediaTiming)
    _origins: frozenset[URL] = field(init=False, default_factory=frozenset)
    _guarded: aiohttp.ClientSession = field(init=False)
    _trusted: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self._origins = frozenset(URL(origin).origin() for origin in self.allowed_origins if origin)
        # A reused connection would skip the check of its address, which another file may have.
        self._guarded = self._session(self.network.public_connector(reuses=False))
        self._trusted = self._session(aiohttp.TCPConnector())
        return self

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.timing.connect, sock_read=self.timing.read),
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._guarded.close()
        await self._trusted.close()

    async def get(self, address: str) -> aiohttp.ClientResponse:
        """Follow redirects to an open response with status 200; the caller releases it.

        Raises `UnsafeUrl`, `DownloadFailed` for a permanent failure, and `aiohttp.ClientError` for one that a new try
        may mend.
        """
        url = _parse(address)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._get_one(url)
            if response.status not in _REDIRECTS:
                break
            location = response.headers.get("Location", "")
            response.close()
            if not location:
                raise DownloadFailed("the file's server redirects to nowhere")
            url = _parse(location, base=url)
        else:
            raise DownloadFailed(f"the file's server redirects more than {MAX_REDIRECTS} times")
        if response.status == 200:  # noqa: PLR2004
            return response
        response.close()
        if response.status >= 500 or response.status in {408, 425, 429}:  # noqa: PLR2004
            raise aiohttp.ClientPayloadError(f"the file's server answered {response.status}")
        raise DownloadFailed(f"the file's server answered {response.status}")

    async def _get_one(self, url: URL) -> aiohttp.ClientResponse:
        if url.origin() in self._origins:
            return await self._trusted.get(url, allow_redirects=False)
        if url.scheme != "https":
            raise UnsafeUrl(f"a file's address must begin with https://, or BOT_MEDIA_ORIGINS must have {url.origin()}")
        try:
            return await self._guarded.get(url, allow_redirects=False)
        except (aiohttp.InvalidURL, UnicodeError) as exc:  # a name that no resolver can be asked for
            raise UnsafeUrl("a file's address is not a plain https:// URL") from exc
        except aiohttp.ClientConnectorError as exc:
            if isinstance(exc.os_error, _NotPublicError):
                raise UnsafeUrl(
                    f"a file's address is not a public one, and BOT_MEDIA_ORIGINS does not have {url.origin()}"
                ) from exc
            raise


def _parse(address: str, base: URL | None = None) -> URL:
    """Parse a URL; the target of a redirect is relative to `base`. Raises `UnsafeUrl`."""
    try:
        url = URL(address) if base is None else base.join(URL(address))
        if url.scheme in {"http", "https"} and url.host and url.user is None and url.password is None:
            return url
    except ValueError:
        pass
    raise UnsafeUrl("a file's address is not a plain https:// URL")
