"""The vocabulary of the adapter contract: actions and views of people, in the same words on every platform."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from bot.models import Attachment, Event
from bot.ports import Adapter, Draft
from simulators.changes import PATIENCE
from tests.support.core import RecordingCore

Law = TypeVar("Law", bound=Callable[..., Any])

#: What a platform may lack: the feature → the words of the vocabulary that need it. A harness has those words exactly
#: when it does not declare the feature in `lacks`.
FEATURES: Mapping[str, tuple[str, ...]] = {
    "bots": (),
    "bystanders": (),
    "buttons": ("press",),
    "connection": ("disconnect",),
    "deletions": ("delete",),
    "edits": ("edit",),
    "form errors": (),
    "forms": ("submit", "open_form"),
    "growing text": (),
    "mentions": (),
    "message actions": ("act",),
    "missing files": (),
    "notification": ("pings", "shout"),
    "outage notice": (),
    "prior messages": ("talk",),
    "rate limits": ("slow_down",),
    "redelivery": ("redeliver",),
    "refusals": ("forbid",),
    "removal": (),
    "several people": (),
    "stalls": ("stall", "recover"),
    "status": ("see_status",),
    "strangers": (),
    "threads": (),
    "unclear delivery": ("lose_answer",),
    "upload limits": ("limit_uploads",),
    "voice": (),
}


def needs(*features: str) -> Callable[[Law], Law]:
    """Mark a law that only platforms with these features can keep."""
    assert set(features) <= set(FEATURES), features

    def mark(law: Law) -> Law:
        law.needs = features  # type: ignore[attr-defined]
        return law

    return mark


@dataclass(frozen=True, slots=True)
class Shown:
    """One message that a person sees. An answer may be several."""

    text: str
    files: tuple[tuple[str, int], ...] = ()  #: names and sizes
    private: bool = False
    buttons: tuple[str, ...] = ()  #: names of the actions
    handle: Any = field(default=None, compare=False)  #: the platform's own message


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a person."""

    handle: Any  #: the platform's own message
    event: Event | None  #: what the adapter recorded for it


@dataclass(frozen=True, slots=True)
class Form:
    """A form that is open in front of a person."""

    handle: Any
    fields: tuple[str, ...]  #: names of the options that it asks for


@dataclass(frozen=True, slots=True)
class Used:
    """The result of a pressed button or a sent form."""

    event: Event | None = None
    form: Form | None = None  #: the button asks for something first
    problems: tuple[str, ...] = ()  #: fields with what is wrong with them, shown in the form


class Harness(ABC):
    """A platform with people on it, and the adapter connected to it.

    `ada` asks; `bob` is another member; `robot` is another app; `eve` belongs to another company. Each word returns
    when the adapter has dealt with what was done. Words of a feature that the platform lacks are not implemented.
    """

    lacks: ClassVar[Mapping[str, str]] = {}  #: features that the platform can't have, each with the reason
    adapter: Adapter

    def __init__(self, folder: Path) -> None:
        self.folder = folder  #: for files of a test
        self.services = RecordingCore()  #: what adapters are given by the core; it outlives restarts
        self.handled = 0  #: events that the sink was given, whatever came of them

    @property
    def events(self) -> list[Event]:
        """The recorded events."""
        return self.services.events

    async def sink(self, event: Event) -> bool:
        """Given to `Adapter.run`."""
        try:
            return await self.services.sink(event)
        finally:
            self.handled += 1
            await self.services.notify()

    # -- the process

    @classmethod
    @abstractmethod
    def open(cls, folder: Path) -> "AbstractAsyncContextManager[Harness]":
        """A platform of its own with a running adapter."""

    @abstractmethod
    async def start(self, *, run: bool = True) -> None:
        """Start a process. Without `run` it only delivers."""

    @abstractmethod
    async def stop(self) -> None:
        """End the process."""

    async def restart(self, *, run: bool = True) -> None:
        """Replace the process by a new one."""
        await self.stop()
        await self.start(run=run)

    # -- what people do

    @abstractmethod
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
        """Send a message. `to_bot`: it names the bot; `after`: in the thread of that message."""

    async def talk(self, *lines: tuple[str, str], files: Sequence[tuple[str, bytes]] = ()) -> Said:
        """Let people talk in a thread without the bot; the first message, to which `files` are attached."""
        raise NotImplementedError

    async def redeliver(self) -> None:
        """Deliver to the adapter once more what it was told last."""
        raise NotImplementedError

    async def edit(self, said: Said, text: str, *, to_bot: bool = True) -> None:
        """Change a message."""
        raise NotImplementedError

    async def delete(self, said: Said) -> None:
        """Delete a message."""
        raise NotImplementedError

    async def press(self, name: str, *, by: str = "ada") -> Used:
        """Press the button of that action under the newest message that has it."""
        raise NotImplementedError

    async def open_form(self, command: str) -> Form:
        """Open the form of a command."""
        raise NotImplementedError

    async def submit(self, form: Form, values: Mapping[str, str]) -> Used:
        """Fill a form in and send it."""
        raise NotImplementedError

    async def act(self, name: str, said: Said) -> Used:
        """Use an action of a message, by its name in `adapters.kit.message_actions`."""
        raise NotImplementedError

    # -- what people see

    @abstractmethod
    async def see(self, *, by: str = "ada") -> list[Shown]:
        """Return the messages of the service that a person sees now, oldest first."""

    async def see_status(self) -> str:
        """Return the status that is shown of an unfinished answer, "" for none."""
        raise NotImplementedError

    def shout(self) -> str:
        """A text with all that would notify people if it were not neutralised."""
        raise NotImplementedError

    async def pings(self) -> list[str]:
        """Names of those whom the service's messages have notified, but for the asker of what is answered."""
        raise NotImplementedError

    # -- what goes wrong

    def limit_uploads(self, size: int) -> None:
        """Refuse files of more bytes."""
        raise NotImplementedError

    def slow_down(self, seconds: float) -> None:
        """Answer the next new message with "later", asking for that pause; longer ones than adapters wait out."""
        raise NotImplementedError

    def lose_answer(self) -> None:
        """Let the next new message take effect and cut the connection before it is answered."""
        raise NotImplementedError

    async def forbid(self) -> None:
        """Take from the bot the right to write where people ask it."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Cut the connection; the platform accepts a new one at once."""
        raise NotImplementedError

    async def stall(self) -> None:
        """Keep the connection open and deliver nothing on it, nor on new ones, until the adapter has noticed."""
        raise NotImplementedError

    async def recover(self) -> None:
        """End a stall: new connections deliver."""
        raise NotImplementedError

    # -- for laws

    @abstractmethod
    def reply_to(self) -> Mapping[str, str]:
        """Where an answer belongs, for an event that an earlier process received."""

    @abstractmethod
    async def remove_file(self, attachment: Attachment) -> None:
        """Let a person take back a file that they sent."""

    async def draft(self, key: str, *, ref: str | None = None, private: bool = False) -> Draft:
        """The answer to an event of an earlier process."""
        return await self.adapter.draft(self.reply_to(), key=key, ref=ref, private=private)

    async def answer(self, said: Said | Used) -> Draft:
        """The answer to what was said."""
        assert said.event is not None
        return await self.adapter.draft(said.event.reply_to, key=said.event.id, ref=None, private=False)

    async def attachment(self, name: str, content: bytes) -> Attachment:
        """A file that a person sent."""
        said = await self.say("look at this", files=[(name, content)])
        assert said.event is not None
        return said.event.attachments[0]

    async def count(self, text: str) -> int:
        """How many messages show this text."""
        return sum(message.text.count(text) for message in await self.see())

    async def text(self) -> str:
        """All that is shown."""
        return "\n".join(message.text for message in await self.see())

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something that the adapter tells the core makes it true."""
        async with asyncio.timeout(seconds), self.services.changed:
            await self.services.changed.wait_for(condition)


async def read(adapter: Adapter, attachment: Attachment) -> list[bytes]:
    """The pieces of a file."""
    pieces: AsyncIterator[bytes] = adapter.open(attachment)
    return [piece async for piece in pieces]
