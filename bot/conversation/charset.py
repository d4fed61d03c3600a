"""Detection of a text file's encoding.

Unicode shows by its own marks and rules, East Asian text by its common characters, all else by the statistics of
languages (chardet), for which a few characters are too little.
"""

import codecs
import re

from bot.values import valueclass

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 1000  # characters that are examined; a few dozen suffice
_PLAIN = 0.95  # smallest share of common characters in UTF-16 without a mark; the wrong byte order yields few
_MIN_SCORE = 0.5  # smallest score, 0 to 2, of an accepted East Asian decoding
_SURE_SCORE = 1.0  # of one that needs no comparison; Thai in the wrong encoding reaches 0.7
# Of the detector, 0 to 1: random bytes reach 0.05, French with few accents in a wrong encoding 0.16.
_MIN_CONFIDENCE, _OVER_WESTERN, _OVER_EASTERN = 0.11, 0.17, 0.25
_STATISTICS = 4  # characters beyond ASCII that the detector needs
_DETECTED = 50_000  # bytes that it looks at
_SHIFT = b"\x1b$"  # switches characters in Japanese and Korean mail: valid UTF-8, but not meant so
_VALID_PER_DAMAGED = 10  # smallest ratio of valid to damaged characters in accepted UTF-8

# Letters, digits, punctuation and space of Europe and East Asia.
_WIDE = re.compile(
    "[\t-\r -~\xa0-\u017f\u0370-\u03ff\u0400-\u045f\u2010-\u2044\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff65]"
)
# In Western text accented letters are surrounded by ASCII: at most three stand together.
_WESTERN = re.compile(r"(?:[\x00-\x7f]|(?<![À-ÿ])[À-ÿ]{1,3}(?![À-ÿ])|[\xa0-¿‘’“”–—…•€™Œœ])*")


@valueclass(frozen=True, slots=True)
class _EasternEncoding:
    """A double-byte encoding."""

    name: str
    common: re.Pattern[bytes]  #: kana, punctuation and the characters that the standard lists first
    frequent: str  #: the most frequent characters; they decide between two plausible decodings


_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e]")
_TRADITIONAL = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能"
_SIMPLIFIED = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能"
_KANA = "のにはをたがでてとしれさるいますなかっも"

# Among equal scores the first wins: Hong Kong's Big5 has more characters than Microsoft's and differs in a few.
_EASTERN = (
    _EasternEncoding("cp950", _BIG5, _TRADITIONAL),
    _EasternEncoding("big5hkscs", _BIG5, _TRADITIONAL),
    _EasternEncoding("gb18030", re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa1[\xa1-\xbf]|\xa3[\xa1-\xfe]"), _SIMPLIFIED),
    _EasternEncoding(
        "cp932", re.compile(rb"\x81[\x40-\x81]|\x82[\x4f-\xf1]|\x83[\x40-\x96]|[\x88-\x97][\x40-\xfc]"), _KANA
    ),
    _EasternEncoding("euc_jp", re.compile(rb"\xa1[\xa1-\xbf]|[\xa3-\xa5][\xa1-\xfe]|[\xb0-\xcf][\xa1-\xfe]"), _KANA),
    _EasternEncoding("cp949", re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"), "이다는에의가을하고지은도기사서"),
)


def decode_text(data: bytes, *, is_whole: bool) -> str | None:
    """Decode `data`; None: its encoding is undetectable.

    Binary data may yield text with control characters.
    `is_whole`: False if `data` is only the beginning of a file, whose last character may be incomplete.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decode_strictly(data, encoding, is_whole=is_whole)
    if b"\x00" in data:
        return _decode_utf16(data, is_whole=is_whole)
    if _SHIFT in data and (text := _decode_by_language(data, least=0, is_whole=is_whole)) is not None:
        return text
    text = _decode_strictly(data, "utf-8", is_whole=is_whole)
    if text is not None:
        return text
    return _decode_damaged_utf8(data) or _decode_old(data, is_whole=is_whole)


def _decode_old(data: bytes, *, is_whole: bool) -> str | None:
    """Decode an encoding from before Unicode."""
    score, eastern = _decode_eastern(data, is_whole=is_whole)
    if score >= _SURE_SCORE:
        return eastern
    western = _decode_western(data)
    least = _OVER_EASTERN if eastern else _MIN_CONFIDENCE if western is None else _OVER_WESTERN
    return _decode_by_language(data, least=least, is_whole=is_whole) or eastern or western


def _decode_strictly(data: bytes, encoding: str, *, is_whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, is_whole)
    except UnicodeDecodeError:
        return None


def _decode_utf16(data: bytes, *, is_whole: bool) -> str | None:
    """Decode UTF-16 without a byte order mark."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decode_strictly(data, encoding, is_whole=is_whole)
        if text and len(_WIDE.findall(text[:_SAMPLE])) >= _PLAIN * len(text[:_SAMPLE]):
            return text
    return None


def _decode_damaged_utf8(data: bytes) -> str | None:
    """Decode UTF-8 with a few invalid bytes, as in logs and in files cut at their end."""
    text = data.decode("utf-8", "replace")
    beyond = [char for char in text if char > "\x7f"]
    return text if beyond.count("\ufffd") * _VALID_PER_DAMAGED < len(beyond) else None


def _decode_eastern(data: bytes, *, is_whole: bool) -> tuple[float, str | None]:
    best, text = _MIN_SCORE, None
    for encoding in _EASTERN:
        found = _decode_strictly(data, encoding.name, is_whole=is_whole)
        if found is not None and (score := _score(found, encoding)) > best:
            best, text = score, found
    return best, text


def _score(text: str, encoding: _EasternEncoding) -> float:
    beyond = [char for char in text if char > "\x7f"][:_SAMPLE]
    common = sum(bool(encoding.common.fullmatch(char.encode(encoding.name))) for char in beyond)
    return (common + sum(char in encoding.frequent for char in beyond)) / max(1, len(beyond))


def _decode_by_language(data: bytes, *, least: float, is_whole: bool) -> str | None:
    """Decode as the detector says; None: it is less confident than `least`, 0 to 1."""
    if _SHIFT not in data and sum(byte > 0x7F for byte in data[:_DETECTED]) < _STATISTICS:  # noqa: PLR2004 - ASCII
        return None
    import chardet  # large, and few files need it

    found = chardet.detect(data, max_bytes=_DETECTED)
    encoding = found["encoding"]
    if encoding is None or found["confidence"] < least:
        return None
    return _decode_strictly(data, encoding, is_whole=is_whole)


def _decode_western(data: bytes) -> str | None:
    text = _decode_strictly(data, "cp1252", is_whole=True)
    return text if text is not None and _WESTERN.fullmatch(text[:_SAMPLE]) else None
