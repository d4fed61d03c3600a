"""A recorded request on the simulated Slack."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from simulators.replay.recording import CannotReplayError, Json, Recording, has_failed, is_lost, substitute, texts
from simulators.replay.stage import Beginning, PlannedFaults, ShownMessages, Stage
from simulators.replay.stand_ins import make_file
from simulators.slack import Channel, Message, SlackSimulator
from simulators.slack.faults import ApiError, CrashError, DropError, Faults, RateLimitedError, When
from simulators.slack.messages import File
from simulators.slack.people.forms import elements
from simulators.slack.values import new_id
from simulators.slack.workspace import View

_POSTS = ("chat.postMessage", "chat.postEphemeral", "chat.startStream")
_EDITS = ("chat.update", "chat.appendStream", "chat.stopStream")
#: Calls that last, by which an answer came to be shown.
_LASTING = {*_POSTS, "chat.delete", "files.completeUploadExternal", "views.open", "files.delete"}
_READS = ("conversations.replies", "conversations.history")
#: Fields of a message that nobody sees, or that differ by their ids.
_UNSEEN = frozenset(
    {"value", "block_id", "action_id", "ts", "thread_ts", "channel", "metadata", "recipient_team_id", "user_id"}
)
_LIMITED, _SERVER_ERROR = 429, 500
_BUTTON = "press:"  #: with which the ids of the service's buttons begin
_WHERE = "where"  #: block that asks for the channel, in the forms that are opened outside of one
_CHANGED = "message_changed"
_INTERACTIONS: dict[str, Beginning] = {"block_actions": "button", "message_action": "menu", "view_submission": "form"}
_PATIENCE = 2.0  #: seconds of a rate limit, at most


def _method(call: Json) -> str:
    return str(call["path"]).rpartition("/")[2]


class SlackStage(Stage):
    """See `simulators.replay.stage.Stage`."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self.slack = self.platform = SlackSimulator()
        self.slack.ada.user.locale = recording.locale

    async def connected(self) -> None:
        """See `Stage`."""
        await self.slack.until(lambda: self.slack.sockets.open, 60)

    @staticmethod
    def key_of(call: Json) -> str:
        """See `Stage`."""
        return _method(call)

    @staticmethod
    def find_beginning(payload: Json) -> Beginning:
        """See `Stage`."""
        if "command" in payload and "trigger_id" in payload:
            return "command"
        if payload.get("type") in _INTERACTIONS:
            return _INTERACTIONS[payload["type"]]
        event = payload.get("event", {})
        if event.get("subtype") == _CHANGED and "text" in event.get("message", {}):
            return "edit"
        if "text" not in event or event.get("subtype") not in (None, "", "file_share"):
            raise CannotReplayError("button")
        return "message"

    # -- what came in

    async def perform(self, recording: Recording, beginning: Beginning) -> None:
        """See `Stage`."""
        payload = recording.payload
        if beginning == "command":
            self._use_command(payload)
        elif beginning in ("message", "edit"):
            self._say(recording)
        elif beginning == "menu":
            self._choose(payload)
        elif beginning == "button":
            self._press()
        else:
            view = payload["view"]
            if recording.before is not None:
                self._press()
            elif any(block.get("block_id") == _WHERE for block in view["blocks"]):
                self.slack.ada.shortcut(str(view["callback_id"]))  # or a button of the App Home: it opens the same form
            else:
                self.slack.ada.slash(recording.command)
            self._submit(await self.slack.ada.modal(), payload)

    def _say(self, recording: Recording) -> None:
        """Deliver a message, or an edit of one, that is in the channel."""
        payload = recording.payload
        event = payload["event"]
        said = event.get("message", event)
        slack, people = self.slack, self.slack.people
        channel = self._channel(str(event.get("channel_type") or "channel"))
        subscribed, people.subscribed = people.subscribed, set()  # what is recorded is delivered instead
        root = slack.ada.say("…", channel=channel) if said.get("thread_ts", said["ts"]) != said["ts"] else None
        files = [self._file(file) for file in said.get("files", ())]
        message = slack.ada.say("…", channel=channel, thread=root or "", files=files)
        people.subscribed = subscribed
        names = {
            **self._names(payload, channel),
            said["ts"]: message.ts,
            str(said.get("thread_ts", said["ts"])): root.ts if root is not None else message.ts,
            str(payload.get("event_id")): new_id("Ev"),
        }
        body = substitute(payload, names)
        now = body["event"].get("message", body["event"])
        if (text := recording.spoken(now["text"])) != now["text"]:
            now |= {"text": text, "blocks": []}
        message.text, message.blocks = now["text"], now.get("blocks", [])
        if files:
            now["files"] = [file.to_json(slack.url, slack.team.id) for file in files]
        slack.sender.send("events_api", {**body, "token": slack.verification_token})

    def _use_command(self, payload: Json) -> None:
        slack = self.slack
        channel = slack.general
        names = {payload["team_id"]: slack.team.id, payload["channel_id"]: channel.id, payload["user_id"]: slack.ada.id}
        own = {
            "token": slack.verification_token,
            "api_app_id": slack.app_id,
            "response_url": slack.responses.new(slack.team, channel, slack.ada.id),
            "trigger_id": slack.modals.trigger(slack.team, slack.ada.id),
        }
        slack.sender.send("slash_commands", {**substitute(payload, names), **own})

    def _choose(self, payload: Json) -> None:
        """Choose a shortcut of a message, which is in the channel with a thread of its own."""
        slack, people, chosen = self.slack, self.slack.people, payload["message"]
        subscribed, people.subscribed = people.subscribed, set()
        channel = self._channel("im" if str(payload["channel"]["id"]).startswith("D") else "channel")
        by = slack.ada if chosen.get("user") == payload["user"]["id"] else slack.bob
        files = [self._file(file) for file in chosen.get("files", ())]
        message = by.say(str(chosen.get("text") or ""), channel=channel, files=files)
        people.subscribed = subscribed
        slack.ada.message_shortcut(str(payload["callback_id"]), message)

    async def answered(self) -> None:
        """See `Stage`."""
        try:
            await self.slack.until(self._pressed, 60)
        except TimeoutError as exc:
            raise CannotReplayError("action", name=self.recording.action) from exc

    def _press(self) -> None:
        message = self._pressed()
        assert message is not None
        self.slack.ada.press(message, _BUTTON + self.recording.action)

    def _pressed(self) -> Message | None:
        """Return the newest message with the button that is to be pressed."""
        wanted = _BUTTON + self.recording.action
        for channel in self.slack.team.channels.values():
            for message in reversed(channel.visible(self.slack.ada.id)):
                if any(element.get("action_id") == wanted for _, element in elements(message.blocks)):
                    return message
        return None

    def _submit(self, view: View, payload: Json) -> None:
        """Submit a form with what was filled in."""
        slack = self.slack
        values = payload["view"].get("state", {}).get("values", {})
        for held in [held for block in values.values() for held in block.values() if held.get("files")]:
            files = [self._file(file) for file in held["files"]]
            held["files"] = [file.to_json(slack.url, slack.team.id) for file in files]
        for held in values.get(_WHERE, {}).values():
            if chosen := held.get("selected_conversation"):
                held["selected_conversation"] = self._channel("im" if chosen.startswith("D") else "channel").id
        body = {
            "type": "view_submission",
            **slack.people.base(slack.team, slack.ada.id),
            "trigger_id": slack.modals.trigger(slack.team, slack.ada.id, view.id),
            "view": slack.modals.to_json(view, values),
            "response_urls": [],
        }
        slack.sender.send("interactive", body)

    def _file(self, recorded: Json) -> File:
        """Return a file in the place of a recorded one."""
        name, content = make_file(str(recorded.get("mimetype")), int(recorded.get("size") or 0))
        return self.slack.ada.file(name, content)

    def _channel(self, kind: str) -> Channel:
        if kind == "im":
            return self.slack.team.direct(self.slack.ada.id)
        if kind == "channel":
            return self.slack.general
        return self.slack.add_channel("private", is_private=True, is_mpim=kind == "mpim")

    def _names(self, payload: Json, channel: Channel) -> dict[str, str]:
        slack, authorizations = self.slack, payload.get("authorizations") or [{}]
        event = payload["event"]
        said = event.get("message", event)
        return {
            str(payload.get("team_id")): slack.team.id,
            str(said.get("team", payload.get("team_id"))): slack.team.id,
            str(payload.get("api_app_id")): slack.app_id,
            str(authorizations[0].get("user_id")): slack.team.bot.id,
            str(said.get("user")): slack.ada.id,
            str(event.get("channel")): channel.id,
        }

    # -- what went wrong

    def install(self, faults: PlannedFaults) -> None:
        """See `Stage`."""
        self.slack.faults = _RecordedFaults(faults)
        self.slack.history_lag = _history_lag(self.recording.calls("platform call"))

    def was_done(self, fault: Json) -> bool:
        """See `Stage`."""
        return is_lost(fault) and not _is_repeated(self.recording.calls("platform call"), fault)

    # -- what came out

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

    def __init__(self, planned: PlannedFaults) -> None:
        super().__init__()
        self._planned = planned

    async def apply(self, method: str, number: int, when: When, params: Json | None = None) -> None:
        """See `Faults.apply`."""
        await super().apply(method, number, when, params)
        fault = self._planned.take(method, number, when)
        if fault is not None:
            raise _error_of(fault)


def _error_of(call: Json) -> Exception:
    answer, status = call.get("answer"), call.get("status", 0)
    if status == _LIMITED:
        return RateLimitedError(min(float(call.get("retry_after") or 1), _PATIENCE))
    if status >= _SERVER_ERROR:
        return CrashError(status)
    return ApiError(str(answer["error"])) if isinstance(answer, dict) and answer.get("error") else DropError()


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
    """The visible part of a message."""
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


SlackStage.shown = _Shown
