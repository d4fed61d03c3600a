"""The files of one answer: shared once, in one message, and deleted when the answer has others."""

import secrets
from collections.abc import Awaitable, Callable, Sequence

from adapters.slack.outbound.messages import AnswerMessages
from adapters.slack.outbound.recovery import ExistingMessage, ExistingMessages, files_block_prefix
from adapters.slack.outbound.uploads import Upload, delete_files, share_files
from adapters.slack.types import Block

#: What the files of a board are found by, whose text is a message of its own.
FILES_MARK: Block = {"type": "context", "elements": [{"type": "plain_text", "text": "📎"}]}


class AnswerFiles:
    """The files beside an answer's messages. Every method raises `DeliveryError`."""

    def __init__(self, messages: AnswerMessages, *, key: str) -> None:
        self._messages = messages
        self._key = key
        self._shown: list[ExistingMessage] = []
        self._unnamed: list[ExistingMessage] = []  # files that may be this answer's
        self._shared: tuple[tuple[str, int], ...] = ()  # fingerprints of the files that are shared
        self.has_caption = False  #: the files are shown with the blocks that they were shared with

    def restore(self, existing: ExistingMessages) -> None:
        """Take over the files that an earlier try has shared."""
        self._shown, self._unnamed = existing.files, existing.unnamed
        self._shared = self._shown[0].fingerprints if self._shown else ()
        self.has_caption = bool(self._shown)  # by which they were found

    @property
    def is_message_unknown(self) -> bool:
        """Whether this process has shared files whose message it does not know."""
        return bool(self._shared) and not self._shown

    @property
    def is_without_caption(self) -> bool:
        """Whether the files are shared, but not the blocks that were to be shown with them."""
        return bool(self._shared) and not self.has_caption

    async def share(
        self, files: Sequence[Upload], blocks: Sequence[Block], *, recover: Callable[[], Awaitable[None]]
    ) -> None:
        """Share the files once, below `blocks`, and delete those of another answer.

        `recover`: finds what an earlier try has shared, where that is not known.
        """
        fingerprints = tuple(file.fingerprint for file in files)
        await recover()
        if files and any(message.fingerprints == fingerprints for message in self._unnamed):
            self._shared, self.has_caption = fingerprints, False
        if files and self._shared != fingerprints:
            self.has_caption = await self._share(files, [dict(block) for block in blocks])
            self._shared = fingerprints
        current = [message for message in self._shown if files and message.fingerprints == fingerprints][:1]
        for message in self._shown:
            if message not in current:
                await self._messages.delete(message.ts)
                await delete_files(self._messages.api, message.files)
        self._shown = current
        if not files:
            self._shared = ()

    async def _share(self, files: Sequence[Upload], blocks: list[Block]) -> bool:
        messages = self._messages
        if blocks:
            blocks[0]["block_id"] = files_block_prefix(self._key) + secrets.token_hex(4)
        with messages.sending():
            return await share_files(messages.api, messages.thread, files, blocks)
