import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Self

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from bot.command import load_commands
from bot.errors import StoreUnavailable
from bot.models import Actor, Event, Profile
from bot.settings import REFERENCE_MODELS
from tests.fakes.discord.values import TOKEN
from tests.fakes.discord.wire import Wire

COMMANDS = load_commands({kind: (model, f"{model}-2") for kind, model in REFERENCE_MODELS.items()}).specs


class Core:
    """The core as an adapter sees it: a sink, and a desk that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.revised: list[Event] = []
        self.withdrawn: list[str] = []
        self.books: dict[str, dict[str, str]] = {}
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
        return {event.actor.id for event in self.events if event.conversation == conversation}

    async def profile(self, adapter: str, actor: Actor) -> Profile:
        return Profile()

    async def prefer(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        pass

    async def notes(self, book: str) -> Mapping[str, str]:
        return dict(self.books.get(book, {}))

    async def put_note(self, book: str, name: str, value: str | None) -> None:
        self.books.setdefault(book, {})[name] = value or ""


class Service:
    """The adapter, running against a wire."""

    def __init__(self, wire: Wire, core: Core, **settings: Any) -> None:
        self.wire = wire
        self.core = core
        self.adapter = Discord(token=SecretStr(TOKEN), api_url=wire.api, **settings)

    async def __aenter__(self) -> Self:
        self._connected = self.adapter.connected(self.core)
        await self._connected.__aenter__()
        self.running = asyncio.create_task(self.adapter.run(self.core.sink, COMMANDS))
        before = len(self.wire.gateway.identified)
        await self.wire.until(lambda: len(self.wire.gateway.identified) > before or self.running.done())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)
