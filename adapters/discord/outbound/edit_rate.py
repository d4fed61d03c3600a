"""How often a channel's messages are changed, and that the bot is seen typing while it works."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakValueDictionary

import discord
from discord.http import HTTPClient

from adapters.discord.gateway.errors import NETWORK

#: Changes of messages in one channel, and the seconds in which Discord allows about so many.
CHANGES, SECONDS = 5, 5.0
#: Seconds after which typing is shown again; Discord shows it for ten.
TYPING = 8.0
_KEPT = 1000  # channels of which it is remembered when typing was shown last


class Pace:
    """One channel's turns, shared by all who write there."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=CHANGES)  # of the last turns, those to come included
        self._booked: dict[object, float] = {}

    def wait(self, who: object) -> float:
        """Seconds until it is `who`'s turn; 0: now, and it is taken. Who has to wait keeps the turn it was told."""
        now = self._clock()
        at = self._booked.get(who)
        if at is None:
            at = self._next(now)
        if at <= now:
            self._booked.pop(who, None)
            return 0.0
        self._booked[who] = at
        return at - now

    def take(self) -> None:
        """Take a turn without waiting for it: what is final is worth the others' waiting."""
        self._next(self._clock())

    def leave(self, who: object) -> None:
        """Forget the turn that `who` was told."""
        self._booked.pop(who, None)

    def _next(self, now: float) -> float:
        at = max(now, self._times[0] + SECONDS) if len(self._times) == CHANGES else now
        self._times.append(max(at, self._times[-1] if self._times else at))
        return self._times[-1]


class Paces:
    """The paces of the channels in which something is being written."""

    def __init__(self) -> None:
        self._paces: WeakValueDictionary[str, Pace] = WeakValueDictionary()

    def of(self, channel: str) -> Pace:
        """A channel's; as long as somebody holds it, it is everybody's."""
        pace = self._paces.get(channel)
        if pace is None:
            pace = self._paces[channel] = Pace()
        return pace


class Typing:
    """Shows that the bot is typing. Each time is only shown for some seconds, so that it never stays."""

    def __init__(self) -> None:
        self._shown: OrderedDict[str, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, http: HTTPClient, channel: str) -> None:
        """Show it in a channel, if it was not shown just before. Does not wait; failing is no matter."""
        now = time.monotonic()
        if now - self._shown.get(channel, -TYPING) < TYPING:
            return
        self._shown[channel] = now
        self._shown.move_to_end(channel)
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        task = asyncio.create_task(self._send(http, channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, http: HTTPClient, channel: str) -> None:
        with suppress(discord.HTTPException, discord.RateLimited, *NETWORK):
            await http.send_typing(int(channel))

    async def stop(self) -> None:
        """Send nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
