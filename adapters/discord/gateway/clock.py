"""Discord's time, by which tokens end."""

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime

import aiohttp
from discord.http import Route

from adapters.discord.reply_target import created_at
from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.errors import NETWORK_ERRORS


class DiscordClock:
    """Discord's time, as its ids tell it: this machine's clock may be wrong, or be set.

    An id that arrives late is older than the time; the newest one counts. Until the first it is this machine's time.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None  # of the monotonic clock, in seconds

    def note(self, snowflake: int) -> None:
        """Note an id that Discord made just now."""
        self.note_time(created_at(str(snowflake)))

    def note_time(self, seconds: float) -> None:
        """Note the time since 1970 that Discord told just now."""
        ahead = seconds - time.monotonic()
        self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time() if self._ahead is None else time.monotonic() + self._ahead

    async def ask(self, session: aiohttp.ClientSession) -> None:
        """Ask Discord, for a process that receives nothing from it. The answer may be a second behind."""
        with suppress(*NETWORK_ERRORS, KeyError, ValueError):
            async with session.get(f"{Route.BASE}/gateway", proxy=proxy_for(Route.BASE)) as response:
                self.note_time(parsedate_to_datetime(response.headers["Date"]).timestamp())
