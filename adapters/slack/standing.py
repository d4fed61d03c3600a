"""What Slack shows beside a thread while an answer is made: a line that needs no message. Only decoration."""

import asyncio
import time
from contextlib import suppress

from adapters.slack.latches import SESSION, STATUS, UNKNOWN
from adapters.slack.sender import Sender, refusal
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused

_STAYS = 20.0  # seconds for which the same status is not told again; Slack takes it away after 120
_PATIENCE = 2.0  # seconds that the first status may take before the answer goes on without it


class Standing:
    """The status of one answer. A message in the thread takes it away."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._shown = ""
        self._told = 0.0  # when
        self.announced: asyncio.Task[None] | None = None  #: telling the first one

    def is_possible(self, thread: str) -> bool:
        """Whether there is such a thing here."""
        return bool(thread) and self._sender.has(STATUS)

    def announce(self, thread: str, text: str) -> asyncio.Task[None] | None:
        """Tell the first status, once, without waiting for it."""
        if self.announced is None and self.is_possible(thread):
            self.announced = asyncio.create_task(self._begin(thread, text))
        return self.announced

    async def _begin(self, thread: str, text: str) -> None:
        await asyncio.gather(self.say(thread, text), self._session(thread, "processing"))

    async def _session(self, thread: str, status: str) -> None:
        """In the agent view: while something is processed Slack shows a Stop button, and tells who pressed it."""
        if self._sender.address.surface != "agent" or not thread or not self._sender.has(SESSION):
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
        except DeliveryDelayed:
            pass

    async def settled(self) -> None:
        """The first status must not come after the answer."""
        if self.announced is not None and not self.announced.done():
            await asyncio.wait({self.announced}, timeout=_PATIENCE)

    async def say(self, thread: str, text: str, details: str = "") -> None:
        """Show a status, unless it was shown just now. Raises `DeliveryError` when nothing can be sent at all."""
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
        """A message was shown."""
        self._shown = ""

    async def clear(self, thread: str) -> None:
        """Take it away where no message does, and the Stop button with it."""
        with suppress(DeliveryError):
            if self._shown:
                await self.say(thread, "")
            await self._session(thread, "active")
