"""Values to JSON text and back."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

T = TypeVar("T")


_adapters: dict[Any, TypeAdapter[Any]] = {}  #: made when first needed


def _adapter(kind: Any) -> TypeAdapter[Any]:
    adapter = _adapters.get(kind)
    if adapter is None:
        adapter = _adapters[kind] = TypeAdapter(kind)
    return adapter


def dumps(value: object) -> str:
    """The JSON of one of `bot.models`. A lone surrogate, which no UTF-8 can hold, becomes U+FFFD."""
    adapter = _adapter(type(value))
    try:
        return adapter.dump_json(value).decode()
    except (PydanticSerializationError, UnicodeError):
        return clean(json.dumps(adapter.dump_python(value), default=_plain, ensure_ascii=False))


def loads(kind: type[T], text: str) -> T:
    """Read back what `dumps` wrote."""
    value: T = _adapter(kind).validate_json(text)
    return value


def clean(text: str) -> str:
    """The text with pairs of surrogates joined and lone ones replaced by U+FFFD, so that UTF-8 can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def key(text: str) -> str:
    """The text as a key: different for different texts, without what SQLite's JSON functions cut or refuse."""
    if text.startswith('"') or "\0" in text or clean(text) is not text:
        return json.dumps(text)
    return text


def plain(key: str) -> str:
    """The text that `key` was made of; lone surrogates stay as they are."""
    return str(json.loads(key)) if key.startswith('"') else key


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
