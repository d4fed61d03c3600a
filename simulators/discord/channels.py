"""Messages, reactions and typing, as the bot's own token does them."""

import time
from typing import Any

from simulators.discord import checks
from simulators.discord.checks import EPHEMERAL
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.values import (
    ATTACH,
    DIRECT,
    FORUM_KIND,
    ME,
    READ_HISTORY,
    SEND,
    SEND_IN_THREADS,
    THREAD,
    VIEW,
    Json,
    moment,
    snowflake,
)
from simulators.discord.world import NONCE_LIFE, Sent, World

_PAGE = 50


def attached(world: World, channel: str, call: Call, body: Json, before: Json | None = None) -> list[Json]:
    """The files that a message has after a request."""
    had = {file["id"]: file for file in (before or {}).get("attachments", ())}
    told = body.get("attachments")
    if told is None:
        told = [*({"id": number} for number in had), *({"id": n} for n in range(len(call.uploads)))]
    return [had.get(str(one["id"])) or world.cdn.attachment(call.uploads[int(one["id"])], channel, one) for one in told]


def made(world: World, channel: str, call: Call, body: Json, **more: Any) -> Json:
    """A message of the bot."""
    reference = body.get("message_reference") or {}
    answered = world.find(channel, str(reference.get("message_id")))
    if reference and answered is None and reference.get("fail_if_not_exists", True):
        form = Form()
        form.wrong("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        form.refuse()
    fields: Json = {name: body[name] for name in ("embeds", "components", "nonce") if body.get(name)}
    files = attached(world, channel, call, body)
    flags = int(body.get("flags") or 0)
    return world.message(
        channel,
        body.get("content") or "",
        by=ME,
        answers=answered,
        attachments=files,
        **{"flags": flags, **fields, **more},
    )


def changed(world: World, message: Json, call: Call, body: Json) -> Json:
    """The message after an edit."""
    checks.message(body, [upload.name for upload in call.uploads], before=message)
    if "attachments" in body or call.uploads:
        message["attachments"] = attached(world, message["channel_id"], call, body, message)
    for name in ("content", "embeds", "components"):
        if name in body:
            message[name] = body[name] or ("" if name == "content" else [])
    message["flags"] |= int(body.get("flags") or 0) & checks.IS_V2
    message["edited_timestamp"] = moment(snowflake())
    return message


def writable(world: World, channel: str) -> None:
    """Raise `Refused` where the bot may not write; writing in an archived thread opens it again."""
    found = world.require(channel)
    if found["type"] == FORUM_KIND:
        raise refused(50013)
    if found["type"] != THREAD:
        world.require(channel, SEND)
        return
    world.require(channel, SEND_IN_THREADS)
    if found["thread_metadata"]["locked"]:
        raise refused(160005)
    found["thread_metadata"]["archived"] = False


def editable(world: World, channel: str) -> None:
    """Raise `Refused` where nothing can be changed."""
    found = world.require(channel)
    if found["type"] == THREAD and found["thread_metadata"]["archived"]:
        raise refused(50083)


def one(world: World, call: Call) -> Json:
    """The message that a request is about. Raises `Refused`."""
    found = world.find(call["channel"], call["message"])
    if found is None or found["flags"] & EPHEMERAL:
        raise refused(10008)
    return found


async def post(world: World, call: Call) -> Json:
    channel, body = call["channel"], call.body or {}
    writable(world, channel)
    checks.message(body, [upload.name for upload in call.uploads])
    if call.uploads and not world.may(channel, ATTACH):
        raise refused(50013)
    if body.get("message_reference") and not world.may(channel, READ_HISTORY):
        raise refused(160002)
    if world.channel(channel)["type"] == DIRECT and world.refuses_dms:
        raise refused(50007)
    key = channel, str(body.get("nonce", ""))
    known = world.nonces.get(key)
    if body.get("enforce_nonce") and known is not None and time.monotonic() - known.at < NONCE_LIFE:
        return known.message
    said = made(world, channel, call, body)
    if body.get("nonce"):
        world.nonces[key] = Sent(said)
    world.typing = [place for place in world.typing if place != channel]
    await world.dispatch("MESSAGE_CREATE", said)
    return said


async def edit(world: World, call: Call) -> Json:
    editable(world, call["channel"])
    found = one(world, call)
    if found["author"]["id"] != ME:
        raise refused(50005)
    if found["id"] in world.old:
        raise refused(30046, retry_after=600.0)
    changed(world, found, call, call.body or {})
    await world.dispatch("MESSAGE_UPDATE", found)
    return found


async def delete(world: World, call: Call) -> None:
    editable(world, call["channel"])
    found = one(world, call)
    if found["author"]["id"] != ME:
        raise refused(50013)
    world.drop(found)
    await gone(world, found)


async def gone(world: World, message: Json) -> None:
    """Tell that a message is deleted."""
    told = {"id": message["id"], "channel_id": message["channel_id"]}
    guild = world.guild_of(message["channel_id"])
    await world.dispatch("MESSAGE_DELETE", {**told, "guild_id": guild} if guild else told)


async def get(world: World, call: Call) -> Json:
    world.require(call["channel"], READ_HISTORY)
    return world.with_thread(world.cdn.refreshed(one(world, call)))


async def history(world: World, call: Call) -> list[Json]:
    world.require(call["channel"])
    if not world.may(call["channel"], READ_HISTORY):
        return []
    found = world.history(call["channel"])
    limit = int(call.query.get("limit", _PAGE))
    if after := call.query.get("after"):
        found = [m for m in found if int(m["id"]) > int(after)][:limit]
    if before := call.query.get("before"):
        found = [m for m in found if int(m["id"]) < int(before)]
    if around := call.query.get("around"):
        found = sorted(sorted(found, key=lambda m: abs(int(m["id"]) - int(around)))[:limit], key=lambda m: int(m["id"]))
    return [world.with_thread(world.cdn.refreshed(m)) for m in reversed(found[-limit:])]


async def react(world: World, call: Call) -> None:
    editable(world, call["channel"])
    world.require(call["channel"], READ_HISTORY)
    world.reactions.setdefault(one(world, call)["id"], set()).add(call["emoji"])


async def unreact(world: World, call: Call) -> None:
    editable(world, call["channel"])
    world.reactions.setdefault(one(world, call)["id"], set()).discard(call["emoji"])


async def type_(world: World, call: Call) -> None:
    world.require(call["channel"], VIEW)
    writable(world, call["channel"])
    world.typing.append(call["channel"])


ROUTES: list[Route] = [
    ("GET", "channels/{channel}/messages", history),
    ("POST", "channels/{channel}/messages", post),
    ("GET", "channels/{channel}/messages/{message}", get),
    ("PATCH", "channels/{channel}/messages/{message}", edit),
    ("DELETE", "channels/{channel}/messages/{message}", delete),
    ("PUT", "channels/{channel}/messages/{message}/reactions/{emoji}/@me", react),
    ("DELETE", "channels/{channel}/messages/{message}/reactions/{emoji}/@me", unreact),
    ("POST", "channels/{channel}/typing", type_),
]
