"""The values that an API takes for a parameter, read from its refusals. Pure.

A limit is read only from a sentence that names one parameter and is true of the value that was sent: what depends on
other parameters is not learnt.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict

from aimodels.errors import ApiError
from bot.commandline.choices import nearest_choice
from bot.values import valueclass
from bot.values.patterns import LazyPattern

#: The parameters that are read; other words of a request are not options.
LIMITED = ("duration", "resolution", "size", "style", "n", "format", "temperature", "max_tokens")
#: Other names of a parameter in refusals.
_ALIASES = {
    "duration": ("seconds", "時長", "时长", "長度", "长度"),
    "resolution": ("size", "解析度", "分辨率"),
    "size": ("尺寸", "大小"),
    "style": ("風格", "风格"),
    "n": ("數量", "数量"),
    "format": ("response_format", "格式"),
    "temperature": ("溫度", "温度"),
    "max_tokens": ("max_completion_tokens", "max_output_tokens"),
}
_LONGEST = 1000  #: characters of an error that are read
_MOST_CHOICES = 30

_NUMBER = r"(-?\d{1,3}(?:,\d{3})+|-?\d+(?:\.\d+)?)(?!\d|[x×*]\s*\d)"
_MOST = LazyPattern(
    r"(?:(?:less|lower|smaller|shorter) than or equal to|(?:no|not(?: be)?) (?:more|greater|larger|longer|higher) than"
    r"|at most|(?:not|n't) exceed|<=|≤|up to|(?:maximum|max)(?: value| length)?(?: of| is|:)"
    r"|超[過过]|最多[為为是]?|最[大長长高](?:值)?[為为是]?|上限[為为是]?|小[於于]或?等[於于])\s*" + _NUMBER,
    re.IGNORECASE,
)
_LEAST = LazyPattern(
    r"(?:(?:greater|larger|longer|higher) than or equal to|(?:no|not(?: be)?) (?:less|lower|smaller|shorter) than"
    r"|at least|>=|≥|(?:minimum|min)(?: value| length)?(?: of| is|:)"
    r"|不[能得可](?:小|少|低)[於于]|至少[為为是]?|最[小短低少](?:值)?[為为是]?|下限[為为是]?|大[於于]或?等[於于])\s*"
    + _NUMBER,
    re.IGNORECASE,
)
_BETWEEN = LazyPattern(
    rf"(?:between|from|within|range(?: of| is)?|介[於于]|在|[範范][圍围][為为是]?)[\s:\[(]*{_NUMBER}"
    rf"\s*(?:and|to|through|,|-|–|~|到|至|和|與|与)\s*{_NUMBER}[\])]?",
    re.IGNORECASE,
)
_ONE_OF = LazyPattern(
    r"(?:\b(?:supported|allowed|valid|accepted|possible|available)(?: values?| sizes?| options?| formats?| choices)?"
    r"(?: are| is)?\s*:?|\b(?:should|must) be(?: one of)?\s*:?(?=\s*['\"`\[(])|one of\s*:?|可用(?:值)?[為为是]?:?"
    r"|[允許许支援持]{2}的?(?:值)?[為为是有]?:?|必[須须][為为是]:?)\s*(.+)",
    re.IGNORECASE,
)
_QUOTED = LazyPattern(r"['\"`‘“「]([\w.:-]{1,40})['\"`’”」]")
_WORD = LazyPattern(r"[\w.:-]{1,40}")
_SEPARATOR = LazyPattern(r"\s*(?:[,、/或和]|\bor\b|\band\b)\s*")
#: Words of a limit that holds only together with something else.
_CONDITION = LazyPattern(r"\b(?:when|if|unless|while|with|together|per)\b|[當当若]|如果|搭配", re.IGNORECASE)


@valueclass(frozen=True, slots=True)
class ParameterLimit:
    """The values that a model takes for one parameter."""

    low: float | None = None  #: inclusive
    high: float | None = None  #: inclusive
    choices: tuple[str, ...] = ()  #: (): any between the bounds

    def allows(self, value: object) -> bool:
        """Return whether the model takes the value, as far as is known."""
        number = _number(value)
        if self.choices:
            return str(value) in self.choices or (number is not None and number in map(_number, self.choices))
        if number is None:
            return True
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest number; None: any."""
        numbers = [found for found in map(_number, self.choices) if found is not None]
        return (min(numbers), max(numbers)) if numbers else (self.low, self.high)

    def nearest(self, value: object) -> object:
        """Return the allowed value nearest to one that is not, of the same type."""
        number = _number(value)
        numbers = [found for found in map(_number, self.choices) if found is not None]
        if number is None or (self.choices and not numbers):
            return nearest_choice(str(value), self.choices) or self.choices[0]
        if numbers:
            near = min(numbers, key=lambda each: abs(each - number))
        else:
            capped = number if self.high is None else min(number, self.high)
            near = capped if self.low is None else max(capped, self.low)
        if isinstance(value, str):
            return f"{near:g}"
        return int(near) if float(near).is_integer() else near

    def encode(self) -> str:
        """Return the limit as text, for the store."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> "ParameterLimit":
        """Return the limit that `encode` wrote."""
        found = json.loads(text)
        return cls(found["low"], found["high"], tuple(found["choices"]))


def read_limit(error: ApiError, sent: Mapping[str, object]) -> tuple[str, ParameterLimit] | None:
    """Return the parameter whose value was refused and what it takes; None: the error does not say so clearly."""
    values = {name: value for name, value in sent.items() if name in LIMITED and value is not None}
    text = unicodedata.normalize("NFKC", error.message[:_LONGEST]).replace(str(sent.get("model") or "\0"), " ")
    for part in re.split(r"[;\n]", text):
        names = {name for name in values if _mentions(part, name, values)}
        if by_param := {name for name in values if error.param and error.param in (name, *_aliases(name, values))}:
            names = by_param if not names - by_param else set()
        if len(names) == 1 and (limit := _read(part, values[name := names.pop()])):
            return name, limit
    return None


def option_name(parameter: str) -> str:
    """Return the option that an API's parameter stands for; "": people do not know it."""
    if parameter in (*LIMITED, "prompt"):
        return parameter
    return next((name for name, aliases in _ALIASES.items() if parameter in aliases), "")


def _aliases(name: str, values: Mapping[str, object]) -> list[str]:
    return [alias for alias in _ALIASES.get(name, ()) if alias not in values]


def _mentions(text: str, name: str, values: Mapping[str, object]) -> bool:
    """Return whether a text names a parameter; one of a single letter must be in quotes or stand before a colon."""
    for word in (name, *_aliases(name, values)):
        if not word.isascii():
            found = re.search(re.escape(word), text)
        elif len(word) == 1:
            found = re.search(rf"['\"`]{word}['\"`]|^\W*(?:body\.)?{word}\s*[:=]", text)
        else:
            found = re.search(rf"(?<![a-z0-9_]){re.escape(word)}(?![a-z0-9_])", text, re.IGNORECASE)
        if found:
            return True
    return False


def _read(text: str, value: object) -> ParameterLimit | None:
    limit, rest = _choices(text), ""
    if limit is None:
        limit, rest = _bounds(text)
        rest = rest.replace(str(value), " ")
        number = _number(value)
        rest = rest if number is None else re.sub(rf"(?<!\d){re.escape(f'{number:g}')}(?:\.0+)?(?!\d)", " ", rest)
    if limit is None or limit.allows(value) or _CONDITION.search(text) or re.search(r"\d", rest):
        return None
    return limit


def _choices(text: str) -> ParameterLimit | None:
    """Read a list of values."""
    listed = _ONE_OF.search(text)
    if listed is None:
        return None
    words = _QUOTED.findall(listed[1])
    if not words:
        words = [word for word in _SEPARATOR.split(listed[1].strip(" .。[]()")) if word]
        if len(words) < 2 or not all(map(_WORD.fullmatch, words)):  # noqa: PLR2004 - a single word is no list
            return None
    words = list(dict.fromkeys(words))
    return ParameterLimit(choices=tuple(words)) if 0 < len(words) <= _MOST_CHOICES else None


def _bounds(text: str) -> tuple[ParameterLimit | None, str]:
    """Read the least and the greatest value; return them with the text around them."""
    if both := _BETWEEN.search(text):
        low, high = _parse(both[1]), _parse(both[2])
        rest = text[: both.start()] + text[both.end() :]
        return (ParameterLimit(low, high), rest) if low <= high else (None, text)
    most, least = _MOST.search(text), _LEAST.search(text)
    rest = _LEAST.sub(" ", _MOST.sub(" ", text))
    if most is None and least is None:
        return None, text
    return ParameterLimit(_parse(least[1]) if least else None, _parse(most[1]) if most else None), rest


def _parse(number: str) -> float:
    return float(number.replace(",", ""))


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
