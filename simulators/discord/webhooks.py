"""Answers to interactions: callbacks, the original response and what follows it."""

from typing import Any

from simulators.discord import channels, checks, components
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.values import ME, Json
from simulators.discord.world import Interaction, World

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


async def callback(world: World, call: Call) -> Json | None:
    found = world.interactions.get(call["token"])
    if found is None or found.is_late or found.told["id"] != call["interaction"]:
        raise refused(10062)
    if found.acknowledged:
        raise refused(40060)
    kind = call.body["type"]
    if kind not in _ALLOWED[found.told["type"]]:
        form = Form()
        form.wrong("type", "BASE_TYPE_CHOICES", f"Value must be one of {_ALLOWED[found.told['type']]}.")
        form.refuse()
    message = _responded(world, found, call)
    found.acknowledged = kind
    if message is not None:
        world.originals[call["token"]] = message
        if kind != DEFERRED_UPDATE and not message["flags"] & EPHEMERAL:
            await world.dispatch("MESSAGE_UPDATE" if kind == UPDATE else "MESSAGE_CREATE", message)
    if call.query.get("with_response") not in ("1", "true"):
        return None
    told: Json = {"interaction": {"id": found.told["id"], "type": found.told["type"]}}
    if message is not None:
        told["interaction"] |= {
            "response_message_id": message["id"],
            "response_message_loading": bool(message["flags"] & LOADING),
            "response_message_ephemeral": bool(message["flags"] & EPHEMERAL),
        }
        told["resource"] = {"type": kind, "message": message}
    return told


def _responded(world: World, found: Interaction, call: Call) -> Json | None:
    """The message that a callback makes or changes; None: it is none of a message."""
    kind, data = call.body["type"], call.body.get("data") or {}
    if kind in (MESSAGE, DEFERRED):
        _reachable(world, found)
        if kind == MESSAGE:
            checks.message(data, [upload.name for upload in call.uploads])
        return _said(world, found, call, data, loading=kind == DEFERRED)
    if kind in (DEFERRED_UPDATE, UPDATE) and "message" in found.told:
        told: Json = found.told["message"]
        message = world.find(found.told["channel_id"], told["id"]) or told
        return channels.changed(world, message, call, data) if kind == UPDATE else message
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


def _reachable(world: World, found: Interaction) -> None:
    """Raise `Refused` where nobody can write any more; what the bot itself may does not matter."""
    channel = found.told["channel_id"]
    where: Json = world.threads.get(channel) or world.channels.get(channel) or {}
    if not where and "0" in found.told["authorizing_integration_owners"]:
        raise refused(10003)
    state = where.get("thread_metadata", {})
    if state.get("locked") or state.get("archived"):
        raise refused(50083)


def _said(world: World, found: Interaction, call: Call, data: Json, *, loading: bool = False) -> Json:
    """A message that answers an interaction."""
    flags = int(data.get("flags") or 0) | (LOADING if loading else 0)
    told = found.told
    kind = {_COMMAND: _FROM_SLASH if told["data"].get("type", 1) == 1 else _FROM_MENU}.get(told["type"], 0)
    who = told.get("user") or told["member"]["user"]
    owners = told["authorizing_integration_owners"]
    metadata = {"id": told["id"], "type": told["type"], "user": who, "authorizing_integration_owners": owners}
    more: dict[str, Any] = {"webhook_id": ME, "application_id": ME, "interaction_metadata": metadata, "flags": flags}
    said = channels.made(world, told["channel_id"], call, {**data, "message_reference": None}, type=kind, **more)
    if flags & EPHEMERAL:
        world.viewers[said["id"]] = found.user
    return said


async def follow_up(world: World, call: Call) -> Json:
    found = world.interaction(call["token"])
    _reachable(world, found)
    body = call.body or {}
    original = world.originals.get(call["token"])
    if original is not None and original["flags"] & LOADING:
        return await _changed(world, original, call)
    checks.message(body, [upload.name for upload in call.uploads])
    if "0" not in found.told["authorizing_integration_owners"] and found.followups >= _FEW:
        raise refused(40094)
    found.followups += 1
    said = _said(world, found, call, body)
    if not said["flags"] & EPHEMERAL:
        await world.dispatch("MESSAGE_CREATE", said)
    return said


def _one(world: World, call: Call) -> Json:
    found = world.interaction(call["token"])
    message: Json | None
    if call["message"] == "@original":
        message = world.originals.get(call["token"])
    else:
        message = world.find(found.told["channel_id"], call["message"])
        if message is not None and message.get("webhook_id") != ME:
            message = None
    if message is None:
        raise refused(10008)
    return message


async def get(world: World, call: Call) -> Json:
    return world.cdn.refreshed(_one(world, call))


async def edit(world: World, call: Call) -> Json:
    message = _one(world, call)
    _reachable(world, world.interactions[call["token"]])
    return await _changed(world, message, call)


async def _changed(world: World, message: Json, call: Call) -> Json:
    channels.changed(world, message, call, call.body or {})
    message["flags"] &= ~LOADING
    if not message["flags"] & EPHEMERAL:
        await world.dispatch("MESSAGE_UPDATE", message)
    return message


async def delete(world: World, call: Call) -> None:
    message = _one(world, call)
    world.drop(message)
    if not message["flags"] & EPHEMERAL:
        await channels.gone(world, message)


ROUTES: list[Route] = [
    ("POST", "interactions/{interaction}/{token}/callback", callback),
    ("POST", "webhooks/{application}/{token}", follow_up),
    ("GET", "webhooks/{application}/{token}/messages/{message}", get),
    ("PATCH", "webhooks/{application}/{token}/messages/{message}", edit),
    ("DELETE", "webhooks/{application}/{token}/messages/{message}", delete),
]
