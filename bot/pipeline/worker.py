"""The worker: claims events, and for each opens a draft, runs the command, commits, delivers and completes."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from aimodels.errors import ApiError
from bot.composites.composites import Composites
from bot.concurrency.shared_timer import SharedTimer
from bot.conversation.summarizer import Summarizer
from bot.errors import BotError, DeliveryError, OwnershipLost, Paused, StoreError, StoreUnavailable
from bot.i18n import translate
from bot.inbox.undelivered import UndeliveredAnswers
from bot.models import Answer, Job, Lane, Outcome
from bot.pipeline.answer_log import begin_request, end_request
from bot.pipeline.cancellation import Canceller
from bot.pipeline.commit import commit, complete
from bot.pipeline.delivery import Progress, deliver, fit_answer
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.draft_guard import open_draft
from bot.pipeline.error_messages import failure_outcome
from bot.pipeline.jobs import EarlierTry, OutcomeBuilder, RunningJob
from bot.pipeline.redelivery import Redelivery
from bot.pipeline.retries import Failure, Retries, Retry, remove_failure
from bot.pipeline.timing import PipelineTiming
from bot.ports import Draft, EventQueue, Journal, Sender, UsageLedger
from bot.settings.core import Settings
from bot.telemetry.metrics import Metrics
from bot.telemetry.tracing import Tracing
from bot.waiting.line import WaitingLine

log = structlog.get_logger(__name__)

#: Concurrent events of the lane `FREE`; chosen: they end at once, as hardly any waits for the API.
FREE_SLOTS = 32


class Worker:
    """Answers recorded events: `run` works until cancelled; `drain` waits for the end of the work, `stop` ends it."""

    def __init__(
        self,
        *,
        queue: EventQueue,
        journal: Journal,
        ledger: UsageLedger,
        undelivered: UndeliveredAnswers,
        dispatcher: Dispatcher,
        adapters: Mapping[str, Sender],
        composites: Composites,
        line: WaitingLine,
        redelivery: Redelivery,
        metrics: Metrics,
        settings: Settings,
        timing: PipelineTiming | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._timing = timing or PipelineTiming()
        self._timer = SharedTimer()
        self._progress_on = partial(Progress, timing=self._timing, timer=self._timer)
        self._queue = queue
        self._journal = journal
        self._undelivered = undelivered
        self._dispatcher = dispatcher
        self._adapters = adapters
        self.composites = composites
        self._tracing = tracing
        self._metrics, self._settings = metrics, settings
        slots = {Lane.CONVERSATION: settings.bot_chat_concurrency, Lane.OWN: settings.bot_media_concurrency}
        self._slots = Counter({**slots, Lane.FREE: FREE_SLOTS})
        self._running: set[RunningJob] = set()
        self._postponed: dict[int, EarlierTry] = {}  #: events returned for another try, by sequence number
        self._summarizer = Summarizer(ledger, dispatcher.summary_calls, dispatcher.quotas.prices, metrics)
        self._retries = Retries(settings, self._timing)
        self.line, self.redelivery = line, redelivery
        self.canceller = Canceller(queue, journal, dispatcher, self._running, self._timing)
        self._idle = asyncio.Event()

    # -- the loop

    async def run(self) -> None:
        """Claim events and process each in a task of its own.

        Waits while the database is locked or full. Raises another `StoreError`, such as for a damaged database.
        """
        pause = self._timing.shortest_pause
        while True:
            free = {lane: slots for lane, slots in self._slots.items() if slots > 0}
            try:
                jobs = await self._queue.claim_some(free, self._adapters.keys())
                self.canceller.apply_requests()
                for job in jobs:
                    self._start(job)
                if not jobs and await self._is_idle():
                    self._idle.set()
                if not jobs or not self._queue.may_have_more:
                    await self._queue.wait()
                    self._idle.clear()
                    await asyncio.sleep(0)  # what was recorded is acknowledged before work on it begins
            except StoreUnavailable as exc:
                log.error("events wait", reason=str(exc), seconds=pause)  # noqa: TRY400 - a traceback adds nothing
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._timing.longest_pause)
                continue
            pause = self._timing.shortest_pause

    async def _is_idle(self) -> bool:
        if self._postponed and (counts := await self._queue.counts()) and not counts["waiting"] + counts["running"]:
            self._postponed.clear()  # they have been erased meanwhile
        return not self._running and not self._postponed

    def _start(self, job: Job) -> None:
        self._idle.clear()
        earlier = self._postponed.pop(job.seq, EarlierTry())
        running = RunningJob(job, self._lane_of(job), draft=earlier.draft_of(job), is_undecided=job.answer is None)
        running.failures, running.usage, running.waited = earlier.failures, earlier.usage, self.line.take(job)
        self._slots[running.lane] -= 1
        self._running.add(running)
        running.task = asyncio.create_task(self._process(running), name=f"event {job.event.id}")

    def _lane_of(self, job: Job) -> Lane:
        command = self._dispatcher.registry.find(job.event.command)
        return Lane.FREE if job.answer is not None or command is None else command.spec.lane

    def _free_slot(self, running: RunningJob) -> None:
        """Free the job's slot. Call before the store operation that wakes the loop up from `Store.wait`."""
        if running in self._running:
            self._running.remove(running)
            self._slots[running.lane] += 1

    async def drain(self) -> None:
        """Wait until no event runs, waits or is to be tried again."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Wait for running answers up to the shutdown timeout; release the rest for the next start."""
        tasks = {running.task for running in self._running if running.task is not None}
        if tasks or self._summarizer.tasks:
            log.info("finishing", answers=len(tasks))
            await asyncio.wait(tasks | self._summarizer.tasks, timeout=self._settings.bot_shutdown_timeout)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._summarizer.stop()
        await self.redelivery.stop()

    # -- one event

    async def _process(self, running: RunningJob) -> None:
        job = running.job
        begin_request(job, self._tracing)
        try:
            await self._answer(running)
        except asyncio.CancelledError:
            await self._release(running)
            self._repair(running)
            raise
        except OwnershipLost:
            log.warning("another worker has this event")
            self._repair(running)
            self._free_slot(running)
            with suppress(StoreError):  # in case the store still assigns it to this process
                await self._queue.release(job)
        except StoreError as exc:
            log.error("store failed", reason=str(exc))  # noqa: TRY400 - a traceback adds nothing
            self._repair(running)
            await asyncio.sleep(min(self._timing.backoff(job.attempt), self._timing.store_pause))
            with suppress(StoreError):
                await self._retry_later(running, Retry(0))
        except DeliveryError as exc:
            await self._postpone_delivery(running, exc)
        except Exception as exc:  # an adapter's bug must not leak the lane and the slot
            log.exception("answering crashed")
            await self._postpone_delivery(running, exc)

    def _repair(self, running: RunningJob) -> None:
        """Have the answer of another process shown again, if this one may have hidden it."""
        if running.draft is not None and running.draft.may_have_hidden:
            self.redelivery.start(running.job.event.adapter, running.job.event.id)

    async def _answer(self, running: RunningJob) -> None:
        job = running.job
        if job.answer is None:
            running.effective = await self._dispatcher.scoped.for_event(job.event)
            if seconds := await self._dispatcher.gathering.seconds_to_wait(job.event, running.effective):
                await self._retry_later(running, Retry(seconds, is_counted=False))
                return
        adapter = self.composites.sender_of(job.event)
        confirm, private = partial(self._queue.confirm, job), self._dispatcher.is_private(job)
        doubt = partial(self.redelivery.start, job.event.adapter, job.event.id, confirm=confirm)
        draft = await open_draft(
            adapter, job, confirm, doubt, private=private, ref=running.known_ref, timing=self._timing, timer=self._timer
        )
        running.draft, running.waited = draft, None
        if job.ref is None:
            self._metrics.first_sign(job.event)
        await self._queue.save_draft(job, draft.ref)
        running.ref = draft.ref
        answer, builder = job.answer, OutcomeBuilder()
        if answer is None:
            answer = await self._generate(running, draft, adapter, builder)
            if answer is None:
                return
            if not answer.ending:
                self.line.durations.add(job.event.command, time.monotonic() - running.begun_at)
        await deliver(draft, answer, self._dispatcher.spool, actor=job.event.actor)
        await remove_failure(self._journal, job, answer)
        end_request(self._metrics, running, answer, is_shown=True)
        self._free_slot(running)
        await complete(self._queue, self._dispatcher.spool, job, answer, ref=running.new_ref)
        if builder.conversation is not None and builder.conversation.needs_summary:
            self._summarizer.start(job, builder.conversation)

    async def _generate(
        self, running: RunningJob, draft: Draft, adapter: Sender, builder: OutcomeBuilder
    ) -> Answer | None:
        """Run the command and commit its outcome; return its answer, or None if it will be tried again later."""
        job = running.job
        if job.attempt > self._settings.bot_max_attempts:  # earlier tries never ended: it may have killed the process
            log.error("given up")
            running.is_undecided = False
            await self._dispatcher.accounting.settle_lost(job)
            return await self._commit(running, failure_outcome(BotError("tried too often"), job, ()))
        if job.event.attachments:  # reading a file may kill the process: count the try first
            await self._queue.confirm(job)
        first = None if job.failing_since is None else self._timing.outage_status
        save = partial(running.save_ref, self._queue)
        async with self._progress_on(
            draft, adapter.capabilities, first_status=first, after_update=save, on_lost=running.lose
        ) as progress:
            outcome = await self._run_command(running, progress, builder)
            if isinstance(outcome, Outcome):
                progress.close()  # commit during the update in flight: until then a crash has the API paid again
                return await self._commit(running, await self._decide(running, adapter, builder, outcome))
        if not running.is_cancelled and await self._try_again(running, draft, outcome, builder):
            return None
        failure = await self._dispatcher.api_failure(outcome, job, builder)
        return await self._commit(running, await self._decide(running, adapter, builder, failure))

    async def _decide(self, running: RunningJob, adapter: Sender, builder: OutcomeBuilder, outcome: Outcome) -> Outcome:
        """Return the final outcome: `outcome`, or what a cancelled command got to; its files fit the platform."""
        job = running.job
        running.is_undecided = False
        if running.is_cancelled:
            outcome = builder.build(job, private=False, note=translate("status.stopped", job.event.actor.locale))
            usage = (*outcome.usage, *await self._dispatcher.accounting.estimate_usage(job, builder))
            self._dispatcher.accounting.end_api_job(builder)
            outcome = replace(outcome, usage=usage, answer=replace(outcome.answer, ending="cancelled"))
        if running.is_retracted:
            outcome = Outcome(answer=Answer(ending="cancelled"), usage=outcome.usage)
        limit = adapter.capabilities.max_upload
        answer = await fit_answer(outcome.answer, limit, self._dispatcher.spool, actor=job.event.actor)
        outcome = outcome if answer is outcome.answer else replace(outcome, answer=answer)
        return await self._dispatcher.accounting.end_call(outcome, job, builder)

    async def _run_command(self, running: RunningJob, progress: Progress, builder: OutcomeBuilder) -> Outcome | Failure:
        """Run the command; return its outcome, or an error after which it may succeed later.

        For a cancelled command the outcome is empty; `builder` has the parts so far.
        """
        running.is_generating = not running.is_cancelled
        try:
            if running.is_generating:
                return await self._dispatcher.run(
                    running,
                    builder,
                    progress,
                    describe_wait=partial(self._retries.describe_wait, running.job),
                    controls=self.canceller.controls_of(running),
                )
        except (ApiError, Paused) as exc:
            return exc
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not (running.is_cancelled or running.is_lost) or task is None:
                raise
            task.uncancel()
            if running.is_lost:
                raise OwnershipLost("another process answers it") from None
        finally:
            running.is_generating = False
        return Outcome(answer=Answer())

    async def _commit(self, running: RunningJob, outcome: Outcome) -> Answer:
        job, running.answer, running.usage = running.job, outcome.answer, outcome.usage
        prices, metrics, timing = self._dispatcher.quotas.prices, self._metrics, self._timing
        return await commit(self._queue, self._journal, job, outcome, prices=prices, metrics=metrics, timing=timing)

    # -- retries

    async def _try_again(self, running: RunningJob, draft: Draft, exc: Failure, builder: OutcomeBuilder) -> bool:
        """Schedule another try of a command, and show the person the wait. False: there is none."""
        job = running.job
        retry = self._retries.next_try(job, exc, is_counted=self._dispatcher.accounting.may_be_billed(job, builder))
        if retry is None:
            return False
        self._metrics.retried(job.event)
        log.info("will try again", seconds=round(retry.seconds, 1), error=type(exc).__name__)
        with suppress(DeliveryError):
            await draft.status(retry.status)
        await self._dispatcher.accounting.count_failed_try(exc, job, builder)
        with suppress(StoreError):
            await running.save_ref(self._queue)
        if running.is_cancelled:
            return False
        await self._retry_later(running, retry)
        if isinstance(exc, Paused) and not await self._dispatcher.is_paused(job):  # it ended meanwhile
            await self._queue.wake()
        return True

    async def _postpone_delivery(self, running: RunningJob, exc: Exception) -> None:
        """Schedule another try of a failed delivery, or give it up."""
        job = running.job
        running.failures += 1
        if running.failures < self._retries.max_deliveries(exc):
            wait = self._retries.delivery_wait(exc, running.failures)
            log.warning("delivery waits", reason=str(exc), seconds=round(wait, 1))
            with suppress(StoreError):
                await running.save_ref(self._queue)
            await self._retry_later(running, Retry(wait))
            return
        log.error("answer not delivered", reason=str(exc))
        answer = running.answer or job.answer or Answer()
        end_request(self._metrics, running, answer, is_shown=False)
        with suppress(StoreError):
            await self._undelivered.add(job.event)
        self._free_slot(running)
        with suppress(StoreError):  # OwnershipLost: another worker completes it
            await complete(self._queue, self._dispatcher.spool, job, answer)

    async def _retry_later(self, running: RunningJob, retry: Retry) -> None:
        draft = None if retry.is_counted else running.draft
        self._postponed[running.job.seq] = EarlierTry(draft, running.failures, running.usage)
        self._free_slot(running)
        since, is_counted = retry.failing_since, retry.is_counted
        await self._queue.retry(running.job, retry.seconds, failing_since=since, is_counted=is_counted)

    async def _release(self, running: RunningJob) -> None:
        self._postponed[running.job.seq] = EarlierTry()
        self._free_slot(running)
        with suppress(StoreError):  # it is on disk: the next start answers it
            await self._queue.release(running.job)
