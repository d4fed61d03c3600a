"""The messages of an answer that the bot itself writes in a channel: posted, changed, found again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Literal

import discord

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import delivering
from adapters.discord.outbound.layout import Page
from adapters.discord.outbound.payload import nonce, parameters
from adapters.discord.reply_target import Address, made_at
from adapters.discord.ui.buttons import BUTTON_ID
from bot.errors import DeliveryRefused

Json = dict[str, Any]
#: "laid out": it turned out to be of the newer kind; "old": it may not be changed any more
Changed = Literal["done", "laid out", "gone", "old"]

INVALID = 50035
_ARCHIVED = 50083
_GONE = (10008, 50005)  # the message is gone, or is somebody else's
_OLD = 30046  # it was changed too often for how old it is
#: Seconds after which a message may be changed only so often.
AGES = 3600.0
_NO_HISTORY = 160002  # a reply needs a permission that is missing
_HAS_THREAD = 160004
_NO_QUESTION = 10008
_NO_THREAD = (50001, 50013, 50024, 160005, 160006, 30033)  # one can't be opened here: answered in the channel
LOADING, LAID_OUT = 1 << 7, 1 << 15
_READ = 100  # messages of the history that are looked at
_ONE_AT_A_TIME = ("d", "t")  # conversations that have their place for themselves


class Messages:
    """Where the answer to one question is written. Every method raises `DeliveryError`."""

    def __init__(self, client: Client, address: Address, *, key: str, direct: str = "") -> None:
        self._client = client
        self._address = address
        self._key = key
        self._has_thread = not address.opens
        self._found: list[Json] = []  # of an earlier process, not recognised yet
        self.laid_out: set[str] = set()  #: ids of the messages found that are of the newer kind
        self.waiting = ""  #: id of an acknowledgement found that became no answer
        self._lost: dict[int, int] = {}  # times that a part was lost
        self.direct = direct  #: the direct messages that it is written in instead of where it was asked; "": it is not
        self.place = direct or address.place  #: the channel

    # -- writing

    async def post(self, part: int, page: Page) -> Json:
        """A new message, or the one that an earlier try had posted, as Discord has it now."""
        with delivering():
            await self._open()
            answers = self._address.message if part == 0 and self._is_reply() else ""
            try:
                return await self._post(part, page, answers)
            except discord.HTTPException as exc:
                if exc.code != _NO_HISTORY:
                    raise
            return await self._post(part, page, "")

    async def _post(self, part: int, page: Page, answers: str) -> Json:
        address = self._address
        with parameters(
            page,
            key=self._key,
            conversation=address.conversation,
            is_edit=False,
            is_hidden=bool(address.hidden),
            answers=answers,
            pings=bool(answers and address.guild) and not address.conversation.startswith("t"),
            nonce=nonce(self._key, part, self._lost.get(part, 0)),
        ) as params:
            return {**await self._client.http.send_message(int(self.place), params=params)}

    async def edit(self, message: str, page: Page) -> Changed:
        """Make a message this page."""
        with delivering():
            try:
                await self._edit(message, page)
            except discord.RateLimited:
                if time.time() - made_at(message) < AGES:
                    raise
                return "old"  # Discord says it as if there were too many requests
            except discord.HTTPException as exc:
                if exc.code in _GONE:
                    return "gone"
                if exc.code == _OLD:
                    return "old"
                if exc.code == INVALID and not page.is_laid_out:
                    page = replace(page, is_laid_out=True)  # it is of the newer kind, which it stays
                elif exc.code == _ARCHIVED:
                    await self._client.http.edit_channel(int(self.place), archived=False)
                else:
                    raise
                await self._edit(message, page)
                return "laid out" if page.is_laid_out else "done"
        return "done"

    async def _edit(self, message: str, page: Page) -> None:
        address = self._address
        with parameters(
            page, key=self._key, conversation=address.conversation, is_edit=True, is_hidden=bool(address.hidden)
        ) as params:
            await self._client.http.edit_message(int(self.place), int(message), params=params)

    async def delete(self, message: str) -> None:
        """Remove a message, if it is still there."""
        with delivering():
            try:
                await self._client.http.delete_message(int(self.place), int(message))
            except discord.HTTPException as exc:
                if exc.code not in _GONE:
                    raise

    def lost(self, part: int) -> None:
        """A message of that part is no more: another is not the same again."""
        self._lost[part] = self._lost.get(part, 0) + 1

    def _is_reply(self) -> bool:
        return bool(self._address.message) and self.place == self._address.channel

    async def _open(self) -> None:
        """Open the thread that the answer belongs in; where none can be, the answer is a reply in the channel."""
        address = self._address
        if self._has_thread or self.direct:
            return
        try:
            await self._client.http.start_thread_with_message(
                int(address.channel), int(address.message), name=address.opens, auto_archive_duration=1440
            )
        except discord.HTTPException as exc:
            if exc.code == _NO_QUESTION:
                raise DeliveryRefused("the question is gone") from exc
            if exc.code in _NO_THREAD:
                self.place = address.channel
            elif exc.code != _HAS_THREAD:
                raise
        self._has_thread = True

    # -- finding again

    async def look_back(self, known: Sequence[str]) -> list[str]:
        """Read what an earlier process has written of the answer beside what is `known`; all its ids, in order.

        The first is known by what it answers to: a message, an interaction, or the thread opened for it. Others are
        known by their buttons and, where only one answer at a time is written, by what they come after.
        """
        address = self._address
        with delivering():
            try:
                history = await self._client.http.logs_from(int(self.place), _READ, after=int(address.asked))
            except discord.HTTPException as exc:
                if exc.code == _ARCHIVED or exc.status >= 500 or exc.status == 429:  # noqa: PLR2004 - HTTP's own
                    raise
                return [*known]  # no thread was opened yet, or no history may be read: then nothing is known again
        me = str(self._client.user.id) if self._client.user is not None else ""
        own: list[Json] = sorted(
            ({**message} for message in history if str(message["author"]["id"]) == me), key=lambda m: int(m["id"])
        )
        self.laid_out = {str(message["id"]) for message in own if message.get("flags", 0) & LAID_OUT}
        self.waiting = next((str(message["id"]) for message in own if self._is_waiting(message)), "")
        ours = {str(message["id"]) for message in own if self._key in _keys(message)} | {*known}
        first = next((at for at, message in enumerate(own) if message["id"] in ours or self._is_first(message)), None)
        if first is not None:
            later = own[first + 1 :]
            ours |= {str(own[first]["id"]), *(str(message["id"]) for message in self._following(later))}
            self._found = [message for message in later if not _begins(message) and message["id"] not in ours]
        return sorted(ours, key=int)

    def _following(self, later: Sequence[Json]) -> Iterator[Json]:
        """What has no buttons and comes after the first message, and before another answer, as far as that is sure."""
        plain = list(takewhile(lambda message: not _begins(message), later))
        if not self._address.conversation.startswith(_ONE_AT_A_TIME):
            others = any(_keys(message) - {self._key} for message in later if not _begins(message))
            last = max((at for at, message in enumerate(plain) if self._key in _keys(message)), default=0)
            plain = plain[: 0 if others else last]  # what is after it may be of somebody else
        return (message for message in plain if not _keys(message))

    def _is_waiting(self, message: Json) -> bool:
        """Whether it is the interaction's acknowledgement and still says that something is coming."""
        is_ours = str((message.get("interaction_metadata") or {}).get("id")) == self._address.interaction
        return is_ours and bool(message.get("flags", 0) & LOADING)

    def _is_first(self, message: Json) -> bool:
        address = self._address
        if address.interaction:
            is_ours = str((message.get("interaction_metadata") or {}).get("id")) == address.interaction
            return is_ours and not message.get("flags", 0) & LOADING
        reference = (message.get("message_reference") or {}).get("message_id")
        if self._is_reply():
            return str(reference) == address.message
        return reference is None and message.get("type", 0) == 0

    def recognised(self, page: Page, *, before: str = "") -> str:
        """The id of a message, before that one, that shows just this page and is of nothing else; "" for none."""
        for at, message in enumerate(self._found):
            if shows(message, page) and (not before or int(message["id"]) < int(before)):
                return str(self._found.pop(at)["id"])
        return ""


def shows(message: Json, page: Page) -> bool:
    """Whether a message has a page's text, files and buttons."""
    files = [file.get("size") for file in message.get("attachments", ())]
    wanted: Sequence[int] = [media.size for media in page.media]
    whole = [len(page.whole.encode("utf-8", "replace"))] if page.whole else []
    components = [*leaves(message.get("components", ()))]
    buttons = sum("custom_id" in component for component in components)
    text = "\n".join([message.get("content") or "", *(c["content"] for c in components if "content" in c)])
    return files == [*wanted, *whole] and buttons == len(page.actions) and text.split() == page.text.split()


def _begins(message: Json) -> bool:
    """Whether a message is the first of an answer: it says to what."""
    return bool(message.get("message_reference") or message.get("interaction_metadata"))


def _keys(message: Json) -> set[str]:
    """The answers that a message's buttons belong to."""
    ids = (str(component.get("custom_id", "")) for component in leaves(message.get("components", ())))
    return {found["event"] for one in ids if (found := BUTTON_ID.fullmatch(one))}


def leaves(components: Any) -> list[Json]:
    """The components that hold no others."""
    found: list[Json] = []
    for component in components:
        found += leaves(component["components"]) if "components" in component else [component]
    return found
