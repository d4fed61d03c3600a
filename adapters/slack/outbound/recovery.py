"""Recovery of the messages that an earlier try has posted of an answer.

Slack has no key that would keep a message from being posted twice. So every message of an answer names its event: in
its metadata, or in the value of one of its buttons where a method takes no metadata (streams, files).
"""

import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.slack.connection.errors import GONE_MESSAGE
from adapters.slack.connection.paging import next_cursor
from adapters.slack.connection.web_api import WebApi, refusal_code
from adapters.slack.outbound.layout import ANSWER, PARENT
from adapters.slack.types import Json
from adapters.slack.ui.buttons import ActionButton
from bot.errors import DeliveryRefused

#: Prefix of the ids of blocks that are shown with files.
FILES = "files."
#: Seconds: more than a history is late, and more than the clocks of two machines differ.
_LONG_AGO = 15.0
_PAGES, _PAGE = 4, 100  # pages that are read, and messages of a page


def is_long_finished(ref: str) -> bool:
    """Whether the answer of a draft's ref was finished long ago: since then nothing was sent of it."""
    *_, finished_at = f"{ref}//".split("/")[:3]
    return finished_at.isdecimal() and time.time() - int(finished_at) > _LONG_AGO


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingMessage:
    """A message of the answer."""

    ts: str
    part: int = 0
    is_streaming: bool = False
    is_files: bool = False  #: it shares files, with or without text
    fingerprints: tuple[tuple[str, int], ...] = ()  #: names and sizes of the files
    files: tuple[str, ...] = ()  #: ids of the files


@dataclass(frozen=True, slots=True)
class ExistingMessages:
    """All messages of the answer, oldest first."""

    messages: list[ExistingMessage] = field(default_factory=list)
    unnamed: list[ExistingMessage] = field(default_factory=list)  #: files of the bot that name no answer

    @property
    def texts(self) -> dict[int, ExistingMessage]:
        """The oldest text of each part."""
        texts: dict[int, ExistingMessage] = {}
        for message in self.messages:
            if not message.is_files:
                texts.setdefault(message.part, message)
        return texts

    @property
    def files(self) -> list[ExistingMessage]:
        """Messages that share files."""
        return [message for message in self.messages if message.is_files]

    @property
    def duplicates(self) -> list[ExistingMessage]:
        """Texts of parts that another message shows."""
        first = {message.ts for message in self.texts.values()}
        return [message for message in self.messages if not message.is_files and message.ts not in first]


def files_block_prefix(key: str) -> str:
    """The prefix of the ids of blocks that are shown with the files of the answer `key`."""
    return f"{FILES}{hashlib.sha256(key.encode()).hexdigest()[:16]}."


async def find_parent(api: WebApi, key: str) -> str:
    """Return the ts of the message that begins a command's thread; "" when there is none. Raises `DeliveryError`."""
    async for message in _read_messages(api, "conversations.history", {}):
        if _read_part(message, PARENT, key) is not None:
            return str(message["ts"])
    return ""


async def find_existing(api: WebApi, thread: str, key: str) -> ExistingMessages:
    """Return the messages of an answer in a thread; thread "": in the channel. Raises `DeliveryError`."""
    bot = (await api.workspace()).bot_user
    messages, unnamed = [], []
    method = "conversations.replies" if thread else "conversations.history"
    async for message in _read_messages(api, method, {"ts": thread} if thread else {}):
        if message.get("ts") == thread or (bot and message.get("user") != bot):
            continue
        names = list(_read_names(message))
        if files_block_prefix(key) in names or key in names or _read_part(message, ANSWER, key) is not None:
            messages.append(_parse_message(message, key))
        elif message.get("files") and not any(name.startswith(FILES) for name in names):
            unnamed.append(_parse_message(message, key))
    return ExistingMessages(sorted(messages, key=lambda message: float(message.ts)), unnamed)


async def _read_messages(api: WebApi, method: str, params: Mapping[str, Any]) -> AsyncIterator[Json]:
    target = api.target
    earliest = float(target.requested_at or 0) - api.services.timing.clock_skew
    since = float(target.message or max(earliest, 0.0))
    cursor = ""
    for _ in range(_PAGES):
        try:
            page = await api.call(
                method,
                channel=target.channel,
                oldest=f"{since:.6f}",
                limit=_PAGE,
                inclusive="true",
                include_all_metadata="true",
                cursor=cursor or None,
                **params,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in GONE_MESSAGE:
                return
            raise
        for message in page.get("messages") or ():
            yield message
        if not (cursor := next_cursor(page)):
            return


def _read_part(message: Json, kind: str, key: str) -> int | None:
    """Return the part of the answer that a message's metadata names; None when it names another answer, or none."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != kind or payload.get("key") != key:
        return None
    return int(payload.get("part") or 0)


def _parse_message(message: Json, key: str) -> ExistingMessage:
    files = message.get("files") or ()
    return ExistingMessage(
        ts=str(message["ts"]),
        part=_read_part(message, ANSWER, key) or 0,
        is_streaming=str(message.get("streaming_state") or "") == "in_progress",
        is_files=bool(files) or files_block_prefix(key) in _read_names(message),
        fingerprints=tuple((str(file.get("name") or ""), int(file.get("size") or 0)) for file in files),
        files=tuple(str(file["id"]) for file in files if file.get("id")),
    )


def _read_names(message: Json) -> Iterator[str]:
    """Yield the answers that the blocks of a message name: prefixes of block ids, and events of buttons."""
    for block in message.get("blocks") or ():
        block_id = str(block.get("block_id") or "")
        if block_id.startswith(FILES):
            yield block_id[: block_id.rfind(".") + 1]
        for element in block.get("elements") or ():
            button = ActionButton.decode(str(element.get("value") or "")) if element.get("type") == "button" else None
            if button is not None:
                yield button.event
