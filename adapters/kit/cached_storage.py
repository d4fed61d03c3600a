"""Small mappings of ids in the service's storage, cached: an adapter reads them at every message."""

from collections.abc import Mapping

from adapters.kit.bounded import BoundedDict
from bot.ports import AdapterStorage, AdapterValues


class CachedStorage:
    """Mappings of text to text under names that begin with `prefix`, such as `slack.aside`.

    A mapping is read once and then kept in memory, as long as it is among the `cached` used last. `newest`: the number
    of entries that a mapping keeps, those with the greatest keys; keys are compared as numbers of equal precision,
    which ids that grow with time are; None: all. Every method raises `StoreError`.
    """

    def __init__(self, services: AdapterValues, prefix: str, *, cached: int = 500, newest: int | None = None) -> None:
        self._services = services
        self._prefix = prefix
        self._newest = newest
        self._mappings: BoundedDict[str, dict[str, str]] = BoundedDict(cached, renews_on_read=True)

    async def read(self, name: str, *, refresh: bool = False) -> Mapping[str, str]:
        """Return a mapping. `refresh`: as it is now in the storage, where another process may have written it."""
        return await self._read(name, refresh=refresh)

    async def write(self, name: str, key: str, value: str | None) -> None:
        """Set, or with None delete, one entry of a mapping. Safe to repeat."""
        mapping = await self._read(name)
        if mapping.get(key) == value:
            return
        await self._put(name, mapping, key, value)
        if self._newest is not None:
            for old in sorted(mapping, key=lambda one: (len(one), one))[: -self._newest]:
                await self._put(name, mapping, old, None)

    async def _put(self, name: str, mapping: dict[str, str], key: str, value: str | None) -> None:
        storage = self._storage(name)
        if value is None:
            await storage.delete(key)
            mapping.pop(key, None)
        else:
            await storage.set(key, value)
            mapping[key] = value

    async def _read(self, name: str, *, refresh: bool = False) -> dict[str, str]:
        mapping = None if refresh else self._mappings.get(name)
        if mapping is None:
            mapping = self._mappings[name] = dict(await self._storage(name).items())
        return mapping

    def _storage(self, name: str) -> AdapterStorage:
        return self._services.storage(f"{self._prefix}.{name}", has_secrets=False)
