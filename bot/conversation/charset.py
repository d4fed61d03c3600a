"""Text files whose encoding nobody names: told by their marks, else by which reading makes everyday text."""

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 1000  # characters that are looked at: a few dozen tell
_PLAIN = 0.95  # share of plain characters in UTF-16 without a mark: a wrong order of bytes makes few of them
_EVERYDAY = 0.5  # weight of the characters, 0 to 2, from which a reading is believed
_WHOLE = 10  # sound characters for each damaged one in what still is UTF-8

# Letters, digits, punctuation and space of Europe and East Asia.
_WIDE = re.compile(
    "[\t-\r -~\xa0-\u017f\u0370-\u03ff\u0400-\u045f\u2010-\u2044\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff65]"
)
# In Western text letters with accents stand among ASCII: two or three together are many.
_WESTERN = re.compile(r"(?:[\x00-\x7f]|(?<![À-ÿ])[À-ÿ]{1,3}(?![À-ÿ])|[\xa0-¿‘’“”–—…•€™Œœ])*")


@dataclass(frozen=True, slots=True)
class _Eastern:
    """An encoding of two bytes for a character."""

    name: str
    everyday: re.Pattern[
        bytes
    ]  #: kana and punctuation, and what the standard itself lists first: the common characters
    frequent: str  #: the most frequent characters: they decide where two readings are everyday text


_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e]")
_TRADITIONAL = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能"
_SIMPLIFIED = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能"
_KANA = "のにはをたがでてとしれさるいますなかっも"

# Of equals the first: Hong Kong's Big5 holds more characters than Microsoft's and differs in a few.
_EASTERN = (
    _Eastern("cp950", _BIG5, _TRADITIONAL),
    _Eastern("big5hkscs", _BIG5, _TRADITIONAL),
    _Eastern("gb18030", re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa1[\xa1-\xbf]|\xa3[\xa1-\xfe]"), _SIMPLIFIED),
    _Eastern("cp932", re.compile(rb"\x81[\x40-\x81]|\x82[\x4f-\xf1]|\x83[\x40-\x96]|[\x88-\x97][\x40-\xfc]"), _KANA),
    _Eastern("euc_jp", re.compile(rb"\xa1[\xa1-\xbf]|[\xa3-\xa5][\xa1-\xfe]|[\xb0-\xcf][\xa1-\xfe]"), _KANA),
    _Eastern("cp949", re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"), "이다는에의가을하고지은도기사서"),
)


def decoded(data: bytes, *, is_whole: bool) -> str | None:
    """The text in `data`, None when its encoding can't be told.

    Binary data may come out as text with control characters.
    `is_whole` False: `data` is only the beginning, and its last character may be cut through.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, is_whole=is_whole)
    if b"\x00" in data:
        return _wide(data, is_whole=is_whole)
    return (
        _strict(data, "utf-8", is_whole=is_whole)
        or _damaged_utf8(data)
        or _eastern(data, is_whole=is_whole)
        or _western(data)
    )


def _strict(data: bytes, encoding: str, *, is_whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, is_whole)
    except UnicodeDecodeError:
        return None


def _wide(data: bytes, *, is_whole: bool) -> str | None:
    """UTF-16 without a mark."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _strict(data, encoding, is_whole=is_whole)
        if text and len(_WIDE.findall(text[:_SAMPLE])) >= _PLAIN * len(text[:_SAMPLE]):
            return text
    return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a stray byte here and there, as in logs and in files cut at their end."""
    text = data.decode("utf-8", "replace")
    beyond = [char for char in text if char > "\x7f"]
    return text if beyond.count("\ufffd") * _WHOLE < len(beyond) else None


def _eastern(data: bytes, *, is_whole: bool) -> str | None:
    best, text = _EVERYDAY, None
    for encoding in _EASTERN:
        found = _strict(data, encoding.name, is_whole=is_whole)
        if found is not None and (weight := _weight(found, encoding)) > best:
            best, text = weight, found
    return text


def _weight(text: str, encoding: _Eastern) -> float:
    beyond = [char for char in text if char > "\x7f"][:_SAMPLE]
    everyday = sum(bool(encoding.everyday.fullmatch(char.encode(encoding.name))) for char in beyond)
    return (everyday + sum(char in encoding.frequent for char in beyond)) / max(1, len(beyond))


def _western(data: bytes) -> str | None:
    text = _strict(data, "cp1252", is_whole=True)
    return text if text is not None and _WESTERN.fullmatch(text[:_SAMPLE]) else None
