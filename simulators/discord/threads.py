"""Channels, and the threads and forum posts in them."""

from simulators.discord import checks
from simulators.discord.channels import made
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.state import DiscordState
from simulators.discord.values import (
    CREATE_THREADS,
    FORUM_KIND,
    ME,
    READ_HISTORY,
    SEND,
    TEXT,
    THREAD,
    Json,
    moment,
    snowflake,
)

_STARTER, _ANNOUNCES = 21, 18


async def get(state: DiscordState, call: Call) -> Json:
    found = state.require(call["channel"])
    return {name: value for name, value in found.items() if name != "permission_overwrites" or value}


async def open_at(state: DiscordState, call: Call) -> Json:
    """Open a thread at a message; it has the message's id."""
    channel, number = call["channel"], call["message"]
    state.require(channel, CREATE_THREADS, READ_HISTORY)
    _check_name(call.body)
    started = state.find(channel, number)
    if started is None:
        raise refused(10008)
    if number in state.threads:
        raise refused(160004)
    if state.channel(channel)["type"] != TEXT:
        raise refused(50013)
    thread = state.add_thread(number, call.body["name"], owner=ME, parent=channel)
    state.with_thread(started)
    state.message(number, "", by=started["author"]["id"], answers=started, type=_STARTER)
    await _announce(state, thread)
    return thread


async def open_(state: DiscordState, call: Call) -> Json:
    """Open a forum post, or a thread without a message."""
    channel = call["channel"]
    kind = state.channel(channel)["type"]
    _check_name(call.body)
    number = snowflake()
    if kind != FORUM_KIND:
        state.require(channel, CREATE_THREADS)
        thread = state.add_thread(number, call.body["name"], owner=ME, parent=channel)
        await _announce(state, thread)
        return thread
    state.require(channel, SEND)
    body = call.body.get("message") or {}
    checks.message(body, [upload.name for upload in call.uploads])
    thread = state.add_thread(number, call.body["name"], owner=ME, parent=channel)
    first = made(state, number, call, body, id=number)
    await _announce(state, thread)
    await state.dispatch("MESSAGE_CREATE", first)
    return {**thread, "message": first}


async def edit(state: DiscordState, call: Call) -> Json:
    """Rename, archive or reopen a thread."""
    state.require(call["channel"])
    thread = state.threads.get(call["channel"])
    if thread is None or thread["owner_id"] != ME:
        raise refused(50013)
    metadata = thread["thread_metadata"]
    if metadata["locked"]:
        raise refused(50013)
    if metadata["archived"] and call.body.get("archived") is not False:
        raise refused(50083)
    if "name" in call.body:
        _check_name(call.body)
        thread["name"] = call.body["name"]
    metadata |= {name: call.body[name] for name in ("archived", "locked", "auto_archive_duration") if name in call.body}
    await state.dispatch("THREAD_UPDATE", thread)
    return thread


async def join(state: DiscordState, call: Call) -> None:
    if state.require(call["channel"])["type"] != THREAD:
        raise refused(10003)


async def thread_member(state: DiscordState, call: Call) -> Json:
    """One member of a thread: https://docs.discord.com/developers/resources/channel#get-thread-member."""
    found = state.require(call["channel"])
    if call["member"] not in (found.get("owner_id"), *state.thread_people.get(call["channel"], ())):
        raise refused(10007)
    return {"id": call["channel"], "user_id": call["member"], "join_timestamp": moment(call["channel"]), "flags": 0}


async def active(state: DiscordState, call: Call) -> Json:
    found = [t for t in state.guild(call["guild"])["threads"] if state.may(t["id"], READ_HISTORY)]
    return {"threads": found, "members": []}


async def _announce(state: DiscordState, thread: Json) -> None:
    await state.dispatch("THREAD_CREATE", {**thread, "newly_created": True})


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
    ("GET", "channels/{channel}/thread-members/{member}", thread_member),
    ("GET", "guilds/{guild}/threads/active", active),
]
