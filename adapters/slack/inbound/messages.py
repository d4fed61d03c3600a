"""Hears messages: which of them are for the bot, and what becomes of them."""

import asyncio
from collections.abc import Collection, Sequence

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.kit.participation import MutedParticipants
from adapters.kit.per_key import PerKey
from adapters.slack.connection.errors import FAILED, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import parse
from adapters.slack.inbound.parse import ADAPTER, Json, Spot
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import People
from bot.errors import DeliveryError, StoreError
from bot.i18n import translate
from bot.models import CommandSpec, Event
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)

#: Kinds of messages that somebody has said; the others tell of joins, topics and the like.
_SPOKEN = ("", "file_share", "thread_broadcast", "me_message", "bot_message")
_KEPT = 5000  # messages that are remembered


class Receiver:
    """Turns messages into events, in each conversation one after the other."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        people: People,
        roots: Roots,
        desk: AdapterServices,
        sink: Sink,
        commands: Sequence[CommandSpec],
    ) -> None:
        self._workspaces = workspaces
        self._people = people
        self._roots = roots
        self._desk = desk
        self._sink = sink
        self._commands = commands
        self._locks: PerKey[str, asyncio.Lock] = PerKey()
        self._muted = MutedParticipants(desk, ADAPTER)
        self._told: BoundedDict[str, None] = BoundedDict(_KEPT)  # messages whose senders know that they were not kept
        self._kept: BoundedDict[str, None] = BoundedDict(_KEPT)  # messages that are written down

    async def message(self, workspace: Workspace, message: Json) -> Event | None:
        """Record a message that is for the bot, and return it. Raises `StoreError`: it must come again."""
        subtype = str(message.get("subtype") or "")
        if subtype == "message_changed":
            await self._edited(workspace, message)
        elif subtype == "message_deleted":
            await self._deleted(workspace, message)
        elif subtype in _SPOKEN and str(message.get("user") or "") != workspace.bot_user:
            return await self._said(workspace, message)
        return None

    async def _said(self, workspace: Workspace, message: Json) -> Event | None:
        """A mention comes as `message` and as `app_mention`, and more often when Slack retries: once is enough."""
        async with self._lock(workspace, message):
            known = parse.message_id(workspace.owner, str(message.get("channel")), str(message.get("ts")))
            if known in self._kept:
                return None
            try:
                asked = await self._event(workspace, message)
                if asked is not None:
                    await self._sink(asked)
                    self._kept[known] = None
            except StoreError:
                if parse.is_mention(message, workspace.bot_user) or _is_direct(message):
                    await self._tell(workspace, message, "slack.not_kept_yet")
                raise
            except Exception:  # a mistake of ours, or a message such as none was before: no reason for silence
                log.exception("message not understood", ts=str(message.get("ts")))
                if parse.is_mention(message, workspace.bot_user) or _is_direct(message):
                    await self._tell(workspace, message, "slack.not_kept")
                return None
        return asked

    async def _edited(self, workspace: Workspace, notice: Json) -> None:
        """Tell the core of a changed question; previews that come and replies that are counted are no changes."""
        message, before = notice.get("message") or {}, notice.get("previous_message") or {}
        channel = str(notice.get("channel") or "")
        if message.get("subtype") == "tombstone":
            ts = str(message.get("ts") or "")
            await self._desk.retract(ADAPTER, parse.message_id(workspace.owner, channel, ts))
            return
        same = ("text", "files")
        if message.get("subtype") not in (None, *_SPOKEN) or all(message.get(f) == before.get(f) for f in same):
            return
        if str(message.get("user") or "") == workspace.bot_user:
            return
        context = {"channel": channel, "channel_type": notice.get("channel_type")}
        edited = {**message, **context}
        async with self._lock(workspace, edited):
            asked = await self._event(workspace, edited)
            if asked is not None:
                await self._desk.revise(asked)
                if parse.is_mention(edited, workspace.bot_user) and not parse.is_mention(before, workspace.bot_user):
                    await self._sink(asked)  # only now meant for the bot; what is known already is no news

    async def _deleted(self, workspace: Workspace, notice: Json) -> None:
        ts = notice.get("deleted_ts") or (notice.get("previous_message") or {}).get("ts")
        channel = str(notice.get("channel") or "")
        await self._desk.retract(ADAPTER, parse.message_id(workspace.owner, channel, str(ts or "")))

    def _lock(self, workspace: Workspace, message: Json) -> asyncio.Lock:
        root = str(message.get("thread_ts") or message.get("ts") or "")
        key = parse.message_id(workspace.owner, str(message.get("channel") or ""), root)
        return self._locks.find_or_make(key, asyncio.Lock)

    async def _tell(self, workspace: Workspace, message: Json, key: str) -> None:
        """Tell the sender, alone and once, what became of a message: Slack may bring it again and again."""
        channel, ts, user = str(message.get("channel")), str(message.get("ts")), str(message.get("user") or "")
        known = parse.message_id(workspace.owner, channel, ts)
        if known in self._told or not user:
            return
        self._told[known] = None
        person = await self._people.find(workspace, user)
        try:
            await self._workspaces.of(workspace).chat_postEphemeral(
                channel=channel,
                user=user,
                thread_ts=message.get("thread_ts"),
                text=translate(key, person.locale),
            )
        except (*FAILED, DeliveryError) as exc:
            log.warning("not told", reason=reason(exc))

    # -- is it for the bot, and where does it belong

    async def _event(self, workspace: Workspace, message: Json) -> Event | None:
        """The event of a message that is for the bot. Raises `StoreError`."""
        is_mention = parse.is_mention(message, workspace.bot_user)
        if parse.is_bot(message) and not is_mention:
            return None
        thread = str(message.get("thread_ts") or "")
        is_direct = _is_direct(message)
        if not thread or thread == message.get("ts"):
            if not (is_mention or is_direct):
                return None
            return await self._made(workspace, message, thread=str(message["ts"]))
        conversation = await self._conversation(workspace, message, thread)
        people = await self._desk.participants(ADAPTER, conversation)
        if not is_direct and not await self._is_heard(workspace, message, thread, is_mention=is_mention, people=people):
            return None
        return await self._made(
            workspace, message, thread=thread, conversation=conversation, has_prior_messages=not people
        )

    async def _is_heard(
        self, workspace: Workspace, message: Json, thread: str, *, is_mention: bool, people: Collection[str]
    ) -> bool:
        """Whether a message in a thread is for the bot: by a mention, or as its author talks with the bot there.

        Who turns to somebody else is not heard again before they mention the bot.
        """
        user = str(message.get("user") or "")
        return await self._muted.is_addressed(
            (f"{workspace.owner}.{message['channel']}", thread),
            user,
            is_mention=is_mention,
            is_for_others=parse.is_for_others(message, workspace.bot_user),
            takes_part=workspace.scoped(user) in people,
        )

    async def _conversation(self, workspace: Workspace, message: Json, thread: str) -> str:
        """What a thread belongs to; one that began with a command's parent, to that command's conversation."""
        channel = str(message["channel"])
        if message.get("parent_user_id") in (None, workspace.bot_user):
            known = await self._roots.find(workspace.owner, channel, thread)
            if known:
                return known
        return parse.message_id(workspace.owner, channel, thread)

    async def _made(
        self,
        workspace: Workspace,
        message: Json,
        *,
        thread: str,
        conversation: str = "",
        has_prior_messages: bool = False,
    ) -> Event:
        channel = str(message["channel"])
        user = str(message.get("user") or message.get("bot_id") or "")
        team = str(message.get("user_team") or message.get("source_team") or message.get("team") or "")
        others = [named for named in parse.mentioned(message) if named != workspace.bot_user]
        finding = self._people.find(workspace, user, team=team)
        person, people = (
            await asyncio.gather(finding, self._people.named(workspace, others)) if others else (await finding, {})
        )
        spot = Spot(
            workspace=workspace,
            channel=channel,
            thread=thread,
            conversation=conversation or parse.message_id(workspace.owner, channel, thread),
            is_dm=_is_direct(message),
            has_prior_messages=has_prior_messages,
        )
        return parse.event(message, self._commands, spot=spot, person=person, people=people)


def _is_direct(message: Json) -> bool:
    """Whether it was said in the direct messages of one person with the bot."""
    return message.get("channel_type") == "im" or str(message.get("channel") or "").startswith("D")
