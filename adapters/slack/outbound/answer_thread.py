"""The thread of one answer, and its messages: begun, and found again where an earlier try has got anywhere."""

import asyncio
import time

import structlog

from adapters.slack.outbound.answer_files import AnswerFiles
from adapters.slack.outbound.messages import AnswerMessages, PostedMessage
from adapters.slack.outbound.parent import post_parent
from adapters.slack.outbound.recovery import find_existing, find_parent
from bot.errors import DeliveryRefused

log = structlog.get_logger(__name__)


class AnswerThread:
    """The place of an answer's messages. `SlackDraft` shows them.

    `ref`: ts of the first message, as an earlier try has stored it; "": it had none.
    """

    def __init__(self, messages: AnswerMessages, *, key: str, ref: str) -> None:
        self._messages = messages
        self._key = key
        self._ref = ref
        self.files: AnswerFiles | None = None  #: made when there are any

    def make_files(self) -> AnswerFiles:
        """Return the files, of which there may be some."""
        self.files = self.files or AnswerFiles(self._messages, key=self._key)
        return self.files

    async def begin(self) -> None:
        """Post the message that a thread begins with."""
        messages = self._messages
        with messages.sending():
            sent = await post_parent(messages.api, self._key)
        messages.thread = str(sent["ts"])
        await self._link()

    async def find_existing(self) -> None:
        """Find the messages of an earlier try. Those in a thread that can't be read count as absent."""
        messages, api = self._messages, self._messages.api
        await asyncio.sleep(messages.changed_at + api.services.timing.late_messages - time.monotonic())
        if not messages.thread and api.target.parent:
            messages.thread = await find_parent(api, self._key)
            if messages.thread:
                await self._link()
        try:
            existing = await find_existing(api, messages.thread, self._key)
        except DeliveryRefused as exc:
            log.warning("thread not read", reason=str(exc))
            if self._ref:
                messages.parts.setdefault(0, PostedMessage(self._ref))
            messages.is_state_known = True
            return
        messages.restore(existing)
        if self._ref and not existing.messages:
            messages.parts.setdefault(0, PostedMessage(self._ref))
        if existing.files or existing.unnamed or self.files is not None:
            self.make_files().restore(existing)

    async def _link(self) -> None:
        target, link = self._messages.api.target, self._messages.api.services.link_thread
        await link(target.owner, target.channel, self._messages.thread, target.conversation)
