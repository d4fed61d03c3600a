"""Ids, names and constants of the simulated Discord."""

import itertools
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]

ME, ADA, BOB = "1457469483726668048", "1033044521375764530", "1033044521375764531"
#: The people of every simulator, the bot included; further ones are in `DiscordState.names`.
NAMES: Mapping[str, str] = MappingProxyType({ME: "Muse", ADA: "Ada", BOB: "Bob"})
GUILD, CHANNEL, OTHER, FORUM = (
    "1457468924290662599",
    "1457510428359004343",
    "1457510428359004344",
    "1457510428359004345",
)
ROLE = "1457473602180878604"
DM = "1457510428359009999"
TOKEN = "MTQ1NzQ2OTQ4MzcyNjY2ODA0OA.x.y"
MESSAGE_CONTENT = 1 << 18
#: What a bot without the message content intent gets of a message of others that does not mention it
#: (https://docs.discord.com/developers/events/gateway#message-content-intent: "across Discord's APIs").
HIDDEN: Json = {"content": "", "attachments": [], "embeds": [], "components": []}

REACT, VIEW, SEND, EMBED, ATTACH, READ_HISTORY = 1 << 6, 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 16
MANAGE_MESSAGES = 1 << 13
CREATE_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 38
ALL_PERMISSIONS = REACT | VIEW | SEND | SEND_IN_THREADS | CREATE_THREADS | ATTACH | EMBED | READ_HISTORY

TEXT, DIRECT, THREAD, PRIVATE_THREAD, FORUM_KIND = 0, 1, 11, 12, 15
GROUP = 3  # direct messages of several people, which no bot is in
#: Types of threads; 10 are those of announcement channels.
THREADS = (10, THREAD, PRIVATE_THREAD)
EPOCH = 1420070400

_numbers = itertools.count()


def snowflake() -> str:
    """A new id with the current time."""
    return str((int((time.time() - EPOCH) * 1000) << 22) + next(_numbers) % 4096)


def user(number: str, name: str, *, bot: bool = False) -> Json:
    return {"id": number, "username": name, "global_name": name, "discriminator": "0", "avatar": None, "bot": bot}


def moment(number: str) -> str:
    """The creation time of an id, in Discord's format."""
    return datetime.fromtimestamp((int(number) >> 22) / 1000 + EPOCH, UTC).isoformat(timespec="milliseconds")


def member(number: str, name: str = "") -> Json:
    return {
        "user": user(number, name or NAMES.get(number, "Someone"), bot=number == ME),
        "roles": [ROLE] if number == ME else [],
        "joined_at": "2026-01-04T20:21:10.139000+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
