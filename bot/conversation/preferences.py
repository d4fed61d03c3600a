"""Choices that people made: models, the system prompt, the language of the service's own sentences."""

from collections.abc import Mapping

from bot.errors import UsageError
from bot.i18n import LANGUAGES
from bot.models import KINDS, Event, Kind
from bot.ports import Store
from bot.settings.core import Settings

_LANGUAGE = "language"
_SYSTEM_PROMPT = "system_prompt"


class Preferences:
    """The choices that apply to one event: those of its conversation, its channel and its person."""

    def __init__(self, store: Store, settings: Settings, event: Event) -> None:
        self._store = store
        self._settings = settings
        self._conversation = f"conversation:{event.adapter}:{event.conversation}"
        self._person = _person_scope(event.adapter, event.actor.id)
        self._channel = f"channel:{event.adapter}:{event.location.channel or event.conversation}"

    async def get_model(self, kind: Kind) -> str:
        """Return the model to use: the conversation's choice, else the channel's, the person's, the first allowed one.

        A choice that the settings no longer allow is ignored.
        """
        allowed = self._settings.models(kind)
        for scope in (self._conversation, self._channel, self._person):
            chosen = (await self._store.settings(scope)).get(_model(kind))
            if chosen in allowed:
                return chosen
        return allowed[0]

    async def set_model(self, kind: Kind, model: str | None, *, whole_channel: bool) -> None:
        """Choose a model for the conversation; None: clear the choice.

        `whole_channel`: choose it for the channel, and clear the conversation's own choice.
        """
        await self._store.put_setting(self._conversation, _model(kind), None if whole_channel else model)
        if whole_channel:
            await self._store.put_setting(self._channel, _model(kind), model)

    async def get_system_prompt(self) -> str:
        """Return the channel's system prompt, else the one of the settings."""
        return (await self._store.settings(self._channel)).get(_SYSTEM_PROMPT, self._settings.bot_system_prompt)

    async def set_system_prompt(self, text: str | None) -> None:
        """Set the channel's system prompt; None: use the one of the settings."""
        await self._store.put_setting(self._channel, _SYSTEM_PROMPT, text)


async def get_language(store: Store, adapter: str, actor: str) -> str:
    """Return the locale that a person chose; "": none."""
    return (await store.settings(_person_scope(adapter, actor))).get(_LANGUAGE, "")


async def get_models(store: Store, adapter: str, actor: str) -> Mapping[Kind, str]:
    """Return the models that a person chose, by kind."""
    chosen = await store.settings(_person_scope(adapter, actor))
    return {kind: chosen[_model(kind)] for kind in KINDS if _model(kind) in chosen}


async def set_preference(
    store: Store, settings: Settings, adapter: str, actor: str, name: str, value: str | None
) -> None:
    """Set a person's preference `language` or `model.KIND`; None: clear it. Raises `UsageError` for another one."""
    allowed: dict[str, tuple[str, ...]] = {_model(kind): settings.models(kind) for kind in KINDS}
    allowed[_LANGUAGE] = LANGUAGES
    if name not in allowed or (value is not None and value not in allowed[name]):
        raise UsageError(f"{value} is no choice for {name}")
    await store.put_setting(_person_scope(adapter, actor), name, value)


def _person_scope(adapter: str, actor: str) -> str:
    return f"person:{adapter}:{actor}"


def _model(kind: Kind) -> str:
    return f"model.{kind}"
