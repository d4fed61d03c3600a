"""Phrases in Chinese, in traditional and simplified characters. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.schedules.phrases import forms
from bot.schedules.phrases.forms import Form, Found
from bot.schedules.phrases.numbers import CHINESE_NUMBER, read_chinese

_WEEKDAYS = "一二三四五六日"
_PARTS = {"凌晨": time(3), "清晨": time(6), "早上": time(9), "早晨": time(9), "上午": time(9), "中午": time(12)}
_PARTS |= {"下午": time(15), "傍晚": time(18), "晚上": time(20), "今晚": time(20), "明晚": time(20), "明早": time(9)}
_PARTS |= {"午夜": time(0), "半夜": time(0)}
_NIGHT = ("晚上", "今晚", "明晚", "午夜", "半夜")
_LATE = ("下午", "傍晚", *_NIGHT)
_NOON = 12
_EARLIEST_AT_NIGHT = 5  #: what is said of hours of a night after midnight is 凌晨

NUMBER = rf"(?:\d{{1,3}}|{CHINESE_NUMBER})"
WEEK = r"(?:週|周|星期|禮拜|礼拜)"
#: Not the beginning of another word: `每週一天氣` asks for the weather.
_DAY = r"(?:[一二三四五六](?![個个件條条則则篇種种次位項项週周])|日(?![報报記记程期本])|天(?![氣气空]))"
_RANGE = rf"{_DAY}\s*[到至~～–—-]\s*{WEEK}?{_DAY}"
_DAYS_OR_RANGE = rf"(?:{_RANGE}|{_DAY})"
#: Days that follow at once are in their order, as in 一三五: `每週三三明治` is about sandwiches.
_IN_ORDER = (
    r"(?:(?<=一)(?=[二三四五六日天])|(?<=二)(?=[三四五六日天])|(?<=三)(?=[四五六日天])|(?<=四)(?=[五六日天])"
    r"|(?<=五)(?=[六日天])|(?<=六)(?=[日天]))"
)
#: Another day, and not the beginning of a time or another word: `每週五六點`, `每週一二手書`.
_MORE_DAYS = (
    rf"(?:\s*[、,，和與与及/]\s*{WEEK}?|{WEEK}|{_IN_ORDER}){_DAYS_OR_RANGE}(?!\s*[點点時时]|[手餐金人名月年]|明治)"
)
_DAYS = rf"{_DAYS_OR_RANGE}(?:{_MORE_DAYS})*"
PART = r"凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|午夜|半夜"
_WORKING_DAY = r"(?:工作日|平日|上班日)"
#: Without 分 they follow at once, and are not the beginning of another word: `9點10個`, `9點整理`.
_MINUTES = (
    rf"(?:\s*(?P<minutes>{NUMBER}\s*分|半(?![天年小個个])|整(?![理合個个體体天夜])|一刻|三刻"
    rf"|(?<!\s){NUMBER}(?![\d〇零一二兩两三四五六七八九十個个件條条則则篇種种次位項项人天])))?"
)
_HOUR = rf"(?P<hour>{NUMBER})\s*(?:[:：](?P<minute>\d\d)|[點点時时][鐘钟]?{_MINUTES})"
#: A part of the day, a clock's time, or both.
_TIME = rf"(?:[\s,，的在於于]*(?:(?P<part>{PART})\s*(?:{_HOUR})?|{_HOUR.replace('P<', 'P<only_')}))"
HOUR = re.sub(r"\?P<\w+>", "?:", _HOUR)
#: A time, and more of the same minute; each goes on with the part of the day of the one before.
_TIMES = rf"(?:{_TIME}(?P<more>(?:\s*[、,，和與与及跟]\s*(?:(?:{PART})\s*)?{HOUR})*))"


def _hour(value: int, part: str) -> int:
    """Return the hour of a day, as it is said with a part of it. Raises `ValueError`."""
    if part in _NIGHT and value < _EARLIEST_AT_NIGHT:
        raise ValueError(value)
    if part == "凌晨" or (part in _NIGHT and value == _NOON):
        return value % _NOON
    return value + _NOON if value < _NOON and (part in _LATE or (part == "中午" and value < _NOON - 1)) else value


def _time_of(match: re.Match[str], part: str = "") -> time | None:
    """Read the time of a match; `part`: of the day, where a word before it says so. Raises `ValueError`."""
    groups = match.groupdict()
    part = groups.get("part") or part
    hour = groups.get("hour") or groups.get("only_hour")
    if not hour:
        return _PARTS.get(part)
    minutes = (groups.get("minute") or groups.get("only_minute") or "").strip()
    spoken = (groups.get("minutes") or groups.get("only_minutes") or "").strip().removesuffix("分").strip()
    minute = {"半": 30, "整": 0, "一刻": 15, "三刻": 45, "": 0}.get(spoken)
    if minute is None:
        minute = read_chinese(spoken)
    value = _hour(read_chinese(hour), part)
    return time(value, int(minutes) if minutes else minute)


def _is_midnight(match: re.Match[str], word: str = "") -> bool:
    """Return whether a time is the midnight at which the night of its day ends: it is of the next date."""
    at = _time_of(match, word)
    return at is not None and not at.hour and (match.groupdict().get("part") or word) in _NIGHT


def _times_of(match: re.Match[str]) -> Sequence[time]:
    """Read the times of a match. Raises `ValueError`, and `UnclearTime` where they are not alike."""
    first, part = _time_of(match), match["part"] or ""
    times = [] if first is None else [first]
    for found in re.finditer(_TIME, match["more"] or ""):
        part = found["part"] or part
        if (at := _time_of(found, part)) is not None:
            times.append(at)
    is_alike = len({one.minute for one in times}) < 2 and (not match["more"] or match["hour"] or match["only_hour"])  # noqa: PLR2004
    if not is_alike:
        raise forms.unclear(match)
    return times


def _times_of_dates(match: re.Match[str]) -> Sequence[time]:
    """Read the times of what is not each day. Raises `ValueError` for a midnight, which is of the date after."""
    if _is_midnight(match):
        raise ValueError(match[0])
    return _times_of(match)


def _read_in(match: re.Match[str], _: datetime) -> timedelta:
    count = 0.5 if match["count"] == "半" else float(read_chinese(match["count"]))
    if match["half"]:
        count += 0.5
    unit = match["unit"]
    name = (
        "minutes"
        if "分" in unit
        else "hours"
        if unit[-1] in "時时頭头"
        else "weeks"
        if unit[0] in "週周星禮礼"
        else "days"
    )
    return timedelta(**{name: count})


def _read_in_days(match: re.Match[str], now: datetime) -> Found | None:
    return forms.after_days(now, _read_in(match, now), _time_of(match))


def _read_interval(match: re.Match[str], _: datetime) -> Found:
    return forms.interval(read_chinese(match["count"] or "1"), is_hours="分" not in match["unit"])


def _read_every(match: re.Match[str], now: datetime) -> Found | None:
    word = match["unit"]
    unit = "d" if word in "天日" else "m" if word == "月" else "w"
    weekdays, day = _days_of(match), read_chinese(match["day"] or "0")
    # Apart by one day means every second day.
    count = read_chinese(match["count"] or "1") + bool(match["apart"] or match["alone"])
    times = _times_of_dates(match) if weekdays or day else _times_of(match)
    return forms.every(count, unit, now, times, weekdays=weekdays, day=day)


def _days_of(match: re.Match[str]) -> list[int]:
    ranges = re.findall(_DAYS_OR_RANGE, re.sub(WEEK, "", match["days"] or ""))
    return [day for ends in ranges for day in forms.days_between(_day_of(ends[0]), _day_of(ends[-1]))]


def _day_of(name: str) -> int:
    return _WEEKDAYS.index(name.replace("天", "日"))


def _read_relative(match: re.Match[str], now: datetime) -> Found:
    word = match["day"]
    days = {"今天": 0, "今日": 0, "今晚": 0, "後天": 2, "后天": 2, "大後天": 3, "大后天": 3}.get(word, 1)
    return forms.in_days(now, days + _is_midnight(match, word), _time_of(match, word))


def _read_weekday(match: re.Match[str], now: datetime) -> Found:
    day, at = _day_of(match["day"]) + _is_midnight(match), _time_of(match)
    if match["next"]:  # of the week after this one, or of the one after that
        return forms.in_week(now, match["next"].count("下"), day, at)
    return forms.next_weekday(now, day, at)


def _read_weekly(match: re.Match[str], _: datetime) -> Found:
    late = _is_midnight(match)
    return forms.weekly([(day + late) % 7 for day in _days_of(match)], _times_of(match))


def _read_nth(match: re.Match[str], _: datetime) -> Found:
    number = read_chinese(match["nth"]) if match["nth"] else -1
    return forms.nth_weekday(number, _day_of(match["day"]), _times_of_dates(match))


def _read_yearly(match: re.Match[str], _: datetime) -> Found:
    return forms.yearly(read_chinese(match["month"]), read_chinese(match["date"]), _times_of_dates(match))


def _read_date(match: re.Match[str], now: datetime) -> Found:
    year = int(match["year"]) if match["year"] else None
    found = forms.on_date(now, _time_of(match), read_chinese(match["month"]), read_chinese(match["date"]), year)
    return found + timedelta(days=_is_midnight(match))


def _read_clock(match: re.Match[str], now: datetime) -> Found | None:
    at = _time_of(match)
    return None if at is None else forms.next_clock(now, at)


_AFTER = (
    rf"(?:在|(?P<through>再?[過过]))?\s*(?P<count>{NUMBER}|半)(?:\s*[個个])?(?:\s*(?P<half>半))?\s*"
    r"(?P<unit>分鐘|分钟|分|小時|小时|鐘頭|钟头|天|日|週|周|星期|禮拜|礼拜)(?(through)(?:\s*[之以]?[後后])?|\s*[之以過过]?[後后])"
)

_MONTH_DAY = rf"(?P<month>{NUMBER})\s*月\s*(?P<date>{NUMBER})\s*[日號号]"

#: The longer ones first.
CHINESE = (
    Form(_AFTER, _read_in),
    Form(rf"{_AFTER}{_TIME}", _read_in_days),
    Form(
        rf"每隔?(?:\s*(?P<count>{NUMBER}))?(?:\s*[個个])?\s*(?P<unit>分鐘|分钟|小時|小时|鐘頭|钟头)",
        _read_interval,
    ),
    Form(
        rf"(?:每(?P<apart>隔)?\s*(?P<count>{NUMBER})(?:\s*[個个])?|每?(?P<alone>隔))\s*(?P<unit>天|日|{WEEK}|月)(?:一次)?"
        rf"(?:[的在逢]?\s*{WEEK}?(?P<days>{_DAYS})(?!次|[個个])|[的在逢]?\s*(?P<day>{NUMBER})\s*[日號号])?{_TIMES}?",
        _read_every,
    ),
    Form(
        rf"(?:每[個个]?{_WORKING_DAY}|{_WORKING_DAY}(?=\s*(?:{PART}|{HOUR}))){_TIMES}?",
        lambda match, _: forms.expression(_times_of(match), weekday=forms.WEEKDAYS),
    ),
    Form(
        rf"每[個个]?(?:週末|周末){_TIMES}?",
        lambda match, _: forms.expression(_times_of(match), weekday=forms.WEEKEND),
    ),
    Form(rf"(?:每天|每日|天天){_TIMES}?", lambda match, _: forms.expression(_times_of(match))),
    Form(
        rf"每[個个]?月(?:的)?(?:最後一天|最后一天|月?底){_TIMES}?",
        lambda match, _: forms.expression(_times_of_dates(match), day=forms.LAST_DAY),
    ),
    Form(
        rf"每[個个]?月(?:的)?\s*(?P<day>{NUMBER})\s*[日號号]{_TIMES}?",
        lambda match, _: forms.monthly(read_chinese(match["day"]), _times_of_dates(match)),
    ),
    Form(
        rf"每[個个]?月的?(?:第\s*(?P<nth>[一二三四1-4])|最[後后]一)\s*[個个]?{WEEK}(?P<day>[一二三四五六日天]){_TIMES}?",
        _read_nth,
    ),
    Form(
        # Several days, or from one to another, are meant every week.
        rf"(?:每[個个]?{WEEK}\s*|{WEEK}(?={_RANGE}|{_DAY}{_MORE_DAYS}))(?P<days>{_DAYS}){_TIMES}?",
        _read_weekly,
    ),
    Form(rf"每年(?:的)?\s*{_MONTH_DAY}{_TIMES}?", _read_yearly),
    Form(rf"(?P<day>大[後后]天|今天|今日|今晚|明天|明日|明早|明晚|[後后]天){_TIME}?", _read_relative),
    Form(
        rf"(?P<next>(?:下[個个]?){{1,2}})?(?:這|这)?[個个]?{WEEK}(?P<day>[一二三四五六日天]){_TIME}?",
        _read_weekday,
    ),
    Form(
        rf"(?P<next>(?:下[個个]?){{1,2}}){WEEK}(?![一二三四五六日天末的]){_TIME}?",
        lambda match, now: forms.in_week(now, match["next"].count("下"), 0, _time_of(match)),
    ),
    Form(
        rf"(?P<next>下[個个]?)?(?:[這这本]?[個个]?)(?:週末|周末)(?!的){_TIME}?",
        lambda match, now: forms.weekend(now, 1 if match["next"] else 0, _time_of(match)),
    ),
    Form(rf"(?:(?P<year>\d{{4}})\s*年\s*)?{_MONTH_DAY}{_TIME}?", _read_date),
    Form(_TIME, _read_clock),
)
