"""Values of adapters, encrypted before they are stored: tokens of installations are among them."""

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
class SealedStorage:
    """See `bot.ports.AdapterStorage`. A value that an older key encrypted is encrypted anew when it is read."""

    values: Namespace
    namespace: str  #: its name, for the log
    cipher: "Callable[[], TokenCipher]"  #: called at each use: making it may read a key file

    async def get(self, name: str) -> str | None:
        """See `AdapterStorage.get`."""
        return (await self.items()).get(name)

    async def items(self) -> Mapping[str, str]:
        """See `AdapterStorage.items`."""
        found: dict[str, str] = {}
        for name, sealed in (await self.values.items()).items():
            text = self.cipher().unseal(sealed)
            if text is None:
                log.warning("value not readable: none of the encryption keys sealed it", namespace=self.namespace)
                continue
            found[name] = text
            if not self.cipher().is_current(sealed):
                await self.set(name, text)
        return found

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        """See `AdapterStorage.set`."""
        await self.values.set(name, self.cipher().seal(value), expires=expires)

    async def delete(self, name: str) -> None:
        """See `AdapterStorage.delete`."""
        await self.values.delete(name)
