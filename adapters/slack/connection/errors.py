"""Slack's errors as ours, in one place."""

from contextlib import AbstractContextManager

from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.kit.errors import NETWORK_ERRORS, ErrorTable, translating
from bot.errors import DeliveryDelayed, DeliveryError

_TABLE = ErrorTable(
    platform="Slack",
    refused={
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
    },
    delayed=frozenset(
        {
            "",
            "fatal_error",
            "internal_error",
            "message_limit_exceeded",
            "request_timeout",
            "service_unavailable",
            "team_added_to_org",
        }
    ),
)
_LIMITED = frozenset({"ratelimited", "rate_limited"})
#: Errors that say that the bot may not read there.
UNREADABLE = frozenset({"channel_not_found", "missing_scope", "not_in_channel"})
_TOO_MANY = 429

#: What a request to Slack raises when it gets no answer.
NETWORK = NETWORK_ERRORS
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
        return _TABLE.unreachable(exc)
    status = getattr(exc.response, "status_code", 0)
    name = code(exc)
    if status == _TOO_MANY or name in _LIMITED:
        return _TABLE.rate_limited(retry_after(exc))
    return _TABLE.answered(status, name, otherwise="Slack refuses it")


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
    return (error.retry_after or 0.0) if is_limit and isinstance(error, DeliveryDelayed) else 0.0


def delivering() -> AbstractContextManager[None]:
    """Turn what requests to Slack raise into `DeliveryError`."""
    return translating(translated, FAILED)


def reason(exc: Exception) -> str:
    """What went wrong, for the log: never an address, as some hold secrets."""
    return code(exc) or type(exc).__name__
