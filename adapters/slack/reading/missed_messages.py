"""Missed messages: after an absence that was too long for Slack to send them again, they are read from the history."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from adapters.kit.connection.backoff import Backoff
from adapters.kit.connection.shares import work_while_held
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.rate_limiter import RateLimiter
from adapters.slack.connection.workspaces import Workspace, is_direct
from adapters.slack.inbound.messages import MessageHandler, is_own_or_notice
from adapters.slack.inbound.parse import is_spoken, message_id
from adapters.slack.inbound.services import InboundServices
from adapters.slack.reading.absences import Absence, Absences
from adapters.slack.reading.missed_history import MissedHistory, Place, thread_of
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, Json
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError
from bot.i18n import translate

log = structlog.get_logger(__name__)

_RETRIED = 400.0  # seconds before an absence in which an event may have failed that Slack sent again in the absence
_MAX_TRIES = 20  # of reading a channel
_NOTED = timedelta(days=2)  # for which it is known that it was said that too much was missed


class MissedMessages:
    """Notes absences, and reads what was missed in them. `is_receiving`: whether events can come in now."""

    def __init__(
        self,
        inbound: InboundServices,
        *,
        messages: MessageHandler,
        rate_limiter: RateLimiter,
        is_receiving: Callable[[], bool],
        timing: Timing,
    ) -> None:
        self._workspaces = inbound.workspaces
        self._users = inbound.users
        self._services = inbound.core
        self._messages = messages
        self._is_receiving = is_receiving
        self._timing = timing
        self._absences = Absences(inbound.core, timing)
        self._is_noted = asyncio.Event()
        self._history = MissedHistory(inbound.workspaces, inbound.core, rate_limiter, timing)
        #: Channels and threads that were read before a new message.
        self._tried: set[tuple[str, str]] = set()

    # -- absences

    async def note_receiving(self) -> None:
        """Note now and then that events come in, until cancelled."""
        await self._note(self._absences.begin)
        while True:
            is_receiving = self._is_receiving()
            if is_receiving and await self._note(self._absences.note_receiving):
                self._is_noted.set()
            await asyncio.sleep(self._timing.position_interval if is_receiving else self._timing.reconnect_first)

    async def _note(self, note: Callable[[], Awaitable[bool | None]]) -> bool:
        try:
            return bool(await note())
        except StoreError as exc:
            log.warning("not noted that events come in", reason=str(exc))
            return False

    async def read(self) -> None:
        """Read what was missed, until cancelled: in one process of those that receive.

        The rest is read after the next start.
        """
        loops = self._services.loops
        shares = self._services.share(f"{ADAPTER}.missed", 1)
        await work_while_held(shares, lambda: loops.start("missed messages", self._read_absences))

    async def _read_absences(self) -> None:
        while True:
            self._is_noted.clear()
            try:
                while (absence := await self._absences.find()) is not None:
                    await self._read_absence(absence)
                    await self._absences.forget(absence)
            except StoreError as exc:
                log.warning("missed messages not read yet", reason=str(exc))
            try:
                async with asyncio.timeout(self._timing.position_interval):  # another process may note one
                    await self._is_noted.wait()
            except TimeoutError:
                continue

    async def _read_absence(self, absence: Absence) -> None:
        self._tried.clear()
        self._messages.read_missed = partial(self._read_before, absence)
        try:
            await self._messages.active_channels.restore()
            channels: dict[tuple[str, str], list[str]] = {}
            for name, team in reversed([*self._messages.active_channels]):
                owner, _, channel = name.rpartition(".")
                channels.setdefault((owner, team), []).append(channel)
            if not channels:  # none of the token in the settings
                channels["", ""] = []
            async with asyncio.TaskGroup() as group:
                for (owner, team), known in channels.items():
                    group.create_task(self._read_workspace(owner, team, known, absence))
        finally:
            self._messages.read_missed = None

    async def _read_workspace(self, owner: str, team: str, known: Sequence[str], absence: Absence) -> None:
        """Read the channels in which the bot was asked lately, then others that it is a member of.

        In those somebody may have mentioned it for the first time. Direct messages of somebody new are not found: that
        would need one more scope.
        """
        workspace = await self._find_workspace(owner, team)
        if workspace is None:
            return
        listed = await self._history.list_channels(workspace)
        others = [Place(workspace, channel, is_known=False) for channel in listed if channel not in known]
        await self._read_places([*(Place(workspace, channel) for channel in known), *others], absence)

    async def _find_workspace(self, owner: str, team: str) -> Workspace | None:
        backoff = self._backoff()
        for _ in range(_MAX_TRIES):
            try:
                workspace = await self._workspaces.find(team, owner if owner != team else "")
            except DeliveryRefused as exc:
                log.info("missed messages of a workspace can't be read", workspace=team, reason=str(exc))
                return None
            except (DeliveryDelayed, StoreError) as exc:
                log.warning("missed messages of a workspace not read", workspace=team, reason=str(exc))
                await asyncio.sleep(backoff.next())
            else:
                return replace(workspace, team=team) if workspace.enterprise else workspace
        return None

    def _backoff(self) -> Backoff:
        return Backoff(first=self._timing.missed_retry, longest=60 * self._timing.missed_retry)

    async def _read_places(self, places: Sequence[Place], absence: Absence) -> None:
        """Read places of one workspace, one after the other."""
        backoff = self._backoff()
        for _ in range(_MAX_TRIES):
            failed: list[Place] = []
            for number, place in enumerate(places):
                if number >= self._history.bounds_of(place.workspace).channels:
                    log.warning("messages missed in too many channels", read=number, left=len(places) - number)
                    break
                if not await self._try_to_read(place, absence):
                    failed.append(place)
            places = failed
            if not places:
                return
            await asyncio.sleep(backoff.next())
        log.error("missed messages never read", channels=[place.channel for place in places])

    # -- reading

    async def _try_to_read(self, place: Place, absence: Absence) -> bool:
        """Read what was missed in one channel; False: it has to be repeated."""
        try:
            await self._read_channel(place, absence)
        except DeliveryRefused as exc:
            log.info("missed messages can't be read", channel=place.channel, reason=str(exc))
        except (DeliveryDelayed, StoreError) as exc:
            log.warning("missed messages not read", channel=place.channel, reason=str(exc))
            return False
        except Exception:  # a defect: no channel ends the others
            log.exception("missed messages not read", channel=place.channel)
            return False
        return True

    async def _read_channel(self, place: Place, absence: Absence) -> None:
        since = absence.since - _RETRIED
        found, is_cut = await self._history.read_history(place, since)
        new = [one for one in reversed(found) if float(one["ts"]) > since or _edited_at(one) > absence.since]
        threads, others = await self._history.find_threads(place, found, since)
        bounds = self._history.bounds_of(place.workspace)
        is_cut = (is_cut and place.is_known) or len(threads) > bounds.threads
        await self._record(place, [message for message in new if not thread_of(message)], absence, is_cut=is_cut)
        for thread in (*threads[: bounds.threads], *others[: bounds.other_threads]):
            try:
                replies, is_cut = await self._history.read_thread(place, thread, since)
            except DeliveryRefused as exc:  # gone since
                log.info("missed replies can't be read", channel=place.channel, reason=str(exc))
            else:
                await self._record(place, replies, absence, thread=thread, is_cut=is_cut and thread in threads)
        log.info("missed messages read", channel=place.channel, messages=len(new), threads=len(threads))

    async def _read_before(self, absence: Absence, workspace: Workspace, message: Json) -> None:
        """Read what was missed in the conversation of a new message, to be recorded before it, as it was written.

        Tried once and briefly, as Slack waits for the message. The caller holds the message's lock.
        """
        place, thread = Place(workspace, str(message["channel"])), thread_of(message)
        is_conversation = thread or (is_direct(place.channel) and not workspace.is_agent)
        if not is_conversation or (place.channel, thread) in self._tried:
            return
        self._tried.add((place.channel, thread))
        since = absence.since - _RETRIED
        try:
            async with asyncio.timeout(self._timing.interaction_patience):
                if thread:
                    missed, _ = await self._history.read_thread(place, thread, since)
                else:
                    found, _ = await self._history.read_history(place, since)
                    missed = [one for one in reversed(found) if not thread_of(one)]
        except (TimeoutError, DeliveryError) as exc:
            log.info("missed messages not read before a new one", channel=place.channel, reason=str(exc))
            return
        reach = max(since, time.time() - self._timing.missed_reach)
        for one in _spoken(place, missed):
            if reach <= float(one["ts"]) < float(message["ts"]):
                await self._record_one(place, one, absence)

    # -- recording

    async def _record(
        self, place: Place, messages: Sequence[Json], absence: Absence, *, thread: str = "", is_cut: bool
    ) -> None:
        """Record what was missed of these, which are of a channel or thread; `is_cut`: there was more."""
        workspace, reach = place.workspace, time.time() - self._timing.missed_reach
        spoken = _spoken(place, messages)
        to_bot = [message for message in spoken if self._messages.is_to_bot(workspace, message)]
        too_old = [message for message in to_bot if absence.since < float(message["ts"]) < reach]
        if spoken and (is_cut or await self._find_unrecorded(place, too_old)):
            author = str((to_bot or spoken)[-1].get("user") or "")
            await self._say_that_too_much_was_missed(place, absence, thread=thread, author=author)
        for message in spoken:
            if float(message["ts"]) >= reach:
                async with self._messages.lock(workspace, message):
                    await self._record_one(place, message, absence)

    async def _record_one(self, place: Place, message: Json, absence: Absence) -> None:
        if float(message["ts"]) > absence.since or await self._failed_before(place, message):
            await self._messages.record(place.workspace, message)
        if _edited_at(message) > absence.since:
            await self._messages.apply_edit(place.workspace, message)

    async def _failed_before(self, place: Place, message: Json) -> bool:
        """Whether a message from just before the absence was certainly for the bot, and did not come.

        Another one that came then must not be looked at again: its author may have asked something since.
        """
        is_to_bot = self._messages.is_to_bot(place.workspace, message)
        return is_to_bot and await self._find_unrecorded(place, [message]) is not None

    async def _find_unrecorded(self, place: Place, messages: Sequence[Json]) -> Json | None:
        """Return the first of these messages that is not recorded as an event."""
        for message in messages:
            known = message_id(place.workspace.owner, place.channel, str(message["ts"]))
            if not await self._services.is_recorded(ADAPTER, known):
                return message
        return None

    async def _say_that_too_much_was_missed(self, place: Place, absence: Absence, *, thread: str, author: str) -> None:
        """Say so once in a channel or thread."""
        said = self._services.storage(f"{ADAPTER}.missed", has_secrets=False)
        name = f"{place.workspace.owner}.{place.channel}.{thread}"
        if await said.get(name) == absence.name:
            return
        await said.set(name, absence.name, expires=datetime.now(UTC) + _NOTED)
        person = await self._users.find(place.workspace, author)
        try:
            client = await self._workspaces.find_client(place.workspace.team, place.workspace.enterprise)
            text = translate("request.missed", person.locale)
            await client.chat_postMessage(channel=place.channel, thread_ts=thread or None, text=text)
        except (*API_ERRORS, DeliveryError) as exc:
            log.warning("not said that messages were missed", channel=place.channel, reason=log_reason(exc))


def _edited_at(message: Json) -> float:
    return float((message.get("edited") or {}).get("ts") or 0)


def _spoken(place: Place, messages: Sequence[Json]) -> Sequence[Json]:
    """Return what others wrote of a place's messages, as events have them."""
    found = [{**message, "channel": place.channel} for message in messages if is_spoken(message)]
    return [message for message in found if not is_own_or_notice(place.workspace, message)]
