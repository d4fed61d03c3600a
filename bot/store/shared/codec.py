"""Conversion of values to JSON, and of texts to keys, and back."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, SchemaSerializer

T = TypeVar("T")


_adapters: dict[Any, TypeAdapter[Any]] = {}  #: made when first needed
_serializers: dict[Any, SchemaSerializer] = {}  #: those of the adapters, which spare each value a call


def _adapter(kind: Any) -> TypeAdapter[Any]:
    adapter = _adapters.get(kind)
    if adapter is None:
        adapter = _adapters[kind] = TypeAdapter(kind)
    return adapter


def dumps(value: object) -> str:
    """Convert one of `bot.models` to JSON. Lone surrogates, which UTF-8 can't hold, become U+FFFD.

    Fields that have their default are left out, which makes rows a third smaller: a default must never change.
    Raises `TypeError` where a field holds a value of another type, which `loads` would refuse.
    """
    kind = type(value)
    serializer = _serializers.get(kind)
    if serializer is None:
        found = _adapter(kind).serializer
        assert isinstance(found, SchemaSerializer)
        serializer = _serializers[kind] = found
    try:
        return serializer.to_json(value, exclude_defaults=True, warnings="error").decode()
    except (PydanticSerializationError, UnicodeError):
        plain = _to_plain(serializer, value)
        return clean(json.dumps(plain, default=_plain, ensure_ascii=False))


def _to_plain(serializer: SchemaSerializer, value: object) -> Any:
    try:
        return serializer.to_python(value, exclude_defaults=True, warnings="error")
    except PydanticSerializationError as exc:
        raise TypeError(f"a field of {type(value).__name__} has a value of another type: {exc}") from exc


def loads(kind: type[T], text: str) -> T:
    """Convert the JSON of `dumps` back."""
    value: T = _adapter(kind).validate_json(text)
    return value


def clean(text: str) -> str:
    """Join pairs of surrogates and replace lone ones by U+FFFD, so that UTF-8 can hold the text."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def to_key(text: str) -> str:
    """Convert a text to a key: unique, without characters that SQLite's JSON functions cut or refuse."""
    is_plain = text.isascii() or clean(text) is text
    return text if is_plain and "\0" not in text and text[:1] != '"' else json.dumps(text)


def from_key(key: str) -> str:
    """Convert a key back to its text, lone surrogates included."""
    return str(json.loads(key)) if key.startswith('"') else key


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
