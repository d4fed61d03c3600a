"""What a request would use and the limits that it has to keep, from the settings; the store counts."""

import math
from datetime import datetime, timedelta

from bot.errors import OverLimit
from bot.i18n import translate
from bot.models import CommandSpec, Event, QuotaRequest
from bot.settings.core import Settings

MEDIA_KINDS = frozenset({"image", "audio", "video"})
#: Commands that whoever may use the service may always use.
UNLIMITED = frozenset({"help", "stop", "cancel", "delete", "feedback"})
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def quota_of(event: Event, spec: CommandSpec, settings: Settings) -> QuotaRequest | None:
    """Return what the store is to count when it records the event; None: nothing is limited."""
    if spec.name in UNLIMITED:
        return None
    is_media = spec.kind in MEDIA_KINDS
    quota = QuotaRequest(
        kind=spec.kind,
        items=_items(event, spec) if is_media else 0,
        requests_per_minute=settings.bot_requests_per_minute,
        media_per_day=settings.bot_media_per_day if is_media else 0,
        budget_per_day=settings.bot_budget_per_day if spec.kind is not None else 0.0,
    )
    return quota if quota.requests_per_minute or quota.media_per_day or quota.budget_per_day else None


def refusal_text(over: OverLimit, settings: Settings, locale: str, now: datetime) -> str:
    """Return the sentence that says which limit was reached and when there is room again."""
    tomorrow = until_tomorrow(now)
    if over.limit == "rate":
        wait = in_words(over.wait, locale)
        return translate("policy.rate", locale, limit=settings.bot_requests_per_minute, wait=wait)
    if over.limit == "price":
        return translate("policy.price_unknown", locale, wait=in_words(60, locale))
    if over.limit == "money":
        return translate("policy.budget", locale, wait=in_words(tomorrow, locale))
    key, limit = "policy.media_left" if over.left else "policy.media", settings.bot_media_per_day
    return translate(key, locale, limit=limit, left=over.left, wait=in_words(tomorrow, locale))


def until_tomorrow(now: datetime) -> float:
    """Return the seconds until the day's limits start anew."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - now).total_seconds()


def in_words(seconds: float, locale: str) -> str:
    """Return a duration, rounded up: "40 seconds", "1 minute", "5 hours"."""
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds >= unit), _UNITS[-1])
    number = max(1, math.ceil(seconds / unit))
    return translate(f"policy.{name}" if number == 1 else f"policy.{name}s", locale, number=number)


def _items(event: Event, spec: CommandSpec) -> int:
    """How many files are asked for; an invalid number is refused later, and counts as one."""
    option = spec.option("n")
    if option is None:
        return 1
    try:
        return max(1, int(float(event.options.get(option.name, "") or option.default or 1)))
    except (ValueError, OverflowError):
        return 1
