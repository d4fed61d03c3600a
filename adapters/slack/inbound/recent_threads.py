"""Where each person last talked with the bot in a channel: what a slash command about a conversation means.

Slack has no slash commands in threads, so `/retry` typed in a channel is about that person's newest thread there. What
this process has not heard itself, as before a restart, is looked for in the channel.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import FAILED, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import parse
from adapters.slack.inbound.parse import ADAPTER
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import Person
from bot.errors import DeliveryError
from bot.models import Event
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

_KEPT = 5000  # people in channels that are remembered, since the process began
_PATIENCE = 1.5  # seconds for Slack to answer: the person who asks waits at most three
_PAGE, _THREADS = 100, 20  # messages of a channel that are looked at, and threads in it


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation and the thread it is in."""

    conversation: str
    thread: str
    title: str = ""  #: the beginning of what was asked first, as far as known


class Recent:
    """The newest talk of each person in each channel."""

    def __init__(self, workspaces: Workspaces, roots: Roots, desk: AdapterServices) -> None:
        self._workspaces = workspaces
        self._roots = roots
        self._desk = desk
        self._known: BoundedDict[tuple[str, str, str], Talk] = BoundedDict(_KEPT)

    def put(self, event: Event) -> None:
        """Somebody asked something where everybody could see it."""
        address = event.reply_to
        if address.get("private"):
            return
        owner = address.get("enterprise") or address.get("team", "")
        key = (owner, address.get("channel", ""), address.get("user", ""))
        before = self._known.get(key)
        is_same = before is not None and before.conversation == event.conversation
        title = before.title if before is not None and is_same else parse.title_of(event.prompt)
        self._known[key] = Talk(event.conversation, address.get("thread", ""), title)

    async def find(self, workspace: Workspace, channel: str, person: Person) -> Talk | None:
        """A person's newest talk in a channel; None when none is known. Raises `StoreError`."""
        talk = self._known.get((workspace.owner, channel, person.id))
        if talk is None:
            return await self._look(workspace, channel, person)
        if talk.thread:
            return talk
        thread = await self._roots.thread(workspace.owner, channel, talk.conversation)
        return replace(talk, thread=thread) if thread else None

    async def _look(self, workspace: Workspace, channel: str, person: Person) -> Talk | None:
        """The same from what Slack shows: of the channel's threads the newest in which the person asks the bot."""
        threads = sorted(await self._threads(workspace, channel), key=_newest, reverse=True)
        for root in threads[:_THREADS]:
            ts, is_own = str(root["ts"]), root.get("user") == workspace.bot_user
            known = await self._roots.find(workspace.owner, channel, ts) if is_own else ""
            conversation = known or parse.message_id(workspace.owner, channel, ts)
            if workspace.scoped(person.id) in await self._desk.participants(ADAPTER, conversation):
                said = parse.said(root, {person.id: person}, me=workspace.bot_user)
                return Talk(conversation, ts, parse.title_of(said))
        return None

    async def _threads(self, workspace: Workspace, channel: str) -> Sequence[Mapping[str, Any]]:
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await self._workspaces.of(workspace).conversations_history(channel=channel, limit=_PAGE)
        except (*FAILED, DeliveryError) as exc:
            log.info("channel not looked at", reason=reason(exc))
            return ()
        return [message for message in told.get("messages") or () if message.get("reply_count")]


def _newest(root: Mapping[str, Any]) -> float:
    return float(root.get("latest_reply") or root["ts"])
