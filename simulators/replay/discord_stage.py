"""A recorded request on the simulated Discord."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulators.discord.errors import Refused, server_error
from simulators.discord.files import Upload
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, DM, GUILD, ME, snowflake
from simulators.replay.recording import CannotReplayError, Json, Recording, has_failed, is_lost, substitute, texts
from simulators.replay.stage import Beginning, PlannedFaults, ShownMessages, Stage
from simulators.replay.stand_ins import make_file

_COMMAND, _PRESSED, _SUBMITTED, _MODAL = 2, 3, 5, 9  # types of interactions, and of a response
_INTERACTIONS: dict[int, Beginning] = {_COMMAND: "command", _PRESSED: "button", _SUBMITTED: "form"}
_ID = re.compile(r"\d{15,20}|removed|token\d+")
#: Fields of a message that nobody sees, or that differ by their ids.
_UNSEEN = frozenset({"custom_id", "nonce", "message_reference", "allowed_mentions", "id", "url"})
_LIMITED, _SERVER_ERROR = 429, 500
_PATIENCE = 2.0  #: seconds of a rate limit, at most
_SOURCE = 4  #: the callback that answers with a message
_THREAD = "threads"


def _hidden(text: str) -> str:
    """Return a text as a recording without texts has it."""
    return re.sub(r"[^\W\d_]", lambda letter: "X" if letter[0].isupper() else "x", text)


def _route(method: str, path: str) -> str:
    """A request without the ids in its path."""
    parts = path.partition("/api/v10/")[2] or path
    return f"{method} {'/'.join('*' if _ID.fullmatch(part) else part for part in parts.split('/'))}"


def _route_of(call: Json) -> str:
    return _route(call["method"], call["path"])


class DiscordStage(Stage):
    """See `simulators.replay.stage.Stage`."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self.discord = self.platform = DiscordSimulator()

    async def connected(self) -> None:
        """See `Stage`."""
        await self.discord.until(lambda: self.discord.gateway.is_connected and self.discord.commands, 60)

    @staticmethod
    def key_of(call: Json) -> str:
        """See `Stage`."""
        return _route_of(call)

    @staticmethod
    def find_beginning(payload: Json) -> Beginning:
        """See `Stage`."""
        if "token" in payload and payload.get("type") in _INTERACTIONS:
            is_menu = bool((payload.get("data") or {}).get("target_id"))
            return "menu" if is_menu else _INTERACTIONS[payload["type"]]
        if "content" not in payload or "author" not in payload:
            raise CannotReplayError("button")
        return "edit" if payload.get("edited_timestamp") else "message"

    # -- what came in

    async def perform(self, recording: Recording, beginning: Beginning) -> None:
        """See `Stage`."""
        if beginning in ("message", "edit"):
            await self._say(recording, "MESSAGE_UPDATE" if beginning == "edit" else "MESSAGE_CREATE")
        elif beginning == "command":
            await self._use_command(recording.payload, recording.payload["data"])
        elif beginning == "menu":
            await self._choose(recording.payload)
        elif beginning == "button":
            await self._press(recording)
        else:
            if recording.before is not None:
                await self._press(recording)
            else:
                await self._use_command(recording.payload, {"name": recording.command, "type": 1, "options": []})
            await self._submit(recording.payload)

    async def _say(self, recording: Recording, event: str) -> None:
        """Deliver a message, or an edit of one, that is in the channel."""
        payload, discord = recording.payload, self.discord
        channel = CHANNEL if payload.get("guild_id") else DM
        opens_thread = any(_THREAD in call["path"] for call in recording.calls("platform call"))
        if payload.get("guild_id") and not opens_thread:
            channel = snowflake()
            await discord.open_thread(channel, owner=ME)
        names = {**_names(payload), str(payload["channel_id"]): channel}
        if reference := payload.get("message_reference"):
            names[str(reference["message_id"])] = self._answer_to(payload.get("referenced_message") or {}, channel)
        number = names[str(payload["id"])] = snowflake()
        files = [self._file(file, channel) for file in payload.get("attachments", ())]
        text = recording.spoken(substitute({"content": payload["content"]}, names)["content"])
        said = discord.message(channel, text, id=number, attachments=files)
        member = {key: value for key, value in (payload.get("member") or {}).items() if key != "user"}
        given = {**payload, "member": member} if member else payload
        own = {name: said[name] for name in ("timestamp", "mentions", "author", "attachments")}
        await discord.gateway.dispatch(event, {**substitute(given, names), **own, "content": text})

    def _answer_to(self, recorded: Json, channel: str) -> str:
        """Write a message in the place of the one that is answered; return its id."""
        by = ME if (recorded.get("author") or {}).get("bot") else ADA
        return str(self.discord.message(channel, str(recorded.get("content") or "…"), by=by)["id"])

    async def _use_command(self, payload: Json, data: Json) -> None:
        registered = next((one for one in self.discord.commands if one["name"] == data["name"]), None)
        if registered is None:
            raise CannotReplayError("command", name=str(data["name"]))
        given = {**self._with_files(substitute(data, _names(payload))), "id": registered["id"]}
        channel = CHANNEL if payload.get("guild_id") else DM
        await self.discord.interact(_COMMAND, given, channel=channel, locale=payload.get("locale", "en-US"))

    async def _choose(self, payload: Json) -> None:
        """Choose an entry of the menu of a message, which is in the channel, or of a person."""
        data, discord = payload["data"], self.discord
        # Where texts are not recorded the entry has letters of the same number and case.
        wanted = {data["name"], _hidden(data["name"])}
        known = [one for one in discord.commands if one["type"] == data["type"]]
        registered = next((one for one in known if wanted & {one["name"], _hidden(one["name"])}), None)
        if registered is None:
            raise CannotReplayError("command", name=str(data["name"]))
        channel = CHANNEL if payload.get("guild_id") else DM
        given = {**data, "id": registered["id"], "name": registered["name"]}
        if recorded := ((data.get("resolved") or {}).get("messages") or {}).get(data["target_id"]):
            by = ME if (recorded.get("author") or {}).get("bot") else ADA
            files = [self._file(file, channel) for file in recorded.get("attachments", ())]
            message = discord.message(channel, str(recorded.get("content") or ""), by=by, attachments=files)
            given |= {"target_id": message["id"], "resolved": {"messages": {message["id"]: message}}}
        else:
            given = substitute(given, _names(payload))
        await discord.interact(_COMMAND, given, channel=channel, locale=payload.get("locale", "en-US"))

    async def answered(self) -> None:
        """See `Stage`."""
        try:
            await self.discord.until(self._pressed, 60)
        except TimeoutError as exc:
            raise CannotReplayError("action", name=self.recording.action) from exc

    async def _press(self, recording: Recording) -> None:
        message, custom_id = self._pressed()
        data = {"component_type": 2, "custom_id": custom_id, "id": 2}
        place = {"channel": message["channel_id"], "locale": recording.locale}
        await self.discord.interact(_PRESSED, data, message=message, **place)

    def _pressed(self) -> Any:
        """Return the newest message with the button that is to be pressed, and the button's id."""
        for messages in self.discord.messages.values():
            for message in reversed(messages):
                for custom_id in _custom_ids(message["components"]):
                    if f":{self.recording.action}:" in custom_id:
                        return message, custom_id
        return None

    async def _submit(self, payload: Json) -> None:
        """Submit the modal that opens, with what was filled in."""
        [opened, *_] = await self.discord.until(
            lambda: [body for body in self.discord.called("POST", "callback") if body["type"] == _MODAL]
        )
        data = self._with_files(substitute(payload["data"], _names(payload)))
        given = {**data, "custom_id": opened["data"]["custom_id"]}
        channel = CHANNEL if payload.get("guild_id") else DM
        more = {}
        if (pressed := self._pressed()) is not None:
            channel, more = pressed[0]["channel_id"], {"message": pressed[0]}
        await self.discord.interact(_SUBMITTED, given, channel=channel, locale=payload.get("locale", "en-US"), **more)

    def _with_files(self, data: Json) -> Json:
        """Return the data of an interaction with other files in the place of those attached."""
        files = (data.get("resolved") or {}).get("attachments") or {}
        made = {number: self._file(file, CHANNEL) for number, file in files.items()}
        found = substitute(data, {number: file["id"] for number, file in made.items()})
        if made:
            found["resolved"]["attachments"] = {file["id"]: file for file in made.values()}
        return found

    def _file(self, recorded: Json, channel: str) -> Json:
        """Return a file in the place of a recorded one."""
        kind = str(recorded.get("content_type") or "application/octet-stream").partition(";")[0]
        name, content = make_file(kind, int(recorded.get("size") or 0))
        return self.discord.cdn.attachment(Upload(name, len(content), content=content), channel, {})

    # -- what went wrong

    def install(self, faults: PlannedFaults) -> None:
        """See `Stage`."""

        async def fail_as_recorded(moment: Moment, call: Call) -> bool:
            fault = faults.take(_route(call.method, call.path), call.number, moment)
            if fault is None:
                return False
            if not fault.get("status"):
                return True
            raise _refusal(fault["status"], fault)

        self.discord.rest.hook = fail_as_recorded

    # -- what came out

    @staticmethod
    def lasting_calls(recording: Recording) -> Sequence[str]:
        """See `Stage`."""
        calls = [call for call in recording.calls("platform call") if call["method"] in ("POST", "DELETE")]
        routes = [(_route_of(call), call) for call in calls if not call["path"].endswith("/typing")]
        return [f"{route} {call['status'] or 'no answer'}" for route, call in routes]


def _names(payload: Json) -> dict[str, str]:
    author = payload.get("author") or (payload.get("member") or {}).get("user") or payload.get("user") or {}
    bots = [one["id"] for one in payload.get("mentions", ()) if one.get("bot")]
    return {
        str(payload.get("guild_id") or ""): GUILD,
        str(author.get("id") or ""): ADA,
        str(payload.get("application_id") or ""): ME,
        **dict.fromkeys(bots, ME),
    }


def _custom_ids(components: Sequence[Json]) -> Iterator[str]:
    for component in components:
        if "custom_id" in component:
            yield str(component["custom_id"])
        yield from _custom_ids(component.get("components", ()))


def _refusal(status: int, fault: Json) -> Refused:
    if status == _LIMITED:
        wait = min(float(fault.get("retry_after") or 1), _PATIENCE)
        error = Refused(_LIMITED, 0, "You are being rate limited.", retry_after=wait, **{"global": False})
        error.headers = {"Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": "user"}
        return error
    if status >= _SERVER_ERROR:
        return server_error(status)
    answer = fault.get("answer") or {}
    return Refused(status, int(answer.get("code") or 0), "as recorded")


class _Shown(ShownMessages):
    def add(self, call: Json) -> None:
        route, last = _route_of(call), call["path"].rpartition("/")[2]
        is_message = "/messages" in route or re.fullmatch(r"POST webhooks/\*/\*", route)
        is_answer = route.endswith("/callback") and (call.get("body") or {}).get("type") == _SOURCE
        if (has_failed(call) and not is_lost(call)) or not (is_message or is_answer) or route.endswith(_THREAD):
            return
        if call["method"] == "DELETE":
            self.messages.pop(last, None)
        elif call["method"] == "PATCH":
            self._put(last, route, call)
        elif call["method"] == "POST":
            number = str((call.get("answer") or {}).get("id") or "")
            seen = _seen(call)
            for key in [key for key in self._lost if self.messages[key]["content"] == seen]:
                self._lost.remove(key)  # sent again with its nonce: one message
                del self.messages[key]
            if not number:
                number = f"lost {call['at']}"
                self._lost.append(number)
            self._put("@original" if is_answer else number, route, call)

    def _put(self, key: str, route: str, call: Json) -> None:
        before = self.messages.get(key, {}).get("content", {})
        seen = _seen(call)
        place = "interaction" if "webhooks/" in route or "interactions/" in route else "channel"
        self.messages[key] = {"place": place, "content": {**before, **seen}}


def _seen(call: Json) -> Json:
    """The visible part of a message."""
    body = call.get("body")
    if not isinstance(body, dict):
        return {}
    payload = body.get("payload") or body.get("data") or body
    kept = {name: payload[name] for name in ("content", "embeds", "components") if name in payload}
    if body.get("files"):
        kept["files"] = len(body["files"])
    found: Json = texts(kept, without=_UNSEEN)
    return found


DiscordStage.shown = _Shown
