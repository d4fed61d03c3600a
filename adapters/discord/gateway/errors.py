"""Errors of the library and of the network, translated to delivery errors in one place."""

from contextlib import AbstractContextManager

import discord

from adapters.kit.errors import NETWORK_ERRORS, ErrorTable, translating
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

_TABLE = ErrorTable(
    platform="Discord",
    refused={
        10003: "the channel is gone",
        10004: "the server is gone",
        10008: "the message is gone",
        50001: "the bot can't see the channel",
        50007: "the person takes no direct messages from the bot",
        50013: "the bot lacks a permission there",
        50083: "the thread is archived",
        50278: "the person takes no direct messages from the bot, or shares no server with it",
        160005: "the thread is locked",
    },
)
_ERRORS = (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS)
_UNAUTHORIZED = 401
_ENDED_INTERACTIONS = (10015, 10062, 40094, 50027)
_TOO_LARGE, _TOO_LARGE_CODES = 413, (40005, 50045)  # of the request, or of one of its files


class RequestTooLarge(DeliveryError):
    """Discord refused the size of a request. It does not tell which size it would accept."""


class ConnectionBroken(DeliveryDelayed):
    """No answer came, or the connection broke."""


def to_delivery_error(exc: Exception) -> DeliveryError:
    """Translate an error of the library or of the network."""
    if isinstance(exc, discord.RateLimited):
        return _TABLE.rate_limited(exc.retry_after)
    if isinstance(exc, discord.HTTPException):
        if exc.status == _TOO_LARGE or exc.code in _TOO_LARGE_CODES:
            return RequestTooLarge(f"Discord takes no file of that size ({exc.code})")
        return _TABLE.answered(exc.status, exc.code, otherwise=exc.text)
    return ConnectionBroken(str(_TABLE.unreachable(exc)))


def refusal_code(exc: DeliveryError) -> int:
    """Return the code that Discord refused a request with; 0: it did not refuse one, or gave no code."""
    return exc.__cause__.code if isinstance(exc.__cause__, discord.HTTPException) else 0


def is_refused_message(exc: DeliveryError) -> bool:
    """Whether Discord refused what was sent, by whatever code, and might take it in another form."""
    cause = exc.__cause__
    if not isinstance(exc, DeliveryRefused) or not isinstance(cause, discord.HTTPException):
        return False
    return cause.status != _UNAUTHORIZED and cause.code not in (*_TABLE.refused, *_ENDED_INTERACTIONS)


def raise_delivery_errors() -> AbstractContextManager[None]:
    """Raise `DeliveryError` in place of the errors of requests to Discord."""
    return translating(to_delivery_error, _ERRORS)


def describe_error(exc: Exception) -> str:
    """Describe an error for the log, without URLs: those of interactions contain their tokens."""
    if isinstance(exc, discord.HTTPException):
        return f"{exc.status} ({exc.code}): {exc.text}"
    return type(exc).__name__
