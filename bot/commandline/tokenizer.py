"""Splits a text into words; code, quotations and mentions stay whole. Pure."""

import re

from bot.commandline.mentions import MENTION
from bot.values import valueclass

_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』", "«": "»"}
_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_TICKS = re.compile(r"`+")
_SPAN = 1000  # longest inline code or quotation, in characters; keeps the run time linear


@valueclass(frozen=True, slots=True)
class Word:
    """Position of a word in its text."""

    start: int
    end: int
    is_plain: bool  #: outside code and quotes: can be a flag


def unquote(value: str) -> str:
    """Remove the quotation marks around a value."""
    closing = _CLOSING.get(value[:1])
    return value[1:-1] if closing and len(value) > 1 and value.endswith(closing) else value


def split_words(text: str) -> list[Word]:
    """Split at white space; code, quoted text and mentions stay in one word."""
    words = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        is_plain = True
        while at < len(text) and not text[at].isspace():
            end = _span_end(text, at, start)
            is_plain = is_plain and not (end and at == start)
            at = end or at + 1
        words.append(Word(start, at, is_plain))
    return words


def _span_end(text: str, at: int, word: int) -> int:
    """Return the end of the code, quotation or mention that opens at `at`; 0: there is none.

    `word`: start of the word.
    """
    if text[at] == "<":
        mention = MENTION.match(text, at, at + _SPAN)
        return mention.end() if mention else 0
    if text[at] in "`~":
        line = text.rfind("\n", 0, at) + 1
        if not text[line:at].strip() and (fence := _FENCE.match(text, line)):
            close = re.compile(rf"^[ \t]{{0,3}}{re.escape(fence[1])}{fence[1][0]}*[ \t]*$", re.MULTILINE)
            end = close.search(text, fence.end())
            return end.end() if end else len(text)
    if text[at] == "`":
        ticks = _TICKS.match(text, at)
        assert ticks is not None
        end = re.compile(rf"(?<!`){ticks[0]}(?!`)").search(text, ticks.end(), at + _SPAN)
        return end.end() if end else ticks.end()
    closing = _CLOSING.get(text[at])
    if closing and (at == word or text[at - 1] in "=([{（【"):
        end = re.compile(rf"(?<=\S){re.escape(closing)}(?!\w)").search(text, at + 1, at + _SPAN)
        return end.end() if end else 0
    return 0
