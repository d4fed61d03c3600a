"""Before a request is made: an expensive one is quoted or waits for an approver."""

from collections.abc import Mapping

from bot.approvals.approvals import Approvals
from bot.conversation.sounds import is_sound
from bot.i18n import translate
from bot.models import Answer, CommandSpec, Event, Usage
from bot.scoped_settings.effective import EffectiveSettings
from bot.spending.quotes import Quotes
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class Questions:
    """Asks before a request is made."""

    quotes: Quotes
    approvals: Approvals

    async def ask_first(
        self, event: Event, spec: CommandSpec, effective: EffectiveSettings, defaults: Mapping[str, str]
    ) -> tuple[Answer | None, str]:
        """Return the question and the note of `ask`; nothing where the command asks itself, once it knows its price."""
        has_sounds = spec.prices_itself == "with sounds" and any(map(is_sound, event.attachments))
        if has_sounds or spec.prices_itself == "always":
            return None, ""
        return await self.ask(event, spec, effective, defaults)

    async def ask(
        self,
        event: Event,
        spec: CommandSpec,
        effective: EffectiveSettings,
        defaults: Mapping[str, str],
        usage: Usage | None = None,
        beside: Usage | None = None,
    ) -> tuple[Answer | None, str]:
        """Return the question, None: it is made at once; and a note for its answer. Raises `BotError`.

        `usage`: what it uses at most, of a command that finds that out itself. `beside`: what it uses besides that, by
        a model of its own.
        """
        priced = await self.quotes.check(event, spec, effective, defaults, usage, beside)
        if priced is None:
            return None, ""
        if priced.needs_quote:
            return await self.quotes.answer(priced), ""
        if priced.needs_approval:
            return await self.approvals.ask(priced, event, effective), ""
        return None, translate("quote.unknown", event.actor.locale) if priced.price is None else ""
