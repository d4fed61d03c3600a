"""What Discord knows: servers, channels, threads, messages, files and interactions."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.fakes.discord.values import (
    ADA,
    ALL_PERMISSIONS,
    BOB,
    CHANNEL,
    DM,
    FORUM,
    GUILD,
    ME,
    MESSAGE_CONTENT,
    OTHER,
    ROLE,
    Json,
    member,
    snowflake,
)


class World:
    """The state, and how Discord writes it down."""

    def __init__(self) -> None:
        self.port = 0
        self.flags = MESSAGE_CONTENT  #: of the application
        self.permissions = ALL_PERMISSIONS
        self.messages: dict[str, list[Json]] = {}
        self.threads: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.originals: dict[str, Json] = {}  #: what interactions were answered with, by token
        self.changed = asyncio.Condition()

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until the condition holds; what it returned."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(condition)
        return condition()

    async def tell(self) -> None:
        """Wake who waits for something."""
        async with self.changed:
            self.changed.notify_all()

    def guild(self) -> Json:
        everyone = {"id": GUILD, "name": "@everyone", "permissions": str(self.permissions), "position": 0}
        own = {"id": ROLE, "name": "Muse", "permissions": "0", "position": 1, "tags": {"bot_id": ME}, "managed": True}
        rest = {"color": 0, "hoist": False, "managed": False, "mentionable": True, "flags": 0}
        text = {"type": 0, "position": 0, "permission_overwrites": [], "guild_id": GUILD, "nsfw": False}
        last = {c: self.messages[c][-1]["id"] if self.messages.get(c) else None for c in (CHANNEL, OTHER)}
        return {
            "id": GUILD,
            "name": "Lab",
            "owner_id": ADA,
            "preferred_locale": "en-US",
            "roles": [{**rest, **everyone}, {**rest, **own}],
            "channels": [
                {**text, "id": CHANNEL, "name": "general", "last_message_id": last[CHANNEL]},
                {**text, "id": OTHER, "name": "other", "last_message_id": last[OTHER]},
                {**text, "id": FORUM, "name": "forum", "type": 15, "available_tags": []},
            ],
            "threads": list(self.threads.values()),
            "members": [member(ME)],
            "emojis": [],
            "features": [],
            "member_count": 3,
            "unavailable": False,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "premium_tier": 0,
            "nsfw_level": 0,
            "system_channel_flags": 0,
            "afk_timeout": 0,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "stickers": [],
        }

    def message(self, channel: str, text: str, *, by: str = ADA, answers: Json | None = None, **more: Any) -> Json:
        """A message as Discord tells it; kept in the history."""
        number = more.pop("id", None) or snowflake()
        said: Json = {
            "id": number,
            "type": 19 if answers else 0,
            "channel_id": channel,
            "author": {k: v for k, v in member(by)["user"].items() if k != "bot" or v},
            "content": text,
            "timestamp": "2026-11-23T00:49:53.676000+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [member(n)["user"] for n in (ME, ADA, BOB) if f"<@{n}>" in text],
            "mention_roles": [ROLE] if f"<@&{ROLE}>" in text else [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
            **more,
        }
        if channel != DM:
            said |= {"guild_id": GUILD, "member": {k: v for k, v in member(by).items() if k != "user"}}
        if answers is not None:
            said["message_reference"] = {"type": 0, "channel_id": answers["channel_id"], "message_id": answers["id"]}
            said["referenced_message"] = {k: v for k, v in answers.items() if k != "referenced_message"}
        self.messages.setdefault(channel, []).append(said)
        return said

    def find(self, channel: str, number: str) -> Json | None:
        """A message of the history."""
        return next((m for m in self.messages.get(channel, []) if m["id"] == number), None)
