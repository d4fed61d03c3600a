from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pytest

from adapters.kit.cached_storage import CachedStorage
from bot.errors import StoreUnavailable
from tests.support.core import MemoryStorage, RecordingCore


class Counting(RecordingCore):
    """Counts what is read."""

    reads = 0
    is_broken = False

    def storage(self, namespace: str, *, has_secrets: bool = True) -> MemoryStorage:
        return CountingStorage(self.stored, namespace, self.require_storage, self)


@dataclass(frozen=True, slots=True)
class CountingStorage(MemoryStorage):
    core: Counting

    async def items(self) -> Mapping[str, str]:
        self.core.reads += 1
        return dict(self.stored.get(self.namespace, {}))

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        if self.core.is_broken:
            raise StoreUnavailable("the disk is full")
        self.stored.setdefault(self.namespace, {})[name] = value


async def test_a_mapping_is_read_once() -> None:
    """A mapping is read from the storage once, and again only where that is asked for."""
    core = Counting()
    core.stored["chat.roots.C1"] = {"1.0": "a"}
    storage = CachedStorage(core, "chat.roots")
    assert await storage.read("C1") == {"1.0": "a"}
    core.stored["chat.roots.C1"]["2.0"] = "b"
    assert await storage.read("C1") == {"1.0": "a"}
    assert core.reads == 1
    assert await storage.read("C1", refresh=True) == {"1.0": "a", "2.0": "b"}


async def test_a_written_value_is_in_the_storage_at_once() -> None:
    """A written value is in the storage and in later reads; writing the same again costs nothing."""
    core = Counting()
    storage = CachedStorage(core, "chat.roots")
    await storage.write("C1", "1.0", "a")
    await storage.write("C2", "1.0", "b")
    assert core.stored == {"chat.roots.C1": {"1.0": "a"}, "chat.roots.C2": {"1.0": "b"}}
    core.is_broken = True
    await storage.write("C1", "1.0", "a")
    core.is_broken = False
    await storage.write("C1", "1.0", None)
    await storage.write("C1", "1.0", None)
    assert core.stored["chat.roots.C1"] == {}
    assert await storage.read("C1") == {}


async def test_a_failed_write_is_not_remembered() -> None:
    core = Counting()
    storage = CachedStorage(core, "chat.roots")
    core.is_broken = True
    with pytest.raises(StoreUnavailable):
        await storage.write("C1", "1.0", "a")
    assert await storage.read("C1") == {}


async def test_keeps_the_newest_entries() -> None:
    """Ids that grow with time are kept by age, whatever order they are written in, also snowflakes of 18 and 19
    digits."""
    core = Counting()
    storage = CachedStorage(core, "chat.roots", newest=2)
    for key in ("1000000000000000002", "999999999999999999", "1000000000000000001"):
        await storage.write("C1", key, "x")
    assert set(core.stored["chat.roots.C1"]) == {"1000000000000000001", "1000000000000000002"}


async def test_few_mappings_are_kept_in_memory() -> None:
    core = Counting()
    storage = CachedStorage(core, "chat.roots", cached=2)
    for name in ("C1", "C2", "C1", "C3", "C1"):
        await storage.read(name)
    assert core.reads == 3
    await storage.read("C2")
    assert core.reads == 4
