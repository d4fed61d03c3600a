"""Messages, reactions and typing of the bot, by its token."""

import time
from typing import Any

from simulators.discord import checks
from simulators.discord.checks import EPHEMERAL
from simulators.discord.errors import Form, refused
from simulators.discord.rest import Call, Route
from simulators.discord.state import NONCE_LIFE, DiscordState, Sent
from simulators.discord.values import (
    ATTACH,
    DIRECT,
    FORUM_KIND,
    MANAGE_MESSAGES,
    ME,
    REACT,
    READ_HISTORY,
    SEND,
    SEND_IN_THREADS,
    THREADS,
    VIEW,
    Json,
    moment,
    snowflake,
)

#: Messages of one request: https://docs.discord.com/developers/resources/message#get-channel-messages
_PAGE, _LARGEST_PAGE = 50, 100


def attached(state: DiscordState, channel: str, call: Call, body: Json, before: Json | None = None) -> list[Json]:
    """The attachments of a message after a request."""
    had = {file["id"]: file for file in (before or {}).get("attachments", ())}
    described = body.get("attachments")
    if described is None:
        described = [*({"id": number} for number in had), *({"id": n} for n in range(len(call.uploads)))]
    return [
        had.get(str(one["id"])) or state.cdn.attachment(call.uploads[int(one["id"])], channel, one) for one in described
    ]


def made(state: DiscordState, channel: str, call: Call, body: Json, **more: Any) -> Json:
    """Create a message of the bot."""
    reference = body.get("message_reference") or {}
    answered = state.find(channel, str(reference.get("message_id")))
    if reference and answered is None and reference.get("fail_if_not_exists", True):
        form = Form()
        form.wrong("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        form.refuse()
    fields: Json = {name: body[name] for name in ("embeds", "components", "nonce") if body.get(name)}
    files = attached(state, channel, call, body)
    flags = int(body.get("flags") or 0)
    return state.message(
        channel,
        body.get("content") or "",
        by=ME,
        answers=answered,
        attachments=files,
        **{"flags": flags, **fields, **more},
    )


def changed(state: DiscordState, message: Json, call: Call, body: Json) -> Json:
    """Apply an edit to a message."""
    if message["flags"] & checks.VOICE_MESSAGE:
        raise refused(50162)
    checks.message(body, [upload.name for upload in call.uploads], before=message)
    if "attachments" in body or call.uploads:
        message["attachments"] = attached(state, message["channel_id"], call, body, message)
    for name in ("content", "embeds", "components"):
        if name in body:
            message[name] = body[name] or ("" if name == "content" else [])
    message["flags"] |= int(body.get("flags") or 0) & checks.IS_V2
    message["edited_timestamp"] = moment(snowflake())
    return message


def writable(state: DiscordState, channel: str) -> None:
    """Require that the bot may write; writing reopens an archived thread. Raises `Refused`."""
    found = state.require(channel)
    if found["type"] == FORUM_KIND:
        raise refused(50013)
    if found["type"] not in THREADS:
        state.require(channel, SEND)
        return
    state.require(channel, SEND_IN_THREADS)
    if found["thread_metadata"]["locked"]:
        raise refused(160005)
    found["thread_metadata"]["archived"] = False


def editable(state: DiscordState, channel: str) -> None:
    """Require that the bot may change messages. Raises `Refused`."""
    found = state.require(channel)
    if found["type"] in THREADS and found["thread_metadata"]["archived"]:
        raise refused(50083)


def one(state: DiscordState, call: Call) -> Json:
    """The message that a request names. Raises `Refused`."""
    found = state.find(call["channel"], call["message"])
    if found is None or found["flags"] & EPHEMERAL:
        raise refused(10008)
    return found


async def post(state: DiscordState, call: Call) -> Json:
    channel, body = call["channel"], call.body or {}
    writable(state, channel)
    checks.message(body, [upload.name for upload in call.uploads])
    if call.uploads and not state.may(channel, ATTACH):
        raise refused(50013)
    if body.get("message_reference") and not state.may(channel, READ_HISTORY):
        raise refused(160002)
    if state.channel(channel)["type"] == DIRECT and state.refuses_dms:
        raise refused(50278)
    key = channel, str(body.get("nonce", ""))
    known = state.nonces.get(key)
    if body.get("enforce_nonce") and known is not None and time.monotonic() - known.at < NONCE_LIFE:
        return known.message
    posted = made(state, channel, call, body)
    if body.get("nonce"):
        state.nonces[key] = Sent(posted)
    state.typing = [place for place in state.typing if place != channel]
    await state.dispatch("MESSAGE_CREATE", posted)
    return posted


async def edit(state: DiscordState, call: Call) -> Json:
    editable(state, call["channel"])
    found = one(state, call)
    if found["author"]["id"] != ME:
        raise refused(50005)
    if found["id"] in state.old:
        raise refused(30046, retry_after=600.0)
    # "ATTACH_FILES: Allows for uploading images and files", https://docs.discord.com/developers/topics/permissions
    if call.uploads and not state.may(call["channel"], ATTACH):
        raise refused(50013)
    changed(state, found, call, call.body or {})
    await state.dispatch("MESSAGE_UPDATE", found)
    return found


async def delete(state: DiscordState, call: Call) -> None:
    editable(state, call["channel"])
    found = one(state, call)
    # "If operating on a guild channel and trying to delete a message that was not sent by the current user, this
    # endpoint requires the MANAGE_MESSAGES permission", https://docs.discord.com/developers/resources/message
    is_moderator = state.guild_of(call["channel"]) and state.may(call["channel"], MANAGE_MESSAGES)
    if found["author"]["id"] != ME and not is_moderator:
        raise refused(50013)
    state.drop(found)
    await gone(state, found)


async def gone(state: DiscordState, message: Json) -> None:
    """Dispatch the deletion of a message."""
    fields = {"id": message["id"], "channel_id": message["channel_id"]}
    guild = state.guild_of(message["channel_id"])
    await state.dispatch("MESSAGE_DELETE", {**fields, "guild_id": guild} if guild else fields)


async def get(state: DiscordState, call: Call) -> Json:
    state.require(call["channel"], READ_HISTORY)
    return state.visible(state.with_thread(state.cdn.refreshed(one(state, call))))


async def history(state: DiscordState, call: Call) -> list[Json]:
    state.require(call["channel"])
    if not state.may(call["channel"], READ_HISTORY):
        return []
    found = state.history(call["channel"])
    limit = int(call.query.get("limit", _PAGE))
    if not 1 <= limit <= _LARGEST_PAGE:
        form = Form()
        form.wrong("limit", "NUMBER_TYPE_MAX", f"int value should be between 1 and {_LARGEST_PAGE}.")
        form.refuse()
    if after := call.query.get("after"):
        found = [m for m in found if int(m["id"]) > int(after)][:limit]
    if before := call.query.get("before"):
        found = [m for m in found if int(m["id"]) < int(before)]
    if around := call.query.get("around"):
        found = sorted(sorted(found, key=lambda m: abs(int(m["id"]) - int(around)))[:limit], key=lambda m: int(m["id"]))
    return [state.visible(state.with_thread(state.cdn.refreshed(m))) for m in reversed(found[-limit:])]


async def react(state: DiscordState, call: Call) -> None:
    """Add a reaction; the first of an emoji needs a permission of its own.

    https://docs.discord.com/developers/resources/message#create-reaction
    """
    editable(state, call["channel"])
    state.require(call["channel"], READ_HISTORY, REACT)
    state.reactions.setdefault(one(state, call)["id"], set()).add(call["emoji"])


async def unreact(state: DiscordState, call: Call) -> None:
    editable(state, call["channel"])
    state.reactions.setdefault(one(state, call)["id"], set()).discard(call["emoji"])


async def type_(state: DiscordState, call: Call) -> None:
    state.require(call["channel"], VIEW)
    writable(state, call["channel"])
    state.typing.append(call["channel"])


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
