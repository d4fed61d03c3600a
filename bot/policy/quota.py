"""Quotas of requests, and the sentences on exceeded ones; the store counts."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.errors import OverLimit
from bot.i18n import translate
from bot.limits import Amounts, Limit, Measure, Period, QuotaRequest, utc_now, window_end
from bot.models import MEDIA_KINDS, CommandSpec, Event, Kind, Usage
from bot.ports import UsageLedger
from bot.scoped_settings.effective import EffectiveSettings
from bot.spending.limits import LimitBook, to_units
from bot.spending.prices import PriceBook
from bot.values import valueclass

#: Commands that count, and that stop what a person asked for whatever was counted.
STOPPING = frozenset({"stop", "cancel"})
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_LONGEST_IN_HOURS = 48 * 3600  #: seconds


@valueclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of a limit for a person: what was used of it, and when it is whole again."""

    limit: Limit
    used: int
    ends: datetime  #: of the window


@valueclass(frozen=True, slots=True)
class ExpectedCall:
    """The most that a call will use, and its price in micros; None: not known."""

    usage: Usage
    micros: int | None


@valueclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The quotas that requests are recorded with: the limits that apply, and what a request will use at most."""

    limits: LimitBook
    prices: PriceBook
    ledger: UsageLedger
    zone: ZoneInfo  #: in which days and months begin
    now: Callable[[], datetime] = utc_now

    async def make(self, event: Event, spec: CommandSpec, effective: EffectiveSettings) -> QuotaRequest | None:
        """Return the quota that the store checks when it records the event; None: no limit. Raises `StoreError`."""
        limits = await self.limits.applying(event, spec)
        if not limits:
            return None
        quota = QuotaRequest(uses=Amounts(kind=spec.kind or "", requests=1), limits=limits)
        if spec.kind is None or quota.is_counted_by_the_minute:
            return quota
        return replace(quota, uses=await self._uses(event, spec, spec.kind, effective))

    async def standings(self, event: Event) -> Sequence[Standing]:
        """Return how the limits of an event's person and place stand. Raises `StoreError`."""
        limits = await self.limits.of_person(event)
        used = await self.ledger.used(event.adapter, event.actor.id, event.location, limits)
        now = self.now().timestamp()
        return [
            Standing(
                limit=limit, used=amount, ends=datetime.fromtimestamp(window_end(limit.period, now, self.zone), UTC)
            )
            for limit, amount in zip(limits, used, strict=True)
        ]

    async def expected(
        self, event: Event, spec: CommandSpec, kind: Kind, effective: EffectiveSettings
    ) -> Mapping[str, ExpectedCall]:
        """Return the most that a call of each model will use which may answer, the chosen one first.

        Raises `StoreError`.
        """
        model = event.options.get("model") or effective.model(kind)
        if kind in MEDIA_KINDS:
            event = replace(event, options={**effective.defaults_of(spec), **event.options})
        prices = await self.prices.current()
        calls = {}
        for name in (model, *effective.fallbacks(kind)):
            used = prices.expected_usage(event, spec, kind, name, instead_of=model)
            calls[name] = ExpectedCall(used, prices.cost_of(used))
        return calls

    async def is_paid(self, event: Event, spec: CommandSpec, effective: EffectiveSettings) -> bool:
        """Return whether the calls of a request are kept: files cost money, and what has a price or a budget does."""
        if spec.kind is None or spec.kind in MEDIA_KINDS:
            return spec.kind is not None
        given = self.prices.given.given
        if given and (event.options.get("model") or effective.model(spec.kind)) in given:
            return True
        return any(limit.measure is Measure.MONEY for limit in await self.limits.applying(event, spec))

    async def find_overdrawn(self, event: Event, more: int = 0) -> Limit | None:
        """Return a limit of money that is overdrawn, what is being made included, and `more` micros.

        Raises `StoreError`.
        """
        limits = [limit for limit in await self.limits.of_person(event) if limit.measure is Measure.MONEY]
        used = await self.ledger.used(event.adapter, event.actor.id, event.location, limits)
        return next((limit for limit, amount in zip(limits, used, strict=True) if amount + more > limit.amount), None)

    async def require_money(self, event: Event, usage: Usage) -> None:
        """Raise `OverLimit` if there is no money left for a call that uses that at most. Raises `StoreError`."""
        price = (await self.prices.current()).cost_of(usage) or 0
        if (limit := await self.find_overdrawn(event, more=price)) is not None:
            raise OverLimit(limit, wait=self.seconds_left(limit))

    def seconds_left(self, limit: Limit) -> float:
        """Return the seconds until a limit's window ends."""
        now = self.now().timestamp()
        return window_end(limit.period, now, self.zone) - now

    async def _uses(self, event: Event, spec: CommandSpec, kind: Kind, effective: EffectiveSettings) -> Amounts:
        chosen, *others = (await self.expected(event, spec, kind, effective)).values()
        used, micros = chosen.usage, chosen.micros
        if micros is not None and not event.keeps_price:
            micros = max((micros, *(other.micros for other in others if other.micros is not None)))
        return Amounts(
            kind=kind,
            requests=1,
            tokens=used.prompt_tokens + used.completion_tokens,
            items=used.items,
            milliseconds=round(used.seconds * 1000),
            micros=micros,
            is_own=event.has_own_api,
        )


def refusal_text(over: OverLimit, locale: str) -> str:
    """Return the sentence that names the limit and the time until a request is allowed again."""
    wait = format_duration(over.wait, locale)
    if over.is_price_unknown:
        return translate("policy.price_unknown", locale, wait=wait)
    limit = over.limit
    if limit.measure is Measure.REQUESTS and limit.period is Period.MINUTE:
        return translate(f"policy.rate.{limit.subject}", locale, limit=limit.amount, wait=wait)
    # What others used is nobody's business: of a shared budget only that it is used up.
    what = describe_amount(limit, locale)
    left = over.left if limit.measure is not Measure.TOKENS else 0
    key = f"policy.over_left.{limit.subject}" if left else f"policy.over.{limit.subject}"
    return translate(key, locale, limit=what, left=to_units(limit.measure, left), wait=wait)


def describe_amount(limit: Limit, locale: str) -> str:
    """Return an amount with its measure and period: "10 pictures a day"."""
    amount = to_units(limit.measure, limit.amount)
    what = translate(f"limits.of.{limit.measure}", locale, amount=amount)
    return translate(f"limits.per.{limit.period}", locale, what=what)


def describe_left(standing: Standing) -> str:
    """Return what is left of a limit."""
    return to_units(standing.limit.measure, max(0, standing.limit.amount - standing.used))


def format_duration(seconds: float, locale: str) -> str:
    """Return a duration, rounded up: "40 seconds", "1 minute", "5 hours", "12 days"."""
    seconds = math.ceil(seconds)
    units: Sequence[tuple[int, str]] = _UNITS if seconds > _LONGEST_IN_HOURS else _UNITS[1:]
    unit, name = next(((unit, name) for unit, name in units if seconds >= unit), units[-1])
    number = max(1, math.ceil(seconds / unit))
    return translate(f"policy.{name}", locale, number=number)
