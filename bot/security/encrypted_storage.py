"""The encrypted storage of adapters, for values such as the tokens of installations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from bot.ports import Namespace

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EncryptedStorage:
    """See `bot.ports.AdapterStorage`. A value encrypted with an older key is re-encrypted when it is read."""

    values: Namespace
    namespace: str  #: name of `values`, for the log
    cipher: "Callable[[], TokenCipher]"  #: called at each use: making it may read a key file

    async def get(self, name: str) -> str | None:
        """See `AdapterStorage.get`."""
        return (await self.items()).get(name)

    async def items(self) -> Mapping[str, str]:
        """See `AdapterStorage.items`."""
        found: dict[str, str] = {}
        for name, token in (await self.values.items()).items():
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
        await self.values.set(name, self.cipher().encrypt(value), expires=expires)

    async def delete(self, name: str) -> None:
        """See `AdapterStorage.delete`."""
        await self.values.delete(name)
