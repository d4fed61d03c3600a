"""Actions of a person on the Discord-like page."""

import hashlib
import re
from typing import Any

from simulators.discord.files import Upload, ogg_seconds
from simulators.discord.people.person import Person
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DIRECT, FORUM_KIND
from simulators.play.errors import PlayError
from simulators.play.request_fields import read_list, read_object

VOICE_MESSAGE = "voice-message.ogg"  #: a file that, alone, is a voice message
Json = dict[str, Any]


class DiscordActions:
    """The actions of the people, by name: the public methods below, each with the request's fields."""

    def __init__(self, discord: DiscordSimulator) -> None:
        self._discord = discord

    # ---- messages

    async def say(self, who: Person, body: Json) -> Json:
        """Write a message, with files, perhaps as a reply."""
        channel = self._channel(who, body)
        if self._discord.channel(channel)["type"] == FORUM_KIND:
            raise PlayError("A forum takes posts only; write in a channel or thread.")
        answers = self._message(who, {**body, "message": body["answers"]}) if body.get("answers") else None
        files = [self.file(name) for name in read_list(body, "files")]
        text = self._written(str(body.get("text", "")))
        if [one.name for one in files] == [VOICE_MESSAGE] and not text:
            said = await who.speak(channel, files[0], seconds=ogg_seconds(files[0].content or b""), answers=answers)
        else:
            said = await who.say(channel, text, answers=answers, files=files)
        return {"id": said["id"]}

    async def edit(self, who: Person, body: Json) -> Json:
        """Edit an own message."""
        await self._discord.edit(self._own(who, body), self._written(str(body.get("text", ""))))
        return {}

    async def delete(self, who: Person, body: Json) -> Json:
        """Delete an own message."""
        await self._discord.delete(self._own(who, body))
        return {}

    async def dismiss(self, who: Person, body: Json) -> Json:
        """Dismiss an ephemeral message."""
        message = self._message(who, body)
        if self._discord.viewers.get(message["id"]) != who.id:
            raise PlayError("This message is not for you alone.")
        self._discord.drop(message)
        return {}

    # ---- commands, buttons, modals

    async def command(self, who: Person, body: Json) -> Json:
        """Use a slash command. `files`: uploads by option."""
        files = {name: self.file(number) for name, number in read_object(body, "files").items()}
        values = {name: self._written(str(value)) for name, value in read_object(body, "values").items()}
        await who.command(self._channel(who, body), str(body.get("command", "")), values, files)
        return {}

    async def complete(self, who: Person, body: Json) -> Json:
        """The choices for an option that is being typed."""
        values = read_object(body, "values")
        name, option, text = (str(body.get(key, "")) for key in ("command", "option", "text"))
        return {"choices": await who.complete(self._channel(who, body), name, option, text, values)}

    async def message_command(self, who: Person, body: Json) -> Json:
        """Choose a command in the menu of a message."""
        await who.message_command(str(body["command"]), self._message(who, body))
        return {}

    async def user_command(self, who: Person, body: Json) -> Json:
        """Choose a command in the menu of a person."""
        await who.user_command(str(body["command"]), str(body["user"]), self._channel(who, body))
        return {}

    async def press(self, who: Person, body: Json) -> Json:
        """Press a button, or choose values in a select."""
        await who.press(self._message(who, body), str(body["control"]), body.get("values"))
        return {}

    async def submit(self, who: Person, body: Json) -> Json:
        """Submit the open modal; a field with `files` holds ids of uploads."""
        values = read_object(body, "values")
        given = {name: read_list(value, "files") for name, value in values.items() if isinstance(value, dict)}
        files = {name: [self.file(one) for one in numbers] for name, numbers in given.items()}
        await who.submit(values, files)
        return {}

    async def close(self, who: Person, body: Json) -> Json:
        """Close the modal."""
        who.modal = None
        return {}

    # ---- files

    def upload(self, name: str, content: bytes) -> str:
        """Keep a file until it is sent; return its id."""
        digest = hashlib.sha256(content).hexdigest()
        upload = Upload(name=name.replace("/", "_"), size=len(content), sha256=digest, content=content)
        self._discord.cdn.uploads[upload.id] = upload
        return upload.id

    def file(self, number: str) -> Upload:
        """The file of an id. Raises `PlayError`."""
        upload = self._discord.cdn.uploads.get(number)
        if upload is None:
            raise PlayError("There is no such file.")
        return upload

    # ---- what a request names

    def _channel(self, who: Person, body: Json) -> str:
        number = str(body.get("channel", ""))
        known = self._discord.threads.get(number) or self._discord.channels.get(number)
        if known is None or (known["type"] == DIRECT and number != who.direct()):
            raise PlayError("There is no such channel.")
        return number

    def _message(self, who: Person, body: Json) -> Json:
        number = str(body.get("message", ""))
        for message in who.sees(self._channel(who, body)):
            if message["id"] == number:
                return message
        raise PlayError("There is no such message.")

    def _own(self, who: Person, body: Json) -> Json:
        message = self._message(who, body)
        if message["author"]["id"] != who.id:
            raise PlayError("This is somebody else's message.")
        return message

    def _written(self, text: str) -> str:
        """A text as Discord's clients send it: names and channels as mentions."""
        known = {f"@{name}": f"<@{number}>" for number, name in self._discord.names.items()}
        known |= {f"#{one['name']}": f"<#{one['id']}>" for one in self._discord.channels.values() if "name" in one}
        names = sorted(map(re.escape, known), key=len, reverse=True)
        return re.sub(rf"(?<!\S)({'|'.join(names)})(?!\w)", lambda match: known[match[1]], text.strip())
