"""The status that Slack shows beside a thread while an answer is made. Needs no message; its failure is ignored."""

import asyncio
import time
from contextlib import suppress

import structlog

from adapters.slack.connection.web_api import SESSION, STATUS, UNSUPPORTED, WebApi, is_outcome_unknown, refusal_code
from bot.errors import DeliveryDelayed, DeliveryRefused, StoreError

log = structlog.get_logger(__name__)

_PAUSES = (1.0, 5.0, 20.0, 60.0, 60.0)  # seconds between two tries to remove a status


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
        self._may_have_session = is_retry
        self._may_be_set = is_retry

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
            self._session = self._api.services.background.start(self._start_session(thread))

    async def _start_session(self, thread: str) -> None:
        with suppress(DeliveryDelayed, StoreError):
            self._may_have_session |= await self._set_session(thread, "processing", best_effort=True)

    async def _set_session(self, thread: str, status: str, *, best_effort: bool) -> bool:
        """Set the session's status. False: Slack refuses, or was not asked."""
        if not self._api.is_enabled(SESSION):
            return False
        try:
            await self._api.call(
                "agents.sessions.setStatus",
                best_effort=best_effort,
                channel_id=self._api.target.channel,
                thread_ts=thread,
                status=status,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                self._api.disable(SESSION)
            return False
        except DeliveryDelayed as exc:
            if is_outcome_unknown(exc):
                return True
            raise
        return True

    async def set(self, thread: str, text: str, details: str = "", *, best_effort: bool = True) -> None:
        """Set the status, unless the same was set recently. Raises `StoreError` when nothing can be sent at all."""
        now = time.monotonic()
        if text and text == self._text and now - self._set_at < self._timing.status_lifetime:
            return
        status = " · ".join(part for part in (text, details) if part)
        try:
            await self._api.call(
                "assistant.threads.setStatus",
                best_effort=best_effort,
                channel_id=self._api.target.channel,
                thread_ts=thread,
                status=status,
                loading_messages=[status] if status else None,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                self._api.disable(STATUS)
        except DeliveryDelayed as exc:
            if not best_effort:
                raise
            self._may_be_set |= is_outcome_unknown(exc)
        else:
            self._text, self._set_at = text, now
            self._may_be_set = bool(text)

    def invalidate(self) -> None:
        """Note that a message in the thread removed the status."""
        self._text = ""
        self._may_be_set = False

    async def clear(self, thread: str) -> None:
        """Remove the status where no message has, and end the session. Under load it goes on in the background."""
        if self._session is not None:
            await asyncio.wait({self._session}, timeout=self._timing.status_patience)
        is_agent = self._api.target.surface == "agent"
        must_end = self._may_have_session and is_agent and bool(thread)
        must_clear = self._may_be_set and self.is_available(thread)
        if must_clear or must_end:
            clearing = self._api.services.background.start(self._clear(thread, ends_session=must_end))
            await asyncio.wait({clearing}, timeout=self._timing.status_patience)

    async def _clear(self, thread: str, *, ends_session: bool) -> None:
        """Remove status and session, however long it takes: left over, they say that an answer is still being made."""
        for pause in (*_PAUSES, None):
            try:
                if self._may_be_set and self.is_available(thread):
                    await self.set(thread, "", best_effort=False)
                    self._may_be_set = False
                if ends_session:
                    await self._set_session(thread, "active", best_effort=False)
                    self._may_have_session = False
            except DeliveryDelayed as exc:
                if pause is None:
                    log.warning("status not removed", reason=str(exc))
                else:
                    await asyncio.sleep(max(pause, exc.retry_after or 0.0))
            except StoreError:
                return  # another process has the answer, and removes them
            else:
                return
