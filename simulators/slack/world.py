"""What Slack knows: workspaces, people, channels, messages, files and who may act for whom."""

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

#: What the app is granted where a test does not say otherwise.
SCOPES = (
    "app_mentions:read assistant:write channels:history channels:read chat:write commands files:read "
    "files:write groups:history groups:read im:history im:read im:write mpim:history mpim:read reactions:read "
    "reactions:write team:read users:read"
)

_numbers = itertools.count(1)


def new_id(letter: str) -> str:
    """An id as Slack makes them: a letter and ten signs."""
    return f"{letter}0{next(_numbers):08X}Z"


class Clock:
    """Timestamps as Slack gives them: unique and rising."""

    def __init__(self) -> None:
        self._last = 0

    def ts(self) -> str:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def pause(self, seconds: float) -> None:
        """Let so much time go by."""
        self._last = max(self._last, time.time_ns() // 1000) + int(seconds * 1e6)


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
        shown = {
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
        return {**shown, "locale": self.locale} if include_locale else shown


@dataclass(slots=True, kw_only=True)
class File:
    """An uploaded file; `content` is None where only its size is kept."""

    id: str
    name: str
    user: str
    title: str = ""
    mimetype: str = "application/octet-stream"
    filetype: str = ""
    size: int = 0
    content: bytes | None = b""
    alt_txt: str = ""
    snippet_type: str = ""
    created: int = 0
    token: str = ""  #: part of its address
    shares: dict[str, list[str]] = field(default_factory=dict)  #: channel to timestamps
    is_uploaded: bool = False
    is_complete: bool = False
    is_deleted: bool = False
    sha256: str = ""

    def to_json(self, base: str, team: str) -> Json:
        if self.is_deleted:
            return {"id": self.id, "mode": "tombstone"}
        address = f"{base}/files-pri/{team}-{self.id}"
        shown = {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.filetype,
            "pretty_type": self.filetype.upper(),
            "user": self.user,
            "user_team": team,
            "editable": bool(self.snippet_type),
            "size": self.size,
            "mode": "snippet" if self.snippet_type else "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": True,
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{address}/{self.name}",
            "url_private_download": f"{address}/download/{self.name}",
            "permalink": f"{base}/archives/files/{self.id}/{self.name}",
            "has_rich_preview": False,
            "file_access": "visible",
        }
        if self.alt_txt:
            shown["alt_txt"] = self.alt_txt
        if self.shares:
            shares = {c: [{"ts": ts, "channel_name": c} for ts in all_ts] for c, all_ts in self.shares.items()}
            shown["shares"] = {"public": shares}
            shown["channels"] = list(self.shares)
        return shown


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as Slack keeps it. `versions` are the texts that were visible one after another."""

    ts: str
    channel: str
    team: str
    user: str
    text: str = ""
    thread_ts: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    markdown: str = ""  #: what was given as `markdown_text`, streamed text included
    chunks: list[Json] = field(default_factory=list)  #: of a stream: tasks, plans, blocks
    bot_id: str = ""
    app_id: str = ""
    username: str = ""
    subtype: str = ""
    client_msg_id: str = ""
    edited: Json | None = None
    stream: str = ""  #: "streaming", "stopped" or "expired"; "" when it never was one
    stream_started: float = 0.0
    viewer: str = ""  #: the one person who sees it, when it is ephemeral
    is_deleted: bool = False
    is_dnd: bool = False
    reply_broadcast: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    user_team: str = ""

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.viewer)

    @property
    def is_bot(self) -> bool:
        return bool(self.bot_id)

    @property
    def root(self) -> str:
        """The timestamp of the thread it is in, or that it may become."""
        return self.thread_ts or self.ts

    @property
    def content(self) -> str:
        """Everything a reader sees but its buttons: streamed Markdown, the words of its blocks (else its text)."""
        said = [block for block in self.blocks if block["type"] not in {"actions", "context_actions"}]
        if self.blocks:
            return "\n".join(part for part in (self.markdown, words(said)) if part)
        return self.markdown or self.text

    def changed(self) -> None:
        """Remember what is visible now."""
        if not self.versions or self.versions[-1] != self.content:
            self.versions.append(self.content)

    def to_json(self, base: str) -> Json:
        shown: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": self.user_team}
        optional: Json = {
            "thread_ts": self.thread_ts,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "metadata": self.metadata,
            "files": [file.to_json(base, self.team) for file in self.files],
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "username": self.username,
            "subtype": self.subtype,
            "client_msg_id": self.client_msg_id,
            "edited": self.edited,
            "reactions": [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items() if users
            ],
        }
        shown |= {name: value for name, value in optional.items() if value}
        if self.stream:
            shown["streaming_state"] = {"streaming": "in_progress", "stopped": "completed"}.get(self.stream, "errored")
        return shown


def words(blocks: Any) -> str:
    """All the text of blocks in reading order, for tests that ask what a person reads."""
    return "\n".join(_words(blocks))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _words(part)
    elif isinstance(value, dict):
        if value.get("type") in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
            yield "".join(_inline(part) for part in value.get("elements", ()))
            return
        for name in ("title", "text", "fields", "elements", "rows", "label", "alt_text", "details", "output", "tasks"):
            part = value.get(name)
            if isinstance(part, str):
                yield part
            elif part:
                yield from _words(part)


def _inline(part: Json) -> str:
    return str(part.get("text") or part.get("url") or part.get("name") or part.get("user_id") or "")


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
        """A thread as everybody sees it, its first message included."""
        return [m for m in self.visible() if ts in (m.ts, m.thread_ts)]

    def visible(self, viewer: str = "") -> list[Message]:
        """What is shown now; ephemeral messages only to their viewer."""
        return [m for m in self.messages if not m.is_deleted and m.viewer in ("", viewer)]

    def to_json(self, team: str) -> Json:
        shown = {
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
        return shown | ({"user": self.members[0]} if self.is_im else {"name": self.name, "is_member": True})


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace. `home` tabs and open views are by user and by view id."""

    id: str
    name: str
    domain: str
    enterprise: str = ""
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)  #: published App Home views, by user
    sessions: dict[tuple[str, str], list[str]] = field(default_factory=dict)  #: statuses one after the other
    statuses: dict[tuple[str, str], Json] = field(default_factory=dict)  #: by channel and thread
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[tuple[str, str], Json] = field(default_factory=dict)
    bot: User = field(default_factory=lambda: User(id="", name="", team=""))

    def direct(self, user: str) -> Channel:
        """The person's direct messages with the bot, opened when there are none yet."""
        for channel in self.channels.values():
            if channel.is_im and user in channel.members and self.bot.id in channel.members:
                return channel
        channel = Channel(id=new_id("D"), members=[user, self.bot.id], is_im=True)
        self.channels[channel.id] = channel
        return channel

    def all_messages(self) -> Iterator[Message]:
        for channel in self.channels.values():
            yield from channel.messages


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a token may do."""

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
    """A modal that is open at a person's screen."""

    id: str
    team: str
    user: str
    content: Json
    hash: str
    external_id: str = ""
    previous: str = ""
    is_closed: bool = False
    errors: Json = field(default_factory=dict)


def plain(ids: Iterable[str]) -> set[str]:
    """A set of scopes out of a list of them or of text with commas or spaces."""
    return {scope for text in ids for scope in text.replace(",", " ").split()}
