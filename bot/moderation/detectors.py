"""Detection of secrets and personal data in texts. Each function takes time that is linear in the text.

Quantifiers are possessive and begin where their characters cannot have begun before, so that nothing is read twice.
"""

import re
from collections.abc import Iterator

from bot.values import valueclass
from bot.values.patterns import LazyPattern


@valueclass(frozen=True, slots=True)
class Finding:
    """A part of a text that is to be replaced."""

    start: int
    end: int
    label: str  #: what it looks like, such as EMAIL


SECRET, EMAIL, PHONE, CARD, IBAN = LABELS = ("SECRET", "EMAIL", "PHONE", "CARD", "IBAN")

#: Names within domains, in letters of European languages and in any.
_EUROPEAN = r"[\w\u00c0-\u052f-]++"
_ANY = r"[\w\u00c0-\u1fff\u2c00-\u2dff\u3005-\u3007\u3041-\ud7ff\U00020000-\U0003ffff-]++"
#: Others than European letters stand beside addresses without a space. The ideographic full stop may be a dot, where
#: none is before it and an ending of domains follows.
_EMAIL = LazyPattern(
    rf"(?<![\w.%+\u00c0-\u052f-])[\w.%+\u00c0-\u052f-]++@(?:{_EUROPEAN}(?:\.(?P<last>{_EUROPEAN}))++"
    rf"|{_EUROPEAN}[。｡](?:{_EUROPEAN}[.。｡])*(?:com|net|org|edu|gov|info|app|dev|[a-z]{{2}})(?![\w-])"
    rf"|{_ANY}(?:\.(?P<other>{_EUROPEAN}|{_ANY}))++)",
    re.ASCII,
)
#: Keys and tokens by the prefixes or the form that their makers give them, also after a part of a name (key_sk-…).
_KEY = LazyPattern(
    r"(?<![A-Za-z0-9])(?:"
    r"[sr]k[-_](?:[a-z]++[-_])?[\w-]{16,}+|gh[pousr]_\w{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+"
    r"|xox[a-z]-[\w-]{10,}+|xapp-[\w-]{10,}+|A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Z0-9])|AIza[\w-]{30,}+|ya29\.[\w-]{20,}+"
    r"|hf_\w{20,}+|npm_\w{20,}+|pypi-[\w-]{20,}+|whsec_\w{16,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+"
    r"|\d{8,10}:[\w-]{35}(?![\w-])|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}+)",
    re.ASCII,
)
#: JSON web tokens.
_JWT = LazyPattern(r"(?<![\w-])eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+", re.ASCII)
#: A value that is called a secret: `password: …`, `API_KEY=…`, `Bearer …`.
_NAMED = LazyPattern(
    r"(?:(?:api|access|secret|private)[_-]?key|token|secret|passw(?:or)?d|密碼|密码|金鑰|密钥)[\"']?\s{0,3}[:=：]\s{0,3}[\"']?"
    r"(?P<value>[^\s\"'`,;&()\[\]{}<>$]{8,}+)(?![(\[])|\bbearer\s{1,3}(?P<bearer>[\w.~+/=-]{16,}+)",
    re.IGNORECASE,
)
#: A password in an address: `https://name:password@host`.
_PASSWORD = LazyPattern(r"://[^\s/?#@:]{0,100}+:(?P<value>[^\s/?#@$<>{}]{1,200}+)@")
#: A long word of letters of both cases and digits, as nobody writes.
_WORD = LazyPattern(r"(?<![\w/+=-])[\w-]{32,}+(?![\w/+=-])", re.ASCII)
_KEY_BEGINS = LazyPattern(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_KEY_ENDS = LazyPattern(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----")

_SEPARATORS = r" \u00a0\u2800\u3000.()（）/\-\u2010-\u2013－"
#: Separators of lists, tables and code, and marks of Markdown: what they are between is seldom one number.
_LISTING, _MARKS = ",|_", "*~`"
_IS_LISTING = LazyPattern(f"[{_LISTING}{_MARKS}]")
#: Groups of digits with separators between them, outside words, mentions and decimals.
_NUMBER = LazyPattern(
    rf"(?<![A-Za-z0-9@#&!:.])[+＋]?[(（]?\d(?:[{_MARKS}]{{0,3}}[{_SEPARATORS}{_LISTING}]{{0,2}}[{_MARKS}]{{0,3}}\d)*+"
)
#: A card's number whose groups are on several lines, with what begins a line in a quotation.
_WRAPPED = LazyPattern(
    r"(?<![A-Za-z0-9@#&!:.])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6\d{3})(?:SEP\d{4}){3}|3[47]\d\dSEP\d{6}SEP\d{5})(?!\d)".replace(
        "SEP", r"(?:[ \t-]?|[ \t-]?\r?\n[ \t>]{0,4})"
    ),
    re.ASCII,
)
_GROUP = LazyPattern(r"\d++")
_LETTER = LazyPattern(r"[A-Za-z_]")
_IBAN = LazyPattern(r"(?<![A-Za-z0-9])([A-Z]{2})\d{2}", re.IGNORECASE)
_IBAN_SEPARATORS = " -\u00a0\u202f\u2800\t\r\n" + _LISTING + _MARKS
_MOST = 5  # separators between two characters of an IBAN
#: Countries by the length of their IBAN, of the registry that SWIFT keeps.
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_IBAN_LENGTHS = {country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()}

#: Digits and groups of numbers: of cards, and of telephones with a country code, with the trunk prefix 0, and without
#: either where their groups or their first digits tell (North America, China).
_CARD_DIGITS, _ABROAD_DIGITS, _NATIONAL_DIGITS = range(13, 20), range(8, 16), range(9, 12)
_NORTH_AMERICA = ((3, 3, 4), (1, 3, 3, 4))
_CHINA_MOBILE = LazyPattern(r"1[3-9]\d{9}")
_CHINA_GROUPS = ((11,), (3, 4, 4))
_CARD_GROUPS, _ISSUERS = ((4, 4, 4, 4), (4, 6, 5)), re.compile(r"4|5[1-5]|2[2-7]|6|3[47]")
_LEAST_GROUP = 3  # digits of each part of a card's number, and after the first of a telephone's without a mark
_TRUNK = "0"  # the first digit of a telephone's number within its country


def find_private(text: str) -> Iterator[Finding]:
    """Yield what looks like a secret or personal data; findings may overlap, and come in no order."""
    yield from _private_keys(text)
    yield from (Finding(*match.span(), SECRET) for form in (_KEY, _JWT) for match in form.finditer(text))
    yield from (Finding(*match.span(), EMAIL) for match in _EMAIL.finditer(text) if _is_domain(match))
    for match in _NAMED.finditer(text):
        name = "bearer" if match["bearer"] else "value"
        if match["bearer"] or any(character.isdigit() for character in match["value"]):
            yield Finding(*match.span(name), SECRET)
    yield from (Finding(*match.span("value"), SECRET) for match in _PASSWORD.finditer(text))
    yield from (Finding(*match.span(), SECRET) for match in _WORD.finditer(text) if _is_random(match[0]))
    yield from _ibans(text)
    for match in _WRAPPED.finditer(text):
        if has_valid_luhn_checksum("".join(_GROUP.findall(match[0]))):
            yield Finding(*match.span(), CARD)
    for match in _NUMBER.finditer(text):
        yield from _numbers(match)


def _is_domain(match: "re.Match[str]") -> bool:
    """Return whether an address ends as domains do: the version of a package, such as name@1.2.3, is no address."""
    last = match["last"] or match["other"]
    return last is None or last.isalpha() or last.startswith("xn--") or not last.isascii()


def _private_keys(text: str) -> Iterator[Finding]:
    at = 0
    while begins := _KEY_BEGINS.search(text, at):
        ends = _KEY_ENDS.search(text, begins.end())
        at = ends.end() if ends else len(text)
        yield Finding(begins.start(), at, SECRET)


def _is_random(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return digits >= 3 and word.lower() != word != word.upper()  # noqa: PLR2004 - names of things have fewer


def _ibans(text: str) -> Iterator[Finding]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[1].upper(), 0)
        found: list[str] = []
        at = match.start()
        while len(found) < length and at < len(text):
            character = text[at]
            if character.isascii() and character.isalnum():
                found.append(character)
            elif character not in _IBAN_SEPARATORS or not text[max(0, at - _MOST) : at].strip(_IBAN_SEPARATORS):
                break
            at += 1
        number = "".join(found)
        if length and len(number) == length and has_valid_iban_checksum(number):
            yield Finding(match.start(), at, IBAN)


def _numbers(match: "re.Match[str]") -> Iterator[Finding]:
    """Yield the numbers of cards and telephones among groups of digits, each from the start of a group."""
    text, begin = match.string, match.start()
    groups = [(group.start(), group.end()) for group in _GROUP.finditer(text, *match.span())]
    first = 0
    while first < len(groups):
        found = _longest(text, begin, groups, first)
        if found is None:
            first += 1
            continue
        last, label = found
        start = groups[first][0]
        while start > begin and text[start - 1] in "+＋(（":
            start -= 1
        yield Finding(start, groups[last][1], label)
        first = last + 1


def _longest(text: str, begin: int, groups: list[tuple[int, int]], first: int) -> tuple[int, str] | None:
    """Return the last group of the longest number from a group on, and its label; None: there is none."""
    start, at = groups[first]
    before = text[max(begin, start - 2) : start]
    is_abroad, has_bracket = "+" in before or "＋" in before, before.endswith(("(", "（"))
    is_marked = is_abroad or has_bracket or (at - start > 1 and _ascii_digits(text[start]) == _TRUNK)
    best, digits, between = None, "", ""
    sizes: list[int] = []
    for last in range(first, len(groups)):
        start, end = groups[last]
        if len(digits) + end - start > _CARD_DIGITS[-1] or (sizes and not is_marked and end - start < _LEAST_GROUP):
            break
        if sizes:
            separator = text[at:start].strip(_MARKS) or text[at:start]
            is_listing = _IS_LISTING.search(between or separator) or _IS_LISTING.search(separator)
            if between and separator != between and is_listing:
                break
            between = separator
        at = end
        digits += _ascii_digits(text[start:end])
        sizes.append(end - start)
        if _LETTER.match(text, end):
            continue  # the beginning of a word, such as of 1024x768
        if _IS_LISTING.search(between):
            beside = text[max(0, groups[first][0] - len(between)) : groups[first][0]], text[end : end + len(between)]
            label = "" if between in beside else _listed_label(digits, tuple(sizes), between, is_abroad=is_abroad)
        else:
            label = _label(digits, tuple(sizes), is_abroad=is_abroad, has_bracket=has_bracket)
        if label:
            best = last, label
    return best


def _ascii_digits(digits: str) -> str:
    """Return digits of any script as those of ASCII."""
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _label(digits: str, sizes: tuple[int, ...], *, is_abroad: bool, has_bracket: bool) -> str:
    """Return what a number is; "": nothing private."""
    if len(set(digits)) == 1:
        return ""
    is_card = len(digits) in _CARD_DIGITS and digits[0] in "23456" and min(sizes) >= _LEAST_GROUP
    if is_card and has_valid_luhn_checksum(digits):
        return CARD
    if is_abroad:
        return PHONE if len(digits) in _ABROAD_DIGITS else ""
    has_trunk = digits[0] == _TRUNK and sizes[0] > 1
    if len(digits) in _NATIONAL_DIGITS and (has_trunk or has_bracket):
        return PHONE
    is_chinese = sizes in _CHINA_GROUPS and _CHINA_MOBILE.fullmatch(digits)
    return PHONE if is_chinese or sizes in _NORTH_AMERICA else ""


def _listed_label(digits: str, sizes: tuple[int, ...], between: str, *, is_abroad: bool) -> str:
    """Return what a number is whose groups could be numbers of a list, a table or code; "": nothing private."""
    label = _label(digits, sizes, is_abroad=is_abroad, has_bracket=False)
    if label == CARD:
        return label if sizes in _CARD_GROUPS and _ISSUERS.match(digits) else ""
    if digits[0] == _TRUNK:
        return label if min(sizes) >= _LEAST_GROUP and digits[1] != _TRUNK else ""
    if is_abroad:
        return label if "," not in between and len(sizes) >= _LEAST_GROUP >= sizes[0] else ""
    return label if "," not in between and "|" not in between else ""


def has_valid_luhn_checksum(digits: str) -> bool:
    """Return whether the digits end in their check digit, as those of cards do (ISO/IEC 7812)."""
    total = 0
    for at, character in enumerate(reversed(digits)):
        value = int(character) * (1 + at % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of its two digits
    return total % 10 == 0


def has_valid_iban_checksum(number: str) -> bool:
    """Return whether the number leaves 1 when it is divided by 97, its first four characters last (ISO 13616)."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1
