"""Slack in the words of the adapter contract: a channel, and a person's direct messages with the bot."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from adapters.slack.adapter import Slack
from adapters.slack.timing import Timing
from bot.models import Attachment
from simulators.slack import Channel, Delivery, File, Message, Person, SlackSimulator
from tests.contract.adapter_contract import COMMANDS, Form, Harness, Said, Shown, Used
from tests.support.slack.adapter import settings

_PRESS = "press:"
#: What Slack's servers take for a mention, in a text or as an element of rich text.
_MENTION = re.compile(r"<(?:@([A-Z0-9]+)|!(channel|here|everyone|subteam\^[A-Z0-9]+))")


class SlackChannel(Harness):
    """People who name the bot in a channel, and go on in threads."""

    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, folder: Path, slack: SlackSimulator) -> None:
        super().__init__(folder)
        self.slack = slack
        self.people: dict[str, Person] = {
            "ada": slack.ada,
            "bob": slack.bob,
            "robot": slack.person("Robot", is_bot=True),
            "eve": slack.person("Eve", home="T0ELSE"),
        }
        self.channel = self.choose_channel()
        subscribed, slack.people.subscribed = slack.people.subscribed, set()
        self.question = slack.ada.say("an earlier question", channel=self.channel)
        slack.people.subscribed = subscribed
        self.files: dict[str, File] = {}
        self._settings: dict[str, Any] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Harness]:
        async with SlackSimulator() as slack:
            slack.sender.timeout, slack.sender.pauses = 0.5, ()
            harness = cls(folder, slack)
            await harness.start()
            try:
                yield harness
            finally:
                await harness.stop()

    def choose_channel(self) -> Channel:
        return self.slack.general

    def mention(self, text: str) -> str:
        return f"<@{self.slack.team.bot.id}> {text}"

    # -- the process

    async def start(self, *, run: bool = True) -> None:
        # Two presses of a law are two, and the history shows a message at once: quick double clicks, which are one,
        # and late messages have tests of their own.
        timing = Timing(double_press=0.0, late_messages=0.05, loss_noticed=0.2)
        self.adapter = Slack(settings(self.slack, **self._settings), timing=timing)
        self._connected = self.adapter.connected(self.services)
        await self._connected.__aenter__()
        before = self.slack.sockets.connected
        self._run = asyncio.create_task(self.adapter.run(self.sink, COMMANDS)) if run else None
        if run:
            await self.slack.until(lambda: self.slack.sockets.connected > before)
            await self._healthy()

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)

    async def _healthy(self) -> None:
        async with asyncio.timeout(120):
            while self.adapter.health():  # noqa: ASYNC110 - health tells when asked
                await asyncio.sleep(0.01)

    async def _handled(self) -> None:
        """Wait until the adapter has dealt with all that it was told, acknowledged or not."""
        await self.slack.until_delivered()
        await self.slack.until(lambda: not any(one.pending for one in self.slack.sockets.open))

    # -- what people do

    async def say(
        self,
        text: str,
        *,
        by: str = "ada",
        to_bot: bool = True,
        after: Said | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        is_voice: bool = False,
    ) -> Said:
        person = self.people[by]
        sent = [person.file(name, content) for name, content in files]
        if is_voice:
            sent.append(person.file("audio_message.m4a", b"voice", mimetype="audio/mp4", subtype="slack_audio"))
        said = person.say(
            self._written(text, to_bot=to_bot),
            channel=self.channel,
            thread=after.handle if after is not None else "",
            files=sent,
        )
        self.files |= {file.name: file for file in sent}
        await self._handled()
        return self._said(said)

    def _written(self, text: str, *, to_bot: bool) -> str:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace("@bob", f"<@{self.slack.bob.id}>")
        return self.mention(text) if to_bot else text

    def _said(self, message: Message) -> Said:
        name = f"{self.slack.team.id}.{message.channel}.{message.ts}"
        return Said(message, next((event for event in self.events if event.id == name), None))

    async def talk(self, *lines: tuple[str, str], files: Sequence[tuple[str, bytes]] = ()) -> Said:
        (who, text), *others = lines
        root = await self.say(text, by=who, to_bot=False, files=files)
        for who, text in others:
            await self.say(text, by=who, to_bot=False, after=root)
        return root

    async def redeliver(self) -> None:
        await self.slack.sender.again(self.slack.sender.deliveries[-1])
        await self._handled()

    async def edit(self, said: Said, text: str, *, to_bot: bool = True) -> None:
        self.slack.ada.edit(said.handle, self._written(text, to_bot=to_bot))
        await self._handled()

    async def delete(self, said: Said) -> None:
        self.slack.ada.delete(said.handle)
        await self._handled()

    async def press(self, name: str, *, by: str = "ada") -> Used:
        message = next(shown.handle for shown in reversed(await self.see(by=by)) if name in shown.buttons)
        return await self._used(self.people[by].press(message, f"{_PRESS}{name}"), by)

    async def open_form(self, command: str) -> Form:
        used = await self._used(self.slack.ada.slash(f"/{command}", channel=self.channel), "ada")
        assert used.form is not None
        return used.form

    async def submit(self, form: Form, values: Mapping[str, str]) -> Used:
        kept = len(self.events)
        await self.slack.ada.submit(form.handle, values)
        await self._handled()
        event = self.events[-1] if len(self.events) > kept else None
        return Used(event, problems=tuple(form.handle.errors))

    async def act(self, name: str, said: Said) -> Used:
        return await self._used(self.slack.ada.message_shortcut(name, said.handle), "ada")

    async def _used(self, delivery: Delivery, by: str) -> Used:
        kept = len(self.events)
        await self.slack.until(lambda: delivery.is_done)
        await self._handled()
        view = self.slack.modals.top(self.people[by].id)
        inputs = [block["block_id"] for block in view.content["blocks"] if block["type"] == "input"] if view else []
        form = Form(view, tuple(inputs)) if view else None
        return Used(self.events[-1] if len(self.events) > kept else None, form)

    # -- what people see

    async def see(self, *, by: str = "ada") -> list[Shown]:
        person = self.people[by]
        found = [*person.sees(self.channel), *(() if self.channel.is_im else person.sees(self._direct(person)))]
        return [
            Shown(
                message.content,
                tuple((file.name, file.size) for file in message.files),
                private=message.is_ephemeral or message.channel != self.slack.general.id,
                buttons=tuple(self._buttons(message)),
                handle=message,
            )
            for message in found
        ]

    def _direct(self, person: Person) -> Channel:
        return self.slack.team.direct(person.id)

    @staticmethod
    def _buttons(message: Message) -> list[str]:
        blocks = [*message.blocks, *(block for chunk in message.chunks for block in chunk.get("blocks") or ())]
        elements = [element for block in blocks for element in block.get("elements") or ()]
        names = [str(element.get("action_id") or "") for element in elements]
        return [name.removeprefix(_PRESS) for name in names if name.startswith(_PRESS)]

    async def see_status(self) -> str:
        """The status beside the thread, and the card of a message that is still being streamed."""
        beside = [str(status.get("status") or "") for status in self.slack.team.statuses.values()]
        tasks = [
            f"{chunk['title']} {chunk.get('details', '')}"
            for message in self.slack.ada.sees(self.channel)
            for chunk in message.chunks
            if message.stream == "streaming" and chunk["type"] == "task_update"
        ]
        return " ".join(text for text in (*beside, *tasks) if text)

    def shout(self) -> str:
        return f"@everyone <!channel> <!here> <!everyone> <!subteam^S0GROUP> <@{self.slack.bob.id}> @Bob"

    async def pings(self) -> list[str]:
        found = []
        for channel in self.slack.team.channels.values():
            for message in self.slack.from_bot(channel):
                found += [*_mentions(message.text), *_mentions(message.markdown), *_mentions(message.blocks)]
        return [name for name in found if name != self.slack.ada.id]

    # -- what goes wrong

    def limit_uploads(self, size: int) -> None:
        self.slack.faults.fail("files.getUploadURLExternal", "file_too_large")

    def slow_down(self, seconds: float) -> None:
        self.slack.faults.limit("chat.postMessage", seconds)

    def lose_answer(self) -> None:
        self.slack.faults.drop("chat.postMessage", when="after")

    async def forbid(self) -> None:
        self.channel.is_archived = True

    async def disconnect(self) -> None:
        before = self.slack.sockets.connected
        await self.slack.sockets.drop()
        await self.slack.until(lambda: self.slack.sockets.connected > before)
        await self._healthy()

    async def stall(self) -> None:
        self._settings = {"slack_deaf_after": 1}
        await self.restart()
        self.slack.sockets.answers_pings, self.slack.sockets.is_stalled = False, True
        self.slack.sockets.stall()
        before = self.slack.sockets.connected
        await self.slack.until(lambda: self.slack.sockets.connected > before)

    async def recover(self) -> None:
        self.slack.sockets.answers_pings, self.slack.sockets.is_stalled = True, False
        self.slack.sockets.stall(is_stalled=False)
        await self._healthy()

    # -- for laws

    def reply_to(self) -> Mapping[str, str]:
        is_im = self.channel.is_im
        found = {
            "conversation": f"{self.slack.team.id}.{self.channel.id}.{self.question.ts}",
            "team": self.slack.team.id,
            "channel": self.channel.id,
            "user": self.slack.ada.id,
            "user_team": self.slack.team.id,
            "thread": self.question.ts,
            "message": self.question.ts,
            "locale": "en-US",
        }
        return {**found, "is_dm": "1", "surface": "agent"} if is_im else found

    async def remove_file(self, attachment: Attachment) -> None:
        self.files[attachment.name].is_deleted = True


def _mentions(value: Any) -> Iterator[str]:
    """Whom a text in Slack's dialect, or a block, notifies. Text elements of rich text are taken literally."""
    if isinstance(value, str):
        yield from (user or everybody for user, everybody in _MENTION.findall(value))
    elif isinstance(value, list):
        for part in value:
            yield from _mentions(part)
    elif isinstance(value, dict):
        match value.get("type"):
            case "mrkdwn" | "markdown":
                yield from _mentions(value["text"])
            case "user" | "broadcast" | "usergroup" as kind:
                yield str(value.get("user_id") or kind)
            case "text" | "plain_text":
                return
            case _:
                yield from _mentions([part for part in value.values() if isinstance(part, list | dict)])


class SlackDirect(SlackChannel):
    """A person's direct messages with the bot, each question in a thread of its own."""

    _ONE_PERSON = "direct messages are of one person with the bot"
    lacks: ClassVar[Mapping[str, str]] = {
        "bots": _ONE_PERSON,
        "bystanders": _ONE_PERSON,
        "mentions": "in direct messages every message is for the bot",
        "message actions": "only the person and the bot write there, and the bot's own messages need no explaining",
        "prior messages": "the bot was there from the first message, and the core has them all",
        "refusals": "nobody can take the bot's right to write there away, but with the app",
        "several people": _ONE_PERSON,
        "strangers": _ONE_PERSON,
    }

    act, forbid, talk = Harness.act, Harness.forbid, Harness.talk

    def choose_channel(self) -> Channel:
        return self._direct(self.slack.ada)

    def mention(self, text: str) -> str:
        return text
