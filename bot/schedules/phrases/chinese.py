"""Phrases in Chinese, in traditional and simplified characters. Pure."""

import re
from datetime import datetime, time, timedelta

from bot.schedules.phrases import forms
from bot.schedules.phrases.forms import Form, Found
from bot.schedules.phrases.numbers import CHINESE_NUMBER, read_chinese

_WEEKDAYS = "一二三四五六日"
_PARTS = {"凌晨": time(3), "清晨": time(6), "早上": time(9), "早晨": time(9), "上午": time(9), "中午": time(12)}
_PARTS |= {"下午": time(15), "傍晚": time(18), "晚上": time(20), "今晚": time(20), "明晚": time(20), "明早": time(9)}
_NIGHT = ("晚上", "今晚", "明晚")
_LATE = ("下午", "傍晚", *_NIGHT)
_NOON = 12

_NUMBER = rf"(?:\d{{1,3}}|{CHINESE_NUMBER})"
_WEEK = r"(?:週|周|星期|禮拜|礼拜)"
_DAYS = rf"[一二三四五六日天](?:[、,，和與与及/\s]*{_WEEK}?[一二三四五六日天])*"
_PART = r"凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上"
_MINUTES = rf"(?:\s*(?P<minutes>{_NUMBER}\s*分?|半|整|一刻|三刻))?"
_HOUR = rf"(?P<hour>{_NUMBER})\s*(?:[:：](?P<minute>\d\d)|[點点時时][鐘钟]?{_MINUTES})"
_TIME = rf"(?:[\s,，的在於于]*(?:(?P<part>{_PART})\s*(?:{_HOUR})?|{_HOUR.replace('P<', 'P<only_')}))"


def _hour(value: int, part: str) -> int:
    """Return the hour of a day, as it is said with a part of it."""
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


def _read_in(match: re.Match[str], _: datetime) -> Found:
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


def _read_interval(match: re.Match[str], _: datetime) -> Found:
    return forms.interval(read_chinese(match["count"] or "1"), is_hours="分" not in match["unit"])


def _read_every(match: re.Match[str], now: datetime) -> Found | None:
    word = match["unit"]
    unit = "d" if word in "天日" else "m" if word == "月" else "w"
    weekdays, day = _days_of(match), read_chinese(match["day"] or "0")
    # Apart by one day means every second day.
    count = read_chinese(match["count"] or "1") + bool(match["apart"] or match["alone"])
    return forms.every(count, unit, now, _time_of(match), weekdays=weekdays, day=day)


def _days_of(match: re.Match[str]) -> list[int]:
    return [_day_of(day) for day in re.findall(f"[{_WEEKDAYS}天]", re.sub(_WEEK, "", match["days"] or ""))]


def _day_of(name: str) -> int:
    return _WEEKDAYS.index(name.replace("天", "日"))


def _read_relative(match: re.Match[str], now: datetime) -> Found:
    word = match["day"]
    days = {"今天": 0, "今日": 0, "今晚": 0, "後天": 2, "后天": 2, "大後天": 3, "大后天": 3}.get(word, 1)
    return forms.in_days(now, days, _time_of(match, word))


def _read_weekday(match: re.Match[str], now: datetime) -> Found:
    day, at = _day_of(match["day"]), _time_of(match)
    if match["next"]:  # of the week after this one
        return forms.in_days(now, 7 - now.weekday() + day, at)
    return forms.next_weekday(now, day, at)


def _read_date(match: re.Match[str], now: datetime) -> Found:
    year = int(match["year"]) if match["year"] else None
    return forms.on_date(now, _time_of(match), read_chinese(match["month"]), read_chinese(match["date"]), year)


def _read_clock(match: re.Match[str], now: datetime) -> Found | None:
    at = _time_of(match)
    return None if at is None else forms.next_clock(now, at)


#: The longer ones first.
CHINESE = (
    Form(
        rf"(?:在|過|过)?\s*(?P<count>{_NUMBER}|半)\s*[個个]?\s*(?P<half>半)?\s*"
        r"(?P<unit>分鐘|分钟|分|小時|小时|鐘頭|钟头|天|日|週|周|星期|禮拜|礼拜)\s*(?:之|以|過|过)?[後后]",
        _read_in,
    ),
    Form(
        rf"每隔?\s*(?P<count>{_NUMBER})?\s*[個个]?\s*(?P<unit>分鐘|分钟|小時|小时|鐘頭|钟头)",
        _read_interval,
    ),
    Form(
        rf"(?:每(?P<apart>隔)?\s*(?P<count>{_NUMBER})\s*[個个]?|每?(?P<alone>隔))\s*(?P<unit>天|日|{_WEEK}|月)(?:一次)?"
        rf"(?:[的在逢]?\s*{_WEEK}?(?P<days>{_DAYS})(?!次|[個个])|[的在逢]?\s*(?P<day>{_NUMBER})\s*[日號号])?{_TIME}?",
        _read_every,
    ),
    Form(
        rf"每[個个]?(?:工作日|平日|上班日|{_WEEK}一[到至~-]{_WEEK}?五){_TIME}?",
        lambda match, _: forms.expression(_time_of(match), weekday=forms.WEEKDAYS),
    ),
    Form(
        rf"每[個个]?(?:週末|周末){_TIME}?",
        lambda match, _: forms.expression(_time_of(match), weekday=forms.WEEKEND),
    ),
    Form(rf"(?:每天|每日|天天){_TIME}?", lambda match, _: forms.expression(_time_of(match))),
    Form(
        rf"每[個个]?月(?:的)?(?:最後一天|最后一天|月?底){_TIME}?",
        lambda match, _: forms.expression(_time_of(match), day=forms.LAST_DAY),
    ),
    Form(
        rf"每[個个]?月(?:的)?\s*(?P<day>{_NUMBER})\s*[日號号]{_TIME}?",
        lambda match, _: forms.monthly(read_chinese(match["day"]), _time_of(match)),
    ),
    Form(
        rf"每[個个]?{_WEEK}\s*(?P<days>{_DAYS}){_TIME}?",
        lambda match, _: forms.weekly(_days_of(match), _time_of(match)),
    ),
    Form(rf"(?P<day>大[後后]天|今天|今日|今晚|明天|明日|明早|明晚|[後后]天){_TIME}?", _read_relative),
    Form(
        rf"(?P<next>下[個个]?)?(?:這|这)?[個个]?{_WEEK}(?P<day>[一二三四五六日天]){_TIME}?",
        _read_weekday,
    ),
    Form(
        rf"(?:(?P<year>\d{{4}})\s*年\s*)?(?P<month>{_NUMBER})\s*月\s*(?P<date>{_NUMBER})\s*[日號号]{_TIME}?", _read_date
    ),
    Form(_TIME, _read_clock),
)
