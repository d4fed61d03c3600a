"""Child processes that parse foreign files: their limits, their end, and their turns."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import psutil
import pytest

from bot.isolation.fair_slots import FairSlots
from bot.isolation.process import Limits, ParsingFailed, run_isolated
from tests.support.media_files import huge_png, noise, pdf, slow_pdf

PDF, PICTURE = "bot.isolation.pdf:extract_text", "bot.isolation.picture:shrink"
MINUTE = Limits(seconds=60, memory=512 << 20, output=100_000)


async def read_pdf(data: bytes, limits: Limits = MINUTE) -> tuple[str, bytes]:
    return await run_isolated(PDF, data, limits, {"pages": 200, "chars": 10_000, "seconds": limits.seconds})


async def shrink(data: bytes, limits: Limits) -> tuple[str, bytes]:
    return await run_isolated(PICTURE, data, limits, {"side": 2048, "limit": 1_000_000})


async def test_a_slow_file_ends_in_time() -> None:
    """The process is killed when its time is up, however the time was spent."""
    with pytest.raises(ParsingFailed, match="slow"):
        await read_pdf(slow_pdf(), Limits(seconds=1, memory=512 << 20, output=100))
    assert not children()


async def test_what_was_read_in_time_is_kept() -> None:
    """A document that is too long for the time allowed is cut between two pages."""
    word, text = await run_isolated(
        PDF, pdf(*(f"page {n}" for n in range(50))), MINUTE, {"pages": 200, "chars": 10_000, "seconds": 0}
    )
    assert (word, text) == ("cut", b"page 0")


@pytest.mark.parametrize("memory", [128 << 20, 512 << 20])
async def test_memory_is_bounded(memory: int) -> None:
    """A small file of 177 million pixels needs what it needs, or it is refused; never more than the limit."""
    limits = Limits(seconds=60, memory=memory, output=1_000_000)
    if memory < 512 << 20:
        with pytest.raises(ParsingFailed, match="memory"):
            await shrink(huge_png(), limits)
    else:
        assert (await shrink(huge_png(), limits))[0] == "image/jpeg"


async def test_output_is_bounded() -> None:
    """A result that is longer than allowed is not read to its end."""
    limits = Limits(seconds=60, memory=1 << 30, output=1000)
    with pytest.raises(ParsingFailed, match="output"):
        await shrink(noise(600, 600), limits)


async def test_no_file_is_written() -> None:
    """A process that is to write no file can't."""
    with pytest.raises(ParsingFailed, match="damaged"):
        await run_isolated("tests.support.hostile.parsers:write_file", b"text", MINUTE, {})


async def test_no_secret_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that a file takes over finds no key in its environment."""
    monkeypatch.setenv("AIMODELS_API_KEY", "sk-secret")
    _, found = await run_isolated("tests.support.hostile.parsers:environment", b"", MINUTE, {})
    assert b"PATH" in found
    assert b"sk-secret" not in found


async def test_a_crash_is_an_error_of_its_own() -> None:
    """A process that ends without a result fails alone."""
    with pytest.raises(ParsingFailed, match="crashed"):
        await run_isolated("tests.support.hostile.parsers:crash", b"", MINUTE, {})


async def test_cancelling_ends_the_process() -> None:
    """The process ends before the cancelled call does."""
    task = asyncio.create_task(read_pdf(slow_pdf(), Limits(seconds=600, memory=512 << 20, output=100)))
    while not children():  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert not children()


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "bot.isolation.child" in " ".join(child.cmdline())]


async def turns(slots: FairSlots, asked: str) -> AsyncIterator[str]:
    """Ask for slots in order of the letters, all at once; yield the letters in the order of being served."""
    served: asyncio.Queue[str] = asyncio.Queue()

    async def take(person: str) -> None:
        async with slots.hold(person):
            await served.put(person)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(take(person)) for person in asked]
    for _ in asked:
        yield await served.get()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("slots", "asked", "is_fair"),
    [
        (FairSlots(1), "aaaaaab", lambda served: served.index("b") == 1),
        (FairSlots(1), "aaaabbbcc", lambda served: served[:6] == "abcabc"),
        (FairSlots(2), "aaaaab", lambda served: served.index("b") <= 1),
        (FairSlots(4, per_person=2), "aaaaaabc", lambda served: max(served.index("b"), served.index("c")) <= 3),
    ],
)
async def test_people_take_turns(slots: FairSlots, asked: str, is_fair: Callable[[str], bool]) -> None:
    """One person's many files do not precede another person's first."""
    served = "".join([person async for person in turns(slots, asked)])
    assert sorted(served) == sorted(asked)
    assert is_fair(served)


async def test_a_cancelled_wait_frees_its_turn() -> None:
    """Neither a slot nor a turn is lost with a request that is cancelled while it waits."""
    slots = FairSlots(1)
    async with slots.hold("ada"):
        waiting = [asyncio.create_task(slots.hold(person).__aenter__()) for person in ("ada", "bob")]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    for person in ("ada", "bob"):
        async with slots.hold(person):
            pass
