"""Summarizes older turns of conversations in the background."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from aimodels.errors import ApiError, DeadlineExceeded
from bot.calls.call_entry import CallEntries
from bot.calls.model_calls import ModelCalls
from bot.conversation.context import Conversation
from bot.errors import BotError
from bot.models import Job, Usage
from bot.ports import UsageLedger
from bot.scoped_settings.effective import EffectiveSettings
from bot.spending.prices import PriceBook
from bot.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


class Summarizer:
    """Runs at most one summary of a conversation at a time."""

    def __init__(
        self,
        ledger: UsageLedger,
        make_calls: Callable[[Job, EffectiveSettings], Awaitable[tuple[ModelCalls, CallEntries]]],
        prices: PriceBook,
        metrics: Metrics,
    ) -> None:
        """`make_calls`: of the API for a job's summary, with their entries in the ledger of calls."""
        self._ledger = ledger
        self._make_calls = make_calls
        self._prices = prices
        self._metrics = metrics
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def start(self, job: Job, conversation: Conversation) -> None:
        """Start to summarize the conversation of a job, which is charged for it, unless a summary is running."""
        key = (job.event.adapter, job.event.conversation)
        if key not in self._tasks:
            task = asyncio.create_task(self._summarize(job, conversation), name=f"summary after {job.event.id}")
            self._tasks[key] = task
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The running summaries."""
        return set(self._tasks.values())

    async def stop(self) -> None:
        """Cancel the running summaries; the turns stay for a later one. A cancelled request is counted as usage."""
        tasks = self.tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _summarize(self, job: Job, conversation: Conversation) -> None:
        try:
            usage = await self._request_summary(job, conversation)
            if usage is not None:
                usage = self._prices.pricing(job.event)(usage)
                await self._ledger.add_usage(job, (usage,))
                self._metrics.used((usage,))
        except (ApiError, BotError) as exc:
            log.warning("conversation not summarized", error=type(exc).__name__, reason=str(exc))

    async def _request_summary(self, job: Job, conversation: Conversation) -> Usage | None:
        """Summarize; return the usage. A cancelled request counts as one request of unknown size."""
        calls, entries = await self._make_calls(job, conversation.effective)
        try:
            return await conversation.summarize(calls)
        except asyncio.CancelledError:
            return Usage(kind="chat", model=calls.answered_by or conversation.effective.model("chat"))
        except ApiError as exc:
            if not isinstance(exc, DeadlineExceeded):
                await entries.give_back()
                raise
            log.warning("conversation not summarized", error=type(exc).__name__, reason=str(exc))
            return Usage(kind="chat", model=calls.answered_by, is_estimate=True)
