"""The seam between the core and a database engine: one protocol for each kind of consumer.

One class an engine implements all of them. Every method raises `StoreError`. Ids of adapters, conversations, events and
actors are opaque text.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from bot.limits import Limit, QuotaRequest
from bot.models import Answer, Event, Job, Lane, Location, Media, Outcome, Turn, Usage
from bot.ports.audit import AuditLog
from bot.ports.key_values import KeyValues
from bot.ports.places import PlaceStore
from bot.ports.processes import Processes
from bot.ports.request_log import RequestLog
from bot.ports.schedules import ScheduleStore
from bot.ports.usage_reports import UsageReports, UsageRow
from bot.ports.waiting import WaitingEvents


class EventQueue(Protocol):
    """The life of an event: recorded, claimed, committed, completed."""

    async def record(
        self, event: Event, *, lane: Lane, answer: Answer | None = None, quota: QuotaRequest | None = None
    ) -> bool:
        """Write an event; returns once it is durable. False: (adapter, id) is known and nothing was changed.

        With `answer` the event is committed at once and only delivery is left, as for a refusal. With `quota` a new
        event is counted in the same step; raises `OverLimit` when it is over a limit, and nothing was changed. The
        files and money that it may use count until it is answered, from then on what it did use.
        """

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        """Take on a ready event whose lane key is idle; None when there is none.

        `lanes`: those with a free slot; `adapters`: those that can deliver. Between people the one served least
        recently goes first; within a lane key the order is that of recording. Events with a committed answer use
        `Lane.FREE`. A claimed event is this process's until `complete`, `retry` or `release`.
        """

    async def claim_some(self, slots: Mapping[Lane, int], adapters: Collection[str]) -> Sequence[Job]:
        """Claim up to so many events of each kind of lane, as by `claim`; there may be more: see `may_have_more`."""

    @property
    def may_have_more(self) -> bool:
        """Return whether another `claim` may find an event now; it may be wrongly true."""

    async def wait(self) -> None:
        """Return when `claim` may have something that it did not have when it last returned None."""

    async def confirm(self, job: Job) -> None:
        """Return when a claimed job is known to be this process's and what `save_draft` was given is durable.

        To be awaited before each visible write: after a crash, what is visible must be found again. Raises
        `OwnershipLost`, or `StoreUnavailable` when ownership can't be known now.
        """

    async def save_draft(self, job: Job, ref: str) -> None:
        """Keep the reference of the draft opened for this job, and count the attempt.

        May return before it is durable, which takes milliseconds, or until `confirm`: the draft is found by its key.
        """

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        """Write answer, turns and usage in one transaction. False: an earlier try had committed, nothing was changed.

        Turns of the event named by `job.event.replaces` stop counting as history.
        """

    async def complete(self, job: Job, *, ref: str | None = None) -> None:
        """Mark a job as delivered: nothing is left to do. May return before it is durable; order is kept.

        `ref`: reference of the draft, if it is another than `save_draft` was given.
        """

    async def join(self, job: Job, event: Event, others: Sequence[Event]) -> bool:
        """Give a claimed job the content `event`, which answers `others`, too: they are completed without an answer.

        False: one of them does not wait any more, or has another content; nothing was changed. Raises `OwnershipLost`.
        """

    async def erase_forgotten(self, job: Job) -> Sequence[Media]:
        """Erase the answer of a completed job whose author was forgotten meanwhile; returns the media to be deleted."""

    async def retry(
        self, job: Job, seconds: float, *, failing_since: datetime | None = None, is_counted: bool = True
    ) -> None:
        """Give the job back, not to be claimed for some seconds. Its lane key stays blocked until then.

        Waits are bounded by `StoreTiming.longest_retry`, also where the clock is set meanwhile. `failing_since`: the
        API's outage that is waited out; such a try does not count, and `Job.failing_since` stays. `is_counted`: whether
        another try counts.
        """

    async def wake(self) -> None:
        """Make every unanswered event ready that waits for its next try."""

    async def release(self, job: Job) -> None:
        """Give the job back as if it had not been claimed: a draft that was opened meanwhile does not count."""

    async def cancel_waiting(
        self,
        adapter: str,
        *,
        answer: Answer,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        actor: str | None = None,
    ) -> int:
        """Commit `answer` for the unclaimed events that `request_cancel` would name; returns how many."""

    async def request_cancel(
        self,
        adapter: str,
        *,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        actor: str | None = None,
        patience: float = 0.0,
    ) -> int:
        """Ask other processes to stop generating; returns the number of events that this concerns.

        Those are unanswered events that others have claimed, of this id, conversation or actor, recorded before that
        one. Waits up to `patience` seconds until they are given back, completed or this process's. One process alone
        has no others.
        """

    def cancel_requests(self) -> Collection[int]:
        """Return the sequence numbers that others asked this process to stop since the last call."""

    async def counts(self) -> Mapping[str, float]:
        """Return gauges: events `waiting`, `waiting_LANE` and `running`; `oldest`: seconds the oldest has waited."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationContext:
    """The stored context of a conversation, for the next API request."""

    summary: str = ""  #: summary of the turns before `turns`
    turns: tuple[Turn, ...] = ()  #: oldest first
    total: int = 0  #: number of turns since the last reset that the summary does not cover


class ContextStore(Protocol):
    """The history of a conversation, for the next request to the API."""

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        """Return the summary and the newest `limit` turns since the last reset.

        `exclude_event`: leave out the turns of this event and of those that repeated it.
        """

    async def save_summary(
        self, adapter: str, conversation: str, summary: str, *, turns: Sequence[Turn], was: str
    ) -> None:
        """Replace the turns up to the last of `turns` by `summary`, made of them and `was`, unless one has changed."""

    async def reset(self, job: Job) -> int:
        """Start a new context after this event; returns how many turns were left behind. Safe to repeat."""


class UsageLedger(Protocol):
    """Usage by day, and what is left of it; and each call that may cost something.

    A call is reserved before it is posted, and settled or given back when it ends. An event has one open call at most.
    """

    async def add_usage(self, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True) -> None:
        """Count what was used for an event in addition to its outcome, whether or not this process still has it.

        An open call of the event is settled with it. `is_reserved`: none was reserved, each is an entry now.
        """

    async def begin_call(
        self, job: Job, usage: Usage, micros: int | None, *, is_refused: bool = False, is_afterwards: bool = False
    ) -> None:
        """Reserve a call that is about to be posted, with what it will use at most; returns once it is durable.

        `micros`: its price; None: not known. `is_refused`: the event's earlier call was, and is given back. The event's
        next try is a repeated one, see `Job`. `is_afterwards`: the event has ended, and the call counts as no try.
        Raises `OwnershipLost` where another process has taken the event over.
        """

    async def return_call(self, job: Job, *, unreserved: Usage | None = None) -> None:
        """Give back the event's open call, which the API refused; or one not reserved, if the event has no entry."""

    async def settle_lost_calls(self, job: Job, *, unreserved: Usage | None = None) -> bool:
        """Settle the event's open call, whose end nobody knows, at its price. False: there is none.

        `unreserved`: what a call may have used that was not reserved; it is settled where the event has no entry yet.
        """

    async def lost_calls(self, before: datetime) -> Sequence[Job]:
        """Return completed events with a call that was begun before that time and whose end nobody knows."""

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        """Return usage by day, kind and model, newest day first. `within`: prefix of channel ids."""

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        """Count one request more for a known event, which is to be reopened.

        Its new estimate counts in place of the earlier one. Raises `OverLimit`; nothing was counted then.
        """

    async def used(self, adapter: str, actor: str, location: Location, limits: Sequence[Limit]) -> Sequence[int]:
        """Return what counts against each limit of a person there: in its window, and being made."""


class Maintenance(Protocol):
    """Opening, closing and erasing.

    Use as an async context manager: entering opens, migrates, takes ownership and recovers; leaving closes.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """Erase what is stored of a person; returns the media whose files are to be deleted.

        Their turns and the answers to them, the content of their events and the values that they own are erased; usage
        stays as sums that no longer name them. `workspace`: in this one and its conversations alone, unless there is
        nothing of other places. Safe to repeat.
        """

    async def prune(self, before: datetime, *, audit_before: datetime | None = None) -> Sequence[Media]:
        """Erase events, turns and media older than `before`; returns the media whose files are to be deleted.

        So are expired values, those of conversations without events, names of places that were saved before `before`,
        audit entries older than `audit_before`, and what a process that ended before `erase_forgotten` left.
        """

    async def prune_place(
        self, before: datetime, *, adapter: str, channel: str = "", workspace: str = ""
    ) -> Sequence[Media]:
        """Erase a channel's or a workspace's events like `prune`; returns the media whose files are to be deleted."""

    async def check(self) -> None:
        """Return when the database can be read and written."""


class Store(
    EventQueue,
    WaitingEvents,
    Journal,
    RequestLog,
    ContextStore,
    KeyValues,
    AuditLog,
    UsageLedger,
    UsageReports,
    Processes,
    ScheduleStore,
    PlaceStore,
    Maintenance,
    Protocol,
):
    """The whole interface that an engine implements. Consumers take the protocols that they need."""
