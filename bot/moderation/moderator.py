"""Moderation by the API's provider: what its endpoint flags is not sent, or not shown."""

from collections.abc import Sequence
from typing import Any

import structlog

from aimodels import AsyncAIModels
from aimodels.errors import ApiError
from bot.errors import SettingsError, UsageError
from bot.i18n import join_list, operator_text, translate
from bot.models import Usage
from bot.settings.api_endpoint import has_moderation
from bot.settings.core import Settings
from bot.values import valueclass

log = structlog.get_logger(__name__)

_PIECE = 10_000  #: characters of one input; the endpoint judges each
_MOST_PIECES = 32  #: inputs of one call


def require_endpoint(settings: Settings) -> None:
    """Raise `SettingsError` where moderation is asked for and the API has no endpoint for it."""
    if settings.bot_moderation != "off" and not has_moderation(settings):
        raise SettingsError(operator_text("rules.no_moderation"))


class AnswerWithheld(UsageError):
    """The API has answered, and nobody may see it; `usage` counts."""

    def __init__(self, text: str, usage: Usage) -> None:
        super().__init__(text)
        self.usage = usage


@valueclass(frozen=True, slots=True, kw_only=True)
class Moderator:
    """Asks the moderation endpoint on behalf of one event."""

    client: AsyncAIModels
    model: str
    is_lenient: bool  #: what can't be checked is allowed
    checks_answers: bool
    locale: str

    async def check_request(self, texts: Sequence[str], pictures: Sequence[str]) -> None:
        """Return when the endpoint flags none of it.

        Raises `UsageError` with the categories, also when the endpoint fails, unless that is allowed. The error is no
        `ApiError`: another model would fail alike.
        """
        try:
            flagged = await self._flagged(texts, pictures)
        except ApiError as exc:
            log.warning("request not moderated", error=type(exc).__name__, reason=exc.message)
            if self.is_lenient:
                return
            raise UsageError(translate("content.unmoderated", self.locale)) from exc
        if flagged:
            raise UsageError(translate("content.flagged", self.locale, categories=self._list(flagged)))

    async def check_answer(self, usage: Usage, texts: Sequence[str], pictures: Sequence[str] = ()) -> None:
        """Return when the endpoint flags none of it. Raises `AnswerWithheld`, also when it fails, unless allowed."""
        if not self.checks_answers:
            return
        try:
            flagged = await self._flagged(texts, pictures)
        except ApiError as exc:
            log.warning("answer not moderated", error=type(exc).__name__, reason=exc.message)
            if self.is_lenient:
                return
            raise AnswerWithheld(translate("content.unchecked", self.locale), usage) from exc
        if flagged:
            raise AnswerWithheld(translate("content.withheld", self.locale, categories=self._list(flagged)), usage)

    async def _flagged(self, texts: Sequence[str], pictures: Sequence[str]) -> tuple[str, ...]:
        pieces = [text[at : at + _PIECE] for text in texts if text.strip() for at in range(0, len(text), _PIECE)]
        inputs: list[Any] = [pieces[at : at + _MOST_PIECES] for at in range(0, len(pieces), _MOST_PIECES)]
        inputs += [[{"type": "image_url", "image_url": {"url": picture}}] for picture in pictures]
        found: dict[str, None] = {}
        for each in inputs:
            found |= dict.fromkeys((await self.client.moderations.create(model=self.model, input=each)).flagged)
        return tuple(found)

    def _list(self, categories: Sequence[str]) -> str:
        return join_list((f"`{category.replace('`', '')}`" for category in categories), self.locale)
