"""Recorded requests and answers, to be looked up and corrected."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.models import Answer, Event, Job, Media, Turn


class Journal(Protocol):
    """Recorded requests and answers, to be looked up and corrected."""

    async def job(self, adapter: str, event_id: str) -> Job | None:
        """Return an event with its committed answer, whatever its state."""

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        """Return whether an event is recorded, also where its content has been erased."""

    async def last_job(
        self, adapter: str, conversation: str, *, commands: Collection[str], before: int | None = None
    ) -> Job | None:
        """Return the newest event of these commands in a conversation, recorded `before` the one of that number."""

    async def has_unanswered(self, adapter: str, conversation: str, *, actor: str | None = None) -> bool:
        """Return whether something of a person, or of anybody, that can be stopped is still to be answered there."""

    async def waiting_messages(self, adapter: str, conversation: str) -> Sequence[Event]:
        """Return the unanswered events of a conversation that take their turn in it, in the order of recording."""

    async def reopen(self, event: Event, *, answer: Answer | None = None, is_repeated: bool = False) -> bool:
        """Put a completed event back to be worked on, in the draft it has; its turns stop counting as history.

        With `answer` only that is to be shown from now on, in place of the answer it had; without, the event has this
        prompt, these options and attachments now and is to be answered again, attempts counted anew. An unclaimed
        event just gets the new content or answer. False: the event is unknown or claimed; nothing was changed.

        `is_repeated`: the answer is the one that it has, and so are its turns.
        """

    def revising(self, adapter: str, event_id: str) -> AbstractAsyncContextManager[None]:
        """Keep other processes from applying edits of an event; wait while one does."""

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        """Take an event's turns out of the history, also those that it has yet to leave; False: unknown.

        An unclaimed event is completed without an answer. Safe to repeat.
        """

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of those who asked here and have not left (`leave`) since."""

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        """Return the ids of those who left here and have not asked since. Stop and feedback are no requests."""

    async def recent_media(self, adapter: str, actor: str, *, limit: int) -> Sequence[tuple[str, Media]]:
        """Return the newest files made for a person, newest first, each with the id of its event."""

    async def jobs_with_files(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Job]:
        """Return the newest events of a conversation whose answers have files, oldest first."""

    def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        """Iterate over every turn of a conversation, resets included, oldest first, assistant turns with media."""

    def requests(self, adapter: str, actor: str, *, workspace: str | None = None) -> AsyncIterator[Job]:
        """Iterate over a person's events with their answers, oldest first. `workspace`: only of this one."""

    async def people(self, adapter: str, *, workspace: str | None = None) -> Collection[str]:
        """Return the ids of all people of whom there are events. `workspace`: only of this one."""

    async def add_feedback(self, event_id: str, by: Event, *, is_good: bool) -> None:
        """Keep a person's last opinion of an answer, unless `by`, which says it, is erased. Unknown ids are ignored."""

    async def feedback_totals(self, *, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        """Return how many people thought answers of a channel good, and how many bad."""

    async def feedback_counts(self) -> Mapping[str, tuple[int, int]]:
        """Return by adapter how many opinions that are kept are good, and how many bad."""
