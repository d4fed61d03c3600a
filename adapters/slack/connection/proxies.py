"""The proxy that the environment names, looked up when a connection is made ready and not for every request.

Left to it, `aiohttp` asks a thread twice per request, for this and for a `.netrc`; `slack_sdk` passes over `NO_PROXY`.
"""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_of(url: str) -> str | None:
    """The proxy on the way to an address; None: the way is direct."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return getproxies().get(scheme) or getproxies().get("all")
