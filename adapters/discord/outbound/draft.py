"""One answer on its way to Discord: posted at its first sign, edited while it grows, finished."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import ConnectionBroken, RequestTooLarge, raise_delivery_errors
from adapters.discord.interaction_tokens import Acknowledgements, TokenDeadlines
from adapters.discord.outbound import layout
from adapters.discord.outbound.answer_messages import AnswerMessages, AnswerRemoved
from adapters.discord.outbound.channel_messages import ChannelMessages
from adapters.discord.outbound.edit_rate import EditRates, TypingIndicator
from adapters.discord.outbound.layout import MessagePage
from adapters.discord.outbound.original_response import OriginalResponse
from adapters.discord.outbound.upload_limits import UploadLimits
from adapters.discord.reply_target import ReplyTarget, created_at
from adapters.discord.timing import Timing
from adapters.discord.ui.buttons import RETRY, STOP
from adapters.kit.missing_files import replace_missing_files
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.i18n import translate
from bot.models import Action, Answer, Status

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryServices:
    """The objects that all drafts of an adapter share."""

    client: DiscordClient
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
        self._original = (
            OriginalResponse(services.client, services.acknowledgements, target, key=key, timing=services.timing)
            if target.token
            else None
        )
        self._messages = self._open_messages(ref or "")
        self._rate = services.edit_rates.of(target.token or target.answer_channel)
        self._lock = asyncio.Lock()
        self._text = ""
        self._is_over = False  #: finished, or deleted while it was being written
        if target.token:
            services.deadlines.watch(target, key)
        self._show_typing(target.channel)

    def _open_messages(self, ref: str) -> AnswerMessages:
        dm_channel = ref.rpartition(":")[0]
        timing = self._services.timing
        channel = ChannelMessages(
            self._services.client, self._target, key=self._key, timing=timing, dm_channel=dm_channel
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
            try:
                pages = [*rest, replace(last, actions=(stop,))]
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
                retry = Action(name=RETRY, label=translate("action.retry", locale), command=RETRY)
                await self._messages.show_pages([MessagePage(text=translate("discord.late", locale), actions=(retry,))])
            else:
                await self._messages.detach_original(MessagePage(text=translate("discord.long", locale)))

    # -- at the end

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer."""
        async with self._lock:
            self._is_over = True
            self._rate.cancel(self)
            self._rate.use_slot()
            if answer.is_empty:
                await self._messages.delete_all()
            else:
                await self._upload_and_show(await replace_missing_files(answer, self._name_missing_file))
            if self._target.token:
                await self._services.deadlines.clear(self._key)

    async def _upload_and_show(self, answer: Answer) -> None:
        """Show the answer. Raises `UploadTooLarge` where Discord will refuse, or refused, its files."""
        files = [media for media in answer.media if media.path is not None and not media.url]
        if not files:
            await self._show(answer)
            return
        limits, target = self._services.upload_limits, self._target
        guild = self._services.client.get_guild(int(target.guild or 0))
        limits.check(files, target, guild)
        try:
            await self._show(answer)
        except RequestTooLarge as exc:
            raise limits.lower(files, target, guild) from exc
        except ConnectionBroken as exc:
            if not limits.is_refusal(files, target):
                raise
            raise limits.lower(files, target, guild) from exc

    def _name_missing_file(self, name: str) -> str:
        return translate("answer.file_gone", self._target.locale, name=name)

    async def _show(self, answer: Answer) -> None:
        target = self._target
        if self._messages.channel.dm_channel:
            await self._show_in_dm(answer)
            return
        try:
            if self._messages.is_ephemeral or (answer.private and await self._is_publicly_deferred()):
                await self._send_ephemeral(answer)
            else:
                pages = layout.layout_answer(answer, target.locale, is_single=self._is_single)
                await self._messages.show_pages(pages)
        except DeliveryRefused as exc:
            has_token = self._original is not None and await self._original.is_usable()
            if not target.can_post or (has_token if self._is_single else target.is_dm):
                raise
            log.warning("answered elsewhere", reason=str(exc))
            if has_token:
                await self._send_ephemeral(answer)
            else:
                with raise_delivery_errors():
                    channel = await self._services.client.http.start_private_message(int(target.user))
                self._messages = self._open_messages(f"{channel['id']}:")
                await self._show_in_dm(answer)

    async def _send_ephemeral(self, answer: Answer) -> None:
        """Send the answer to the asker alone, in one message."""
        (page,) = layout.layout_answer(answer, self._target.locale, is_single=True)
        await self._messages.send_ephemeral(page)

    async def _is_publicly_deferred(self) -> bool:
        """Whether everybody sees the "thinking" response, and an ephemeral message can replace it."""
        is_public = self._target.deferred == "public"
        return is_public and self._original is not None and await self._original.is_usable()

    async def _show_in_dm(self, answer: Answer) -> None:
        """Show the answer in the asker's direct messages, with a note of where it was asked."""
        target = self._target
        note = MessagePage(text=translate("discord.elsewhere", target.locale, channel=f"<#{target.channel}>"))
        notes = [] if target.is_dm else [note]
        await self._messages.show_pages([*notes, *layout.layout_answer(answer, target.locale)])
