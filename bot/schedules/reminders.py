"""Reminders: what is asked to be said later in the person's own words, and not asked of a model. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.models import Event
from bot.schedules.phrases.forms import UnclearTime, WrongInterval
from bot.schedules.phrases.openings import CHINESE_OPENING, ENGLISH_OPENING
from bot.schedules.phrases.reading import TimeIsOver, read_when
from bot.values.patterns import LazyPattern

_ENGLISH = LazyPattern(
    rf"{ENGLISH_OPENING}[\s:,]*(?:(?:to|that|of|about)\b)?[\s:,]*(?P<words>\S.*)?", re.IGNORECASE | re.DOTALL
)
_CHINESE = LazyPattern(rf"{CHINESE_OPENING}(?:要|說|说)?[\s：:，,]*(?P<words>\S.*)?", re.DOTALL)
#: A reminder that is put as a question.
_ASKED = LazyPattern(r"(?:[\w\s,]*?\b(?:can|could|would|will)\s+you\b|.{0,4}(?:可以|能不能|可不可以))", re.IGNORECASE)
_QUESTION = LazyPattern(r"\s*(?:[嗎吗]\s*[?？]?|[?？])\s*$")
#: Questions about what was said: `remind me what we decided on Monday`.
_ABOUT = LazyPattern(
    r"(?:what|how|why|who|whom|whose|when|where|which|whether|if)\b|(?:什麼|什么|為什麼|为什么|誰|谁|怎)", re.IGNORECASE
)
_OPENING = LazyPattern(rf"{ENGLISH_OPENING}|{CHINESE_OPENING}", re.IGNORECASE)
#: Times that are none: `remind me later to call Bob`.
_SOME_TIME = LazyPattern(
    r"[\s,]*(?:(?:again )?later\b|soon\b|some ?time\b|in a (?:bit|while|moment)\b|at some point\b"
    r"|[請请]?(?:稍[後后]|等一?[下會会]|[晚遲迟][點点]|待[會会]|改天))",
    re.IGNORECASE,
)
_LATER = LazyPattern(r"\b(?:later|soon)[\s.!]*$", re.IGNORECASE)
_HINT = LazyPattern(r"remind|提醒", re.IGNORECASE)
_LONGEST = 500  #: characters of a message that is looked at
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_ANY_ZONE = ZoneInfo("UTC")


def read_reminder(event: Event) -> str:
    """Return what a request wants to be reminded of; "": it is no reminder."""
    return (_read_words(event.prompt) or "") if event.command == "chat" else ""


def is_without_words(text: str) -> bool:
    """Return whether a text asks for a reminder and does not say of what."""
    return _read_words(text) == ""


def asks_for_reminder(text: str) -> bool:
    """Return whether a plain message asks to be reminded at a time, even at one that can't be read."""
    if len(text) > _LONGEST or not _HINT.search(text):
        return False
    typed = ""
    try:
        found = read_when(text, _ANY_ZONE, _ANY_TIME)
    except (TimeIsOver, UnclearTime, WrongInterval):
        rest = _HINT.sub(lambda match: f"\n{match[0]}", text, count=1).partition("\n")[2]
    else:
        if found is None:
            return _names_some_time(text)
        typed, rest = found[0].text, found[1]
    words = _read_words(rest)
    # `Remind me, is it at 9?` asks, unlike `Can you remind me at 9?`
    is_question = text != (told := _QUESTION.sub("", text)) and told.endswith(typed) and not _ASKED.match(text)
    return words is not None and not _ABOUT.match(words) and not is_question


def _names_some_time(text: str) -> bool:
    """Return whether a reminder is asked for at a time that nobody can tell."""
    first = _SOME_TIME.match(text)
    begin = _OPENING.match(text, first.end() if first else 0)
    if begin is None or _ABOUT.search(text, begin.end()) or _QUESTION.search(text):
        return False
    rest = text[begin.end() :]
    return first is not None or _SOME_TIME.match(rest) is not None or _LATER.search(rest) is not None


def _read_words(text: str) -> str | None:
    """Return what a reminder says; "": nothing; None: the text is no reminder."""
    text = text.strip()
    match = _ENGLISH.fullmatch(text) or _CHINESE.fullmatch(text)
    if match is None:
        return None
    words = (match["words"] or "").strip()
    return _QUESTION.sub("", words) if _ASKED.match(text) else words
