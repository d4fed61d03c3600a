"""Requests that wait for their turn, and at which place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

#: Adapter and id of an event.
EventKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """The place of an event that waits for its turn."""

    number: int  #: 1: it is the next
    running: int  #: requests of its kind that are made at the same time
    follows: bool  #: an earlier request of its conversation is in the way


class WaitingEvents(Protocol):
    """The part of the queue that has not begun. Every method raises `StoreError`."""

    async def places(self, events: Collection[EventKey]) -> Mapping[EventKey, QueuePlace]:
        """Return the places of events that wait for others; the rest is left out: running, done, or to be tried later.

        They are counted in the conversation where only its earlier requests are in the way, else among all of the same
        kind of lane: each person's first comes before anybody's second. As it is now: who was served less recently goes
        first, also if they ask later.
        """

    async def confirm_waiting(self, adapter: str, event_id: str, *, is_posted: bool = False) -> None:
        """Return when an event is known to wait. Raises `OwnershipLost` where it does not.

        `is_posted`: a message is about to be posted for it. That is durable on return: whoever claims the event has a
        `Job.ref`, which is only of its place, and looks for the message.
        """
