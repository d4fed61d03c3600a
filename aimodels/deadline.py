"""An asyncio timeout that raises a domain error."""

import asyncio
from collections.abc import Callable
from types import TracebackType


class Deadline:
    """Bounds an `async with` block: at `at` (event loop time) the block is cancelled and `late()` is raised.

    A class because it is entered several times for each event: a decorated generator costs four times as much.
    """

    __slots__ = ("_late", "_timeout")

    def __init__(self, at: float, late: Callable[[], Exception]) -> None:
        self._timeout = asyncio.timeout_at(at)
        self._late = late

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError as exc:
            raise self._late() from exc
        if isinstance(error, TimeoutError):
            raise self._late() from error
