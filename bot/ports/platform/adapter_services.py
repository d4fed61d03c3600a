"""The services of the core for adapters."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, get_args

from bot.models import (
    Actor,
    CommandSpec,
    Event,
    Location,
    Media,
    Option,
    Turn,
)
from bot.ports.platform.recording import CallRecorder
from bot.ports.store.places import PlaceChanges
from bot.ports.store.processes import Loops
from bot.ports.store.usage_reports import UsageRow

#: Stands for the names of the fields of a button's form, where there is no room for them.
OWN_FIELDS = "-"


class AdapterStorage(Protocol):
    """Durable values of an adapter in one namespace. Every method raises `StoreError`.

    A namespace is read as a whole: keep it small. Values encrypted with a key that is no longer set are left out.
    """

    async def get(self, name: str) -> str | None:
        """Return a value; None: there is none."""

    async def items(self) -> Mapping[str, str]:
        """Return all values by name."""

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        """Set or replace a value; without `expires` it stays until it is deleted."""

    async def delete(self, name: str) -> None:
        """Delete a value, if there is one."""


class ValueSigner(Protocol):
    """Signs what people send back, the values of buttons and forms, for one place.

    The key is the service's own and the same in all of its processes, after a restart, too.
    """

    def sign(self, value: str) -> str:
        """Return the signature of a value: eleven letters, digits, `-` and `_`."""

    def verify(self, value: str, signature: str) -> bool:
        """Whether the value was signed for this place, and for this person or for everybody."""


#: Where messages in a channel are answered: as the platform does by itself, in a thread, or in place.
ReplyMode = Literal["auto", "thread", "reply"]
REPLY_MODES: tuple[ReplyMode, ...] = get_args(ReplyMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """The settings of a channel that its adapter obeys."""

    answers_all: bool = False  #: messages there are for the service although they do not mention it
    reply_mode: ReplyMode | None = None  #: None: the adapter's own default


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person's own data for a home page: usage, limits, preferences, files."""

    usage: tuple[UsageRow, ...] = ()  #: the person's, last 30 days, newest day first
    everybody: tuple[UsageRow, ...] = ()  #: of all people of the adapter; filled for administrators only
    limits: tuple[str, ...] = ()  #: sentences on the person's limits and today's remainder
    language: str = ""  #: chosen locale of the service's own sentences; "": the platform's
    settings: tuple[tuple[Option, str], ...] = ()  #: that a person can have of their own, with their values; "": none
    recent: tuple[tuple[str, Media], ...] = ()  #: the newest files made for the person, each with the id of its event


class SharedWork(Protocol):
    """The processes of a service, each of which does a part. Methods that wait raise `StoreError`."""

    @property
    def has_peers(self) -> bool:
        """Whether other processes may use the same database at the same time."""

    @property
    def loops(self) -> Loops:
        """Runs the adapter's background loops."""

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        """See `Processes.share`. `name`: begins with the adapter's and has no space."""


class RecordedRequests(Protocol):
    """The requests of an adapter: edited, deleted, or to be answered again. Methods that wait raise `StoreError`."""

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        """Whether an event is recorded, by whichever process."""

    async def revise(self, event: Event) -> None:
        """Process the edit of an event's message; `event` has the id of the original and the new content.

        If its answer is the newest of the conversation, it is generated again in place. An unknown event and one
        without a change are ignored, so that adapters may report every edit.
        """

    async def retract(self, adapter: str, event_id: str) -> None:
        """Remove an event from the context, because its message was deleted. Unknown events are ignored.

        An answer in progress is cancelled, and what is shown of it is removed.
        """

    def redeliver(self, adapter: str, event_id: str) -> None:
        """Have an answer delivered once more soon: another process may have shown it, and this one hidden it.

        One that is still to come is delivered anyway. See `Capabilities.repeats_private` for private ones.
        """


class Conversations(Protocol):
    """The conversations of an adapter. Every method raises `StoreError`."""

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of the people who asked in a conversation and have not left; empty: no service there."""

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of the people who left a conversation: they are not answered until they ask again."""

    async def last_turns(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Turn]:
        """Return the newest turns of a conversation, oldest first."""


class Profiles(Protocol):
    """People's own data and preferences. Every method raises `StoreError`."""

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        """Return a person's own data for a home page.

        `within`: prefix of channel ids; limits the totals of all people, for administrators, to those channels.
        """

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """Set a person's preference `language` or `model.KIND`; None: clear it.

        Raises `UsageError` for an unknown name and for a value that is not allowed.
        """


class ChannelRules(Protocol):
    """The settings and rules that an adapter obeys. Every method raises `StoreError`."""

    async def channel_settings(self, adapter: str, location: Location) -> ChannelSettings:
        """Return the settings of a channel that its adapter obeys. Reads memory, but for a channel's first time."""

    async def wait_for_role(self, is_mine: Callable[[str], bool]) -> None:
        """Return once a rule names a role that `is_mine`: until then nobody's roles matter on that platform."""


class CommandForms(Protocol):
    """Commands as an adapter offers them, and their forms. Methods that wait raise `StoreError`."""

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """Return those of the commands that an event's author may use in its place, and their language there."""

    async def narrow(self, spec: CommandSpec) -> CommandSpec:
        """Return a command whose options have only values that the API is known to take, for a form."""

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
        """Return the options that a button's form asks for by name; names that nobody knows are ignored.

        `names`: `OWN_FIELDS`: all that the button asks for. `event`, `action`: the button; `actor`: who pressed it.
        The defaults are the values that its form begins with. None for a person who may not open it.
        """

    def form_problems(
        self, adapter: str, spec: CommandSpec, values: Mapping[str, str], *, locale: str
    ) -> Mapping[str, str]:
        """Return what is wrong with the values of a form, apart from the bounds of the command's options, by name."""

    def completions(self, adapter: str, option: str, given: Mapping[str, str]) -> Sequence[str]:
        """Return the values of an option with `is_completed`. `given`: all options as they are typed so far."""


class AdapterValues(Protocol):
    """Values that an adapter stores, and what it hides or signs."""

    def storage(self, namespace: str, *, has_secrets: bool = True) -> "AdapterStorage":
        """Return the storage of a namespace, whose name begins with the adapter's.

        `has_secrets`: values are encrypted at rest; ids, times and hashes need not be, and encryption takes memory.
        """

    def encrypt(self, text: str) -> str:
        """Encrypt a secret that an event carries, such as a token that answers it."""

    def decrypt(self, token: str) -> str | None:
        """Decrypt what `encrypt` returned; None: it was encrypted with none of the keys."""

    def signer(self, *place: str, person: str = "") -> ValueSigner:
        """Return the signer of values for one place, beginning with the adapter's name.

        `person`: the only one who may use what is signed; "": everybody there.
        """


class AdapterServices(
    SharedWork,
    RecordedRequests,
    Conversations,
    Profiles,
    ChannelRules,
    CommandForms,
    AdapterValues,
    Protocol,
):
    """Services of the core for adapters, besides the sink. Users of one part of them are typed by it."""

    @property
    def call_recorder(self) -> CallRecorder | None:
        """The flight recorder; None: it is off. With it an adapter sets `receipt` while it handles a payload."""

    @property
    def places(self) -> PlaceChanges:
        """Receives changes of the names of workspaces and channels."""
