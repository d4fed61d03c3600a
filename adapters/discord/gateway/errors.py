"""Discord's errors as ours, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

#: Discord's codes for what will not be different later, and what to say of it.
_REFUSED = {
    10003: "the channel is gone",
    10004: "the server is gone",
    10008: "the message is gone",
    50001: "the bot can't see the channel",
    50007: "the person takes no direct messages from the bot",
    50013: "the bot lacks a permission there",
    50083: "the thread is archived",
    160005: "the thread is locked",
}
_SERVER = 500
_TOO_MANY = 429

_TOO_LARGE, _TOO_LARGE_CODES = 413, (40005, 50045)  # the request, or a file of it

#: What a request to Discord raises when it gets no answer.
NETWORK = (aiohttp.ClientError, TimeoutError, OSError)


class TooLarge(DeliveryError):
    """What was sent is too large; Discord does not say what would not be."""


class Broken(DeliveryDelayed):
    """No answer came, or the connection broke."""


def translated(exc: Exception) -> DeliveryError:
    """The delivery error that an error of the library, or of the network, means."""
    if isinstance(exc, discord.RateLimited):
        return DeliveryDelayed("Discord gets too many requests", retry_after=exc.retry_after)
    if isinstance(exc, discord.HTTPException):
        if exc.status >= _SERVER or exc.status == _TOO_MANY:
            return DeliveryDelayed(f"Discord answers {exc.status}")
        if exc.status == _TOO_LARGE or exc.code in _TOO_LARGE_CODES:
            return TooLarge(f"Discord takes no file of that size ({exc.code})")
        reason = _REFUSED.get(exc.code) or exc.text or f"Discord answers {exc.status}"
        return DeliveryRefused(f"{reason} ({exc.code})")
    return Broken(f"Discord can't be reached: {type(exc).__name__}")


@contextmanager
def delivering() -> Iterator[None]:
    """Turn what requests to Discord raise into `DeliveryError`."""
    try:
        yield
    except (discord.HTTPException, discord.RateLimited, *NETWORK) as exc:
        raise translated(exc) from exc


def reason(exc: Exception) -> str:
    """What went wrong, for the log: without addresses, as those of interactions hold their tokens."""
    if isinstance(exc, discord.HTTPException):
        return f"{exc.status} ({exc.code}): {exc.text}"
    return type(exc).__name__
