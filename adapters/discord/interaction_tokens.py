"""The life of an interaction: acknowledged within three seconds, answered before its token ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from adapters.discord.gateway.clock import DiscordClock
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from adapters.kit.bounded import BoundedDict
from bot.background import BackgroundTasks
from bot.errors import StoreError

log = structlog.get_logger(__name__)

#: Storage namespace: the reply targets of answers that are awaited, by the event's id.
NAMESPACE = "discord.waiting"

_REMEMBERED = 2000  # interactions


class Acknowledgements:
    """Interactions that this process acknowledges, so that no answer is sent before its acknowledgement."""

    def __init__(self) -> None:
        self._futures: BoundedDict[str, asyncio.Future[bool]] = BoundedDict(_REMEMBERED)

    def begin(self, interaction: str) -> "asyncio.Future[bool] | None":
        """Return a future to set to whether Discord accepted the acknowledgement; None: one was begun before."""
        if interaction in self._futures:
            return None
        future = self._futures[interaction] = asyncio.get_running_loop().create_future()
        return future

    def is_own(self, interaction: str) -> bool:
        """Whether this process acknowledges, or has acknowledged, the interaction."""
        return interaction in self._futures

    async def wait(self, interaction: str) -> bool | None:
        """Wait for an acknowledgement. False: Discord did not accept it; None: it was another process's."""
        future = self._futures.get(interaction)
        return None if future is None else await asyncio.shield(future)


class TokenDeadlines:
    """One timer for each interaction whose answer is awaited. `on_due` is called with its target and event id.

    `store` saves, or with None deletes, the target of an answer that has to be watched after a restart too; it raises
    `StoreError`.
    """

    def __init__(
        self,
        on_due: Callable[[ReplyTarget, str], Awaitable[None]],
        store: Callable[[str, str | None], Awaitable[None]],
        timing: Timing,
        clock: DiscordClock | None = None,
    ) -> None:
        self._on_due = on_due
        self._store = store
        self._timing = timing
        self.clock = clock or DiscordClock()  #: told of each interaction
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._stored: set[str] = set()
        self._tasks = BackgroundTasks("token deadline")

    async def restore(self, stored: Mapping[str, str]) -> None:
        """Watch what an earlier process stored."""
        for key, target in stored.items():
            self._stored.add(key)
            self.watch(ReplyTarget.of(json.loads(target)), key)
            if key not in self._timers:  # its token has ended
                await self._delete_stored(key)

    def watch(self, target: ReplyTarget, key: str) -> None:
        """Start the timer of an answer, once."""
        now = self.clock.now()
        if key not in self._timers and now < target.expires_at:
            delay = target.expires_at - self._timing.token_reserve - now
            self._timers[key] = asyncio.get_running_loop().call_later(delay, partial(self._start, target, key))

    async def watch_durably(self, target: ReplyTarget, key: str) -> None:
        """Start the timer of an answer; where only the token can answer, store it for the next process."""
        self.watch(target, key)
        if not target.can_post and key in self._timers:
            self._stored.add(key)
            await self._save(key, json.dumps(target.to_reply_to()))

    async def clear(self, key: str) -> None:
        """Forget an answer that is finished."""
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        await self._delete_stored(key)

    def is_due(self, target: ReplyTarget) -> bool:
        """Whether the interaction's token ends so soon that no new work is begun with it."""
        return bool(target.token) and self.clock.now() > target.expires_at - self._timing.token_reserve

    def is_over(self, target: ReplyTarget) -> bool:
        """Whether the interaction's token is no longer used."""
        return self.clock.now() > target.expires_at - self._timing.token_margin

    async def stop(self) -> None:
        """Cancel all timers and what they started."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await self._tasks.close()

    async def _delete_stored(self, key: str) -> None:
        if key in self._stored:
            self._stored.discard(key)
            await self._save(key, None)

    async def _save(self, key: str, value: str | None) -> None:
        try:
            await self._store(key, value)
        except StoreError as exc:
            log.warning("deadline not stored", event_id=key, reason=str(exc))

    def _start(self, target: ReplyTarget, key: str) -> None:
        # The key stays known until the token has ended, so that `watch` starts no second timer.
        forget = partial(self._timers.pop, key, None)
        self._timers[key] = asyncio.get_running_loop().call_later(self._timing.token_reserve, forget)
        self._tasks.start(self._run(target, key))

    async def _run(self, target: ReplyTarget, key: str) -> None:
        await self._on_due(target, key)
        await self._delete_stored(key)
