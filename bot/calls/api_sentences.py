"""The API's own words on a refusal, made safe to show. Pure."""

import re
import unicodedata

from bot.characters import INVISIBLE
from bot.values.patterns import LazyPattern

_LONGEST = 240  #: characters
_SENTENCES = 2
_LONGEST_READ = 1000  #: characters of an error that are looked at
_HIDDEN = "(…)"

_LINK = LazyPattern(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\bmailto:)\S*", re.IGNORECASE)
_EMAIL = LazyPattern(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
#: What keys and tokens look like: a known beginning, a name with its value, or a long word of letters and digits.
_SECRET = LazyPattern(
    r"\bbearer\s+\S+"
    r"|\b(?:sk|pk|rk|key|xox[a-z]|ghp|org|proj|req)[-_][\w*.-]{6,}"
    r"|\b(?:api[ _-]?key|token|secret|password)\b\s*[:=]\s*\S+"
    r"|(?=[\w+/*-]*\d)(?=[\w+/*-]*[A-Za-z])[\w+/*-]{28,}",
    re.IGNORECASE,
)
#: Words with a dot that a platform may turn into a link.
_HOST = LazyPattern(r"(?<![\w.`])(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?:/\S*)?(?![\w`])")
_MENTION = LazyPattern(r"<\s*[@#!&]+([^<>]{0,80})>|[@＠]\s*(?=[\w&!])")
_MARKS = LazyPattern(r"([\\`*_\[\]<>~|#])")
_END = LazyPattern(r"(?<=[.!?])\s+(?=[^\W\d_a-z]|\W)|(?<=[。！？])\s*")


def clean_sentence(text: str) -> str:
    """Return the first sentences of an error's text as Markdown that shows exactly these words; "": nothing is left.

    Keys, tokens, addresses and links are hidden, nobody is mentioned, and markup is shown as it is written.
    """
    plain = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter
        for letter in INVISIBLE.sub("", unicodedata.normalize("NFC", text[:_LONGEST_READ]))
    )
    for pattern in (_LINK, _EMAIL, _SECRET):
        plain = pattern.sub(_HIDDEN, plain)
    plain = " ".join(_MENTION.sub(r"\1", plain).split())
    short = " ".join(sentence.strip() for sentence in _END.split(plain)[:_SENTENCES]).strip()
    if len(short) > _LONGEST:
        short = short[: _LONGEST - 1].rstrip() + "…"
    if not any(letter.isalpha() for letter in short.replace(_HIDDEN, "")):
        return ""
    return _escape(short)


def _escape(text: str) -> str:
    """Escape markup; a host's name becomes code, which no platform links."""
    pieces, at = [], 0
    for host in _HOST.finditer(text):
        pieces += [_MARKS.sub(r"\\\1", text[at : host.start()]), f"`{host[0].replace('`', '')}`"]
        at = host.end()
    return "".join([*pieces, _MARKS.sub(r"\\\1", text[at:])])
