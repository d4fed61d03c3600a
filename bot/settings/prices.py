"""The operator's prices: BOT_PRICES."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.i18n import operator_text
from bot.limits import MICROS

_UNIT = r"(?:request|input|output|picture|second|[1-9]\d{1,4}x[1-9]\d{1,4})"
_PRICE = rf"{_UNIT}:\d{{1,6}}(?:\.\d{{1,6}})?"
_MODEL_PRICES = re.compile(rf"[^=\s][^\s]*\s*=\s*{_PRICE}(?:\|{_PRICE})*")


def validate_prices(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the entries of BOT_PRICES. Raises `ValueError` with the form that they must have."""
    if not all(_MODEL_PRICES.fullmatch(entry) for entry in entries):
        raise ValueError(operator_text("setting.prices"))
    return entries


def parse_prices(entries: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Return valid prices by model and unit, in micros: of a request, a picture, a second, or a million tokens."""
    prices: dict[str, dict[str, int]] = {}
    for entry in entries:
        model, _, of_model = entry.rpartition("=")
        for price in of_model.split("|"):
            unit, _, amount = price.strip().partition(":")
            prices.setdefault(model.strip(), {})[unit] = int(Decimal(amount) * MICROS)
    return prices
