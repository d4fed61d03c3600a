"""Quotes: what a request will cost, before it is made, with cheaper ways to make it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.i18n import translate
from bot.limits import MICROS
from bot.models import MEDIA_KINDS, Action, Answer, CommandSpec, Event, Usage
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import APPROVE_ABOVE, QUOTE_ABOVE
from bot.settings.core import Settings
from bot.settings.media_sizes import sizes_of
from bot.spending.money import money
from bot.spending.prices import SIZE_OPTIONS, PriceBook, Prices, requested_items
from bot.values import valueclass

#: Command of the buttons of quotes and approvals.
DECIDE = "decide"
#: The names of these buttons: one is numbered for each way in `cheaper`.
DECISIONS = frozenset(
    ("quote-make", "quote-1", "quote-2", "quote-3", "quote-4", "quote-cancel", "approve", "decline", "withdraw")
)
#: Prefix of the options of such a button that are changes of the request's options.
CHANGE = "with."


@valueclass(frozen=True, slots=True, kw_only=True)
class PricedRequest:
    """A request whose price matters, with the options that hold where it gives none."""

    event: Event
    spec: CommandSpec
    model: str
    price: int | None  #: micros; None: not known
    usage: Usage | None = None  #: what it uses at most, where the command itself has found that out
    beside: Usage | None = None  #: what it uses besides that, by a model of its own: transcriptions
    needs_quote: bool = False  #: its author is to agree first
    needs_approval: bool = False  #: an approver is to grant it first


@valueclass(frozen=True, slots=True)
class Offer:
    """A cheaper way to make a request: options that change, in words, and the price in micros."""

    changes: Mapping[str, str]
    words: str
    price: int


@valueclass(frozen=True, slots=True, kw_only=True)
class Quotes:
    """Compares the price of a request with the settings, and words the quote."""

    settings: Settings
    prices: PriceBook

    async def check(
        self,
        event: Event,
        spec: CommandSpec,
        effective: EffectiveSettings,
        defaults: Mapping[str, str],
        usage: Usage | None = None,
        beside: Usage | None = None,
    ) -> PricedRequest | None:
        """Return the request with its price; None: no setting asks for one. Raises `StoreError`.

        `defaults`: values for options that are not given. `usage`, `beside`: see `PricedRequest`.
        """
        if spec.kind is None:
            return None
        quote, approve = effective.number(QUOTE_ABOVE), effective.number(APPROVE_ABOVE)
        if quote is None and approve is None:
            return None
        model = event.options.get("model") or effective.model(spec.kind)
        filled = replace(event, options={**defaults, **event.options})
        price = price_of(await self.prices.current(), filled, spec, model, usage, beside)
        return PricedRequest(
            event=filled,
            spec=spec,
            model=model,
            price=price,
            usage=usage,
            beside=beside,
            needs_quote=_is_above(price, quote, max(event.agreed, event.approved)),
            needs_approval=_is_above(price, approve, event.approved),
        )

    async def answer(self, request: PricedRequest) -> Answer:
        """Return the quote: the price, cheaper ways, and a button for each. Raises `StoreError`."""
        assert request.price is not None
        locale = request.event.actor.locale
        offers = list(cheaper(await self.prices.current(), self.settings, request))
        kind = "exact" if request.spec.kind in MEDIA_KINDS else "most"
        lines = [translate(f"quote.{kind}", locale, price=money(request.price))]
        if offers:
            lines += [translate("quote.cheaper", locale)]
            lines += [translate("quote.line", locale, offer=offer.words, price=money(offer.price)) for offer in offers]
        base = {"event": request.event.id, "stage": "quote", "digest": digest_of(request.event, request.price)}
        make = {**base, "choice": "make", "price": str(request.price)}
        label = translate("quote.make", locale, price=money(request.price))
        actions = [Action(name="quote-make", label=label, command=DECIDE, options=make)]
        for number, offer in enumerate(offers, 1):
            changes = {f"{CHANGE}{name}": value for name, value in offer.changes.items()}
            label = translate("quote.offer", locale, offer=offer.words, price=money(offer.price))
            options = {**make, "price": str(offer.price), **changes}
            actions.append(Action(name=f"quote-{number}", label=label, command=DECIDE, options=options, row=number))
        label = translate("quote.cancel", locale)
        actions.append(Action(name="quote-cancel", label=label, command=DECIDE, options={**base, "choice": "cancel"}))
        return Answer(text="\n".join(lines), actions=tuple(actions))


def price_of(
    prices: Prices, event: Event, spec: CommandSpec, model: str, usage: Usage | None, beside: Usage | None = None
) -> int | None:
    """Return what a request costs with a model, in micros; None: not known. `usage`, `beside`: see `PricedRequest`."""
    own = prices.estimate(event, spec, model) if usage is None else prices.cost_of(replace(usage, model=model))
    if beside is None or own is None:
        return own
    more = prices.cost_of(beside)
    return None if more is None else own + more


def is_within(price: int | None, event: Event, effective: EffectiveSettings) -> bool:
    """Return whether a request may cost that without a question more; None: not known."""
    quote, approve = effective.number(QUOTE_ABOVE), effective.number(APPROVE_ABOVE)
    agreed = max(event.agreed, event.approved)
    return not (_is_above(price, quote, agreed) or _is_above(price, approve, event.approved))


def _is_above(price: int | None, limit: float | None, granted: int) -> bool:
    return limit is not None and price is not None and price > max(round(limit * MICROS), granted)


def cheaper(prices: Prices, settings: Settings, request: PricedRequest) -> Iterator[Offer]:
    """Yield cheaper ways to make a request: fewer, smaller, shorter, by another model; of each the nearest."""
    assert request.price is not None
    locale = request.event.actor.locale
    for candidates in (
        _fewer(request),
        _smaller(settings, request),
        _shorter(prices, request),
        _models(settings, request),
    ):
        for changes, key, values in candidates:
            event = replace(request.event, options={**request.event.options, **changes})
            model = changes.get("model", request.model)
            price = price_of(prices, event, request.spec, model, request.usage, request.beside)
            if price is not None and price < request.price:
                yield Offer(changes, translate(key, locale, **values), price)
                break


_Candidate = tuple[dict[str, str], str, dict[str, str]]  #: changed options, key of the words, and their values


def _fewer(request: PricedRequest) -> Iterator[_Candidate]:
    if request.spec.option("n") is not None and requested_items(request.event, request.spec) > 1:
        yield {"n": "1"}, "quote.fewer", {"n": "1"}


def _smaller(settings: Settings, request: PricedRequest) -> Iterator[_Candidate]:
    for name in SIZE_OPTIONS:
        option, kind = request.spec.option(name), request.spec.kind
        if option is None or kind is None:
            continue
        size = request.event.options.get(name) or option.default
        sizes = sizes_of(settings, kind, request.model) or option.choices
        for smaller in sorted(sizes, key=_area, reverse=True):
            if _area(smaller) < _area(size):
                yield {name: smaller}, "quote.smaller", {"size": smaller}


def _shorter(prices: Prices, request: PricedRequest) -> Iterator[_Candidate]:
    option, kind = request.spec.option("duration"), request.spec.kind
    if option is None or kind is None:
        return
    try:
        seconds = float(request.event.options.get("duration") or option.default)
    except ValueError:
        return
    half = int(prices.fit_seconds(kind, request.model, seconds) // 2)
    if half >= max(option.minimum or 1, 1):
        shorter = f"{prices.fit_seconds(kind, request.model, half):g}"
        yield {"duration": shorter}, "quote.shorter", {"seconds": shorter}


def _models(settings: Settings, request: PricedRequest) -> Iterator[_Candidate]:
    kind = request.spec.kind
    if kind is None:
        return
    sizes = {request.event.options[name] for name in SIZE_OPTIONS if request.event.options.get(name)}
    for model in settings.models(kind):
        makes = sizes_of(settings, kind, model)
        if model != request.model and (not makes or sizes.issubset(makes)):
            yield {"model": model}, "quote.model", {"model": model}


def _area(size: str) -> int:
    width, _, height = size.partition("x")
    return int(width) * int(height) if width.isdecimal() and height.isdecimal() else 0


def digest_of(event: Event, price: int) -> str:
    """Return a short name of what is decided on: another request, or another price, has another."""
    files = [(attachment.name, attachment.size) for attachment in event.attachments]
    content = json.dumps([event.command, event.prompt, dict(event.options), files, price])
    return hashlib.sha256(content.encode()).hexdigest()[:8]
