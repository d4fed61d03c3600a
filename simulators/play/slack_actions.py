"""Actions of a person on the Slack-like page."""

import html
import re
from collections.abc import Mapping
from typing import Any

from simulators.play.errors import PlayError
from simulators.play.request_fields import read_list, read_object
from simulators.slack import Channel, Delivery, File, Message, Person, SlackSimulator, View
from simulators.slack.responses import ResponseUrl

Json = dict[str, Any]
VOICE_CLIP = "audio_message.ogg"  #: a file that is a voice clip
_ACKNOWLEDGED_WITHIN = 15.0  #: seconds for which the page waits for the app, tries included


class SlackActions:
    """The actions of the people, by name: the public methods below, each with the request's fields."""

    def __init__(self, slack: SlackSimulator, people: Mapping[str, Person]) -> None:
        self._slack = slack
        self._people = people

    # ---- messages

    async def say(self, who: Person, body: Json) -> Json:
        """Write a message, with files."""
        channel = self._channel(who, body)
        files = [self.file(name) for name in read_list(body, "files")]
        text = self._written(str(body.get("text", "")))
        message = who.say(text, channel=channel, thread=str(body.get("thread") or ""), files=files)
        return {"ts": message.ts}

    async def edit(self, who: Person, body: Json) -> Json:
        """Edit an own message."""
        who.edit(self._own(who, body), self._written(str(body.get("text", ""))))
        return {}

    async def delete(self, who: Person, body: Json) -> Json:
        """Delete an own message."""
        who.delete(self._own(who, body))
        return {}

    async def react(self, who: Person, body: Json) -> Json:
        """Add a reaction, or take it back."""
        message, name = self._message(who, body), str(body.get("name") or "+1")
        users = message.reactions.setdefault(name, [])
        if who.id in users:
            users.remove(who.id)
        else:
            who.react(message, name)
        self._slack.notify()
        return {}

    # ---- commands, shortcuts, buttons

    async def command(self, who: Person, body: Json) -> Json:
        """Use a slash command; what it is acknowledged with is shown."""
        channel, name = self._channel(who, body), str(body.get("command", ""))
        declared = self._slack.manifest.get("features", {}).get("slash_commands", ())
        names_ids = any(one["command"] == name and one.get("should_escape") for one in declared)
        delivery = who.slash(name, self._written(str(body.get("text", "")), names_ids=names_ids), channel=channel)
        await self._done(delivery)
        answer = delivery.response
        said = {"text": answer} if isinstance(answer, str) else answer
        if isinstance(said, dict) and (said.get("text") or said.get("blocks")):
            url = ResponseUrl(who.team, channel, who.id, delivery.acknowledged_at or 0.0)
            self._slack.responses.respond(url, said)
            self._slack.notify()
        return {}

    async def shortcut(self, who: Person, body: Json) -> Json:
        """Choose a global shortcut."""
        await self._done(who.shortcut(str(body.get("callback", ""))))
        return {}

    async def message_shortcut(self, who: Person, body: Json) -> Json:
        """Choose a shortcut in the menu of a message."""
        await self._done(who.message_shortcut(str(body["callback"]), self._message(who, body)))
        return {}

    async def press(self, who: Person, body: Json) -> Json:
        """Press a button, or choose a value, of a message, a modal or the home tab."""
        name, chosen = str(body["control"]), {key: body[key] for key in ("value", "good") if key in body}
        if body.get("view"):
            delivery = who.press(self._view(who, body), name, **chosen)
        elif body.get("home"):
            delivery = who.press_home(name, **chosen)
        else:
            delivery = who.press(self._message(who, body), name, **chosen)
        await self._done(delivery)
        return {}

    # ---- modals and the home tab

    async def submit(self, who: Person, body: Json) -> Json:
        """Submit a modal; a field with `files` holds ids of uploads."""
        values = read_object(body, "values")
        for name, value in values.items():
            if isinstance(value, dict):
                values[name] = [self.file(one) for one in read_list(value, "files")]
        delivery = await who.submit(self._view(who, body), values)
        if not delivery.is_acknowledged:
            raise PlayError("The form was not taken: the app did not answer.")
        self._slack.notify()
        return {}

    async def close(self, who: Person, body: Json) -> Json:
        """Close a modal."""
        who.close(self._view(who, body))
        return {}

    async def home(self, who: Person, body: Json) -> Json:
        """Open the app's page at a tab."""
        who.open_home("home" if body.get("tab") == "home" else "messages")
        return {}

    async def stop(self, who: Person, body: Json) -> Json:
        """Press Stop while the app works in a thread."""
        who.stop(str(body["thread"]), channel=self._channel(who, body))
        return {}

    # ---- files

    def upload(self, who: Person, name: str, content: bytes) -> str:
        """Keep a file until it is sent; return its id. One that is named as Slack names voice clips is one."""
        more = {"subtype": "slack_audio"} if name == VOICE_CLIP else {}
        return who.file(name, content, **more).id

    def file(self, number: str) -> File:
        """The file of an id. Raises `PlayError`."""
        file = self._slack.team.files.get(number)
        if file is None or file.is_deleted or file.content is None:
            raise PlayError("There is no such file.")
        return file

    # ---- what a request names

    def _channel(self, who: Person, body: Json) -> Channel:
        channel = who.team.channels.get(str(body.get("channel", "")))
        if channel is None or who.id not in channel.members:
            raise PlayError("There is no such channel.")
        return channel

    def _message(self, who: Person, body: Json) -> Message:
        channel, ts = self._channel(who, body), str(body.get("ts", ""))
        found = next((m for m in channel.visible(who.id) if m.ts == ts), None)
        if found is None:
            raise PlayError("There is no such message.")
        return found

    def _own(self, who: Person, body: Json) -> Message:
        message = self._message(who, body)
        if message.user != who.id:
            raise PlayError("This is somebody else's message.")
        return message

    def _view(self, who: Person, body: Json) -> View:
        found = self._slack.modals.views.get(str(body.get("view", "")))
        if found is None or found.user != who.id or found.is_closed:
            raise PlayError("This form is closed.")
        return found

    async def _done(self, delivery: Delivery) -> None:
        """Wait for the acknowledgement. Raises `PlayError` where the person would see an error."""
        try:
            await self._slack.until(lambda: delivery.is_done, _ACKNOWLEDGED_WITHIN)
        except TimeoutError:
            raise PlayError("The app is not connected.") from None
        if not delivery.is_acknowledged:
            raise PlayError("The app did not respond within three seconds.")

    def _written(self, text: str, *, names_ids: bool = True) -> str:
        """A text as Slack's clients send it: escaped, with names as mentions.

        `names_ids`: False for a command whose manifest does not ask for ids (`should_escape`).
        """
        text = html.escape(text.strip(), quote=False)
        if not names_ids:
            return text
        team = self._slack.team
        known = {f"@{user.name}": f"<@{user.id}>" for user in team.users.values()}
        known |= {f"@{group.name}": f"<!subteam^{group.id}>" for group in team.groups.values()}
        known |= {f"#{one.name}": f"<#{one.id}|{one.name}>" for one in team.channels.values() if one.name}
        names = sorted(map(re.escape, known), key=len, reverse=True)
        return re.sub(rf"(?<!\S)({'|'.join(names)})(?!\w)", lambda match: known[match[1]], text)
