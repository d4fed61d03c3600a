"""What is typed → events. Pure, but for looking whether a named file is there."""

import re
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from getpass import getuser

from adapters.console.files import Named, named
from bot.commandline import parser
from bot.models import Actor, CommandSpec, Event, Location

ADAPTER = "console"
BLOCK = '"""'  #: on a line of its own: begins and ends a message of several lines
_QUESTION = 4000  # characters of a question that are shown again above its answer


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the terminal."""

    name: str
    locale: str = ""  #: BCP 47, "" when the environment says nothing

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Person":
        """The login user, reading the language that `LC_ALL`, `LC_MESSAGES` or `LANG` names."""
        try:
            name = getuser()
        except (KeyError, OSError):  # a user id without an account, as in containers
            name = "you"
        found = next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environment.get(n))), "")
        locale = re.split(r"[.@]", found)[0].replace("_", "-")
        return cls(name, "" if locale in {"C", "POSIX"} else locale)


def new_conversation() -> str:
    """A name that no earlier conversation has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class Messages:
    """Puts lines together to messages: a backslash at the end continues a line, `BLOCK` lines enclose one."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._in_block = False

    def feed(self, line: str) -> Iterator[str]:
        """Take the next line, without its end; yields the message that it completes."""
        if line.strip() == BLOCK:
            yield from self.end()
            self._in_block = not self._in_block
        elif self._in_block:
            self._lines.append(line)
        elif line.endswith("\\"):
            self._lines.append(line[:-1])
        else:
            self._lines.append(line)
            yield from self.end()

    def end(self) -> Iterator[str]:
        """Yields what was fed and not yielded yet."""
        text = "\n".join(self._lines)
        self._lines = []
        if text.strip():
            yield text


def event(text: str, commands: Sequence[CommandSpec], *, conversation: str, person: Person) -> Event:
    """One message as an event, with the files it names."""
    request = parser.parse(text, commands, locale=person.locale)
    files = _files(request, commands, person)
    made = _event(conversation, person, text)
    return replace(
        made,
        command=request.command,
        prompt=request.prompt,
        options=files.options,
        attachments=files.attachments,
        rejection=request.rejection or files.rejection,
    )


def lacking(text: str, commands: Sequence[CommandSpec], person: Person) -> str:
    """What a message names as a file and is none, said to the person; "" when nothing is."""
    return _files(parser.parse(text, commands, locale=person.locale), commands, person).rejection


def _files(request: parser.Request, commands: Sequence[CommandSpec], person: Person) -> Named:
    spec = next((spec for spec in commands if spec.name == request.command), None)
    return named(request.prompt, request.options, spec, person.locale)


def stop_event(*, conversation: str, person: Person) -> Event:
    """What Ctrl-C asks for: nothing was typed that could be shown."""
    return replace(_event(conversation, person, ""), command="stop")


def press_event(*, event: str, action: str, shown: str, conversation: str, person: Person) -> Event:
    """A pressed button of the answer to `event`, shown as that."""
    options = {"event": event, "action": action}
    return replace(_event(conversation, person, shown), command="press", options=options)


def _event(conversation: str, person: Person, text: str) -> Event:
    return Event(
        id=uuid.uuid4().hex,
        adapter=ADAPTER,
        conversation=conversation,
        actor=Actor(id="local", name=person.name, locale=person.locale, is_admin=True),
        location=Location(channel="terminal", is_private=True),
        reply_to={"conversation": conversation, "question": text[:_QUESTION] + "…" * (len(text) > _QUESTION)},
        received_at=datetime.now(UTC),
    )
