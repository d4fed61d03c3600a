"""Admits an event by the policy and the limits, and stores it, before its platform is acknowledged."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

import structlog

from bot.background import BackgroundTasks
from bot.commands import Registry
from bot.errors import DeliveryError, OverLimit, StoreError
from bot.i18n import translate
from bot.inbox.resolver import EventResolver
from bot.inbox.undelivered import UndeliveredAnswers
from bot.limits import QuotaRequest
from bot.models import Answer, CommandSpec, Event, Lane
from bot.places.place_names import PlaceNames
from bot.policy import STOPPING, Policy, Refusal, RefusalNotices
from bot.ports import Adapter, EventQueue, Journal
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.names import COMMANDS_OFF, LANGUAGE, REACTION
from bot.scoped_settings.scopes import Scope
from bot.telemetry.metrics import Metrics
from bot.telemetry.tracing import Tracing
from bot.values import valueclass
from bot.waiting.line import WaitingLine

log = structlog.get_logger(__name__)


@valueclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Records events; `accept` is the `Sink` of the adapters."""

    queue: EventQueue
    journal: Journal
    scoped: ScopedSettings
    undelivered: UndeliveredAnswers
    resolver: EventResolver
    registry: Registry
    policy: Policy
    notices: RefusalNotices
    metrics: Metrics
    seal: Callable[[str], str]  #: encrypts a secret
    adapters: Mapping[str, Adapter]
    background: BackgroundTasks
    line: WaitingLine
    places: PlaceNames
    tracing: Tracing | None = None

    async def accept(self, event: Event) -> bool:
        """Record the event; answer a rejected one with a private sentence. Raises `StoreError`: don't acknowledge.

        False: it is ignored, as its author has read lately why it is refused. Raises `ValueError` for an event that
        nobody could answer: its adapter has made a mistake.
        """
        self._require_answerable(event)
        effective = await self.scoped.for_event(event)
        received = event
        event = await self.resolver.resolve(_with_settings(event, effective), effective)
        event, spec, rejection = self._find_spec(event)
        refusal = self.policy.check(event, spec, effective) or self._switched_off(event, spec, effective)
        if refusal is None:
            answer = _refuse(rejection) if rejection else await self._find_undelivered(event)
            try:
                await self._take(event, spec, effective, answer)
            except OverLimit as over:
                if await self._stops_own(event, spec):
                    await self._record(event, lane=spec.lane, answer=answer)
                else:
                    refusal = self.policy.refusal(event, over)
        if refusal is None:
            return True
        await self.resolver.release(received)
        if not event.part_of and (refusal := await self.notices.once(event, refusal)).silent:
            log.info("event ignored", event_id=event.id, adapter=event.adapter, actor=event.actor.id)
            return False
        await self._record(event, lane=spec.lane, answer=_refuse(refusal.text))
        return True

    def _find_spec(self, event: Event) -> tuple[Event, CommandSpec, str]:
        """Return the event by its command's own name, secrets encrypted; the spec; and why it is rejected, or ""."""
        command = self.registry.find(event.command)
        if command is not None and (secrets := command.spec.secrets):
            event = self._seal(event, secrets)
        if command is None or event.rejection:
            rejection = event.rejection or translate("usage.gone", event.actor.locale, command=event.command)
            return event, CommandSpec(name=event.command, description="", lane=Lane.FREE), rejection  # spends nothing
        spec = command.spec
        if event.command != spec.name:  # an alias
            event = replace(event, command=spec.name)
        if event.part_of and spec.lane is Lane.CONVERSATION:  # it is no turn of the conversation
            spec = replace(spec, lane=Lane.FREE)
        return event, spec, ""

    def _require_answerable(self, event: Event) -> None:
        if event.adapter not in self.adapters:
            raise ValueError(
                f"`adapter` of an event is {event.adapter!r}, the name of none of {', '.join(self.adapters)}"
            )
        if event.received_at.tzinfo is None:
            raise ValueError("`received_at` of an event has no time zone: use datetime.now(UTC)")

    async def offer(self, event: Event, *, instead: tuple[Event, Answer] | None = None) -> Refusal | None:
        """Record an event that a person has asked for before; return why it is refused, then nothing is recorded.

        `instead`: what is recorded where the person may use the command; it is not counted, as it uses nothing. Safe to
        repeat. Raises `StoreError`.
        """
        effective = await self.scoped.for_event(event)
        event = _with_settings(event, effective)
        spec = self.registry.find_spec(event.command)
        if spec is None:
            return Refusal(translate("usage.gone", event.actor.locale, command=event.command))
        refusal = self.policy.check(event, spec, effective) or self._switched_off(event, spec, effective)
        if refusal is None and instead is not None:
            await self._record(instead[0], lane=Lane.FREE, answer=instead[1])
        elif refusal is None:
            try:
                await self.policy.count(event, spec, effective, partial(self._record, lane=spec.lane, answer=None))
            except OverLimit as over:
                refusal = self.policy.refusal(event, over)
        return refusal

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """See `AdapterServices.offered`."""
        effective = await self.scoped.for_event(event)
        event = _with_settings(event, effective)
        specs = [spec for name in names if (spec := self.registry.find_spec(name)) is not None]

        def is_refused(spec: CommandSpec) -> bool:
            asked = replace(event, command=spec.name)
            return (self.policy.check(asked, spec, effective) or self._switched_off(asked, spec, effective)) is not None

        return [spec.name for spec in specs if not is_refused(spec)], event.actor.locale

    async def _take(self, event: Event, spec: CommandSpec, effective: EffectiveSettings, answer: Answer | None) -> None:
        """Record an event within the limits. Raises `OverLimit`, `StoreError`."""
        record = partial(self._record, lane=spec.lane, answer=answer)
        await self.policy.count(event, spec, effective, record)
        if answer is None and event.is_message and effective.is_on(REACTION):
            self.background.start(self._react(event))

    async def _react(self, event: Event) -> None:
        try:
            await self.adapters[event.adapter].react(event.reply_to)
        except (DeliveryError, StoreError) as exc:
            log.warning("no reaction", event_id=event.id, adapter=event.adapter, reason=str(exc))

    def _seal(self, event: Event, secrets: Collection[str]) -> Event:
        """Encrypt the secret options of an event, and leave out its text, in which one may have been typed."""
        options = {
            name: self.seal(value) if name in secrets and value else value for name, value in event.options.items()
        }
        return replace(event, prompt="", options=options)

    async def _stops_own(self, event: Event, spec: CommandSpec) -> bool:
        """Whether the event stops what its author may stop: no limit keeps them from that."""
        actor = None if self.policy.administers(event) else event.actor.id
        return spec.name in STOPPING and await self.journal.has_unanswered(
            event.adapter, event.conversation, actor=actor
        )

    def _switched_off(self, event: Event, spec: CommandSpec, effective: EffectiveSettings) -> Refusal | None:
        """Return the refusal of a command that is switched off where it is used."""
        if spec.name not in effective.words(COMMANDS_OFF):
            return None
        text = translate("policy.command_off", event.actor.locale, command=spec.name)
        refusal = Refusal(text, reason=f"off {spec.name}")
        return self.policy.with_names(refusal, event, effective.find(COMMANDS_OFF).scope or Scope.SERVICE, effective)

    async def _find_undelivered(self, event: Event) -> Answer | None:
        """Return the answer of the event that this one retries, if its platform refused to show it."""
        if not await self.undelivered.pop(event):
            return None
        job = await self.journal.job(event.adapter, event.replaces)
        if job is None or job.answer is None or job.answer.private or job.answer.is_empty:
            return None
        return job.answer

    async def _record(
        self, event: Event, quota: QuotaRequest | None = None, *, lane: Lane, answer: Answer | None
    ) -> None:
        takes_turn = answer is None and lane is not Lane.FREE and not event.part_of
        if takes_turn:
            spec = self.registry.find_spec(event.command)
            self.line.note(event, lane, is_private=spec is not None and spec.is_private(event.options))
        try:
            is_new = await self.queue.record(event, lane=lane, answer=answer, quota=quota)
        finally:
            if takes_turn:
                self.line.recorded(event)
        outcome = "duplicate" if not is_new else "refused" if answer and answer.private else "accepted"
        self.metrics.received(event, outcome)
        if (event.adapter, event.location.workspace, event.location.channel) not in self.places.seen:
            self.places.look_up(event.adapter, event.location)
        if self.tracing is not None and is_new:
            self.tracing.recorded(event)
        write = log.info if outcome == "duplicate" else log.debug  # the others have a line when they end
        write("event", event_id=event.id, adapter=event.adapter, command=event.command, outcome=outcome)
        if is_new and quota is not None and quota.near:
            self.policy.near.tell(event, quota.near)

    async def read_words(self, event: Event) -> Event:
        """Return a plain message as the command that its words alone mean. Raises `StoreError`."""
        return self.resolver.read_words(event, await self.scoped.for_event(event))


def _refuse(text: str) -> Answer:
    return Answer(text=text, private=True, ending="refused")


def _with_settings(event: Event, effective: EffectiveSettings) -> Event:
    """Return the event with what settings say of it: its language, and whose API it is for."""
    language = effective.get(LANGUAGE)
    if language:
        event = replace(event, actor=replace(event.actor, locale=language))
    return replace(event, has_own_api=True) if effective.has_own_api else event
