"""State of the simulated Discord: guilds, channels, threads, messages and interactions."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.changes import PATIENCE, Changes
from simulators.discord.checks import EPHEMERAL, HAS_THREAD
from simulators.discord.errors import refused
from simulators.discord.files import Cdn
from simulators.discord.values import (
    ADA,
    ALL_PERMISSIONS,
    CHANNEL,
    DIRECT,
    DM,
    FORUM,
    FORUM_KIND,
    GROUP,
    GUILD,
    HIDDEN,
    ME,
    MESSAGE_CONTENT,
    NAMES,
    OTHER,
    PRIVATE_THREAD,
    ROLE,
    TEXT,
    THREAD,
    VIEW,
    Json,
    member,
    moment,
    snowflake,
    user,
)

Dispatch = Callable[[str, Json], Awaitable[None]]
#: Seconds in which Discord knows a message by its nonce.
NONCE_LIFE = 300.0
_VOICE = (2, 13)  # types of channels: voice, stage


@dataclass(slots=True)
class Interaction:
    """A use of a command, a button or a modal."""

    payload: Json
    acknowledged: int = 0  #: the type of the callback; 0: not yet
    acknowledged_at: float = 0.0  #: of `time.monotonic()`
    response: Json = field(default_factory=dict)  #: the callback's body
    followups: int = 0
    is_late: bool = False  #: more than three seconds have passed without an acknowledgement
    is_expired: bool = False  #: more than fifteen minutes have passed

    @property
    def user(self) -> str:
        who: Json = self.payload.get("user") or self.payload["member"]["user"]
        return str(who["id"])


@dataclass(slots=True)
class Sent:
    """The message that was sent with a nonce."""

    message: Json
    at: float = field(default_factory=time.monotonic)


class DiscordState:
    """The state, and its JSON forms."""

    def __init__(self) -> None:
        self.port = 0
        self.flags = MESSAGE_CONTENT  #: of the application
        self.shards = 1  #: that the application is recommended to have
        self.sessions_left = 1000  #: that may be begun today
        self.permissions = ALL_PERMISSIONS  #: of the bot, in every server
        self.denied_to_everybody = 0  #: permissions that the role of everybody in a server lacks, and the bot's own has
        self.denied: dict[str, int] = {}  #: permissions that the bot lacks, by channel
        self.private: set[str] = set()  #: channels that members see by their roles alone, and the bot
        self.denied_to: dict[tuple[str, str], int] = {}  #: permissions that a person lacks, by channel and person
        self.guilds = {GUILD: "Lab"}
        self.names = dict(NAMES)  #: of people, by id; all are members of every guild but for `outsiders`
        self.roles: dict[str, str] = {}  #: names of the guild's roles other than the bot's own, by id
        self.powers: dict[str, int] = {}  #: permissions that a role gives, by id
        self.held: dict[str, list[str]] = {}  #: roles of people
        self.owners: dict[str, str] = {}  #: of guilds; by default Ada, who owns the application, too
        self.outsiders: set[tuple[str, str]] = set()  #: guilds, with people who are no members of them
        self.channels: dict[str, Json] = {DM: {"id": DM, "type": DIRECT, "recipients": [user(ADA, "Ada")]}}
        self.threads: dict[str, Json] = {}
        self.thread_people: dict[str, set[str]] = {}  #: who was added to a thread, besides its owner
        self.messages: dict[str, list[Json]] = {}
        self.viewers: dict[str, str] = {}  #: who alone sees a message
        self.reactions: dict[str, set[str]] = {}  #: the bot's, by message
        self.typing: list[str] = []  #: channels in which the bot was seen to type, in order
        self.commands: list[Json] = []
        self.creates = 200  #: commands that may be created today
        self.interactions: dict[str, Interaction] = {}  #: by token
        self.originals: dict[str, Json] = {}  #: the messages that they were answered with, by token
        self.nonces: dict[tuple[str, str], Sent] = {}
        self.old: set[str] = set()  #: messages that are too old to be edited once more
        self.forbidden: dict[str, int] = {}  #: words → the code that a message or title with them is refused with
        self.refuses_dms = False  #: people take no direct messages from the bot
        self.cdn = Cdn()
        self.changes = Changes()
        self.dispatch: Dispatch = _to_nobody  #: tells what the bot itself has brought about
        self.add_channel(CHANNEL, "general")
        self.add_channel(OTHER, "random")
        self.add_channel(FORUM, "forum", kind=FORUM_KIND)

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until the condition is true and return its value. Raises `TimeoutError`."""
        return await self.changes.until(condition, seconds)

    async def notify(self) -> None:
        """Announce a change of the state."""
        self.changes.notify()

    # -- places

    def add_channel(self, number: str, name: str, *, guild: str = GUILD, kind: int = TEXT) -> None:
        """Add a channel to a guild."""
        self.guilds.setdefault(guild, "Server")
        rest: Json = {"position": 0, "guild_id": guild, "nsfw": False, "rate_limit_per_user": 0, "topic": None}
        self.channels[number] = {**rest, "id": number, "type": kind, "name": name}
        if kind == FORUM_KIND:
            self.channels[number]["available_tags"] = []
        if kind in _VOICE:
            self.channels[number] |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}

    def add_thread(self, number: str, name: str, *, owner: str, parent: str, kind: int = THREAD) -> Json:
        """Add a thread to a channel."""
        self.threads[number] = {
            "id": number,
            "guild_id": self.channels[parent]["guild_id"],
            "parent_id": parent,
            "owner_id": owner,
            "name": name,
            "type": kind,
            "last_message_id": None,
            "message_count": 0,
            "member_count": 1,
            "flags": 0,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(number),
                "locked": False,
            },
        }
        return self.threads[number]

    def channel(self, number: str) -> Json:
        """The JSON form of a channel or thread. Raises `Refused`."""
        found = self.threads.get(number) or self.channels.get(number)
        if found is None:
            raise refused(10003)
        posted = self.messages.get(number)
        last = posted[-1]["id"] if posted else found.get("last_message_id")
        if number in self.threads:
            found = {**found, "message_count": len(posted or ())}
        return {**found, "last_message_id": last, "permission_overwrites": self._overwrites(number)}

    def guild_of(self, channel: str) -> str:
        """The guild of a channel; "" for direct messages."""
        found = self.threads.get(channel) or self.channels.get(channel) or {}
        return str(found.get("guild_id", ""))

    def _overwrites(self, channel: str) -> list[Json]:
        denied = self.denied.get(channel)
        everybody = [(self.guild_of(channel), 0, denied)] if denied else []
        people = [(person, 1, bits) for (place, person), bits in self.denied_to.items() if place == channel]
        found = [{"id": n, "type": kind, "allow": "0", "deny": str(bits)} for n, kind, bits in (*everybody, *people)]
        if channel in self.private:
            found.append({"id": self.guild_of(channel), "type": 0, "allow": "0", "deny": str(VIEW)})
            found.append({"id": ME, "type": 1, "allow": str(VIEW), "deny": "0"})
        return found

    def may(self, channel: str, permission: int) -> bool:
        parent = self.threads.get(channel, {}).get("parent_id", channel)
        has = self.permissions & ~self.denied.get(parent, 0)
        return not self.guild_of(channel) or has & permission == permission

    def require(self, channel: str, *permissions: int) -> Json:
        """The channel, if the bot has these permissions there. Raises `Refused`.

        Private threads are seen by those who were added, and by who may manage threads: "private threads are … only
        viewable by those invited", https://docs.discord.com/developers/topics/threads#private-threads
        """
        found = self.channel(channel)
        is_added = ME in (found.get("owner_id"), *self.thread_people.get(channel, ()))
        if not self.may(channel, VIEW) or found["type"] == GROUP or (found["type"] == PRIVATE_THREAD and not is_added):
            raise refused(50001)
        if not all(self.may(channel, permission) for permission in permissions):
            raise refused(50013)
        return found

    def guild(self, number: str = GUILD) -> Json:
        granted = str(self.permissions & ~self.denied_to_everybody)
        everyone = {"id": number, "name": "@everyone", "permissions": granted, "position": 0}
        own = {
            "id": ROLE,
            "name": "Muse",
            "permissions": str(self.permissions & self.denied_to_everybody),
            "position": 1,
            "tags": {"bot_id": ME},
            "managed": True,
        }
        rest = {"color": 0, "hoist": False, "managed": False, "mentionable": True, "flags": 0}
        channels = [self.channel(c) for c in self.channels if self.guild_of(c) == number]
        nothing = ("emojis", "features", "voice_states", "presences", "stage_instances", "stickers")
        zero = (
            "verification_level",
            "default_message_notifications",
            "explicit_content_filter",
            "mfa_level",
            "premium_tier",
            "nsfw_level",
            "system_channel_flags",
            "afk_timeout",
        )
        return {
            **dict.fromkeys(zero, 0),
            **{name: [] for name in (*nothing, "guild_scheduled_events")},
            "id": number,
            "name": self.guilds[number],
            "owner_id": self.owners.get(number, ADA),
            "preferred_locale": "en-US",
            "roles": [{**rest, **everyone}, {**rest, **own}, *({**rest, **role} for role in self._roles())],
            "channels": channels,
            "threads": [self.channel(t) for t in self.threads if self._is_active(t, number)],
            "members": [self.member(ME)],
            "member_count": 3,
            "unavailable": False,
        }

    def _roles(self) -> list[Json]:
        return [
            {"id": number, "name": name, "permissions": str(self.powers.get(number, 0)), "position": 2}
            for number, name in self.roles.items()
        ]

    def member(self, number: str) -> Json:
        """A person as a member of the guild, with their roles."""
        found = member(number, self.names.get(number, ""))
        return {**found, "roles": [*found["roles"], *self.held.get(number, ())]}

    def pickable(self) -> dict[str, dict[str, Json]]:
        """The people and things to pick in a field or option: users, members, roles and channels by id."""
        people = {number: self.member(number) for number in self.names}
        return {
            "users": {number: one["user"] for number, one in people.items()},
            "members": {number: {k: v for k, v in one.items() if k != "user"} for number, one in people.items()},
            "roles": {role["id"]: role for role in self.guild()["roles"]},
            "channels": {number: self.channel(number) for number in (*self.channels, *self.threads)},
        }

    def _is_active(self, thread: str, guild: str) -> bool:
        return self.guild_of(thread) == guild and not self.threads[thread]["thread_metadata"]["archived"]

    # -- messages

    def message(self, channel: str, text: str, *, by: str = ADA, answers: Json | None = None, **more: Any) -> Json:
        """Create a message and add it to the history."""
        number = more.pop("id", None) or snowflake()
        posted: Json = {
            "id": number,
            "type": 19 if answers else 0,
            "channel_id": channel,
            "author": {k: v for k, v in self.member(by)["user"].items() if k != "bot" or v},
            "content": text,
            "timestamp": moment(number),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [self.member(n)["user"] for n in self.names if f"<@{n}>" in text],
            "mention_roles": [role for role in (ROLE, *self.roles) if f"<@&{role}>" in text],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
            **more,
        }
        if guild := self.guild_of(channel):
            posted |= {"guild_id": guild, "member": {k: v for k, v in self.member(by).items() if k != "user"}}
        if answers is not None:
            posted["message_reference"] = {"type": 0, "channel_id": answers["channel_id"], "message_id": answers["id"]}
            posted["referenced_message"] = {k: v for k, v in answers.items() if k != "referenced_message"}
        self.messages.setdefault(channel, []).append(posted)
        return posted

    def find(self, channel: str, number: str) -> Json | None:
        """Find a message in the history."""
        return next((m for m in reversed(self.messages.get(channel, [])) if m["id"] == number), None)

    def history(self, channel: str) -> list[Json]:
        """The public messages, oldest first."""
        return [m for m in self.messages.get(channel, []) if not m["flags"] & EPHEMERAL]

    def visible(self, message: Json) -> Json:
        """The message as REST shows it: without what the application may not read."""
        may_read = self.flags & MESSAGE_CONTENT or is_meant_for_bot(message) or not self.guild_of(message["channel_id"])
        return message if may_read else {**message, **HIDDEN}

    def drop(self, message: Json) -> None:
        """Remove a message."""
        self.messages[message["channel_id"]].remove(message)
        for token in [token for token, original in self.originals.items() if original is message]:
            del self.originals[token]

    def with_thread(self, message: Json) -> Json:
        """The message in the form it has once a thread was opened at it."""
        if message["id"] in self.threads:
            message["flags"] |= HAS_THREAD
            return {**message, "thread": self.channel(message["id"])}
        return message

    def interaction(self, token: str) -> Interaction:
        """The interaction of a webhook. Raises `Refused`."""
        found = self.interactions.get(token)
        if found is None or not found.acknowledged:
            raise refused(10015)
        if found.is_expired:
            raise refused(50027)
        return found


def is_meant_for_bot(message: Json) -> bool:
    """Whether a message mentions the bot or is its own."""
    return any(one["id"] == ME for one in message["mentions"]) or message["author"]["id"] == ME


async def _to_nobody(event: str, data: Json) -> None:
    """Discard an event."""
