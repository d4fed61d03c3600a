"""Calls of Slack's Web API for an answer, within the rate limits, and only while this process owns the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.kit.bounded import BoundedDict
from adapters.kit.connection.fast_json import read_json, write_json
from adapters.kit.connection.fenced_connector import fenced
from adapters.slack.connection.client import Client
from adapters.slack.connection.errors import API_ERRORS, error_code, is_rate_limit, to_delivery_error
from adapters.slack.connection.feature_gates import FeatureGates
from adapters.slack.connection.rate_limiter import RateLimiter
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.timing import Timing
from adapters.slack.types import Json
from bot.background import BackgroundTasks
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.ports import AdapterServices, Confirm, always_owned
from bot.values import valueclass

_TRIES = 3  # of a call that Slack refuses by its rate limit
#: Methods whose parameters are sent as a form, as they take no JSON. An address would be too short for a long caption.
_FORM_METHODS = frozenset(
    {"conversations.replies", "conversations.history", "files.getUploadURLExternal", "files.completeUploadExternal"}
    | {"files.info", "conversations.members"}
)
#: Methods that change nothing that people see.
_INVISIBLE = _FORM_METHODS - {"files.completeUploadExternal"} | {"conversations.open"}
#: Errors by which the bot may not write in a channel, while the person who asked can still be reached.
FORBIDDEN_CHANNEL = frozenset(
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
#: Errors by which the app as a whole is refused: no other message would be taken.
_REFUSED_APP = frozenset(
    {
        *("access_denied", "account_inactive", "enterprise_is_restricted", "invalid_auth", "missing_scope"),
        *("not_allowed_token_type", "not_authed", "team_access_not_granted", "token_expired", "token_revoked"),
    }
)
_OK = 200  # of HTTP
_UNKNOWN_OUTCOME = ("", "fatal_error", "internal_error", "request_timeout", "service_unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryServices:
    """Services that all answers share."""

    core: AdapterServices
    workspaces: Workspaces
    rate_limiter: RateLimiter
    features: FeatureGates
    background: BackgroundTasks
    timing: Timing
    #: By key of an answer whether this process knows all of its messages: trying again needs no wait for late ones.
    known_states: BoundedDict[str, bool]
    started_at: float  #: of this process, on the monotonic clock: an earlier one has sent nothing since
    #: Links a new thread with its conversation: owner, channel, ts, conversation. Raises `StoreError`.
    link_thread: Callable[[str, str, str, str], Awaitable[None]]


@valueclass(frozen=True, slots=True)
class WebApi:
    """Calls for one answer. Every method raises `DeliveryError`.

    `confirm`: awaited right before each call that people see, after any wait; its error prevents the call.
    """

    services: DeliveryServices
    target: ReplyTarget
    confirm: Confirm = always_owned

    async def workspace(self) -> Workspace:
        """Return the installation that answers."""
        return await self.services.workspaces.find(self.target.team, self.target.enterprise)

    async def client(self) -> Client:
        """Return the client of the installation that answers."""
        return await self.services.workspaces.find_client(self.target.team, self.target.enterprise)

    async def call(self, method: str, *, best_effort: bool = False, **params: Any) -> Json:
        """Call a method; parameters that are None are left out. Raises also the errors of `confirm`.

        Unless it is `best_effort`, the call waits for its turn a while, also after Slack refused it by its rate limit.
        """
        owner, limiter = self.target.owner, self.services.rate_limiter
        channel = str(params.get("channel") or "")
        given = {name: value for name, value in params.items() if value is not None}
        left = 1 if best_effort else _TRIES
        while True:
            left -= 1
            await limiter.acquire(owner, method, channel, best_effort=best_effort)
            client = await self.client()
            try:
                with fenced(always_owned if method in _INVISIBLE else self.confirm):
                    if method not in _FORM_METHODS:
                        return await post_json(client, method, given)
                    answer = await client.api_call(method, data=given)
            except API_ERRORS as exc:
                error = to_delivery_error(exc)
                if left and error_code(exc) == "channel_not_found" and await self._has_newer_id(params):
                    continue
                if is_rate_limit(exc) and isinstance(error, DeliveryDelayed):
                    seconds = error.retry_after or 0.0
                    limiter.block(owner, method, channel, seconds=seconds)
                    if left and seconds <= limiter.patience:
                        continue
                raise error from exc
            return answer.data if isinstance(answer.data, dict) else {}

    async def _has_newer_id(self, params: Json) -> bool:
        """Return whether another process has noted a newer id of the channel of a call. Raises `StoreError`."""
        channel = str(params.get("channel") or params.get("channel_id") or "")
        return await self.services.workspaces.channel_ids.has_newer(self.target.owner, channel)

    def is_enabled(self, feature: str) -> bool:
        """Whether the workspace may have the feature."""
        return self.services.features.is_enabled(self.target.owner, feature)

    def suspect(self, feature: str) -> bool:
        """See `FeatureGates.suspect`."""
        return self.services.features.suspect(self.target.owner, feature)

    def disable(self, feature: str) -> None:
        """Note that the workspace refused the feature."""
        self.services.features.disable(self.target.owner, feature)


async def post_json(client: Client, method: str, params: Json) -> dict[str, Any]:
    """Return the answer to `client.api_call(method, json=params)`. Raises `API_ERRORS`.

    That method also prepares for files, for tries and for methods that Slack has given up, each time anew.
    """
    assert client.session is not None, "made by `create_client`"
    if (changed := client.changed_ids) is not None:
        params = changed.to_slack(params)
    url, authorization = f"{client.base_url}{method}", f"Bearer {client.token}"
    headers = {**client.headers, "Content-Type": "application/json;charset=utf-8", "Authorization": authorization}
    async with client.session.post(url, data=write_json(params), headers=headers, proxy=client.proxy) as response:
        content = await response.read()
    try:
        answer = read_json(content)
    except ValueError:  # a proxy may answer with a page
        answer = None
    if response.status == _OK and isinstance(answer, dict) and answer.get("ok"):
        return answer if changed is None else changed.from_slack(answer)
    failure = AsyncSlackResponse(
        client=client,
        http_verb="POST",
        api_url=url,
        req_args={},
        data=answer if isinstance(answer, dict) else {},
        headers=dict(response.headers),
        status_code=response.status,
    )
    raise SlackApiError(f"{method} failed", failure)  # type: ignore[no-untyped-call]


def refusal_code(exc: DeliveryError) -> str:
    """Return Slack's name of the error behind an error of `WebApi.call`; "" when there was no answer."""
    return error_code(exc.__cause__) if exc.__cause__ is not None else ""


def is_outcome_unknown(exc: DeliveryError) -> bool:
    """Whether a call that failed may have been carried out: no answer came, or Slack had trouble of its own."""
    cause = exc.__cause__
    if cause is None or is_rate_limit(cause):
        return False
    return error_code(cause) in _UNKNOWN_OUTCOME


def is_forbidden_channel(exc: DeliveryError) -> bool:
    """Whether the bot may not write there, while the person who asked can still be reached."""
    return isinstance(exc, DeliveryRefused) and refusal_code(exc) in FORBIDDEN_CHANNEL


def is_refused_message(exc: DeliveryError) -> bool:
    """Whether Slack refused what was sent, by whatever name, and might take it in another form or place."""
    is_answer = isinstance(exc, DeliveryRefused) and isinstance(exc.__cause__, SlackApiError)
    return is_answer and refusal_code(exc) not in _REFUSED_APP | FORBIDDEN_CHANNEL
