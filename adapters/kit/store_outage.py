"""Requests held while the database is away: a platform that brings nothing twice would lose them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from adapters.kit.connection.backoff import Backoff
from bot.errors import StoreError

log = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageTiming:
    """Durations in seconds."""

    patience: float = 60.0  #: to try to record what came in
    retry_first: float = 0.1  #: longest pause before the first retry; it doubles each time
    retry_longest: float = 2.0


async def hold(attempt: Callable[[], Awaitable[T]], timing: OutageTiming, **described: object) -> T:
    """Repeat `attempt` while the database fails it. Raises the `StoreError` that is left when the patience ends.

    `attempt` must be safe to repeat. `described`: names it in the log.
    """
    deadline = time.monotonic() + timing.patience
    backoff = Backoff(first=timing.retry_first, longest=timing.retry_longest)
    is_held = False
    while True:
        try:
            return await attempt()
        except StoreError as exc:
            rest = deadline - time.monotonic()
            if rest <= 0:
                raise
            if not is_held:
                is_held = True
                log.warning("held: the database is away", reason=str(exc), **described)
            await asyncio.sleep(min(backoff.next(), rest))
