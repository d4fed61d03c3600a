"""Words after a phrase that look like more of the time. Pure.

Nothing is read here: it is for refusing what would silently become the request. After a colon all is the request.
"""

import re

from bot.schedules.phrases import chinese, english

_LOOKED_AT = 100  #: characters after a phrase
_FLAGS = re.IGNORECASE | re.VERBOSE
_PARTS = r"(?:(?:in\s+the\s+)?(?:morning|afternoon|evening)|(?:at\s+)?(?:night|noon|midnight))"
_DAYS = rf"(?:{english.DAY}|week(?:day|end)s?)"
_UNITS = r"(?:minutes?|hours?|days?|weeks?|months?|years?)"
_NOT_OWN = r"(?!\w|['’]s)"  #: `today's news` is no time
_LATER = rf"(?:(?:today|tonight|tomorrow|the\s+day\s+after|next\s+(?:week|month|year|{english.DAY})){_NOT_OWN})"
_ENGLISH_TIME = rf"""(?:(?:at|on|@|each|every|the)\s+)*(?:{english.CLOCK}|\d|{_PARTS}{_NOT_OWN}|{_DAYS}{_NOT_OWN}
    |{_LATER}|{english.MONTH}\s+\d)"""
_ENGLISH = rf"""[\s,]*(?:
    (?:[-–—~&/]|\b(?:and|or|plus|to|through|thru|between|from|starting|beginning|before|after|around|by|except)\b)
        \s*{_ENGLISH_TIME}
    |\b(?:until|till|except|excluding)\b\s*
    |(?<=,\s)\d{{1,2}}\b|(?<=,)\d{{1,2}}\b
    |\band\s+an?\s+half\b
    |(?:\bat|@)\s*(?:{english.CLOCK}|{english.HOUR}|night\b)
    |\bon\s+(?:{_DAYS}{_NOT_OWN}|(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)\b|{english.MONTH}\s+\d)
    |\bin\s+the\s+(?:morning|afternoon|evening)\b
    |\b(?:in|for)\s+(?:the\s+next\s+)?(?:\d+|an?|two|three|four|five|six)\s*{_UNITS}\b
    |\bof\s+(?:each|every|the|next)\s+(?:week|month|year)\b
    |\b(?:every|each)\s+(?:(?:\w+\s+)?{_UNITS}|{_DAYS}|morning|afternoon|evening|night)\b
    |\b(?:{english.DAY}|next\s+(?:week|month|year|{english.DAY})){_NOT_OWN}
    |{english.CLOCK}(?!\w)|\d{{1,2}}h\b|\d{{4}}-\d\d?-\d\d?\b|\b{english.MONTH}\s+\d
    )[\w:]*"""
#: After what happens once; `every day today in history` asks for it.
_ENGLISH_ONCE = rf"""[\s,]*(?:\b(?:today|tonight|tomorrow|the\s+day\s+after\s+tomorrow){_NOT_OWN}
    |\bthis\s+(?:morning|afternoon|evening){_NOT_OWN}|\b(?:hourly|daily|weekly|monthly)\s*(?:$|/|at\b|on\b))"""

_WEEKDAY = rf"{chinese.WEEK}\s*[一二三四五六日天末]"
_TODAY = r"(?:今天|今日|今晚|明天|明日|明早|明晚|大?[後后]天)"
_HOURS = rf"(?:{chinese.PART})?\s*{chinese.HOUR}"
_DATE = rf"(?:{chinese.NUMBER}\s*月\s*)?{chinese.NUMBER}\s*[日號号]"
_CHINESE_TIME = rf"(?:每|下)?[個个]?(?:{_WEEKDAY}|{_HOURS}|{chinese.PART}|{_DATE}|{_TODAY}|月底|年底|平日|工作日)"
_CHINESE = rf"""(?:
    (?:[之以]?[前後后](?![端往面台臺])|左右)
    |[\s,，]*(?:
        (?:[到至~～–—-]|直到)\s*{_CHINESE_TIME}
        |(?:[、,，和與与及跟或]|以及|還有|还有|除了)\s*{_CHINESE_TIME}
        |[\s、,，和與与及到至~～–—-]\s*[一二三四五六日天](?=[\s、,，和與与及\d]|$)
        |{chinese.NUMBER}\s*[到至~～–—-]\s*{chinese.NUMBER}\s*[點点時时]
        |的?(?:{_HOURS}|{_WEEKDAY}|{chinese.NUMBER}\s*月\s*{chinese.NUMBER}\s*[日號号])
        |早晚(?![會会要餐])
        |每隔?\s*(?:{chinese.NUMBER})?\s*[個个]?\s*(?:分鐘|分钟|小時|小时|鐘頭|钟头)
        |(?:起|開始|开始)[\s,，]*每))"""
_CHINESE_ONCE = rf"[\s,，]*(?:每[個个]?(?:天|日|月|年|{chinese.WEEK}|工作日)|{_TODAY}(?!的))"


def find_more(rest: str, *, is_once: bool) -> str:
    """Return what looks like more of the time at the beginning of what follows a phrase; "": nothing does."""
    patterns = (_ENGLISH, _CHINESE, *((_ENGLISH_ONCE, _CHINESE_ONCE) if is_once else ()))
    found = next(filter(None, (re.match(pattern, rest[:_LOOKED_AT], _FLAGS) for pattern in patterns)), None)
    return "" if found is None else found[0].strip(" ,，\n\t")
