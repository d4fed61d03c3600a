"""The parts of a command: a spec, and an async generator of parts. `bot/commands` has one file per command."""

import importlib
import pkgutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bot.approvals.approvals import Approvals
from bot.approvals.questions import Questions
from bot.calls.guarded_api import EventApi
from bot.calls.model_calls import ModelCalls
from bot.calls.workspace_apis import WorkspaceApis
from bot.commandline.choices import nearest_choice
from bot.commandline.flags import usage_line
from bot.commandline.parser import validate_option
from bot.commandline.time_zones import find_zone
from bot.commands._checks import check_command, check_names
from bot.composites.composites import Composites
from bot.conversation.context import Conversation
from bot.duel.duels import Duels
from bot.errors import NotAllowed, UsageError
from bot.film.films import Films
from bot.i18n import describe_example, join_list, translate
from bot.media import Spool
from bot.models import CommandSpec, Event, Kind, Media, Option, Part, Usage
from bot.policy import Policy, Quotas, Refusal
from bot.policy.rules import id_forms, names_unread_role
from bot.ports import AuditEntry, AuditLog, ChannelReader, Directory, Journal, KeyValues, UsageLedger, UsageReports
from bot.schedules.schedules import Schedules
from bot.scoped_settings.access import rule_targets
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import TIME_ZONE
from bot.scoped_settings.scopes import Scope
from bot.settings.core import Settings
from bot.settings.extra_parameters import parameter_value
from bot.settings.media_sizes import sizes_of
from bot.values import valueclass

Parts = AsyncGenerator[Part, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestControls:
    """Control of other requests, on behalf of the author."""

    stop: Callable[[], Awaitable[int]]  #: cancel the conversation's earlier events; returns their number
    cancel: Callable[[str], Awaitable[bool]]  #: cancel the event with that id; False: it is not running
    wake: Callable[[], Awaitable[None]]  #: try the events at once that wait for their next try


@dataclass(slots=True, kw_only=True, eq=False)
class Context:
    """The context of a running command. Made by the dispatcher for one event."""

    event: Event
    spec: CommandSpec
    settings: Settings
    calls: ModelCalls  #: calls of a model: another one answers where it fails, refusals are understood
    conversation: Conversation  #: stored context and message list of the conversation
    effective: EffectiveSettings  #: the settings in effect here
    defaults: Mapping[str, str]  #: in effect for options that are not given
    price: Callable[[Usage], Usage]  #: set the cost of usage at the operator's prices
    workspace_apis: WorkspaceApis  #: the APIs that workspaces bring themselves
    quotas: Quotas  #: limits, and what is left of them; prices
    spool: Spool  #: storage of generated and exported files
    composites: Composites  #: answers that are made by several requests
    schedules: Schedules  #: requests that are made at set times
    journal: Journal  #: recorded events and answers
    ledger: UsageLedger  #: recorded usage
    reports: UsageReports  #: the same, summed up for people
    audit_log: AuditLog  #: what administrators did
    questions: Questions  #: what is asked before an expensive request is made
    policy: Policy  #: who may use what
    directory: Directory  #: people, roles and channels of the platform
    channels: ChannelReader  #: what people wrote in channels
    values: KeyValues  #: small durable values
    commands: "Registry"
    seq: int  #: order of recording of this event
    controls: RequestControls
    reset: Callable[[], Awaitable[int]]  #: start a new context; returns the number of dropped turns
    personal_settings: Callable[[str], Awaitable[Mapping[str, str]]]  #: a person's own settings, by name
    #: erase a person's data of a workspace, None: all; returns the files to delete
    forget_person: Callable[[str, str | None], Awaitable[Sequence[Media]]]

    @property
    def api(self) -> EventApi:
        """The API behind the rules on words; waits are shown to the author."""
        return self.calls.api

    @property
    def approvals(self) -> Approvals:
        """The requests that wait for a decision."""
        return self.questions.approvals

    def zone(self) -> tuple[ZoneInfo, bool]:
        """Return the time zone of the author, and whether it is theirs and not a default."""
        value = self.effective.find(TIME_ZONE)
        if value.scope is not Scope.ME and (own := find_zone(self.event.actor.time_zone)) is not None:
            return ZoneInfo(own), True
        return ZoneInfo(value.text), value.scope is Scope.ME

    def translate(self, key: str, /, **values: object) -> str:
        """Translate a sentence of the service into the author's language."""
        return translate(key, self.event.actor.locale, **values)

    def join_list(self, words: Iterable[str]) -> str:
        """Join words to a list within such a sentence."""
        return join_list(words, self.event.actor.locale)

    @property
    def films(self) -> Films:
        """Films that are planned and made."""
        return self.composites.films

    @property
    def duels(self) -> Duels:
        """Duels: the same question to several models."""
        return self.composites.duels

    @property
    def example(self) -> str:
        """An example of the command, in the author's language."""
        return f"/{describe_example(self.spec, self.event.actor.locale) or self.spec.name}"

    def prompt(self) -> str:
        """Return the free text of the request. Raises `UsageError` with an example if it is empty."""
        text = self.event.prompt.strip()
        if not text:
            raise UsageError(self.translate("prompt.missing", example=self.example))
        return text

    def may_administer(self, scope: Scope, *, owns_dm: bool = True) -> bool:
        """Return whether the author may change what holds for a scope's people: its administrators and managers.

        `owns_dm`: anybody may in their own direct messages. Raises `UsageError` where unread roles matter.
        """
        if self.is_administrator(scope, owns_dm=owns_dm):
            return True
        actor = self.event.actor
        managers = {mention.id for mention in self.effective.managers(scope)}
        self.policy.roles.add(managers)
        if names_unread_role(self.event, managers):
            raise UsageError(self.translate("policy.roles_unread"))
        return not managers.isdisjoint(id_forms(self.event.adapter, (actor.id, *actor.roles)))

    def is_administrator(self, scope: Scope, *, owns_dm: bool = True) -> bool:
        """Return whether the author administers a scope without having been named for it. `owns_dm`: see above."""
        event = self.event
        if self.is_service_admin() or (owns_dm and scope is Scope.CHANNEL and event.location.is_private):
            return True
        return event.actor.is_admin and scope is not Scope.SERVICE

    def not_allowed(self, key: str, scope: Scope) -> NotAllowed:
        """Return the error of who may not change what holds in a scope; it names whom they can ask."""
        refusal = Refusal(self.translate(key))
        return NotAllowed(self.policy.with_names(refusal, self.event, scope, self.effective).text)

    def is_service_admin(self) -> bool:
        """Return whether the author administers the whole service: its operator, and whom the operator lists."""
        return self.policy.is_service_admin(self.event)

    async def audit(
        self, action: str, *, subject: str = "", scope: str = "", before: str | None = None, after: str | None = None
    ) -> None:
        """Add an act of the author to the audit log. Raises `StoreError`."""
        event = self.event
        entry = AuditEntry(
            adapter=event.adapter,
            actor=event.actor.id,
            action=action,
            workspace=event.location.workspace,
            channel=event.location.channel,
            subject=subject,
            scope=scope,
            before=before,
            after=after,
            event=event.id,
        )
        await self.audit_log.add_audit(entry)

    def option(self, name: str) -> str:
        """The value given for an option, else its default. Raises `UsageError` for a value that is not allowed."""
        option = self.spec.option(name)
        assert option is not None, f"{self.spec.name} has no option {name}"
        value = self.event.options.get(name, "") or self.defaults.get(name, "") or option.default
        if value and option.choices and value not in option.choices:
            raise UsageError(
                self.translate("option.choice", name=name, value=value, allowed=self.join_list(option.choices))
            )
        return value

    def is_on(self, name: str) -> bool:
        """Whether an option of yes and no, such as `Option.switch` makes, has yes."""
        return self.option(name) == "yes"

    @property
    def extra_parameters(self) -> dict[str, Any]:
        """The parameters other than the documented ones that are set for the API's requests of this command."""
        known = self.effective.registry
        return {
            name: parameter_value(value)
            for name, value in self.defaults.items()
            if value and known[f"{self.spec.name}.{name}"].parameter_of is not None
        }

    def size(self, name: str, model: str) -> str:
        """Return the value of an option with sizes, which the model must make. Raises `UsageError` with the nearest."""
        option = self.spec.option(name)
        assert option is not None
        assert option.sizes is not None
        sizes = sizes_of(self.settings, option.sizes, model) or option.choices
        given = self.event.options.get(name, "")
        value = given or self.defaults.get(name, "") or option.default
        if value in sizes:
            return value
        near = nearest_choice(value, sizes)
        if not given:
            return near or sizes[0]
        values = {"name": name, "model": model, "value": value, "near": near, "allowed": self.join_list(sizes)}
        raise UsageError(self.translate("option.size" if near else "option.choice", **values))

    def number(self, name: str) -> float:
        """Return the value of a number option. Raises `UsageError` outside its bounds, and without a value."""
        text, option = self.option(name), self.spec.option(name)
        assert option is not None
        if not text:
            values = {"command": f"/{self.spec.name}", "name": name, "usage": usage_line(self.spec)}
            raise UsageError(self.translate("usage.missing", **values))
        if problem := validate_option(option, text, locale=self.event.actor.locale):
            raise UsageError(problem)
        return float(text)

    def integer(self, name: str) -> int:
        """Return the value of a whole-number option. Raises `UsageError` outside its bounds."""
        value = self.number(name)
        if not value.is_integer():
            raise UsageError(self.translate("usage.integer", flag=name, value=self.option(name)))
        return int(value)


@valueclass(frozen=True, slots=True)
class Command:
    """A spec and the generator that runs it."""

    spec: CommandSpec
    run: Callable[[Context], Parts]
    may_be_silent: bool = False  #: it may yield nothing, as other answers show what it has done

    def with_options(self, change: Callable[[Option], Option]) -> "Command":
        """Return the command with each option as `change` makes it."""
        options = tuple(change(option) for option in self.spec.options)
        return self if options == self.spec.options else replace(self, spec=replace(self.spec, options=options))


_registered: dict[str, Command] = {}


def command(
    spec: CommandSpec, *, may_be_silent: bool = False
) -> Callable[[Callable[[Context], Parts]], Callable[[Context], Parts]]:
    """Register an async generator as the command `spec`. `may_be_silent`: see `Command`.

    Raises `SettingsError` with a sentence that names the mistake of a spec.
    """

    def register(run: Callable[[Context], Parts]) -> Callable[[Context], Parts]:
        check_command(spec, run)
        before = _registered.get(spec.name)
        if before is not None and before.run.__module__ != run.__module__:
            check_names((one, made.__module__) for one, made in ((before.spec, before.run), (spec, run)))
        _registered[spec.name] = Command(spec, run, may_be_silent)
        return run

    return register


class Registry:
    """The commands of this service, by name and alias."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands = {command.spec.name: command for command in sorted(commands, key=lambda c: c.spec.name)}
        self._names = {
            name: command for command in self._commands.values() for name in (command.spec.name, *command.spec.aliases)
        }

    def find(self, name: str) -> Command | None:
        """The command of that name or alias."""
        return self._names.get(name)

    def find_spec(self, name: str) -> CommandSpec | None:
        """The spec of the command of that name or alias."""
        command = self._names.get(name)
        return None if command is None else command.spec

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def offers(self, name: str) -> bool:
        """Whether people may type the command of that name."""
        found = self._commands.get(name)
        return found is not None and not found.spec.hidden

    @property
    def names(self) -> frozenset[str]:
        """The name of every command, hidden ones included; no aliases."""
        return frozenset(self._commands)

    @cached_property
    def specs(self) -> tuple[CommandSpec, ...]:
        """The spec of every command that people may type, by name."""
        return tuple(command.spec for command in self._commands.values() if not command.spec.hidden)

    @cached_property
    def spending(self) -> tuple[str, ...]:
        """The name of every command that calls the API."""
        return tuple(spec.name for spec in self.specs if spec.kind is not None)


def load_commands(models: Mapping[Kind, tuple[str, ...]]) -> Registry:
    """Import every module of `bot.commands` and fill in the choices of options that name a model.

    Raises `SettingsError` for a command with a mistake, and for two of one name.
    """
    _import_commands()
    check_names((command.spec, command.run.__module__) for command in _registered.values())
    specs = [command.spec for command in _registered.values() if not command.spec.hidden]
    targets = rule_targets(specs)

    def with_choices(option: Option) -> Option:
        if option.suggests_commands:
            return replace(option, suggestions=targets)
        return option if option.models is None else replace(option, kind="choice", choices=models[option.models])

    return Registry(c.with_options(with_choices) for c in _registered.values())


@cache
def _import_commands() -> None:
    package = importlib.import_module("bot.commands")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"bot.commands.{module.name}")
