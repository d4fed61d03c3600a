"""The processes of the service on one database, what each holds of what is shared out, and the loops in them."""

from asyncio import Task
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A running process of the service."""

    name: str  #: its host and process id
    roles: tuple[str, ...]
    holds: tuple[str, ...] = ()  #: what it holds of what is shared out, in words such as `NAME: 0, 1`


class Processes(Protocol):
    """All processes of the service on the same database."""

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        """Iterate over what this process holds of the numbers below `count`: at first, and after each change.

        Each number is held by one process at a time; they are spread over the processes that iterate over this name.
        One that is left out may be another's only once the next set is asked for: let go of it before. To be closed,
        which gives back everything.
        """

    async def processes(self) -> Sequence[ProcessInfo]:
        """Return the running processes, this one included. Raises `StoreError`."""


class Loops(Protocol):
    """Runs loops; one that fails is logged, counted in the metrics and started again after a pause."""

    def start(self, name: str, run: Callable[[], Awaitable[object]]) -> Task[None]:
        """Run a loop in a task of that name, which the caller holds and cancels; it ends when `run` returns."""
