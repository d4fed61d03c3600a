"""Phrases in English. Pure."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta

from bot.schedules.phrases import forms
from bot.schedules.phrases.forms import Form, Found
from bot.schedules.phrases.numbers import ENGLISH_NUMBER, read_english

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {"morning": time(9), "noon": time(12), "afternoon": time(15), "evening": time(19), "tonight": time(20)}
_PARTS |= {"night": time(21), "midnight": time(0)}

_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?"
_LIST_OF_DAYS = rf"{_DAY}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*){_DAY})*"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_CLOCK = r"\d{1,2}[:.h]\d\d(?:\s*[ap]\.?m\b\.?)?|\d{1,2}\s*[ap]\.?m\b\.?|noon|midnight"
_PART = r"(?:in\s+the\s+)?(?:morning|afternoon|evening)"
#: A number alone is an hour after "at", or where nothing but a command follows: `every day 3 facts` has none.
_TIME = rf"""(?:[\s,]+(?:(?:at|@)\s*(?P<at>{_CLOCK}|\d{{1,2}}(?:\s*o'clock)?(?![\w:.]))
    |(?P<clock>{_CLOCK}|{_PART}|\d{{1,2}}(?=\s*/|\s*$))))"""
_EACH_MONTH = r"(?:of\s+(?:each|every|the)\s+month|(?:every|each)\s+month|monthly)"


def _read_clock(text: str) -> time:
    """Read a time. Raises `ValueError`."""
    words = text.lower().split()
    if words[-1] in _PARTS:
        return _PARTS[words[-1]]
    found = re.match(r"(\d{1,2})(?:[:.h](\d\d))?\s*([ap])?", text, re.IGNORECASE)
    assert found is not None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:  # noqa: PLR2004 - hours of a half day
        raise ValueError(text)
    return time(hour % 12 + 12 * (half == "p") if half else hour, minute)


def _time_of(match: re.Match[str]) -> time | None:
    text = match["at"] or match["clock"]
    return _read_clock(text) if text else None


def _day_of(name: str) -> int:
    return _DAYS.index(name[:3].lower())


def _days_of(match: re.Match[str]) -> list[int]:
    return [_day_of(name) for name in re.findall(_DAY, match["days"], re.IGNORECASE)]


def _read_in(match: re.Match[str], _: datetime) -> Found:
    total = timedelta()
    for count, unit in ((match["count"], match["unit"]), (match["more"], match["of"])):
        if count:
            number = 0.5 if count.lower().startswith("half") else read_english(count)
            name = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[unit[0].lower()]
            total += timedelta(**{name: number})
    return total


def _count_of(text: str | None) -> int:
    """Read how many units an interval has: `every other day`, `every three weeks`. Raises `ValueError`."""
    word = (text or "1").lower()
    return {"other": 2, "second": 2, "third": 3}.get(word) or int(read_english(word))


def _read_interval(match: re.Match[str], _: datetime) -> Found:
    return forms.interval(_count_of(match["count"]), is_hours=match["unit"][0].lower() == "h")


def _read_every(match: re.Match[str], now: datetime) -> Found | None:
    weekdays = _days_of(match) if match["days"] else []
    unit, day = (match["unit"] or "w")[0].lower(), int(match["day"] or 0)
    return forms.every(_count_of(match["count"]), unit, now, _time_of(match), weekdays=weekdays, day=day)


def _read_relative(match: re.Match[str], now: datetime) -> Found:
    word = " ".join(match["day"].lower().split())
    days = {"tomorrow": 1, "the day after tomorrow": 2}.get(word, 0)
    return forms.in_days(now, days, _time_of(match) or _PARTS.get(word))


def _read_month_day(match: re.Match[str], now: datetime) -> Found:
    month = _MONTHS.index((match["month"] or match["month2"])[:3].lower()) + 1
    day, year = int(match["day"] or match["day2"]), match["year"]
    return forms.on_date(now, _time_of(match), month, day, int(year) if year else None)


def _read_date(match: re.Match[str], now: datetime) -> Found:
    year, month, day = map(int, match["date"].split("-"))
    return forms.on_date(now, _time_of(match), month, day, year)


def _form(pattern: str, read: Callable[[re.Match[str], datetime], Found | None]) -> Form:
    return Form(rf"{pattern}(?!\w)", read, re.IGNORECASE | re.VERBOSE)


_COUNT = rf"(?:half\s+an?|{ENGLISH_NUMBER}|\d{{1,4}}(?:\.\d)?)"
_EACH = rf"(?:other|second|third|{ENGLISH_NUMBER}|\d{{1,4}})"
_UNIT = r"(?:m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)"

#: The longer ones first.
ENGLISH = (
    _form(rf"in\s+(?P<count>{_COUNT})\s*(?P<unit>{_UNIT})(?:\s*(?:and\s+)?(?P<more>\d+)\s*(?P<of>{_UNIT}))?", _read_in),
    _form(rf"every\s+(?:(?P<count>{_EACH})\s*)?(?P<unit>m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)", _read_interval),
    _form(
        rf"""every\s+(?:(?P<count>{_EACH})\s*)?(?P<unit>days?|d|weeks?|w|months?)
        (?:\s+on\s+(?:(?P<days>{_LIST_OF_DAYS})|(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![:\w])))?{_TIME}?""",
        _read_every,
    ),
    _form(
        rf"""every\s+(?P<count>other|second|third|\d{{1,2}})\s+(?P<days>{_LIST_OF_DAYS})
        (?!\s+(?:of|in)\b)(?P<unit>)(?P<day>){_TIME}?""",
        _read_every,
    ),
    _form(r"hourly", lambda *_: forms.interval(1, is_hours=True)),
    _form(
        r"every\s+(?P<part>morning|afternoon|evening|night)",
        lambda match, _: forms.expression(_PARTS[match["part"].lower()]),
    ),
    _form(
        rf"(?:(?:every|each|on)\s+(?:weekdays?|work(?:ing)?\s*days?)|weekdays){_TIME}?",
        lambda match, _: forms.expression(_time_of(match), weekday=forms.WEEKDAYS),
    ),
    _form(
        rf"(?:every|each)\s+weekend{_TIME}?",
        lambda match, _: forms.expression(_time_of(match), weekday=forms.WEEKEND),
    ),
    _form(rf"(?:(?:every|each)\s+day|daily){_TIME}?", lambda match, _: forms.expression(_time_of(match))),
    _form(
        rf"(?:(?:on\s+)?(?:the\s+)?last\s+day\s+{_EACH_MONTH}|{_EACH_MONTH}\s+on\s+the\s+last\s+day){_TIME}?",
        lambda match, _: forms.expression(_time_of(match), day=forms.LAST_DAY),
    ),
    _form(
        rf"(?:(?:on\s+)?(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_EACH_MONTH}"
        rf"|{_EACH_MONTH}\s+on\s+(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?){_TIME}?",
        lambda match, _: forms.monthly(int(match["day"] or match["day2"]), _time_of(match)),
    ),
    _form(
        rf"(?:(?:every|each|weekly\s+on|every\s+week\s+on)\s+)(?P<days>{_LIST_OF_DAYS}){_TIME}?",
        lambda match, _: forms.weekly(_days_of(match), _time_of(match)),
    ),
    _form(rf"(?:on\s+)?(?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}){_TIME}?", _read_date),
    _form(
        rf"(?:on\s+)?(?:(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
        rf"|(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH}))"
        rf"(?:,?\s+(?P<year>\d{{4}}))?{_TIME}?",
        _read_month_day,
    ),
    _form(rf"(?P<day>today|tonight|tomorrow|the\s+day\s+after\s+tomorrow){_TIME}?", _read_relative),
    _form(
        rf"(?:on\s+|next\s+)?(?P<day>{_DAY}){_TIME}?",
        lambda match, now: forms.next_weekday(now, _day_of(match["day"]), _time_of(match)),
    ),
    _form(
        rf"at\s+(?P<at>{_CLOCK}|\d{{1,2}}(?:\s*o'clock)?(?![\w:.]))",
        lambda match, now: forms.next_clock(now, _read_clock(match["at"])),
    ),
)
