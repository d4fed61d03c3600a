"""Notices a gateway that is connected but deaf, and has it connected anew.

Heartbeats alone prove little: their acknowledgements may come while no event does. Every event of a shard moves its
sequence number; when that stands still for long, the shard is asked for a member list, which has to come as an event.
"""

import asyncio
from dataclasses import dataclass

import structlog
from discord.gateway import DiscordWebSocket

from adapters.discord.gateway.client import Client

log = structlog.get_logger(__name__)

#: Seconds that a gateway has to answer the question for a sign of life.
PATIENCE = 20.0
_RESUME = 4000  # closing with this code lets the library resume the session


@dataclass(slots=True)
class Heard:
    """What was heard of one shard."""

    sequence: int | None = None
    since: float = 0.0  #: when the sequence last moved
    asked: float = 0.0  #: when it was asked for a sign of life; 0: not
    failures: int = 0  #: times in a row that it did not give one


class Watch:
    """Looks at every shard now and then. `deaf` names those that hear nothing."""

    def __init__(self, client: Client, *, after: float) -> None:
        self._client = client
        self._after = after
        self._heard: dict[int, Heard] = {}

    @property
    def deaf(self) -> list[int]:
        """Shards that did not answer the last question for a sign of life and were not heard since."""
        return sorted(shard for shard, heard in self._heard.items() if heard.failures)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(min(PATIENCE, self._after) / 4)
            now = asyncio.get_running_loop().time()
            for shard, socket in self._client.sockets().items():
                await self._look(shard, socket, now)

    async def _look(self, shard: int, socket: DiscordWebSocket, now: float) -> None:
        heard = self._heard.setdefault(shard, Heard(since=now))
        if socket.sequence != heard.sequence:
            self._heard[shard] = Heard(socket.sequence, now)
        elif not socket.open:
            heard.asked = 0.0
        elif heard.asked and now - heard.asked > PATIENCE:
            heard.failures += 1
            heard.asked, heard.since = 0.0, now
            log.error("gateway deaf: connecting anew", shard=shard, times=heard.failures)
            await socket.close(_RESUME)
        elif not heard.asked and now - heard.since > self._after:
            guild = next((guild for guild in self._client.guilds if guild.shard_id == shard), None)
            user = self._client.user
            if guild is not None and user is not None:  # in no server there is nothing to hear but direct messages
                heard.asked = now
                await socket.request_chunks(guild.id, user_ids=[user.id], limit=1, nonce="watch")
