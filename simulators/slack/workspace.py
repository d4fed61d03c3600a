"""Workspaces with their users and channels, the tokens of the app and its open views."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators.slack.messages import File, Message
from simulators.slack.values import Json, new_id

#: The app's scopes, unless an installation names others.
SCOPES = (
    "app_mentions:read assistant:write channels:history channels:read chat:write commands files:read "
    "files:write groups:history groups:read im:history im:read im:write mpim:history mpim:read reactions:read "
    "reactions:write team:read usergroups:read users:read"
)


@dataclass(slots=True, kw_only=True)
class User:
    """A person or a bot."""

    id: str
    name: str
    team: str  #: the workspace they belong to; another than where they write: a stranger from Slack Connect
    locale: str = "en-US"
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    bot_id: str = ""
    app_id: str = ""
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False

    def to_json(self, *, include_locale: bool, seen_from: str) -> Json:
        fields = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name.lower(),
            "real_name": self.name,
            "deleted": self.deleted,
            "tz": "Europe/London",
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_primary_owner": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_stranger": self.team != seen_from,
            "updated": 1767224888,
            "profile": {
                "real_name": self.name,
                "display_name": self.name,
                "team": self.team,
                **({"bot_id": self.bot_id, "api_app_id": self.app_id} if self.is_bot else {}),
            },
        }
        return {**fields, "locale": self.locale} if include_locale else fields


@dataclass(slots=True, kw_only=True)
class Channel:
    """A channel, a direct message or a group of them."""

    id: str
    name: str = ""
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_shared: bool = False  #: with another workspace, by Slack Connect
    seen_by: str = ""  #: the workspace whose installation the events of a shared channel name; "": that of the author
    messages: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Slack's `channel_type`."""
        if self.is_im:
            return "im"
        return "mpim" if self.is_mpim else "group" if self.is_private else "channel"

    def message(self, ts: str) -> Message | None:
        return next((m for m in self.messages if m.ts == ts and not m.is_deleted and not m.is_ephemeral), None)

    def thread(self, ts: str) -> list[Message]:
        """A thread's public messages, its first one included."""
        return [m for m in self.visible() if ts in (m.ts, m.thread_ts)]

    def visible(self, viewer: str = "") -> list[Message]:
        """The visible messages; ephemeral ones only for their viewer."""
        return [m for m in self.messages if not m.is_deleted and m.viewer in ("", viewer)]

    def to_json(self, team: str) -> Json:
        fields = {
            "id": self.id,
            "created": 1767224888,
            "is_archived": self.is_archived,
            "is_channel": not (self.is_im or self.is_private),
            "is_group": self.is_private and not self.is_mpim,
            "is_im": self.is_im,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private,
            "is_ext_shared": self.is_shared,
            "is_shared": self.is_shared,
            "context_team_id": team,
        }
        return fields | ({"user": self.members[0]} if self.is_im else {"name": self.name, "is_member": True})


@dataclass(slots=True, kw_only=True)
class UserGroup:
    """A user group; https://docs.slack.dev/reference/objects/usergroup-object."""

    id: str
    name: str
    team: str
    users: list[str] = field(default_factory=list)
    is_disabled: bool = False

    def to_json(self, *, include_users: bool = False, include_count: bool = False) -> Json:
        fields: Json = {
            "id": self.id,
            "team_id": self.team,
            "is_usergroup": True,
            "is_subteam": True,
            "name": self.name,
            "handle": self.name.lower(),
            "description": "",
            "is_external": False,
            "date_create": 1767224888,
            "date_update": 1767224888,
            "date_delete": 1767224999 if self.is_disabled else 0,
            "auto_type": None,
            "prefs": {"channels": [], "groups": []},
        }
        if include_users:
            fields["users"] = list(self.users)
        return fields | ({"user_count": len(self.users)} if include_count else {})


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace with its users, user groups, channels, files and App Home tabs."""

    id: str
    name: str
    domain: str
    enterprise: str = ""
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)  #: published App Home views, by user
    sessions: dict[tuple[str, str], list[str]] = field(default_factory=dict)  #: statuses one after the other
    statuses: dict[tuple[str, str], Json] = field(default_factory=dict)  #: by channel and thread
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[tuple[str, str], Json] = field(default_factory=dict)
    bot: User = field(default_factory=lambda: User(id="", name="", team=""))

    def direct(self, user: str) -> Channel:
        """The user's direct messages with the bot; opened if necessary."""
        if (found := self.find_direct(user)) is not None:
            return found
        channel = Channel(id=new_id("D"), members=[user, self.bot.id], is_im=True)
        self.channels[channel.id] = channel
        return channel

    def find_direct(self, user: str) -> Channel | None:
        """The user's direct messages with the bot, if they were opened."""
        return next(
            (c for c in self.channels.values() if c.is_im and user in c.members and self.bot.id in c.members), None
        )

    def all_messages(self) -> Iterator[Message]:
        for channel in self.channels.values():
            yield from channel.messages


@dataclass(slots=True, kw_only=True)
class Grant:
    """The permissions of a token."""

    token: str
    team: str  #: "" for an app-level token and for an installation on a whole organisation
    scopes: set[str]
    enterprise: str = ""
    user: str = ""  #: whom it acts as
    state: str = "active"  #: or "revoked", "inactive"
    expires_at: float | None = None
    refresh_token: str = ""


@dataclass(slots=True, kw_only=True)
class View:
    """An open modal."""

    id: str
    team: str
    user: str
    content: Json
    hash: str
    external_id: str = ""
    previous: str = ""
    is_closed: bool = False
    errors: Json = field(default_factory=dict)
