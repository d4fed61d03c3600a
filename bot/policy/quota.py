"""Quotas of requests according to the settings, and the sentences on exceeded ones; the store counts."""

import math
from datetime import datetime, timedelta

from bot.errors import OverLimit
from bot.i18n import translate
from bot.models import MEDIA_KINDS, CommandSpec, Event, QuotaRequest
from bot.settings.core import Settings

#: Commands that count, and that stop what a person asked for whatever was counted.
STOPPING = frozenset({"stop", "cancel"})
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def make_quota(event: Event, spec: CommandSpec, settings: Settings) -> QuotaRequest | None:
    """Return the quota that the store checks when it records the event; None: no limit applies."""
    is_media = spec.kind in MEDIA_KINDS
    quota = QuotaRequest(
        kind=spec.kind,
        items=requested_items(event, spec) if is_media else 0,
        requests_per_minute=settings.bot_requests_per_minute,
        media_per_day=settings.bot_media_per_day if is_media else 0,
        budget_per_day=settings.bot_budget_per_day if spec.kind is not None else 0.0,
    )
    return quota if quota.requests_per_minute or quota.media_per_day or quota.budget_per_day else None


def refusal_text(over: OverLimit, settings: Settings, locale: str, now: datetime) -> str:
    """Return the sentence that names the limit and the time until a request is allowed again."""
    tomorrow = until_tomorrow(now)
    if over.limit == "rate":
        wait = format_duration(over.wait, locale)
        return translate("policy.rate", locale, limit=settings.bot_requests_per_minute, wait=wait)
    if over.limit == "price":
        return translate("policy.price_unknown", locale, wait=format_duration(60, locale))
    if over.limit == "money":
        return translate("policy.budget", locale, wait=format_duration(tomorrow, locale))
    key, limit = "policy.media_left" if over.left else "policy.media", settings.bot_media_per_day
    return translate(key, locale, limit=limit, left=over.left, wait=format_duration(tomorrow, locale))


def until_tomorrow(now: datetime) -> float:
    """Return the seconds until the limits per day are reset, at midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()


def format_duration(seconds: float, locale: str) -> str:
    """Return a duration, rounded up: "40 seconds", "1 minute", "5 hours"."""
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds >= unit), _UNITS[-1])
    number = max(1, math.ceil(seconds / unit))
    return translate(f"policy.{name}" if number == 1 else f"policy.{name}s", locale, number=number)


def requested_items(event: Event, spec: CommandSpec) -> int:
    """Return the number of requested files; an invalid number, refused later, counts as one."""
    option = spec.option("n")
    if option is None:
        return 1
    try:
        return max(1, int(float(event.options.get(option.name, "") or option.default or 1)))
    except (ValueError, OverflowError):
        return 1
