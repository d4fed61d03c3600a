"""One person's view of the simulated Discord, as JSON for the page."""

import re
import time
from typing import Any

from simulators.discord.components import as_sent, every
from simulators.discord.people.person import Person
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DIRECT, FORUM_KIND, GUILD, ME, NAMES, ROLE, THREAD

Json = dict[str, Any]
_KEPT = 200  #: messages of a channel that are shown
_FILE = re.compile(r"http://127\.0\.0\.1:\d+/attachments/\d+/(\d+)/.*")
_TYPING = 10.0  #: seconds for which Discord shows that somebody types


def view(discord: DiscordSimulator, person: Person, place: str) -> Json:
    """The whole content of the person's screen."""
    direct = person.direct()
    known = discord.threads.get(place) or discord.channels.get(place)
    if known is None or (known["type"] == DIRECT and place != direct):
        place = CHANNEL
    shown = [one for one in discord.channels.values() if one["type"] != DIRECT or one["id"] == direct]
    places = [_place(discord, one, person) for one in (*shown, *discord.threads.values())]
    return {
        "team": discord.guilds[GUILD],
        "bot": ME,
        "roles": {ROLE: NAMES[ME], **discord.roles},
        "names": discord.names,
        "places": places,
        "place": next(one for one in places if one["id"] == place),
        "messages": [_message(discord, one) for one in person.sees(place)[-_KEPT:]],
        "typing": _is_typing(discord, place),
        "modal": _modal(person),
        "commands": [one for one in discord.commands if one.get("type", 1) == 1],
        "shortcuts": [one for one in discord.commands if one.get("type", 1) != 1],
        "locale": person.locale,
    }


def _place(discord: DiscordSimulator, channel: Json, person: Person) -> Json:
    kind = {DIRECT: "direct", THREAD: "thread", FORUM_KIND: "forum"}.get(channel["type"], "channel")
    said = [m for m in person.sees(channel["id"]) if m["author"]["id"] != person.id]
    return {
        "id": channel["id"],
        "name": NAMES[ME] if kind == "direct" else channel["name"],
        "kind": kind,
        "parent": channel.get("parent_id", ""),
        "is_archived": bool(channel.get("thread_metadata", {}).get("archived")),
        "last": said[-1]["id"] if said else "",
    }


def _is_typing(discord: DiscordSimulator, place: str) -> bool:
    """Whether the app has said that it types, and has written nothing since."""
    path, now = f"channels/{place}/typing", time.monotonic()
    for call in reversed(discord.rest.calls):
        if call.at < now - _TYPING:
            return False
        if call.method == "POST" and call.path == path:
            return True
        if call.method == "POST" and call.path == f"channels/{place}/messages":
            return False
    return False


def _message(discord: DiscordSimulator, message: Json) -> Json:
    shown = _at_own_address(as_sent(message))
    answered = message.get("referenced_message")
    return {
        "id": message["id"],
        "channel": message["channel_id"],
        "type": message["type"],
        "author": message["author"]["id"],
        "is_bot": bool(message["author"].get("bot")),
        "content": message["content"],
        "flags": message["flags"],
        "edited": bool(message["edited_timestamp"]),
        "timestamp": message["timestamp"],
        "components": shown["components"],
        "embeds": message["embeds"],
        "attachments": shown["attachments"],
        "reactions": sorted(discord.reactions.get(message["id"], ())),
        "answers": _quoted(answered) if answered and message["type"] == 19 else None,
        "used": _used(discord, message),
        "thread": discord.threads[message["id"]]["name"] if message["id"] in discord.threads else "",
    }


def _at_own_address(value: Any) -> Any:
    """Return the JSON with files at the page's own address."""
    if isinstance(value, list):
        return [_at_own_address(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _FILE.sub(r"/api/discord/files/\1", one) if key == "url" and isinstance(one, str) else _at_own_address(one)
        for key, one in value.items()
    }


def _quoted(message: Json) -> Json:
    text = message["content"] or " ".join(one.get("content", "") for one in every(message["components"]))
    return {"id": message["id"], "author": message["author"]["id"], "content": text[:120]}


def _used(discord: DiscordSimulator, message: Json) -> Json | None:
    """The command that a message answers."""
    metadata = message.get("interaction_metadata")
    if not metadata:
        return None
    payloads = (one.payload for one in discord.interactions.values())
    payload: Json = next((one for one in payloads if one["id"] == metadata["id"]), {})
    data = payload.get("data", {})
    what = {3: "a button", 5: "a form"}.get(metadata["type"], "a command")
    sign = "/" if data.get("type", 1) == 1 else ""
    return {"by": metadata["user"]["id"], "what": f"{sign}{data['name']}" if data.get("name") else what}


def _modal(person: Person) -> Json | None:
    if person.modal is None:
        return None
    return {"id": person.modal.payload["id"], **person.modal.response["data"]}
