"""The queue of events, which survives a crash: what is claimed, committed and delivered, and by which process."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.limits import QuotaRequest
from bot.models import Answer, Event, Job, Lane, Media, Outcome


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
