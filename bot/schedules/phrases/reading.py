"""Reads the phrase at the beginning of a text, or within a reminder. Pure."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.schedules.phrases.chinese import CHINESE
from bot.schedules.phrases.english import ENGLISH, TIME_FIRST
from bot.schedules.phrases.forms import Found, Interval, TooManyFields, UnclearTime
from bot.schedules.phrases.leftovers import find_more
from bot.schedules.phrases.openings import CHINESE_OPENING, ENGLISH_OPENING
from bot.schedules.times import WrongExpression, interval_expression, next_time, to_utc
from bot.values import valueclass
from bot.values.patterns import LazyPattern

_FORMS = (*ENGLISH, *CHINESE)
_DAYS = r"(?-i:MON|TUE|WED|THU|FRI|SAT|SUN)"
_FIELD = rf"(?:[*?\d]|{_DAYS})(?:[*?\d/,#-]|(?-i:[LW])|{_DAYS})*(?=[\s`]|$)"  #: one more
#: Five fields, as cron has them; within backticks, or after the word. Some programs have more.
_CRON = LazyPattern(
    rf"""(?P<understood>(?:cron\s+|(?=`))(?P<quote>`?)(?P<cron>\S+(?:[ \t]+\S+){{3}}[ \t]+[^\s`:：]+))
    (?P<more>(?:[ \t]+{_FIELD})*)(?P=quote)(?=[\s:：]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_BETWEEN = " \t\r\n,:;，、：；。"  #: between the phrase and the request
_FARTHEST = timedelta(days=3660)
#: What a reminder begins with, before its time: `remind me in 20 minutes to stretch`.
_REMINDER = LazyPattern(rf"{ENGLISH_OPENING}[\s,]+|{CHINESE_OPENING}[\s,，]*", re.IGNORECASE)
#: What may follow a reminder's time at its end.
_AFTER_REMINDER = LazyPattern(
    r"(?:[\s,，]*\b(?:please|pls|thanks|thank you))?[\s.!?。！？]*[嗎吗]?[\s?？]*", re.IGNORECASE
)
_LAST_WORDS = 12  #: of a reminder, which may be its time


class TimeIsOver(ValueError):
    """A time that is over, or too far away."""


@valueclass(frozen=True, slots=True, kw_only=True)
class When:
    """The times at which a request is to be made."""

    text: str  #: as typed
    cron: str = ""  #: "": once
    first: datetime  #: aware, UTC


def read_when(text: str, zone: ZoneInfo, now: datetime) -> tuple[When, str] | None:
    """Return the phrase that a text begins with and the rest of the text; None: it begins with none.

    A reminder may have it after its first words, or at its end. Raises `TimeIsOver`,
    `WrongInterval` and `UnclearTime`.
    """
    text, local = text.strip(), now.astimezone(zone).replace(tzinfo=None)
    start, found = 0, _read_cron(text) or _read_phrase(text, local)
    if found is None:
        start, found = _read_within(text, local)
    if found is None:
        return None
    meaning, end = found[0], start + found[1]
    if isinstance(meaning, Interval):
        meaning = interval_expression(meaning.minutes, now)
    cron = meaning if isinstance(meaning, str) else ""
    try:
        if isinstance(meaning, str):
            first = next_time(meaning, zone, now)
        elif isinstance(meaning, timedelta):
            first = now + meaning
        else:
            first = to_utc(meaning, zone, now)
    except (WrongExpression, OverflowError):
        return None
    if not now < first < now + _FARTHEST:
        raise TimeIsOver(text[start:end])
    typed = text[start:end].strip(_BETWEEN)
    after = "" if start and _AFTER_REMINDER.fullmatch(text, end) else text[end:].lstrip(_BETWEEN)
    rest = text[:start] + after
    return When(text=typed, cron=cron, first=first.astimezone(UTC)), rest.rstrip(_BETWEEN) if start else rest


def _read_cron(text: str) -> tuple[str, int] | None:
    """Raises `TooManyFields`."""
    match = _CRON.match(text)
    if match is None:
        return None
    if match["more"]:
        raise TooManyFields(match["understood"].replace("`", ""), match["more"])
    return " ".join(match["cron"].split()), match.end()


def _read_within(text: str, now: datetime) -> tuple[int, tuple[Found, int] | None]:
    """Return where the phrase of a reminder begins, what it means, and its length."""
    begin = _REMINDER.match(text)
    if begin is None:
        return 0, None
    words = [match.end() for match in re.finditer(r"\s+", text)][-_LAST_WORDS:]
    for start in (begin.end(), *words):
        found = _read_phrase(text[start:], now)
        if found is not None and (start == begin.end() or _AFTER_REMINDER.fullmatch(text, start + found[1])):
            return start, found
    return 0, None


def _read_phrase(text: str, now: datetime) -> tuple[Found, int] | None:
    """Return what the phrase at the beginning means, and its end. Raises `UnclearTime`.

    `at 9 tomorrow` is read as `tomorrow at 9`.
    """
    first = TIME_FIRST.match(text)
    days = first and _read_forms(text[first.end() :], now)
    if first and days:
        end = first.end() + days[1]
        turned = f"{text[first.end() : end]} {first[0].strip()}"
        found = _read_forms(turned, now)
        if found is not None and found[1] == len(turned):
            return found[0], end
    return _read_forms(text, now)


def _read_forms(text: str, now: datetime) -> tuple[Found, int] | None:
    """Return what the longest of the fitting forms means, and its end. Raises `UnclearTime`."""
    found: tuple[Found, int] | None = None
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
    if found is not None:
        meaning, end = found
        if more := find_more(text[end:], is_once=isinstance(meaning, datetime | timedelta)):
            raise UnclearTime(text[:end], more)
    return found
