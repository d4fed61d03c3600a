"""One answer on its way to Discord: posted at its first sign, edited, finished."""

import asyncio
import hashlib
import time
from typing import Any

import discord
from discord.http import handle_message_parameters

from adapters.discord.address import Address
from adapters.discord.client import Client
from adapters.discord.failures import delivering
from adapters.discord.interactions import Deferrals
from bot.errors import DeliveryRefused
from bot.models import Answer, Status

_UNKNOWN_MESSAGE = 10008
_HAS_THREAD = 160004
#: how the acknowledgement of an interaction is named
_ORIGINAL: Any = "@original"  # stands where the library wants a message's id
_NOBODY = discord.AllowedMentions.none()  # whatever an answer says, it calls nobody
#: what Discord says when an interaction can't be used to answer any more
_LATE = (10008, 10015, 50027)
_MARGIN = 30.0  # seconds before the end of an interaction's token when it is no longer relied on


def nonce(key: str, part: int = 0) -> str:
    """What Discord recognises a repeated message by: at most 25 characters."""
    return hashlib.sha256(f"{key}/{part}".encode()).hexdigest()[:25]


class DiscordDraft:
    """One answer of one message."""

    def __init__(self, client: Client, deferrals: Deferrals, address: Address, *, key: str, ref: str) -> None:
        self._client = client
        self._http = client.http
        self._deferrals = deferrals
        self._address = address
        self._key = key
        self._message = ref
        self._writing = asyncio.Lock()
        self._has_thread = not address.opens
        self._has_original = bool(address.token) and ref in ("", _ORIGINAL)

    @property
    def ref(self) -> str:
        """The message's id; "" before it is posted."""
        return self._message

    async def status(self, status: Status) -> None:
        """Show what is being done."""
        await self._show(status.text)

    async def write(self, text: str) -> None:
        """Show the text so far."""
        await self._show(text[:2000])

    async def finish(self, answer: Answer) -> None:
        """Show exactly this answer."""
        if answer.is_empty:
            await self._remove()
            return
        files = [
            discord.File(media.path, filename=media.name, description=media.description or None)
            for media in answer.media
            if media.path is not None
        ]
        if answer.private and self._address.deferred == "public":
            await self._whisper(answer.text[:2000], files)
        else:
            await self._show(answer.text[:2000], files)

    async def _remove(self) -> None:
        with delivering():
            if await self._is_interaction():
                await self._webhook.delete_message(_ORIGINAL)
            elif self._message:
                await self._http.delete_message(int(self._address.place), int(self._message))

    async def _whisper(self, text: str, files: list[discord.File]) -> None:
        """Answer the asker alone, though everybody saw that something was coming."""
        if self._message.startswith("!"):
            return
        await self._remove()
        with delivering():
            sent = await self._webhook.send(text, files=files, ephemeral=True, wait=True)
        self._message = f"!{sent.id}"

    @property
    def _webhook(self) -> discord.Webhook:
        data: Any = {"id": self._address.application, "token": self._address.token, "type": 3}  # an application's
        return discord.Webhook.from_state(data, self._client._connection)  # noqa: SLF001 - as the library's own

    async def _is_interaction(self) -> bool:
        """Whether the acknowledgement of an interaction is there to be turned into the answer."""
        if self._has_original and time.time() < self._address.expires - _MARGIN:
            self._has_original = await self._deferrals.settled(self._address.interaction) is not False
        else:
            self._has_original = False
        return self._has_original

    async def _edit_original(self, text: str, files: list[discord.File]) -> bool:
        """Turn the acknowledgement into the answer. False: it is not there any more."""
        try:
            await self._webhook.edit_message(_ORIGINAL, content=text, attachments=files)
        except discord.HTTPException as exc:
            if exc.code not in _LATE or not self._address.member:
                raise
            self._has_original, self._message = False, ""
            return False
        self._message = _ORIGINAL
        return True

    async def _show(self, text: str, files: list[discord.File] | None = None) -> None:
        async with self._writing:
            with delivering():
                if await self._is_interaction() and await self._edit_original(text, files or []):
                    return
                if self._message == _ORIGINAL:
                    self._message = ""
                place = int(await self._place())
                if self._message:
                    with handle_message_parameters(
                        content=text, attachments=files or [], allowed_mentions=_NOBODY
                    ) as params:
                        await self._http.edit_message(place, int(self._message), params=params)
                    return
                reference = None
                if self._address.message and not self._address.opens:
                    reference = {"message_id": self._address.message, "fail_if_not_exists": False}
                with handle_message_parameters(
                    content=text,
                    files=files or discord.utils.MISSING,
                    nonce=nonce(self._key),
                    allowed_mentions=_NOBODY,
                    message_reference=reference or discord.utils.MISSING,  # type: ignore[arg-type]
                ) as params:
                    message = await self._http.send_message(place, params=params)
                self._message = str(message["id"])

    async def _place(self) -> str:
        """Where it is posted; the thread is opened when it is not yet."""
        address = self._address
        if not self._has_thread:
            try:
                await self._http.start_thread_with_message(
                    int(address.channel), int(address.message), name=address.opens, auto_archive_duration=1440
                )
            except discord.HTTPException as exc:
                if exc.code == _UNKNOWN_MESSAGE:
                    raise DeliveryRefused("the question is gone") from exc
                if exc.code != _HAS_THREAD:
                    raise
            self._has_thread = True
        return address.place
