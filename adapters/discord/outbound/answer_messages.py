"""The messages of one answer, made to show the pages they are to show: changed, added, taken away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.discord.outbound.channel_messages import LAID_OUT, Messages, shows
from adapters.discord.outbound.layout import Page
from adapters.discord.outbound.original_response import Original
from bot.errors import DeliveryRefused

Json = dict[str, Any]

_ORIGINAL, _WHISPER = "@", "!"
_AFTER_PLACE = ":"


class Removed(Exception):
    """Somebody removed the answer while it was being written."""


@dataclass(slots=True)
class Part:
    """One message."""

    id: str  #: "" for an acknowledgement whose id Discord has not told yet
    page: Page | None = None  #: what it shows; None: not known
    is_laid_out: bool = False  #: of the newer kind, which it stays


class Writing:
    """The messages of an answer. `show`, `whisper` and `remove` raise `DeliveryError`; one at a time."""

    def __init__(
        self, messages: Messages, original: Original, *, ref: str, is_single: bool, may_be_begun: bool, is_old: bool
    ) -> None:
        self.messages = messages
        self._original = original
        _, _, known = ref.rpartition(_AFTER_PLACE)
        self._whispered = known if known.startswith(_WHISPER) else ""
        self._parts = [Part(i.removeprefix(_ORIGINAL)) for i in known.split(",") if i and not self._whispered]
        #: whether its first message is an interaction's acknowledgement, not moved to the bot's own messages
        self._is_original = not messages.direct and (not known or known.startswith(_ORIGINAL))
        self._is_single = is_single  #: nothing but that one message can be shown
        self._may_be_begun = (
            may_be_begun  #: by an earlier process, which may have posted what this one does not know of
        )
        self._has_looked = not (may_be_begun and is_old) or is_single or bool(messages.direct)

    @property
    def ref(self) -> str:
        """What `Messages` and this are made of again: the ids, and where they are if not where it was asked."""
        ids = [part.id for part in self._parts]
        if ids and self._is_original:
            ids[0] = f"{_ORIGINAL}{ids[0]}"
        known = self._whispered or ",".join(ids)
        return f"{self.messages.direct}{_AFTER_PLACE}{known}" if self.messages.direct else known

    @property
    def has_whispered(self) -> bool:
        """Whether the asker was told alone."""
        return bool(self._whispered)

    async def show(self, pages: Sequence[Page], *, turn: Callable[[], None] | None = None) -> None:
        """Make the messages show these pages. `turn` is called before each change of an answer not finished yet.

        Raises what `turn` raises, and, only with `turn`, `Removed`.
        """
        await self._look_back()
        for at, page in enumerate(pages):
            await self._put(at, page, turn)
        await self._cut(len(pages))

    async def _put(self, at: int, page: Page, turn: Callable[[], None] | None) -> None:
        part = self._parts[at] if at < len(self._parts) else None
        if part is not None and part.is_laid_out:
            page = replace(page, is_laid_out=True)
        if part is not None and part.page == page:
            return
        if part is not None and part.page is None and (known := self.messages.recognised(page, before=part.id)):
            self._parts.insert(at, Part(known, page, page.is_laid_out))
            return
        if turn is not None:
            turn()
        if not await self._changed(at, part, page, is_final=turn is None):
            await self._cut(at)  # what follows has to come after it
            self._is_original = self._is_original and at > 0
            self._parts.append(await self._new(at, page))
            if waiting := self.messages.waiting:
                self.messages.waiting = ""
                await self.messages.delete(waiting)

    async def _changed(self, at: int, part: Part | None, page: Page, *, is_final: bool) -> bool:
        """Whether a message that was there shows the page now; False: it is to be written anew."""
        if at == 0 and self._is_original and await self._original.is_open():
            message = await self._original.edit(page)
            if message is not None:
                self._parts[:1] = [Part(str(message["id"]), page, is_laid_out(message))]
                return True
            is_gone = True
        elif part is None or not part.id or self._is_single:
            is_gone = False
        else:
            changed = await self.messages.edit(part.id, page)
            if changed in ("done", "laid out"):
                part.is_laid_out = page.is_laid_out or changed == "laid out"
                part.page = replace(page, is_laid_out=part.is_laid_out)
                return True
            is_gone = changed == "gone"
        if self._is_single:
            raise DeliveryRefused("the interaction can't be answered any more")
        if is_gone and not is_final:
            raise Removed
        return False

    async def _new(self, at: int, page: Page) -> Part:
        if known := self.messages.recognised(page):
            return Part(known, page, page.is_laid_out)
        message = await self.messages.post(at, page)
        part = Part(str(message["id"]), page, is_laid_out(message))
        if self._may_be_begun and not shows(message, page):  # an earlier process had posted it
            if await self.messages.edit(part.id, page) in ("done", "laid out"):
                return part
            self.messages.lost(at)  # and somebody has removed it since
            return await self._new(at, page)
        return part

    async def _cut(self, count: int) -> None:
        """Take away the messages from number `count` on."""
        for at, part in reversed([*enumerate(self._parts)][count:]):
            if at == 0 and self._is_original and await self._original.is_open():
                await self._original.delete()
            elif part.id:
                await self.messages.delete(part.id)
                self.messages.lost(at)
            self._parts.pop()

    async def remove(self) -> None:
        """Take away everything."""
        await self._look_back()
        if self._is_original and not self._parts and await self._original.is_open():
            await self._original.delete()
        await self._cut(0)

    async def whisper(self, page: Page) -> None:
        """Tell the asker alone, once, though everybody saw that something was coming."""
        if not self._whispered:
            await self.remove()
            self._whispered = f"{_WHISPER}{(await self._original.whisper(page))['id']}"

    async def move(self, page: Page) -> None:
        """Rely on the interaction no more: from here on its message is changed as the bot's own."""
        if self._is_original and await self._original.is_open() and not (self._parts and self._parts[0].page):
            await self.show([page])
        self._original.close()
        self._is_original = False

    async def _look_back(self) -> None:
        """Find, once, what an earlier process has written so long ago that Discord does not know it by its nonce."""
        if self._has_looked:
            return
        known = {part.id: part for part in self._parts if part.id}
        found = await self.messages.look_back([*known])
        self._has_looked = True
        if found:
            self._parts = [known.get(one) or Part(one) for one in found]
        for part in self._parts:
            part.is_laid_out = part.id in self.messages.laid_out


def is_laid_out(message: Json) -> bool:
    """Whether a message is of the newer kind."""
    return bool(message.get("flags", 0) & LAID_OUT)
