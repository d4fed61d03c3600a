"""Work that only one of the processes of a platform does: the one that holds a share."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any


async def work_while_held(
    shares: AsyncGenerator[frozenset[int], None],
    start: Callable[[], "asyncio.Future[None]"],
    *,
    on_change: Callable[[bool], None] | None = None,
) -> None:
    """Work while this process holds the share; end as the work ends, with its error if it has one.

    `shares`: of `AdapterServices.share`, with one number; closed at the end. `start`: begins the work, which is
    cancelled when another process gets the share, or this is cancelled. `on_change`: called with whether it is held.
    """
    working: asyncio.Future[None] | None = None
    async with aclosing(shares):
        change = asyncio.ensure_future(anext(shares))
        try:
            while True:
                waiting: set[asyncio.Future[Any]] = {change} if working is None else {change, working}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if working is not None and working.done():
                    return working.result()
                is_held = bool(change.result())
                if on_change is not None:
                    on_change(is_held)
                if working is None and is_held:
                    working = start()
                elif working is not None and not is_held:
                    await _end(working)
                    working = None
                change = asyncio.ensure_future(anext(shares))
        finally:
            await _end(change)
            if working is not None:
                await _end(working)


async def _end(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
