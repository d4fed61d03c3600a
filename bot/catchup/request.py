"""Reads from the words of `/catchup` which messages are meant: `since yesterday`, `last 200 messages`. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.schedules.phrases.numbers import CHINESE_NUMBER, ENGLISH_NUMBER, read_chinese, read_english
from bot.values import valueclass
from bot.values.patterns import LazyPattern

#: Most messages that are read for one request, whatever is asked for.
MOST = 5000
_NUMBER = rf"\d{{1,4}}|{ENGLISH_NUMBER}"
_CHINESE = rf"\d{{1,4}}|{CHINESE_NUMBER}"
_LAST_MESSAGES = LazyPattern(
    rf"(?:the )?(?:last|newest|past)? ?(?P<number>\d{{1,6}}|{ENGLISH_NUMBER}) (?:messages?|posts?)|"
    r"(?:last|newest) (?P<bare>\d{1,6})|"
    rf"(?:最近|最新|最後|最后|前|過去|过去)?(?:的)? ?(?P<chinese>\d{{1,6}}|{CHINESE_NUMBER}(?= ?[則则条條]))"
    r" ?(?:則|则|条|條|個|个)?(?:訊息|讯息|消息|信息|留言)?"
)
_UNIT = r"m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?"
_CHINESE_UNIT = "分鐘|分钟|小時|小时|天|日|週|周|星期|禮拜|礼拜"
_SPANS = (
    LazyPattern(
        rf"(?:(?:since|in|within|for|over) )?(?:the )?(?:last|past) (?:(?P<number>{_NUMBER}) ?)?(?P<unit>{_UNIT})"
    ),
    LazyPattern(rf"(?:(?:since|from) )?(?P<number>{_NUMBER}) ?(?P<unit>{_UNIT}) ago"),
    LazyPattern(
        rf"(?:最近|過去|过去|前)(?:的)? ?(?P<number>{_CHINESE}) ?(?:個|个)?(?P<unit>{_CHINESE_UNIT})(?:內|内)?"
    ),
    LazyPattern(rf"(?P<number>{_CHINESE}) ?(?:個|个)?(?P<unit>{_CHINESE_UNIT})(?:之|以)?前"),
)
#: No platform has earlier messages, and not each takes a time before 1970.
_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY, _WEEK = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))
#: By the first letter or character of a unit.
_UNITS = {"m": _MINUTE, "分": _MINUTE, "h": _HOUR, "小": _HOUR, "d": _DAY, "天": _DAY, "日": _DAY}
_UNITS |= dict.fromkeys("w週周星禮礼", _WEEK)
_THIS_WEEK = ("this week", *(f"{this}{week}" for this in "這这本" for week in ("週", "周", "個星期", "个星期", "星期")))
_DAYS = {"today": 0, "yesterday": 1, "今天": 0, "昨天": 1, "前天": 2}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_WEEKDAY = LazyPattern(r"(?:上)?(?:週|周|星期|禮拜|礼拜)([一二三四五六日天])")
_HERE = LazyPattern(
    r"(?:since )?(?:i was (?:last )?here|my last (?:visit|message)|last time|i left)|"
    r"(?:自|從|从)?我?(?:上次|上一次|最後|最后)(?:在|來|来|發言|发言|離開|离开)?(?:這裡|这里|這里)?(?:之後|之后|以來|以来|後|后|起)?"
)
_DATE = LazyPattern(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")


@valueclass(frozen=True, slots=True)
class CatchUpRequest:
    """The messages that somebody asks for."""

    kind: Literal["here", "since", "last"]
    since: datetime | None = None  #: of "since"
    count: int = MOST


def read_request(words: str, now: datetime, zone: ZoneInfo) -> CatchUpRequest | None:
    """Read the words of a request, in English or Chinese; None: they say nothing that is known.

    `zone`: where the days begin. Without words the person wants what came since they were there.
    """
    text = " ".join(words.lower().replace("’", "'").split()).strip(" .。!！?？")
    if not text or _HERE.fullmatch(text):
        return CatchUpRequest("here")
    if found := next(filter(None, (span.fullmatch(text) for span in _SPANS)), None):
        number = _read_number(found["number"] or "1")
        if number is None:
            return None
        return CatchUpRequest("since", max(now - number * _UNITS[found["unit"][0]], _EARLIEST))
    if found := _LAST_MESSAGES.fullmatch(text):
        number = _read_number(found["number"] or found["bare"] or found["chinese"])
        return CatchUpRequest("last", count=number) if number else None
    day = _read_day(re.sub(r"^(?:since|from|自|從|从)\s*|\s*(?:以來|以来|起|開始|开始)$", "", text), now, zone)
    return None if day is None else CatchUpRequest("since", max(day, _EARLIEST))


def _read_number(text: str) -> int | None:
    """Read a number in digits or words of either language; None: the characters are none."""
    try:
        return int(read_english(text)) if text.isascii() else read_chinese(text)
    except ValueError:
        return None


def _read_day(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the beginning of a day; None: the text names none, or one to come."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if text in _DAYS:
        return today - timedelta(days=_DAYS[text])
    if text in _THIS_WEEK:
        return today - timedelta(days=today.weekday())
    weekday = _WEEKDAYS.index(text.removeprefix("last ")) if text.removeprefix("last ") in _WEEKDAYS else None
    if found := _CHINESE_WEEKDAY.fullmatch(text):
        weekday = "一二三四五六日".index(found[1].replace("天", "日"))
    if weekday is not None:
        return today - timedelta(days=(today.weekday() - weekday) % 7 or 7)
    if found := _DATE.fullmatch(text):
        try:
            day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=zone)
        except ValueError:
            return None
        return day if day <= now else None
    return None
