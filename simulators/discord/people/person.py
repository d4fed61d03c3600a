"""A person in Discord: each action is dispatched to the app, and answered by it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulators.discord.checks import EPHEMERAL, VOICE_MESSAGE
from simulators.discord.commands import PICKED, fill_in, find_id
from simulators.discord.components import SELECTS, every, resolve_picked
from simulators.discord.files import Upload
from simulators.discord.people.forms import fill_in_form
from simulators.discord.state import Interaction
from simulators.discord.values import DIRECT, Json, snowflake, user

if TYPE_CHECKING:
    from simulators.discord.server import DiscordSimulator

_COMMAND, _COMPONENT, _AUTOCOMPLETE, _SUBMIT = 2, 3, 4, 5
_SLASH, _USER, _MESSAGE = 1, 2, 3
_MODAL = 9  #: the callback that opens a modal
#: Seconds in which Discord wants an acknowledgement:
#: https://docs.discord.com/developers/interactions/receiving-and-responding#responding-to-an-interaction
_LATE = 3.0
_ATTACHMENT, _BOOLEAN, _INTEGER, _NUMBER = 11, 5, 4, 10


class NotRespondedError(Exception):
    """The application did not respond."""


class Person:
    """A member of the servers, with a direct message channel of their own."""

    def __init__(
        self, discord: "DiscordSimulator", number: str, name: str, *, locale: str = "en-US", permissions: int = 0
    ) -> None:
        self.discord = discord
        self.id = number
        self.name = name
        self.locale = locale
        self.permissions = permissions
        self.modal: Interaction | None = None  #: whose answer is the open modal
        discord.names[number] = name

    def direct(self) -> str:
        """The channel of the person's direct messages with the app; opened if necessary."""
        for channel in self.discord.channels.values():
            if channel["type"] == DIRECT and channel["recipients"][0]["id"] == self.id:
                return str(channel["id"])
        number = snowflake()
        self.discord.channels[number] = {"id": number, "type": DIRECT, "recipients": [user(self.id, self.name)]}
        return number

    # ---- messages

    async def say(self, channel: str, text: str, *, answers: Json | None = None, files: Sequence[Upload] = ()) -> Json:
        """Write a message, with files, perhaps as a reply."""
        attachments = [self.discord.cdn.attachment(file, channel, {}) for file in files]
        said = await self.discord.say(channel, text, by=self.id, answers=answers, attachments=attachments)
        self.discord.changes.notify()
        return said

    async def speak(self, channel: str, sound: Upload, *, seconds: float, answers: Json | None = None) -> Json:
        """Record a voice message: https://discord.com/developers/docs/resources/message#voice-messages."""
        described = {"duration_secs": seconds, "waveform": "FzYACgAAAAAAACQAAAAAAAA="}
        attachments = [self.discord.cdn.attachment(sound, channel, {}) | described]
        more = {"answers": answers, "attachments": attachments, "flags": VOICE_MESSAGE}
        said = await self.discord.say(channel, "", by=self.id, **more)
        self.discord.changes.notify()
        return said

    def sees(self, channel: str) -> list[Json]:
        """The messages of a channel, ephemeral ones for this person included."""
        found = self.discord.messages.get(channel, [])
        viewers = self.discord.viewers
        return [m for m in found if not m["flags"] & EPHEMERAL or viewers.get(m["id"]) == self.id]

    # ---- commands

    async def command(
        self, channel: str, name: str, values: Mapping[str, Any], files: Mapping[str, Upload] | None = None
    ) -> Interaction:
        """Use a slash command. `values`: by option; `files`: those of its attachment options."""
        files = files or {}
        command = self._registered(name, _SLASH)
        options, attachments = [], {}
        for option in command.get("options", ()):
            if upload := files.get(option["name"]):
                attachments[upload.id] = self.discord.cdn.attachment(upload, channel, {})
                options.append({"name": option["name"], "type": _ATTACHMENT, "value": upload.id})
            elif values.get(option["name"]) not in (None, ""):
                value = typed(option, values[option["name"]])
                if option["type"] in PICKED:
                    value = find_id(str(value), PICKED[option["type"]], self.discord.pickable())
                options.append({"name": option["name"], "type": option["type"], "value": value})
        data: Json = {"id": command["id"], "name": command["name"], "type": _SLASH, "options": options}
        if attachments:
            data["resolved"] = {"attachments": attachments}
        data = fill_in(data, [command], self.discord.pickable())
        return await self._interact(_COMMAND, data, channel)

    async def complete(self, channel: str, name: str, option: str, text: str, values: Mapping[str, Any]) -> list[Json]:
        """The choices that the app offers for an option while it is typed."""
        command = self._registered(name, _SLASH)
        options: list[Json] = []
        for one in command.get("options", ()):
            if one["name"] == option:
                options.append({"name": option, "type": one["type"], "value": text, "focused": True})
            elif values.get(one["name"]) not in (None, "") and one["type"] != _ATTACHMENT:
                options.append({"name": one["name"], "type": one["type"], "value": str(values[one["name"]])})
        data = {"id": command["id"], "name": name, "type": _SLASH, "options": options}
        used = await self._interact(_AUTOCOMPLETE, data, channel)
        found: list[Json] = (used.response.get("data") or {}).get("choices", [])
        return found

    async def message_command(self, name: str, message: Json) -> Interaction:
        """Choose a command in the menu of a message."""
        command = self._registered(name, _MESSAGE)
        resolved = {"messages": {message["id"]: message}}
        data = {"id": command["id"], "name": name, "type": _MESSAGE, "target_id": message["id"], "resolved": resolved}
        return await self._interact(_COMMAND, data, message["channel_id"])

    async def user_command(self, name: str, number: str, channel: str) -> Interaction:
        """Choose a command in the menu of a person."""
        command, whom = self._registered(name, _USER), self.discord.member(number)
        fields = {key: value for key, value in whom.items() if key not in {"user", "deaf", "mute"}}
        resolved = {"users": {number: whom["user"]}, "members": {number: {**fields, "permissions": "0"}}}
        data = {"id": command["id"], "name": name, "type": _USER, "target_id": number, "resolved": resolved}
        return await self._interact(_COMMAND, data, channel)

    def _registered(self, name: str, kind: int) -> Json:
        for command in self.discord.commands:
            if command["name"] == name and command.get("type", _SLASH) == kind:
                return command
        raise LookupError(f"there is no command {name}")

    # ---- buttons, selects, modals

    async def press(self, message: Json, custom_id: str, values: Sequence[str] | None = None) -> Interaction:
        """Press a button of a message, or choose values in its select. Raises `LookupError`."""
        found = next((one for one in every(message["components"]) if one.get("custom_id") == custom_id), None)
        if found is None or found.get("disabled"):
            raise LookupError("there is no such button")
        data: Json = {"component_type": found["type"], "custom_id": custom_id, "id": found.get("id", 1)}
        if found["type"] in SELECTS:
            data |= {"values": list(values or ())}
        return await self._interact(_COMPONENT, data, message["channel_id"], message=message)

    async def submit(
        self, values: Mapping[str, Any], files: Mapping[str, Sequence[Upload]] | None = None
    ) -> Interaction:
        """Submit the open modal. `values`: by custom id; `files`: those of its upload fields. Raises `LookupError`."""
        if self.modal is None:
            raise LookupError("no modal is open")
        opened = self.modal
        asked, channel = opened.response["data"], opened.payload["channel_id"]
        attachments: Json = {}

        def upload(name: str) -> list[str]:
            given = list((files or {}).get(name, ()))
            attachments.update({one.id: self.discord.cdn.attachment(one, channel, {}) for one in given})
            return [one.id for one in given]

        shown = {name: value for name, value in values.items() if not isinstance(value, dict)}
        components = fill_in_form(asked["components"], shown, self.discord.pickable(), upload=upload)
        self.modal = None
        data: Json = {"custom_id": asked["custom_id"], "components": components}
        if attachments:
            data["resolved"] = {"attachments": attachments}
        data = resolve_picked(data, self.discord.pickable())
        more = {"message": opened.payload["message"]} if "message" in opened.payload else {}
        return await self._interact(_SUBMIT, data, channel, **more)

    async def _interact(self, kind: int, data: Json, channel: str, **more: Any) -> Interaction:
        """Send an interaction; return it once it is acknowledged. Raises `NotRespondedError` after three seconds."""
        where = self.discord.channels.get(channel, {})
        who: Json = {"locale": self.locale, **more}
        if where.get("type") == DIRECT:
            who["user"] = user(self.id, self.name)
        else:
            who["member"] = {**self.discord.member(self.id), "permissions": str(self.permissions)}
        payload = await self.discord.interact(kind, data, channel=channel, **who)
        used = self.discord.interactions[payload["token"]]
        self.discord.changes.notify()
        try:
            await self.discord.until(lambda: used.acknowledged, _LATE)
        except TimeoutError:
            used.is_late = True
            raise NotRespondedError("The application did not respond") from None
        if used.acknowledged == _MODAL:
            self.modal = used
            self.discord.changes.notify()
        return used


def typed(option: Json, value: Any) -> Any:
    """A value in the type of its option. Raises `LookupError` for one that is no number."""
    try:
        if option["type"] == _INTEGER:
            return int(value)
        if option["type"] == _NUMBER:
            return float(value)
    except ValueError:
        raise LookupError(f"{option['name']}: {value} is no number") from None
    if option["type"] == _BOOLEAN:
        return value in (True, "true", "True")
    return str(value)
