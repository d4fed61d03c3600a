"""The seam between the core and a platform."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.models import (
    Actor,
    Answer,
    Attachment,
    Capabilities,
    CheckResult,
    CommandSpec,
    Event,
    PriorMessages,
    Profile,
    Status,
)

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

#: Returns once the event is durable; only then acknowledge it to the platform.
#: A known (adapter, id) is accepted and ignored. Raises `StoreError`: do not acknowledge.
Sink = Callable[[Event], Awaitable[None]]


class Draft(Protocol):
    """One answer while it is being written. Every method raises `DeliveryError` when the platform fails it."""

    @property
    def ref(self) -> str:
        """What `Adapter.draft` needs to find this draft again after a restart."""

    async def status(self, status: Status) -> None:
        """Show what is being done."""

    async def write(self, text: str) -> None:
        """Show `text`, the whole Markdown so far. Platforms that edit replace; ones that stream append the suffix."""

    async def finish(self, answer: Answer) -> None:
        """Make the channel show exactly this answer; an empty one removes what was shown. Safe to repeat.

        Raises `UploadTooLarge` with the limit when a file must be made smaller, `DeliveryDelayed` when a later
        try may succeed, `DeliveryRefused` when none will.
        """


class AdapterStorage(Protocol):
    """Durable values of an adapter in one namespace, encrypted at rest. Every method raises `StoreError`.

    A namespace is held in memory as a whole: keep it small. A value encrypted with a key that is gone is left out.
    """

    async def get(self, name: str) -> str | None:
        """Return one value, None when there is none."""

    async def items(self) -> Mapping[str, str]:
        """Return every value by its name."""

    async def set(self, name: str, value: str, *, expires: datetime | None = None) -> None:
        """Set or replace one value; without `expires` it stays until it is deleted."""

    async def delete(self, name: str) -> None:
        """Remove one value; nothing happens when there is none."""


class AdapterServices(Protocol):
    """What the core does for an adapter besides taking its events. Every method raises `StoreError`."""

    async def revise(self, event: Event) -> None:
        """Somebody edited the message of the event with this id.

        When its answer is the newest in the conversation it is made again, in place; an event that is unknown or
        says the same as before is ignored, so that every edit may be told.
        """

    async def retract(self, adapter: str, event_id: str) -> None:
        """Somebody deleted the message of that event: it leaves the context. Unknown events are ignored."""

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """Ids of the people who asked something here since the last `stop`; empty: the service takes no part here."""

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        """What to show a person of themselves. `within`: everybody is who asked in channels whose ids begin so."""

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """Set, or with None clear, a person's default: `language`, or `model.chat` and so on for the other kinds."""

    def storage(self, namespace: str) -> "AdapterStorage":
        """The adapter's own durable values under that name, which begins with the adapter's."""


class Adapter(Protocol):
    """One platform."""

    @property
    def name(self) -> str:
        """What `Event.adapter` holds."""

    @property
    def capabilities(self) -> Capabilities:
        """The platform's limits."""

    def connected(self, services: AdapterServices) -> AbstractAsyncContextManager[None]:
        """Hold what delivering needs, such as an HTTP client. Entered before anything below but `check` is called."""

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive until cancelled. Returning means that no input will ever come again."""

    async def draft(self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool) -> Draft:
        """Open the answer to `reply_to`, or find it again.

        The same `key` (the event's id) or a known `ref` never opens a second answer. `private`: for the asker only,
        where the platform can. Needs only the platform's sending side: `run` may never have been called.
        """

    def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment of one of this adapter's events in pieces. Raises `MediaError`."""

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """What was said before an event with `has_prior_messages`, the newest `limit` turns. Raises `DeliveryError`.

        Called once for a conversation, as nothing may be read from the platform that is kept already.
        """

    @property
    def routes(self) -> "Sequence[BaseRoute]":
        """What this platform calls over HTTP; with any, the web server starts and mounts them."""

    def health(self) -> str:
        """Return "" when requests can come in, else one sentence that says what is wrong."""

    async def check(self) -> Sequence[CheckResult]:
        """Prove the configuration against the platform, spending nothing; for the `check` command."""
