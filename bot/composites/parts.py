"""The answers to the parts of a film or a duel: not shown by themselves, they take it a step further."""

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.models import Answer, Capabilities, Event, Status
from bot.ports import Confirm, Sender, always_owned
from bot.values import valueclass

_PROGRESS = 5.0  #: seconds between two looks at the progress of a part
_WITH_FILES = 20.0  #: seconds between two boards that differ in progress alone, as each may send its pictures anew


class Whole(Protocol):
    """Anything whose parts are the answers to several events: `Films`, `Duels`. Each method may raise `StoreError`."""

    @property
    def adapters(self) -> Mapping[str, Sender]:
        """The platforms, by name."""

    def note_progress(self, event: Event, progress: float | None) -> None:
        """Note how far a part is; None: it has ended, or that is not known."""

    async def advance(self, event: Event, whole_id: str, /, *, is_progress: bool = False) -> None:
        """Go on with what can be done now, and show how far it is. Safe to repeat. Raises `DeliveryDelayed`."""


@dataclass(slots=True)
class PartDraft:
    """The unseen draft of one part. See `bot.ports.Draft`."""

    whole: Whole
    event: Event
    _next: float = field(default=-math.inf, init=False)

    @property
    def ref(self) -> str:
        """Return the event's id: there is nothing to be found."""
        return self.event.id

    async def status(self, status: Status) -> None:
        """Show the progress on the board."""
        self.whole.note_progress(self.event, status.progress)
        is_first = self._next < 0  # it waits no longer
        if (is_first or status.progress is not None) and time.monotonic() >= self._next:
            await self.whole.advance(self.event, self.event.part_of, is_progress=True)
            self._next = time.monotonic() + _WITH_FILES

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        """Show nothing: the whole names the places of its parts."""

    async def write(self, text: str) -> None:
        """Show nothing."""

    async def finish(self, answer: Answer) -> None:  # noqa: ARG002 - the whole reads it
        """Take the whole a step further. Raises `DeliveryDelayed`."""
        self.whole.note_progress(self.event, None)
        await self.whole.advance(self.event, self.event.part_of)


@valueclass(frozen=True, slots=True)
class PartSender:
    """The platform of the events that make parts. See `bot.ports.Sender`."""

    whole: Whole
    event: Event
    place: Sender  #: where the whole is shown

    @property
    def capabilities(self) -> Capabilities:
        """Files of any size are taken, as they are not uploaded."""
        place = self.place.capabilities
        return replace(place, max_upload=None, edit_interval=max(_PROGRESS, place.edit_interval))

    async def draft(
        self,
        reply_to: Mapping[str, str],  # noqa: ARG002
        *,
        key: str,  # noqa: ARG002
        ref: str | None,  # noqa: ARG002
        private: bool,  # noqa: ARG002
        confirm: Confirm = always_owned,  # noqa: ARG002
    ) -> PartDraft:
        """Return the unseen draft."""
        return PartDraft(self.whole, self.event)

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        """See `bot.ports.Sender`."""
        return await self.place.place_beside(reply_to, conversation=conversation, channel=channel, person=person)

    async def place_again(
        self, reply_to: Mapping[str, str], *, conversation: str, heading: str = ""
    ) -> tuple[str, Mapping[str, str]]:
        """See `bot.ports.Sender`."""
        return await self.place.place_again(reply_to, conversation=conversation, heading=heading)
