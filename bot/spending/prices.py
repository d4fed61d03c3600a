"""Prices of the API: those that the operator gives, else those learnt from the costs that the API reports.

Money is counted in micros, millionths of the API's currency, as whole numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.errors import StoreError
from bot.i18n import join_list, translate
from bot.limits import MICROS, decimal_text
from bot.models import MEDIA_KINDS, CommandSpec, Event, Kind, Usage
from bot.ports import KeyValues
from bot.settings.core import Settings
from bot.settings.media_sizes import fit_seconds
from bot.settings.prices import parse_prices
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: The options that say how big a picture or video is to be.
SIZE_OPTIONS = ("size", "resolution")
_SECONDS = "duration"  #: the option that says how long a sound or video is to be
_LONGEST = 1e6  #: seconds
#: Amounts for which a unit's price is given.
_PER = {"input": 1_000_000, "output": 1_000_000, "second": 1000}


@valueclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in micros. Pure; a price that is not known is None."""

    given: Mapping[str, Mapping[str, int]]  #: by model and unit: see `BOT_PRICES`
    learnt: Mapping[str, int]  #: by `_learnt_name`
    input_tokens: int  #: most tokens that are sent with a chat request, in addition to its own text
    output_tokens: int  #: most tokens of a chat or code answer
    fit_seconds: Callable[[Kind, str, float], float]  #: the length that a model makes where another is asked for

    def estimate(self, event: Event, spec: CommandSpec, model: str) -> int | None:
        """Return what a request will cost, of chat and code at most; None: the price is not known.

        Options that the event does not give count with the command's defaults.
        """
        return 0 if spec.kind is None else self.cost_of(self.expected_usage(event, spec, spec.kind, model))

    def expected_usage(self, event: Event, spec: CommandSpec, kind: Kind, model: str, *, instead_of: str = "") -> Usage:
        """Return the most that a request will use, its cost left out.

        `instead_of`: the model that it was meant for, to which its length was fitted first; "": none.
        """
        if kind not in MEDIA_KINDS:
            # A token is at least one byte.
            sent = len(event.prompt.encode(errors="replace")) + (self.input_tokens if kind == "chat" else 0)
            return Usage(kind=kind, model=model, prompt_tokens=sent, completion_tokens=self.output_tokens)
        items = requested_items(event, spec)
        size = next((_value(event, spec, name) for name in SIZE_OPTIONS if spec.option(name) is not None), "")
        seconds = _seconds(event, spec)
        for name in (instead_of, model):
            seconds = self.fit_seconds(kind, name, seconds) if name and seconds else seconds
        return Usage(kind=kind, model=model, items=items, seconds=seconds * items, size=size)

    def cost_of(self, usage: Usage) -> int | None:
        """Return the cost of what a call uses at these prices; None: they are not known."""
        given = self.given_cost(usage)
        if given is not None:
            return given
        unit = _unit(usage)
        price = self.learnt.get(_learnt_name(usage, unit))
        return None if price is None else _cost({unit: price}, usage)

    def given_cost(self, usage: Usage) -> int | None:
        """Return the cost at the operator's prices alone; None: there are none for it."""
        return _cost(self.given.get(usage.model, {}), usage)

    def priced(self, usage: Usage) -> Usage:
        """Return usage with its cost at the operator's prices, which come before what the API reports."""
        is_unknown = usage.is_estimate and usage.kind not in MEDIA_KINDS  # how many tokens it used
        cost = self.given_cost(usage) if self.given and not is_unknown else None
        return usage if cost is None else replace(usage, cost=cost / MICROS, is_estimate=False)

    def unit_price(self, kind: Kind, model: str) -> Mapping[str, int]:
        """Return what is known of a model's prices, by unit; empty: nothing yet."""
        prices = self.given.get(model)
        if prices is not None:
            return prices
        names = {unit: f"{kind} {unit} {model}" for unit in ("request", "picture", "second")}
        return {unit: self.learnt[name] for unit, name in names.items() if name in self.learnt}


class PriceBook:
    """The prices in effect. Prices that the API reports are kept for 30 days, the highest of each model."""

    def __init__(self, settings: Settings, values: KeyValues) -> None:
        self.given = Prices(
            given=parse_prices(settings.bot_prices),
            learnt={},
            input_tokens=settings.bot_context_tokens
            + settings.bot_attachment_tokens
            + (0 if settings.bot_memory == "off" else 3 * settings.bot_memory_tokens)  # of person, channel, workspace
            + len(settings.bot_system_prompt.encode()),
            output_tokens=settings.bot_answer_tokens,
            fit_seconds=partial(fit_seconds, settings),
        )
        self._values = values.namespace("prices")
        self._learnt: Mapping[str, str] = {}
        self._current = self.given

    async def current(self) -> Prices:
        """Return the prices known now. Raises `StoreError`."""
        learnt = await self._values.items()
        if learnt is not self._learnt:
            self._learnt = learnt
            self._current = replace(self.given, learnt={name: int(price) for name, price in learnt.items()})
        return self._current

    def pricing(self, event: Event) -> Callable[[Usage], Usage]:
        """Return what sets the cost of an event's usage: of another API that which it reports, if any."""
        priced = self.given.priced
        return (lambda used: used if used.cost else priced(used)) if event.has_own_api else priced

    async def learn(self, usage: Sequence[Usage]) -> None:
        """Learn the prices of what was used, where the operator gives none. Without a database nothing is learnt."""
        for used in usage:
            if not used.cost or used.is_estimate or self.given.given_cost(used) is not None:
                continue
            unit = _unit(used)
            name, price = _learnt_name(used, unit), _unit_price(used, unit)
            try:
                known = await self._values.get(name)
                if known is None or int(known) < price:
                    await self._values.set(name, str(price), expires=datetime.now(UTC) + timedelta(days=30))
            except StoreError as exc:
                log.warning("price not learnt", model=used.model, reason=str(exc))


def describe_price(prices: Prices, kind: Kind, model: str, locale: str) -> str:
    """Return what is known of a model's prices, in words."""
    known = []
    for unit, micros in prices.unit_price(kind, model).items():
        price = decimal_text(micros / MICROS)
        key = "limits.unit.size" if "x" in unit else f"limits.unit.{unit}"
        known.append(translate(key, locale, price=price, size=unit))
    return join_list(known, locale) if known else translate("limits.unknown_price", locale)


def _unit(usage: Usage) -> str:
    """Return the unit in which a call's price is learnt."""
    if usage.kind == "image":
        return "picture"
    return "second" if usage.seconds else "request"


def _amount(usage: Usage, unit: str) -> int:
    """Return how much of a unit was used, in the parts of `_PER`."""
    match unit:
        case "input":
            return usage.prompt_tokens
        case "output":
            return usage.completion_tokens
        case "picture":
            return usage.items
        case "second":
            return round(usage.seconds * 1000)
        case _:
            return max(usage.requests, 1)


def _cost(prices: Mapping[str, int], usage: Usage) -> int | None:
    """Return the sum over the units that the call has; None: none of them has a price."""
    media = {"image": "picture", "audio": "second", "video": "second"}.get(usage.kind)
    units = {"request": "request", **({media: media} if media else {"input": "input", "output": "output"})}
    if media and usage.size in prices:  # a picture, or a second, of this size
        units[media] = usage.size
    parts = [
        _divide(prices[name] * _amount(usage, unit), _PER.get(unit, 1))
        for unit, name in units.items()
        if name in prices
    ]
    return sum(parts) if parts else None


def _unit_price(usage: Usage, unit: str) -> int:
    return _divide(round(usage.cost * MICROS) * _PER.get(unit, 1), max(_amount(usage, unit), 1))


def _learnt_name(usage: Usage, unit: str) -> str:
    return f"{usage.kind} {unit} {usage.model}"


def _divide(amount: int, by: int) -> int:
    """Divide, rounding up: a budget must not be passed by rounding."""
    return -(-amount // by)


def _value(event: Event, spec: CommandSpec, name: str) -> str:
    option = spec.option(name)
    return "" if option is None else event.options.get(name, "") or option.default


def requested_items(event: Event, spec: CommandSpec) -> int:
    """Return the number of requested files; an invalid number, refused later, counts as one."""
    try:
        return max(1, int(float(_value(event, spec, "n") or 1)))
    except (ValueError, OverflowError):
        return 1


def _seconds(event: Event, spec: CommandSpec) -> float:
    """Return the length asked for; an invalid one, refused later, counts as none."""
    try:
        seconds = float(_value(event, spec, _SECONDS) or 0)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < _LONGEST else 0.0
