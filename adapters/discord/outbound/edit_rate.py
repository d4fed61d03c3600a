"""The rate at which a channel's messages may be edited, and the typing indicator."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import discord
from discord.http import HTTPClient

from adapters.discord.timing import Timing
from adapters.kit.bounded import BoundedDict
from adapters.kit.errors import NETWORK_ERRORS
from adapters.kit.per_key import PerKey
from bot.background import BackgroundTasks

_REMEMBERED = 1000  # channels in which typing was shown


class EditRate:
    """The edit slots of one channel, shared by every draft in it."""

    def __init__(self, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = timing.edit_window
        self._clock = clock
        self._slots: deque[float] = deque(maxlen=timing.edits_per_window)  # the last ones, reserved ones included
        self._reserved: dict[object, float] = {}

    def reserve(self, draft: object) -> float:
        """Return the seconds until the draft's slot, which stays reserved; 0: it may edit now."""
        now = self._clock()
        at = self._reserved.get(draft)
        if at is None:
            at = self._add_slot(now)
        if at <= now:
            self._reserved.pop(draft, None)
            return 0.0
        self._reserved[draft] = at
        return at - now

    def use_slot(self) -> None:
        """Use a slot without waiting for it: a final edit may delay others."""
        self._add_slot(self._clock())

    def cancel(self, draft: object) -> None:
        """Forget the draft's reserved slot."""
        self._reserved.pop(draft, None)

    def _add_slot(self, now: float) -> float:
        is_full = len(self._slots) == self._slots.maxlen
        at = max(now, self._slots[0] + self._window) if is_full else now
        self._slots.append(max(at, self._slots[-1] if self._slots else at))
        return self._slots[-1]


class EditRates:
    """The rates of the channels in which an answer is being written."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._rates: PerKey[str, EditRate] = PerKey()

    def of(self, channel: str) -> EditRate:
        """Return a channel's rate; every draft that holds it holds the same one."""
        return self._rates.find_or_make(channel, lambda: EditRate(self._timing))


class TypingIndicator:
    """Shows that the bot is typing. Discord hides the indicator by itself after ten seconds."""

    def __init__(self, timing: Timing) -> None:
        self._interval = timing.typing_interval
        self._shown_at: BoundedDict[str, float] = BoundedDict(_REMEMBERED)
        self._tasks = BackgroundTasks("typing")

    def show(self, http: HTTPClient, channel: str) -> None:
        """Show it in a channel in the background, unless it was shown just before. Failures are ignored."""
        now = time.monotonic()
        if now - self._shown_at.get(channel, -self._interval) < self._interval:
            return
        self._shown_at[channel] = now
        self._tasks.start(self._send(http, channel))

    async def _send(self, http: HTTPClient, channel: str) -> None:
        with suppress(discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS):
            await http.send_typing(int(channel))

    async def stop(self) -> None:
        """Cancel pending requests."""
        await self._tasks.close()
