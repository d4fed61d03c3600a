"""One answer on its way to Discord: shown at its first sign, changed while it grows, finished."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import Broken, TooLarge, delivering
from adapters.discord.inbound.interactions import Deferrals
from adapters.discord.outbound import layout
from adapters.discord.outbound.answer_messages import Removed, Writing
from adapters.discord.outbound.channel_messages import Messages
from adapters.discord.outbound.edit_rate import Paces, Typing
from adapters.discord.outbound.layout import Page
from adapters.discord.outbound.original_response import Original
from adapters.discord.outbound.payload import RETRY, STOP
from adapters.discord.outbound.token_expiry import Deadlines, is_due
from adapters.discord.outbound.upload_limits import Uploads
from adapters.discord.reply_target import Address, made_at
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.i18n import translate
from bot.models import Action, Answer, Media, Status

log = structlog.get_logger(__name__)

#: Seconds after its question from which an answer may have been begun by an earlier process.
FRESH = 10.0
#: Seconds for which Discord surely knows a message by its nonce: it says "a few minutes".
NONCE_LIFE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the drafts of an adapter share."""

    client: Client
    deferrals: Deferrals
    deadlines: Deadlines
    paces: Paces
    typing: Typing
    uploads: Uploads


class DiscordDraft:
    """See `bot.ports.Draft`."""

    def __init__(self, means: Means, address: Address, *, key: str, ref: str | None) -> None:
        self._means = means
        self._address = address
        self._key = key
        self._is_single = bool(address.token) and (not address.member or address.deferred == "private")
        self._is_first = ref is None
        self._original = Original(means.client, means.deferrals, address, key=key)
        self._writing = self._written(ref or "")
        self._pace = means.paces.of(address.token or address.place)
        self._lock = asyncio.Lock()
        self._text = ""
        self._is_over = False  #: finished, or removed while it was being written
        means.deadlines.expect(address, key)
        self._show_typing(address.channel)

    def _written(self, ref: str) -> Writing:
        direct = ref.rpartition(":")[0]
        messages = Messages(self._means.client, self._address, key=self._key, direct=direct)
        age = time.time() - made_at(self._address.asked)
        return Writing(
            messages,
            self._original,
            ref=ref,
            is_single=self._is_single and not direct,
            may_be_begun=not self._is_first or not 0 <= age < FRESH,
            is_old=age > NONCE_LIFE,
        )

    @property
    def ref(self) -> str:
        """Which messages it has; "" before there is one."""
        return self._writing.ref

    # -- while it is being written

    async def status(self, status: Status) -> None:
        """Show what is being done, under what there is already."""
        waiting = layout.waiting(status)
        if not self._text:
            await self._progress([Page(text=waiting)])
        else:
            *rest, last = self._growing()
            fits = layout.units(last.text) + layout.units(waiting) < layout.LIMIT
            await self._progress([*rest, replace(last, text=f"{last.text}\n{waiting}") if fits else last])
        self._show_typing(self._writing.messages.place)

    async def write(self, text: str) -> None:
        """Show the text so far."""
        self._text = text
        await self._progress(self._growing())

    def _growing(self) -> list[Page]:
        return layout.growing(self._text, self._address.locale, is_single=self._is_single) or [Page(text="…")]

    async def _progress(self, shown: Sequence[Page]) -> None:
        *rest, last = shown
        stop = Action(name=STOP, label=translate("discord.stop", self._address.locale), command="cancel")
        async with self._lock:
            if self._is_over or (self._is_single and is_due(self._address)):
                return
            try:
                await self._writing.show([*rest, replace(last, actions=(stop,))], turn=self._turn)
            except Removed:
                self._is_over = True

    def _turn(self) -> None:
        """Take the channel's next turn, or come again for it with what is the newest then."""
        wait = self._pace.wait(self)
        if wait:
            raise DeliveryDelayed("others are being shown", retry_after=wait)

    def _show_typing(self, channel: str) -> None:
        if not self._address.token:
            self._means.typing.show(self._means.client.http, channel)

    # -- before an interaction can be used no more

    async def move(self) -> None:
        """Move the answer to the bot's own messages; where the bot has none, say that it will not be in time.

        Raises `DeliveryError`. What is there already, whoever has shown it, stays.
        """
        locale = self._address.locale
        async with self._lock:
            if not await self._original.is_waiting():
                return
            if self._is_single:
                retry = Action(name=RETRY, label=translate("action.retry", locale), command=RETRY)
                await self._writing.show([Page(text=translate("discord.late", locale), actions=(retry,))])
            else:
                await self._writing.move(Page(text=translate("discord.long", locale)))

    # -- at the end

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer."""
        async with self._lock:
            self._is_over = True
            self._pace.leave(self)
            self._pace.take()
            if answer.is_empty:
                await self._writing.remove()
                await self._means.deadlines.met(self._key)
                return
            answer = self._kept(answer)
            files = [media for media in answer.media if media.path is not None and not media.url]
            guild = self._means.client.get_guild(int(self._address.guild or 0))
            self._means.uploads.check(files, self._address, guild)
            try:
                await self._show(answer)
            except TooLarge as exc:
                raise self._means.uploads.refused(files, self._address, guild) from exc
            except Broken as exc:
                if not self._means.uploads.broke(files, self._address):
                    raise
                raise self._means.uploads.refused(files, self._address, guild) from exc
            await self._means.deadlines.met(self._key)

    def _kept(self, answer: Answer) -> Answer:
        """The answer with a sentence for each file that the disk does not have any more."""
        gone = [media for media in answer.media if _is_gone(media)]
        if not gone:
            return answer
        notes = [translate("discord.file_gone", self._address.locale, name=media.name) for media in gone]
        text = "\n\n".join(part for part in (answer.text, *notes) if part)
        return replace(answer, text=text, media=tuple(media for media in answer.media if media not in gone))

    async def _show(self, answer: Answer) -> None:
        address = self._address
        if self._writing.messages.direct:
            await self._show_directly(answer)
            return
        try:
            if self._writing.has_whispered or (answer.private and await self._was_seen_by_all()):
                await self._whisper(answer)
            else:
                await self._writing.show(layout.finished(answer, address.locale, is_single=self._is_single))
        except DeliveryRefused as exc:
            is_open = await self._original.is_open()
            if not address.member or (is_open if self._is_single else address.is_dm):
                raise
            log.warning("answered elsewhere", reason=str(exc))
            if is_open:
                await self._whisper(answer)
            else:
                with delivering():
                    channel = await self._means.client.http.start_private_message(int(address.user))
                self._writing = self._written(f"{channel['id']}:")
                await self._show_directly(answer)

    async def _whisper(self, answer: Answer) -> None:
        """Tell the asker alone, in one message."""
        (page,) = layout.finished(answer, self._address.locale, is_single=True)
        await self._writing.whisper(page)

    async def _was_seen_by_all(self) -> bool:
        """Whether everybody saw that something was coming, and the asker can be told alone instead."""
        return self._address.deferred == "public" and await self._original.is_open()

    async def _show_directly(self, answer: Answer) -> None:
        """Show it in the asker's direct messages, as it may not be shown where it was asked."""
        address = self._address
        note = Page(text=translate("discord.elsewhere", address.locale, channel=f"<#{address.channel}>"))
        notes = [] if address.is_dm else [note]
        await self._writing.show([*notes, *layout.finished(answer, address.locale)])


def _is_gone(media: Media) -> bool:
    return media.path is not None and not media.url and not media.path.is_file()
