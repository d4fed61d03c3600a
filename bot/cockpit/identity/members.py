"""People as their platform tells of them, for pages: asked with a limit on time, and not for each reload."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from bot.errors import DeliveryError
from bot.models import Actor, Event
from bot.ports import Directory

log = structlog.get_logger(__name__)

#: Seconds for which an answer is remembered, one of a platform that did not tell included.
REMEMBERED = 60.0
#: Seconds for an answer of the platform.
_TIMEOUT = 10.0


async def ask_platform(directory: Directory, event: Event, person: str) -> Actor | None:
    """Ask for a person in the workspace of a request; None: the platform does not tell, or not in time."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await directory.find_actor(event.reply_to, person)
    except TimeoutError:
        log.info("platform does not tell of a person", adapter=event.adapter)
        return None


async def ask_whether_gone(directory: Directory, event: Event, person: str) -> bool | None:
    """Ask whether a person has left the workspace of a request; None: the platform does not tell, or not in time.

    Raises `StoreError`.
    """
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await directory.is_gone(event.reply_to, person)
    except (TimeoutError, DeliveryError) as exc:
        log.info("platform does not tell whether a person is there", adapter=event.adapter, reason=str(exc))
        return None


class Members:
    """People whom pages show, each asked of the platform at most once in `REMEMBERED` seconds."""

    def __init__(self, directories: Mapping[str, Directory], *, now: Callable[[], float] = time.monotonic) -> None:
        self._directories = directories
        self._now = now
        self._asked: dict[tuple[str, str, str], tuple[float, asyncio.Task[Actor | None]]] = {}

    async def find(self, event: Event, person: str) -> Actor | None:
        """Return a person in the workspace of a request; None: the platform does not tell."""
        directory = self._directories.get(event.adapter)
        if directory is None:
            return None
        key, now = (event.adapter, event.location.workspace, person), self._now()
        self._asked = {one: found for one, found in self._asked.items() if now - found[0] < REMEMBERED}
        if key not in self._asked:
            self._asked[key] = (now, asyncio.create_task(ask_platform(directory, event, person)))
        return await asyncio.shield(self._asked[key][1])
