"""A recorded request on the simulated Slack."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Self

from simulators.replay.recording import (
    CannotReplayError,
    Json,
    Recording,
    has_failed,
    is_lost,
    numbered,
    substitute,
    texts,
)
from simulators.replay.stage import ShownMessages
from simulators.slack import Channel, SlackSimulator
from simulators.slack.faults import ApiError, CrashError, DropError, Faults, RateLimitedError, When
from simulators.slack.values import new_id

_POSTS = ("chat.postMessage", "chat.postEphemeral", "chat.startStream")
_EDITS = ("chat.update", "chat.appendStream", "chat.stopStream")
#: Calls that last, by which an answer came to be shown.
_LASTING = {*_POSTS, "chat.delete", "files.completeUploadExternal", "views.open", "files.delete"}
_READS = ("conversations.replies", "conversations.history")
#: Fields of a message that nobody sees, or that differ by their ids.
_UNSEEN = frozenset({"value", "block_id", "action_id", "ts", "thread_ts", "channel", "metadata", "recipient_team_id"})
_LIMITED, _SERVER_ERROR = 429, 500
_PATIENCE = 2.0  #: seconds of a rate limit, at most


def _method(call: Json) -> str:
    return str(call["path"]).rpartition("/")[2]


class SlackStage:
    """See `simulators.replay.stage.Stage`."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._payload = recording.payload
        self._check()
        self.slack = SlackSimulator()
        self.slack.ada.user.locale = recording.locale

    async def __aenter__(self) -> Self:
        await self.slack.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.slack.stop()

    @property
    def environment(self) -> dict[str, str]:
        """See `Stage`."""
        return self.slack.environment

    async def play(self) -> None:
        """See `Stage`."""
        await self.slack.until(lambda: self.slack.sockets.open, 60)
        self._prepare_faults()
        if self._is_command:
            self._play_command()
        else:
            self._play_message()

    # -- what came in

    @property
    def _is_command(self) -> bool:
        return "command" in self._payload and "trigger_id" in self._payload

    def _check(self) -> None:
        """Raise `CannotReplayError` where something is missing."""
        event = self._payload.get("event", {})
        if not self._is_command and "text" not in event:
            raise CannotReplayError("button")
        if event.get("files"):
            raise CannotReplayError("files")
        if event.get("subtype"):
            raise CannotReplayError("edit")

    def _play_message(self) -> None:
        event = self._payload["event"]
        slack, people = self.slack, self.slack.people
        channel = self._channel(str(event.get("channel_type") or "channel"))
        subscribed, people.subscribed = people.subscribed, set()  # what is recorded is delivered instead
        root = slack.ada.say("…", channel=channel) if event.get("thread_ts", event["ts"]) != event["ts"] else None
        message = slack.ada.say("…", channel=channel, thread=root or "")
        people.subscribed = subscribed
        names = {
            **self._names(event, channel),
            event["ts"]: message.ts,
            str(event.get("thread_ts", event["ts"])): root.ts if root is not None else message.ts,
            str(self._payload.get("event_id")): new_id("Ev"),
        }
        body = substitute(self._payload, names)
        message.text, message.blocks = body["event"]["text"], body["event"].get("blocks", [])
        slack.sender.send("events_api", {**body, "token": slack.verification_token})

    def _play_command(self) -> None:
        slack, payload = self.slack, self._payload
        channel = slack.general
        names = {payload["team_id"]: slack.team.id, payload["channel_id"]: channel.id, payload["user_id"]: slack.ada.id}
        own = {
            "token": slack.verification_token,
            "api_app_id": slack.app_id,
            "response_url": slack.responses.new(slack.team, channel, slack.ada.id),
            "trigger_id": slack.modals.trigger(slack.team, slack.ada.id),
        }
        slack.sender.send("slash_commands", {**substitute(payload, names), **own})

    def _channel(self, kind: str) -> Channel:
        if kind == "im":
            return self.slack.team.direct(self.slack.ada.id)
        if kind == "channel":
            return self.slack.general
        return self.slack.add_channel("private", is_private=True, is_mpim=kind == "mpim")

    def _names(self, event: Json, channel: Channel) -> dict[str, str]:
        slack, authorizations = self.slack, self._payload.get("authorizations") or [{}]
        return {
            str(self._payload.get("team_id")): slack.team.id,
            str(event.get("team", self._payload.get("team_id"))): slack.team.id,
            str(self._payload.get("api_app_id")): slack.app_id,
            str(authorizations[0].get("user_id")): slack.team.bot.id,
            str(event.get("user")): slack.ada.id,
            str(event.get("channel")): channel.id,
        }

    # -- what went wrong

    def _prepare_faults(self) -> None:
        calls = self._recording.calls("platform call")
        faults = _RecordedFaults()
        for method, number, call in numbered(calls, _method):
            if has_failed(call):
                faults.add(method, number, call, is_carried_out=not _is_repeated(calls, call))
        self.slack.faults = faults
        self.slack.history_lag = _history_lag(calls)

    # -- what came out

    @staticmethod
    def visible(recording: Recording) -> Sequence[Json]:
        """See `Stage`."""
        return _Shown.of(recording)

    @staticmethod
    def lasting_calls(recording: Recording) -> Sequence[str]:
        """See `Stage`."""
        calls = [call for call in recording.calls("platform call") if _method(call) in _LASTING]
        # How fast an answer came decides whether it was streamed: that is no difference.
        names = [_method(call).replace("chat.startStream", "chat.postMessage") for call in calls]
        return [f"{name} {_outcome(call)}" for name, call in zip(names, calls, strict=True)]


def _outcome(call: Json) -> str:
    if call.get("error"):
        return "no answer"
    answer = call.get("answer", {})
    return str(call["status"]) if answer.get("ok", True) or call["status"] == _LIMITED else str(answer.get("error"))


class _RecordedFaults(Faults):
    """Faults of the n-th call of a method."""

    def __init__(self) -> None:
        super().__init__()
        self._planned: dict[tuple[str, int, When], Exception] = {}
        self._counts: dict[str, int] = {}
        self._numbers: dict[int, int] = {}  #: of the calls of their method, by number of all calls

    def add(self, method: str, number: int, call: Json, *, is_carried_out: bool) -> None:
        """Plan the fault of a recorded call."""
        answer, status = call.get("answer"), call.get("status", 0)
        error: Exception = DropError()
        when: When = "after" if is_lost(call) and is_carried_out else "before"
        if status == _LIMITED:
            error = RateLimitedError(min(float(call.get("retry_after") or 1), _PATIENCE))
        elif status >= _SERVER_ERROR:
            error = CrashError(status)
        elif isinstance(answer, dict) and answer.get("error"):
            error = ApiError(str(answer["error"]))
        self._planned[method, number, when] = error

    async def apply(self, method: str, number: int, when: When, params: Json | None = None) -> None:
        """See `Faults.apply`."""
        if when == "before":
            self._numbers[number] = self._counts.get(method, 0)
            self._counts[method] = self._numbers[number] + 1
        await super().apply(method, number, when, params)
        fault = self._planned.pop((method, self._numbers.get(number, -1), when), None)
        if fault is not None:
            raise fault


class _Shown(ShownMessages):
    def add(self, call: Json) -> None:
        method, body, answer = _method(call), call.get("body"), call.get("answer") or {}
        if not isinstance(body, dict) or (has_failed(call) and not is_lost(call)):
            return
        if method in _POSTS:
            self._post(method, body, str(answer.get("ts") or answer.get("message_ts") or ""))
        elif method in _EDITS:
            self._edit(method, body)
        elif method == "chat.delete":
            self.messages.pop(str(body.get("ts")), None)

    def _post(self, method: str, body: Json, ts: str) -> None:
        seen = _seen(body)
        is_again = [key for key in self._lost if self.messages[key]["content"] == seen]
        key = ts or f"lost {len(self._lost)}"
        if is_again and ts:  # it was not carried out the first time
            self._lost.remove(is_again[0])
            del self.messages[is_again[0]]
        elif is_again:
            return
        elif not ts:
            self._lost.append(key)
        place = "thread" if body.get("thread_ts") else "channel"
        self.messages[key] = {"place": place, "private": method == "chat.postEphemeral", "content": seen}

    def _edit(self, method: str, body: Json) -> None:
        key = str(body.get("ts"))
        if key not in self.messages and self._lost:  # found again
            lost = self._lost.pop(0)
            self.messages = OrderedDict((key if name == lost else name, one) for name, one in self.messages.items())
        if key not in self.messages:
            return
        before = self.messages[key]["content"] if method != "chat.update" else {}
        now = _seen(body)
        streamed = before.get("streamed", "") + now.get("streamed", "")
        self.messages[key]["content"] = {**before, **now, **({"streamed": streamed} if streamed else {})}


def _seen(body: Json) -> Json:
    """What is seen of a message."""
    kept = {name: body[name] for name in ("text", "blocks", "markdown_text", "chunks") if body.get(name)}
    streamed = str(kept.pop("markdown_text", "")) + "".join(
        str(chunk.get("text", "")) for chunk in kept.pop("chunks", []) if isinstance(chunk, dict)
    )
    found: Json = texts(kept, without=_UNSEEN)
    return {**found, **({"streamed": streamed} if streamed else {})}


def _is_repeated(calls: Sequence[Json], lost: Json) -> bool:
    """Whether a later call did the same with success: the lost one had not been carried out."""
    later = [call for call in calls if call["at"] > lost["at"] and _method(call) == _method(lost)]
    seen = _seen(lost.get("body") or {})
    return any(not has_failed(call) and _seen(call.get("body") or {}) == seen for call in later)


def _history_lag(calls: Sequence[Json]) -> float:
    """Seconds for which a message did not show in the history: from its loss to the last look that missed it."""
    lost = next((call for call in calls if is_lost(call) and _method(call) in _POSTS), None)
    if lost is None:
        return 0.0
    looks: list[tuple[int, Any]] = [
        (call["at"], len((call.get("answer") or {}).get("messages", ())))
        for call in calls
        if _method(call) in _READS and call["at"] > lost["at"]
    ]
    missed = [at for at, number in looks if looks and number < looks[-1][1]]
    return (missed[-1] - lost["at"]) / 1000 + 0.1 if missed else 0.0
