"""The messages of one answer, kept in line with its pages: edited, added and deleted."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.discord.gateway.errors import is_refused_message, refusal_code
from adapters.discord.outbound.channel_messages import ChannelMessages
from adapters.discord.outbound.fallbacks import simpler_forms
from adapters.discord.outbound.layout import MessagePage
from adapters.discord.outbound.original_response import OriginalResponse
from adapters.discord.outbound.payload import is_components_v2, is_voice_message, shows_page
from bot.errors import DeliveryRefused

log = structlog.get_logger(__name__)

_ORIGINAL, _EPHEMERAL = "@", "!"
_AFTER_CHANNEL = ":"


class AnswerRemoved(Exception):
    """Somebody deleted the answer while it was being written."""


@dataclass(slots=True)
class PostedMessage:
    """One message of the answer."""

    id: str  #: "" for an original response whose id is not known yet
    page: MessagePage | None = None  #: the page that it shows; None: unknown
    is_components_v2: bool = False  #: made of components v2, which it stays
    is_voice: bool = False  #: a voice message, which can't be edited


class AnswerMessages:
    """The messages of an answer, changed by one task at a time. Methods raise `DeliveryError`.

    `original`: the interaction's response that the answer begins with; None for a question in a message.
    `is_single`: the answer is that one response, and no further message can be posted. `may_exist`: an earlier process
    may have posted messages that are not in `ref`; `is_old`: so long ago that Discord may not know them by their nonce.
    They are searched for where they are old or some are in `ref`, as more of them may be left than the answer needs.
    """

    def __init__(
        self,
        channel: ChannelMessages,
        original: OriginalResponse | None,
        *,
        ref: str,
        is_single: bool,
        may_exist: bool,
        is_old: bool,
    ) -> None:
        self.channel = channel
        self._original = original
        _, _, ids = ref.rpartition(_AFTER_CHANNEL)
        self._ephemeral = ids if ids.startswith(_EPHEMERAL) else ""
        self._posted = [PostedMessage(i.removeprefix(_ORIGINAL)) for i in ids.split(",") if i and not self._ephemeral]
        #: the first message is the original response, edited by its token
        self._uses_original = original is not None and not channel.dm_channel and (not ids or ids.startswith(_ORIGINAL))
        self._is_single = is_single
        self._may_exist = may_exist
        self.must_repost = False  #: what is shown goes before anything else is: other messages may have come after it
        self._unconfirmed: dict[int, float] = {}  # index → monotonic time of the first post whose outcome is unknown
        is_certain = not may_exist or not (is_old or ref)
        self._is_searchable = not is_single and not channel.dm_channel
        self._is_restored = is_certain or not self._is_searchable

    @property
    def ref(self) -> str:
        """The ids, from which a later process restores the answer, and the channel if it is not the question's."""
        ids = [message.id for message in self._posted]
        if ids and self._uses_original:
            ids[0] = f"{_ORIGINAL}{ids[0]}"
        joined = self._ephemeral or ",".join(ids)
        return f"{self.channel.dm_channel}{_AFTER_CHANNEL}{joined}" if self.channel.dm_channel else joined

    @property
    def is_ephemeral(self) -> bool:
        """Whether the answer was sent as an ephemeral message."""
        return bool(self._ephemeral)

    async def show_pages(self, pages: Sequence[MessagePage], *, before_edit: Callable[[], None] | None = None) -> None:
        """Make the messages show these pages. `before_edit` is called before each edit of an unfinished answer.

        A page that Discord refuses is shown in the first of its simpler forms that is taken.

        Raises the errors of `before_edit` and, only with `before_edit`, `AnswerRemoved`.
        """
        await self._restore()
        if self.must_repost:
            await self._delete_from(0)
            self.must_repost = False
        for index, page in enumerate(pages):
            await self._show_simplest(index, page, before_edit)
        await self._delete_from(len(pages))

    async def _show_simplest(self, index: int, page: MessagePage, before_edit: Callable[[], None] | None) -> None:
        """Show a page in the first form that Discord takes. Raises the error of the first form."""
        try:
            await self._show_page(index, page, before_edit)
        except DeliveryRefused as exc:
            if not is_refused_message(exc):
                raise
            log.warning("message refused", reason=str(exc), code=refusal_code(exc))
            refusal = exc
        else:
            return
        for form in simpler_forms(page, self.channel.locale):
            try:
                await self._show_page(index, form, before_edit)
            except DeliveryRefused as exc:
                if not is_refused_message(exc):
                    raise
            else:
                return
        raise refusal

    async def _show_page(self, index: int, page: MessagePage, before_edit: Callable[[], None] | None) -> None:
        posted = self._posted[index] if index < len(self._posted) else None
        if posted is not None and posted.is_components_v2:
            page = replace(page, is_components_v2=True)
        if posted is not None and posted.page == page:
            return
        if posted is not None and posted.page is None and (match := self.channel.take_match(page, before=posted.id)):
            self._posted.insert(index, PostedMessage(match, page, page.is_components_v2))
            return
        if posted is not None and posted.is_voice and page.is_voice:
            posted.page = page
            return
        if before_edit is not None:
            before_edit()
        if not await self._edit(index, posted, page, is_final=before_edit is None):
            await self._delete_from(index)  # later messages have to come after the new one
            self._uses_original = self._uses_original and index > 0
            self._posted.append(await self._post(index, page))
            if pending := self.channel.pending_response:
                self.channel.pending_response = ""
                await self.channel.delete(pending)

    async def _edit(self, index: int, posted: PostedMessage | None, page: MessagePage, *, is_final: bool) -> bool:
        """Edit the message of that index. Return False where a new one has to be posted."""
        if page.is_voice or (posted is not None and posted.is_voice):
            return False
        if index == 0 and (original := await self._usable_original()):
            message = await original.edit(page)
            if message is not None:
                self._posted[:1] = [PostedMessage(str(message["id"]), page, is_components_v2(message))]
                return True
            is_gone = True
        elif posted is None or not posted.id or self._is_single:
            is_gone = False
        else:
            result = await self.channel.edit(posted.id, page)
            if result in ("edited", "components v2"):
                posted.is_components_v2 = page.is_components_v2 or result == "components v2"
                posted.page = replace(page, is_components_v2=posted.is_components_v2)
                return True
            is_gone = result == "gone"
        if self._is_single:
            raise DeliveryRefused("the interaction can't be answered any more")
        if is_gone and not is_final:
            raise AnswerRemoved
        return False

    async def _post(self, index: int, page: MessagePage) -> PostedMessage:
        if (match := self.channel.take_match(page)) and await self._is_in_order(index, match):
            return PostedMessage(match, page, page.is_components_v2)
        is_unconfirmed = index in self._unconfirmed
        may_exist = self._may_exist or is_unconfirmed
        self._unconfirmed.setdefault(index, time.monotonic())
        try:
            message = await self.channel.post(index, page)
        except DeliveryRefused:
            if not is_unconfirmed:
                del self._unconfirmed[index]  # it was certainly not posted
            raise
        del self._unconfirmed[index]
        posted = PostedMessage(str(message["id"]), page, is_components_v2(message), is_voice_message(message))
        if may_exist and not await self._is_in_order(index, posted.id):
            self.channel.count_loss(index)
            return await self._post(index, page)
        # With `enforce_nonce` Discord returns the message of an earlier post of that nonce, whatever that one says.
        if may_exist and not shows_page(message, page):
            if await self.channel.edit(posted.id, page) in ("edited", "components v2"):
                return posted
            self.channel.count_loss(index)  # and somebody has deleted it since
            return await self._post(index, page)
        return posted

    async def _is_in_order(self, index: int, message: str) -> bool:
        """Whether a message that was there already stands below the one before it; delete it otherwise.

        Where it is the one before it, which became that by an edit, it stays and is not taken for two.
        """
        if index and message == self._posted[index - 1].id:
            return False
        if index and int(message) < int(self._posted[index - 1].id or 0):
            await self.channel.delete(message)
            return False
        return True

    async def _delete_from(self, count: int) -> None:
        """Delete the messages from index `count` on."""
        for index, posted in reversed([*enumerate(self._posted)][count:]):
            if index == 0 and (original := await self._usable_original()):
                await original.delete()
            elif posted.id:
                await self.channel.delete(posted.id)
                self.channel.count_loss(index)
            self._posted.pop()

    async def _usable_original(self) -> OriginalResponse | None:
        """Return the original response while it is the first message and its token works."""
        if self._uses_original and self._original is not None and await self._original.is_usable():
            return self._original
        return None

    async def delete_all(self) -> None:
        """Delete every message of the answer. One that may be there is searched for: no post with its nonce tells."""
        if self._may_exist and not self._posted and self._is_searchable:
            self._is_restored = False
        await self._restore()
        if not self._posted and (original := await self._usable_original()):
            await original.delete()
        await self._delete_from(0)

    async def send_ephemeral(self, page: MessagePage) -> None:
        """Send the page to the asker alone, once, and delete the response that everybody sees."""
        if not self._ephemeral:
            assert self._original is not None, "of an interaction"
            await self.delete_all()
            self._ephemeral = f"{_EPHEMERAL}{(await self._send_simplest(self._original, page))['id']}"

    async def _send_simplest(self, original: OriginalResponse, page: MessagePage) -> dict[str, Any]:
        try:
            return await original.send_ephemeral(page)
        except DeliveryRefused as exc:
            if not is_refused_message(exc):
                raise
            refusal = exc
        for form in simpler_forms(page, self.channel.locale):
            try:
                return await original.send_ephemeral(form)
            except DeliveryRefused as exc:
                if not is_refused_message(exc):
                    raise
        raise refusal

    async def detach_original(self, page: MessagePage) -> None:
        """From here on edit the original response as the bot's own message; show `page` if it is still empty."""
        if not (self._posted and self._posted[0].page) and await self._usable_original():
            await self.show_pages([page])
        if self._original is not None:
            self._original.close()
        self._uses_original = False

    async def _restore(self) -> None:
        """Search the history for messages that may be there and that Discord may not know by their nonce any more.

        Once for those of an earlier process, and again whenever the outcome of a post stayed unknown for too long.
        """
        oldest = min(self._unconfirmed.values(), default=math.inf)
        if self._is_restored and time.monotonic() - oldest <= self.channel.nonce_lifetime:
            return
        known = {posted.id: posted for posted in self._posted if posted.id}
        found = await self.channel.find_existing([*known])
        self._is_restored = True
        self._unconfirmed.clear()
        if found:
            self._posted = [known.get(message) or PostedMessage(message) for message in found]
        for posted in self._posted:
            posted.is_components_v2 = posted.id in self.channel.components_v2_ids
            posted.is_voice = posted.id in self.channel.voice_ids
