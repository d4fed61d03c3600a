"""Errors of the library and of the network, translated to delivery errors in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

#: JSON error codes of Discord that no later try can change → the sentence for people.
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
_SERVER_ERROR, _TOO_MANY_REQUESTS = 500, 429
_TOO_LARGE, _TOO_LARGE_CODES = 413, (40005, 50045)  # of the request, or of one of its files

#: Raised by a request to Discord that gets no answer.
NETWORK_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)


class RequestTooLarge(DeliveryError):
    """Discord refused the size of a request. It does not tell which size it would accept."""


class ConnectionBroken(DeliveryDelayed):
    """No answer came, or the connection broke."""


def to_delivery_error(exc: Exception) -> DeliveryError:
    """Translate an error of the library or of the network."""
    if isinstance(exc, discord.RateLimited):
        return DeliveryDelayed("Discord gets too many requests", retry_after=exc.retry_after)
    if isinstance(exc, discord.HTTPException):
        if exc.status >= _SERVER_ERROR or exc.status == _TOO_MANY_REQUESTS:
            return DeliveryDelayed(f"Discord answers {exc.status}")
        if exc.status == _TOO_LARGE or exc.code in _TOO_LARGE_CODES:
            return RequestTooLarge(f"Discord takes no file of that size ({exc.code})")
        reason = _REFUSED.get(exc.code) or exc.text or f"Discord answers {exc.status}"
        return DeliveryRefused(f"{reason} ({exc.code})")
    return ConnectionBroken(f"Discord can't be reached: {type(exc).__name__}")


@contextmanager
def raise_delivery_errors() -> Iterator[None]:
    """Raise `DeliveryError` in place of the errors of requests to Discord."""
    try:
        yield
    except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
        raise to_delivery_error(exc) from exc


def describe_error(exc: Exception) -> str:
    """Describe an error for the log, without URLs: those of interactions contain their tokens."""
    if isinstance(exc, discord.HTTPException):
        return f"{exc.status} ({exc.code}): {exc.text}"
    return type(exc).__name__
