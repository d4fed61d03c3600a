"""The proxy that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address; None: connect directly.

    Left to themselves, `aiohttp` asks a thread twice per request, for this and for a `.netrc`, `slack_sdk` ignores
    `NO_PROXY` and `discord.py` all of it. So this is looked up once, when a connection is prepared.
    """
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if not parts.hostname or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return getproxies().get(scheme) or getproxies().get("all")
