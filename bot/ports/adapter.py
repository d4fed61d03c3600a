"""The interface between the core and a platform."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from bot.models import (
    Actor,
    Answer,
    Attachment,
    Capabilities,
    CheckResult,
    CommandSpec,
    Event,
    Location,
    Media,
    Option,
    PriorMessages,
    Status,
    Turn,
)
from bot.ports.channel_history import ChannelReader
from bot.ports.directory import Directory
from bot.ports.places import PlaceChanges
from bot.ports.processes import Loops
from bot.ports.reactions import Reacting
from bot.ports.recording import CallRecorder
from bot.ports.usage_reports import UsageRow

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

#: Records an event; acknowledge it to the platform once this has returned. A known (adapter, id) is ignored.
#: Raises `StoreError`: do not acknowledge. False: nothing was recorded and nothing will be shown, as the person has
#: read lately why; where the platform shows that an answer is coming, say so to the person alone.
Sink = Callable[[Event], Awaitable[bool]]


#: Raises `OwnershipLost`, or another `StoreError`, unless the event is still this process's: then show nothing.
Confirm = Callable[[], Awaitable[None]]


async def always_owned() -> None:
    """Confirm an event that no other process can take over."""


class Draft(Protocol):
    """One answer in progress. Every method raises `DeliveryError` if the platform fails."""

    @property
    def ref(self) -> str:
        """Reference with which `Adapter.draft` finds this draft after a restart."""

    async def status(self, status: Status) -> None:
        """Show the present activity."""

    async def write(self, text: str) -> None:
        """Show `text`, the whole Markdown so far: by editing the message, or by streaming the new part."""

    async def finish(self, answer: Answer) -> None:
        """Make the channel show exactly this answer; an empty one removes the draft's messages. Safe to repeat.

        Raises `UploadTooLarge` with the limit if a file must be made smaller, `DeliveryDelayed` if a later try may
        succeed, `DeliveryRefused` if none will.
        """


class PlatformDraft(Draft, Protocol):
    """A draft as a platform opens it, also for a request that waits for its turn."""

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        """Show a request's place in the queue, until the first status or text.

        `follows`: an earlier request of its conversation, whose answer is shown above this one's. `before_message`: to
        be awaited before a message is posted for it, which a later try has to find.
        """


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


class AdapterServices(Protocol):
    """Services of the core for adapters, besides the sink. Methods that read or write raise `StoreError`."""

    @property
    def has_peers(self) -> bool:
        """Whether other processes may use the same database at the same time."""

    @property
    def call_recorder(self) -> CallRecorder | None:
        """The flight recorder; None: it is off. With it an adapter sets `receipt` while it handles a payload."""

    @property
    def places(self) -> PlaceChanges:
        """Receives changes of the names of workspaces and channels."""

    @property
    def loops(self) -> Loops:
        """Runs the adapter's background loops."""

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        """See `Processes.share`. `name`: begins with the adapter's and has no space."""

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

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        """Whether an event is recorded, by whichever process."""

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of the people who asked in a conversation and have not left; empty: no service there."""

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of the people who left a conversation: they are not answered until they ask again."""

    async def last_turns(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Turn]:
        """Return the newest turns of a conversation, oldest first."""

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        """Return a person's own data for a home page.

        `within`: prefix of channel ids; limits the totals of all people, for administrators, to those channels.
        """

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """Set a person's preference `language` or `model.KIND`; None: clear it.

        Raises `UsageError` for an unknown name and for a value that is not allowed.
        """

    async def narrow(self, spec: CommandSpec) -> CommandSpec:
        """Return a command whose options have only values that the API is known to take, for a form."""

    async def wait_for_role(self, is_mine: Callable[[str], bool]) -> None:
        """Return once a rule names a role that `is_mine`: until then nobody's roles matter on that platform."""

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """Return those of the commands that an event's author may use in its place, and their language there."""

    async def channel_settings(self, adapter: str, location: Location) -> ChannelSettings:
        """Return the settings of a channel that its adapter obeys. Reads memory, but for a channel's first time."""

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


class Receiver(Protocol):
    """The receiving side of a platform."""

    @property
    def name(self) -> str:
        """Name of the adapter, the value of `Event.adapter`."""

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive events until cancelled; returns only if there will be no more input."""

    @property
    def routes(self) -> "Sequence[BaseRoute]":
        """HTTP endpoints that the platform calls; if there are any, the web server mounts them."""

    def health(self) -> str:
        """Return "" if the adapter can receive requests, else a sentence on the problem."""


class Sender(Protocol):
    """The sending side of a platform."""

    @property
    def capabilities(self) -> Capabilities:
        """The platform's limits."""

    async def draft(
        self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool, confirm: Confirm = always_owned
    ) -> PlatformDraft:
        """Open the answer to `reply_to`, or find the one opened before.

        The same `key` (the event's id) or a known `ref` never opens a second answer. `ref` "": an earlier try may have
        posted one, such as the place in the queue, and its reference is not known. `private`: visible to the author
        only, if the platform supports it. Must work without `run`. `confirm`: to be awaited right before each request
        that people see is written, after any wait for a rate limit or a connection.
        """

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        """Return `reply_to` of a message of its own in another place of the same workspace, about that request.

        In `channel`, an id as in `Location`; else to `person`, an id as in `Actor`, in private. `conversation`: key of
        the conversation there. Raises `DeliveryError`.
        """

    async def place_again(
        self, reply_to: Mapping[str, str], *, conversation: str, heading: str = ""
    ) -> tuple[str, Mapping[str, str]]:
        """Return the place of a message of its own where a request was asked, with the conversation it belongs to.

        In a thread and in direct messages the conversation goes on; in a channel another begins, whose key is
        `conversation`. `heading`: Markdown for the message that begins its thread, where answers are in threads; it is
        posted with the answer, and nothing before. The result can be given again. Raises `DeliveryError`.
        """


class Reader(Protocol):
    """Reading from a platform what belongs to an event."""

    def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment of one of this adapter's events in pieces. Raises `MediaError`."""

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Read the newest `limit` messages in front of an event with `has_prior_messages`. Raises `DeliveryError`.

        Called once per conversation, as its later messages are stored.
        """


class Checkable(Protocol):
    """The configuration of a platform, checked before the service runs."""

    async def check(self) -> Sequence[CheckResult]:
        """Check the configuration against the platform at no cost, for the `check` command."""


class Adapter(Receiver, Sender, Reader, ChannelReader, Reacting, Checkable, Directory, Protocol):
    """One platform: all of its sides. Users of an adapter are typed by the side that they need."""

    def connected(self, services: AdapterServices) -> AbstractAsyncContextManager[None]:
        """Return a context that holds resources for delivery, such as an HTTP client.

        It is entered before any other method but `check` is called.
        """
