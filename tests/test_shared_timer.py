"""The timer that many time limits share."""

import asyncio
from contextvars import ContextVar

import pytest

from bot.concurrency.shared_timer import SharedTimer

NAME: ContextVar[str] = ContextVar("name")


async def test_calls_are_made_when_they_are_due_in_the_context_of_their_caller() -> None:
    """The earliest first, whatever was asked for first; a cancelled one never, though the loop's timer was its own."""
    timer, done = SharedTimer(), asyncio.Event()
    called: list[tuple[str, str]] = []

    def note(name: str) -> None:
        called.append((name, NAME.get()))
        if name == "last":
            done.set()

    NAME.set("of the late ones")
    timer.call_later(0.03, lambda: note("last"))
    NAME.set("of the early ones")
    first = timer.call_later(0.0, lambda: note("cancelled"))
    timer.call_later(0.01, lambda: note("early"))
    first.cancel()
    first.cancel()
    async with asyncio.timeout(60):
        await done.wait()
    assert called == [("early", "of the early ones"), ("last", "of the late ones")]


async def test_a_call_may_ask_for_the_next() -> None:
    """Also one that is due at once, when no other is left."""
    timer, done = SharedTimer(), asyncio.Event()

    def ask() -> None:
        timer.call_later(0.0, done.set)

    timer.call_later(0.0, ask)
    async with asyncio.timeout(60):
        await done.wait()


@pytest.mark.parametrize("library", ["asyncio", "uvloop"])
def test_every_limit_ends_on_every_loop(library: str) -> None:
    """uvloop counts in whole milliseconds, and has no timer for less than half of one."""

    async def keep_limits() -> None:
        timer = SharedTimer()
        for seconds in (0.0, 0.0003, 0.0103, 0.0):
            done = asyncio.Event()
            timer.call_later(seconds + 0.0004, lambda: None)
            timer.call_later(seconds, done.set)
            async with asyncio.timeout(60):
                await done.wait()

    with asyncio.Runner(loop_factory=pytest.importorskip(library).new_event_loop) as runner:
        runner.run(keep_limits())
