"""The messages of one answer: posted or streamed, edited, stopped, deleted."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from adapters.slack.connection.feature_gates import CARDS, STREAM, UNKNOWN
from adapters.slack.connection.web_api import Sender, is_unclear, metadata, refusal
from adapters.slack.outbound.pieces import Piece
from adapters.slack.outbound.recovery import Traces
from adapters.slack.ui import answer_buttons
from adapters.slack.ui.blocks import blocks, fallback
from adapters.slack.ui.rich_text import Json
from adapters.slack.ui.stream_markdown import preview, settled
from bot.errors import DeliveryError, DeliveryRefused

log = structlog.get_logger(__name__)

#: Seconds after which a stream is ended and its message edited instead: Slack ends it at about 300.
STREAM_LIFE = 220.0
_CARD_TEXT = 200  # characters of a card's title
#: Errors that say that a message is there no more.
_GONE = frozenset({"message_not_found", "thread_not_found"})
#: Errors that say that a message stays as it is, such as one that was streamed: another is posted in its place.
_FIXED = frozenset({"cant_update_message", "edit_window_closed", "streaming_state_conflict", "update_failed"})
_NO_STREAM = frozenset({"message_not_in_streaming_state"})
#: Errors of blocks that an older or stricter Slack refuses.
_BLOCKS = frozenset(
    {"invalid_attachments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
)
_CHUNKS = frozenset({"invalid_arguments", "invalid_chunks", "invalid_blocks", "internal_error"})


@dataclass(slots=True)
class Shown:
    """One message that is there."""

    ts: str
    is_stream: bool = False
    is_card: bool = False
    began: float = 0.0
    sent: str = ""  #: what was streamed
    blocks: list[Json] = field(default_factory=list)  #: what it shows, when known
    markdown: str = ""  #: of a text that grows by edits, what it shows


class Messages:
    """By part, in one thread. Every method raises `DeliveryError`."""

    def __init__(
        self,
        sender: Sender,
        *,
        key: str,
        posted: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = sender
        self._key = key
        self._posted = posted  # told of each new message
        self._clock = clock
        self.thread = ""
        self.parts: dict[int, Shown] = {}
        self.surplus: list[str] = []  #: ts of messages that must go
        #: Whether all that is there is known; not while something was sent and its answer has not come.
        self.is_sure = True
        self._title = "…"  # of the card

    def adopt(self, found: Traces) -> None:
        """Take over what an earlier try has left."""
        for part, trace in found.texts.items():
            known = self.parts.get(part)
            if known is None or known.ts != trace.ts:
                self.parts[part] = Shown(trace.ts, is_stream=trace.is_streaming)
        self.surplus += [trace.ts for trace in found.surplus]
        self.is_sure = True

    # -- while it grows

    async def grow(self, part: int, markdown: str) -> None:
        """Show a text that is not complete yet."""
        shown = self.parts.get(part)
        if shown is not None and shown.is_stream and self._goes_on(shown, markdown):
            await self._append(part, shown, markdown)
            return
        if shown is not None and shown.is_stream:
            await self._stop(shown)
        if shown is None and await self._start(part, {"type": "markdown_text", "text": preview(settled(markdown))}):
            self.parts[part].sent = preview(settled(markdown))
            return
        if shown is None or shown.markdown != markdown:
            await self._put(part, blocks(markdown) + self._stop_button(), markdown, is_decoration=True)
            self.parts[part].markdown = markdown

    def _goes_on(self, shown: Shown, markdown: str) -> bool:
        is_young = self._clock() - shown.began < STREAM_LIFE
        return is_young and bool(shown.began) and preview(markdown).startswith(shown.sent)

    async def _append(self, part: int, shown: Shown, markdown: str) -> None:
        more = preview(settled(markdown))[len(shown.sent) :]
        if not more:
            return
        chunks: list[Json] = []
        if shown.is_card:
            chunks.append(self._task("", "complete"))
        chunks.append({"type": "markdown_text", "text": more})
        if await self._flow(part, shown, chunks):
            shown.sent += more
            shown.is_card = False
        else:
            await self._put(part, blocks(markdown) + self._stop_button(), markdown, is_decoration=True)

    async def _flow(self, part: int, shown: Shown, chunks: list[Json]) -> bool:
        """Append to a stream. False: it is none any more."""
        try:
            await self._sender.call(
                "chat.appendStream", is_decoration=True, channel=self._channel, ts=shown.ts, chunks=chunks
            )
        except DeliveryRefused as exc:
            if refusal(exc) in _GONE:
                del self.parts[part]
                return False
            if refusal(exc) not in _NO_STREAM and refusal(exc) != "msg_too_long":
                raise
            await self._stop(shown)
            return False
        return True

    async def card(self, title: str, details: str) -> bool:
        """Show a job that takes long as a card. False: there are none here."""
        shown = self.parts.get(0)
        if shown is None:
            return self._sender.has(CARDS) and await self._start(
                0, self._task(title, "in_progress", details), card=True
            )
        if not shown.is_card:
            return False
        if self._clock() - shown.began < STREAM_LIFE:
            return await self._flow(0, shown, [self._task(title, "in_progress", details)])
        await self._stop(shown)
        return False

    def _task(self, title: str, state: str, details: str = "") -> Json:
        self._title = title[:_CARD_TEXT] or self._title
        task: Json = {"type": "task_update", "id": "job", "title": self._title, "status": state}
        return task | ({"details": details} if details else {})

    async def note(self, text: str) -> None:
        """Show what is being done in a message, where nothing else can."""
        await self._put(0, blocks(text) + self._stop_button(), text, is_decoration=True)

    # -- at the end

    async def settle(self, part: int, piece: Piece, buttons: list[Json]) -> None:
        """Make a message show exactly this."""
        shown = self.parts.get(part)
        if shown is not None and shown.is_stream:
            await self._stop(shown)
        await self._put(part, piece.blocks + buttons, piece.markdown)

    async def remove(self, kept: int = 0) -> None:
        """Delete the messages from that part on, and those that are there twice."""
        for part in sorted(part for part in self.parts if part >= kept):
            shown = self.parts[part]
            try:
                await self.delete(shown.ts)
            except DeliveryRefused:
                if not shown.is_stream:
                    raise
                await self._stop(shown)
                await self.delete(shown.ts)
            del self.parts[part]
        while self.surplus:
            try:
                await self.delete(self.surplus[-1])
            except DeliveryRefused as exc:
                log.warning("message stays", reason=str(exc))
            self.surplus.pop()

    async def delete(self, ts: str) -> None:
        """Delete a message; one that is gone is."""
        try:
            await self._sender.call("chat.delete", channel=self._channel, ts=ts)
        except DeliveryRefused as exc:
            if refusal(exc) not in _GONE:
                raise

    # -- calls

    @property
    def _channel(self) -> str:
        return self._sender.address.channel

    def _stop_button(self) -> list[Json]:
        return answer_buttons.stop(self._sender.address, key=self._key, thread=self.thread)

    async def _start(self, part: int, chunk: Json, *, card: bool = False) -> bool:
        """Begin a stream. False: it is better posted."""
        sender, address = self._sender, self._sender.address
        owner = address.owner
        is_possible = sender.has(STREAM) and bool(self.thread) and chunk.get("text") != ""
        if not is_possible or not sender.outbox.pacing.is_free(owner, "chat.startStream"):
            return False
        try:
            sent = await self._create(
                "chat.startStream",
                is_decoration=True,
                channel=self._channel,
                thread_ts=self.thread,
                recipient_user_id=address.user,
                recipient_team_id=address.user_team or address.team,
                chunks=[{"type": "blocks", "blocks": self._stop_button()}, chunk],
            )
        except DeliveryRefused as exc:
            if refusal(exc) in UNKNOWN | _CHUNKS or refusal(exc).startswith("missing_recipient"):
                sender.close(CARDS if card and refusal(exc) in _CHUNKS else STREAM)
                return False
            raise
        self.parts[part] = Shown(str(sent["ts"]), is_stream=True, is_card=card, began=self._clock())
        return True

    async def _stop(self, shown: Shown) -> None:
        """End a stream; one that Slack has ended is."""
        part = next((part for part, one in self.parts.items() if one is shown), 0)
        try:
            await self._sender.call(
                "chat.stopStream", channel=self._channel, ts=shown.ts, metadata=metadata(self._key, part)
            )
        except DeliveryRefused as exc:
            if refusal(exc) not in _NO_STREAM | _GONE:
                raise
        shown.is_stream = shown.is_card = False

    async def _put(self, part: int, wanted: list[Json], markdown: str, *, is_decoration: bool = False) -> None:
        """Post a message, or edit the one that is there."""
        shown = self.parts.get(part)
        if shown is not None and _same(shown.blocks, wanted):
            return
        try:
            ts = await self._send(part, shown, wanted, markdown, is_decoration=is_decoration)
        except DeliveryRefused as exc:
            if refusal(exc) not in _BLOCKS:
                raise
            plain = blocks(markdown, is_plain=True) + [block for block in wanted if block["type"] == "actions"]
            ts = await self._send(part, shown, plain, markdown, is_decoration=is_decoration)
        self.parts[part] = Shown(ts, blocks=wanted)

    async def _send(
        self, part: int, shown: Shown | None, wanted: list[Json], markdown: str, *, is_decoration: bool
    ) -> str:
        body: Json = {
            "channel": self._channel,
            "text": fallback(markdown) or " ",
            "blocks": wanted,
            "metadata": metadata(self._key, part),
        }
        if shown is not None:
            try:
                await self._edit(shown, body, is_decoration=is_decoration)
            except DeliveryRefused as exc:
                if refusal(exc) not in _GONE | _FIXED:
                    raise
                self.parts.pop(part, None)
                if refusal(exc) in _FIXED:
                    self.surplus.append(shown.ts)
            else:
                return shown.ts
        sent = await self._create(
            "chat.postMessage",
            is_decoration=is_decoration,
            thread_ts=self.thread or None,
            unfurl_links=False,
            unfurl_media=False,
            **body,
        )
        return str(sent["ts"])

    async def _edit(self, shown: Shown, body: Json, *, is_decoration: bool) -> None:
        try:
            await self._sender.call("chat.update", is_decoration=is_decoration, ts=shown.ts, **body)
        except DeliveryRefused as exc:
            if refusal(exc) != "streaming_state_conflict":
                raise
            await self._stop(shown)  # a stream that an earlier try has begun
            await self._sender.call("chat.update", ts=shown.ts, **body)

    async def _create(self, method: str, **params: Any) -> Json:
        """Make a message. Until it is known whether that was done, `is_sure` is not."""
        self.is_sure = False
        try:
            sent = await self._sender.call(method, **params)
        except DeliveryError as exc:
            self.is_sure = not is_unclear(exc)
            raise
        self.is_sure = True
        self._posted()
        return sent


def _same(before: list[Json], after: list[Json]) -> bool:
    """Whether two lists of blocks show the same; ids of blocks are new each time."""
    return bool(before) and [_bare(block) for block in before] == [_bare(block) for block in after]


def _bare(block: Json) -> Json:
    return {name: value for name, value in block.items() if name != "block_id"}
