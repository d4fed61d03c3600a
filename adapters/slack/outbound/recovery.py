"""Finds what an earlier try has left of an answer in its thread.

Slack has no key that would keep a message from being posted twice. So every message of an answer names its event: in
its metadata, or in the value of one of its buttons where a method takes no metadata (streams, files).
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.slack.connection.web_api import Sender, refusal
from adapters.slack.ui.buttons import Button
from adapters.slack.ui.rich_text import Json
from bot.errors import DeliveryRefused

ANSWER, REQUEST = "channelmuse_answer", "channelmuse_request"
#: What the id of a block that is shown with files begins with.
FILES = "files."
_PAGES, _PAGE = 4, 100
_EARLY = 30.0  # seconds by which our clock may be ahead of Slack's
_GONE = ("thread_not_found", "message_not_found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A message of the answer."""

    ts: str
    part: int = 0
    is_streaming: bool = False
    is_files: bool = False  #: shared files, with or without text
    files: tuple[tuple[str, int], ...] = ()  #: names and sizes
    ids: tuple[str, ...] = ()  #: of the files


@dataclass(frozen=True, slots=True)
class Traces:
    """All messages of the answer, oldest first."""

    messages: list[Trace] = field(default_factory=list)
    unnamed: list[Trace] = field(default_factory=list)  #: files that the bot shared without saying for which answer

    @property
    def texts(self) -> dict[int, Trace]:
        """The oldest of each part."""
        found: dict[int, Trace] = {}
        for trace in self.messages:
            if not trace.is_files:
                found.setdefault(trace.part, trace)
        return found

    @property
    def files(self) -> list[Trace]:
        """Messages that show files."""
        return [trace for trace in self.messages if trace.is_files]

    @property
    def surplus(self) -> list[Trace]:
        """Texts that are there twice."""
        kept = {trace.ts for trace in self.texts.values()}
        return [trace for trace in self.messages if not trace.is_files and trace.ts not in kept]


async def parent(sender: Sender, key: str) -> str:
    """The ts of the message that begins the thread of a command; "" when there is none. Raises `DeliveryError`."""
    async for message in _read(sender, "conversations.history", {}):
        if _named(message, REQUEST, key) is not None:
            return str(message["ts"])
    return ""


def files_id(key: str) -> str:
    """The beginning of the id of a block that is shown with an answer's files."""
    return f"{FILES}{hashlib.sha256(key.encode()).hexdigest()[:16]}."


async def traces(sender: Sender, thread: str, key: str) -> Traces:
    """What is there of the answer in a thread, or in a channel where that is "". Raises `DeliveryError`."""
    bot = (await sender.workspace()).bot_user
    found, unnamed = [], []
    method = "conversations.replies" if thread else "conversations.history"
    async for message in _read(sender, method, {"ts": thread} if thread else {}):
        if message.get("ts") == thread or (bot and message.get("user") != bot):
            continue
        marks = list(_marks(message))
        if files_id(key) in marks or key in marks or _named(message, ANSWER, key) is not None:
            found.append(_trace(message, key))
        elif message.get("files") and not any(mark.startswith(FILES) for mark in marks):
            unnamed.append(_trace(message, key))
    return Traces(sorted(found, key=lambda trace: float(trace.ts)), unnamed)


async def _read(sender: Sender, method: str, params: Mapping[str, Any]) -> AsyncIterator[Json]:
    address = sender.address
    since = float(address.message or max(float(address.asked or 0) - _EARLY, 0.0))
    cursor = ""
    for _ in range(_PAGES):
        try:
            page = await sender.call(
                method,
                channel=address.channel,
                oldest=f"{since:.6f}",
                limit=_PAGE,
                inclusive=True,
                include_all_metadata=True,
                cursor=cursor or None,
                **params,
            )
        except DeliveryRefused as exc:
            if refusal(exc) in _GONE:
                return
            raise
        for message in page.get("messages") or ():
            yield message
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return


def _named(message: Mapping[str, Any], kind: str, key: str) -> int | None:
    """The part of the answer that a message's metadata says it is."""
    told = message.get("metadata") or {}
    payload = told.get("event_payload") or {}
    if told.get("event_type") != kind or payload.get("key") != key:
        return None
    return int(payload.get("part") or 0)


def _trace(message: Mapping[str, Any], key: str) -> Trace:
    files = message.get("files") or ()
    return Trace(
        ts=str(message["ts"]),
        part=_named(message, ANSWER, key) or 0,
        is_streaming=str(message.get("streaming_state") or "") == "in_progress",
        is_files=bool(files) or files_id(key) in _marks(message),
        files=tuple((str(file.get("name") or ""), int(file.get("size") or 0)) for file in files),
        ids=tuple(str(file["id"]) for file in files if file.get("id")),
    )


def _marks(message: Mapping[str, Any]) -> Iterator[str]:
    """What the blocks of a message say of its answer: ids that begin with `FILES`, and the events of buttons."""
    for block in message.get("blocks") or ():
        name = str(block.get("block_id") or "")
        if name.startswith(FILES):
            yield name[: name.rfind(".") + 1]
        for element in block.get("elements") or ():
            button = Button.read(str(element.get("value") or "")) if element.get("type") == "button" else None
            if button is not None:
                yield button.event
