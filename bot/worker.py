"""Claim → draft → dispatch → commit → deliver → complete, for many events at once."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from bot.conversation import Conversation
from bot.delivery import Progress
from bot.dispatcher import Dispatcher, Gathered, failure
from bot.errors import (
    ApiError,
    DeliveryDelayed,
    DeliveryError,
    OwnershipLost,
    RateLimited,
    StoreError,
    StoreUnavailable,
    UploadTooLarge,
)
from bot.language import say
from bot.metrics import Metrics
from bot.models import Answer, Job, Lane, Outcome, Status
from bot.policy import Policy
from bot.ports import Adapter, Draft, Store
from bot.settings import Settings

log = structlog.get_logger(__name__)

#: Slots for commands that must work while everything else is busy.
FREE_SLOTS = 32
#: Tries to show a committed answer, and the longest pause between two of them.
DELIVERY_ATTEMPTS = 20
LONGEST_PAUSE = 300.0


@dataclass(slots=True, eq=False)
class Running:
    """A job that has been claimed."""

    job: Job
    lane: Lane
    task: asyncio.Task[None] | None = None
    is_generating: bool = False
    is_stopped: bool = False  #: by a person, not by the service


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
        self._running: set[Running] = set()
        self._folding: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._idle = asyncio.Event()

    # -- the loop

    async def run(self) -> None:
        """Take on events as they come, each in a task of its own."""
        while True:
            free = [lane for lane in Lane if self._slots[lane] > 0]
            job = await self._store.claim(free, self._adapters.keys())
            if job is not None:
                self._start(job)
                continue
            if not self._running:
                self._idle.set()
            await self._store.wait()

    def _start(self, job: Job) -> None:
        self._idle.clear()
        running = Running(job, self._lane(job))
        self._slots[running.lane] -= 1
        self._running.add(running)
        running.task = asyncio.create_task(self._process(running), name=f"event {job.event.id}")

    def _lane(self, job: Job) -> Lane:
        command = self._dispatcher.registry.find(job.event.command)
        return Lane.FREE if job.answer is not None or command is None else command.spec.lane

    def _free(self, running: Running) -> None:
        """Give the slot back. Done just before the store is told, whose `wait` then lets the loop see it."""
        if running in self._running:
            self._running.remove(running)
            self._slots[running.lane] += 1

    async def drain(self) -> None:
        """Return when nothing runs and nothing can be claimed."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Let running answers finish within the shutdown time; the rest is given back for the next start."""
        tasks = {running.task for running in self._running if running.task is not None}
        if tasks:
            log.info("finishing", answers=len(tasks))
            await asyncio.wait(tasks, timeout=self._settings.bot_shutdown_timeout)
        left = {*tasks, *self._folding.values()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # -- one event

    async def _process(self, running: Running) -> None:
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
        except DeliveryError as exc:
            await self._postpone_delivery(running, exc)
        except StoreError as exc:
            log.error("store failed", reason=str(exc))  # noqa: TRY400 - the store's sentence says it all
            await asyncio.sleep(_jittered(job.attempt))
            await self._give_back(running)

    async def _answer(self, running: Running) -> None:
        job = running.job
        adapter = self._adapters[job.event.adapter]
        private = job.answer.private if job.answer is not None else self._is_private(job)
        draft = await adapter.draft(job.event.reply_to, key=job.event.id, ref=job.ref, private=private)
        self._metrics.first_sign(job.event)
        await self._store.save_draft(job, draft.ref)
        answer = job.answer
        gathered = Gathered()
        if answer is None:
            outcome = await self._generate(running, draft, adapter, gathered)
            if outcome is None:
                return
            answer = await self._commit(job, outcome)
        await self._deliver(job, draft, answer)
        self._metrics.answered(job.event, answer)
        self._free(running)
        await self._store.complete(job)
        if gathered.conversation is not None and gathered.conversation.overflows:
            self._fold(job, gathered.conversation)

    def _is_private(self, job: Job) -> bool:
        command = self._dispatcher.registry.find(job.event.command)
        return command is None or command.spec.private

    async def _generate(self, running: Running, draft: Draft, adapter: Adapter, gathered: Gathered) -> Outcome | None:
        """Run the command. None: it will be tried again later."""
        job = running.job
        async with Progress(draft, adapter.capabilities) as progress:
            running.is_generating = True
            try:
                outcome = await self._dispatcher.run(
                    job, gathered, progress, stop=lambda: self._stop_conversation(running)
                )
            except ApiError as exc:
                if job.attempt < self._settings.bot_max_attempts:
                    await self._postpone(running, draft, exc)
                    return None
                outcome = failure(exc, job, gathered.usage)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not running.is_stopped or task is None:
                    raise
                task.uncancel()
                outcome = gathered.outcome(job, private=False, note=say("status.stopped", job.event.actor.locale))
            finally:
                running.is_generating = False
        return await self._fitted(outcome, job, adapter.capabilities.max_upload)

    async def _commit(self, job: Job, outcome: Outcome) -> Answer:
        """Commit, waiting out a locked or full database: what was generated has been paid for."""
        pause = 1.0
        while True:
            try:
                is_new = await self._store.commit(job, outcome)
            except StoreUnavailable as exc:
                log.error("commit waits", reason=str(exc), seconds=pause)  # noqa: TRY400
                await asyncio.sleep(pause)
                pause = min(pause * 2, 60.0)
                continue
            if is_new:
                self._policy.spent(job.event, outcome.usage)
                self._metrics.used(outcome.usage)
                return outcome.answer
            committed = await self._store.job(job.event.adapter, job.event.id)
            return committed.answer if committed is not None and committed.answer is not None else outcome.answer

    async def _deliver(self, job: Job, draft: Draft, answer: Answer) -> None:
        try:
            await draft.finish(answer)
        except UploadTooLarge as exc:
            smaller = await self._fitted(Outcome(answer=answer), job, exc.limit)
            await draft.finish(smaller.answer)

    async def _fitted(self, outcome: Outcome, job: Job, limit: int | None) -> Outcome:
        """The outcome with every file at most `limit` bytes, or a link and a sentence where it can't be."""
        answer = outcome.answer
        if limit is None or all(media.size <= limit for media in answer.media):
            return outcome
        fitted = [
            await self._dispatcher.spool.fit(media, limit, locale=job.event.actor.locale) for media in answer.media
        ]
        text = "\n\n".join(part for part in (answer.text, *(note for _, note in fitted)) if part)
        return replace(outcome, answer=replace(answer, text=text, media=tuple(media for media, _ in fitted)))

    # -- when it does not work at once

    async def _postpone(self, running: Running, draft: Draft, exc: ApiError) -> None:
        """Try the whole command again later; the person sees how long that is."""
        job = running.job
        wait = exc.retry_after if isinstance(exc, RateLimited) else _jittered(job.attempt)
        self._metrics.retried(job.event)
        log.info("will try again", seconds=round(wait, 1), error=type(exc).__name__)
        with suppress(DeliveryError):
            await draft.status(Status(say("status.waiting", job.event.actor.locale, seconds=max(1, round(wait)))))
        self._free(running)
        await self._store.retry(job, datetime.now(UTC) + timedelta(seconds=wait))

    async def _postpone_delivery(self, running: Running, exc: DeliveryError) -> None:
        job = running.job
        if isinstance(exc, DeliveryDelayed) and job.attempt < DELIVERY_ATTEMPTS:
            wait = max(exc.retry_after, min(_jittered(job.attempt), LONGEST_PAUSE))
            log.warning("delivery waits", reason=str(exc), seconds=round(wait, 1))
            self._free(running)
            await self._store.retry(job, datetime.now(UTC) + timedelta(seconds=wait))
            return
        log.error("answer not delivered", reason=str(exc))
        self._metrics.undelivered(job.event)
        self._free(running)
        await self._store.complete(job)

    async def _give_back(self, running: Running) -> None:
        self._free(running)
        with suppress(StoreError):  # it is on disk: the next start takes it on again
            await self._store.release(running.job)

    # -- stop

    async def _stop_conversation(self, asking: Running) -> int:
        """Cancel what runs, and answer what waits, in the conversation of a stop command."""
        event = asking.job.event
        stopped = 0
        for running in tuple(self._running):
            here = (running.job.event.adapter, running.job.event.conversation) == (event.adapter, event.conversation)
            if here and running is not asking and running.is_generating and running.task is not None:
                running.is_stopped = True
                running.task.cancel()
                stopped += 1
        answer = Answer(text=say("status.stopped", event.actor.locale), private=True)
        return stopped + await self._store.cancel_waiting(
            event.adapter, event.conversation, before=asking.job.seq, answer=answer
        )

    # -- long conversations

    def _fold(self, job: Job, conversation: Conversation) -> None:
        """Fold turns that fell out of the window into the summary, beside the lane: nobody waits for it."""
        key = (job.event.adapter, job.event.conversation)
        if key not in self._folding:
            task = asyncio.create_task(self._fold_now(job, conversation))
            self._folding[key] = task
            task.add_done_callback(lambda _: self._folding.pop(key, None))

    async def _fold_now(self, job: Job, conversation: Conversation) -> None:
        try:
            usage = await conversation.fold(self._dispatcher.api)
            if usage is not None:
                await self._store.add_usage(job, (usage,))
                self._metrics.used((usage,))
        except (ApiError, StoreError) as exc:  # the turns stay: the next answer tries again
            log.warning("not summarised", error=type(exc).__name__, reason=str(exc))


def _jittered(attempt: int) -> float:
    """Seconds to wait before the next try: 2, 4, 8, … with full jitter, at least one and at most five minutes."""
    return max(1.0, random.uniform(0, min(2.0**attempt, LONGEST_PAUSE)))  # noqa: S311 - not a secret
