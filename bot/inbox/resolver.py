"""Resolves events: a pressed button, a retry or plain words become the command that they stand for."""

from collections.abc import Mapping
from dataclasses import replace

from bot.commandline.help_words import asks_for_help
from bot.commandline.picture_words import read_picture_request
from bot.commands import Registry
from bot.conversation.single_use import ONCE, SingleUse
from bot.conversation.use_numbers import UseNumbers
from bot.family.changes import AGAIN, Changes
from bot.family.repeats import find_last_request, find_whole, take_over
from bot.i18n import translate
from bot.models import Action, Event, Job
from bot.ports import Journal, receipt
from bot.schedules.reminders import asks_for_reminder
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.forms import PRESSED, is_correction, with_request
from bot.scoped_settings.names import COMMANDS_OFF, SYSTEM_PROMPT
from bot.settings.groups.conversations import DEFAULT_SYSTEM_PROMPT
from bot.spending.quotes import DECISIONS
from bot.values import valueclass

#: Command of a pressed button; its options `event` and `action` name the answer and the button.
PRESS = "press"
RETRY = "retry"
HELP = "help"
#: Name of the button under an answer in progress, which is not among the answer's actions.
STOP = "stop"


@valueclass(frozen=True, slots=True, kw_only=True)
class EventResolver:
    """Replaces events by those that they stand for. Every asynchronous method raises `StoreError`."""

    journal: Journal
    registry: Registry
    numbers: UseNumbers
    single_use: SingleUse

    async def resolve(self, event: Event, effective: EffectiveSettings) -> Event:
        """Replace a button by its command, a retry by what it repeats, and plain words by the command they mean."""
        if event.command == PRESS:
            event = await self._resolve_press(event)
        if event.command == RETRY or (event.command == AGAIN and not event.prompt.strip() and not event.rejection):
            event = await self._resolve_retry(event)
        read = self.read_words(event, effective)
        if read is not event:
            return read
        return await Changes(self.journal, self.registry.spending).resolve(event)

    def read_words(self, event: Event, effective: EffectiveSettings) -> Event:
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

    async def release(self, received: Event) -> None:
        """Let the button that a refused event has pressed be pressed again."""
        if received.command == PRESS:
            await self.single_use.release(received, *_named(received))

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
