"""Incoming messages: those that address the bot are recorded as events; edits and deletions are applied to them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from adapters.kit.active_channels import ActiveChannels
from adapters.kit.bounded import BoundedDict
from adapters.kit.participation import MutedParticipants
from adapters.kit.per_key import PerKey
from adapters.kit.plain_words import build_event
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import Workspace, is_direct
from adapters.slack.inbound.assistant import Assistant
from adapters.slack.inbound.author_notices import AuthorNotices
from adapters.slack.inbound.mention_copies import MentionCopies
from adapters.slack.inbound.parse import (
    MessageContext,
    direct_conversation,
    event_from_message,
    find_mentions,
    is_bot,
    is_for_others,
    is_mention,
    is_spoken,
    message_id,
    thread_id,
)
from adapters.slack.inbound.services import InboundServices
from adapters.slack.setup.observed_events import PLACE_CHANGES, ObservedEvents, kind_of
from adapters.slack.types import ADAPTER, Json
from bot.background import BackgroundTasks
from bot.errors import DeliveryError, StoreError
from bot.models import CommandSpec, Event, Location
from bot.ports import ChannelSettings, Sink

log = structlog.get_logger(__name__)

_MESSAGES = 5000  # messages that are remembered
_RETRIES = 600.0  # seconds within which Slack sends an event again, and some more
_REPLIES = 100  # to a message that came late
_THREADS = 1000  # whose newest replies, which were for nobody, are remembered
_LOOKS = 3  # for a message that another process was given, while the database or Slack fails
#: Slack itself, which writes notices such as "You have been removed from #general" as direct messages. They carry
#: neither `bot_id` nor a subtype.
SYSTEM_USERS = frozenset({"USLACK", "USLACKBOT"})


class MessageHandler:
    """Records messages that are for the bot as events, in each thread one after the other."""

    def __init__(
        self,
        inbound: InboundServices,
        *,
        sink: Sink,
        commands: Sequence[CommandSpec],
        assistant: Assistant,
        copies: MentionCopies,
        observed: ObservedEvents,
        background: BackgroundTasks,
        late_event: float,
    ) -> None:
        self._workspaces = inbound.workspaces
        self._users = inbound.users
        self._threads = inbound.threads
        self._services = inbound.core
        self._sink = sink
        self._commands = commands
        self._assistant = assistant
        self._copies = copies
        self._observed = observed
        self._background = background
        self._late_event = late_event
        #: Replies that were for nobody, by thread: the message that they reply to may be for the bot, and come late.
        self._unaddressed: BoundedDict[str, list[Json]] = BoundedDict(_THREADS, lifetime=2 * late_event)
        self._locks: PerKey[str, asyncio.Lock] = PerKey()
        self._muted = MutedParticipants(inbound.core, ADAPTER)
        self._recorded: BoundedDict[str, None] = BoundedDict(_MESSAGES)
        self._edited: BoundedDict[str, Json] = BoundedDict(_MESSAGES, lifetime=_RETRIES)  # may come before the message
        self.active_channels = ActiveChannels(inbound.core, ADAPTER)  #: each with its workspace
        self._notices = AuthorNotices(inbound.workspaces, inbound.users)
        #: reads what was missed in a message's thread, to be recorded before the message
        self.read_missed: Callable[[Workspace, Json], Awaitable[None]] | None = None

    async def on_message(self, event: Json, workspace: Workspace) -> None:
        """Record a new message, or apply an edit or a deletion. Raises `StoreError`: Slack has to send it again."""
        self._observed.record(kind_of(event))
        subtype = str(event.get("subtype") or "")
        if subtype == "message_changed":
            await self._edit(workspace, event)
        elif subtype == "message_deleted":
            await self._delete(workspace, event)
        elif is_spoken(event) and not is_own_or_notice(workspace, event):
            if self._services.has_peers:
                self._copies.note(workspace, event)
            await self._add(workspace, event)
        elif subtype in PLACE_CHANGES:
            channel = workspace.scoped(str(event.get("channel") or ""))
            self._services.places.changed(ADAPTER, workspace.team or workspace.enterprise, channel)

    async def _add(self, workspace: Workspace, message: Json, *, is_new: bool = True) -> None:
        """Record a message once: a mention comes as `message` and as `app_mention`, and again when Slack retries."""
        async with self.lock(workspace, message):
            known = message_id(workspace.owner, str(message.get("channel")), str(message.get("ts")))
            if known in self._recorded or await self._is_recorded_elsewhere(workspace, message, known):
                return
            if self.read_missed is not None:
                await self.read_missed(workspace, message)
            event = await self.record(workspace, self._edited.get(known, message))
            if event is None:
                if is_new:
                    self._note_unaddressed(workspace, message)
                return
        if not event.location.is_private and _begins(message, event):
            await self._add_earlier_replies(workspace, message, event)

    async def record(self, workspace: Workspace, message: Json) -> Event | None:
        """Record a message, once, and return its event; None: it is not for the bot. The caller holds its lock."""
        known = message_id(workspace.owner, str(message.get("channel")), str(message.get("ts")))
        try:
            event = None if known in self._recorded else await self._to_event(workspace, message)
            if event is not None:
                await self._sink(event)
                self._recorded[known] = None
                await self.active_channels.add(f"{workspace.owner}.{message['channel']}", workspace.team)
                if event.location.is_private:
                    self._assistant.set_title(workspace, event)
        except StoreError:
            if self.is_to_bot(workspace, message):
                await self._notices.notify(workspace, message, "slack.not_kept_yet")
            raise
        except Exception:  # a defect here, or a message of an unknown shape: no reason for silence
            log.exception("message not understood", ts=str(message.get("ts")))
            if self.is_to_bot(workspace, message):
                await self._notices.notify(workspace, message, "request.not_recorded")
            return None
        return event

    def is_to_bot(self, workspace: Workspace, message: Json) -> bool:
        """Whether a message is for the bot wherever it is written: it mentions the bot, or is a direct message."""
        return is_mention(message, workspace.bot_user) or (_is_direct(message) and not is_bot(message))

    async def _is_recorded_elsewhere(self, workspace: Workspace, message: Json, known: str) -> bool:
        """Whether another process has recorded a mention. Replies that wait for it here are to be recorded here."""
        if not self._services.has_peers or thread_id(workspace, message) in self._unaddressed:
            return False
        return await self._copies.is_recorded_elsewhere(workspace, message, known)

    async def _add_earlier_replies(self, workspace: Workspace, message: Json, event: Event) -> None:
        """Record the replies that came before the message that they reply to, and were for nobody until it came.

        Done before Slack is acknowledged: if this process ends, Slack sends the message again to the next one.
        """
        for reply in self._unaddressed.pop(thread_id(workspace, message), ()):
            if float(reply["ts"]) > event.written_at:
                await self._add(workspace, reply)
        if event.written_at + self._late_event <= time.time():
            await self._add_replies(workspace, message)

    def _note_unaddressed(self, workspace: Workspace, message: Json) -> None:
        if message.get("thread_ts") not in (None, message.get("ts")) and not is_bot(message):
            thread = thread_id(workspace, message)
            self._unaddressed[thread] = [*self._unaddressed.get(thread, ()), message]
            if self._services.has_peers:
                self._background.start(self._look_again(workspace, message))

    async def _look_again(self, workspace: Workspace, reply: Json) -> None:
        """Record a reply that was for nobody, if another process was given the mention before it meanwhile.

        A mention that comes later than that is a late message, whose process reads the replies to it.
        """
        for _ in range(_LOOKS):
            await asyncio.sleep(self._late_event)
            try:
                if await self._was_asked_before(workspace, reply):
                    await self._add(workspace, reply, is_new=False)
            except (*API_ERRORS, DeliveryError, StoreError) as exc:
                log.warning("mention before a reply not looked for", ts=str(reply["ts"]), reason=log_reason(exc))
            else:
                return

    async def _was_asked_before(self, workspace: Workspace, reply: Json) -> bool:
        """Whether a mention that is recorded now was written right before a reply. Costs a call only where one may."""
        channel, thread, user = str(reply["channel"]), str(reply["thread_ts"]), str(reply.get("user") or "")
        if await self._muted.is_muted(f"{workspace.owner}.{channel}", thread, user):
            return False
        if await self._to_event(workspace, reply, is_edit=True) is None:
            return False
        ts = float(reply["ts"])
        oldest, latest = (f"{moment:.6f}" for moment in (ts - 2 * self._late_event, ts))
        before = await self._read_replies(workspace, channel, thread, oldest=oldest, latest=latest)
        asked = {one.get("user") for one in before if is_mention(one, workspace.bot_user) and float(one["ts"]) < ts}
        return user in asked or (bool(asked) and (await self._settings_of(workspace, channel)).answers_all)

    async def _add_replies(self, workspace: Workspace, message: Json) -> None:
        """Record the replies to a message that came late, as the history has them."""
        channel, ts = str(message["channel"]), str(message["ts"])
        try:
            for reply in await self._read_replies(workspace, channel, str(message.get("thread_ts") or ts), oldest=ts):
                if is_spoken(reply) and not is_bot(reply) and float(reply["ts"]) > float(ts):
                    await self._add(workspace, {**reply, "channel": channel})
        except (*API_ERRORS, DeliveryError, StoreError) as exc:
            log.warning("replies to a late message not read", ts=ts, reason=log_reason(exc))

    async def _read_replies(
        self, workspace: Workspace, channel: str, thread: str, *, oldest: str, latest: str | None = None
    ) -> list[Json]:
        client = self._workspaces.client_of(workspace)
        answer = await client.conversations_replies(
            channel=channel, ts=thread, oldest=oldest, latest=latest, limit=_REPLIES
        )
        return list(answer.get("messages") or ())

    async def _edit(self, workspace: Workspace, notice: Json) -> None:
        """Revise the event of an edited message; link previews and reply counts are no edits."""
        message, before = notice.get("message") or {}, notice.get("previous_message") or {}
        channel = str(notice.get("channel") or "")
        if message.get("subtype") == "tombstone":
            await self._delete(workspace, {"previous_message": message, "channel": channel})
            return
        is_same = all(message.get(f) == before.get(f) for f in ("text", "files"))
        if is_same or not is_spoken(message) or is_own_or_notice(workspace, message):
            return
        edited = {**message, "channel": channel, "channel_type": notice.get("channel_type")}
        async with self.lock(workspace, edited):
            self._edited[message_id(workspace.owner, channel, str(message.get("ts")))] = edited
            event = await self.apply_edit(workspace, edited)
            if event and is_mention(edited, workspace.bot_user) and not is_mention(before, workspace.bot_user):
                await self._sink(event)  # for the bot only now; an event that is recorded already is ignored

    async def apply_edit(self, workspace: Workspace, edited: Json) -> Event | None:
        """Revise the event of a message; return the event, None: it is not for the bot. The caller holds its lock."""
        event = await self._to_event(workspace, edited, is_edit=True)
        if event is not None:
            await self._services.revise(event)
        return event

    async def _delete(self, workspace: Workspace, notice: Json) -> None:
        """Retract the event of a deleted message. Slack may send the message, or send it again, only after that."""
        before, channel = notice.get("previous_message") or {}, str(notice.get("channel") or "")
        ts = str(notice.get("deleted_ts") or before.get("ts") or "")
        async with self.lock(workspace, {**before, "channel": channel, "ts": ts}):
            self._recorded[known := message_id(workspace.owner, channel, ts)] = None
            await self._services.retract(ADAPTER, known)

    def lock(self, workspace: Workspace, message: Json) -> asyncio.Lock:
        """Return the lock of a message's thread, or direct messages: what is said there is recorded in order."""
        is_one_conversation = not workspace.is_agent and _is_direct(message)
        root = str(message.get("thread_ts") or ("" if is_one_conversation else message.get("ts")) or "")
        key = message_id(workspace.owner, str(message.get("channel") or ""), root)
        return self._locks.find_or_make(key, asyncio.Lock)

    # -- is it for the bot, and where does it belong

    async def _to_event(self, workspace: Workspace, message: Json, *, is_edit: bool = False) -> Event | None:
        """Return the event of a message that is for the bot, else None. Raises `StoreError`."""
        mentions_bot = is_mention(message, workspace.bot_user)
        if is_bot(message) and not mentions_bot:
            return None
        channel, thread, is_dm = str(message["channel"]), str(message.get("thread_ts") or ""), _is_direct(message)
        if not thread or thread == message.get("ts"):
            settings = await self._settings_of(workspace, channel)
            is_for_all = settings.answers_all and not is_for_others(message, workspace.bot_user)
            if not (mentions_bot or is_dm or is_for_all):
                return None
            if is_dm and not workspace.is_agent:
                conversation = direct_conversation(workspace.owner, channel)
                return await self._build_event(workspace, message, thread="", conversation=conversation)
            is_in_place = settings.reply_mode == "reply" and not is_dm
            return await self._build_event(workspace, message, thread="" if is_in_place else str(message["ts"]))
        conversation = await self._find_conversation(workspace, message, thread)
        participants = await self._services.participants(ADAPTER, conversation)
        takes_part = workspace.scoped(str(message.get("user") or "")) in participants
        if participants and not takes_part:
            takes_part = (await self._settings_of(workspace, channel)).answers_all
        if not is_dm and not await self._muted.is_addressed(
            (f"{workspace.owner}.{channel}", thread),
            str(message.get("user") or ""),
            is_mention=mentions_bot,
            is_for_others=is_for_others(message, workspace.bot_user),
            takes_part=takes_part,
            is_edit=is_edit,
        ):
            return None
        return await self._build_event(
            workspace, message, thread=thread, conversation=conversation, has_prior_messages=not participants
        )

    async def _settings_of(self, workspace: Workspace, channel: str) -> ChannelSettings:
        place = Location(workspace=workspace.team or workspace.enterprise, channel=workspace.scoped(channel))
        return await self._services.channel_settings(ADAPTER, place)

    async def _find_conversation(self, workspace: Workspace, message: Json, thread: str) -> str:
        """Return the conversation of a thread; it is a command's where the thread began with the command's parent."""
        channel = str(message["channel"])
        if message.get("parent_user_id") in (None, workspace.bot_user):
            linked = await self._threads.conversation_of(workspace.owner, channel, thread)
            if linked:
                return linked
        return message_id(workspace.owner, channel, thread)

    async def _build_event(
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
        others = [mentioned for mentioned in find_mentions(message) if mentioned != workspace.bot_user]
        lookup = self._users.find(workspace, user, team=team)
        person, people = (
            await asyncio.gather(lookup, self._users.find_many(workspace, others)) if others else (await lookup, {})
        )
        context = MessageContext(
            workspace=workspace,
            channel=channel,
            thread=thread,
            conversation=conversation or message_id(workspace.owner, channel, thread or str(message["ts"])),
            is_dm=_is_direct(message),
            has_prior_messages=has_prior_messages,
        )
        build = partial(event_from_message, message, self._commands, context=context, person=person, people=people)
        begun_by = message_id(workspace.owner, channel, thread) if thread else ""
        return await build_event(self._services, build, begun_by=begun_by)


def _begins(message: Json, event: Event) -> bool:
    """Whether the bot takes part in the thread of the message from there on."""
    return event.has_prior_messages or message.get("thread_ts") in (None, "", message.get("ts"))


def is_own_or_notice(workspace: Workspace, message: Json) -> bool:
    """Whether the bot, or Slack itself, wrote the message."""
    user, bot = str(message.get("user") or ""), message.get("bot_id")
    return user == workspace.bot_user or user in SYSTEM_USERS or (bool(bot) and bot == workspace.bot)


def _is_direct(message: Json) -> bool:
    """Whether it was written in the direct messages of one person with the bot."""
    return message.get("channel_type") == "im" or is_direct(str(message.get("channel") or ""))
