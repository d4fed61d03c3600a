"""States of OAuth (RFC 6749, 10.12): each proves that the installation was started here, within ten minutes, once.

A state is signed instead of stored, so that starting an installation costs nothing and pushes out no other. Only a
used state is stored, until it would have expired.
"""

import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime
from logging import Logger, getLogger
from typing import Any

from pydantic import SecretStr
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.ports import AdapterValues

#: Seconds from the consent page back to the service.
STATE_LIFETIME = 600
_USED = "slack.used_states"


class OAuthStateStore(AsyncOAuthStateStore):
    """Signs and checks states. `secret`: the app's client secret, which every process of the service has."""

    def __init__(self, services: AdapterValues, secret: SecretStr, *, lifetime: int = STATE_LIFETIME) -> None:
        """`lifetime`: seconds for which a state is valid."""
        self._lifetime = lifetime
        self._used = services.storage(_USED)
        self._key = hashlib.sha256(b"oauth state:" + secret.get_secret_value().encode()).digest()

    @property
    def logger(self) -> Logger:
        """The logger that the library asks for."""
        return getLogger(__name__)

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002 - the library's signature
        """Return a new state."""
        return self._sign(f"{int(time.time()) + self._lifetime}.{secrets.token_urlsafe(16)}")

    async def async_consume(self, state: str) -> bool:
        """Whether the state was issued here, is still valid and was not used before. Raises `StoreError`."""
        content, _, _ = state.rpartition(".")
        if not state.isascii() or not hmac.compare_digest(self._sign(content), state):
            return False
        expires = int(content.partition(".")[0])
        if expires < time.time() or await self._used.get(content) is not None:
            return False
        await self._used.set(content, "", expires=datetime.fromtimestamp(expires, UTC))
        return True

    def _sign(self, content: str) -> str:
        return f"{content}.{hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()}"
