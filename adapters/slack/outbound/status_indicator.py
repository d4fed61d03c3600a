"""The status that Slack shows beside a thread while an answer is made. Needs no message; its failure is ignored."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

import structlog

from adapters.slack.connection.feature_gates import SESSION, STATUS, UNSUPPORTED
from adapters.slack.connection.web_api import WebApi, is_outcome_unknown, refusal_code
from bot.errors import DeliveryDelayed, DeliveryRefused, StoreError
from bot.i18n import translate
from bot.ports import always_owned

log = structlog.get_logger(__name__)


class StatusIndicator:
    """The status of one answer; a message in the thread removes it."""

    def __init__(self, api: WebApi) -> None:
        self._api = api
        self._timing = api.services.timing
        self._text = ""
        self._set_at = 0.0
        self._timer: asyncio.TimerHandle | None = None  # a task, mostly cancelled, would cost far more
        self._announcement: asyncio.Task[None] | None = None
        self._session: asyncio.Task[None] | None = None
        self._may_have_session = False
        self._may_be_set = False

    def note_retry(self) -> None:
        """Note that an earlier try, perhaps of another process, may have set a status and started a session."""
        self._may_have_session = self._may_be_set = True

    def is_available(self, thread: str) -> bool:
        """Whether a thread can have a status."""
        return bool(thread) and self._api.is_enabled(STATUS)

    def announce(self, thread: str) -> None:
        """Set a first status after a moment, in the background; not if the answer is there before."""
        if self._timer is None and self.is_available(thread):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._timing.announce_delay, self._begin_announcement, thread)

    def _begin_announcement(self, thread: str) -> None:
        self._announcement = self._api.services.background.start(self._announce(thread))

    async def _announce(self, thread: str) -> None:
        self.start_session(thread)
        with suppress(StoreError):
            await self.set(thread, translate("slack.thinking", self._api.target.locale))

    async def end_announcement(self) -> None:
        """Cancel the first status, or wait for it, so that it does not come after what is shown next."""
        if self._timer is not None:
            self._timer.cancel()
        if self._announcement is not None and not self._announcement.done():
            await asyncio.wait({self._announcement}, timeout=self._timing.status_patience)

    def start_session(self, thread: str) -> None:
        """In the agent view, start a session in the background: Slack shows a Stop button meanwhile."""
        if self._session is None and self._api.target.surface == "agent" and thread:
            self._session = self._api.services.background.start(self._start_session(thread))

    async def _start_session(self, thread: str) -> None:
        with suppress(DeliveryDelayed, StoreError):
            self._may_have_session |= await self._set_session(self._api, thread, "processing", best_effort=True)

    async def _set_session(self, api: WebApi, thread: str, status: str, *, best_effort: bool) -> bool:
        """Set the session's status. False: Slack refuses, or was not asked."""
        if not api.is_enabled(SESSION):
            return False
        try:
            await api.call(
                "agents.sessions.setStatus",
                best_effort=best_effort,
                channel_id=api.target.channel,
                thread_ts=thread,
                status=status,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                api.disable(SESSION)
            return False
        except DeliveryDelayed as exc:
            if is_outcome_unknown(exc):
                return True
            raise
        return True

    async def set(self, thread: str, text: str, details: str = "") -> None:
        """Set the status, unless the same was set recently. Raises `StoreError` when nothing can be sent at all."""
        now = time.monotonic()
        if text == self._text and now - self._set_at < self._timing.status_lifetime:
            return
        status = " · ".join(filter(None, (text, details)))
        try:
            is_set = await self._set_status(self._api, thread, status, best_effort=True)
        except DeliveryDelayed as exc:
            self._may_be_set |= is_outcome_unknown(exc)
        else:
            self._text, self._set_at = (text, now) if is_set else (self._text, self._set_at)
            self._may_be_set |= is_set

    async def _set_status(self, api: WebApi, thread: str, status: str, *, best_effort: bool) -> bool:
        """Set or remove the status. False: Slack refuses."""
        try:
            await api.call(
                "assistant.threads.setStatus",
                best_effort=best_effort,
                channel_id=api.target.channel,
                thread_ts=thread,
                status=status,
                loading_messages=[status] if status else None,
            )
        except DeliveryRefused as exc:
            if refusal_code(exc) in UNSUPPORTED:
                api.disable(STATUS)
            return False
        return True

    def invalidate(self) -> None:
        """Note that a message in the thread removed the status."""
        self._text = ""
        self._may_be_set = False

    async def clear(self, thread: str) -> None:
        """Remove the status where no message has, and end the session. Under load it goes on in the background."""
        sending = {task for task in (self._announcement, self._session) if task is not None and not task.done()}
        if sending or self._must_clear(thread) or self._must_end(thread):
            clearing = self._api.services.background.start(self._clear(thread, sending))
            await asyncio.wait({clearing}, timeout=self._timing.status_patience)

    def _must_clear(self, thread: str) -> bool:
        return self._may_be_set and self.is_available(thread)

    def _must_end(self, thread: str) -> bool:
        return self._may_have_session and self._api.target.surface == "agent" and bool(thread)

    async def _clear(self, thread: str, sending: Collection[asyncio.Task[None]]) -> None:
        """Remove status and session, however long it takes: left over, they say that an answer is still being made.

        Also after the event was completed, when nobody owns it any more. `sending`: on their way, to be waited for.
        """
        api = replace(self._api, confirm=always_owned)
        if sending:
            await asyncio.wait(sending)
        for pause in (*self._timing.status_removals, None):
            try:
                if self._must_clear(thread):
                    await self._set_status(api, thread, "", best_effort=False)
                    self.invalidate()
                if self._must_end(thread):
                    await self._set_session(api, thread, "active", best_effort=False)
                    self._may_have_session = False
            except (DeliveryDelayed, StoreError) as exc:
                if pause is None:
                    log.warning("status not removed", reason=str(exc))
                else:
                    retry_after = exc.retry_after if isinstance(exc, DeliveryDelayed) else None
                    await asyncio.sleep(max(pause, retry_after or 0.0))
            else:
                return
