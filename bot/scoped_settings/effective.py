"""The settings in effect for one event, and the change of a value."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Self

from bot.commandline.mentions import Mention, find_mentions
from bot.errors import Paused, UsageError
from bot.models import CommandSpec, Event, Kind, Location
from bot.ports import REPLY_MODES, ChannelSettings, KeyValues, Owner
from bot.scoped_settings.access import PAUSED, PREFIX, AccessRule, parse_rule
from bot.scoped_settings.names import ANSWER_ALL, MANAGERS, NO_FALLBACK, REPLY_MODE
from bot.scoped_settings.scopes import (
    ADMINISTERED,
    OWN_API,
    Scope,
    channel_namespaces,
    namespaces_of,
    owner_of,
    person_namespace,
)
from bot.scoped_settings.setting import ON, ScopedSetting, split_list
from bot.values import valueclass

_NO_WORDS: frozenset[str] = frozenset()
_NO_CHANNEL_SETTINGS = ChannelSettings()


@valueclass(frozen=True, slots=True)
class EffectiveValue:
    """A value and the scope that decides it; None: the service's own."""

    text: str
    scope: Scope | None = None


class EffectiveSettings:
    """The settings of one event: of all scopes that have a value, the nearest decides; of bounds, the strictest.

    A value that the environment no longer allows counts as absent. Values are read once, and hold for the whole event
    but for its own changes.
    """

    def __init__(
        self, values: KeyValues, registry: Mapping[str, ScopedSetting], event: Event, lacking: Collection[str] = ()
    ) -> None:
        """The values are not read yet: await `read`."""
        self.registry = registry
        self.lacking = lacking  #: names of settings that mean nothing on the event's platform
        self._values = values
        self._event = event
        self._set: Sequence[tuple[Scope, Mapping[str, str]]] = ()  #: scopes that have values, with these, nearest first

    async def read(self) -> Self:
        """Read the values of all scopes. Raises `StoreError`."""
        namespaces = namespaces_of(self._event)
        found = await self._values.read_namespaces(*namespaces.values())
        self._set = [(scope, values) for scope, values in zip(namespaces, found, strict=True) if values]
        return self

    def find(self, name: str) -> EffectiveValue:
        """Return the value of a setting, and where it comes from."""
        setting = self.registry[name]
        read = self._set
        if setting.is_own_first:
            read = sorted(read, key=lambda each: each[0] is not Scope.ME)
        found = EffectiveValue(setting.option.default)
        for scope, values in read:
            if scope in setting.scopes and (value := values.get(name)) is not None and not setting.error(value):
                if not setting.is_bound:
                    return EffectiveValue(value, scope)
                if setting.is_stricter(value, found.text):
                    found = EffectiveValue(value, scope)
        return found

    def get(self, name: str) -> str:
        """Return the value of a setting; "" is none."""
        return self.find(name).text if self._set else self.registry[name].option.default

    def integer(self, name: str) -> int:
        """Return the value of a whole-number setting that has a value of its own."""
        return int(float(self.get(name)))

    def number(self, name: str) -> float | None:
        """Return the value of a number setting; None: it has none."""
        text = self.get(name)
        return float(text) if text else None

    def model(self, kind: Kind) -> str:
        """Return the model to use for a kind of content."""
        return self.get(f"model.{kind}")

    def fallbacks(self, kind: Kind) -> Sequence[str]:
        """Return the models that may answer where the chosen one of a kind fails, in their order."""
        name = f"fallback.{kind}"
        return [model for model in split_list(self.get(name)) if model != NO_FALLBACK] if name in self.registry else ()

    def is_on(self, name: str) -> bool:
        """Return whether a switch is on."""
        return self.get(name) == ON

    def words(self, name: str) -> frozenset[str]:
        """Return the words of a setting that is a list."""
        text = self.get(name)
        return frozenset(split_list(text)) if text else _NO_WORDS

    def defaults_of(self, spec: CommandSpec) -> Mapping[str, str]:
        """Return the values set for a command's options, which hold where the options are not given, by their names."""
        if not self._set:
            return {}
        prefix = f"{spec.name}."
        names = {name for _, values in self._set for name in values if name.startswith(prefix)}
        return {name.removeprefix(prefix): self.get(name) for name in names if name in self.registry}

    def find_by_prefix(self, prefix: str, scopes: Collection[Scope]) -> Sequence[tuple[Scope, str, str]]:
        """Return the values of some scopes whose names begin so: scope, name and value."""
        if not self._set:
            return ()
        return [
            (scope, name, value)
            for scope, values in self._set
            if scope in scopes
            for name, value in values.items()
            if name.startswith(prefix)
        ]

    def administered(self, prefix: str) -> Sequence[tuple[Scope, str]]:
        """Return the values of administrators here whose names begin so, each with its scope."""
        return [(scope, value) for scope, _, value in self.find_by_prefix(prefix, ADMINISTERED)]

    def access_rules(self) -> Sequence[AccessRule]:
        """Return the rules of administrators on who may use what here."""
        return [parse_rule(scope, value) for scope, value in self.administered(PREFIX)]

    def managers(self, scope: Scope) -> Sequence[Mention]:
        """Return the people and roles that administrators have named for a scope, or for one around it."""
        wider = ADMINISTERED[ADMINISTERED.index(scope) :]
        named = [value for of_scope, value in self.administered(MANAGERS) if of_scope in wider]
        return tuple(dict.fromkeys(mention for value in named for mention in find_mentions(value)))

    @property
    def has_own_api(self) -> bool:
        """Whether the event's workspace has brought its own API."""
        return bool(self._set) and any(scope is Scope.WORKSPACE and OWN_API in values for scope, values in self._set)

    def concerns_others(self, scope: Scope) -> bool:
        """Return whether values of a scope hold for more people than the author: in their direct messages few do."""
        if self._event.location.is_private:
            return scope in (Scope.WORKSPACE, Scope.SERVICE)
        return scope is not Scope.ME

    def set_in(self, scope: Scope) -> Mapping[str, str]:
        """Return the values that are set in a scope, by the names of their settings; absent ones are left out."""
        found = next((values for of_scope, values in self._set if of_scope is scope), {})
        settings = ((self.registry.get(name), value) for name, value in found.items())
        return {
            setting.name: value
            for setting, value in settings
            if setting is not None and scope in setting.scopes and not setting.error(value)
        }

    def paused(self) -> Sequence[tuple[Scope, str]]:
        """Return the scopes that administrators have paused here, each with the reason; "": none was given."""
        return [(scope, value.removeprefix("|")) for scope, value in self.administered(PAUSED)]

    def require_unpaused(self, spec: CommandSpec) -> None:
        """Raise `Paused` for a command that asks the API where an administrator has paused that."""
        if spec.kind is not None and (paused := self.paused()):
            raise Paused(paused[0][1])

    async def set(
        self,
        name: str,
        value: str | None,
        scope: Scope,
        *,
        expires: datetime | None = None,
        owner: Owner | None = None,
    ) -> str | None:
        """Set a value in a scope, None: clear it; return the one that it had. The value has been checked.

        `owner`: with what it is erased; None: as the scope says. Raises `StoreError`.
        """
        namespace = self._values.namespace(namespaces_of(self._event)[scope])
        before = await namespace.get(name)
        if value is None:
            await namespace.delete(name)
        else:
            await namespace.set(name, value, owner=owner or owner_of(scope, self._event), expires=expires)
        await self.read()
        return before

    async def replace(
        self, name: str, value: str, scope: Scope, *, expires: datetime | None = None, owner: Owner | None = None
    ) -> bool:
        """Set a value as `set` does, unless it was changed since it was read here; return whether it was set.

        Raises `StoreError`.
        """
        was = next((values[name] for of_scope, values in self._set if of_scope is scope and name in values), None)
        if was is None:
            return False
        namespace = self._values.namespace(namespaces_of(self._event)[scope])
        owner = owner or owner_of(scope, self._event)
        is_set = await namespace.replace(name, value, was=was, owner=owner, expires=expires)
        await self.read()
        return is_set


@valueclass(frozen=True, slots=True, kw_only=True)
class ScopedSettings:
    """All settings that may change while the service runs, and where their values are kept."""

    values: KeyValues
    registry: Mapping[str, ScopedSetting]
    lacking: Mapping[str, Collection[str]] = field(default_factory=dict)  #: settings that mean nothing, by adapter

    async def for_event(self, event: Event) -> EffectiveSettings:
        """Return the settings in effect for an event. Raises `StoreError`."""
        return await EffectiveSettings(self.values, self.registry, event, self.lacking.get(event.adapter, ())).read()

    def offered(self, adapter: str) -> Mapping[str, ScopedSetting]:
        """Return the settings that an adapter's platform has, by name."""
        lacking = self.lacking.get(adapter, ())
        return {name: setting for name, setting in self.registry.items() if name not in lacking}

    async def of_channel(self, adapter: str, location: Location) -> ChannelSettings:
        """Return the settings of a channel that its adapter obeys. Raises `StoreError`."""
        found: dict[str, str] = {}
        scopes, namespaces = zip(*channel_namespaces(adapter, location), strict=True)
        for scope, values in zip(scopes, await self.values.read_namespaces(*namespaces), strict=True):
            for name in (ANSWER_ALL, REPLY_MODE):
                if name in values and scope in self.registry[name].scopes:
                    found.setdefault(name, values[name])
        if not found:
            return _NO_CHANNEL_SETTINGS
        mode = next((mode for mode in REPLY_MODES if mode == found.get(REPLY_MODE)), None)
        return ChannelSettings(answers_all=found.get(ANSWER_ALL) == ON, reply_mode=mode)

    async def personal(self, adapter: str, actor: str) -> Mapping[str, str]:
        """Return a person's own values by name. Raises `StoreError`."""
        found = await self.values.namespace(person_namespace(adapter, actor)).items()
        return {name: value for name, value in found.items() if self._is_allowed(name, value)}

    async def set_personal(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """Set a person's own value; None: clear it. Raises `UsageError` for another name or value, and `StoreError`."""
        if name not in self.registry or (value is not None and not self._is_allowed(name, value)):
            raise UsageError(f"{value} is no choice for {name}")
        namespace = self.values.namespace(person_namespace(adapter, actor))
        if value is None:
            await namespace.delete(name)
        else:
            await namespace.set(name, value, owner=Owner(adapter=adapter, actor=actor))

    def _is_allowed(self, name: str, value: str) -> bool:
        setting = self.registry.get(name)
        return setting is not None and Scope.ME in setting.scopes and not setting.error(value)
