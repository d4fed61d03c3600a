"""The inbox: parses, admits and stores an event before its platform is acknowledged."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

import structlog

from bot.background import BackgroundTasks
from bot.commandline.help_words import asks_for_help
from bot.commandline.picture_words import read_picture_request
from bot.commands import Registry
from bot.conversation.single_use import ONCE, SingleUse
from bot.conversation.use_numbers import UseNumbers
from bot.errors import DeliveryError, OverLimit, StoreError
from bot.family.changes import AGAIN, Changes
from bot.family.repeats import find_last_request, find_whole, take_over
from bot.i18n import translate
from bot.limits import QuotaRequest
from bot.models import Action, Answer, CommandSpec, Event, Job, Lane
from bot.pipeline.undelivered import UndeliveredAnswers
from bot.places.place_names import PlaceNames
from bot.policy import STOPPING, Policy, Refusal, RefusalNotices
from bot.ports import Adapter, EventQueue, Journal, receipt
from bot.schedules.reminders import asks_for_reminder
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.forms import PRESSED, is_correction, with_request
from bot.scoped_settings.names import COMMANDS_OFF, LANGUAGE, REACTION, SYSTEM_PROMPT
from bot.scoped_settings.scopes import Scope
from bot.settings.groups.conversations import DEFAULT_SYSTEM_PROMPT
from bot.spending.quotes import DECISIONS
from bot.telemetry.metrics import Metrics
from bot.telemetry.tracing import Tracing
from bot.values import valueclass
from bot.waiting.line import WaitingLine

log = structlog.get_logger(__name__)

#: Command of a pressed button; its options `event` and `action` name the answer and the button.
PRESS = "press"
RETRY = "retry"
HELP = "help"
#: Name of the button under an answer in progress, which is not among the answer's actions.
STOP = "stop"


@valueclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Records events; `accept` is the `Sink` of the adapters."""

    queue: EventQueue
    journal: Journal
    scoped: ScopedSettings
    undelivered: UndeliveredAnswers
    numbers: UseNumbers
    single_use: SingleUse
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
        event = await self._resolve(_with_settings(event, effective), effective)
        command = self.registry.find(event.command)
        if command is not None and (secrets := command.spec.secrets):
            event = self._seal(event, secrets)
        if command is None or event.rejection:
            rejection = event.rejection or translate("usage.gone", event.actor.locale, command=event.command)
            spec = CommandSpec(name=event.command, description="", lane=Lane.FREE)  # spends nothing
        else:
            rejection, spec = "", command.spec
            if event.command != spec.name:  # an alias
                event = replace(event, command=spec.name)
            if event.part_of and spec.lane is Lane.CONVERSATION:  # it is no turn of the conversation
                spec = replace(spec, lane=Lane.FREE)
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
        await self._release(received)
        if not event.part_of and (refusal := await self.notices.once(event, refusal)).silent:
            log.info("event ignored", event_id=event.id, adapter=event.adapter, actor=event.actor.id)
            return False
        await self._record(event, lane=spec.lane, answer=_refuse(refusal.text))
        return True

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

    async def _release(self, received: Event) -> None:
        """Let the button that a refused event has pressed be pressed again."""
        if received.command == PRESS:
            await self.single_use.release(received, *_named(received))

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

    async def _resolve(self, event: Event, effective: EffectiveSettings) -> Event:
        """Replace a button by its command, a retry by what it repeats, and plain words by the command they mean."""
        if event.command == PRESS:
            event = await self._resolve_press(event)
        if event.command == RETRY or (event.command == AGAIN and not event.prompt.strip() and not event.rejection):
            event = await self._resolve_retry(event)
        read = self._read_words(event, effective)
        if read is not event:
            return read
        return await Changes(self.journal, self.registry.spending).resolve(event)

    async def read_words(self, event: Event) -> Event:
        """Return a plain message as the command that its words alone mean. Raises `StoreError`."""
        return self._read_words(event, await self.scoped.for_event(event))

    def _read_words(self, event: Event, effective: EffectiveSettings) -> Event:
        """Return a plain message as what a model would only say that it does, or that it can't; else as it is."""
        if event.command != "chat" or event.options or event.replaces or event.part_of or event.rejection:
            return event
        if asks_for_reminder(event.prompt) and self.registry.offers("schedule"):
            return replace(event, command="schedule")
        if self._asks_for_help(event, effective):
            return replace(event, command=HELP, prompt="")
        may_draw = self.registry.offers("image") and "image" not in effective.words(COMMANDS_OFF)
        if may_draw and not event.attachments and (what := read_picture_request(event.prompt)):
            return replace(event, command="image", prompt=what)
        return event

    def _asks_for_help(self, event: Event, effective: EffectiveSettings) -> bool:
        """Whether a plain message asks what the service can do: a model knows none of its commands."""
        is_named = effective.get(SYSTEM_PROMPT) != DEFAULT_SYSTEM_PROMPT
        if event.attachments or not asks_for_help(event.prompt, is_named=is_named):
            return False
        return self.registry.offers(HELP) and HELP not in effective.words(COMMANDS_OFF)

    async def _resolve_press(self, event: Event) -> Event:
        named, pressed = _named(event)
        if (received := receipt.get()) is not None:
            received.pressed = (named, pressed)
        event = replace(event, is_press=not event.options.keys() - {*PRESSED})
        if pressed == STOP:
            return replace(event, command="cancel", options={"event": named})
        job = await self.journal.job(event.adapter, named)
        actions = job.answer.actions if job is not None and job.answer is not None else ()
        action = next((a for a in actions if a.name == pressed), None)
        if action is None and job is not None and pressed == RETRY:  # the answer in progress has no actions yet
            return replace(event, command=RETRY, options={"event": named})
        if action is None:
            key = "approval.too_late" if job is not None and pressed in DECISIONS else "usage.button_gone"
            # What was typed into its form may be a secret.
            return replace(event, rejection=translate(key, event.actor.locale), options={"event": named})
        assert job is not None
        if key := await self._find_barred(event, action, job):
            return replace(event, rejection=translate(key, event.actor.locale), options={"event": named})
        action = with_request(action, job.event)
        given, kept = _form_values(action, event.options)
        if is_correction(action):
            event = take_over(event, job.event)
        command = self.registry.find(action.command)
        spoken = command.spec.prompt.name if command is not None and command.spec.prompt is not None else "prompt"
        prompt = given.pop(spoken, "") or await self.numbers.fill_in(event, action)
        return replace(event, command=action.command, prompt=prompt, options={**kept, **given})

    async def _find_barred(self, press: Event, action: Action, job: Job) -> str:
        """Return the key of the sentence that says why the person may not use a button, "" where they may."""
        is_author = job.event.actor.id == press.actor.id
        if is_correction(action):
            return "" if is_author else "correct.not_yours"
        if action.name != ONCE:
            return ""
        if not is_author:
            return "press.not_yours"
        return "" if await self.single_use.claim(press, job, action.name) else "press.used"

    async def _resolve_retry(self, event: Event) -> Event:
        spending = self.registry.spending
        named = event.options.get("event")
        if named:
            job = await find_whole(self.journal, await self.journal.job(event.adapter, named))
        else:
            job = await find_last_request(self.journal, event, spending)
        # An event of another conversation must not be repeated, whatever id is given.
        if job is None or job.event.conversation != event.conversation or job.event.command not in spending:
            return event
        first = job.event
        if first.rejection:
            return replace(event, rejection=first.rejection)
        is_failure = job.answer is not None and job.answer.is_failure
        return replace(
            take_over(event, first),
            command=first.command,
            prompt=first.prompt,
            options=first.options,
            has_prior_messages=first.has_prior_messages,
            replaces=first.id,
            # What failed was agreed on already.
            agreed=first.agreed if is_failure else 0,
            approved=first.approved if is_failure else 0,
        )


def _named(press: Event) -> tuple[str, str]:
    """Return the answer and the button that a press names."""
    return press.options.get("event", ""), press.options.get("action", "")


def _form_values(action: Action, options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the options that were typed into a button's form, and those of the button that were not emptied there."""
    asked = set(action.prompts_for)
    given = {name: value for name, value in options.items() if name in asked and value}
    emptied = {name for name in asked & options.keys() if action.shows_values and name not in given}
    return given, {name: value for name, value in action.options.items() if name not in emptied}


def _refuse(text: str) -> Answer:
    return Answer(text=text, private=True, ending="refused")


def _with_settings(event: Event, effective: EffectiveSettings) -> Event:
    """Return the event with what settings say of it: its language, and whose API it is for."""
    language = effective.get(LANGUAGE)
    if language:
        event = replace(event, actor=replace(event.actor, locale=language))
    return replace(event, has_own_api=True) if effective.has_own_api else event
