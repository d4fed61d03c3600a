"""Changes of limits that administrators make, by a command or on a page: their words checked, and the audit log."""

import math
from dataclasses import replace

from bot.errors import UsageError
from bot.i18n import translate
from bot.limits import UNITS, Measure
from bot.scoped_settings.changes import Audit
from bot.spending.limits import LimitBook, LimitRule, to_units

_MOST = 10**15  #: of a limit, in the measure's unit


def read_amount(measure: Measure, text: str, locale: str) -> int:
    """Return the amount of a limit in the measure's unit. Raises `UsageError`."""
    try:
        value = float(text) * UNITS.get(measure, 1)
    except ValueError:
        value = math.nan
    if not (0 <= value <= _MOST) or not (measure in UNITS or value.is_integer()):
        raise UsageError(translate("limits.amount", locale, value=text.replace("`", "'")))
    return round(value)


async def change_limit(book: LimitBook, rule: LimitRule, audit: Audit, *, is_removed: bool, locale: str) -> LimitRule:
    """Set or clear a limit; return it as it is, or was. Raises `UsageError` where there is none to clear."""
    before = await book.set(rule, is_removed=is_removed)
    if is_removed and before is None:
        raise UsageError(translate("limits.unknown", locale))
    after = None if is_removed else rule.amount
    if before != after:
        await audit(
            "limits.clear" if is_removed else "limits.set",
            subject=f"{rule.measure} / {rule.period}, {rule.whom}",
            scope="workspace" if rule.adapter else "service",
            before=None if before is None else to_units(rule.measure, before),
            after=None if after is None else to_units(rule.measure, after),
        )
    return rule if before is None or not is_removed else replace(rule, amount=before)
