"""The thread of one answer, and its messages: begun, and found again where an earlier try has got anywhere."""

import asyncio
import time
from dataclasses import dataclass

import structlog

from adapters.slack.outbound.answer_files import AnswerFiles
from adapters.slack.outbound.messages import AnswerMessages, PostedMessage
from adapters.slack.outbound.parent import post_parent
from adapters.slack.outbound.recovery import find_existing, find_parent
from bot.errors import DeliveryRefused

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False, kw_only=True)
class AnswerThread:
    """The place of an answer's messages. `SlackDraft` shows them."""

    messages: AnswerMessages
    key: str
    ref: str  #: ts of the first message, as an earlier try has stored it; "": it had none
    files: AnswerFiles | None = None  #: made when there are any

    def make_files(self) -> AnswerFiles:
        """Return the files, of which there may be some."""
        self.files = self.files or AnswerFiles(self.messages, key=self.key)
        return self.files

    async def begin(self) -> None:
        """Post the message that a thread begins with."""
        messages = self.messages
        with messages.sending():
            sent = await post_parent(messages.api, self.key)
        messages.thread = str(sent["ts"])
        await self._link()

    async def find_existing(self) -> None:
        """Find the messages of an earlier try. Those in a thread that can't be read count as absent."""
        messages, api = self.messages, self.messages.api
        await asyncio.sleep(messages.changed_at + api.services.timing.late_messages - time.monotonic())
        if not messages.thread and api.target.parent:
            messages.thread = await find_parent(api, self.key)
            if messages.thread:
                await self._link()
        try:
            existing = await find_existing(api, messages.thread, self.key)
        except DeliveryRefused as exc:
            log.warning("thread not read", reason=str(exc))
            if self.ref:
                messages.parts.setdefault(0, PostedMessage(self.ref))
            messages.is_state_known = True
            return
        messages.restore(existing)
        if self.ref and not existing.messages:
            messages.parts.setdefault(0, PostedMessage(self.ref))
        if existing.files or existing.unnamed or self.files is not None:
            self.make_files().restore(existing)

    async def _link(self) -> None:
        target, link = self.messages.api.target, self.messages.api.services.link_thread
        await link(target.owner, target.channel, self.messages.thread, target.conversation)
