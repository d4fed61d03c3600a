"""Texts as people see them: rules would miss what has invisible characters or look-alikes of letters in it. Pure."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from bot.characters import DASHES, HYPHENS, INVISIBLE_CLASS, SPACES
from bot.moderation.detectors import Finding
from bot.values import valueclass

#: Letters, digits and marks of addresses in full width, and letters and digits of formulas.
_STYLED = "\uff0b\uff0d\uff0e\uff10-\uff19\uff20-\uff3a\uff3f\uff41-\uff5a\U0001d400-\U0001d7ff"
#: Cyrillic letters, then Greek ones, that look like Latin letters.
_ALIKE = (
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0432\u043a\u043c\u043d\u0442"
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u0423\u051a\u051c"
    "\u03b1\u03b9\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d"
    "\u039f\u03a1\u03a4\u03a5\u03a7"
)
_SEEN_AS = str.maketrans(
    _ALIKE + HYPHENS + SPACES + DASHES,
    "aceopxyijshdqwbkmhtABCEHIJKMOPSTXYQWaivoptuxABEZHIKMNOPTYX"
    + "-" * len(HYPHENS)
    + " " * len(SPACES + DASHES),  # a dash is between words
)
#: They count as Latin within a word that has Latin letters; a text in Cyrillic or Greek stays as it is.
_LATIN = "A-Za-z0-9@._-"
_OTHERWISE_SEEN = re.compile(
    rf"(?P<invisible>(?<=\d)[{INVISIBLE_CLASS}\u0300-\u036f]+|[{INVISIBLE_CLASS}]+)|[{_STYLED}{HYPHENS}{SPACES}{DASHES}]+"
    f"|(?<=[{_LATIN}])[{_ALIKE}]+|(?<![{_ALIKE}])[{_ALIKE}]++(?=[{_LATIN}])"
)


@valueclass(frozen=True, slots=True)
class SeenText:
    """A text as people see it, and where its characters are in the original."""

    text: str
    _left_out: Sequence[int]  #: positions in `text` before which a character was left out, ascending

    def in_original(self, finding: Finding) -> Finding:
        """Return a finding in this text as one in the original."""
        return replace(finding, start=self._position(finding.start), end=self._position(finding.end - 1) + 1)

    def _position(self, at: int) -> int:
        return at + bisect_right(self._left_out, at)


def as_seen(text: str) -> SeenText | None:
    """Return a text as people see it; None: that is the text itself."""
    if text.isascii():
        return None
    left_out: list[int] = []

    def seen(match: "re.Match[str]") -> str:
        if match["invisible"] is None:
            return unicodedata.normalize("NFKC", match[0].translate(_SEEN_AS))
        left_out.extend([match.start() - len(left_out)] * len(match[0]))
        return ""

    shown = _OTHERWISE_SEEN.sub(seen, text)
    return None if shown == text else SeenText(shown, left_out)


def read_as_seen(text: str) -> str:
    """Return a text as people see it."""
    return text if (seen := as_seen(text)) is None else seen.text


def find_as_seen(find: Callable[[str], Iterable[Finding]], text: str) -> Iterator[Finding]:
    """Yield what `find` finds in a text, and in the text as people see it."""
    yield from find(text)
    if (seen := as_seen(text)) is not None:
        yield from map(seen.in_original, find(seen.text))
