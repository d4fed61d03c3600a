"""What somebody asks to catch up with, read from their words. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

#: Most messages that are read for one request.
MOST = 5000
_NUMBER = r"(?P<number>\d{1,6})"
_LAST_MESSAGES = re.compile(
    rf"(?:the )?(?:last|newest|past)? ?{_NUMBER} (?:messages?|posts?)|"
    r"(?:last|newest) (?P<bare>\d{1,6})|"
    rf"(?:最近|最新|最後|最后|前|過去|过去)? ?(?P<chinese>\d{{1,6}}) ?(?:則|条|條|個|个)?(?:訊息|讯息|消息|信息|留言)?"
)
_LAST_TIME = re.compile(
    r"(?:(?:since|in|within|for) )?(?:the )?(?:last|past) "
    r"(?:(?P<number>\d{1,4}) )?(?P<unit>minutes?|hours?|days?|weeks?)|"
    r"(?:最近|過去|过去)(?:的)? ?(?P<chinese>\d{1,4}) ?(?:個|个)?"
    r"(?P<chinese_unit>分鐘|分钟|小時|小时|天|日|週|周|星期)(?:內|内)?"
)
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    **dict.fromkeys(("分鐘", "分钟"), timedelta(minutes=1)),
    **dict.fromkeys(("小時", "小时"), timedelta(hours=1)),
    **dict.fromkeys(("天", "日"), timedelta(days=1)),
    **dict.fromkeys(("週", "周", "星期"), timedelta(weeks=1)),
}
_DAYS = {"today": 0, "yesterday": 1, "今天": 0, "昨天": 1, "前天": 2}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_WEEKDAY = re.compile(r"(?:上)?(?:週|周|星期|禮拜|礼拜)([一二三四五六日天])")
_HERE = re.compile(
    r"(?:since )?(?:i was (?:last )?here|my last (?:visit|message)|last time|i left)|"
    r"(?:自|從|从)?我?(?:上次|上一次|最後|最后)(?:在|來|来|發言|发言|離開|离开)?(?:這裡|这里|這里)?(?:之後|之后|以來|以来|後|后|起)?"
)
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")


@dataclass(frozen=True, slots=True)
class CatchUpRequest:
    """Which messages somebody asks for."""

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
    if found := _LAST_TIME.fullmatch(text):
        number = int(found["number"] or found["chinese"] or 1)
        unit = (found["unit"] or found["chinese_unit"]).removesuffix("s")
        return CatchUpRequest("since", now - number * _UNITS[unit])
    if found := _LAST_MESSAGES.fullmatch(text):
        number = int(found["number"] or found["bare"] or found["chinese"])
        return CatchUpRequest("last", count=min(number, MOST)) if number else None
    day = _read_day(re.sub(r"^(?:since|from|自|從|从)\s*|\s*(?:以來|以来|起|開始|开始)$", "", text), now, zone)
    return None if day is None else CatchUpRequest("since", day)


def _read_day(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the beginning of a day; None: the text names none, or one to come."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if text in _DAYS:
        return today - timedelta(days=_DAYS[text])
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
