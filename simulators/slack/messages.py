"""Messages and files as Slack stores them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulators.slack.values import Json


@dataclass(slots=True, kw_only=True)
class File:
    """An uploaded file; `content` is None where only its size is kept."""

    id: str
    name: str
    user: str
    title: str = ""
    mimetype: str = "application/octet-stream"
    filetype: str = ""
    subtype: str = ""  #: "slack_audio" or "slack_video" of a clip recorded in Slack
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
        fields = {
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
            fields["alt_txt"] = self.alt_txt
        if self.subtype:
            fields["subtype"] = self.subtype
        if self.shares:
            shares = {c: [{"ts": ts, "channel_name": c} for ts in all_ts] for c, all_ts in self.shares.items()}
            fields["shares"] = {"public": shares}
            fields["channels"] = list(self.shares)
        return fields


@dataclass(slots=True, kw_only=True)
class Message:
    """A stored message. `versions` are its visible texts, one after another."""

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
    posted_at: float = 0.0  #: when the app's call took effect, on the monotonic clock
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
        """The visible text without buttons: streamed Markdown and the words of the blocks, else the text."""
        said = [block for block in self.blocks if block["type"] not in {"actions", "context_actions"}]
        if self.blocks:
            return "\n".join(part for part in (self.markdown, words(said)) if part)
        return self.markdown or self.text

    def changed(self) -> None:
        """Record the visible text."""
        if not self.versions or self.versions[-1] != self.content:
            self.versions.append(self.content)

    def to_json(self, base: str) -> Json:
        fields: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": self.user_team}
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
        fields |= {name: value for name, value in optional.items() if value}
        if self.stream:
            fields["streaming_state"] = {"streaming": "in_progress", "stopped": "completed"}.get(self.stream, "errored")
        return fields


def words(blocks: Any) -> str:
    """The text of blocks in reading order."""
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
    names = ("text", "url", "name", "user_id", "usergroup_id", "channel_id", "fallback")
    return str(next((part[name] for name in names if part.get(name)), ""))
