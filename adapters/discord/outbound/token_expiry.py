"""Interactions whose answers are awaited: each is seen to before its token ends, whether it was begun or not."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from adapters.discord.reply_target import Address
from bot.errors import StoreError

log = structlog.get_logger(__name__)

#: Where the interactions that wait are written down.
BOOK = "discord.waiting"

#: Seconds before the end of an interaction's token when its answer moves, or says that it will not be in time.
MOVES = 45.0


def is_due(address: Address) -> bool:
    """Whether the interaction's token ends so soon that nothing more is begun with it."""
    return bool(address.token) and time.time() > address.expires - MOVES


class Deadlines:
    """One alarm for each answer that is awaited. `ring` is called with its address and key.

    `put_note` writes down, or tears out, what has to be seen to after a restart; it raises `StoreError`.
    """

    def __init__(
        self,
        ring: Callable[[Address, str], Awaitable[None]],
        put_note: Callable[[str, str | None], Awaitable[None]],
    ) -> None:
        self._ring = ring
        self._put_note = put_note
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._noted: set[str] = set()
        self._ringing: set[asyncio.Task[None]] = set()

    async def begin(self, notes: Mapping[str, str]) -> None:
        """Go on with what an earlier process had written down."""
        for key, note in notes.items():
            self._noted.add(key)
            self.expect(Address.of(json.loads(note)), key)
            if key not in self._alarms:  # its token has ended
                await self._tear_out(key)

    def expect(self, address: Address, key: str) -> None:
        """An answer is awaited; where it is one to an interaction it is seen to, once."""
        now = time.time()
        if key not in self._alarms and now < address.expires:
            wait = address.expires - MOVES - now
            self._alarms[key] = asyncio.get_running_loop().call_later(wait, partial(self._due, address, key))

    async def keep(self, address: Address, key: str) -> None:
        """An answer is awaited that nobody may begin before a restart; where only a token can answer, it is noted."""
        self.expect(address, key)
        if not address.member and key in self._alarms:
            self._noted.add(key)
            await self._write(key, json.dumps(address.to_reply_to()))

    async def met(self, key: str) -> None:
        """The answer is there."""
        if (alarm := self._alarms.pop(key, None)) is not None:
            alarm.cancel()
        await self._tear_out(key)

    async def _tear_out(self, key: str) -> None:
        if key in self._noted:
            self._noted.discard(key)
            await self._write(key, None)

    async def _write(self, key: str, note: str | None) -> None:
        try:
            await self._put_note(key, note)
        except StoreError as exc:
            log.warning("deadline not noted", event_id=key, reason=str(exc))

    def _due(self, address: Address, key: str) -> None:
        # Known until its token has ended, so that it is not seen to again.
        self._alarms[key] = asyncio.get_running_loop().call_later(MOVES, partial(self._alarms.pop, key, None))
        task = asyncio.create_task(self._see_to(address, key))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _see_to(self, address: Address, key: str) -> None:
        await self._ring(address, key)
        await self._tear_out(key)

    async def stop(self) -> None:
        """See to nothing more."""
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        for task in self._ringing:
            task.cancel()
        await asyncio.gather(*self._ringing, return_exceptions=True)
