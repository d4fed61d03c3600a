"""Folds what fell out of a conversation's window into its summary, beside the lanes: nobody waits for it."""

import asyncio

import structlog

from aimodels import AsyncAIModels
from aimodels.errors import ApiError
from bot.conversation.context import Conversation
from bot.errors import StoreError
from bot.models import Job, Usage
from bot.ops.metrics import Metrics
from bot.policy import Policy
from bot.ports import Store

log = structlog.get_logger(__name__)


class Summarizer:
    """At most one fold of a conversation at a time."""

    def __init__(self, store: Store, api: AsyncAIModels, policy: Policy, metrics: Metrics) -> None:
        self._store = store
        self._api = api
        self._policy = policy
        self._metrics = metrics
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def start(self, job: Job, conversation: Conversation) -> None:
        """Fold the conversation of a job, which is charged with it, unless that is being done already."""
        key = (job.event.adapter, job.event.conversation)
        if key not in self._tasks:
            task = asyncio.create_task(self._fold(job, conversation), name=f"fold after {job.event.id}")
            self._tasks[key] = task
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """What runs."""
        return set(self._tasks.values())

    async def stop(self) -> None:
        """Break off what runs; the turns stay, and a later answer tries again. A request broken off is counted."""
        tasks = self.tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fold(self, job: Job, conversation: Conversation) -> None:
        try:
            usage = await self._usage(conversation)
            if usage is not None:
                await self._store.add_usage(job, (usage,))
                self._policy.spent(job.event, (usage,))
                self._metrics.used((usage,))
        except (ApiError, StoreError) as exc:
            log.warning("not summarised", error=type(exc).__name__, reason=str(exc))

    async def _usage(self, conversation: Conversation) -> Usage | None:
        """What a fold used. Broken off, it is one request of which nothing else is known."""
        try:
            return await conversation.fold(self._api)
        except asyncio.CancelledError:
            return Usage(kind="chat", model=await conversation.model("chat"))
