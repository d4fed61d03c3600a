"""The interface between the core and a platform."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from bot.models import (
    Answer,
    Attachment,
    Capabilities,
    CheckResult,
    CommandSpec,
    Event,
    PriorMessages,
    Status,
)
from bot.ports.platform.adapter_services import AdapterServices
from bot.ports.platform.channel_history import ChannelReader
from bot.ports.platform.directory import Directory

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


class Reacting(Protocol):
    """Reactions on the messages of people."""

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Put 👀 on the message of a request, where it has one. Safe to repeat. Raises `DeliveryError`."""


class NoReactions:
    """The reactions of a platform that has none."""

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Do nothing."""


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
