"""Claim → draft → dispatch → commit → deliver → complete, for many events at once."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from aimodels.errors import ApiError, RateLimited
from bot.conversation.summarizer import Summarizer
from bot.errors import BotError, DeliveryDelayed, DeliveryError, OwnershipLost, StoreError, StoreUnavailable
from bot.i18n import translate
from bot.models import Answer, Job, Lane, Outcome, Status
from bot.ops.metrics import Metrics
from bot.pipeline.cancellation import Canceller
from bot.pipeline.delivery import Progress, deliver, fitted
from bot.pipeline.dispatcher import Dispatcher, Gathered, failure
from bot.pipeline.draft_guard import open_draft
from bot.pipeline.inbox import undelivered_scope
from bot.pipeline.jobs import RunningJob
from bot.policy import Policy
from bot.ports import Adapter, Draft, Store
from bot.settings.core import Settings

log = structlog.get_logger(__name__)

#: Slots for commands that must work while everything else is busy.
FREE_SLOTS = 32
#: Tries to show an answer on a platform that says "later".
DELIVERY_ATTEMPTS = 20
#: Seconds between two tries of anything.
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


class Worker:
    """Answers recorded events. `run` until cancelled; `drain` and `stop` end it gracefully."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        adapters: Mapping[str, Adapter],
        policy: Policy,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._adapters = adapters
        self._policy = policy
        self._metrics = metrics
        self._settings = settings
        self._slots = Counter(
            {
                Lane.CONVERSATION: settings.bot_chat_concurrency,
                Lane.OWN: settings.bot_media_concurrency,
                Lane.FREE: FREE_SLOTS,
            }
        )
        self._running: set[RunningJob] = set()
        self._postponed: set[int] = set()  #: sequence numbers of what was given back to be tried again
        self._failures: Counter[int] = Counter()  #: by sequence number, of what could not be delivered yet
        self._summarizer = Summarizer(store, dispatcher.api, policy, metrics)
        self._canceller = Canceller(store, self._running)
        self._idle = asyncio.Event()

    # -- the loop

    async def run(self) -> None:
        """Take on events as they come, each in a task of its own.

        Raises `StoreError` when the database is damaged; one that is only locked or full is waited out.
        """
        pause = SHORTEST_PAUSE
        while True:
            free = [lane for lane in Lane if self._slots[lane] > 0]
            try:
                job = await self._store.claim(free, self._adapters.keys())
                self._canceller.obey()
                if job is None:
                    if await self._is_done():
                        self._idle.set()
                    await self._store.wait()
                    self._idle.clear()
            except StoreUnavailable as exc:
                log.error("events wait", reason=str(exc), seconds=pause)  # noqa: TRY400 - the sentence says it all
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = SHORTEST_PAUSE
            if job is not None:
                self._start(job)

    async def _is_done(self) -> bool:
        if self._postponed and not (await self._store.counts())["waiting"]:
            self._postponed.clear()  # what was to be tried again has been erased
        return not self._running and not self._postponed

    def _start(self, job: Job) -> None:
        self._idle.clear()
        self._postponed.discard(job.seq)
        running = RunningJob(job, self._lane(job), is_undecided=job.answer is None)
        self._slots[running.lane] -= 1
        self._running.add(running)
        running.task = asyncio.create_task(self._process(running), name=f"event {job.event.id}")

    def _lane(self, job: Job) -> Lane:
        command = self._dispatcher.registry.find(job.event.command)
        return Lane.FREE if job.answer is not None or command is None else command.spec.lane

    def _free(self, running: RunningJob) -> None:
        """Give the slot back. Done just before the store is told, whose `wait` then lets the loop see it."""
        if running in self._running:
            self._running.remove(running)
            self._slots[running.lane] += 1

    async def drain(self) -> None:
        """Return when nothing runs, nothing can be claimed and nothing is to be tried again."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Let running answers finish within the shutdown time; the rest is given back for the next start."""
        tasks = {running.task for running in self._running if running.task is not None}
        if tasks or self._summarizer.tasks:
            log.info("finishing", answers=len(tasks))
            await asyncio.wait(tasks | self._summarizer.tasks, timeout=self._settings.bot_shutdown_timeout)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._summarizer.stop()

    # -- one event

    async def _process(self, running: RunningJob) -> None:
        job = running.job
        structlog.contextvars.bind_contextvars(
            event_id=job.event.id, adapter=job.event.adapter, command=job.event.command, attempt=job.attempt
        )
        try:
            await self._answer(running)
        except asyncio.CancelledError:
            await self._give_back(running)
            raise
        except OwnershipLost:
            log.warning("another worker has this event")
            self._free(running)
            with suppress(StoreError):  # should the store think that it is still here
                await self._store.release(job)
        except StoreError as exc:
            log.error("store failed", reason=str(exc))  # noqa: TRY400 - the store's sentence says it all
            await asyncio.sleep(_jittered(job.attempt))
            with suppress(StoreError):
                await self._later(running, 0)
        except DeliveryError as exc:
            await self._postpone_delivery(running, exc)
        except Exception as exc:  # whatever a platform's side does wrong, its lane and slot must not be lost
            log.exception("answering crashed")
            await self._postpone_delivery(running, exc)

    async def _answer(self, running: RunningJob) -> None:
        job = running.job
        adapter = self._adapters[job.event.adapter]
        private = job.answer.private if job.answer is not None else self._is_private(job)
        draft = await open_draft(adapter, job, private=private, confirm=lambda: self._store.confirm(job))
        running.draft = draft
        if job.ref is None:
            self._metrics.first_sign(job.event)
        await self._store.save_draft(job, draft.ref)
        running.ref = draft.ref
        answer = job.answer
        gathered = Gathered()
        if answer is None:
            outcome = await self._generate(running, draft, adapter, gathered)
            if outcome is None:
                return
            answer = await self._commit(job, outcome)
        else:  # stopped while it waited: what was reserved for it is free again
            self._policy.spent(job.event, ())
        await deliver(draft, answer, self._dispatcher.spool, locale=job.event.actor.locale)
        await running.keep_ref(self._store)
        self._metrics.answered(job.event, answer)
        self._failures.pop(job.seq, None)
        self._free(running)
        await self._store.complete(job)
        if gathered.conversation is not None and gathered.conversation.needs_summary:
            self._summarizer.start(job, gathered.conversation)

    def _is_private(self, job: Job) -> bool:
        command = self._dispatcher.registry.find(job.event.command)
        return command is None or command.spec.private

    async def _generate(
        self, running: RunningJob, draft: Draft, adapter: Adapter, gathered: Gathered
    ) -> Outcome | None:
        """Run the command. None: it will be tried again later."""
        job = running.job
        if job.attempt > self._settings.bot_max_attempts:  # no try came to its end: the process may have died of it
            log.error("given up")
            running.is_undecided = False
            return failure(BotError("tried too often"), job, ())
        if job.event.attachments:  # a file may be the end of the process that reads it: the try counts before
            await self._store.confirm(job)
        outcome = await self._run_command(running, draft, adapter, gathered)
        if isinstance(outcome, ApiError):
            if job.attempt < self._settings.bot_max_attempts and not running.is_stopped:
                wait = await self._announce_wait(job, draft, outcome)
                if not running.is_stopped:
                    await self._later(running, wait)
                    return None
            outcome = failure(outcome, job, gathered.usage)
        running.is_undecided = False
        if running.is_stopped:
            outcome = gathered.outcome(job, private=False, note=translate("status.stopped", job.event.actor.locale))
        limit = adapter.capabilities.max_upload
        answer = await fitted(outcome.answer, limit, self._dispatcher.spool, locale=job.event.actor.locale)
        return replace(outcome, answer=answer)

    async def _run_command(
        self, running: RunningJob, draft: Draft, adapter: Adapter, gathered: Gathered
    ) -> Outcome | ApiError:
        """What came of the command, or why it may succeed later. Of a stopped one, see what was gathered."""
        job = running.job
        async with Progress(draft, adapter.capabilities, shown=lambda: running.keep_ref(self._store)) as progress:
            running.is_generating = not running.is_stopped
            try:
                if running.is_generating:
                    return await self._dispatcher.run(
                        job, gathered, progress, stop=lambda: self._canceller.conversation(running), cancel=self.cancel
                    )
            except ApiError as exc:
                return exc
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not running.is_stopped or task is None:
                    raise
                task.uncancel()
            finally:
                running.is_generating = False
        return Outcome(answer=Answer())

    async def _commit(self, job: Job, outcome: Outcome) -> Answer:
        """Commit, waiting out a locked or full database: what was generated has been paid for."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                is_new = await self._store.commit(job, outcome)
            except StoreUnavailable as exc:
                log.error("commit waits", reason=str(exc), seconds=pause)  # noqa: TRY400
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if is_new:
                self._policy.spent(job.event, outcome.usage)
                self._metrics.used(outcome.usage)
                return outcome.answer
            committed = await self._store.job(job.event.adapter, job.event.id)
            return committed.answer if committed is not None and committed.answer is not None else outcome.answer

    # -- when it does not work at once

    async def _announce_wait(self, job: Job, draft: Draft, exc: ApiError) -> float:
        """Seconds until the whole command is tried again; the person sees how long that is."""
        wait = exc.retry_after if isinstance(exc, RateLimited) else _jittered(job.attempt)
        self._metrics.retried(job.event)
        log.info("will try again", seconds=round(wait, 1), error=type(exc).__name__)
        with suppress(DeliveryError):
            await draft.status(Status(translate("status.waiting", job.event.actor.locale, seconds=max(1, round(wait)))))
        return wait

    async def _postpone_delivery(self, running: RunningJob, exc: Exception) -> None:
        """Try again later what its platform failed, or give it up."""
        job = running.job
        self._failures[job.seq] += 1
        tries = 0  # DeliveryRefused
        if isinstance(exc, DeliveryDelayed):
            tries = DELIVERY_ATTEMPTS
        elif not isinstance(exc, DeliveryError):  # one more than the tries after which there is an apology to show
            tries = self._settings.bot_max_attempts + 1
        if self._failures[job.seq] < tries:
            wait = _jittered(self._failures[job.seq])
            if isinstance(exc, DeliveryDelayed):
                wait = max(wait, exc.retry_after)
            log.warning("delivery waits", reason=str(exc), seconds=round(wait, 1))
            with suppress(StoreError):
                await running.keep_ref(self._store)
            await self._later(running, wait)
            return
        log.error("answer not delivered", reason=str(exc))
        self._metrics.undelivered(job.event)
        self._failures.pop(job.seq)
        with suppress(StoreError):
            await self._store.put_setting(undelivered_scope(job.event.adapter, job.event.id), "answer", "kept")
        self._free(running)
        with suppress(StoreError):  # OwnershipLost: somebody else's to complete
            await self._store.complete(job)

    async def _later(self, running: RunningJob, seconds: float) -> None:
        self._postponed.add(running.job.seq)
        self._free(running)
        await self._store.retry(running.job, datetime.now(UTC) + timedelta(seconds=seconds))

    async def _give_back(self, running: RunningJob) -> None:
        self._postponed.add(running.job.seq)
        self._free(running)
        with suppress(StoreError):  # it is on disk: the next start takes it on again
            await self._store.release(running.job)

    # -- stop

    async def cancel(self, adapter: str, event_id: str) -> bool:
        """See `Canceller.event`."""
        return await self._canceller.event(adapter, event_id)


def _jittered(attempt: int) -> float:
    """Seconds to wait before the next try: 2, 4, 8, … with full jitter, at least one and at most five minutes."""
    return max(SHORTEST_PAUSE, random.uniform(0, min(2.0**attempt, LONGEST_PAUSE)))  # noqa: S311 - not a secret
