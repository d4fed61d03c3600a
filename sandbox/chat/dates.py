"""Questions about dates: today, the day of the week, the days until a date."""

import re
from datetime import date, timedelta

MAX_SENTENCE = 500  #: characters; a longer sentence asks for no date, and would be slow to search

_ISO = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})")
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_NAMED = re.compile(rf"(?i)\b({'|'.join(_MONTHS)})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?")
_FIXED = {"christmas": (12, 25), "聖誕": (12, 25), "圣诞": (12, 25), "new year": (1, 1), "元旦": (1, 1)}
_TODAY = re.compile(
    r"(?i)(?:what|which).*\b(?:date|day)\b.*\btoday|today'?s date|what day is it|"
    r"今天.*(?:幾號|几号|日期|星期|禮拜|礼拜)"
)
_TOMORROW = re.compile(r"(?i)what (?:day|date) is tomorrow|明天.*(?:幾號|几号|日期|星期|禮拜|礼拜)")
_UNTIL = re.compile(r"(?i)\bdays?\b.*\b(?:until|till|to)\b|還有.*天|还有.*天|多少天|幾天|几天")
_WEEKDAY = re.compile(r"(?i)\b(?:what|which) (?:day|weekday)\b|day of the week|星期幾|星期几|禮拜幾|礼拜几")

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905


def dates(sentence: str, today: date, *, chinese: bool, simplified: bool) -> str | None:  # noqa: PLR0911 - one return, one kind of question
    """Answer a question about a date, else return None."""

    def name(day: date) -> str:
        if chinese:
            return f"{day.isoformat()}（星期{'一二三四五六日'[day.weekday()]}）"
        return f"{WEEKDAYS[day.weekday()]}, {day.isoformat()}"

    if len(sentence) > MAX_SENTENCE:
        return None
    if _TODAY.search(sentence):
        return f"今天是 {name(today)}。" if chinese else f"Today is {name(today)}."
    if _TOMORROW.search(sentence):
        day = today + timedelta(days=1)
        return f"明天是 {name(day)}。" if chinese else f"Tomorrow is {name(day)}."
    day_asked = _find(sentence, today)
    if day_asked is None:
        return None
    if _UNTIL.search(sentence):
        days = (day_asked - today).days
        if chinese:
            return f"到 {name(day_asked)} {'还' if simplified else '還'}有 {days} 天。"
        return f"{days} day{'' if days == 1 else 's'} until {name(day_asked)}."
    if _WEEKDAY.search(sentence):
        return f"{name(day_asked)}。" if chinese else f"{name(day_asked)}."
    return None


def _find(sentence: str, today: date) -> date | None:
    try:
        if match := _ISO.search(sentence):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _NAMED.search(sentence):
            month = _MONTHS.index(match[1].lower()) + 1
            return date(int(match[3]), month, int(match[2])) if match[3] else _next(today, month, int(match[2]))
    except ValueError:  # such as February 30
        return None
    return next((_next(today, *day) for word, day in _FIXED.items() if word in sentence.lower()), None)


def _next(today: date, month: int, day: int) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)
