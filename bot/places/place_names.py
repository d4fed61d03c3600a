"""The names of the places in which the service is used, asked of the platforms in the background."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextvars import Context
from datetime import UTC, datetime, timedelta

import structlog

from bot.background import BackgroundTasks
from bot.errors import DeliveryError, DeliveryRefused, StoreError
from bot.models import Location
from bot.places.timing import PlaceTiming
from bot.ports import Directory, PlaceKey, PlaceStore

log = structlog.get_logger(__name__)

#: Places that are remembered as looked up, at most.
_SEEN = 100_000


class PlaceNames:
    """Looks a place up when it is first used in this process, and then once a day; keeps what the platform says.

    A message costs no more than the question whether its place is in `seen`.
    """

    def __init__(
        self,
        store: PlaceStore,
        directories: Mapping[str, Directory],
        background: BackgroundTasks,
        timing: PlaceTiming,
    ) -> None:
        self.seen: set[PlaceKey] = set()  #: places that need not be looked up now
        self._store = store
        self._directories = directories
        self._background = background
        self._timing = timing
        self._waiting: dict[str, deque[tuple[PlaceKey, bool]]] = {}  #: by adapter that is being asked

    def look_up(self, adapter: str, location: Location) -> None:
        """Look up the names of a place that is not in `seen`; direct messages have none."""
        if len(self.seen) >= _SEEN:
            self.seen.clear()
        key = adapter, location.workspace, location.channel
        self.seen.add(key)
        if location.workspace and not location.is_private and adapter in self._directories:
            self._ask_for(key)

    def changed(self, adapter: str, workspace: str, channel: str = "") -> None:
        """See `PlaceChanges.changed`."""
        if adapter in self._directories:
            self._ask_for((adapter, workspace, channel), is_changed=True)

    async def removed(self, adapter: str, workspace: str) -> None:
        """See `PlaceChanges.removed`."""
        self.seen = {seen for seen in self.seen if seen[:2] != (adapter, workspace)}
        await self._store.forget_places(adapter, workspace)

    async def run(self) -> None:
        """Have places that are used looked up again every day, as platforms do not tell of every new name."""
        while True:
            await asyncio.sleep(self._timing.look_again)
            self.seen.clear()

    def _ask_for(self, key: PlaceKey, *, is_changed: bool = False) -> None:
        waiting = self._waiting.get(key[0])
        if waiting is None:
            waiting = self._waiting[key[0]] = deque()
            # With nothing of the message that comes from there: its recording has no calls that are not for it.
            Context().run(self._background.start, self._ask(key[0], waiting))
        waiting.append((key, is_changed))

    async def _ask(self, adapter: str, waiting: deque[tuple[PlaceKey, bool]]) -> None:
        """Ask a platform for one place after the other, until none waits, with a pause after each."""
        try:
            while waiting:
                key, is_changed = waiting.popleft()
                try:
                    if not await (self._is_used(key) if is_changed else self._is_missing(key)):
                        continue
                    await self._read(key)
                except (DeliveryError, StoreError, TimeoutError) as exc:
                    log.info("name of a place not read", adapter=adapter, place=key[1:], reason=str(exc))
                    if not isinstance(exc, DeliveryRefused):
                        self.seen.discard(key)  # asked again with the next message there
                await asyncio.sleep(self._timing.pause)
        finally:
            del self._waiting[adapter]

    async def _is_missing(self, key: PlaceKey) -> bool:
        """Return whether the name is not in the database as some process has read it lately."""
        since = datetime.now(UTC) - timedelta(seconds=self._timing.lifetime)
        return key not in await self._store.find_places([key], since=since)

    async def _is_used(self, key: PlaceKey) -> bool:
        """Return whether this process has seen the place, or any process has read its name."""
        is_seen = key in self.seen if key[2] else any(seen[:2] == key[:2] for seen in self.seen)
        return is_seen or key in await self._store.find_places([key])

    async def _read(self, key: PlaceKey) -> None:
        adapter, workspace, channel = key
        async with asyncio.timeout(self._timing.patience):
            names = await self._directories[adapter].name_places(Location(workspace=workspace, channel=channel))
        if names:
            await self._store.save_places(names)
