"""Requests held while the database is away: a platform that brings nothing twice would lose them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from adapters.kit.backoff import Backoff
from bot.errors import StoreError

log = structlog.get_logger(__name__)

_FIRST, _LONGEST = 0.1, 2.0  # seconds between two attempts


T = TypeVar("T")


async def hold(attempt: Callable[[], Awaitable[T]], *, patience: float, **described: object) -> T:
    """Repeat `attempt` while the database fails it. Raises the `StoreError` that is left after `patience` seconds.

    `attempt` must be safe to repeat. `described`: names it in the log.
    """
    deadline = time.monotonic() + patience
    backoff = Backoff(first=_FIRST, longest=_LONGEST)
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
