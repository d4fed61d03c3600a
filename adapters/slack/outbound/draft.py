"""One answer while it is made and delivered: a status, a stream or edits, messages, files.

Messages that an earlier try has posted are found again (see `recovery`), so that finishing twice shows an answer once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from adapters.kit.connection.fenced_connector import NewestConfirm
from adapters.kit.texts import progress
from adapters.kit.texts.missing_files import replace_missing_files
from adapters.slack.connection.feature_gates import CAPTION, FEEDBACK
from adapters.slack.connection.web_api import (
    DeliveryServices,
    WebApi,
    is_forbidden_channel,
    is_refused_message,
    refusal_code,
)
from adapters.slack.connection.workspaces import is_direct
from adapters.slack.outbound.answer_files import FILES_MARK
from adapters.slack.outbound.answer_thread import AnswerThread
from adapters.slack.outbound.ephemeral import can_show, delete_pressed_error, open_dm, post_ephemeral, post_sentence
from adapters.slack.outbound.layout import (
    AnswerLayout,
    MessagePart,
    layout_as_file,
    layout_for,
    layout_without_files,
    split_growing,
)
from adapters.slack.outbound.messages import AnswerMessages
from adapters.slack.outbound.optional_blocks import BlocksRefused, OmittedBlocks
from adapters.slack.outbound.recovery import is_long_finished
from adapters.slack.outbound.status_indicator import StatusIndicator
from adapters.slack.outbound.uploads import UploadsRefused
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import Block
from adapters.slack.ui.buttons import build_actions
from bot.errors import DeliveryRefused
from bot.i18n import translate
from bot.models import Answer, Status

log = structlog.get_logger(__name__)


class SlackDraft:
    """One answer of one event. Its ref is `<thread>/<message>`, both a ts, and `/<time of its end>`."""

    def __init__(
        self, services: DeliveryServices, target: ReplyTarget, *, key: str, ref: str | None, private: bool
    ) -> None:
        self.ownership = NewestConfirm()
        self._api = WebApi(services, target, self.ownership)
        self._key = key
        self._timing = services.timing
        self._is_private = (private or bool(target.private)) and not target.is_dm
        self.indicator = StatusIndicator(self._api)
        self.messages = AnswerMessages(self._api, key=key, on_posted=self.indicator.invalidate)
        self.finished_at = ""  #: part of the ref, where several processes run
        thread, message = f"{ref or ''}//".split("/")[:2]
        self.messages.thread = thread or target.thread
        self._thread = AnswerThread(messages=self.messages, key=key, ref=message)
        self._ref = message
        self.messages.is_state_known = ref is None  # else an earlier try may have got anywhere
        self._known_states = services.known_states
        is_known = self._known_states.get(key)
        if ref is not None and not is_known:  # another process, or an earlier try, may have had a message on its way
            is_recent = is_known is not None or (services.core.has_peers and not is_long_finished(ref))
            self.messages.changed_at = time.monotonic() if is_recent else services.started_at
        self._posted_ephemeral: Answer | None = None
        self._omitted: frozenset[str] = frozenset()  #: features that the answer goes without for a try
        self._note = ""  #: why the answer is not where it was asked for
        self._must_repost = False  #: the message with the place in the queue goes: others may have come after it
        self._has_text = self._has_said_waiting = self._has_said_refused = False
        self._lock = asyncio.Lock()

    @property
    def ref(self) -> str:
        """Thread and message; "" before anything is posted."""
        ts = self.messages.parts[0].ts if 0 in self.messages.parts else self._ref
        is_begun = ts or self.messages.thread != self._target.thread
        return f"{self.messages.thread}/{ts}{self.finished_at}" if is_begun else ""

    @property
    def _target(self) -> ReplyTarget:
        return self._api.target

    @asynccontextmanager
    async def _step(self) -> AsyncIterator[None]:
        """Hold the lock; remember afterwards whether all messages of the answer are known."""
        async with self._lock:
            self._known_states[self._key] = False
            try:
                yield
            finally:
                self._known_states[self._key] = self.messages.is_state_known

    # -- while it is made

    def announce(self) -> None:
        """Show after a moment that an answer is being made, where that needs no message. Returns at once."""
        if not self._is_private:
            self.indicator.announce(self.messages.thread)

    async def status(self, status: Status) -> None:
        """Show a status: beside the thread; as a card when the job is long; as a message where it has to stay."""
        if self._is_private:
            if status.is_waiting and not self._has_said_waiting:
                self._has_said_waiting = True
                await post_sentence(self._api, status.text, key=self._key, thread=self.messages.thread)
            return
        async with self._step():
            await self._prepare()
            facts, thread = progress.facts(status), self.messages.thread
            self.indicator.start_session(thread)
            if status.is_waiting and not self._has_text:
                await self.messages.show_growing(0, f"_{status.text}_")
                return
            is_long = status.progress is not None or status.elapsed >= self._timing.card_after
            if is_long and await self.messages.show_card(status.text, " · ".join(facts)):
                return
            if self.indicator.is_available(thread):
                await self.indicator.set(thread, status.text, " · ".join(facts))
            if not self.indicator.is_available(thread) and not self._has_text:
                await self.messages.show_growing(0, f"_{' · '.join((status.text, *facts))}_")

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        """Show a request's place in the queue: beside the thread, else as a message."""
        if self._is_private:
            return
        async with self._step():
            await self.indicator.end_announcement()
            thread, has_message = self.messages.thread, follows or bool(self.messages.parts)
            if not has_message and self.indicator.is_available(thread):
                await self.indicator.set(thread, text)
            if has_message or not self.indicator.is_available(thread):
                await before_message()
                follows, self._must_repost = follows or self._must_repost, False
                await self._prepare()
                await self.messages.show_growing(0, f"_{text}_")
                self._must_repost = follows

    async def write(self, text: str) -> None:
        """Show the text so far: complete messages as they will stay, the last one as it grows."""
        if self._is_private or not text.strip():
            return
        async with self._step():
            await self._prepare()
            self.indicator.start_session(self.messages.thread)
            for part, markdown in enumerate(split_growing(text)):
                await self.messages.stream(part, markdown)
            self._has_text = True

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer. Safe to repeat."""
        self.finished_at = ""
        locale = self._target.locale
        answer = await replace_missing_files(answer, lambda name: translate("answer.file_gone", locale, name=name))
        async with self._step():
            await self.indicator.end_announcement()
            if answer.is_empty:
                await self._remove()
            else:
                try:
                    await self._show_in_place(answer)
                except DeliveryRefused as exc:
                    if not is_refused_message(exc):
                        raise
                    await self._fall_back(answer, exc)
            await self.indicator.clear(self.messages.thread)
            if self._target.pressed_error:
                await delete_pressed_error(self._api, answer)
        if self._api.services.core.has_peers and self.messages.is_state_known:
            self.finished_at = f"/{time.time():.0f}"

    # -- steps

    async def _show_in_place(self, answer: Answer) -> None:
        """Show the answer where it was asked for; in direct messages where the bot may not write there."""
        if self._is_for_one(answer):
            await self._post_ephemeral(answer)
            return
        try:
            await self._deliver(answer)
        except DeliveryRefused as exc:
            if not is_forbidden_channel(exc) or self._target.is_dm:
                raise
            if answer.private:
                await self._post_ephemeral(answer)
            else:
                await self._deliver_in_dm(answer, self._reason_elsewhere())

    def _is_for_one(self, answer: Answer) -> bool:
        return self._is_private or self._target.is_for_one(answer)

    async def _fall_back(self, answer: Answer, refusal: DeliveryRefused) -> None:
        """Show an answer that no message can show as a file; else say in private that there is one.

        Raises the refusal where the person has not got the answer.
        """
        log.warning("answer refused", reason=str(refusal), code=refusal_code(refusal))
        if answer.text and not self._is_for_one(answer):
            try:
                await self._show_as_file(answer)
            except DeliveryRefused as exc:
                log.warning("file refused", reason=str(exc), code=refusal_code(exc))
            else:
                return
        with suppress(DeliveryRefused):
            await self._remove()
        await self._say_refused(refusal)
        raise refusal

    async def _show_as_file(self, answer: Answer) -> None:
        await self._prepare()
        await self._share(await layout_as_file(answer), answer)
        await self.messages.delete_from()

    async def _say_refused(self, refusal: DeliveryRefused) -> None:
        """Tell the person privately that Slack refuses the answer: where they asked, else in direct messages."""
        if self._has_said_refused:
            return
        text = translate("slack.refused_answer", self._target.locale, reason=refusal_code(refusal))
        await post_sentence(self._api, text, key=self._key, thread=self.messages.thread)
        self._has_said_refused = True

    async def _deliver(self, answer: Answer) -> None:
        """Show the answer, without the kinds of blocks that Slack does not take."""
        omitted: OmittedBlocks | None = None
        self._omitted = frozenset()
        while True:
            try:
                await self._deliver_once(answer)
                break
            except BlocksRefused as exc:
                omitted = omitted or OmittedBlocks()
                if not omitted.omit_more(exc):
                    raise
                self._omitted = omitted.features
        for feature in self._omitted:
            self._api.disable(feature)

    async def _deliver_once(self, answer: Answer) -> None:
        await self._prepare()
        noted = replace(answer, text="\n\n".join(filter(None, (self._note, answer.text)))) if self._note else answer
        layout = await layout_for(self._api, noted, omitted=self._omitted)
        try:
            if layout.is_caption and not answer.is_board and self._api.is_enabled(CAPTION):
                await self._share(layout, answer, caption=[block for part in layout.texts for block in part.blocks])
                if self._thread.make_files().has_caption:
                    await self.messages.delete_from()
                    return
            await self._show(layout, answer)
        except UploadsRefused as exc:
            log.warning("no files taken", reason=str(exc), code=refusal_code(exc))
            await self._show(layout_without_files(noted, exc.reason, self._target.locale), answer)

    async def _show(self, layout: AnswerLayout, answer: Answer) -> None:
        """Show texts first, then the files; the buttons are under the last message that can have them."""
        can_caption = bool(layout.files) and not answer.is_board and self._api.is_enabled(CAPTION)
        under_files = can_caption and not self._thread.make_files().is_without_caption
        await self._show_texts(layout, answer, under_files=under_files)
        await self._share(layout, answer)
        if under_files and self._thread.make_files().is_without_caption:
            await self._show_texts(layout, answer, under_files=False)

    async def _show_texts(self, layout: AnswerLayout, answer: Answer, *, under_files: bool) -> None:
        texts = layout.texts or ([MessagePart(" ", [])] if answer.actions and not under_files else [])
        for number, part in enumerate(texts):
            is_last = number == len(texts) - 1 and not under_files
            await self.messages.finalize(number, part, self._build_actions(answer, FEEDBACK) if is_last else [])
        await self.messages.delete_from(len(texts))

    async def _share(self, layout: AnswerLayout, answer: Answer, *, caption: Sequence[Block] = ()) -> None:
        if not layout.files and self._thread.files is None:
            await self._recover()  # which may find files of an earlier try
        if layout.files or self._thread.files is not None:
            blocks = [*caption, *([FILES_MARK] if answer.is_board else self._build_actions(answer))]
            await self._thread.make_files().share(layout.files, blocks, recover=self._recover)

    async def _remove(self) -> None:
        """Delete everything that was shown."""
        if self._thread.files is not None and self._thread.files.is_message_unknown:
            self.messages.is_state_known = False
        await self._recover()
        await self.messages.delete_from()
        await self._share(AnswerLayout([], [], is_caption=False), Answer())

    async def _post_ephemeral(self, answer: Answer) -> None:
        if self._posted_ephemeral == answer:
            return
        is_in_channel = bool(self._target.channel)  # else direct messages are the place that was chosen
        if is_in_channel:
            await self._remove()
        thread = self.messages.thread
        if self._target.parent and not self._target.thread and thread:
            await self.messages.delete(thread)  # the parent of a request that has no answer for everybody
            self.messages.thread = thread = ""
        if not is_in_channel or not can_show(answer):
            note = translate("slack.too_long", self._target.locale) if is_in_channel and not answer.media else ""
            await self._deliver_in_dm(answer, note)
        elif not await post_ephemeral(self._api, answer, key=self._key, thread=thread):
            await self._deliver_in_dm(answer, self._reason_elsewhere())
        self._posted_ephemeral = answer

    def _reason_elsewhere(self) -> str:
        """Return why the answer is not where it was asked for; nobody can invite the bot where two people talk."""
        is_between_people = is_direct(self._target.channel) and not self._target.is_dm
        key = "slack.shut_out_direct" if is_between_people else "slack.shut_out"
        return translate(key, self._target.locale)

    async def _deliver_in_dm(self, answer: Answer, note: str) -> None:
        """Show the answer in the person's direct messages. `note`: the reason, which precedes it."""
        log.info("answer goes to direct messages", event_id=self._key)
        self._api = await open_dm(self._api)
        self.messages = AnswerMessages(self._api, key=self._key)
        self.messages.is_state_known = False
        self._thread = AnswerThread(messages=self.messages, key=self._key, ref=self._ref)
        self._note = note
        await self._deliver(answer)

    def _build_actions(self, answer: Answer, feedback: str = "") -> list[Block]:
        core, key, thread = self._api.services.core, self._key, self.messages.thread
        has_feedback = bool(feedback) and feedback not in self._omitted and self._api.is_enabled(feedback)
        return build_actions(answer.actions, self._target, core, key=key, thread=thread, has_feedback=has_feedback)

    # -- recovery

    async def _prepare(self) -> None:
        """Find existing messages, and make sure that there is a thread to write to."""
        await self.indicator.end_announcement()
        await self._recover()
        if self._must_repost:
            await self.messages.delete_from()
            self._must_repost = False
        if self._target.parent and not self.messages.thread:
            await self._thread.begin()

    async def _recover(self) -> None:
        if not self.messages.is_state_known:
            await self._thread.find_existing()
