"""Characters that show nothing, or nothing but a mark on the one before."""

import re

#: Format characters (all of the category Cf), letters without width, variation selectors, tags; the blank of Braille;
#: marks that enclose a character, such as of keycaps.
INVISIBLE_CLASS = (
    "\u00ad\u034f\u0488\u0489\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
INVISIBLE = re.compile(f"[{INVISIBLE_CLASS}]+")
#: Spaces (all of the category Zs, but for that of ASCII).
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
#: Dashes (all of the category Pd, but for that of ASCII, and the minus sign): as short as a hyphen, and longer.
HYPHENS = "\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d"
DASHES = "\u1400\u2014\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\U00010ead"
#: Characters that steer a terminal, end a line or turn its direction.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

#: The same but for tabs and line ends.
_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def replace_surrogates(argument: str) -> str:
    """Return an argument of the command line, with a mark for each byte that is no UTF-8."""
    return argument.encode(errors="surrogateescape").decode(errors="replace")


def escape_controls(text: str) -> str:
    """Return a text of strangers that steers no terminal and is one line."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def escape_lines(text: str) -> str:
    """Return lines, perhaps JSON, with texts of strangers that steer no terminal. Escapes are those of JSON."""
    return _IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
