"""The status that Slack shows beside a thread while an answer is made. Needs no message; its failure is ignored."""

import asyncio
import time
from contextlib import suppress

from adapters.slack.connection.web_api import SESSION, STATUS, UNSUPPORTED, WebApi, refusal_code
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError


class StatusIndicator:
    """The status of one answer; a message in the thread removes it. `is_retry`: an earlier try may have set one."""

    def __init__(self, api: WebApi, *, is_retry: bool) -> None:
        self._api = api
        self._timing = api.services.timing
        self._text = ""
        self._set_at = 0.0
        self._announcement: asyncio.Task[None] | None = None
        self._is_announcing = False  # the first status is being sent
        self._session: asyncio.Task[None] | None = None
        self._has_session = is_retry

    def is_available(self, thread: str) -> bool:
        """Whether a thread can have a status."""
        return bool(thread) and self._api.is_enabled(STATUS)

    def announce(self, thread: str, text: str) -> None:
        """Set a first status after a moment, in the background; not if the answer is there before."""
        if self._announcement is None and self.is_available(thread):
            self._announcement = self._api.services.background.start(self._announce(thread, text))

    async def _announce(self, thread: str, text: str) -> None:
        await asyncio.sleep(self._timing.announce_delay)
        self._is_announcing = True
        self.start_session(thread)
        with suppress(StoreError):
            await self.set(thread, text)

    async def end_announcement(self) -> None:
        """Cancel the first status, or wait for it, so that it does not come after what is shown next."""
        if self._announcement is None or self._announcement.done():
            return
        if not self._is_announcing:
            self._announcement.cancel()
        await asyncio.wait({self._announcement}, timeout=self._timing.status_patience)

    def start_session(self, thread: str) -> None:
        """In the agent view, start a session in the background: Slack shows a Stop button meanwhile."""
        if self._session is None and self._api.target.surface == "agent" and thread:
            self._has_session = True
            self._session = self._api.services.background.start(self._set_session(thread, "processing"))

    async def _set_session(self, thread: str, status: str) -> None:
        if not self._api.is_enabled(SESSION):
            return
        try:
            await self._api.call(
                "agents.sessions.setStatus",
                best_effort=True,
                channel_id=self._api.target.channel,
                thread_ts=thread,
                status=status,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                self._api.disable(SESSION)
        except (DeliveryDelayed, StoreError):
            pass

    async def set(self, thread: str, text: str, details: str = "") -> None:
        """Set the status, unless the same was set recently. Raises `StoreError` when nothing can be sent at all."""
        now = time.monotonic()
        if text and text == self._text and now - self._set_at < self._timing.status_lifetime:
            return
        status = " · ".join(part for part in (text, details) if part)
        try:
            await self._api.call(
                "assistant.threads.setStatus",
                best_effort=True,
                channel_id=self._api.target.channel,
                thread_ts=thread,
                status=status,
                loading_messages=[status] if status else None,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                self._api.disable(STATUS)
        except DeliveryDelayed:
            pass
        else:
            self._text, self._set_at = text, now

    def invalidate(self) -> None:
        """Note that a message in the thread removed the status."""
        self._text = ""

    async def clear(self, thread: str) -> None:
        """Remove the status where no message has, and end the session."""
        with suppress(DeliveryError):
            if self._text:
                await self.set(thread, "")
        if self._session is not None:
            await asyncio.wait({self._session}, timeout=self._timing.status_patience)
        if self._has_session and self._api.target.surface == "agent" and thread:
            await self._set_session(thread, "active")
