"""A stand-in for the core, in tests of an adapter alone."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aimodels.reference import MODELS
from bot.background import BackgroundLoops
from bot.commands import load_commands
from bot.errors import StoreUnavailable
from bot.models import Actor, CommandSpec, Event, Location, Option, Turn
from bot.policy.roles import NamedRoles
from bot.ports import CallRecorder, ChannelSettings, Profile, ValueSigner
from bot.scoped_settings import forms
from bot.scoped_settings.registry import load_settings_registry
from bot.security.value_signer import HmacSigner
from bot.settings.core import Settings

COMMANDS = load_commands({kind: (model, f"{model}-2") for kind, model in MODELS.items()}).specs
SETTINGS = load_settings_registry(Settings(_env_file=None), COMMANDS)  # type: ignore[call-arg, unused-ignore]


class RecordedPlaces:
    """Records what an adapter tells of the names of places."""

    def __init__(self) -> None:
        self.renamed: list[tuple[str, str]] = []  #: workspaces, and their channels
        self.gone: list[str] = []

    def changed(self, adapter: str, workspace: str, channel: str = "") -> None:
        self.renamed.append((workspace, channel))

    async def removed(self, adapter: str, workspace: str) -> None:
        self.gone.append(workspace)


class RecordingCore:
    """The sink and the services of an adapter; records the calls."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.revised: list[Event] = []
        self.retracted: list[str] = []
        self.preferences: dict[tuple[str, str], str | None] = {}
        self.stored: dict[str, dict[str, str]] = {}
        self.current_profile = Profile()
        self.places = RecordedPlaces()
        self.loops = BackgroundLoops(first=0.01, longest=0.01)
        self.roles = NamedRoles(())
        self.channels: dict[str, ChannelSettings] = {}  #: by channel
        self.within: str | None = None  #: of the last call of `profile`
        self.is_failing = False
        self.has_storage = True  #: False: each access of `storage` fails
        self.has_peers = False
        self.held: frozenset[int] | None = None  #: what this process holds of what is shared out; None: all
        self.call_recorder: CallRecorder | None = None
        self.has_keys = True  #: those that `encrypt` had
        self.redelivered: list[str] = []  #: ids of events
        self.sink_delay = 0.0  #: seconds that `sink` takes
        self.changed = asyncio.Condition()

    async def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        while True:
            held = self.held
            yield frozenset(range(count)) if held is None else held
            async with self.changed:
                await self.changed.wait_for(lambda held=held: self.held != held)  # type: ignore[misc]

    async def hold(self, numbers: Collection[int]) -> None:
        """Change what `share` gives."""
        self.held = frozenset(numbers)
        await self.notify()

    def redeliver(self, adapter: str, event_id: str) -> None:
        self.redelivered.append(event_id)

    async def sink(self, event: Event) -> bool:
        await asyncio.sleep(self.sink_delay)
        self.require_store()
        if all(known.id != event.id for known in self.events):
            self.events.append(event)
        await self.notify()
        return True

    def require_store(self) -> None:
        """Raise `StoreUnavailable` while the core is failing."""
        if self.is_failing:
            raise StoreUnavailable("the disk is full")

    def require_storage(self) -> None:
        """Raise `StoreUnavailable` where the core has no storage."""
        if not self.has_storage:
            raise StoreUnavailable("the disk is full")

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def wait_for_events(self, number: int) -> list[Event]:
        """Wait until there are at least `number` events; return them."""
        async with asyncio.timeout(120), self.changed:
            await self.changed.wait_for(lambda: len(self.events) >= number)
        return self.events

    async def revise(self, event: Event) -> None:
        self.revised.append(event)
        await self.notify()

    async def retract(self, adapter: str, event_id: str) -> None:
        self.retracted.append(event_id)
        await self.notify()

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        return any(event.id == event_id for event in self.events)

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        people = {event.actor.id for event in self.events if event.conversation == conversation}
        return people - set(await self.departed(adapter, conversation))

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        newest = {event.actor.id: event.command for event in self.events if event.conversation == conversation}
        return {actor for actor, command in newest.items() if command == "leave"}

    async def last_turns(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Turn]:
        return ()

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        self.require_store()
        self.within = within
        return self.current_profile

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """Everything, in the person's own language."""
        return [spec.name for spec in COMMANDS if spec.name in names], event.actor.locale

    async def channel_settings(self, adapter: str, location: Location) -> ChannelSettings:
        return self.channels.get(location.channel, ChannelSettings())

    async def form_options(
        self,
        adapter: str,
        spec: CommandSpec | None,
        names: Collection[str],
        *,
        actor: str,
        locale: str,
        event: str,
        action: str,
    ) -> Sequence[Option]:
        self.require_store()
        return forms.form_options(SETTINGS, spec, names, locale=locale)

    def form_problems(
        self, adapter: str, spec: CommandSpec, values: Mapping[str, str], *, locale: str
    ) -> Mapping[str, str]:
        return forms.problems(SETTINGS, COMMANDS, spec, values, locale=locale)

    def completions(self, adapter: str, option: str, given: Mapping[str, str]) -> Sequence[str]:
        return forms.completions(SETTINGS, option, given)

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        self.require_store()
        self.preferences[actor, name] = value
        await self.notify()

    async def narrow(self, spec: CommandSpec) -> CommandSpec:
        return spec

    async def wait_for_role(self, is_mine: Callable[[str], bool]) -> None:
        await self.roles.wait(is_mine)

    def storage(self, namespace: str, *, has_secrets: bool = True) -> "MemoryStorage":
        return MemoryStorage(self.stored, namespace, self.require_storage)

    def encrypt(self, text: str) -> str:
        return text[::-1]

    def decrypt(self, token: str) -> str | None:
        return token[::-1] if self.has_keys else None

    def signer(self, *place: str, person: str = "") -> ValueSigner:
        return HmacSigner(b"the same in every process", place, person)


@dataclass(frozen=True, slots=True)
class MemoryStorage:
    """An adapter's storage in memory."""

    stored: dict[str, dict[str, str]]
    namespace: str
    require_storage: Callable[[], None]  #: see `RecordingCore`

    async def get(self, name: str) -> str | None:
        return (await self.items()).get(name)

    async def items(self) -> Mapping[str, str]:
        self.require_storage()
        return dict(self.stored.get(self.namespace, {}))

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        self.require_storage()
        self.stored.setdefault(self.namespace, {})[name] = value

    async def delete(self, name: str) -> None:
        self.require_storage()
        self.stored.get(self.namespace, {}).pop(name, None)
