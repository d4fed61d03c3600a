"""The messages of an answer that the bot itself posts in a channel: posted, edited, found again after a restart."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Literal

import aiohttp
import discord
from discord.http import MultipartParameters, Route

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.gateway.requests import ChannelRoute, json_body
from adapters.discord.outbound.layout import MessagePage
from adapters.discord.outbound.payload import (
    LOADING,
    is_components_v2,
    is_voice_message,
    leaf_components,
    nonce,
    request_parameters,
    shows_page,
)
from adapters.discord.reply_target import ReplyTarget, created_at
from adapters.discord.timing import Timing
from adapters.discord.ui.buttons import BUTTON_ID, ButtonIds, signer_of
from bot.errors import DeliveryRefused
from bot.i18n import translate
from bot.ports import AdapterValues

Json = dict[str, Any]
#: "components v2": edited, and the message turned out to be made of them; "too old": Discord allows no more edits
EditResult = Literal["edited", "components v2", "gone", "too old"]

_INVALID_BODY = 50035
_ARCHIVED = 50083
_GONE = (10008, 50005)  # the message was deleted, or is somebody else's
_TOO_OLD = 30046  # the message was edited too often for its age
_NO_HISTORY = 160002  # replying needs the permission to read the history
_HAS_THREAD = 160004
_NO_QUESTION = 10008
_NO_PLACE = (10003, 10004)  # the channel or the server is gone
_NO_THREAD = (50024, 160006, 30033)  # no thread can be started, by whatever title: reply in the channel instead
_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE, _THREADS = f"{_MESSAGES}/{{message_id}}", f"{_MESSAGES}/{{message_id}}/threads"
_ARCHIVED_AFTER = 1440  # minutes without a message in a thread
#: Requests of a draft need no timer of their own, which costs as much as much else of a request: each step has one.
_UNTIMED = aiohttp.ClientTimeout(total=None, sock_connect=30)
_HISTORY = 100  # messages that are searched for those of an earlier process
_EXCLUSIVE = ("d", "t")  # conversations with a channel or thread of their own
_BAD_REQUEST, _FORBIDDEN = 400, 403
_SERVER_ERROR, _TOO_MANY_REQUESTS = 500, 429


class ChannelMessages:
    """Posts and edits the messages of one answer. Every method raises `DeliveryError`."""

    def __init__(
        self,
        client: DiscordClient,
        core: AdapterValues,
        target: ReplyTarget,
        *,
        key: str,
        timing: Timing,
        dm_channel: str = "",
    ) -> None:
        self._client = client
        self._core = core
        self._target = target
        self._key = key
        self._timing = timing
        self.nonce_lifetime = timing.nonce_lifetime  #: seconds for which Discord knows a message by its nonce
        self.locale = target.locale
        self._has_thread = not target.thread_name
        self._unmatched: list[Json] = []  # found in the history; perhaps messages of this answer
        self._losses: dict[int, int] = {}  # by index of a message: times that it was deleted
        self.components_v2_ids: set[str] = set()  #: of the messages found in the history
        self.voice_ids: set[str] = set()  #: the same of voice messages
        self.pending_response = ""  #: id of a "thinking" response found in the history
        self.dm_channel = dm_channel  #: the asker's direct messages, where the answer is posted instead; "": it is not
        self.channel = dm_channel or target.answer_channel  #: id of the channel or thread of the answer

    # -- posting

    async def post(self, index: int, page: MessagePage) -> Json:
        """Post a message, or return the one that an earlier attempt posted, as Discord has it now."""
        with raise_delivery_errors():
            await self._start_thread()
            replies_to = self._target.message if index == 0 and self._is_reply() else ""
            try:
                return await self._post(index, page, replies_to)
            except discord.HTTPException as exc:
                if exc.code != _NO_HISTORY:
                    raise
            return await self._post(index, page, "")

    async def _post(self, index: int, page: MessagePage, replies_to: str) -> Json:
        target = self._target
        with request_parameters(
            page,
            ids=self._button_ids(),
            is_edit=False,
            is_spoiler=bool(target.spoiler),
            replies_to=replies_to,
            pings=bool(replies_to and target.guild) and not target.conversation.startswith("t"),
            nonce=nonce(self._key, index, self._losses.get(index, 0)),
        ) as params:
            return {**await self._send(ChannelRoute("POST", _MESSAGES, self.channel), params)}

    async def edit(self, message: str, page: MessagePage) -> EditResult:
        """Make a message show a page."""
        with raise_delivery_errors():
            try:
                await self._edit(message, page)
            except discord.RateLimited:
                if time.time() - created_at(message) < self._timing.free_edits:
                    raise
                return "too old"  # Discord answers as if there were too many requests
            except discord.HTTPException as exc:
                if exc.code in _GONE:
                    return "gone"
                if exc.code == _TOO_OLD:
                    return "too old"
                if exc.code == _INVALID_BODY and not page.is_components_v2:
                    page = replace(page, is_components_v2=True)  # the message is, and it can't go back
                elif exc.code == _ARCHIVED:
                    await self._client.http.edit_channel(int(self.channel), archived=False)
                else:
                    raise
                await self._edit(message, page)
                return "components v2" if page.is_components_v2 else "edited"
        return "edited"

    async def _edit(self, message: str, page: MessagePage) -> None:
        is_spoiler = bool(self._target.spoiler)
        with request_parameters(page, ids=self._button_ids(), is_edit=True, is_spoiler=is_spoiler) as params:
            await self._send(ChannelRoute("PATCH", _MESSAGE, self.channel, message), params)

    async def _send(self, route: Route, params: MultipartParameters) -> Json:
        """Send a message's content; only what is uploaded needs a time limit of its own."""
        http = self._client.http
        if params.files:
            sent: Json = await http.request(route, files=params.files, form=params.multipart)
        else:
            sent = await http.request(route, data=json_body(params.payload), timeout=_UNTIMED)
        return sent

    def _button_ids(self) -> ButtonIds:
        return ButtonIds(
            event=self._key,
            conversation=self._target.conversation,
            channel=self.channel,
            signer=signer_of(self._core, self.channel),
        )

    async def delete(self, message: str) -> None:
        """Delete a message, if it still exists."""
        with raise_delivery_errors():
            try:
                await self._client.http.delete_message(int(self.channel), int(message))
            except discord.HTTPException as exc:
                if exc.code not in _GONE:
                    raise

    def count_loss(self, index: int) -> None:
        """Give the message of that index another nonce, as the one posted before was deleted."""
        self._losses[index] = self._losses.get(index, 0) + 1

    def _is_reply(self) -> bool:
        return bool(self._target.message) and self.channel == self._target.channel

    async def _start_thread(self) -> None:
        """Start the answer's thread; where that is not possible, the answer is a reply in the channel."""
        target = self._target
        if self._has_thread or self.dm_channel:
            return
        for name in self._thread_names():
            try:
                route = ChannelRoute("POST", _THREADS, target.channel, target.message)
                title = {"name": name, "auto_archive_duration": _ARCHIVED_AFTER}
                await self._client.http.request(route, data=json_body(title), timeout=_UNTIMED)
            except discord.HTTPException as exc:
                if exc.code == _NO_QUESTION:
                    raise DeliveryRefused("the question is gone") from exc
                if exc.code == _HAS_THREAD:
                    break
                if exc.code in _NO_PLACE or exc.status not in (_BAD_REQUEST, _FORBIDDEN):
                    raise
                if exc.status == _FORBIDDEN or exc.code in _NO_THREAD:
                    self.channel = target.channel
                    break
            else:
                break
        else:
            self.channel = target.channel
        self._has_thread = True

    def _thread_names(self) -> Iterator[str]:
        """Yield a title of the person's words, and one that Discord takes where it refuses that."""
        yield self._target.thread_name
        yield translate("discord.thread_name", self._target.locale)

    # -- finding what an earlier process posted

    async def find_existing(self, known: Sequence[str]) -> list[str]:
        """Search the history for the answer's messages other than those `known`; return the ids of all, in order.

        The first message is known by what it replies to: a message, an interaction, or the thread started for it.
        Others are known by their buttons and, where only one answer at a time is written, by following the first.
        """
        with raise_delivery_errors():
            try:
                after = int(self._target.source_id)
                history = await self._client.http.logs_from(int(self.channel), _HISTORY, after=after)
            except discord.HTTPException as exc:
                if exc.code == _ARCHIVED or exc.status >= _SERVER_ERROR or exc.status == _TOO_MANY_REQUESTS:
                    raise
                return [*known]  # there is no thread yet, or the history may not be read: nothing can be found
        me = str(self._client.user.id) if self._client.user is not None else ""
        own: list[Json] = sorted(
            ({**message} for message in history if str(message["author"]["id"]) == me), key=lambda m: int(m["id"])
        )
        self.components_v2_ids = {str(message["id"]) for message in own if is_components_v2(message)}
        self.voice_ids = {str(message["id"]) for message in own if is_voice_message(message)}
        self.pending_response = next((str(message["id"]) for message in own if self._is_pending(message)), "")
        ours = {str(message["id"]) for message in own if self._key in _answered_events(message)} | {*known}
        first = next((at for at, message in enumerate(own) if message["id"] in ours or self._is_first(message)), None)
        if first is not None:
            later = own[first + 1 :]
            ours |= {str(own[first]["id"]), *(str(message["id"]) for message in self._following(later))}
            self._unmatched = [message for message in later if not _is_reply(message) and message["id"] not in ours]
        return sorted(ours, key=int)

    def _following(self, later: Sequence[Json]) -> Iterator[Json]:
        """Yield the messages without buttons that certainly follow the first one and precede another answer."""
        plain = list(takewhile(lambda message: not _is_reply(message), later))
        if not self._target.conversation.startswith(_EXCLUSIVE):
            others = any(_answered_events(message) - {self._key} for message in later if not _is_reply(message))
            last = max((at for at, message in enumerate(plain) if self._key in _answered_events(message)), default=0)
            plain = plain[: 0 if others else last]  # later ones may belong to another answer
        return (message for message in plain if not _answered_events(message))

    def _is_pending(self, message: Json) -> bool:
        """Whether a message is the interaction's "thinking" response."""
        is_ours = str((message.get("interaction_metadata") or {}).get("id")) == self._target.interaction
        return is_ours and bool(message.get("flags", 0) & LOADING)

    def _is_first(self, message: Json) -> bool:
        target = self._target
        if target.interaction:
            is_ours = str((message.get("interaction_metadata") or {}).get("id")) == target.interaction
            return is_ours and not message.get("flags", 0) & LOADING
        reference = (message.get("message_reference") or {}).get("message_id")
        if self._is_reply():
            return str(reference) == target.message
        return reference is None and message.get("type", 0) == 0

    def take_match(self, page: MessagePage, *, before: str = "") -> str:
        """Return the id of an unmatched message, older than `before`, that shows exactly this page; "" for none."""
        for at, message in enumerate(self._unmatched):
            if shows_page(message, page) and (not before or int(message["id"]) < int(before)):
                return str(self._unmatched.pop(at)["id"])
        return ""


def _is_reply(message: Json) -> bool:
    """Whether a message replies to a message or an interaction: then it is the first of an answer."""
    return bool(message.get("message_reference") or message.get("interaction_metadata"))


def _answered_events(message: Json) -> set[str]:
    """Return the ids of the events whose answers a message's buttons belong to."""
    ids = (str(component.get("custom_id", "")) for component in leaf_components(message))
    return {match["event"] for custom_id in ids if (match := BUTTON_ID.fullmatch(custom_id))}
