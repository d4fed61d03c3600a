"""The messages of one answer: posted or streamed, edited, finalized, deleted."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import structlog

from adapters.slack.connection.errors import GONE_MESSAGE
from adapters.slack.connection.feature_gates import CARDS, STREAM, UNSUPPORTED
from adapters.slack.connection.web_api import WebApi, is_outcome_unknown, is_refused_message, refusal_code
from adapters.slack.outbound.duplicates import confirm_posted
from adapters.slack.outbound.layout import MessagePart, is_same, message_forms, message_metadata
from adapters.slack.outbound.optional_blocks import raise_for_optional_blocks
from adapters.slack.outbound.recovery import ExistingMessages
from adapters.slack.types import Block, Json
from adapters.slack.ui.blocks import BLOCKS, render_blocks
from adapters.slack.ui.buttons import build_stop_button
from adapters.slack.ui.stream_markdown import neutralize, stable_prefix
from bot.errors import DeliveryError, DeliveryRefused

log = structlog.get_logger(__name__)

_BEST_EFFORT_FORMS = 2  #: forms of a growing text that are tried
_CARD_TITLE = 200  # characters of a card's title
#: Errors by which a message can't be edited, such as one that was streamed: another is posted in its place.
_UNEDITABLE = frozenset({"cant_update_message", "edit_window_closed", "streaming_state_conflict", "update_failed"})
_NO_STREAM = frozenset({"message_not_in_streaming_state"})
_REFUSED_CHUNKS = frozenset({"invalid_arguments", "invalid_chunks", "invalid_blocks", "internal_error"})


@dataclass(slots=True)
class PostedMessage:
    """One message in the thread."""

    ts: str
    is_stream: bool = False
    is_card: bool = False
    started_at: float = 0.0  #: of a stream; 0: an earlier try started it
    streamed: str = ""  #: the text that was streamed
    blocks: list[Block] = field(default_factory=list)  #: as far as known
    markdown: str = ""  #: of a text that grows by edits


class AnswerMessages:
    """The messages by part, in one thread. Every method raises `DeliveryError`.

    `on_posted`: called after each new message.
    """

    def __init__(
        self,
        api: WebApi,
        *,
        key: str,
        on_posted: Callable[[], None] = lambda: None,
    ) -> None:
        self.api = api
        self._key = key
        self._on_posted = on_posted
        self._stream_lifetime = api.services.timing.stream_lifetime
        self.thread = ""
        self.parts: dict[int, PostedMessage] = {}
        self.obsolete: list[str] = []  #: ts of messages to delete: duplicates, and those that can't be edited
        #: False while a send is in flight: unknown messages may exist in the thread.
        self.is_state_known = True
        self.changed_at = -math.inf  #: when the last message was sent, on the monotonic clock
        self._card_title = "…"

    def restore(self, existing: ExistingMessages) -> None:
        """Take over the messages that an earlier try has posted."""
        for part, message in existing.texts.items():
            known = self.parts.get(part)
            if known is None or known.ts != message.ts:
                self.parts[part] = PostedMessage(message.ts, is_stream=message.is_streaming)
        self.obsolete += [message.ts for message in existing.duplicates]
        self.is_state_known = True

    def note_change(self) -> None:
        """Take note that a message was sent, or may have been: the history may show it late."""
        self.changed_at = time.monotonic()

    def note_retry(self, *, is_recent: bool) -> None:
        """Note that another process may have sent and edited messages since the last try, lately if `is_recent`."""
        self.is_state_known = False
        for posted in self.parts.values():
            posted.blocks = []
        if is_recent:
            self.note_change()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send something: `is_state_known` is False until it is clear whether Slack has taken it."""
        self.is_state_known = False
        try:
            yield
        except DeliveryError as exc:
            self.is_state_known = not is_outcome_unknown(exc)
            raise
        finally:
            self.note_change()
        self.is_state_known = True

    # -- a growing answer

    async def stream(self, part: int, markdown: str) -> None:
        """Show a text that is not complete yet."""
        posted = self.parts.get(part)
        if posted is not None and posted.is_stream and self._is_continued(posted, markdown):
            await self._stream_rest(part, posted, markdown)
            return
        if posted is not None and posted.is_stream:
            await self._stop_stream(posted)
        text = neutralize(stable_prefix(markdown))
        if posted is None and await self._start_stream(part, {"type": "markdown_text", "text": text}):
            self.parts[part].streamed = text
            return
        if posted is None or posted.markdown != markdown:
            await self.show_growing(part, markdown)
            self.parts[part].markdown = markdown

    def _is_continued(self, posted: PostedMessage, markdown: str) -> bool:
        is_young = time.monotonic() - posted.started_at < self._stream_lifetime
        return is_young and bool(posted.started_at) and neutralize(markdown).startswith(posted.streamed)

    async def _stream_rest(self, part: int, posted: PostedMessage, markdown: str) -> None:
        rest = neutralize(stable_prefix(markdown))[len(posted.streamed) :]
        if not rest:
            return
        chunks: list[Block] = []
        if posted.is_card:
            chunks.append(self._build_task("", "complete"))
        chunks.append({"type": "markdown_text", "text": rest})
        if await self._append(part, posted, chunks):
            posted.streamed += rest
            posted.is_card = False
        else:
            await self.show_growing(part, markdown)

    async def show_growing(self, part: int, markdown: str) -> None:
        """Show a text, or a status where the workspace has no other way, with a Stop button, by an edit."""
        shown = render_blocks(markdown)[: BLOCKS - 1]  # the finished answer takes a message more
        await self._put(part, shown + self._stop_button(), markdown, best_effort=True)

    async def _append(self, part: int, posted: PostedMessage, chunks: list[Block]) -> bool:
        """Append to a stream. False: the message is no stream any more."""
        try:
            await self.api.call(
                "chat.appendStream", best_effort=True, channel=self._channel, ts=posted.ts, chunks=chunks
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in GONE_MESSAGE:
                del self.parts[part]
                return False
            if refusal_code(exc) not in _NO_STREAM and refusal_code(exc) != "msg_too_long":
                raise
            await self._stop_stream(posted)
            return False
        return True

    async def show_card(self, title: str, details: str) -> bool:
        """Show a long job as a card. False: the workspace has no cards, or the answer shows text already."""
        posted = self.parts.get(0)
        if posted is None:
            task = self._build_task(title, "in_progress", details)
            return self.api.is_enabled(CARDS) and await self._start_stream(0, task, is_card=True)
        if not posted.is_card:
            return False
        if time.monotonic() - posted.started_at < self._stream_lifetime:
            return await self._append(0, posted, [self._build_task(title, "in_progress", details)])
        await self._stop_stream(posted)
        return False

    def _build_task(self, title: str, state: str, details: str = "") -> Block:
        self._card_title = title[:_CARD_TITLE] or self._card_title
        task: Block = {"type": "task_update", "id": "job", "title": self._card_title, "status": state}
        return task | ({"details": details} if details else {})

    # -- a complete answer

    async def finalize(self, part: int, content: MessagePart, buttons: list[Block]) -> None:
        """Make a message show exactly this."""
        posted = self.parts.get(part)
        if posted is not None and posted.is_stream:
            try:
                await self._stop_stream(posted)
            except DeliveryRefused as exc:
                if not is_refused_message(exc):
                    raise
                self.obsolete.append(self.parts.pop(part).ts)  # it can't become the answer: another message does
        await self._put(part, content.blocks + buttons, content.markdown)

    async def delete_from(self, count: int = 0) -> None:
        """Delete all but the first `count` messages, and those that are obsolete."""
        for part in sorted(part for part in self.parts if part >= count):
            posted = self.parts[part]
            try:
                await self.delete(posted.ts)
            except DeliveryRefused:
                if not posted.is_stream:
                    raise
                await self._stop_stream(posted)
                await self.delete(posted.ts)
            del self.parts[part]
        while self.obsolete:
            try:
                await self.delete(self.obsolete[-1])
            except DeliveryRefused as exc:
                log.warning("obsolete message not deleted", reason=str(exc))
            self.obsolete.pop()

    async def delete(self, ts: str) -> None:
        """Delete a message, unless it has gone."""
        try:
            await self.api.call("chat.delete", channel=self._channel, ts=ts)
        except DeliveryRefused as exc:
            if refusal_code(exc) not in GONE_MESSAGE:
                raise

    # -- calls

    @property
    def _channel(self) -> str:
        return self.api.target.channel

    def _stop_button(self) -> list[Block]:
        return build_stop_button(self.api.target, self.api.services.core, key=self._key, thread=self.thread)

    async def _start_stream(self, part: int, chunk: Block, *, is_card: bool = False) -> bool:
        """Start a stream. False: the message has to be posted instead."""
        api, target = self.api, self.api.target
        is_possible = api.is_enabled(STREAM) and bool(self.thread) and chunk.get("text") != ""
        if not is_possible or not api.services.rate_limiter.has_capacity(target.owner, "chat.startStream"):
            return False
        try:
            sent = await self._create(
                part,
                "chat.startStream",
                best_effort=True,
                channel=self._channel,
                thread_ts=self.thread,
                recipient_user_id=target.user,
                recipient_team_id=target.user_team or target.team,
                chunks=[{"type": "blocks", "blocks": self._stop_button()}, chunk],
            )
        except DeliveryRefused as exc:
            code = refusal_code(exc)
            if code in UNSUPPORTED | _REFUSED_CHUNKS or code.startswith("missing_recipient"):
                api.disable(CARDS if is_card and code in _REFUSED_CHUNKS else STREAM)
                return False
            raise
        self.parts[part] = PostedMessage(str(sent["ts"]), is_stream=True, is_card=is_card, started_at=time.monotonic())
        return True

    async def _stop_stream(self, posted: PostedMessage) -> None:
        """Stop a stream, unless Slack has."""
        part = next((part for part, message in self.parts.items() if message is posted), 0)
        try:
            await self.api.call(
                "chat.stopStream", channel=self._channel, ts=posted.ts, metadata=message_metadata(self._key, part)
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) not in _NO_STREAM | GONE_MESSAGE:
                raise
        posted.is_stream = posted.is_card = False

    async def _put(self, part: int, blocks: list[Block], markdown: str, *, best_effort: bool = False) -> None:
        """Post a message, or edit the existing one."""
        posted = self.parts.get(part)
        if posted is not None and is_same(posted.blocks, blocks):
            return
        ts = await self._send_simplest(part, posted, blocks, markdown, best_effort=best_effort)
        self.parts[part] = PostedMessage(ts, blocks=blocks)

    async def _send_simplest(
        self, part: int, posted: PostedMessage | None, blocks: list[Block], markdown: str, *, best_effort: bool
    ) -> str:
        """Send the first form that Slack takes; return its ts. Raises its error, or `BlocksRefused`."""
        refusal: DeliveryRefused | None = None
        for form in islice(message_forms(markdown, blocks), _BEST_EFFORT_FORMS if best_effort else None):
            try:
                return await self._send(part, self.parts.get(part), form, best_effort=best_effort)
            except DeliveryRefused as exc:
                if not is_refused_message(exc):
                    raise
                log.warning("message refused", reason=str(exc), code=refusal_code(exc))
                refusal = refusal or exc
                raise_for_optional_blocks(blocks, exc)
        if posted is not None and not best_effort and self.parts.get(part) is posted:
            # It may be that this message can't be edited: another is posted in its place.
            self.obsolete.append(self.parts.pop(part).ts)
            return await self._send_simplest(part, None, blocks, markdown, best_effort=False)
        assert refusal is not None
        raise refusal

    async def _send(self, part: int, posted: PostedMessage | None, form: Block, *, best_effort: bool) -> str:
        body: Block = {"channel": self._channel, **form, "metadata": message_metadata(self._key, part)}
        if posted is not None:
            try:
                await self._edit(posted, body, best_effort=best_effort)
            except DeliveryRefused as exc:
                if refusal_code(exc) not in GONE_MESSAGE | _UNEDITABLE:
                    raise
                self.parts.pop(part, None)
                if refusal_code(exc) in _UNEDITABLE:
                    self.obsolete.append(posted.ts)
            else:
                return posted.ts
        sent = await self._create(
            part,
            "chat.postMessage",
            best_effort=best_effort,
            thread_ts=self.thread or None,
            unfurl_links=False,
            unfurl_media=False,
            **body,
        )
        return str(sent["ts"])

    async def _edit(self, posted: PostedMessage, body: Block, *, best_effort: bool) -> None:
        try:
            await self.api.call("chat.update", best_effort=best_effort, ts=posted.ts, **body)
        except DeliveryRefused as exc:
            if refusal_code(exc) != "streaming_state_conflict":
                raise
            await self._stop_stream(posted)  # a stream that an earlier try has started
            await self.api.call("chat.update", ts=posted.ts, **body)

    async def _create(self, part: int, method: str, **params: Any) -> Json:
        """Create a message."""
        began_at = time.time()
        with self.sending():
            sent = await self.api.call(method, **params)
        if abs(time.time() - began_at) > self.api.services.timing.in_flight:
            self.is_state_known = False
            await confirm_posted(self.api, key=self._key, thread=self.thread, part=part, ts=str(sent["ts"]))
            self.is_state_known = True
        self._on_posted()
        return sent
