"""Choices that people made: models, the system prompt, the language of the service's own sentences."""

from collections.abc import Mapping

from bot.errors import UsageError
from bot.i18n import LANGUAGES
from bot.models import KINDS, Event, Kind
from bot.ports import KeyValues, Namespace, Owner
from bot.settings.core import Settings

_LANGUAGE = "language"
_SYSTEM_PROMPT = "system_prompt"


class Preferences:
    """The choices that apply to one event: those of its conversation, its channel and its person."""

    def __init__(self, values: KeyValues, settings: Settings, event: Event) -> None:
        self._settings = settings
        self._conversation = conversation_values(values, event)
        self._conversation_owner = Owner(adapter=event.adapter, conversation=event.conversation)
        self._person = _person_values(values, event.adapter, event.actor.id)
        self._channel = values.namespace(f"channel:{event.adapter}:{event.location.channel or event.conversation}")

    async def get_model(self, kind: Kind) -> str:
        """Return the model to use: the conversation's choice, else the channel's, the person's, the first allowed one.

        A choice that the settings no longer allow is ignored.
        """
        allowed = self._settings.models(kind)
        for scope in (self._conversation, self._channel, self._person):
            chosen = await scope.get(_model(kind))
            if chosen in allowed:
                return chosen
        return allowed[0]

    async def set_model(self, kind: Kind, model: str | None, *, whole_channel: bool) -> None:
        """Choose a model for the conversation; None: clear the choice.

        `whole_channel`: choose it for the channel, and clear the conversation's own choice.
        """
        await _put(self._conversation, _model(kind), None if whole_channel else model, self._conversation_owner)
        if whole_channel:
            await _put(self._channel, _model(kind), model)

    async def get_system_prompt(self) -> str:
        """Return the channel's system prompt, else the one of the settings."""
        prompt = await self._channel.get(_SYSTEM_PROMPT)
        return self._settings.bot_system_prompt if prompt is None else prompt

    async def set_system_prompt(self, text: str | None) -> None:
        """Set the channel's system prompt; None: use the one of the settings."""
        await _put(self._channel, _SYSTEM_PROMPT, text)


async def get_language(values: KeyValues, adapter: str, actor: str) -> str:
    """Return the locale that a person chose; "": none."""
    return await _person_values(values, adapter, actor).get(_LANGUAGE) or ""


async def get_models(values: KeyValues, adapter: str, actor: str) -> Mapping[Kind, str]:
    """Return the models that a person chose, by kind."""
    chosen = await _person_values(values, adapter, actor).items()
    return {kind: chosen[_model(kind)] for kind in KINDS if _model(kind) in chosen}


async def set_preference(
    values: KeyValues, settings: Settings, adapter: str, actor: str, name: str, value: str | None
) -> None:
    """Set a person's preference `language` or `model.KIND`; None: clear it. Raises `UsageError` for another one."""
    allowed: dict[str, tuple[str, ...]] = {_model(kind): settings.models(kind) for kind in KINDS}
    allowed[_LANGUAGE] = LANGUAGES
    if name not in allowed or (value is not None and value not in allowed[name]):
        raise UsageError(f"{value} is no choice for {name}")
    await _put(_person_values(values, adapter, actor), name, value, Owner(adapter=adapter, actor=actor))


def conversation_values(values: KeyValues, event: Event) -> Namespace:
    """Return the values of an event's conversation."""
    return values.namespace(f"conversation:{event.adapter}:{event.conversation}")


def _person_values(values: KeyValues, adapter: str, actor: str) -> Namespace:
    return values.namespace(f"person:{adapter}:{actor}")


async def _put(namespace: Namespace, name: str, value: str | None, owner: Owner | None = None) -> None:
    if value is None:
        await namespace.delete(name)
    else:
        await namespace.set(name, value, owner=owner)


def _model(kind: Kind) -> str:
    return f"model.{kind}"
