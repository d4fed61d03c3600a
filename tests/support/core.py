"""The core as an adapter sees it, for tests of the adapter alone."""

import asyncio
from collections.abc import Collection, Mapping

from aimodels.reference import MODELS
from bot.commands import load_commands
from bot.errors import StoreUnavailable
from bot.models import Actor, Event, Profile

COMMANDS = load_commands({kind: (model, f"{model}-2") for kind, model in MODELS.items()}).specs


class Core:
    """A sink, and a desk that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.revised: list[Event] = []
        self.withdrawn: list[str] = []
        self.preferred: dict[tuple[str, str], str | None] = {}
        self.books: dict[str, dict[str, str]] = {}
        self.shown = Profile()
        self.within: str | None = None  #: as the last profile was asked for
        self.is_failing = False
        self.takes = 0.0  #: seconds to write an event down
        self.changed = asyncio.Condition()

    async def sink(self, event: Event) -> None:
        await asyncio.sleep(self.takes)
        if self.is_failing:
            raise StoreUnavailable("the disk is full")
        if all(known.id != event.id for known in self.events):
            self.events.append(event)
        await self.tell()

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def count(self, number: int) -> list[Event]:
        """Wait for so many events."""
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: len(self.events) >= number)
        return self.events

    async def revise(self, event: Event) -> None:
        self.revised.append(event)
        await self.tell()

    async def withdraw(self, adapter: str, event_id: str) -> None:
        self.withdrawn.append(event_id)
        await self.tell()

    async def people(self, adapter: str, conversation: str) -> Collection[str]:
        people: set[str] = set()
        for event in self.events:
            if event.conversation == conversation:
                people = set() if event.command == "stop" else people | {event.actor.id}
        return people

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        if self.is_failing:
            raise StoreUnavailable("the disk is full")
        self.within = within
        return self.shown

    async def prefer(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        self.preferred[actor, name] = value
        await self.tell()

    async def notes(self, book: str) -> Mapping[str, str]:
        return dict(self.books.get(book, {}))

    async def put_note(self, book: str, name: str, value: str | None) -> None:
        if value is None:
            self.books.get(book, {}).pop(name, None)
        else:
            self.books.setdefault(book, {})[name] = value
