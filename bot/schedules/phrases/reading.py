"""Reads the phrase at the beginning of a text. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.schedules.phrases.chinese import CHINESE
from bot.schedules.phrases.english import ENGLISH
from bot.schedules.times import WrongExpression, next_time, to_utc

_FORMS = (*ENGLISH, *CHINESE)
#: Five fields, as cron has them; within backticks, or after the word.
_CRON = re.compile(
    r"(?:cron\s+|(?=`))(?P<quote>`?)(?P<cron>\S+(?:[ \t]+\S+){3}[ \t]+[^\s`]+)(?P=quote)(?!\S)", re.IGNORECASE
)
_BETWEEN = " \t\r\n,:;，、：；。"  #: between the phrase and the request
_FARTHEST = timedelta(days=3660)


class TimeIsOver(ValueError):
    """A time that is over, or too far away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a request is to be made."""

    text: str  #: as typed
    cron: str = ""  #: "": once
    first: datetime  #: aware, UTC


def read_when(text: str, zone: ZoneInfo, now: datetime) -> tuple[When, str] | None:
    """Return the phrase that a text begins with and the rest of the text; None: it begins with none.

    Raises `TimeIsOver`.
    """
    text = text.strip()
    found = _read_cron(text) or _read_forms(text, now.astimezone(zone).replace(tzinfo=None))
    if found is None:
        return None
    meaning, end = found
    cron = meaning if isinstance(meaning, str) else ""
    try:
        if isinstance(meaning, str):
            first = next_time(meaning, zone, now)
        elif isinstance(meaning, timedelta):
            first = now + meaning
        else:
            first = to_utc(meaning, zone)
    except (WrongExpression, OverflowError):
        return None
    if not now < first < now + _FARTHEST:
        raise TimeIsOver(text[:end])
    typed = text[:end].strip(_BETWEEN)
    return When(text=typed, cron=cron, first=first.astimezone(UTC)), text[end:].lstrip(_BETWEEN)


def _read_cron(text: str) -> tuple[str, int] | None:
    match = _CRON.match(text)
    return None if match is None else (" ".join(match["cron"].split()), match.end())


def _read_forms(text: str, now: datetime) -> tuple[str | datetime | timedelta, int] | None:
    """Return what the longest of the fitting forms means, and its end."""
    found: tuple[str | datetime | timedelta, int] | None = None
    for form in _FORMS:
        match = form.pattern.match(text)
        if match is None or (found is not None and match.end() <= found[1]):
            continue
        try:
            meaning = form.read(match, now)
        except (ValueError, KeyError, OverflowError):
            continue
        if meaning is not None:
            found = meaning, match.end()
    return found
