"""Servers of which Discord sends nothing: during an outage of theirs, or while it has not told of them yet."""

from datetime import UTC, datetime, timedelta

import structlog

from bot.errors import StoreError
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Time for which a server is remembered that does not come back.
_LIFETIME = timedelta(days=30)


class UnavailableServers:
    """The unavailable servers, each with the newest message before those missed there; kept over a restart."""

    def __init__(self, services: AdapterServices) -> None:
        self._storage = services.storage("discord.unavailable", has_secrets=False)
        self._since: dict[int, int] = {}

    async def restore(self) -> None:
        """Read what an earlier process stored. Raises `StoreError`."""
        stored = await self._storage.items()
        self._since = {**{int(server): int(since) for server, since in stored.items()}, **self._since}

    def since(self, server: int) -> int:
        """Return the id of the newest message before those that were missed; 0: none were."""
        return self._since.get(server, 0)

    async def add(self, server: int, since: int) -> None:
        """Note that messages after `since` are missed; an earlier note stays."""
        if server in self._since:
            return
        self._since[server] = since
        try:
            await self._storage.set(str(server), str(since), expires=datetime.now(UTC) + _LIFETIME)
        except StoreError as exc:
            log.warning("unavailable server not stored", server=server, reason=str(exc))

    async def remove(self, server: int) -> None:
        """Forget a server whose messages are read."""
        self._since.pop(server, None)  # it may have been read twice at a time
        try:
            await self._storage.delete(str(server))
        except StoreError as exc:
            log.warning("unavailable server not deleted", server=server, reason=str(exc))
