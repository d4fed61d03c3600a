"""Calls of Slack's Web API for one answer: paced, with errors as ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError

from adapters.kit.background import BackgroundTasks
from adapters.slack.connection.errors import FAILED, code, translated
from adapters.slack.connection.feature_gates import Latches
from adapters.slack.connection.rate_limiter import PATIENCE, Pacing
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.reply_target import Address
from adapters.slack.ui.rich_text import Json
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

_TRIES = 3  # of a call that Slack wants to get later
_FORMS = frozenset(
    {"conversations.replies", "conversations.history", "files.getUploadURLExternal", "files.completeUploadExternal"}
    | {"files.info"}
)
#: Errors that say that the bot may not write there, while the asker can still be told.
SHUT_OUT = frozenset(
    {
        "cannot_reply_to_message",
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "user_not_in_channel",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What all answers share."""

    workspaces: Workspaces
    roots: Roots
    pacing: Pacing
    latches: Latches
    errands: BackgroundTasks


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends for one answer. Every method raises `DeliveryError`."""

    outbox: Outbox
    address: Address

    async def workspace(self) -> Workspace:
        """The installation that answers."""
        return await self.outbox.workspaces.find(self.address.team, self.address.enterprise)

    async def call(self, method: str, *, is_decoration: bool = False, **params: Any) -> Json:
        """Make a call; parameters that are None are left out. Raises also `DeliveryDelayed` with when to try again.

        What is no decoration waits for its turn a while, also when Slack says "later".
        """
        owner, pacing = self.address.owner, self.outbox.pacing
        channel = str(params.get("channel") or "")
        given = {name: value for name, value in params.items() if value is not None}
        body = {"params": given} if method in _FORMS else {"json": given}
        for left in reversed(range(1 if is_decoration else _TRIES)):
            await pacing.turn(owner, method, channel, is_decoration=is_decoration)
            client = await self.outbox.workspaces.client(self.address.team, self.address.enterprise)
            try:
                answer = await client.api_call(method, **body)  # type: ignore[arg-type]
            except FAILED as exc:
                error = translated(exc)
                if _is_limit(exc) and isinstance(error, DeliveryDelayed):
                    seconds = error.retry_after or 0.0
                    pacing.close(owner, method, channel, seconds=seconds)
                    if left and seconds <= PATIENCE:
                        continue
                raise error from exc
            return answer.data if isinstance(answer.data, dict) else {}
        raise DeliveryDelayed("Slack gets too many requests")

    def has(self, what: str) -> bool:
        """Whether the workspace is known to have something."""
        return self.outbox.latches.has(self.address.owner, what)

    def close(self, what: str) -> None:
        """The workspace has it not."""
        self.outbox.latches.close(self.address.owner, what)


def _is_limit(exc: Exception) -> bool:
    return isinstance(exc, SlackApiError) and (getattr(exc.response, "status_code", 0) == 429 or code(exc) in _LIMITS)  # noqa: PLR2004


_LIMITS = ("ratelimited", "rate_limited")


def refusal(exc: DeliveryError) -> str:
    """Slack's name of what an error of `Sender.call` came from; "" when there was no answer."""
    return code(exc.__cause__) if exc.__cause__ is not None else ""


def is_unclear(exc: DeliveryError) -> bool:
    """Whether what failed may have been done all the same: no answer came, or Slack had trouble of its own."""
    cause = exc.__cause__
    if cause is None or (isinstance(cause, Exception) and _is_limit(cause)):
        return False
    return code(cause) in ("", "fatal_error", "internal_error", "request_timeout", "service_unavailable")


def is_shut_out(exc: DeliveryError) -> bool:
    """Whether the bot may not write there, while the asker can still be told."""
    return isinstance(exc, DeliveryRefused) and refusal(exc) in SHUT_OUT


def metadata(key: str, part: int, kind: str = "channelmuse_answer") -> Mapping[str, Any]:
    """What a message carries so that it is found again."""
    return {"event_type": kind, "event_payload": {"key": key, "part": part}}
