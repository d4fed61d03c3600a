"""The core's services for adapters: edited and deleted messages, participants, profiles, storage, signatures."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

import structlog

from bot.boards.showing import PAUSES
from bot.calls.learnt_limits import LearntLimits
from bot.commands import Registry
from bot.conversation.gathering import can_join
from bot.errors import StoreError
from bot.events.edits import edited_id
from bot.family.changes import AGAIN, EDIT
from bot.family.origins import CHANGE, REPEATED
from bot.film.board import SHOTS
from bot.models import Action, Actor, Answer, CommandSpec, Event, Job, Lane, Location, Option, Turn
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.inbox import Inbox
from bot.pipeline.worker import Worker
from bot.policy import Policy, Refusal
from bot.ports import (
    AdapterStorage,
    CallRecorder,
    ChannelSettings,
    Journal,
    KeyValues,
    Loops,
    PlaceChanges,
    Processes,
    Profile,
    UsageLedger,
    ValueSigner,
)
from bot.scoped_settings import forms
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.names import LANGUAGE
from bot.scoped_settings.scopes import Scope
from bot.security.encrypted_storage import EncryptedStorage
from bot.security.value_signer import HmacSigner
from bot.settings.core import Settings
from bot.spending.quotes import DECIDE

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

PROFILE_DAYS = 30
RECENT_MEDIA = 8


@dataclass(frozen=True, kw_only=True)
class CoreServices:
    """See `bot.ports.AdapterServices`."""

    settings: Settings
    journal: Journal
    values: KeyValues
    scoped: ScopedSettings
    ledger: UsageLedger
    registry: Registry
    policy: Policy
    limits: LearntLimits
    account: str  #: of the service at the AI API
    inbox: Inbox
    worker: Worker
    dispatcher: Dispatcher
    shares: Processes
    places: PlaceChanges
    loops: Loops
    make_cipher: "Callable[[], TokenCipher]"  #: called with the first access to a value
    value_key: bytes  #: of the signatures of buttons and forms
    call_recorder: CallRecorder | None = None

    @property
    def has_peers(self) -> bool:
        """See `AdapterServices.has_peers`."""
        return self.settings.bot_database_url is not None

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        """See `AdapterServices.share`."""
        return self.shares.share(name, count)

    # -- edited and deleted messages

    async def revise(self, event: Event) -> None:
        """See `AdapterServices.revise`. An edit of a refused request, or to another command, is a new request.

        Where several processes receive the edit, one applies it: the next finds it applied, unless that one has died.
        """
        async with self.journal.revising(event.adapter, event.id):
            await self._revise(event)

    async def _revise(self, event: Event) -> None:
        job = await self.journal.job(event.adapter, event.id)
        fresh = replace(event, id=edited_id(event.id, _request_content(event)), has_prior_messages=False)
        if job is not None and await self._revise_joined(job, event, fresh):
            return
        if job is None or _request_content(job.event) == _request_content(event) or not await self._is_newest(job):
            return
        is_another = event.command != job.event.command or REPEATED in job.event.options
        is_another |= event.command == "duel"  # whose answers belong to the question
        if is_another or event.rejection or (job.answer is not None and job.answer.private):
            await self.journal.withdraw(event.adapter, event.id)
            await self._remove_undecided(job)
            await self.inbox.accept(fresh)
            return
        if (command := self.registry.find(event.command)) is None:
            return
        admitted = await self.policy.check_again(event, command.spec)
        if isinstance(admitted, Refusal):
            await self.inbox.accept(fresh)  # refused again, in private; the answer stays
            return
        new = replace(
            job.event,
            prompt=event.prompt,
            options=event.options,
            attachments=event.attachments,
            approved=0,  # it was granted as it was
            has_own_api=admitted.has_own_api,
            keeps_price=admitted.keeps_price,
        )
        reopened = False
        async with self.worker.composites.changing(event):  # else a part that ends now would show its film anew
            for seconds in PAUSES:
                await self._cancel(job)
                latest = await self.journal.job(event.adapter, event.id)
                if latest is not None and await self._revise_joined(latest, event, fresh):  # joined meanwhile
                    return
                reopened = await self.journal.reopen(new)
                if reopened or latest is None:
                    break
                await asyncio.sleep(seconds)  # it is just being shown
        log.info("event revised", event_id=event.id, adapter=event.adapter, reopened=reopened)

    async def _revise_joined(self, job: Job, event: Event, fresh: Event) -> bool:
        """Apply an edit of a message that is answered together with others; False: it is not such a one."""
        gathering = self.dispatcher.gathering
        host = await gathering.find_host(job)
        if host is None:
            return False
        message = event if can_join(event) else None
        if message is not None and message.prompt == host.event.joined.get(event.id):
            return True
        if event.id in host.event.joined and await self._is_newest(host):
            await self._change_joined(host, event.id, message)
            if message is None:
                await self.inbox.accept(fresh)
        return True

    async def _change_joined(self, host: Job, name: str, message: Event | None) -> None:
        """Have an event that answers several messages answered with one of them changed, or left out."""
        new = await self.dispatcher.gathering.with_message(host.event, name, message)
        await self._cancel(host, retract=new is None)
        if new is None:
            await self.journal.withdraw(host.event.adapter, host.event.id)
        reopened = await self.journal.reopen(new or host.event, answer=None if new else Answer())
        log.info("event revised", event_id=host.event.id, adapter=host.event.adapter, reopened=reopened)

    async def _is_newest(self, job: Job) -> bool:
        names = [spec.name for spec in self.registry.specs if spec.lane is not Lane.FREE]
        newest = await self.journal.last_job(job.event.adapter, job.event.conversation, commands=names)
        return newest is None or newest.seq == job.seq or job.event.id in (newest.event.part_of, newest.event.joined_to)

    async def retract(self, adapter: str, event_id: str) -> None:
        """See `AdapterServices.retract`. An answer that is there already stays."""
        async with self.journal.revising(adapter, event_id):
            job = await self.journal.job(adapter, event_id)
            if await self._retract_joined(job):
                return
            await self.journal.withdraw(adapter, event_id)
            if not await self._retract_joined(await self.journal.job(adapter, event_id)):  # joined meanwhile
                await self._retract_single(adapter, event_id, job)

    async def _retract_single(self, adapter: str, event_id: str, job: Job | None) -> None:
        if job is not None:
            await self._remove_undecided(job)
        if job is None or job.answer is not None:
            return
        is_cancelled = await self._cancel(job, retract=True)
        answered = await self.journal.job(adapter, event_id)
        is_shown = answered is not None and (answered.answer is None or (is_cancelled and not answered.answer.is_empty))
        if is_shown and (is_cancelled or job.ref is not None):  # by another process, or by an earlier try
            await self.journal.reopen(job.event, answer=Answer())
        log.info("event retracted", event_id=event_id, adapter=adapter, cancelled=is_cancelled)

    async def _retract_joined(self, job: Job | None) -> bool:
        """Take back a message that is answered together with others; False: it is not such a one."""
        host = None if job is None else await self.dispatcher.gathering.find_host(job)
        if job is None or host is None:
            return False
        if host.answer is not None:
            await self.journal.withdraw(host.event.adapter, host.event.id)
        elif job.event.id in host.event.joined:
            await self._change_joined(host, job.event.id, None)
        return True

    async def _cancel(self, job: Job, *, retract: bool = False) -> bool:
        """Cancel an event that runs; where it waits for its next try, what the API was asked is counted and ended."""
        event = job.event
        is_cancelled = await self.worker.canceller.cancel_event(event.adapter, event.id, retract=retract)
        if not is_cancelled and (left := await self.journal.job(event.adapter, event.id)) and left.answer is None:
            await self.dispatcher.settle_api_job(left)
        return is_cancelled

    async def _remove_undecided(self, job: Job) -> None:
        """Remove an answer with which people decide on what is made next: the request for it was taken back."""
        if job.answer is not None and any(map(_is_open, job.answer.actions)):
            cancel = partial(self.worker.canceller.cancel_event, job.event.adapter, by=job.event.actor)
            await self.dispatcher.spool.remove(await self.worker.composites.remove(job, cancel) or ())

    def redeliver(self, adapter: str, event_id: str) -> None:
        """See `AdapterServices.redeliver`."""
        self.worker.redelivery.start(adapter, event_id)

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        """See `AdapterServices.is_recorded`."""
        return await self.journal.is_recorded(adapter, event_id)

    # -- people

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """See `AdapterServices.participants`."""
        return await self.journal.participants(adapter, conversation)

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        """See `AdapterServices.departed`."""
        return await self.journal.departed(adapter, conversation)

    async def last_turns(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Turn]:
        """See `AdapterServices.last_turns`."""
        turns: deque[Turn] = deque(maxlen=limit)
        async for turn, _ in self.journal.transcript(adapter, conversation):
            turns.append(turn)
        return tuple(turns)

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        """See `AdapterServices.profile`."""
        since = datetime.now(UTC) - timedelta(days=PROFILE_DAYS)
        chosen = await self.scoped.personal(adapter, actor.id)
        language = chosen.get(LANGUAGE, "")
        locale = language or actor.locale
        person = replace(actor, locale=locale)
        event = Event(id="", adapter=adapter, conversation="", actor=person, received_at=datetime.now(UTC))
        sees_all = self.policy.administers(event)
        everybody = await self.ledger.usage(since=since, adapter=adapter, within=within) if sees_all else ()
        return Profile(
            usage=tuple(await self.ledger.usage(since=since, adapter=adapter, actor=actor.id)),
            everybody=tuple(everybody),
            limits=tuple(await self.policy.describe_allowance(event)),
            language=language,
            settings=tuple(
                (replace(setting.option, description=setting.describe(locale)), chosen.get(name, ""))
                for name, setting in self.scoped.offered(adapter).items()
                if Scope.ME in setting.scopes
            ),
            recent=tuple(await self.journal.recent_media(adapter, actor.id, limit=RECENT_MEDIA)),
        )

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """See `AdapterServices.set_preference`."""
        await self.scoped.set_personal(adapter, actor, name, value)

    async def narrow(self, spec: CommandSpec) -> CommandSpec:
        """See `AdapterServices.narrow`."""
        if spec.kind is None:
            return spec
        try:
            return await self.limits.narrow(spec, self.account, self.settings.models(spec.kind))
        except StoreError as exc:  # the form opens all the same; what it lets through is refused later
            log.warning("limits of the API not read", reason=str(exc))
            return spec

    async def wait_for_role(self, is_mine: Callable[[str], bool]) -> None:
        """See `AdapterServices.wait_for_role`."""
        await self.policy.roles.wait(is_mine)

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """See `AdapterServices.offered`."""
        return await self.inbox.offered(event, names)

    async def channel_settings(self, adapter: str, location: Location) -> ChannelSettings:
        """See `AdapterServices.channel_settings`."""
        return await self.scoped.of_channel(adapter, location)

    # -- forms

    async def form_options(
        self, adapter: str, spec: CommandSpec | None, names: Collection[str], *, event: str, action: str, **who: str
    ) -> Sequence[Option]:
        """See `AdapterServices.form_options`."""
        job = await self.journal.job(adapter, event) if spec is not None and any(names) else None
        offered = self.scoped.offered(adapter)
        return forms.button_options(offered, spec, names, job, action, **who)

    def form_problems(
        self, adapter: str, spec: CommandSpec, values: Mapping[str, str], *, locale: str
    ) -> Mapping[str, str]:
        """See `AdapterServices.form_problems`."""
        return forms.problems(self.scoped.offered(adapter), self.registry.specs, spec, values, locale=locale)

    def completions(self, adapter: str, option: str, given: Mapping[str, str]) -> Sequence[str]:
        """See `AdapterServices.completions`."""
        return forms.completions(self.scoped.offered(adapter), option, given)

    # -- storage

    @cached_property
    def _cipher(self) -> "TokenCipher":
        return self.make_cipher()

    def storage(self, namespace: str, *, has_secrets: bool = True) -> AdapterStorage:
        """See `AdapterServices.storage`."""
        values = self.values.namespace(f"storage:{namespace}")
        return EncryptedStorage(values, namespace, lambda: self._cipher, has_secrets)

    def encrypt(self, text: str) -> str:
        """See `AdapterServices.encrypt`."""
        return self._cipher.encrypt(text)

    def decrypt(self, token: str) -> str | None:
        """See `AdapterServices.decrypt`."""
        return self._cipher.decrypt(token)

    # -- buttons and forms

    def signer(self, *place: str, person: str = "") -> ValueSigner:
        """See `AdapterServices.signer`."""
        return HmacSigner(self.value_key, place, person)


def _is_open(action: Action) -> bool:
    """Return whether a button decides on something that is still to be made, or to be made further."""
    return action.command == DECIDE or (action.command == SHOTS and action.name in ("make", "halt", "continue"))


def _request_content(event: Event) -> tuple[object, ...]:
    """Return the content of a request as it was written; an edit that leaves it unchanged is ignored."""
    if REPEATED in event.options or event.command == AGAIN:  # its files are those of the request that it repeats
        event = replace(event, command="chat", options={}, attachments=())
    elif CHANGE in event.options or event.command == EDIT:  # it was a sentence about a file, or the command for that
        event = replace(event, command="chat", options={})
    files = [(attachment.name, attachment.size) for attachment in event.attachments]
    return event.command, event.prompt, dict(event.options), files, event.rejection
