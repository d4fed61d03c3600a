import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Self

from starlette.applications import Starlette

from adapters.slack import Settings
from adapters.slack.adapter import Slack
from bot.command import load_commands
from bot.errors import StoreUnavailable
from bot.models import Actor, Event, Profile
from bot.settings import REFERENCE_MODELS
from bot.web import WebServer
from tests.fakes.slack import FakeSlack

COMMANDS = load_commands({kind: (model, f"{model}-2") for kind, model in REFERENCE_MODELS.items()}).specs


class Core:
    """The core as an adapter sees it: a sink, and a desk that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.revised: list[Event] = []
        self.withdrawn: list[str] = []
        self.preferred: dict[tuple[str, str], str | None] = {}
        self.books: dict[str, dict[str, str]] = {}
        self.shown = Profile()
        self.is_failing = False
        self.changed = asyncio.Condition()

    async def sink(self, event: Event) -> None:
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

    async def profile(self, adapter: str, actor: Actor) -> Profile:
        if self.is_failing:
            raise StoreUnavailable("the disk is full")
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


def settings(slack: FakeSlack, *, http: bool = False, **more: Any) -> Settings:
    """Settings of a running fake: Socket Mode, or HTTP mode."""
    chosen: dict[str, Any] = {
        "slack_bot_token": slack.token,
        "slack_api_url": slack.api_url,
        "slack_signing_secret": slack.signing_secret,
        **({} if http else {"slack_app_token": slack.app_token}),
        **more,
    }
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


class Service:
    """The adapter, running against a fake Slack."""

    def __init__(self, slack: FakeSlack, core: Core, *, http: bool = False, **more: Any) -> None:
        self.slack = slack
        self.core = core
        self.adapter = Slack(settings(slack, http=http, **more))

    async def __aenter__(self) -> Self:
        self._connected = self.adapter.connected(self.core)
        await self._connected.__aenter__()
        self._web: WebServer | None = None
        if routes := self.adapter.routes:
            self._web = WebServer(Starlette(routes=list(routes)), host="127.0.0.1", port=0)
            await self._web.__aenter__()
            self.slack.sender.url = f"http://127.0.0.1:{self._web.port}/slack/events"
            self.url = f"http://127.0.0.1:{self._web.port}"
        self.running = asyncio.create_task(self.adapter.run(self.core.sink, COMMANDS))
        await self.listening()
        return self

    async def listening(self) -> None:
        """Wait until the adapter says that it hears, or has ended."""
        async with asyncio.timeout(20):
            while self.adapter.health() and not self.running.done():  # noqa: ASYNC110 - health tells when asked
                await asyncio.sleep(0.01)

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        if self._web is not None:
            await self._web.__aexit__(None, None, None)
        await self._connected.__aexit__(None, None, None)
