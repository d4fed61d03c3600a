"""Discord in the words of the adapter contract: a server's channel, and a person's direct messages with the bot."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.setup.application_commands import context_menu_name
from adapters.discord.timing import Timing
from adapters.kit.store_outage import OutageTiming
from bot.models import Attachment, Event
from bot.ports import Draft
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.components import BUTTON, UPLOAD, every, texts
from simulators.discord.people.forms import fields, fill_in_form
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import (
    ADA,
    ATTACH,
    BOB,
    CHANNEL,
    DM,
    GUILD,
    ME,
    ROLE,
    SEND,
    SEND_IN_THREADS,
    TOKEN,
    Json,
    member,
    snowflake,
    user,
)
from tests.contract.adapter_contract import COMMANDS, Form, Harness, Said, Shown, Used

_COMMAND, _COMPONENT, _SUBMIT = 2, 3, 5
_MODAL = 9
_VOICE = 1 << 13
#: Writes what tells the harness that all before it was handled.
_MARKER = "1033044521375764599"
_ROBOT = "1033044521375764540"
_PEOPLE = {"ada": ADA, "bob": BOB, "robot": _ROBOT}


class DiscordDirect(Harness):
    """A person's direct messages with the bot."""

    _ONE_PERSON = "direct messages are of one person with the bot"
    lacks: ClassVar[Mapping[str, str]] = {
        "bots": _ONE_PERSON,
        "bystanders": _ONE_PERSON,
        "form errors": "Discord closes a form when it is sent; the answer says what was wrong",
        "mentions": "in direct messages every message is for the bot",
        "message actions": "only the person and the bot write there, and the bot's own messages need no explaining",
        "prior messages": "the bot was there from the first message, and the core has them all",
        "refusals": "there the answer can go nowhere else: the person takes no messages from the bot",
        "several people": _ONE_PERSON,
        "strangers": "a server has members, and no guests from other companies",
        "threads": "direct messages have no threads: all of them are one conversation",
    }
    channel = DM

    def __init__(self, folder: Path, simulator: DiscordSimulator) -> None:
        super().__init__(folder)
        self.simulator = simulator
        self.question: Json = simulator.message(self.channel, "an earlier question")
        self._options: dict[str, Any] = {}
        self._last: tuple[str, Json] = ("", {})
        self._numbers = itertools.count()
        self._marks: set[str] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Harness]:
        async with DiscordSimulator() as simulator:
            harness = cls(folder, simulator)
            await harness.start()
            try:
                yield harness
            finally:
                await harness.stop()

    def mention(self, text: str) -> str:
        return text

    # -- the process

    async def start(self, *, run: bool = True) -> None:
        before = len(self.simulator.gateway.identified)
        timing = Timing(double_press=0.0, reconnect_first=0.02, probe_timeout=0.3, outage=OutageTiming(patience=0.05))
        self.adapter = Discord(token=SecretStr(TOKEN), api_url=self.simulator.api, timing=timing, **self._options)
        self._connected = self.adapter.connected(self.services)
        await self._connected.__aenter__()
        self._run = asyncio.create_task(self.adapter.run(self.sink, COMMANDS)) if run else None
        if run:
            await self.simulator.until(lambda: len(self.simulator.gateway.identified) > before)
            await self._healthy()

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)

    async def sink(self, event: Event) -> bool:
        if event.actor.id == _MARKER:
            self._marks.add(event.prompt)
            await self.services.notify()
            return True
        return await super().sink(event)

    async def _healthy(self, *, is_healthy: bool = True) -> None:
        async with asyncio.timeout(120):
            while (self.adapter.health() == "") is not is_healthy:  # noqa: ASYNC110 - health tells when asked
                await asyncio.sleep(0.01)

    async def _handled(self, channel: str) -> None:
        """Wait until the adapter has handled every event of a channel; it handles them in order."""
        mark = f"mark {next(self._numbers)}"
        message = self.simulator.message(channel, f"<@{ME}> {mark}", by=_MARKER)
        await self.simulator.gateway.dispatch("MESSAGE_CREATE", message)
        self.simulator.messages[channel].remove(message)
        await self.until(lambda: mark in self._marks)

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
        channel = self._place(after)
        attachments = [self._file(name, content) for name, content in files]
        if is_voice:
            voice = {"duration_secs": 2.0, "waveform": "AAAA", "content_type": "audio/ogg"}
            attachments.append({**self._file("voice-message.ogg", b"voice"), **voice})
        author = {"author": user(_ROBOT, "Robot", bot=True)} if by == "robot" else {}
        text = text.replace("@bob", f"<@{BOB}>")
        message = await self.simulator.say(
            channel,
            self.mention(text) if to_bot else text,
            by=_PEOPLE[by],
            attachments=attachments,
            flags=_VOICE if is_voice else 0,
            **author,
        )
        self._last = ("MESSAGE_CREATE", message)
        await self._handled(channel)
        return Said(message, next((event for event in self.events if event.id == message["id"]), None))

    def _place(self, after: Said | None) -> str:
        if after is None:
            return self.channel
        message = after.handle
        return str(message["id"] if message["id"] in self.simulator.threads else message["channel_id"])

    def _file(self, name: str, content: bytes) -> Json:
        number = snowflake()
        self.simulator.files[number] = content
        url = f"http://127.0.0.1:{self.simulator.port}/cdn/{number}"
        kind = "image/png" if name.endswith(".png") else "application/octet-stream"
        file = {"id": number, "filename": name, "size": len(content), "url": url, "proxy_url": url}
        return {**file, "content_type": kind}

    async def redeliver(self) -> None:
        await self.simulator.gateway.dispatch(*self._last)
        await self._handled(self._last[1]["channel_id"])

    async def edit(self, said: Said, text: str, *, to_bot: bool = True) -> None:
        message: Json = said.handle
        text = text.replace("@bob", f"<@{BOB}>")
        text = self.mention(text) if to_bot else text
        message["mentions"] = [member(number)["user"] for number in (ME, BOB) if f"<@{number}>" in text]
        await self.simulator.edit(message, text)
        await self._handled(message["channel_id"])

    async def delete(self, said: Said) -> None:
        await self.simulator.delete(said.handle)
        await self._handled(said.handle["channel_id"])

    async def press(self, name: str, *, by: str = "ada") -> Used:
        message = next(shown.handle for shown in reversed(await self.see(by=by)) if name in shown.buttons)
        custom_id = next(one for one in _custom_ids(message) if one.split(":")[1] == name)
        data = {"component_type": BUTTON, "custom_id": custom_id, "id": 2}
        return await self._interact(_COMPONENT, data, message["channel_id"], by=by, message=message)

    async def open_form(self, command: str) -> Form:
        used = await self._interact(_COMMAND, {"id": "1", "name": command, "type": 1, "options": []}, self.channel)
        assert used.form is not None
        return used.form

    async def submit(self, form: Form, values: Mapping[str, str]) -> Used:
        places = self.simulator.pickable()
        components = fill_in_form(form.handle["components"], values, places, upload=lambda _: [])
        data = {"custom_id": form.handle["custom_id"], "components": components}
        return await self._interact(_SUBMIT, data, form.handle["channel_id"])

    async def _interact(self, kind: int, data: Json, channel: str, *, by: str = "ada", **more: Any) -> Used:
        kept = len(self.events)
        if by != "ada":
            more["member"] = {**member(_PEOPLE[by]), "permissions": "0"}
        told = await self.simulator.interact(kind, data, channel=channel, **more)
        self._last = ("INTERACTION_CREATE", told)
        await self.simulator.until(lambda: self.simulator.interactions[told["token"]].acknowledged)
        event = self.events[-1] if len(self.events) > kept else None
        answer = self.simulator.called("POST", f"{told['token']}/callback")[-1]
        if answer["type"] != _MODAL:
            return Used(event)
        names = [field["custom_id"] for field in fields(answer["data"]["components"]) if field["type"] != UPLOAD]
        return Used(event, Form({**answer["data"], "channel_id": channel}, tuple(names)))

    # -- what people see

    async def see(self, *, by: str = "ada") -> list[Shown]:
        found = sorted((m for place in self._places(by) for m in self._visible(place, by)), key=lambda m: int(m["id"]))
        wholes = [self._whole(message) for message in found]
        first = max((at for at, whole in enumerate(wholes) if whole), default=0)  # the file has what is above it
        return [
            Shown(
                "\n".join((wholes[at] or found[at]["content"], *texts(found[at]["components"]))),
                tuple((file["filename"], file["size"]) for file in found[at]["attachments"]),
                private=self._is_private(found[at]),
                buttons=tuple(one.split(":")[1] for one in _custom_ids(found[at])),
                handle=found[at],
            )
            for at in range(first, len(found))
        ]

    def _places(self, by: str) -> list[str]:
        return [CHANNEL, *self.simulator.threads, *([DM] if by == "ada" else [])]

    def _visible(self, place: str, by: str) -> Iterator[Json]:
        for message in self.simulator.messages.get(place, ()):
            is_for_all = not message["flags"] & EPHEMERAL or self.simulator.viewers[message["id"]] == _PEOPLE[by]
            if message["author"]["id"] == ME and is_for_all and not message["flags"] & LOADING:
                yield message

    def _is_private(self, message: Json) -> bool:
        return bool(message["flags"] & EPHEMERAL) or message["channel_id"] == DM

    def _whole(self, message: Json) -> str:
        """The text that came as a file, whose beginning is in the messages above it."""
        files = [file for file in message["attachments"] if file["filename"] == "answer.md"]
        return "".join(self.simulator.cdn.uploads[file["id"]].content.decode() for file in files)

    async def see_status(self) -> str:
        """The message of an answer that can still be stopped."""
        return "\n".join(shown.text for shown in await self.see() if "stop" in shown.buttons)

    def shout(self) -> str:
        return f"@everyone @here <@{BOB}> <@!{BOB}> <@&{ROLE}> @Bob"

    async def pings(self) -> list[str]:
        """Return the mentions that requests allow, besides the author of a message that is replied to."""
        found = []
        for call in self.simulator.rest.calls:
            if not isinstance(call.body, dict) or not {"content", "components"} & set(call.body):
                continue
            allowed = call.body.get("allowed_mentions", {"parse": ["everyone", "users", "roles"]})
            found += [*allowed.get("parse", ()), *allowed.get("users", ()), *allowed.get("roles", ())]
        return found

    # -- what goes wrong

    def limit_uploads(self, size: int) -> None:
        self.simulator.cdn.limit = size

    def slow_down(self, seconds: float) -> None:
        self.simulator.rest.limits.refuse("POST", "/messages", retry_after=seconds)

    def lose_answer(self) -> None:
        self.simulator.rest.cut("POST", "/messages")

    async def disconnect(self) -> None:
        before = self.simulator.gateway.resumed + len(self.simulator.gateway.identified)
        await self.simulator.gateway.drop()
        await self.simulator.until(
            lambda: self.simulator.gateway.resumed + len(self.simulator.gateway.identified) > before
        )
        await self._healthy()

    async def stall(self) -> None:
        self._options = {"stalled_after": 0.3}
        await self.restart()
        self.simulator.gateway.is_stalled = True
        await self._healthy(is_healthy=False)

    async def recover(self) -> None:
        self.simulator.gateway.is_stalled = False
        await self._healthy()

    # -- for laws

    def reply_to(self) -> Mapping[str, str]:
        found = {"conversation": f"d{DM}", "channel": DM, "user": ADA, "message": self.question["id"]}
        return {**found, "is_dm": "1", "can_post": "1"}

    async def draft(self, key: str, *, ref: str | None = None, private: bool = False) -> Draft:
        """A private answer is one to a private command: Discord has no other."""
        if not private:
            return await super().draft(key, ref=ref)
        used = await self._interact(_COMMAND, {"id": "1", "name": "usage", "type": 1, "options": []}, self.channel)
        event = used.event or next(event for event in reversed(self.events) if event.command == "usage")
        return await self.adapter.draft(event.reply_to, key=key, ref=ref, private=private)

    async def remove_file(self, attachment: Attachment) -> None:
        self.simulator.files.clear()


class DiscordChannel(DiscordDirect):
    """People who name the bot in a channel, and go on in the threads that it opens."""

    lacks: ClassVar[Mapping[str, str]] = {
        "bystanders": "a thread that the bot opened is there to talk with it, so everybody in it is answered",
        "form errors": DiscordDirect.lacks["form errors"],
        "strangers": DiscordDirect.lacks["strangers"],
    }
    channel = CHANNEL

    def mention(self, text: str) -> str:
        return f"<@{ME}> {text}"

    async def talk(self, *lines: tuple[str, str], files: Sequence[tuple[str, bytes]] = ()) -> Said:
        number = snowflake()
        await self.simulator.open_thread(number, owner=ADA)
        said = [
            await self.simulator.say(
                number,
                text,
                by=_PEOPLE[who],
                attachments=[self._file(*file) for file in files] if at == 0 else [],
            )
            for at, (who, text) in enumerate(lines)
        ]
        await self._handled(number)
        return Said(said[0], None)

    async def act(self, name: str, said: Said) -> Used:
        message: Json = said.handle
        data = {
            "id": "1",
            "name": context_menu_name(name),
            "type": 3,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        return await self._interact(_COMMAND, data, message["channel_id"])

    async def forbid(self) -> None:
        await self.simulator.deny(CHANNEL, SEND | SEND_IN_THREADS | ATTACH)

    def reply_to(self) -> Mapping[str, str]:
        number = self.question["id"]
        found = {"conversation": f"t{number}", "guild": GUILD, "channel": CHANNEL, "user": ADA, "message": number}
        return {**found, "thread_name": "an earlier question", "can_post": "1"}


def _custom_ids(message: Json) -> list[str]:
    return [one["custom_id"] for one in every(message["components"]) if one["type"] == BUTTON]
