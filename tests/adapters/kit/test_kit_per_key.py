import asyncio
import gc

from adapters.kit.per_key import PerKey


class Thing:
    pass


def test_one_object_while_it_is_used() -> None:
    """The same key returns the same object as long as somebody refers to it."""
    things: PerKey[str, Thing] = PerKey()
    first = things.find_or_make("a", Thing)
    assert things.find_or_make("a", Thing) is first
    assert things.find_or_make("b", Thing) is not first
    assert "a" in things


def test_unused_objects_are_forgotten() -> None:
    things: PerKey[str, Thing] = PerKey()
    things.find_or_make("a", Thing)
    gc.collect()
    assert "a" not in things


async def test_locks_by_key() -> None:
    """As locks: what has the same key runs one after the other, other keys beside it."""
    locks: PerKey[str, asyncio.Lock] = PerKey()
    order = []

    async def work(key: str, name: str) -> None:
        async with locks.find_or_make(key, asyncio.Lock):
            order.append(f"{name} begins")
            await asyncio.sleep(0.01)
            order.append(f"{name} ends")

    await asyncio.gather(work("a", "1"), work("a", "2"), work("b", "3"))
    assert order.index("1 ends") < order.index("2 begins")
    assert order.index("3 begins") < order.index("1 ends")
    gc.collect()
    assert "a" not in locks
