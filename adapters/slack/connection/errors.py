"""Slack's errors as ours, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

#: What is Slack's own trouble, or passes.
_LATER = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
#: What will not be different later, and what to say of it.
_REFUSED = {
    "account_inactive": "the app was removed from the workspace",
    "channel_not_found": "the channel is gone, or the bot is no member",
    "invalid_auth": "Slack refuses the token",
    "is_archived": "the channel is archived",
    "missing_scope": "the app lacks a scope",
    "not_authed": "there is no token",
    "not_in_channel": "the bot is no member of the channel",
    "restricted_action": "the workspace does not let the bot write there",
    "thread_not_found": "the thread is gone",
    "token_expired": "the token has expired",
    "token_revoked": "the app was removed from the workspace",
    "user_not_in_channel": "the person has left the channel",
}
#: Errors that say that the bot may not read there.
UNREADABLE = frozenset({"channel_not_found", "missing_scope", "not_in_channel"})
_SERVER = 500
_TOO_MANY = 429

#: What a request to Slack raises when it gets no answer.
NETWORK = (aiohttp.ClientError, TimeoutError, OSError)
#: Everything that a request to Slack raises; `SlackApiError` is among it.
FAILED = (SlackClientError, *NETWORK)


def code(exc: BaseException) -> str:
    """Slack's name of the error, such as `not_in_channel`; "" when there was no such answer."""
    response = getattr(exc, "response", None) if isinstance(exc, SlackApiError) else None
    data = getattr(response, "data", response)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def translated(exc: Exception) -> DeliveryError:
    """The delivery error that an error of the library, or of the network, means."""
    if not isinstance(exc, SlackApiError):
        return DeliveryDelayed(f"Slack can't be reached: {type(exc).__name__}")
    status = getattr(exc.response, "status_code", 0)
    name = code(exc)
    if status == _TOO_MANY or name in {"ratelimited", "rate_limited"}:
        return DeliveryDelayed("Slack gets too many requests", retry_after=retry_after(exc))
    if status >= _SERVER or name in _LATER or not name:
        return DeliveryDelayed(f"Slack answers {name or status}")
    return DeliveryRefused(f"{_REFUSED.get(name, 'Slack refuses it')} ({name})")


def retry_after(exc: SlackApiError) -> float:
    """Seconds that Slack wants to be left alone."""
    headers = getattr(exc.response, "headers", None) or {}
    try:
        return float(next((value for name, value in headers.items() if name.lower() == "retry-after"), 5.0))
    except ValueError:
        return 5.0


def asked_to_wait(exc: Exception) -> float:
    """Seconds that Slack wants to be left alone; 0 when it did not say so."""
    error = translated(exc)
    is_limit = getattr(getattr(exc, "response", None), "status_code", 0) == _TOO_MANY
    return error.retry_after if is_limit and isinstance(error, DeliveryDelayed) else 0.0


@contextmanager
def delivering() -> Iterator[None]:
    """Turn what requests to Slack raise into `DeliveryError`."""
    try:
        yield
    except FAILED as exc:
        raise translated(exc) from exc


def reason(exc: Exception) -> str:
    """What went wrong, for the log: never an address, as some hold secrets."""
    return code(exc) or type(exc).__name__
