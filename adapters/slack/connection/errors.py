"""Slack's errors as `bot.errors`."""

from contextlib import AbstractContextManager

from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.kit.errors import NETWORK_ERRORS, ErrorTable, translating
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

_MISSING_SCOPE = "missing_scope"  # Slack names it as `needed`, as a rule
_TABLE = ErrorTable(
    platform="Slack",
    refused={
        "account_inactive": "the app was removed from the workspace",
        "channel_not_found": "the channel is gone, or the bot is no member",
        "invalid_auth": "Slack refuses the token",
        "is_archived": "the channel is archived",
        _MISSING_SCOPE: "the app lacks a scope",
        "not_authed": "there is no token",
        "not_in_channel": "the bot is no member of the channel",
        "restricted_action": "the workspace does not let the bot write there",
        "thread_not_found": "the thread is gone",
        "token_expired": "the token has expired",
        "token_revoked": "the app was removed from the workspace",
        "user_not_in_channel": "the person has left the channel",
    },
    delayed={
        "",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    },
)
_RATE_LIMITS = ("ratelimited", "rate_limited")
_NOT_FOUND, _TOO_MANY_REQUESTS = 404, 429
_RETRY_AFTER = 5.0  # seconds, where Slack does not tell

#: Errors by which the bot may not read a channel.
UNREADABLE_CHANNEL = frozenset({"channel_not_found", "missing_scope", "not_in_channel"})
#: Errors by which a message, or the thread that it is in, no longer exists.
GONE_MESSAGE = frozenset({"message_not_found", "thread_not_found"})
#: Everything that a request to Slack raises.
API_ERRORS = (SlackClientError, *NETWORK_ERRORS)


def error_code(exc: BaseException) -> str:
    """Return Slack's name of the error, such as `not_in_channel`; "" when there was no such answer.

    A server that speaks for Slack may answer a method that it does not have with a bare 404.
    """
    if not isinstance(exc, SlackApiError):
        return ""
    data = getattr(exc.response, "data", exc.response)
    named = str(data.get("error") or "") if isinstance(data, dict) else ""
    return named or ("unknown_method" if _status(exc) == _NOT_FOUND else "")


def log_reason(exc: Exception) -> str:
    """Return what went wrong, for the log: never an address, as some hold secrets."""
    return error_code(exc) or type(exc).__name__


def is_rate_limit(exc: BaseException) -> bool:
    """Whether Slack refused a request by a rate limit."""
    return isinstance(exc, SlackApiError) and (_status(exc) == _TOO_MANY_REQUESTS or error_code(exc) in _RATE_LIMITS)


def retry_after(exc: Exception) -> float:
    """Return the seconds after which Slack takes requests again; 0 for an error that is no rate limit."""
    if not isinstance(exc, SlackApiError) or _status(exc) != _TOO_MANY_REQUESTS:
        return 0.0
    return _retry_after(exc)


def to_delivery_error(exc: Exception) -> DeliveryError:
    """Return an error of the library, or of the network, as a `DeliveryError`."""
    if not isinstance(exc, SlackApiError):
        return _TABLE.unreachable(exc)
    if is_rate_limit(exc):
        return _TABLE.rate_limited(_retry_after(exc))
    code = error_code(exc)
    if code == _MISSING_SCOPE and (needed := exc.response.get("needed")):
        return DeliveryRefused(f"the app lacks the scope {needed} ({code})")
    return _TABLE.answered(_status(exc), code, otherwise="Slack refuses it")


def delivery_errors() -> AbstractContextManager[None]:
    """Raise a `DeliveryError` for what requests to Slack raise in the block."""
    return translating(to_delivery_error, API_ERRORS)


def unreachable(exc: Exception) -> DeliveryDelayed:
    """Return the error of a request to Slack that got no answer."""
    return _TABLE.unreachable(exc)


def _status(exc: SlackApiError) -> int:
    return getattr(exc.response, "status_code", 0) or 0


def _retry_after(exc: SlackApiError) -> float:
    headers = getattr(exc.response, "headers", None) or {}
    try:
        return float(next((value for name, value in headers.items() if name.lower() == "retry-after"), _RETRY_AFTER))
    except ValueError:
        return _RETRY_AFTER
