"""Answers to interactions: callbacks, original responses and follow-ups."""

import time
from typing import Any

from simulators.discord import channels, checks, components
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.state import DiscordState, Interaction
from simulators.discord.values import ME, Json

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_COMMAND, _COMPONENT, _AUTOCOMPLETE, _SUBMIT = 2, 3, 4, 5
#: what may answer what
_ALLOWED = {
    _COMMAND: (MESSAGE, DEFERRED, MODAL),
    _COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    _AUTOCOMPLETE: (CHOICES,),
    _SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}
_FROM_SLASH, _FROM_MENU = 20, 23
#: follow-ups where the bot is no member
_FEW = 5


async def callback(state: DiscordState, call: Call) -> Json | None:
    found = state.interactions.get(call["token"])
    if found is None or found.is_late or found.payload["id"] != call["interaction"]:
        raise refused(10062)
    if found.acknowledged:
        raise refused(40060)
    kind = call.body["type"]
    if kind not in _ALLOWED[found.payload["type"]]:
        form = Form()
        form.wrong("type", "BASE_TYPE_CHOICES", f"Value must be one of {_ALLOWED[found.payload['type']]}.")
        form.refuse()
    message = _responded(state, found, call)
    found.acknowledged, found.acknowledged_at, found.response = kind, time.monotonic(), call.body
    if message is not None:
        state.originals[call["token"]] = message
        if kind != DEFERRED_UPDATE and not message["flags"] & EPHEMERAL:
            await state.dispatch("MESSAGE_UPDATE" if kind == UPDATE else "MESSAGE_CREATE", message)
    if call.query.get("with_response") not in ("1", "true"):
        return None
    answer: Json = {"interaction": {"id": found.payload["id"], "type": found.payload["type"]}}
    if message is not None:
        answer["interaction"] |= {
            "response_message_id": message["id"],
            "response_message_loading": bool(message["flags"] & LOADING),
            "response_message_ephemeral": bool(message["flags"] & EPHEMERAL),
        }
        answer["resource"] = {"type": kind, "message": message}
    return answer


def _responded(state: DiscordState, found: Interaction, call: Call) -> Json | None:
    """The message that a callback creates or edits; None: neither."""
    kind, data = call.body["type"], call.body.get("data") or {}
    if kind in (MESSAGE, DEFERRED):
        _reachable(state, found)
        if kind == MESSAGE:
            checks.message(data, [upload.name for upload in call.uploads])
        return _reply(state, found, call, data, loading=kind == DEFERRED)
    if kind in (DEFERRED_UPDATE, UPDATE) and "message" in found.payload:
        pressed: Json = found.payload["message"]
        message = state.find(found.payload["channel_id"], pressed["id"]) or pressed
        return channels.changed(state, message, call, data) if kind == UPDATE else message
    _check_answer(kind, data)
    return None


def _check_answer(kind: int, data: Json) -> None:
    form = Form()
    if kind == CHOICES:
        form.length("data.choices", data.get("choices", []), 0, 25)
        for number, choice in enumerate(data.get("choices", ())):
            form.length(f"data.choices.{number}.name", choice["name"], 1, 100)
            form.length(f"data.choices.{number}.value", str(choice["value"]), 1, 100)
    elif kind == MODAL:
        form.length("data.title", data.get("title", ""), 1, 45)
        form.length("data.custom_id", data.get("custom_id", ""), 1, 100)
        components.check(form, data.get("components", []), components.MODAL, "data.components", set())
    form.refuse()


def _reachable(state: DiscordState, found: Interaction) -> None:
    """Require that messages can be written there, whatever the bot's permissions. Raises `Refused`."""
    channel = found.payload["channel_id"]
    where: Json = state.threads.get(channel) or state.channels.get(channel) or {}
    if not where and "0" in found.payload["authorizing_integration_owners"]:
        raise refused(10003)
    thread = where.get("thread_metadata", {})
    if thread.get("locked") or thread.get("archived"):
        raise refused(50083)


def _reply(state: DiscordState, found: Interaction, call: Call, data: Json, *, loading: bool = False) -> Json:
    """Create a message that answers an interaction."""
    flags = int(data.get("flags") or 0) | (LOADING if loading else 0)
    payload = found.payload
    kind = {_COMMAND: _FROM_SLASH if payload["data"].get("type", 1) == 1 else _FROM_MENU}.get(payload["type"], 0)
    who = payload.get("user") or payload["member"]["user"]
    owners = payload["authorizing_integration_owners"]
    metadata = {"id": payload["id"], "type": payload["type"], "user": who, "authorizing_integration_owners": owners}
    more: dict[str, Any] = {"webhook_id": ME, "application_id": ME, "interaction_metadata": metadata, "flags": flags}
    reply = channels.made(state, payload["channel_id"], call, {**data, "message_reference": None}, type=kind, **more)
    if flags & EPHEMERAL:
        state.viewers[reply["id"]] = found.user
    return reply


async def follow_up(state: DiscordState, call: Call) -> Json:
    found = state.interaction(call["token"])
    _reachable(state, found)
    body = call.body or {}
    original = state.originals.get(call["token"])
    if original is not None and original["flags"] & LOADING:
        return await _changed(state, original, call)
    checks.message(body, [upload.name for upload in call.uploads])
    if "0" not in found.payload["authorizing_integration_owners"] and found.followups >= _FEW:
        raise refused(40094)
    found.followups += 1
    reply = _reply(state, found, call, body)
    if not reply["flags"] & EPHEMERAL:
        await state.dispatch("MESSAGE_CREATE", reply)
    return reply


def _one(state: DiscordState, call: Call) -> Json:
    found = state.interaction(call["token"])
    message: Json | None
    if call["message"] == "@original":
        message = state.originals.get(call["token"])
    else:
        message = state.find(found.payload["channel_id"], call["message"])
        if message is not None and message.get("webhook_id") != ME:
            message = None
    if message is None:
        raise refused(10008)
    return message


async def get(state: DiscordState, call: Call) -> Json:
    return state.cdn.refreshed(_one(state, call))


async def edit(state: DiscordState, call: Call) -> Json:
    message = _one(state, call)
    _reachable(state, state.interactions[call["token"]])
    return await _changed(state, message, call)


async def _changed(state: DiscordState, message: Json, call: Call) -> Json:
    channels.changed(state, message, call, call.body or {})
    message["flags"] &= ~LOADING
    if not message["flags"] & EPHEMERAL:
        await state.dispatch("MESSAGE_UPDATE", message)
    return message


async def delete(state: DiscordState, call: Call) -> None:
    message = _one(state, call)
    state.drop(message)
    if not message["flags"] & EPHEMERAL:
        await channels.gone(state, message)


ROUTES: list[Route] = [
    ("POST", "interactions/{interaction}/{token}/callback", callback),
    ("POST", "webhooks/{application}/{token}", follow_up),
    ("GET", "webhooks/{application}/{token}/messages/{message}", get),
    ("PATCH", "webhooks/{application}/{token}/messages/{message}", edit),
    ("DELETE", "webhooks/{application}/{token}/messages/{message}", delete),
]
