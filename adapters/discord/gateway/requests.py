"""The library's path of each request to Discord, at less cost: its address, its JSON and its rate limit."""

import time
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Ratelimit, Route
from yarl import URL

from adapters.kit.connection.fast_json import read_json, write_json


class ChannelRoute(Route):
    """A route of a channel and its messages, as the library's own, for a fraction of their cost.

    The library fills a template, and what it makes of it aiohttp has to parse. `path`: the library's template, by which
    it knows the rate limit.
    """

    metadata = guild_id = webhook_id = webhook_token = None

    def __init__(self, method: str, path: str, channel: str, message: str = "") -> None:
        self.method = method
        self.path = path
        self.channel_id = channel
        base = URL(self.BASE)
        filled = path.format(channel_id=channel, message_id=message)
        self.url = base.with_path(base.raw_path + filled, encoded=True)  # type: ignore[assignment] # aiohttp takes both

    @property
    def major_parameters(self) -> str:
        """See `Route.major_parameters`."""
        return str(self.channel_id)


# ------------------------------------------------------------------ JSON


def use_fast_json() -> None:
    """Read and write all JSON of the library in this process in half the time, with pydantic's parser."""
    discord.utils._from_json = read_json  # noqa: SLF001 - no public way
    discord.utils._to_json = to_text  # type: ignore[assignment] # noqa: SLF001 - no public way


def json_body(value: Any) -> aiohttp.BytesPayload:
    """Return the body of a request to Discord: what the library takes as `json` is encoded once more by aiohttp."""
    return aiohttp.BytesPayload(write_json(value), content_type="application/json")


def to_text(value: Any) -> str:
    """Return a value as the text of JSON."""
    return write_json(value).decode()


# ------------------------------------------------------------------ rate limits


def throttle_cleanup(http: HTTPClient, interval: float) -> None:
    """Drop the rate limits that nobody has used for `interval` seconds, at most once in as many.

    The library would search all of them at each new channel, and every answer may start a thread; and it would keep
    them for five minutes: a kilobyte each, and several for each thread.
    """
    last = 0.0

    def clean_up() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > interval:
            last = now
            limits = http._buckets  # noqa: SLF001 - no public way
            for key in [key for key, limit in limits.items() if _is_over(limit, interval)]:
                del limits[key]

    http._try_clear_expired_ratelimits = clean_up  # type: ignore[method-assign] # noqa: SLF001 - no public way


def _is_over(limit: Ratelimit, idle: float) -> bool:
    """Whether a rate limit holds no request back: one that is made anew would hold back none either."""
    is_idle = limit._loop.time() - limit._last_request >= idle  # noqa: SLF001 - as the library asks it
    is_used = limit.outgoing or limit._pending_requests  # noqa: SLF001 - as above
    return is_idle and not is_used and (limit.expires is None or limit.is_expired())
