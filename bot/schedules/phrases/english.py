"""Phrases in English. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from bot.schedules.phrases import forms
from bot.schedules.phrases.forms import Form, Found
from bot.schedules.phrases.numbers import ENGLISH_NUMBER, read_english

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {"morning": time(9), "noon": time(12), "afternoon": time(15), "evening": time(19), "tonight": time(20)}
_PARTS |= {"night": time(21), "midnight": time(0)}
#: The hours that a part of the day has: `evening at 8` is 20:00, and there is no `morning at 18:00`.
_HOURS = {"morning": range(12), "afternoon": range(12, 19), "evening": range(16, 24)}
_HOURS |= {"night": range(18, 24), "tonight": range(17, 24)}
_NOON = 12

DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?"
_PLURAL = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days"
_RANGE = rf"{DAY}\s*(?:[-–—]|\b(?:to|through|thru)\b)\s*{DAY}"
_AND = r"(?:\s*[,/]\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"
_DAYS_OR_RANGE = rf"(?:{_RANGE}|{DAY})"
_LIST_OF_DAYS = rf"{_DAYS_OR_RANGE}(?:{_AND}{_DAYS_OR_RANGE})*"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
CLOCK = r"(?:\d{1,2}[:.h]\d\d(?:\s*[ap]\.?m\b\.?)?|\d{1,2}\s*(?:[ap]\.?m\b\.?|o'clock)|noon|midnight)"
HOUR = r"\d{1,2}(?!\w|[:.]\d)"
_PART = r"(?:morning|afternoon|evening|night)"
#: A number alone is an hour after "at", or where nothing but a command follows: `every day 3 facts` has none.
_AT = rf"(?:(?:at|@)\s*(?P<at>{CLOCK}|{HOUR})|(?P<clock>{CLOCK}|\d{{1,2}}(?=\s*(?:/|:(?!\d)|$))))"
_AFTER = rf"(?:\s+(?:in\s+the|at)\s+(?P<after>{_PART}))?"
#: A time, which may be left out: a part of the day, a clock's time, or both, in either order.
_TIME = rf"(?:[\s,]+(?:in\s+the\s+|at\s+)?(?P<part>{_PART})(?!\w))?(?:[\s,]+{_AT}{_AFTER})?"
#: A time, and more of the same minute.
_TIMES = rf"{_TIME}(?P<more>(?:{_AND}(?:(?:at|@)\s*)?{CLOCK}|(?:\s+and\s+|\s*&\s*)(?:(?:at|@)\s*)?{HOUR})*)"


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


def _time_of(match: re.Match[str], part: str = "") -> time | None:
    """Read the time of a match; `part`: of the day, where a word before it says so. Raises `ValueError`."""
    groups = match.groupdict()
    text, part = match["at"] or match["clock"], (groups.get("part") or match["after"] or part).lower()
    if not text:
        return _PARTS.get(part)
    at = _read_clock(text)
    if part not in _HOURS:
        return at
    if part == "tonight" and not at.hour % _NOON and not re.search("pm|p.m", text, re.IGNORECASE):
        return at.replace(hour=0)  # see `_read_relative`
    is_half = part != "morning" and at.hour < _NOON and not re.search("am|a.m", text, re.IGNORECASE)
    hour = at.hour + _NOON if is_half else at.hour
    if hour not in _HOURS[part]:
        raise ValueError(text)
    return at.replace(hour=hour)


def _times_of(match: re.Match[str]) -> Sequence[time]:
    """Read the times of a match. Raises `ValueError`, and `UnclearTime` where they are not alike."""
    first = _time_of(match)
    if not match["more"]:
        return () if first is None else (first,)
    typed = [match["at"] or match["clock"] or "", *re.findall(rf"{CLOCK}|{HOUR}", match["more"], re.IGNORECASE)]
    halves = {bool(re.search(r"[ap]\.?m\b", one, re.IGNORECASE)) for one in typed if one[:1].isdigit()}
    is_alike = typed[0] and not match["part"] and not match["after"] and len(halves) < 2  # noqa: PLR2004 - am, pm or none
    times = [_read_clock(one) for one in typed] if is_alike else []
    if len({one.minute for one in times}) != 1:
        raise forms.unclear(match)
    return times


def _day_of(name: str) -> int:
    return _DAYS.index(name[:3].lower())


def _days_of(match: re.Match[str]) -> list[int]:
    ranges = re.findall(_DAYS_OR_RANGE, match["days"], re.IGNORECASE)
    ends = [re.findall(DAY, one, re.IGNORECASE) for one in ranges]
    return [day for days in ends for day in forms.days_between(_day_of(days[0]), _day_of(days[-1]))]


def _read_in(match: re.Match[str], _: datetime) -> timedelta:
    total = timedelta()
    for found in re.finditer(rf"(?P<count>{_COUNT})\s*(?P<unit>{_UNIT})(?!\w)", match["units"], re.IGNORECASE):
        count, unit = found["count"].lower().strip(), found["unit"][0].lower()
        one = timedelta(**{{"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[unit]: 1})
        total += one * (0.5 if count.startswith("half") else read_english(count))
    return total + one / 2 if match["half"] else total


def _read_in_days(match: re.Match[str], now: datetime) -> Found | None:
    return forms.after_days(now, _read_in(match, now), _time_of(match))


def _count_of(text: str | None) -> int:
    """Read how many units an interval has: `every other day`, `every three weeks`. Raises `ValueError`."""
    word = (text or "1").lower().strip()
    return {"other": 2, "second": 2, "third": 3}.get(word) or int(read_english(word))


def _read_nth(match: re.Match[str], _: datetime) -> Found:
    number = {"last": -1, "first": 1, "second": 2, "third": 3, "fourth": 4}.get(match["nth"].lower()) or int(
        match["nth"][0]
    )
    return forms.nth_weekday(number, _day_of(match["day"]), _times_of(match))


def _read_interval(match: re.Match[str], _: datetime) -> Found:
    return forms.interval(_count_of(match["count"]), is_hours=match["unit"][0].lower() == "h")


def _read_every(match: re.Match[str], now: datetime) -> Found | None:
    weekdays = _days_of(match) if match["days"] else []
    unit, day = (match["unit"] or "w")[0].lower(), int(match["day"] or 0)
    return forms.every(_count_of(match["count"]), unit, now, _times_of(match), weekdays=weekdays, day=day)


def _read_relative(match: re.Match[str], now: datetime) -> Found:
    word = " ".join(match["day"].lower().split())
    days, at = {"tomorrow": 1, "the day after tomorrow": 2}.get(word, 0), _time_of(match, word)
    return forms.in_days(now, 1 if word == "tonight" and at is not None and not at.hour else days, at)


def _read_next_week(match: re.Match[str], now: datetime) -> Found:
    return forms.in_week(now, 1, _day_of(match["day"]) if match["day"] else 0, _time_of(match))


def _month_day_of(match: re.Match[str]) -> tuple[int, int]:
    month = _MONTHS.index((match["month"] or match["month2"])[:3].lower()) + 1
    return month, int(match["day"] or match["day2"])


def _read_month_day(match: re.Match[str], now: datetime) -> Found:
    year = match["year"]
    return forms.on_date(now, _time_of(match), *_month_day_of(match), int(year) if year else None)


def _read_date(match: re.Match[str], now: datetime) -> Found:
    year, month, day = map(int, match["date"].split("-"))
    return forms.on_date(now, _time_of(match), month, day, year)


def _form(pattern: str, read: Callable[[re.Match[str], datetime], Found | None]) -> Form:
    return Form(rf"{pattern}(?!\w)", read, re.IGNORECASE | re.VERBOSE)


_COUNT = rf"(?:(?:half\s+an?|{ENGLISH_NUMBER})\s|\d{{1,4}}(?:\.\d)?)"
_EACH = rf"(?:(?:other|second|third|{ENGLISH_NUMBER})\s|\d{{1,4}})"
_UNIT = r"(?:m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)"
_MORE_UNITS = rf"(?:(?:\s*,)?\s*(?:and\s+)?\d+\s*{_UNIT}(?!\w))*"
_UNITS = rf"(?P<units>{_COUNT}\s*{_UNIT}{_MORE_UNITS})(?!\w)(?P<half>\s+and\s+a\s+half)?(?!\w)"
_EACH_MONTH = r"(?:of\s+(?:each|every|the)\s+month|(?:every|each)\s+month|monthly)"

_MONTH_DAY = (
    rf"(?:(?P<month>{MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"|(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{MONTH}))(?![\w:])"
)

#: A time before its day, which `_AT` has after it: `at 9 tomorrow`.
TIME_FIRST = re.compile(rf"(?:(?:at|@)\s*(?:{CLOCK}|{HOUR})|{CLOCK})\s+(?!/)", re.IGNORECASE)

#: The longer ones first.
ENGLISH = (
    _form(rf"in\s+{_UNITS}", _read_in),
    _form(rf"{_UNITS}\s+from\s+now", _read_in),
    _form(rf"in\s+{_UNITS}{_TIME}", _read_in_days),
    _form(rf"every\s+(?:(?P<count>{_EACH})\s*)?(?P<unit>m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)", _read_interval),
    _form(
        rf"""every\s+(?:(?P<count>{_EACH})\s*)?(?P<unit>days?|d|weeks?|w|months?)
        (?:\s+on\s+(?:(?P<days>{_LIST_OF_DAYS})|(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![:\w])))?{_TIMES}""",
        _read_every,
    ),
    _form(
        rf"""every\s+(?P<count>other|second|third|\d{{1,2}})\s+(?P<days>{_LIST_OF_DAYS})
        (?!\s+(?:of|in)\b)(?P<unit>)(?P<day>){_TIMES}""",
        _read_every,
    ),
    _form(r"hourly", lambda *_: forms.interval(1, is_hours=True)),
    _form(
        rf"(?:every|each)(?=\s+(?:{_PART}|noon|midnight)\b){_TIMES}",
        lambda match, _: forms.expression(_times_of(match)),
    ),
    _form(
        rf"(?:(?:every|each|on)\s+(?:weekdays?|work(?:ing)?\s*days?)|weekdays){_TIMES}",
        lambda match, _: forms.expression(_times_of(match), weekday=forms.WEEKDAYS),
    ),
    _form(
        rf"(?:(?:every|each)\s+weekend|(?:on\s+)?weekends){_TIMES}",
        lambda match, _: forms.expression(_times_of(match), weekday=forms.WEEKEND),
    ),
    _form(rf"(?:(?:every|each)\s+day|daily){_TIMES}", lambda match, _: forms.expression(_times_of(match))),
    _form(
        rf"(?:(?:on\s+)?(?:the\s+)?last\s+day\s+{_EACH_MONTH}|{_EACH_MONTH}\s+on\s+the\s+last\s+day){_TIMES}",
        lambda match, _: forms.expression(_times_of(match), day=forms.LAST_DAY),
    ),
    _form(
        rf"(?:(?:on\s+)?(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_EACH_MONTH}"
        rf"|{_EACH_MONTH}\s+on\s+(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?){_TIMES}",
        lambda match, _: forms.monthly(int(match["day"] or match["day2"]), _times_of(match)),
    ),
    _form(
        rf"""(?:(?:on\s+)?(?:the\s+)?|every\s+)(?P<nth>first|second|third|fourth|last|1st|2nd|3rd|4th)\s+(?P<day>{DAY})
        \s+(?:{_EACH_MONTH}|in\s+(?:each|every|the)\s+month){_TIMES}""",
        _read_nth,
    ),
    # Days in the plural, several, or from one to another, are meant every week also without "every".
    _form(
        rf"""(?:(?:every|each|weekly\s+on|every\s+week\s+on)\s+
        |(?:on\s+)?(?={_PLURAL}\b|{_RANGE}(?!\w)|{DAY}{_AND}{DAY}(?!\w)))
        (?P<days>{_LIST_OF_DAYS}){_TIMES}""",
        lambda match, _: forms.weekly(_days_of(match), _times_of(match)),
    ),
    _form(rf"(?:on\s+)?(?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}){_TIME}", _read_date),
    _form(rf"(?:on\s+)?{_MONTH_DAY}(?:,?\s+(?P<year>\d{{4}}))?{_TIME}", _read_month_day),
    _form(
        rf"(?:(?:every|each)\s+year\s+on|(?:yearly|annually)\s+on|every)\s+{_MONTH_DAY}{_TIMES}",
        lambda match, _: forms.yearly(*_month_day_of(match), _times_of(match)),
    ),
    _form(rf"(?P<day>today|tonight|tomorrow|the\s+day\s+after\s+tomorrow){_TIME}", _read_relative),
    _form(rf"this(?=\s+{_PART}\b){_TIME}", lambda match, now: forms.in_days(now, 0, _time_of(match))),
    _form(rf"next\s+week(?!['’])(?:,?\s+(?:on\s+)?(?P<day>{DAY}))?{_TIME}", _read_next_week),
    _form(rf"(?:on\s+)?(?P<day>{DAY})\s+(?:of\s+)?next\s+week{_TIME}", _read_next_week),
    _form(
        rf"(?:(?:on|at|over)\s+the|(?:(?:on|over)\s+)?(?:this|(?P<next>next)))\s+weekend(?!['’]){_TIME}",
        lambda match, now: forms.weekend(now, 1 if match["next"] else 0, _time_of(match)),
    ),
    _form(
        rf"(?:on\s+|next\s+)?(?P<day>{DAY}){_TIME}",
        lambda match, now: forms.next_weekday(now, _day_of(match["day"]), _time_of(match)),
    ),
    _form(
        rf"(?=at\s|\d{{1,2}}(?:[:.]\d\d)?\s*[ap]\.?m){_AT}{_AFTER}",
        lambda match, now: None if (at := _time_of(match)) is None else forms.next_clock(now, at),
    ),
)
