"""The thread of one answer, and its messages: begun, and found again where an earlier try has got anywhere."""

import asyncio
import time

import structlog

from adapters.slack.connection.web_api import WebApi, is_outcome_unknown
from adapters.slack.outbound.answer_files import AnswerFiles
from adapters.slack.outbound.messages import AnswerMessages, PostedMessage
from adapters.slack.outbound.parent import post_parent
from adapters.slack.outbound.recovery import find_existing, find_parent
from bot.errors import DeliveryError, DeliveryRefused

log = structlog.get_logger(__name__)


class AnswerThread:
    """The place of an answer's messages. `SlackDraft` shows them."""

    messages: AnswerMessages
    _api: WebApi
    _key: str
    _ref: str  #: ts of the first message, as an earlier try has stored it; "": it had none
    _files: AnswerFiles | None = None  #: made when there are any

    def _answer_files(self) -> AnswerFiles:
        self._files = self._files or AnswerFiles(self.messages, key=self._key)
        return self._files

    async def _begin_thread(self) -> None:
        """Post the message that a thread begins with."""
        messages = self.messages
        messages.is_state_known = False
        try:
            sent = await post_parent(self._api, self._key)
        except DeliveryError as exc:
            messages.is_state_known = not is_outcome_unknown(exc)
            raise
        finally:
            messages.note_change()
        messages.is_state_known = True
        messages.thread = str(sent["ts"])
        await self._link_thread()

    async def _find_existing(self) -> None:
        """Find the messages of an earlier try. Those in a thread that can't be read count as absent."""
        target, messages = self._api.target, self.messages
        await asyncio.sleep(messages.changed_at + self._api.services.timing.late_messages - time.monotonic())
        if not messages.thread and target.parent:
            messages.thread = await find_parent(self._api, self._key)
            if messages.thread:
                await self._link_thread()
        try:
            existing = await find_existing(self._api, messages.thread, self._key)
        except DeliveryRefused as exc:
            log.warning("thread not read", reason=str(exc))
            if self._ref:
                messages.parts.setdefault(0, PostedMessage(self._ref))
            messages.is_state_known = True
            return
        messages.restore(existing)
        if self._ref and not existing.messages:
            messages.parts.setdefault(0, PostedMessage(self._ref))
        if existing.files or existing.unnamed or self._files is not None:
            self._answer_files().restore(existing)

    async def _link_thread(self) -> None:
        target, link = self._api.target, self._api.services.link_thread
        await link(target.owner, target.channel, self.messages.thread, target.conversation)
