"""Pauses and time limits of the client, and the context manager that enforces a deadline."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Pauses and time limits inside one call. All values are seconds, unless they say otherwise."""

    connect: float = 10.0  #: to open a connection; the call's timeout bounds everything else
    first_backoff: float = 0.5  #: longest pause before the second try; doubled for each further one
    max_backoff: float = 20.0  #: longest pause before any try
    first_poll: float = 0.3  #: before a job is polled for the first time
    poll_growth: float = 1.4  #: factor from one pause between polls to the next
    max_poll: float = 5.0  #: longest pause between two polls
    drain: float = 0.25  #: to read the end of a finished stream, so that its connection can be used again
    verify: float = 30.0  #: for `verify`


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
