"""Pages from templates. Everything that is put into one is escaped."""

import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.i18n import LANGUAGES, language_of
from bot.limits import Period, window_start
from bot.spending.money import rounded_money

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Templates:
    """The templates of `bot/cockpit/templates`.

    `zone`: time zone of the times on the pages.
    """

    def __init__(self, zone: str, static_version: str) -> None:
        self._zone: tzinfo = ZoneInfo(zone)
        self._environment = Environment(
            loader=PackageLoader("bot.cockpit"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["version"] = static_version
        self._environment.globals["languages"] = LANGUAGES
        self._environment.globals["zone"] = zone
        self._environment.filters["local_time"] = self._local_time
        self._environment.filters["money"] = rounded_money
        self._environment.filters["seconds"] = format_seconds

    def render(self, template: str, locale: str, values: Mapping[str, Any]) -> str:
        """Return a page or a part of one. Raises `jinja2.UndefinedError` for a value that is missing."""
        return self._environment.get_template(template).render(language=language_of(locale), **values)

    def _local_time(self, at: datetime | None, zone: str = "") -> str:
        """Return a time in the pages' time zone, or in another."""
        return "" if at is None else f"{at.astimezone(ZoneInfo(zone) if zone else self._zone):%Y-%m-%d %H:%M:%S}"


@cache
def load_templates(zone: str, static_version: str) -> Templates:
    """Return the templates; what one was compiled to is kept for the process."""
    return Templates(zone, static_version)


def plain_text(sentence: str) -> str:
    """Return a sentence that is written for platforms, without its Markdown."""
    return _LINK.sub(r"\1", sentence).replace("`", "").replace("**", "")


def format_seconds(seconds: float | None) -> str:
    """Format a duration, short: `0.42 s`, `3 min 20 s`, `2 d 4 h`; "" for None."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds:.2f} s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def window_begin(period: Period, zone: ZoneInfo) -> datetime:
    """Return the beginning of this day or month there."""
    return datetime.fromtimestamp(window_start(period, time.time(), zone), zone)


def days_ago(days: int, zone: ZoneInfo) -> datetime:
    """Return the beginning of the day so many days ago there."""
    return window_begin(Period.DAY, zone) - timedelta(days=days)
