"""The seam between the core and a database engine."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from bot.models import (
    Answer,
    ConversationContext,
    Event,
    Job,
    Lane,
    Media,
    Outcome,
    QuotaRequest,
    Turn,
    Usage,
    UsageRow,
)


class Store(Protocol):
    """The durable side. Every method raises `StoreError`.

    Names of scopes, conversations, adapters and actors are opaque text. Use as an async context manager: entering
    opens, migrates, takes ownership and recovers; leaving closes.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    # -- the life of an event

    async def record(self, event: Event, *, lane: Lane, answer: Answer | None = None) -> bool:
        """Write an event; returns once it is durable. False: (adapter, id) is known and nothing was changed.

        With `answer` the event is committed at once and only delivery is left (a refusal, a problem).
        """

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        """Take on a ready event whose lane key is idle; None when there is none.

        `lanes`: the kinds of lane that have a free slot; `adapters`: those that can deliver. Between people the one
        served least recently goes first; within a lane key the order is that of recording. Events with a
        pre-committed answer use `Lane.FREE` whatever they were recorded with. A claimed event is this process's
        until `complete`, `retry` or `release`.
        """

    async def confirm(self, job: Job) -> None:
        """Return when a claimed job is this process's, as far as is known, and what `save_draft` was given is durable.

        To be awaited before each visible write: who shows something must find it again after a crash. Raises
        `OwnershipLost`, or `StoreUnavailable` when nobody can know now.
        """

    async def wait(self) -> None:
        """Return when `claim` may have something that it did not have when it last returned None."""

    async def save_draft(self, job: Job, ref: str) -> None:
        """Keep the reference of the draft opened for this job, and count the attempt.

        May return before it is durable, which takes milliseconds, or until `confirm`: the draft is found by its key.
        """

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        """Write answer, turns and usage in one transaction. False: an earlier try had committed, nothing was changed.

        Turns of the event named by `job.event.replaces` stop counting as history.
        """

    async def add_usage(self, job: Job, usage: Sequence[Usage]) -> None:
        """Count what was used for an event beside its outcome; it need not be this process's any more."""

    async def complete(self, job: Job) -> None:
        """The answer is visible: nothing is left to do. May return before it is durable; order is kept."""

    async def retry(self, job: Job, at: datetime) -> None:
        """Give the job back, not to be claimed before `at`. Its lane key stays blocked until then."""

    async def release(self, job: Job) -> None:
        """Give the job back as if it had not been claimed: a draft that was opened meanwhile does not count."""

    async def cancel_waiting(self, adapter: str, conversation: str, *, before: int, answer: Answer) -> int:
        """Commit `answer` for the unclaimed events of a conversation recorded before `before`; returns how many."""

    async def request_cancel(
        self,
        adapter: str,
        *,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        patience: float = 0.0,
    ) -> int:
        """Ask the other processes to stop what they are answering; returns how many events they were asked to stop.

        That are the unanswered ones they have claimed, of this id or conversation, recorded before `before`. Waits up
        to `patience` seconds until they have them no more. A store of one process has no others.
        """

    def cancel_requests(self) -> Collection[int]:
        """Sequence numbers of what this process was asked to stop by others since this was last called."""

    async def reopen(self, event: Event, *, answer: Answer | None = None) -> bool:
        """Put a completed event back to be worked on, in the draft it has; its turns stop counting as history.

        With `answer` only that is to be shown from now on, in place of the answer it had; without, the event has this
        prompt, these options and attachments now and is to be answered again, attempts counted anew. An unclaimed
        event just gets the new content or answer. False: the event is not known or is claimed; nothing was changed.
        """

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        """An event's turns stop counting as history, also those that it has yet to leave; False: not known.

        An unclaimed event is completed without an answer. Safe to repeat.
        """

    async def add_feedback(self, adapter: str, event_id: str, actor: str, *, is_good: bool) -> None:
        """Keep what a person thinks of an answer; a later opinion of theirs replaces it. Unknown events are ignored."""

    # -- looking back

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """Ids of those who asked here, as far back as the last `stop` command."""

    async def recent_media(self, adapter: str, actor: str, *, limit: int) -> Sequence[tuple[str, Media]]:
        """The newest files made for a person, newest first, each with the id of its event."""

    async def job(self, adapter: str, event_id: str) -> Job | None:
        """An event with its committed answer, whatever its state."""

    async def last_job(self, adapter: str, conversation: str, *, commands: Collection[str]) -> Job | None:
        """The newest event of these commands in a conversation."""

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        """The summary and the newest `limit` turns since the last reset. `exclude_event`: leave this event's turns out.

        So are those of the events that were asked again in its place.
        """

    async def save_summary(self, adapter: str, conversation: str, summary: str, *, through_seq: int) -> None:
        """Replace the turns up to sequence number `through_seq` by `summary`; an older one is ignored."""

    async def reset(self, job: Job) -> int:
        """Start a new context after this event; returns how many turns were left behind. Safe to repeat."""

    def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        """Every turn of a conversation, resets included, oldest first; an assistant turn comes with its media."""

    # -- settings and usage

    async def settings(self, scope: str) -> Mapping[str, str]:
        """What is set for a scope, such as a channel."""

    async def put_setting(self, scope: str, name: str, value: str | None) -> None:
        """Set, or with None clear, one value of a scope."""

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        """Usage by day, kind and model, newest day first. `within`: what the ids of the channels begin with."""

    async def feedback_totals(self, *, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        """How many people thought answers of a channel good, and how many bad."""

    # -- housekeeping

    async def forget(self, adapter: str, actor: str) -> Sequence[Media]:
        """Erase what is stored of a person; returns the media whose files are to be deleted.

        Their turns and the answers to them, their finished events' content and their settings go; usage stays
        as sums that no longer name them. Safe to repeat.
        """

    async def prune(self, before: datetime) -> Sequence[Media]:
        """Erase events, turns and media older than `before`; returns the media whose files are to be deleted."""

    async def counts(self) -> Mapping[str, float]:
        """Gauges: `waiting`, `running` (events) and `oldest` (seconds that the oldest waiting one has waited)."""

    async def check(self) -> None:
        """Return when the database can be read and written."""


@runtime_checkable
class SharedStore(Store, Protocol):
    """A store that several processes use at once: it counts what is limited, over all of them and across restarts."""

    async def record_within(
        self, event: Event, *, lane: Lane, demand: QuotaRequest, answer: Answer | None = None
    ) -> bool:
        """`record`, when the demand is within its limits: it is counted in the same step.

        Raises `OverLimit`. A known event is counted no second time. The files and money that it may use count until it
        is answered, from then on what it did use.
        """

    async def admit(self, event: Event, demand: QuotaRequest) -> None:
        """Count one request more for a known event, which is to be reopened. Raises `OverLimit`."""

    async def media_today(self, adapter: str, actor: str) -> int:
        """Files made today (UTC) and being made for a person."""
