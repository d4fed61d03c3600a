"""What Slack shows beside a thread while an answer is made: a line that needs no message. Only decoration."""

import asyncio
import time
from contextlib import suppress

from adapters.slack.connection.feature_gates import SESSION, STATUS, UNKNOWN
from adapters.slack.connection.web_api import Sender, refusal
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError

#: Seconds after which somebody is seen to be at work, where nothing was shown by then: what is answered sooner needs no
#: sign before it, and costs no call.
SOON = 0.35
_STAYS = 20.0  # seconds for which the same status is not told again; Slack takes it away after 120
_PATIENCE = 2.0  # seconds that what was begun may take before the answer goes on without it


class Standing:
    """The status of one answer. A message in the thread takes it away. `is_left`: an earlier try may have begun it."""

    def __init__(self, sender: Sender, *, is_left: bool) -> None:
        self._sender = sender
        self._shown = ""
        self._told = 0.0  # when
        self._announcing: asyncio.Task[None] | None = None
        self._is_telling = False  # the first status is on its way
        self._processing: asyncio.Task[None] | None = None
        self._is_session = is_left

    def is_possible(self, thread: str) -> bool:
        """Whether there is such a thing here."""
        return bool(thread) and self._sender.has(STATUS)

    def announce(self, thread: str, text: str) -> None:
        """Tell a first status soon, unless there is something to see by then. Does not wait for it."""
        if self._announcing is None and self.is_possible(thread):
            self._announcing = self._sender.outbox.errands.start(self._announce(thread, text))

    async def _announce(self, thread: str, text: str) -> None:
        await asyncio.sleep(SOON)
        self._is_telling = True
        self.begin(thread)
        with suppress(StoreError):
            await self.say(thread, text)

    async def settled(self) -> None:
        """The first status must not come after what is shown next."""
        if self._announcing is None or self._announcing.done():
            return
        if not self._is_telling:
            self._announcing.cancel()
        await asyncio.wait({self._announcing}, timeout=_PATIENCE)

    def begin(self, thread: str) -> None:
        """In the agent view: while something is processed Slack shows a Stop button, and tells who pressed it."""
        if self._processing is None and self._sender.address.surface == "agent" and thread:
            self._is_session = True
            self._processing = self._sender.outbox.errands.start(self._session(thread, "processing"))

    async def _session(self, thread: str, status: str) -> None:
        if not self._sender.has(SESSION):
            return
        try:
            await self._sender.call(
                "agents.sessions.setStatus",
                is_decoration=True,
                channel_id=self._sender.address.channel,
                thread_ts=thread,
                status=status,
            )
        except DeliveryRefused as exc:
            if refusal(exc) in UNKNOWN:
                self._sender.close(SESSION)
        except (DeliveryDelayed, StoreError):
            pass

    async def say(self, thread: str, text: str, details: str = "") -> None:
        """Show a status, unless it was shown just now. Raises `StoreError` when nothing can be sent at all."""
        now = time.monotonic()
        if text and text == self._shown and now - self._told < _STAYS:
            return
        told = " · ".join(part for part in (text, details) if part)
        try:
            await self._sender.call(
                "assistant.threads.setStatus",
                is_decoration=True,
                channel_id=self._sender.address.channel,
                thread_ts=thread,
                status=told,
                loading_messages=[told] if told else None,
            )
        except DeliveryRefused as exc:
            if refusal(exc) in UNKNOWN:
                self._sender.close(STATUS)
        except DeliveryDelayed:
            pass
        else:
            self._shown, self._told = text, now

    def taken(self) -> None:
        """A message was shown in the thread."""
        self._shown = ""

    async def clear(self, thread: str) -> None:
        """Take it away where no message has, and the Stop button with it."""
        with suppress(DeliveryError):
            if self._shown:
                await self.say(thread, "")
        if self._processing is not None:
            await asyncio.wait({self._processing}, timeout=_PATIENCE)
        if self._is_session and self._sender.address.surface == "agent" and thread:
            await self._session(thread, "active")
