"""One answer on its way to Discord: posted at its first sign, edited, finished."""

import asyncio
import hashlib

import discord
from discord.http import HTTPClient, handle_message_parameters

from adapters.discord.address import Address
from adapters.discord.failures import delivering
from bot.errors import DeliveryRefused
from bot.models import Answer, Status

_UNKNOWN_MESSAGE = 10008
_HAS_THREAD = 160004


def nonce(key: str, part: int = 0) -> str:
    """What Discord recognises a repeated message by: at most 25 characters."""
    return hashlib.sha256(f"{key}/{part}".encode()).hexdigest()[:25]


class DiscordDraft:
    """One answer of one message."""

    def __init__(self, http: HTTPClient, address: Address, *, key: str, ref: str) -> None:
        self._http = http
        self._address = address
        self._key = key
        self._message = ref
        self._writing = asyncio.Lock()
        self._has_thread = not address.opens

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
            if self._message:
                with delivering():
                    await self._http.delete_message(int(self._address.place), int(self._message))
            return
        files = [
            discord.File(media.path, filename=media.name, description=media.description or None)
            for media in answer.media
            if media.path is not None
        ]
        await self._show(answer.text[:2000], files)

    async def _show(self, text: str, files: list[discord.File] | None = None) -> None:
        async with self._writing:
            with delivering():
                place = int(await self._place())
                if self._message:
                    with handle_message_parameters(content=text, attachments=files or []) as params:
                        await self._http.edit_message(place, int(self._message), params=params)
                    return
                reference = None
                if self._address.message and not self._address.opens:
                    reference = {"message_id": self._address.message, "fail_if_not_exists": False}
                with handle_message_parameters(
                    content=text,
                    files=files or discord.utils.MISSING,
                    nonce=nonce(self._key),
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
