"""The simulated Discord of the page: its server and people, what they see, and its part of the wire."""

import re
import time
from typing import Any

from simulators.discord.files import content_type
from simulators.discord.gateway import Dispatched
from simulators.discord.people.person import NotRespondedError, Person
from simulators.discord.rest import Call
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB
from simulators.play.discord_actions import VOICE_MESSAGE, DiscordActions
from simulators.play.discord_view import view
from simulators.play.errors import PlayError
from simulators.play.wire import Entry, Wire

Json = dict[str, Any]
_SLOW = 1.5  #: seconds by which each request is late on demand
_EVERYTHING, _EVERYBODY = 2147483647, 104189504  #: permissions of an administrator, and of others
_MEI, _LIN = "1033044521375764532", "1033044521375764533"
_ADMINISTRATORS = "1033044521375764599"
_ID = re.compile(r"(token)?\d{15,}")


class DiscordSide:
    """The simulated Discord with what the page needs of it."""

    name = "discord"
    voice_message = VOICE_MESSAGE

    def __init__(self, wire: Wire) -> None:
        self.simulator = discord = DiscordSimulator()
        self._wire = wire
        people = (
            Person(discord, ADA, "Ada", permissions=_EVERYTHING),
            Person(discord, BOB, "Bob", permissions=_EVERYBODY),
            Person(discord, _MEI, "美玲", locale="zh-TW", permissions=_EVERYTHING),
            Person(discord, _LIN, "小林", locale="zh-CN", permissions=_EVERYBODY),
        )
        self.people = {one.id: one for one in people}
        discord.roles[_ADMINISTRATORS] = "Administrators"  # Ada owns the server
        discord.powers[_ADMINISTRATORS] = _EVERYTHING
        discord.held[_MEI] = [_ADMINISTRATORS]
        self.actions = DiscordActions(discord)
        self._open: dict[str, Entry] = {}  #: interactions without an acknowledgement, by token
        self._seen_calls = 0
        self._last: Dispatched | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the service can be reached."""
        return self.simulator.gateway.is_connected

    def label(self, number: str) -> Json:
        """A person, in the list of people to be."""
        one = self.people[number]
        return {"name": one.name, "is_admin": one.permissions == _EVERYTHING}

    def view(self, person: str, place: str, thread: str) -> Json:
        """The view of a person."""
        return view(self.simulator, self._person(person), place)

    async def act(self, person: str, action: str, body: Json) -> Json:
        """Do something as a person. Raises `PlayError`."""
        method = None if action.startswith("_") else getattr(self.actions, action, None)
        if method is None or action in {"upload", "file"}:
            raise PlayError("Nobody can {action} here.", action=action)
        try:
            answer: Json = await method(self._person(person), body)
        except (LookupError, NotRespondedError) as exc:
            raise PlayError(str(exc)) from exc
        finally:
            self.simulator.changes.notify()
        return answer

    def upload(self, person: str, name: str, content: bytes) -> str:
        """Keep a file; return its id."""
        self._person(person)
        return self.actions.upload(name, content)

    def file(self, number: str) -> tuple[bytes, str]:
        """The bytes and the media type of a file. Raises `PlayError`."""
        upload = self.actions.file(number)
        return upload.content, content_type(upload.name)

    def _person(self, number: str) -> Person:
        if number not in self.people:
            raise PlayError("There is no such person.")
        return self.people[number]

    # ---- faults

    async def send_again(self) -> str:
        """Send the last event of a person once more; return its name. Raises `PlayError`."""
        gateway = self.simulator.gateway
        last = next((one for one in reversed(gateway.dispatched) if not one.is_own), None)
        if last is None or not self.is_connected:
            raise PlayError("Nothing was sent yet, or the service is not connected.")
        await gateway.replay()
        return last.event

    def slow_down(self, *, is_slow: bool) -> None:
        """Let each request take a while longer, or no longer."""
        self.simulator.rest.delay = _SLOW if is_slow else 0.0

    # ---- the wire

    def collect(self) -> None:
        """Bring the wire up to date."""
        new = []
        for one in reversed(self.simulator.gateway.dispatched):
            if one is self._last:
                break
            new.append(one)
        for one in reversed(new):
            self._last = one
            entry = self._wire.add(_event_entry(one))
            if one.event == "INTERACTION_CREATE":
                self._open[one.data["token"]] = entry
        calls = self.simulator.rest.calls
        for call in calls[self._seen_calls :]:
            self._wire.add(_call_entry(call))
        self._seen_calls = len(calls)
        for token, entry in list(self._open.items()):
            used = self.simulator.interactions[token]
            if used.acknowledged or used.is_late:
                entry.ended = used.acknowledged_at or time.monotonic()
                entry.status = "acknowledged" if used.acknowledged else "not acknowledged"
                entry.is_wrong = not used.acknowledged
                self._wire.touch(entry)
                del self._open[token]


def _event_entry(one: Dispatched) -> Entry:
    data = one.data.get("data", {})
    named = data.get("name") or data.get("custom_id") or ""
    return Entry(
        platform="discord",
        kind="event",
        title=f"{one.event} {str(named)[:40]}".strip(),
        at=one.at,
        note="of its own" if one.is_own else "",
        detail=lambda: {"event": one.event, "data": one.data},
    )


def _call_entry(call: Call) -> Entry:
    return Entry(
        platform="discord",
        kind="call",
        title=f"{call.method} {_ID.sub('…', call.path)}",
        at=call.at,
        ended=call.ended,
        status=str(call.status),
        is_wrong=call.status >= 400,
        detail=lambda: {"body": call.body, "files": [one.name for one in call.uploads], "answer": call.answer},
    )
