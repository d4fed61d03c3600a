"""Arithmetic and unit conversion: exact, bounded, never evaluated as code."""

import ast
import re
from fractions import Fraction

MAX_SENTENCE = 500  #: characters of a sentence with a calculation: patterns take the square of it
MAX_LENGTH = 200  #: characters of an expression
MAX_SENTENCE = 500  #: characters; a longer sentence asks for no calculation, and would be slow to search
MAX_BITS = 4000  #: of a result's numerator and denominator

_WORDS = (
    (r"\bplus\b|加上|加|＋", "+"),
    (r"\bminus\b|減去|减去|減|减|－", "-"),
    (r"\b(?:multiplied by|times)\b|乘以|乘|×|(?<=\d)\s*x\s*(?=\d)", "*"),
    (r"\b(?:divided by|over)\b|除以|÷", "/"),
    (r"\b(?:to the power of)\b|\^", "**"),
    (r"(\d[\d.]*)\s*%\s*(?:of|的)\s*", r"\1/100*"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"（", "("),
    (r"）", ")"),
)
_EXPRESSION = re.compile(r"[-+(\s]*\d[\d.\s()+\-*/%]*")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d+\.\d+\.\d+")
_ASKS = re.compile(
    r"(?i)what(?:'s| is| are)|calculate|compute|how much|how many|evaluate|solve|[=?？]|"
    r"多少|等於|等于|計算|计算|算|幾|几"
)

#: unit → (what it measures, factor to the base unit, offset)
_UNITS: dict[str, tuple[str, Fraction, Fraction]] = {
    name: (kind, Fraction(factor), Fraction(offset))
    for kind, factor, offset, names in (
        ("length", "1", "0", "m meter meters metre metres 公尺 米"),
        ("length", "1000", "0", "km kilometer kilometers kilometre kilometres 公里"),
        ("length", "0.01", "0", "cm centimeter centimeters centimetre centimetres 公分 厘米"),
        ("length", "1609.344", "0", "mi mile miles 英里"),
        ("length", "0.3048", "0", "ft foot feet 英尺"),
        ("length", "0.0254", "0", "in inch inches 英寸 英吋"),
        ("mass", "1", "0", "kg kilogram kilograms kilo kilos 公斤"),
        ("mass", "0.001", "0", "g gram grams 公克 克"),
        ("mass", "0.45359237", "0", "lb lbs pound pounds 磅"),
        ("temperature", "1", "0", "c °c celsius 攝氏 摄氏"),
        ("temperature", "5/9", "-160/9", "f °f fahrenheit 華氏 华氏"),
        ("time", "1", "0", "s second seconds 秒"),
        ("time", "60", "0", "min minute minutes 分鐘 分钟"),
        ("time", "3600", "0", "h hour hours 小時 小时"),
        ("time", "86400", "0", "day days 天"),
    )
    for name in names.split()
}
_UNIT = "|".join(re.escape(name) for name in sorted(_UNITS, key=len, reverse=True))
_CONVERSION = re.compile(
    rf"(?i)(-?\d[\d.]*)\s*(?:degrees?\s+)?({_UNIT})\s*"
    rf"(?:\b(?:in|to|into|as)\b|是多少|等於多少|等于多少|等於幾|等于几|換成|换成|轉成|转成)\s*(?:degrees?\s+)?({_UNIT})(?![a-z])"
)


class NoResult(Exception):
    """The expression has no value that can be written; the text is the reason, `zero` or `big`."""


def arithmetic(sentence: str) -> str | None:
    """Return `expression = value` for a sentence that asks for a calculation, else None. Raises `NoResult`."""
    if len(sentence) > MAX_SENTENCE or _DATE.search(sentence):
        return None
    text = sentence
    for pattern, mark in _WORDS:
        text = re.sub(f"(?i){pattern}", mark, text)
    found = max((match.group().strip() for match in _EXPRESSION.finditer(text)), key=len, default="")
    found = found.rstrip(".+-*/%( ").strip()
    if len(found) > MAX_LENGTH or not re.search(r"\d\s*\)*\s*[-+*/%]", found):
        return None
    is_all = not re.sub(r"[\s.。!！=?？]", "", text.replace(found, "", 1))
    if not is_all and not _ASKS.search(sentence):
        return None
    try:
        tree = ast.parse(found, mode="eval")
    except (SyntaxError, ValueError):
        return None
    value = _value(tree.body)
    return f"{' '.join(found.split())} = {number(value)}"


def conversion(sentence: str) -> str | None:
    """Return `amount unit = amount unit` for a sentence that asks for a conversion, else None."""
    match = _CONVERSION.search(sentence) if len(sentence) <= MAX_SENTENCE else None
    if match is None:
        return None
    kind, factor, offset = _UNITS[match[2].lower()]
    kind_to, factor_to, offset_to = _UNITS[match[3].lower()]
    if kind != kind_to:
        return None
    amount = Fraction(match[1].rstrip("."))
    return (
        f"{match[1].rstrip('.')} {match[2]} = {number((amount * factor + offset - offset_to) / factor_to)} {match[3]}"
    )


def number(value: Fraction) -> str:
    """Format a number: exact where possible, else with ten significant digits."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.10g}"


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _bounded(_apply(op, _value(left), _value(right)))
        case _:
            raise NoResult("big")


def _apply(op: ast.operator, left: Fraction, right: Fraction) -> Fraction:  # noqa: PLR0911 - one return, one operator
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div() | ast.FloorDiv() | ast.Mod() if right == 0:
            raise NoResult("zero")
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
        case ast.Pow():
            return _power(left, right)
        case _:
            raise NoResult("big")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent < 0:
        raise NoResult("zero")
    if exponent.denominator != 1:
        return Fraction(float(base) ** float(exponent)) if base >= 0 and _is_small(base, exponent) else _too_big()
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent.numerator) > MAX_BITS:
        return _too_big()
    return Fraction(base**exponent.numerator)


def _is_small(base: Fraction, exponent: Fraction) -> bool:
    return float(base) < 1e6 and abs(float(exponent)) < 40  # noqa: PLR2004 - well within a float


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        return _too_big()
    return value


def _too_big() -> Fraction:
    raise NoResult("big")
