import asyncio

import pytest
from structlog.testing import capture_logs

from bot.background import BackgroundLoops, BackgroundTasks


async def test_a_failure_is_logged_and_ends_nothing_else() -> None:
    """A task that raises is logged once, with the error; the others go on."""
    tasks = BackgroundTasks("decoration")
    done = []

    async def fail() -> None:
        raise RuntimeError("broken")

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("work")

    with capture_logs() as logs:
        tasks.start(fail())
        tasks.start(work())
        await tasks.drain()
    assert done == ["work"]
    (entry,) = logs
    assert (entry["log_level"], entry["task"]) == ("error", "decoration")
    assert str(entry["exc_info"]) == "broken"


async def test_awaiting_a_task_raises_its_error() -> None:
    tasks = BackgroundTasks("t")

    async def fail() -> None:
        raise RuntimeError("broken")

    with capture_logs(), pytest.raises(RuntimeError, match="broken"):
        await tasks.start(fail())


async def test_close_cancels_and_waits() -> None:
    """When `close` returns, every task has ended, its clean-up included; being cancelled is no failure."""
    tasks = BackgroundTasks("t")
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    tasks.start(work())
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await tasks.close()
    assert ended == [True]
    assert not logs
    assert not len(tasks)


async def test_drain_waits_for_what_is_started_meanwhile() -> None:
    tasks = BackgroundTasks("t")
    done = []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append(2)

    async def first() -> None:
        await asyncio.sleep(0)
        tasks.start(second())
        done.append(1)

    tasks.start(first())
    await tasks.drain()
    assert done == [1, 2]


async def test_a_task_returns_its_value() -> None:
    async def seven() -> int:
        return 7

    assert await BackgroundTasks("t").start(seven()) == 7


async def test_a_loop_that_fails_runs_again() -> None:
    """Each failure is logged with the error and reported; the loop counts as failing until it ends as it should."""
    reported: list[str] = []
    loops = BackgroundLoops(first=0.0, on_failure=reported.append)
    third, finish = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        if len(reported) < 2:
            raise KeyError("broken")
        third.set()
        await finish.wait()

    with capture_logs() as logs:
        task = loops.start("pruning", run)
        await third.wait()
        assert loops.failing == ["pruning"]
        finish.set()
        await task
    assert loops.failing == []
    assert reported == ["pruning", "pruning"]
    assert [(entry["log_level"], entry["task"], entry["reason"]) for entry in logs] == [
        ("error", "pruning", "KeyError")
    ] * 2
