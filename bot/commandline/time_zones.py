"""Time zones as people name them: `Asia/Taipei`, `taipei`, `台北`, `UTC+8`. They are those that the system has."""

import re
from functools import cache
from zoneinfo import available_timezones

_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])\s*(\d{1,2})(?::?(00|30|45))?", re.IGNORECASE)
_MOST_EAST, _MOST_WEST = 14, 12
#: Offsets of no whole hours that zones without summer time have.
_PARTIAL = {
    "+3:30": "Asia/Tehran",
    "+4:30": "Asia/Kabul",
    "+5:30": "Asia/Kolkata",
    "+5:45": "Asia/Kathmandu",
    "+6:30": "Asia/Yangon",
    "+8:45": "Australia/Eucla",
    "+9:30": "Australia/Darwin",
    "-9:30": "Pacific/Marquesas",
}
_OF_UTC = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu")
_CHINESE = {
    "Asia/Taipei": ("台北", "臺北", "台灣", "臺灣", "台湾"),
    "Asia/Shanghai": ("北京", "上海", "中國", "中国", "beijing", "china"),
    "Asia/Hong_Kong": ("香港",),
    "Asia/Macau": ("澳門", "澳门"),
    "Asia/Singapore": ("新加坡",),
    "Asia/Tokyo": ("東京", "东京", "日本", "japan"),
    "Asia/Seoul": ("首爾", "首尔"),
    "America/New_York": ("紐約", "纽约"),
    "America/Los_Angeles": ("洛杉磯", "洛杉矶", "san francisco", "舊金山", "旧金山"),
    "Europe/London": ("倫敦", "伦敦"),
}


@cache
def _zones() -> dict[str, str]:
    """Return the zones by the names that people type, in lower case: whole, and the city alone."""
    names = sorted(name for name in available_timezones() if not name.startswith(("posix", "right")))
    by_city = {name.rpartition("/")[2].lower(): name for name in names if "/" in name and not name.startswith("Etc")}
    by_name = {name.lower(): name for name in names}
    return by_city | by_name | {word: name for name, words in _CHINESE.items() for word in words}


def find_zone(text: str) -> str | None:
    """Return the IANA name of a time zone; None: there is none such."""
    text = text.strip()
    if offset := _OFFSET.fullmatch(text):
        hours, minutes = int(offset[2]), offset[3]
        if minutes in ("30", "45"):
            return _PARTIAL.get(f"{offset[1]}{hours}:{minutes}")
        if hours > (_MOST_EAST if offset[1] == "+" else _MOST_WEST):
            return None
        return f"Etc/GMT{'-' if offset[1] == '+' else '+'}{hours}" if hours else "UTC"  # POSIX counts to the west
    words = text.lower()
    found = _zones().get(words) or _zones().get(words.replace(" ", "_"))
    return "UTC" if found in _OF_UTC else found
