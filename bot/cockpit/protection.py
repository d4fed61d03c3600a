"""Protection against strangers: headers, checks of where a request comes from, and a limit on attempts to sign in."""

import hmac
import time
from collections import deque
from collections.abc import Callable
from hashlib import sha256

from starlette.requests import Request

from bot.sign_in.address import PageAddress

#: Pages load only what the service itself serves, and run no script that stands in a page.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"
#: Attempts to sign in, of one address in `_WINDOW` seconds.
_ATTEMPTS, _WINDOW = 10, 60.0
#: Sign-ins begun at the provider, which cost little, by everybody behind one address.
MOST_BEGUN = 60
#: Addresses that are remembered. Above it all are forgotten, as a link can't be guessed anyway.
_CLIENTS = 10_000


def is_same_origin(request: Request, address: PageAddress) -> bool:
    """Return whether a request that changes something was sent by a page of ours, as its browser says."""
    host = request.headers.get("host", "").lower()
    origin = request.headers.get("origin", "").lower()
    scheme = "https" if address.is_public(host) else "http"
    return address.accepts(host) and origin == f"{scheme}://{host}"


class FormTokens:
    """Tokens in forms, which only pages of the same session have."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, session: str) -> str:
        """Return the token of a session's forms."""
        return hmac.digest(self._key, session.encode(), sha256).hex()

    def verify(self, session: str, token: str) -> bool:
        """Return whether a token is that of the session."""
        return hmac.compare_digest(self.make(session).encode(), token.encode("utf-8", "replace"))


class SignInAttempts:
    """Counts the attempts of each address."""

    def __init__(self, *, most: int = _ATTEMPTS, now: Callable[[], float] = time.monotonic) -> None:
        """`most`: of one address in a minute."""
        self._most = most
        self._now = now
        self._attempts: dict[str, deque[float]] = {}

    def allow(self, client: str) -> bool:
        """Count an attempt; return whether it is within the limit."""
        now = self._now()
        if len(self._attempts) > _CLIENTS:
            self._attempts.clear()
        attempts = self._attempts.setdefault(client, deque(maxlen=self._most))
        if len(attempts) == self._most and now - attempts[0] < _WINDOW:
            return False
        attempts.append(now)
        return True
