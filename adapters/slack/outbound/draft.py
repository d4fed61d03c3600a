"""One answer on its way to Slack: a status, a stream or edits, pieces, files.

What is there of it is found again after a restart (see `traces`), so that finishing twice shows it once.
"""

import asyncio
import secrets
from dataclasses import replace

import structlog

from adapters.kit import progress
from adapters.slack.connection.feature_gates import CAPTION
from adapters.slack.connection.web_api import Outbox, Sender, is_shut_out, is_unclear, metadata
from adapters.slack.outbound.ephemeral import direct, whisper
from adapters.slack.outbound.layout import Plan, plan
from adapters.slack.outbound.messages import Messages, Shown
from adapters.slack.outbound.pieces import Piece, cuts
from adapters.slack.outbound.recovery import REQUEST, Trace, files_id, parent, traces
from adapters.slack.outbound.status_indicator import Standing
from adapters.slack.outbound.uploads import share, unshare
from adapters.slack.reply_target import Address
from adapters.slack.ui.answer_buttons import buttons
from adapters.slack.ui.blocks import blocks, fallback
from adapters.slack.ui.rich_text import Json
from bot.errors import DeliveryError, DeliveryRefused
from bot.i18n import translate
from bot.models import Answer, Status

log = structlog.get_logger(__name__)

#: Seconds after which a job without progress is shown as a card as well.
_LONG = 15.0
_LATE = 1.5  # seconds that shared files get to be shown, before they are shared again


class SlackDraft:
    """One answer of one event. Its ref is `<thread>/<message>`, both a ts."""

    def __init__(self, outbox: Outbox, address: Address, *, key: str, ref: str | None, private: bool) -> None:
        self._sender = Sender(outbox, address)
        self._key = key
        self._is_private = (private or bool(address.private)) and not address.is_dm
        self._standing = Standing(self._sender, is_left=ref is not None)
        self._messages = Messages(self._sender, key=key, posted=self._standing.taken)
        thread, _, message = (ref or "").partition("/")
        self._messages.thread = thread or address.thread
        self._ref = message
        self._messages.is_sure = ref is None  # else an earlier try may have got anywhere
        self._files: list[Trace] = []
        self._unnamed: list[Trace] = []  # files that may be this answer's
        self._shared: tuple[tuple[str, int], ...] = ()  # marks of the files that are shown
        self._whispered: Answer | None = None
        self._note = ""  #: why it is not shown where it was asked
        self._may_have_shared = ref is not None  # an earlier try, and it may be too early to see it
        self._is_text_shown = False
        self._writing = asyncio.Lock()

    @property
    def ref(self) -> str:
        """Thread and message; "" before anything is posted."""
        shown = self._messages.parts.get(0)
        ts = shown.ts if shown is not None else self._ref
        is_begun = ts or self._messages.thread != self._address.thread
        return f"{self._messages.thread}/{ts}" if is_begun else ""

    @property
    def _address(self) -> Address:
        return self._sender.address

    # -- while it is made

    def announce(self) -> None:
        """Show soon that somebody is at work, where that needs no message. Does not wait for it."""
        if not self._is_private:
            self._standing.announce(self._messages.thread, translate("slack.thinking", self._address.locale))

    async def status(self, status: Status) -> None:
        """Show what is being done: beside the thread, as a card when it takes long, at last in a message."""
        if self._is_private:
            return
        async with self._writing:
            await self._begun()
            details, thread = " · ".join(progress.facts(status)), self._messages.thread
            self._standing.begin(thread)
            is_long = status.progress is not None or status.elapsed >= _LONG
            if is_long and await self._messages.card(status.text, details):
                return
            if self._standing.is_possible(thread):
                await self._standing.say(thread, status.text, details)
            if not self._standing.is_possible(thread) and not self._is_text_shown:
                await self._messages.note(f"_{' · '.join((status.text, *progress.facts(status)))}_")

    async def write(self, text: str) -> None:
        """Show the text so far: complete messages as they will stay, the last one as it grows."""
        if self._is_private or not text.strip():
            return
        async with self._writing:
            await self._begun()
            self._standing.begin(self._messages.thread)
            *full, last = cuts(text) if len(text) > _SHORT else [text]
            for part, markdown in enumerate(full):
                await self._messages.grow(part, markdown)
            await self._messages.grow(len(full), last)
            self._is_text_shown = True

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer. Safe to repeat."""
        async with self._writing:
            await self._standing.settled()
            if answer.is_empty:
                await self._withdraw()
            elif (answer.private or self._is_private) and not self._address.is_dm:
                await self._whisper(answer)
            else:
                try:
                    await self._deliver(answer)
                except DeliveryRefused as exc:
                    if not is_shut_out(exc) or self._address.is_dm:
                        raise
                    await self._direct(answer, translate("slack.shut_out", self._address.locale))
            await self._standing.clear(self._messages.thread)

    # -- steps

    async def _deliver(self, answer: Answer) -> None:
        await self._begun()
        noted = "\n\n".join(part for part in (self._note, answer.text) if part)
        shown = await plan(replace(answer, text=noted), self._address.locale)
        if shown.is_caption and self._sender.has(CAPTION):
            await self._share(shown, answer, [block for piece in shown.texts for block in piece.blocks])
            if self._sender.has(CAPTION):
                await self._messages.remove()
                return
        await self._show(shown, answer)

    async def _show(self, shown: Plan, answer: Answer) -> None:
        """Texts first, then the files; the buttons under what comes last and takes them."""
        under_files = bool(shown.files) and self._sender.has(CAPTION)
        texts = shown.texts
        if not texts and answer.actions and not under_files:
            texts = [Piece(" ", [])]
        for part, piece in enumerate(texts):
            is_last = part == len(texts) - 1 and not under_files
            await self._messages.settle(part, piece, self._buttons(answer) if is_last else [])
        await self._messages.remove(len(texts))
        await self._share(shown, answer, [])

    async def _share(self, shown: Plan, answer: Answer, caption: list[Json]) -> None:
        """Share the files, once, and take away those of another answer."""
        if shown.files and self._shared != shown.marks and self._may_have_shared and not self._files:
            await asyncio.sleep(_LATE)
            await self._look()
        self._may_have_shared = False
        if shown.files and any(trace.files == shown.marks for trace in self._unnamed):
            self._shared = shown.marks
        if shown.files and self._shared != shown.marks:
            self._messages.is_sure = False
            under = [dict(block) for block in (*caption, *self._buttons(answer))]
            if under:
                under[0]["block_id"] = files_id(self._key) + secrets.token_hex(4)
            try:
                await share(self._sender, self._messages.thread, shown.files, under)
            except DeliveryError as exc:
                self._may_have_shared = is_unclear(exc)
                self._messages.is_sure = not self._may_have_shared
                raise
            self._messages.is_sure = True
            self._shared = shown.marks
        kept = [trace for trace in self._files if shown.files and trace.files == shown.marks][:1]
        for trace in self._files:
            if trace not in kept:
                await self._messages.delete(trace.ts)
                await unshare(self._sender, trace.ids)
        self._files = kept
        if not shown.files:
            self._shared = ()

    async def _withdraw(self) -> None:
        """Nothing is to be shown any more."""
        if self._shared and not self._files:  # shared by this process: their message is not known yet
            self._messages.is_sure = False
        await self._known()
        await self._messages.remove()
        await self._share(Plan([], [], is_caption=False), Answer(), [])

    async def _whisper(self, answer: Answer) -> None:
        if self._whispered == answer:
            return
        await self._withdraw()
        thread = self._messages.thread
        if self._address.parent and not self._address.thread and thread:
            await self._messages.delete(thread)  # who asked what, of a request that has no answer for everybody
            self._messages.thread = thread = ""
        if answer.media:
            await self._direct(answer, "")
        elif not await whisper(self._sender, answer, key=self._key, thread=thread):
            await self._direct(answer, translate("slack.shut_out", self._address.locale))
        self._whispered = answer

    async def _direct(self, answer: Answer, note: str) -> None:
        """Answer in the direct messages of the asker."""
        log.info("answer goes to direct messages", event_id=self._key)
        self._sender = await direct(self._sender)
        self._messages = Messages(self._sender, key=self._key)
        self._messages.is_sure = False
        self._files, self._unnamed, self._shared = [], [], ()
        self._note = note
        await self._deliver(answer)

    # -- what is there

    async def _begun(self) -> None:
        """What is there is known, and there is a thread to write to."""
        await self._standing.settled()
        await self._known()
        address, messages = self._address, self._messages
        if messages.thread or not address.parent:
            return
        messages.is_sure = False
        try:
            sent = await self._sender.call(
                "chat.postMessage",
                channel=address.channel,
                text=fallback(address.parent, names=(address.user,)),
                blocks=blocks(address.parent, names=(address.user,)),
                metadata=metadata(self._key, 0, REQUEST),
                unfurl_links=False,
                unfurl_media=False,
            )
        except DeliveryError as exc:
            messages.is_sure = not is_unclear(exc)
            raise
        messages.is_sure = True
        messages.thread = str(sent["ts"])
        await self._sender.outbox.roots.put(address.owner, address.channel, messages.thread, address.conversation)

    async def _known(self) -> None:
        if not self._messages.is_sure:
            await self._look()

    async def _look(self) -> None:
        """Find what an earlier try has left. What can't be read is taken for not there."""
        address, messages = self._address, self._messages
        if not messages.thread and address.parent:
            messages.thread = await parent(self._sender, self._key)
            if messages.thread:
                roots = self._sender.outbox.roots
                await roots.put(address.owner, address.channel, messages.thread, address.conversation)
        try:
            found = await traces(self._sender, messages.thread, self._key)
        except DeliveryRefused as exc:
            log.warning("thread not read", reason=str(exc))
            if self._ref:
                messages.parts.setdefault(0, Shown(self._ref))
            messages.is_sure = True
            return
        messages.adopt(found)
        if self._ref and not found.messages:
            messages.parts.setdefault(0, Shown(self._ref))
        self._files, self._unnamed = found.files, found.unnamed
        self._shared = self._files[0].files if self._files else ()

    def _buttons(self, answer: Answer) -> list[Json]:
        return buttons(answer.actions, self._address, key=self._key, thread=self._messages.thread)


#: Characters of a text that is surely one message.
_SHORT = 4000
