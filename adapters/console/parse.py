"""Typed text → events. Pure, except that it looks for the files that are named."""

import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

from adapters.console.files import NamedFiles, find_files
from adapters.kit.texts.titles import shorten
from bot.commandline import parser
from bot.i18n import operator_locale
from bot.models import Actor, CommandSpec, Event, Location
from bot.values import valueclass

ADAPTER = "console"
BLOCK = '"""'  #: on a line of its own: begins and ends a message of several lines
_QUESTION = 4000  # longest question, in characters, that is repeated above its answer


@valueclass(frozen=True, slots=True)
class Person:
    """The person at the terminal."""

    name: str
    locale: str = ""  #: BCP 47, "" when the environment says nothing
    time_zone: str = ""  #: IANA name, "" when the machine says nothing

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Person":
        """Return the login user, with the operator's language."""
        try:
            name = getuser()
        except (KeyError, OSError, ImportError):  # a user id without an account, as in containers; nothing on Windows
            name = "you"
        return cls(name, operator_locale(environment), _time_zone(environment))


def _time_zone(environment: Mapping[str, str]) -> str:
    """Return the name of the machine's time zone; "" where it has none."""
    named = environment.get("TZ", "").removeprefix(":")
    _, _, linked = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return named or linked


def new_conversation() -> str:
    """Return a name that no earlier conversation has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class MessageAssembler:
    """Joins lines into messages: a backslash at the end continues a line, `BLOCK` lines enclose a message."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._in_block = False

    def feed(self, line: str) -> Iterator[str]:
        """Take the next line, without its end, and yield the message that it completes."""
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
        """Yield the message that the lines so far make."""
        text = "\n".join(self._lines)
        self._lines = []
        if text.strip():
            yield text


def event(text: str, commands: Sequence[CommandSpec], *, conversation: str, person: Person) -> Event:
    """Return the event of a typed message, with the files that it names."""
    request = _parse(text, commands, person)
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


def _parse(text: str, commands: Sequence[CommandSpec], person: Person) -> parser.Request:
    return parser.parse(text, commands, locale=person.locale, bare=True)


def missing_file(text: str, commands: Sequence[CommandSpec], person: Person) -> str:
    """Return the sentence about a file that a message names and that is missing; "" when there is none."""
    return _files(_parse(text, commands, person), commands, person).rejection


def _files(request: parser.Request, commands: Sequence[CommandSpec], person: Person) -> NamedFiles:
    spec = next((spec for spec in commands if spec.name == request.command), None)
    return find_files(request.prompt, request.options, spec, person.locale)


def stop_event(*, conversation: str, person: Person) -> Event:
    """Return the event of Ctrl-C."""
    return replace(_event(conversation, person, ""), command="stop")


def press_event(*, event: str, action: str, shown: str, conversation: str, person: Person) -> Event:
    """Return the event of a pressed button of the answer to `event`; `shown`: the line that was typed for it."""
    options = {"event": event, "action": action}
    return replace(_event(conversation, person, shown), command="press", options=options)


def _event(conversation: str, person: Person, text: str) -> Event:
    return Event(
        id=uuid.uuid4().hex,
        adapter=ADAPTER,
        conversation=conversation,
        actor=Actor(
            id="local",
            name=person.name,
            locale=person.locale,
            time_zone=person.time_zone,
            is_admin=True,
            is_operator=True,
        ),
        location=Location(channel="terminal", is_private=True),
        reply_to={"conversation": conversation, "question": shorten(text, _QUESTION)},
        received_at=datetime.now(UTC),
        is_local=True,
    )
