"""State of a job while the worker runs it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.calls.api_job import ApiJob
from bot.calls.call_entry import CallEntries
from bot.conversation.context import Conversation
from bot.drawable import Plan
from bot.models import (
    Action,
    Actions,
    Answer,
    CommandSpec,
    Job,
    Lane,
    Media,
    Outcome,
    Part,
    Status,
    Text,
    Turn,
    TurnRecord,
    Usage,
)
from bot.pipeline.delivery import Progress
from bot.pipeline.draft_guard import FencedDraft
from bot.policy import ExpectedCall, Quotas
from bot.ports import Draft, EventQueue, UsageLedger
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import BUTTONS, SPOILER
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class EarlierTry:
    """The state that the next try of an event takes over from the last one."""

    draft: FencedDraft | None = None  #: in an outage: it knows what it shows
    failures: int = 0
    usage: Sequence[Usage] = ()

    def draft_of(self, job: Job) -> FencedDraft | None:
        """Return the draft, unless another process has shown something meanwhile."""
        return self.draft if self.draft is not None and self.draft.ref == job.ref else None


@dataclass(slots=True, eq=False)
class RunningJob:
    """A claimed job."""

    job: Job
    lane: Lane
    task: asyncio.Task[None] | None = None
    draft: FencedDraft | None = None  #: of an earlier try, until it is opened again
    effective: EffectiveSettings = field(init=False)  #: as this try has found them; unset where it has an answer
    waited: Draft | None = None  #: the draft that showed its place in the queue, until it is opened
    begun_at: float = field(default_factory=time.monotonic)  #: seconds
    ref: str = ""  #: reference of the draft, as stored
    is_undecided: bool = True  #: its answer is not final yet: it can be cancelled
    is_generating: bool = False  #: its task runs the command: to cancel the job, cancel the task
    is_cancelled: bool = False  #: by a person; a shutdown of the service does not set it
    is_lost: bool = False  #: to another process
    is_retracted: bool = False  #: cancelled because its question was deleted: nothing of it is shown
    answer: Answer | None = None  #: as committed in this try
    usage: Sequence[Usage] = ()  #: as committed, in this try or before a delivery that failed
    failures: int = 0  #: deliveries that failed

    @property
    def new_ref(self) -> str | None:
        """The draft's reference if it is not the stored one: a draft may grow to several messages."""
        draft = self.draft
        return draft.ref if draft is not None and draft.ref != self.ref else None

    @property
    def known_ref(self) -> str | None:
        """The stored `ref` of an earlier try's draft; None also for a draft that this process has just shown."""
        is_own = self.waited is not None and self.job.attempt == 1 and not self.job.ref
        return None if is_own else self.job.ref

    @property
    def progress(self) -> float | None:
        """The part that is made, 0 to 1; None: not known."""
        status = None if self.draft is None else self.draft.activity
        return None if status is None else status.progress

    async def save_ref(self, queue: EventQueue) -> None:
        """Store the draft's reference if it has changed."""
        ref = self.new_ref
        if ref is not None:
            self.ref = ref
            await queue.save_draft(self.job, ref)

    def lose(self) -> None:
        """End the answer, which another process gives."""
        self.is_lost = True
        if self.is_generating and self.task is not None:
            self.task.cancel()

    def cancel(self, *, retract: bool = False) -> bool:
        """End the answer with the text generated so far, or without any; return False if it is final already."""
        if self.is_undecided:
            is_first, self.is_cancelled = not self.is_cancelled, True
            self.is_retracted = self.is_retracted or retract
            if is_first and self.is_generating and self.task is not None:
                self.task.cancel()
        return self.is_undecided


#: Most buttons under an answer, by the value of the setting.
_BUTTONS = {"all": None, "few": 2, "none": 0}


@dataclass(slots=True)
class OutcomeBuilder:
    """Collects the parts that a command yields."""

    text: str = ""
    media: list[Media] = field(default_factory=list)
    plan: Plan | None = None
    actions: tuple[Action, ...] = ()
    usage: list[Usage] = field(default_factory=list)
    turn_record: TurnRecord | None = None
    conversation: Conversation | None = None  #: used by the command
    price: Callable[[Usage], Usage] = lambda usage: usage  #: sets its cost
    is_posted: bool = False  #: a request was posted to the API, which has not said yet what it used
    has_lost: bool = False  #: another model was asked after one that may be billed; what that one used is counted
    api_job: ApiJob | None = None  #: the API's job behind the command
    entries: CallEntries | None = None  #: of the ledger

    @property
    def has_api_job(self) -> bool:
        """Whether the API makes the answer in a job, which a later try can wait for."""
        return self.api_job is not None and bool(self.api_job.name)

    @property
    def has_called(self) -> bool:
        """Whether something was asked of the API in this try, or is about to be."""
        is_open = self.entries is not None and self.entries.is_open
        return bool(self.usage) or self.is_posted or self.has_lost or is_open

    def add(self, part: Part, progress: Progress) -> None:
        """Add a part, and show text and status as progress. Raises `TypeError` for what is none."""
        match part:
            case Text(delta):
                self.text += delta
                progress.write(self.text)
            case Status():
                progress.status(part)
            case Media():
                self.media.append(part)
            case Plan():
                self.plan = part
            case Actions(actions):
                self.actions = actions
            case Usage():
                self.usage.append(self.price(part))
                self.is_posted, self.api_job = False, None
            case TurnRecord():
                self.turn_record = part
            case _:
                raise TypeError(f"a command has yielded a {type(part).__name__}, which is no part of an answer")

    def note_post(self, is_pending: bool) -> None:
        """Note that a request was posted to the API, or that it has said what that used."""
        self.is_posted = is_pending
        if self.entries is not None:
            self.entries.posted(is_pending)

    async def expect(self, usage: Usage, quotas: Quotas) -> None:
        """Let the next call be reserved as one that uses so much of a model of its own. Raises `StoreError`."""
        if self.entries is not None and self.entries.expected is not None and self.api_job is not None:
            price = (await quotas.prices.current()).cost_of(usage)
            self.entries.expected = {**self.entries.expected, usage.model: ExpectedCall(usage, price)}
            self.api_job.model = usage.model

    async def count(self, usage: Usage, job: Job, ledger: UsageLedger) -> None:
        """Count what a call has used after which the event makes another. Raises `StoreError`."""
        is_reserved = self.entries is None or self.entries.unreserved is None
        await ledger.add_usage(job, (self.price(usage),), is_reserved=is_reserved)
        self.is_posted = False
        if self.entries is not None:
            self.entries.is_open = False

    async def apply(self, effective: EffectiveSettings, spec: CommandSpec) -> None:
        """Apply the settings on how answers look. Raises `StoreError`."""
        if spec.kind is not None and not spec.has_own_buttons:
            self.actions = self.actions[: _BUTTONS[effective.get(BUTTONS)]]
        if self.media and effective.is_on(SPOILER):
            self.media = [replace(media, is_spoiler=True) for media in self.media]

    def build(self, job: Job, *, private: bool, note: str = "") -> Outcome:
        """Build the outcome; `note` is added to the answer's text but not to the stored turns."""
        text = "\n\n".join(part for part in (self.text, note) if part)
        plan = self.plan
        if plan is not None and note:
            plan = replace(plan, note="\n\n".join(part for part in (plan.note, note) if part))
        answer = Answer(text=text, plan=plan, media=tuple(self.media), actions=self.actions, private=private)
        return Outcome(answer=answer, turns=self._turns(job), usage=tuple(self.usage))

    def _turns(self, job: Job) -> tuple[Turn, ...]:
        if self.turn_record is None or job.event.part_of:
            return ()
        reply = self.text if self.turn_record.assistant is None else self.turn_record.assistant
        if not reply:
            return ()
        event = job.event
        prior = self.conversation.prior_turns if self.conversation is not None else ()
        said = self.turn_record.user
        actor, at = event.actor, event.written_at
        question = Turn(role="user", content=said, speaker=actor.name, actor=actor.id, event=event.id, written_at=at)
        answer = Turn(role="assistant", content=reply, actor=actor.id, event=event.id, written_at=at)
        return (*prior, question, answer)
