"""The storage of adapters: encrypted, for values such as the tokens of installations, or as it is."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.ports import Namespace
from bot.values import valueclass

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

#: Begins a value that is stored as it is; an encrypted one has no colon.
_PLAIN = "plain:"


@valueclass(frozen=True, slots=True)
class EncryptedStorage:
    """See `bot.ports.AdapterStorage`. A value encrypted with an older key is stored anew when it is read.

    Where the values are no secrets, those that an earlier version encrypted can still be read.
    """

    values: Namespace
    namespace: str  #: name of `values`, for the log
    cipher: "Callable[[], TokenCipher]"  #: called at each use: making it may read a key file
    has_secrets: bool = True

    async def get(self, name: str) -> str | None:
        """See `AdapterStorage.get`."""
        return (await self.items()).get(name)

    async def items(self) -> Mapping[str, str]:
        """See `AdapterStorage.items`."""
        found: dict[str, str] = {}
        for name, token in (await self.values.items()).items():
            if not self.has_secrets and token.startswith(_PLAIN):
                found[name] = token.removeprefix(_PLAIN)
                continue
            text = self.cipher().decrypt(token)
            if text is None:
                log.warning("value not readable: it was encrypted with none of the keys", namespace=self.namespace)
                continue
            found[name] = text
            if not self.cipher().is_current(token):
                await self.set(name, text)
        return found

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        """See `AdapterStorage.set`."""
        stored = self.cipher().encrypt(value) if self.has_secrets else f"{_PLAIN}{value}"
        await self.values.set(name, stored, expires=expires)

    async def delete(self, name: str) -> None:
        """See `AdapterStorage.delete`."""
        await self.values.delete(name)
