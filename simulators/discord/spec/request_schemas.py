"""Validation of request bodies against Discord's OpenAPI document, of which `requests.json` is a part.

Stricter than Discord in one point: a field that the document does not have is refused, where Discord ignores it. A
misspelt field has no effect there, which is a mistake of the sender.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from simulators.discord.errors import Form
from simulators.discord.values import Json

#: Bodies by method and route: one of these schemas.
BODIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", "channels/{channel}/messages"): ("MessageCreateRequest",),
    ("PATCH", "channels/{channel}/messages/{message}"): ("MessageEditRequestPartial",),
    ("POST", "channels/{channel}/messages/{message}/threads"): ("CreateTextThreadWithMessageRequest",),
    ("POST", "channels/{channel}/threads"): ("CreateForumThreadRequest", "CreateTextThreadWithoutMessageRequest"),
    ("PATCH", "channels/{channel}"): ("UpdateThreadRequestPartial",),
    ("POST", "users/@me/channels"): ("CreatePrivateChannelRequest",),
    ("POST", "webhooks/{application}/{token}"): ("IncomingWebhookInteractionRequest",),
    ("PATCH", "webhooks/{application}/{token}/messages/{message}"): ("IncomingWebhookUpdateRequestPartial",),
    ("POST", "interactions/{interaction}/{token}/callback"): (
        "ApplicationCommandAutocompleteCallbackRequest",
        "CreateMessageInteractionCallbackRequest",
        "ModalInteractionCallbackRequest",
        "UpdateMessageInteractionCallbackRequest",
    ),
}
#: Routes whose body is a list of these.
LISTS = {("PUT", "applications/{application}/commands"): "ApplicationCommandUpdateRequest"}
#: Fields that discord.py sends where the document does not have them, among them those of an attachment that an edit
#: keeps; Discord ignores them.
_IGNORED = {"tts", "type", "url", "proxy_url", "size", "content_type", "height", "width", "spoiler"}
_UNKNOWN = "is no field that Discord knows here"
#: Numbers that the documentation describes as texts: https://discord.com/developers/docs/topics/permissions
_BITS = re.compile(r"(?:^|\.)default_member_permissions$")
Problem = tuple[str, str]  #: the path of a field, and what is wrong with it


@cache
def schemas() -> dict[str, Json]:
    """The schemas by name."""
    found: dict[str, Json] = json.loads((Path(__file__).parent / "requests.json").read_text(encoding="utf-8"))
    return found


def check(method: str, pattern: str, body: Any) -> None:
    """Check the body of a request. Raises `Refused`."""
    if names := BODIES.get((method, pattern)):
        schema: Json = {"anyOf": [{"$ref": name} for name in names]}
    elif name := LISTS.get((method, pattern)):
        schema = {"type": "array", "items": {"$ref": name}}
    else:
        return
    form = Form()
    for path, message in problems(schema, {} if body is None else body):
        form.wrong(path or "_", "OPENAPI", message)
    form.refuse()


def problems(schema: Json, value: Any, path: str = "") -> list[Problem]:  # noqa: PLR0911 - one for each keyword
    """Return what is wrong with a value."""
    if name := schema.get("$ref"):
        if name == "SnowflakeType" and type(value) is int:  # as in `"attachments": [{"id": 0, …}]` of its documentation
            return []
        return problems(schemas()[name], value, path)
    if choices := schema.get("anyOf"):
        return _any_of(choices, value, path)
    kinds = schema.get("type", [])
    if kinds and _BITS.search(path) and isinstance(value, str) and value.isdecimal():
        return []
    if kinds and not any(_is(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return [(path, f"not {kinds}: {value!r:.60}")]
    if "const" in schema and value != schema["const"]:
        return [(path, f"not {schema['const']!r}")]
    if "enum" in schema and value not in schema["enum"]:
        return [(path, f"not one of {schema['enum']}")]
    return [*_bounds(schema, value, path), *_inside(schema, value, path)]


def _is(kind: str, value: Any) -> bool:
    if kind == "null":
        return value is None
    if kind in ("integer", "number"):
        return type(value) is int or (kind == "number" and type(value) is float)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool}[kind])


def _any_of(choices: list[Json], value: Any, path: str) -> list[Problem]:
    """The problems with the choice that fits best: none, or those of the choice with the value's `type`."""
    found = [problems(choice, value, path) for choice in choices]
    if any(not one for one in found):
        return []
    same = [one for one in found if not any(at in (path, _join(path, "type")) for at, _ in one)]
    return min(same or found, key=lambda one: (sum(message == _UNKNOWN for _, message in one), len(one)))


def _bounds(schema: Json, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, str | list):
        low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
        size = len(value)
    else:
        low, high, size = "minimum", "maximum", value
    if low in schema and size < schema[low]:
        yield path, f"{size} is less than {schema[low]}"
    if high in schema and size > schema[high]:
        yield path, f"{size} is more than {schema[high]}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield path, f"{value!r:.60} does not match {schema['pattern']}"


def _inside(schema: Json, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from problems(schema.get("items", {}), item, _join(path, str(number)))
    elif isinstance(value, dict):
        fields: Json = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield _join(path, name), "is missing"
        for name, item in value.items():
            if name in fields:
                yield from problems(fields[name], item, _join(path, name))
            elif "additionalProperties" in schema:
                yield from problems(schema["additionalProperties"], item, _join(path, name))
            elif fields and name not in _IGNORED:
                yield _join(path, name), _UNKNOWN


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
