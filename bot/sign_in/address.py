"""The address at which the pages may be served: on this machine, or behind TLS."""

from ipaddress import IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit

from bot.settings.core import Settings
from bot.values import valueclass

_LOCAL_NAMES = frozenset({"localhost"})


@valueclass(frozen=True, slots=True, kw_only=True)
class PageAddress:
    """The addresses under which the pages answer."""

    public_url: str  #: https, without the slash at the end; "": only this machine reaches the pages
    host: str
    port: int | None
    is_on: bool = True
    has_path: bool = False  #: the public address has one, below which there are no pages

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the address that the settings give."""
        url = settings.bot_public_url
        has_path = bool(urlsplit(url).path)
        return cls(
            public_url=url if url.startswith("https://") and not has_path else "",
            host=settings.bot_host,
            port=settings.bot_port,
            is_on=settings.bot_cockpit,
            has_path=has_path,
        )

    @property
    def problem(self) -> str:
        """Key of the sentence that says why there are no pages; "": there are."""
        if not self.is_on:
            return "cockpit.off"
        if self.port is None:
            return "cockpit.no_port"
        if self.public_url or is_loopback(self.host):
            return ""
        return "cockpit.path" if self.has_path else "cockpit.no_tls"

    def base_url(self, port: int | None = None) -> str:
        """Return the address to give to people. `port`: that the server got, where any was asked for."""
        if self.public_url:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port or self.port}"

    def accepts(self, host: str) -> bool:
        """Return whether a request with this `Host` is for the pages: a foreign name may be an attack by DNS."""
        return self.is_public(host) or (is_loopback(self.host) and is_loopback(_hostname(host)))

    def is_public(self, host: str) -> bool:
        """Return whether this `Host` is that of the public address."""
        return bool(self.public_url) and host.lower() == urlsplit(self.public_url).netloc.lower()


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of_this_machine(host: str) -> str:
    """Return the host, as a URL has it, under which this machine reaches what listens on a host."""
    try:
        ip = ip_address(host)
    except ValueError:  # a name
        return host
    if ip.is_unspecified:  # what listens everywhere is asked here
        ip = ip_address("::1" if isinstance(ip, IPv6Address) else "127.0.0.1")
    return f"[{ip}]" if isinstance(ip, IPv6Address) else str(ip)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as "["
        return ""
