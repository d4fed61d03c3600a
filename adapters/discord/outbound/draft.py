"""One answer on its way to Discord: posted at its first sign, edited while it grows, finished."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import (
    ConnectionBroken,
    RequestTooLarge,
    is_refused_message,
    raise_delivery_errors,
    refusal_code,
)
from adapters.discord.interaction_tokens import Acknowledgements, TokenDeadlines
from adapters.discord.outbound import layout
from adapters.discord.outbound.answer_messages import AnswerMessages, AnswerRemoved
from adapters.discord.outbound.channel_messages import ChannelMessages
from adapters.discord.outbound.edit_rate import EditRates, TypingIndicator
from adapters.discord.outbound.fallbacks import layout_as_file
from adapters.discord.outbound.layout import MessagePage
from adapters.discord.outbound.original_response import OriginalResponse
from adapters.discord.outbound.upload_limits import UploadLimits
from adapters.discord.reply_target import ReplyTarget, created_at
from adapters.discord.timing import Timing
from adapters.discord.ui.buttons import RETRY, STOP
from adapters.kit.connection.fenced_connector import fenced
from adapters.kit.texts.missing_files import replace_missing_files
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.i18n import translate
from bot.models import Action, Answer, Status
from bot.ports import AdapterServices, Confirm, always_owned
from bot.values import valueclass

log = structlog.get_logger(__name__)


@valueclass(frozen=True, slots=True, kw_only=True)
class DeliveryServices:
    """The objects that all drafts of an adapter share."""

    client: DiscordClient
    core: AdapterServices
    acknowledgements: Acknowledgements
    deadlines: TokenDeadlines
    edit_rates: EditRates
    typing: TypingIndicator
    upload_limits: UploadLimits
    timing: Timing


class DiscordDraft:
    """See `bot.ports.Draft`."""

    def __init__(self, services: DeliveryServices, target: ReplyTarget, *, key: str, ref: str | None) -> None:
        self._services = services
        self._target = target
        self._key = key
        self._is_single = bool(target.token) and (not target.can_post or target.deferred == "private")
        self._is_first = ref is None
        shared = services.client, services.core, services.acknowledgements, services.deadlines
        self._original = OriginalResponse(*shared, target, key=key, timing=services.timing) if target.token else None
        self._messages = self._open_messages(ref or "")
        self._rate = services.edit_rates.of(target.token or target.answer_channel)
        self.confirm: Confirm = always_owned  #: that the event is still this process's
        self._lock = asyncio.Lock()
        self._text = ""
        self._is_over = False  #: finished, or deleted while it was being written
        if target.token:
            services.deadlines.watch(target, key)
        self._show_typing(target.channel)

    def _open_messages(self, ref: str) -> AnswerMessages:
        dm_channel = ref.rpartition(":")[0]
        services, timing = self._services, self._services.timing
        channel = ChannelMessages(
            services.client, services.core, self._target, key=self._key, timing=timing, dm_channel=dm_channel
        )
        age = time.time() - created_at(self._target.source_id)
        return AnswerMessages(
            channel,
            self._original,
            ref=ref,
            is_single=self._is_single and not dm_channel,
            may_exist=not self._is_first or not 0 <= age < timing.fresh_question,
            is_old=age > timing.nonce_lifetime,
        )

    def note_retry(self, ref: str) -> None:
        """Note that another process may have changed the answer since the last try: start from what `ref` names."""
        self._is_first = False
        self._messages = self._open_messages(ref)

    @property
    def ref(self) -> str:
        """The answer's messages; "" before there is one."""
        return self._messages.ref

    # -- while it is being written

    async def status(self, status: Status) -> None:
        """Show a status, below the text so far."""
        text = layout.status_text(status)
        if not self._text:
            await self._show_progress([MessagePage(text=text)])
        else:
            *rest, last = self._layout_growing()
            fits = layout.utf16_length(last.text) + layout.utf16_length(text) < layout.MAX_TEXT
            await self._show_progress([*rest, replace(last, text=f"{last.text}\n{text}") if fits else last])
        self._show_typing(self._messages.channel.channel)

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        """Show a request's place in the queue, as a status."""
        if not self.ref:
            await before_message()
        follows, self._messages.must_repost = follows or self._messages.must_repost, False
        await self.status(Status(text))
        self._messages.must_repost = follows and not self._target.token

    async def write(self, text: str) -> None:
        """Show the text so far."""
        self._text = text
        await self._show_progress(self._layout_growing())

    def _layout_growing(self) -> list[MessagePage]:
        pages = layout.layout_growing(self._text, self._target.locale, is_single=self._is_single)
        return pages or [MessagePage(text="…")]

    async def _show_progress(self, pages: Sequence[MessagePage]) -> None:
        *rest, last = pages
        stop = Action(name=STOP, label=translate("action.stop", self._target.locale), command="cancel")
        async with self._lock:
            if self._is_over or (self._is_single and self._services.deadlines.is_due(self._target)):
                return
            pages = [*rest, replace(last, actions=(stop,))]
            try:
                with fenced(self.confirm):
                    await self._messages.show_pages(pages, before_edit=self._reserve_edit)
            except AnswerRemoved:
                self._is_over = True

    def _reserve_edit(self) -> None:
        """Use an edit slot of the channel. Raises `DeliveryDelayed` where the draft has to wait for one."""
        delay = self._rate.reserve(self)
        if delay:
            raise DeliveryDelayed("others are being shown", retry_after=delay)

    def _show_typing(self, channel: str) -> None:
        if not self._target.token:
            self._services.typing.show(self._services.client.http, channel)

    # -- before an interaction's token ends

    async def detach_from_token(self) -> None:
        """Continue without the interaction's token; where only the token can answer, say that the answer is late.

        Raises `DeliveryError`. A finished answer, whichever process posted it, stays.
        """
        locale = self._target.locale
        async with self._lock:
            if self._original is None or not await self._original.is_unfinished():
                return
            if self._is_single:
                late = MessagePage(text=translate("discord.late", locale), actions=(self._retry_action(),))
                await self._messages.show_pages([late])
            else:
                await self._messages.detach_original(MessagePage(text=translate("discord.long", locale)))

    # -- at the end

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer."""
        async with self._lock:
            await self.confirm()
            self._is_over = True
            self._rate.cancel(self)
            self._rate.use_slot()
            if layout.is_for_one(answer) and self._target.thread_name and not self._messages.ref:
                self._answer_in_place()
            with fenced(self.confirm):
                if answer.is_empty:
                    await self._messages.delete_all()
                else:
                    await self._upload_and_show(await replace_missing_files(answer, self._name_missing_file))
            if self._target.token:
                await self._services.deadlines.clear(self._key)

    def _answer_in_place(self) -> None:
        """Reply where the question is: a thread that anybody can read would be made for a sentence to one person."""
        self._target = replace(self._target, thread_name="")
        self._messages = self._open_messages("")

    async def _upload_and_show(self, answer: Answer) -> None:
        """Show the answer. Raises `UploadTooLarge` where Discord will refuse, or refused, its files."""
        files = [media for media in answer.media if media.path is not None and not media.url]
        if not files:
            await self._show(answer)
            return
        limits, target = self._services.upload_limits, self._target
        guild = await self._services.client.find_guild(target.guild)
        limits.check(files, target, guild)
        try:
            await self._show(answer)
        except RequestTooLarge as exc:
            raise limits.lower(files, target, guild) from exc
        except ConnectionBroken as exc:
            if not limits.is_refusal(files, target):
                raise
            raise limits.lower(files, target, guild) from exc
        limits.note_success(target)

    def _name_missing_file(self, name: str) -> str:
        return translate("answer.file_gone", self._target.locale, name=name)

    async def _show(self, answer: Answer) -> None:
        """Show the answer in place, else elsewhere. Raises `DeliveryRefused` where the person has not got it."""
        if self._target.direct and await self._show_directly(answer):
            return
        try:
            await self._show_pages(answer, layout.layout_answer)
        except DeliveryRefused as exc:
            if is_refused_message(exc):
                await self._show_as_file(answer, exc)
            elif await self._can_go_elsewhere():
                await self._show_elsewhere(answer, exc)
            else:
                if refusal_code(exc):  # else an interaction has ended, and what stands there says so
                    await self._say_refused(exc)
                raise

    async def _show_pages(self, answer: Answer, lay_out: Callable[..., list[MessagePage]]) -> None:
        target, messages = self._target, self._messages
        if messages.is_ephemeral or (layout.is_for_one(answer) and await self._is_publicly_deferred()):
            await self._send_ephemeral(answer, lay_out)
        elif not messages.channel.dm_channel:
            await messages.show_pages(lay_out(answer, target.locale, is_single=self._is_single))
        else:
            key = "discord.about_message" if target.direct else "discord.elsewhere"
            text = translate(key, target.locale, channel=f"<#{target.channel}>")
            notes = [] if target.is_dm else [MessagePage(text=text)]
            await messages.show_pages([*notes, *lay_out(answer, target.locale)])

    async def _send_ephemeral(self, answer: Answer, lay_out: Callable[..., list[MessagePage]]) -> None:
        """Send the answer to the asker alone, in one message."""
        page, *_ = lay_out(answer, self._target.locale, is_single=True)
        await self._messages.send_ephemeral(page)

    async def _show_directly(self, answer: Answer) -> bool:
        """Show the answer in the asker's direct messages; False: they take none."""
        place = self._messages
        try:
            with raise_delivery_errors():
                channel = await self._services.client.http.start_private_message(int(self._target.user))
            self._messages = self._open_messages(f"{channel['id']}:")
            await self._show_pages(answer, layout.layout_answer)
        except DeliveryRefused:
            self._messages = place
            return False
        return True

    # -- where Discord refuses it

    async def _can_go_elsewhere(self) -> bool:
        """Whether an answer that its place does not take can be shown to the asker in another."""
        if self._messages.channel.dm_channel:
            return False
        if self._is_single and await self._has_token():
            return not self._messages.is_ephemeral
        return bool(self._target.can_post) and (self._is_single or not self._target.is_dm)

    async def _has_token(self) -> bool:
        return self._original is not None and await self._original.has_token()

    async def _show_elsewhere(self, answer: Answer, refusal: DeliveryRefused) -> None:
        """Show the asker the answer privately, and say so where it was asked. Raises the refusal if that fails."""
        log.warning("answered elsewhere", reason=str(refusal))
        if await self._has_token():
            await self._send_ephemeral(answer, layout.layout_answer)
            return
        place = self._messages
        try:
            with raise_delivery_errors():
                channel = await self._services.client.http.start_private_message(int(self._target.user))
            self._messages = self._open_messages(f"{channel['id']}:")
            await self._show(answer)
        except DeliveryRefused:
            direct, self._messages = self._messages, place
            if direct is place or not direct.ref.rpartition(":")[2]:
                await self._say_refused(refusal)
            else:  # said there
                await self._leave(self._refusal_page(refusal))
            raise
        direct, self._messages = self._messages, place  # until nothing is left there, the answer's `ref` is the place
        await self._leave(MessagePage(text=translate("discord.sent_privately", self._target.locale)))
        self._messages = direct

    async def _show_as_file(self, answer: Answer, refusal: DeliveryRefused) -> None:
        """Show an answer that no message can show as a file, else say that it is kept. Raises the refusal then."""
        log.warning("answer refused", reason=str(refusal), code=refusal_code(refusal))
        if answer.text:
            try:
                await self._show_pages(answer, layout_as_file)
            except DeliveryRefused as exc:
                log.warning("file refused", reason=str(exc), code=refusal_code(exc))
            else:
                return
        await self._say_refused(refusal)
        raise refusal

    async def _say_refused(self, refusal: DeliveryRefused) -> None:
        """Say, where the answer was to be, else in private, that Discord refuses it and that it is kept."""
        page = self._refusal_page(refusal)
        if not self._messages.is_ephemeral and await self._leave(page):
            return
        try:
            if await self._has_token():
                assert self._original is not None
                await self._original.send_ephemeral(page)
            elif not self._messages.channel.dm_channel and not self._target.is_dm:
                with raise_delivery_errors():
                    channel = await self._services.client.http.start_private_message(int(self._target.user))
                await self._open_messages(f"{channel['id']}:").show_pages([page])
        except DeliveryRefused as exc:
            log.warning("person not told", reason=str(exc), code=refusal_code(exc))

    def _refusal_page(self, refusal: DeliveryRefused) -> MessagePage:
        locale = self._target.locale
        text = translate("discord.refused_answer", locale, reason=refusal_code(refusal) or str(refusal))
        return MessagePage(text=text, actions=(self._retry_action(),))

    def _retry_action(self) -> Action:
        return Action(name=RETRY, label=translate("action.retry", self._target.locale), command=RETRY)

    async def _leave(self, page: MessagePage) -> bool:
        """Leave only this page of the answer, else nothing; return whether the page is shown."""
        try:
            await self._messages.show_pages([page])
        except DeliveryRefused:
            with suppress(DeliveryRefused):
                await self._messages.delete_all()
            return False
        return True

    async def _is_publicly_deferred(self) -> bool:
        """Whether everybody sees the "thinking" response, and an ephemeral message can replace it."""
        return self._target.deferred == "public" and await self._has_token()
