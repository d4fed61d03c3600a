"""Changes that administrators make, by a command or on a page: their words checked, and an entry in the audit log."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Protocol

from bot.control.access import ALWAYS_OPEN, PAUSED, AccessRule, parse_rule, rule_targets
from bot.control.effective import EffectiveSettings
from bot.control.limits import LimitBook, LimitRule, to_units
from bot.control.scopes import Scope
from bot.errors import UsageError
from bot.i18n import join_list, translate
from bot.limits import UNITS, Measure
from bot.models import CommandSpec

_MOST = 10**15  #: of a limit, in the measure's unit
_DURATION = re.compile(r"(\d{1,5})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


class Audit(Protocol):
    """Adds an act of somebody to the audit log. Raises `StoreError`."""

    async def __call__(
        self, action: str, *, subject: str = "", scope: str = "", before: str | None = None, after: str | None = None
    ) -> None:
        """Add one entry."""


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


async def change_setting(
    effective: EffectiveSettings, name: str, value: str | None, scope: Scope, audit: Audit
) -> None:
    """Set a value that has been checked, None: clear it; what concerns others is in the audit log."""
    before = await effective.set(name, value, scope)
    if scope is not Scope.ME and before != value:
        done = ("pause.end", "pause.begin") if name == PAUSED else ("settings.clear", "settings.set")
        await audit(done[value is not None], subject=name, scope=scope.value, before=before, after=value)


def read_target(word: str, specs: Sequence[CommandSpec], locale: str) -> str:
    """Return what an access rule is about. Raises `UsageError` with the nearest choice."""
    name = word.lower().lstrip("/")
    name = next((spec.name for spec in specs if name in spec.aliases), name)
    choices = rule_targets(specs)
    if name in choices:
        return name
    if name in ALWAYS_OPEN:
        raise UsageError(translate("access.always_open", locale, name=name))
    near = get_close_matches(name, choices, 1)
    allowed = join_list((f"`{one}`" for one in dict.fromkeys([*near, *choices])), locale)
    raise UsageError(translate("option.choice", locale, name="what", value=word[:40], allowed=allowed))


def read_until(text: str, locale: str) -> datetime | None:
    """Return the end of a rule: the end of a day in UTC, or a time from now. Raises `UsageError`."""
    text, now = text.strip().lower(), datetime.now(UTC)
    if not text:
        return None
    if (match := _DURATION.fullmatch(text)) is not None:
        return now + timedelta(hours=int(match[1]) * _HOURS[match[2]])
    try:
        end = datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        end = now
    if end <= now:
        raise UsageError(translate("access.until", locale, value=text[:40]))
    return end


async def change_rule(
    effective: EffectiveSettings, rule: AccessRule, until: datetime | None, audit: Audit, *, is_removed: bool
) -> None:
    """Set or clear an access rule."""
    value = None if is_removed else rule.dumps()
    before = await effective.set(rule.name, value, rule.scope, expires=until)
    if before != value:
        await audit(
            "access.clear" if is_removed else "access.set",
            subject=f"{rule.what} {rule.subject}:{rule.id}",
            scope=rule.scope.value,
            before=None if before is None else parse_rule(rule.scope, before).verb,
            after=None if is_removed else rule.verb,
        )
