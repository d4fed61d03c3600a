"""Channels themselves, and the threads and forum posts that are opened in them."""

from simulators.discord import checks
from simulators.discord.channels import made
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.values import (
    CREATE_THREADS,
    FORUM_KIND,
    ME,
    READ_HISTORY,
    SEND,
    TEXT,
    THREAD,
    Json,
    snowflake,
)
from simulators.discord.world import World

_STARTER, _ANNOUNCES = 21, 18


async def get(world: World, call: Call) -> Json:
    found = world.require(call["channel"])
    return {name: value for name, value in found.items() if name != "permission_overwrites" or value}


async def open_at(world: World, call: Call) -> Json:
    """A thread at a message: it has the message's id."""
    channel, number = call["channel"], call["message"]
    world.require(channel, CREATE_THREADS, READ_HISTORY)
    _check_name(call.body)
    started = world.find(channel, number)
    if started is None:
        raise refused(10008)
    if number in world.threads:
        raise refused(160004)
    if world.channel(channel)["type"] != TEXT:
        raise refused(50013)
    thread = world.add_thread(number, call.body["name"], owner=ME, parent=channel)
    world.with_thread(started)
    world.message(number, "", by=started["author"]["id"], answers=started, type=_STARTER)
    await _told(world, thread)
    return thread


async def open_(world: World, call: Call) -> Json:
    """A post of a forum, or a thread that hangs at no message."""
    channel = call["channel"]
    kind = world.channel(channel)["type"]
    _check_name(call.body)
    number = snowflake()
    if kind != FORUM_KIND:
        world.require(channel, CREATE_THREADS)
        thread = world.add_thread(number, call.body["name"], owner=ME, parent=channel)
        await _told(world, thread)
        return thread
    world.require(channel, SEND)
    body = call.body.get("message") or {}
    checks.message(body, [upload.name for upload in call.uploads])
    thread = world.add_thread(number, call.body["name"], owner=ME, parent=channel)
    said = made(world, number, call, body, id=number)
    await _told(world, thread)
    await world.dispatch("MESSAGE_CREATE", said)
    return {**thread, "message": said}


async def edit(world: World, call: Call) -> Json:
    """Rename a thread, archive it or bring it back."""
    world.require(call["channel"])
    thread = world.threads.get(call["channel"])
    if thread is None or thread["owner_id"] != ME:
        raise refused(50013)
    state = thread["thread_metadata"]
    if state["locked"]:
        raise refused(50013)
    if state["archived"] and call.body.get("archived") is not False:
        raise refused(50083)
    if "name" in call.body:
        _check_name(call.body)
        thread["name"] = call.body["name"]
    state |= {name: call.body[name] for name in ("archived", "locked", "auto_archive_duration") if name in call.body}
    await world.dispatch("THREAD_UPDATE", thread)
    return thread


async def join(world: World, call: Call) -> None:
    if world.require(call["channel"])["type"] != THREAD:
        raise refused(10003)


async def active(world: World, call: Call) -> Json:
    found = [t for t in world.guild(call["guild"])["threads"] if world.may(t["id"], READ_HISTORY)]
    return {"threads": found, "members": []}


async def _told(world: World, thread: Json) -> None:
    await world.dispatch("THREAD_CREATE", {**thread, "newly_created": True})


def _check_name(body: Json) -> None:
    form = Form()
    form.length("name", body.get("name", ""), 1, 100)
    form.refuse()


ROUTES: list[Route] = [
    ("GET", "channels/{channel}", get),
    ("PATCH", "channels/{channel}", edit),
    ("POST", "channels/{channel}/messages/{message}/threads", open_at),
    ("POST", "channels/{channel}/threads", open_),
    ("PUT", "channels/{channel}/thread-members/@me", join),
    ("GET", "guilds/{guild}/threads/active", active),
]
