"""Limits on use: those of the environment, which are the bound, and those that administrators set at run time."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from bot.limits import KIND_OF, MICROS, UNITS, Limit, Measure, Period, Subject, decimal_text
from bot.models import MEDIA_KINDS, CommandSpec, Event, Kind
from bot.ports import KeyValues
from bot.settings.core import Settings
from bot.values import valueclass


class Who(StrEnum):
    """The person, role or place that a limit at run time holds for."""

    EVERYBODY = "everybody"  #: together
    PERSON = "person"  #: one, or each
    ROLE = "role"  #: each member of one
    CHANNEL = "channel"  #: one, or each


@valueclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """A limit that an administrator has set."""

    adapter: str = ""  #: "": in the whole service
    workspace: str = ""
    who: Who
    id: str = ""  #: of the person, role or channel; "": each
    measure: Measure
    period: Period
    amount: int = 0  #: in the measure's unit

    @property
    def name(self) -> str:
        """The name under which the amount is kept: the same for the same limit."""
        return json.dumps([self.adapter, self.workspace, self.who, self.id, self.measure, self.period])

    @property
    def whom(self) -> str:
        """For whom it holds, as the audit log has it."""
        return f"{self.who}:{self.id}" if self.id else self.who.value

    def applies_to(self, event: Event) -> bool:
        """Return whether an event counts against the limit."""
        if self.adapter and (self.adapter, self.workspace) != (event.adapter, event.location.workspace):
            return False
        match self.who:
            case Who.EVERYBODY:
                return True
            case Who.ROLE:
                return _matches(self.id, event.adapter, event.actor.roles)
            case Who.PERSON:
                return not self.id or _matches(self.id, event.adapter, (event.actor.id,))
            case Who.CHANNEL:
                return not self.id or _matches(self.id, event.adapter, (event.location.channel,))

    def to_limit(self) -> Limit:
        """Return the limit: of a person within the workspace where it was set, or wherever they ask."""
        match self.who:
            case Who.EVERYBODY:
                subject = Subject.WORKSPACE if self.adapter else Subject.SERVICE
            case Who.CHANNEL:
                subject = Subject.CHANNEL
            case _:
                subject = Subject.MEMBER if self.adapter else Subject.PERSON
        return Limit(subject, self.measure, self.period, self.amount)


class LimitBook:
    """The limits in effect; a change holds for the next request in every process."""

    def __init__(self, settings: Settings, values: KeyValues) -> None:
        self._values = values.namespace("limits")
        self._read: Mapping[str, str] = {}
        self._rules: Sequence[LimitRule] = ()
        self._of_environment = environment_limits(settings)
        #: Those that apply where no administrator has set any, by kind and whether a workspace pays itself.
        self._without_rules: dict[tuple[Kind | None, bool], tuple[Limit, ...]] = {}
        self._name_roles: Callable[[Iterable[str]], None] = lambda _: None

    def report_roles_to(self, name_roles: Callable[[Iterable[str]], None]) -> None:
        """Report the roles that limits name, whenever they are read: a platform reads only roles that matter."""
        self._name_roles = name_roles

    async def rules(self) -> Sequence[LimitRule]:
        """Return what administrators have set. Raises `StoreError`."""
        read = await self._values.items()
        if read is not self._read:
            self._read = read
            self._rules = tuple(_parse(name, amount) for name, amount in read.items())
            self._name_roles(rule.id for rule in self._rules if rule.who is Who.ROLE)
        return self._rules

    async def applying(self, event: Event, spec: CommandSpec) -> tuple[Limit, ...]:
        """Return the limits that a request must keep, of those on the same use the smallest. Raises `StoreError`."""
        rules = await self.rules()
        key = spec.kind, event.has_own_api
        if rules or key not in self._without_rules:
            found = strictest(limit for limit in self._found(event, rules) if concerns(limit, spec.kind))
            if rules:
                return found
            self._without_rules[key] = found
        return self._without_rules[key]

    async def of_person(self, event: Event) -> tuple[Limit, ...]:
        """Return all limits that hold for a person there. Raises `StoreError`."""
        rules = await self.rules()
        return strictest(self._found(event, rules))

    def _found(self, event: Event, rules: Sequence[LimitRule]) -> Iterable[Limit]:
        """Return the limits on an event; those on the operator's money do not concern what a workspace pays itself."""
        of_service = [
            *self._of_environment,
            *(rule.to_limit() for rule in rules if not rule.adapter and rule.applies_to(event)),
        ]
        if event.has_own_api:
            of_service = [limit for limit in of_service if limit.measure is not Measure.MONEY]
        return (*of_service, *(rule.to_limit() for rule in rules if rule.adapter and rule.applies_to(event)))

    async def set(self, rule: LimitRule, *, is_removed: bool = False) -> int | None:
        """Keep or remove a limit; return the amount that it had. Raises `StoreError`."""
        before = await self._values.get(rule.name)
        if is_removed:
            await self._values.delete(rule.name)
        else:
            await self._values.set(rule.name, str(rule.amount))
        await self.rules()
        return None if before is None else int(before)


def environment_limits(settings: Settings) -> Sequence[Limit]:
    """Return the limits of the environment."""
    limits = (
        Limit(Subject.PERSON, Measure.REQUESTS, Period.MINUTE, settings.bot_requests_per_minute),
        Limit(Subject.PERSON, Measure.MEDIA, Period.DAY, settings.bot_media_per_day),
        Limit(Subject.SERVICE, Measure.MONEY, Period.DAY, int(settings.bot_budget_per_day * MICROS)),
    )
    return tuple(limit for limit in limits if limit.amount)


def strictest(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return one limit for each use, the smallest."""
    found: dict[tuple[Subject, Measure, Period], Limit] = {}
    for limit in limits:
        key = (limit.subject, limit.measure, limit.period)
        if key not in found or limit.amount < found[key].amount:
            found[key] = limit
    return tuple(found.values())


def concerns(limit: Limit, kind: Kind | None) -> bool:
    """Return whether requests of a kind, None: without the API, use what is limited."""
    if limit.measure in KIND_OF:
        return kind == KIND_OF[limit.measure]
    is_media = kind in MEDIA_KINDS
    if limit.measure in {Measure.TOKENS, Measure.MEDIA}:
        return kind is not None and is_media == (limit.measure is Measure.MEDIA)
    return kind is not None or (limit.measure is Measure.REQUESTS and limit.period is Period.MINUTE)


def to_units(measure: Measure, amount: int) -> str:
    """Return an amount as people write it."""
    return decimal_text(amount / UNITS.get(measure, 1))


def _matches(entry: str, adapter: str, ids: Collection[str]) -> bool:
    return any(one and entry in (one, f"{adapter}:{one}") for one in ids)


def _parse(name: str, amount: str) -> LimitRule:
    adapter, workspace, who, subject, measure, period = json.loads(name)
    return LimitRule(
        adapter=adapter,
        workspace=workspace,
        who=Who(who),
        id=subject,
        measure=Measure(measure),
        period=Period(period),
        amount=int(amount),
    )
