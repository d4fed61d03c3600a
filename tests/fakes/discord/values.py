"""The people, places and numbers of the fake Discord."""

import itertools
import time
from typing import Any

Json = dict[str, Any]

ME, ADA, BOB = "1457469483726668048", "1033044521375764530", "1033044521375764531"
NAMES = {ME: "Muse", ADA: "Ada", BOB: "Bob"}
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

#: view, send, in threads, create threads, attach, embed, history
ALL_PERMISSIONS = 1024 | 2048 | (1 << 38) | (1 << 35) | (1 << 15) | (1 << 14) | (1 << 16)

_numbers = itertools.count()


def snowflake() -> str:
    """A new id, made now."""
    return str((int((time.time() - 1420070400) * 1000) << 22) + next(_numbers) % 4096)


def user(number: str, name: str, *, bot: bool = False) -> Json:
    return {"id": number, "username": name, "global_name": name, "discriminator": "0", "avatar": None, "bot": bot}


def member(number: str) -> Json:
    return {
        "user": user(number, NAMES.get(number, "Someone"), bot=number == ME),
        "roles": [ROLE] if number == ME else [],
        "joined_at": "2026-01-04T20:21:10.139000+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
