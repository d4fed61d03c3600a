"""The newest thread of each person in each channel: the one that a slash command about a conversation means.

Slack has no slash commands in threads, so `/retry` typed in a channel is about that person's newest thread there. A
thread that this process has not seen, as before a restart, is searched for in the channel.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import direct_conversation, make_title, message_id, read_text
from adapters.slack.thread_conversations import ThreadConversations
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, Json, Person
from bot.errors import DeliveryError
from bot.models import Event
from bot.ports import Conversations, Sink
from bot.values import valueclass

log = structlog.get_logger(__name__)

_PEOPLE = 5000  # people in channels whose thread is remembered
_BEGINNING = 300  # characters of a question that are kept, for a title
_PAGE, _THREADS = 100, 20  # messages of a channel that are read, and threads of them that are looked at


@valueclass(frozen=True, slots=True)
class RecentThread:
    """A conversation and its thread."""

    conversation: str
    ts: str  #: of the thread's first message; "": direct messages in no thread
    question: str = ""  #: the beginning of the first question, as far as known

    @property
    def title(self) -> str:
        """Return the title of the thread; "" where the question is not known."""
        return make_title(self.question)


class RecentThreads:
    """The newest thread of each person in each channel."""

    def __init__(
        self, workspaces: Workspaces, threads: ThreadConversations, services: Conversations, timing: Timing
    ) -> None:
        self._workspaces = workspaces
        self._threads = threads
        self._services = services
        self._patience = timing.interaction_patience
        self._recent: BoundedDict[tuple[str, str, str], RecentThread] = BoundedDict(_PEOPLE)

    def watching(self, sink: Sink) -> Sink:
        """Return a sink that also remembers the thread of each event that was recorded."""

        async def record(event: Event) -> bool:
            is_recorded = await sink(event)
            if is_recorded:
                self._remember(event)
            return is_recorded

        return record

    def _remember(self, event: Event) -> None:
        target = event.reply_to
        if target.get("private"):
            return
        owner = target.get("enterprise") or target.get("team", "")
        key = (owner, target.get("channel", ""), target.get("user", ""))
        before = self._recent.get(key)
        is_same = before is not None and before.conversation == event.conversation
        question = before.question if before is not None and is_same else event.prompt[:_BEGINNING]
        # A question that was answered in place can begin a thread.
        ts = target.get("thread") or target.get("message", "")
        self._recent[key] = RecentThread(event.conversation, ts, question)

    def asked_elsewhere(self, workspace: Workspace, channel: str, user: str, thread: str) -> None:
        """Note a question that another process has recorded. `thread`: that it begins; "": it was asked in one."""
        key = (workspace.owner, channel, user)
        if thread:
            self._recent[key] = RecentThread(message_id(workspace.owner, channel, thread), thread)
        else:  # of which conversation that is, is found out when it matters
            self._recent.pop(key, None)

    async def find(
        self, workspace: Workspace, channel: str, person: Person, *, is_dm: bool = False
    ) -> RecentThread | None:
        """Return a person's newest thread in a channel; None when none is known. Raises `StoreError`.

        `is_dm`: it is their direct messages with the bot.
        """
        if is_dm and not workspace.is_agent:
            conversation = direct_conversation(workspace.owner, channel)
            if workspace.scoped(person.id) in await self._services.participants(ADAPTER, conversation):
                return RecentThread(conversation, "", "")
        recent = self._recent.get((workspace.owner, channel, person.id))
        if recent is None:
            return await self._search(workspace, channel, person)
        if recent.ts:
            return recent
        ts = await self._threads.thread_of(workspace.owner, channel, recent.conversation)
        return replace(recent, ts=ts) if ts else None

    async def _search(self, workspace: Workspace, channel: str, person: Person) -> RecentThread | None:
        """Return the newest of the channel's threads in which the person has asked the bot something."""
        roots = sorted(await self._read_roots(workspace, channel), key=_newest_reply, reverse=True)
        for root in roots[:_THREADS]:
            ts, is_own = str(root["ts"]), root.get("user") == workspace.bot_user
            linked = await self._threads.conversation_of(workspace.owner, channel, ts) if is_own else ""
            conversation = linked or message_id(workspace.owner, channel, ts)
            if workspace.scoped(person.id) in await self._services.participants(ADAPTER, conversation):
                text = read_text(root, {person.id: person}, bot_user=workspace.bot_user)
                return RecentThread(conversation, ts, text[:_BEGINNING])
        return None

    async def _read_roots(self, workspace: Workspace, channel: str) -> Sequence[Json]:
        """Return the first messages of the channel's threads; none where Slack does not answer in time."""
        try:
            async with asyncio.timeout(self._patience):
                client = self._workspaces.client_of(workspace)
                answer = await client.conversations_history(channel=channel, limit=_PAGE)
        except (*API_ERRORS, DeliveryError) as exc:
            log.info("channel not read", reason=log_reason(exc))
            return ()
        return [message for message in answer.get("messages") or () if message.get("reply_count")]


def _newest_reply(root: Json) -> float:
    return float(root.get("latest_reply") or root["ts"])
