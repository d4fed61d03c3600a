"""Validation of request bodies against Discord's OpenAPI document, of which `requests.json` is a part.

Stricter than Discord in one point: a field that the document does not have is refused, where Discord ignores it. A
misspelt field has no effect there, which is a mistake of the sender.
"""

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from simulators.discord.errors import Form
from simulators.discord.values import Json
from simulators.json_schema import Path as FieldPath
from simulators.json_schema import Problem, Schema, Validator

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
_IGNORED = frozenset({"tts", "type", "url", "proxy_url", "size", "content_type", "height", "width", "spoiler"})
#: A number that the documentation describes as a text: https://discord.com/developers/docs/topics/permissions
_BITS = "default_member_permissions"


@cache
def schemas() -> dict[str, Json]:
    """The schemas by name."""
    found: dict[str, Json] = json.loads((Path(__file__).parent / "requests.json").read_text(encoding="utf-8"))
    return found


def check(method: str, pattern: str, body: Any) -> None:
    """Check the body of a request. Raises `Refused`."""
    if names := BODIES.get((method, pattern)):
        problems = _problems({"anyOf": [{"$ref": name} for name in names]}, {} if body is None else body)
    elif name := LISTS.get((method, pattern)):
        problems = _problems_of_list(name, json.dumps(body))
    else:
        return
    form = Form()
    for problem in problems:
        form.wrong(".".join(problem.path) or "_", "OPENAPI", str(problem))
    form.refuse()


def _problems(schema: Schema, value: Any) -> list[Problem]:
    return Validator(schemas(), _IGNORED, _is_documented).problems(schema, value)


@lru_cache(maxsize=8)
def _problems_of_list(name: str, text: str) -> list[Problem]:
    """Return what is wrong with a list of commands, which every start sends alike: it takes long to check."""
    return _problems({"type": "array", "items": {"$ref": name}}, json.loads(text))


def _is_documented(schema: Schema, value: Any, path: FieldPath) -> bool:
    """Whether the documentation allows what the document does not."""
    if schema.get("$ref") == "SnowflakeType":
        return type(value) is int  # as in `"attachments": [{"id": 0, …}]` of its documentation
    return path[-1:] == (_BITS,) and isinstance(value, str) and value.isdecimal()
