"""The simulator refuses what Discord's OpenAPI document does not allow, and takes what it does."""

from typing import Any

import pytest

from simulators.discord import application, channels, threads, webhooks
from simulators.discord.errors import Refused
from simulators.discord.rest import Route
from simulators.discord.spec.request_schemas import BODIES, LISTS, check, schemas

POST = "POST", "channels/{channel}/messages"
CALLBACK = "POST", "interactions/{interaction}/{token}/callback"
ROUTES: list[Route] = [*application.ROUTES, *channels.ROUTES, *threads.ROUTES, *webhooks.ROUTES]
#: Routes with a method that has a body, whose body is empty.
NO_BODY = {
    ("PUT", "channels/{channel}/messages/{message}/reactions/{emoji}/@me"),
    ("PUT", "channels/{channel}/thread-members/@me"),
    ("POST", "channels/{channel}/typing"),
}


def test_every_body_has_a_schema() -> None:
    """No route of the simulator takes a body unchecked."""
    taking = {(method, pattern) for method, pattern, _ in ROUTES if method in ("POST", "PATCH", "PUT")}
    assert taking == BODIES.keys() | LISTS.keys() | NO_BODY
    assert {name for names in BODIES.values() for name in names} | {*LISTS.values()} <= schemas().keys()


@pytest.mark.parametrize(
    ("route", "body"),
    [
        (POST, {"content": "hello", "nonce": "1", "enforce_nonce": True, "allowed_mentions": {"parse": []}}),
        (POST, {"content": "hello", "attachments": [{"id": 0, "filename": "a.png"}]}),
        (POST, {"flags": 1 << 15, "components": [{"type": 10, "content": "hello"}]}),
        (CALLBACK, {"type": 5, "data": {"flags": 64}}),
        (CALLBACK, {"type": 6}),
        (("POST", "channels/{channel}/typing"), None),
    ],
)
def test_what_is_documented_is_taken(route: tuple[str, str], body: Any) -> None:
    """Bodies as in Discord's documentation."""
    check(*route, body)


@pytest.mark.parametrize(
    ("route", "body", "at"),
    [
        (POST, {"contents": "hello"}, "contents"),
        (POST, {"content": 5}, "content"),
        (POST, {"content": "x" * 4001}, "content"),
        (POST, {"content": "x", "nonce": "1" * 26}, "nonce"),
        (POST, {"content": "x", "embeds": [{}] * 11}, "embeds"),
        (POST, {"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
        (POST, {"components": [{"type": 1, "components": []}]}, "components.0.components"),
        (POST, {"components": [{"type": 1, "components": [{"type": 2, "style": 2, "label": "x" * 81}]}]}, "label"),
        (POST, {"components": [{"type": 1, "components": [{"type": 2}]}]}, "style"),
        (CALLBACK, {"type": 9, "data": {"custom_id": "a", "title": "x" * 46, "components": []}}, "title"),
        (("PUT", "applications/{application}/commands"), [{"name": "x" * 33, "type": 1}], "0.name"),
    ],
)
def test_everything_else_is_refused(route: tuple[str, str], body: Any, at: str) -> None:
    """Unknown fields, wrong types, lengths, counts and choices; the error names the field."""
    with pytest.raises(Refused) as caught:
        check(*route, body)
    assert caught.value.body["code"] == 50035
    assert all(f'"{name}"' in str(caught.value.body["errors"]).replace("'", '"') for name in at.split("."))
