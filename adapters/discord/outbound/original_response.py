"""The message that acknowledges an interaction. It becomes the answer for as long as the interaction can be used."""

import time
from dataclasses import replace
from functools import cached_property
from typing import Any

import discord
from discord.webhook.async_ import async_context

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import delivering
from adapters.discord.inbound.interactions import Deferrals
from adapters.discord.outbound.channel_messages import INVALID, LOADING, leaves
from adapters.discord.outbound.layout import Page
from adapters.discord.outbound.payload import STOP, parameters
from adapters.discord.reply_target import Address
from adapters.discord.ui.buttons import button_id

#: Seconds before the end of an interaction's token when it is no longer relied on.
MARGIN = 5.0
_NAME: Any = "@original"  # stands where the library wants a message's id
#: what Discord says when an interaction can't be used to answer any more: no such message, webhook or token
LATE = (10008, 10015, 50027)

Json = dict[str, Any]


class Original:
    """One interaction's acknowledgement. Every method raises `DeliveryError`."""

    def __init__(self, client: Client, deferrals: Deferrals, address: Address, *, key: str) -> None:
        self._deferrals = deferrals
        self._address = address
        self._key = key
        self._is_closed = not address.token
        self._client = client

    @cached_property
    def _webhook(self) -> discord.Webhook:
        data: Any = {"id": self._address.application, "token": self._address.token, "type": 3}  # an application's
        return discord.Webhook.from_state(data, self._client._connection)  # noqa: SLF001 - as the library's own

    async def is_open(self) -> bool:
        """Whether it is there to be changed."""
        if not self._is_closed and time.time() > self._address.expires - MARGIN:
            self._is_closed = True
        if not self._is_closed:
            self._is_closed = await self._deferrals.settled(self._address.interaction) is False
        return not self._is_closed

    async def is_waiting(self) -> bool:
        """Whether it is there and still says that something is coming: nothing yet, or what can be stopped."""
        if not await self.is_open():
            return False
        webhook, address = self._webhook, self._address
        with delivering():
            try:
                message: Json = {
                    **await async_context.get().get_webhook_message(
                        webhook.id, address.token, _NAME, session=webhook.session
                    )
                }
            except discord.HTTPException as exc:
                if exc.code in LATE:
                    return False
                raise
        stop = button_id(STOP, self._key, address.conversation)
        buttons = [component.get("custom_id") for component in leaves(message.get("components", ()))]
        return bool(message.get("flags", 0) & LOADING) or stop in buttons

    def close(self) -> None:
        """Rely on it no more."""
        self._is_closed = True

    async def edit(self, page: Page) -> Json | None:
        """Turn it into this page; the message as Discord has it now. None: it is not there any more."""
        with delivering():
            try:
                return await self._edit(page)
            except discord.HTTPException as exc:
                if exc.code in LATE:
                    self._is_closed = True
                    return None
                if exc.code != INVALID or page.is_laid_out:
                    raise
            return await self._edit(replace(page, is_laid_out=True))  # it is of the newer kind, which it stays

    async def _edit(self, page: Page) -> Json:
        webhook, address = self._webhook, self._address
        with parameters(
            page, key=self._key, conversation=address.conversation, is_edit=True, is_hidden=bool(address.hidden)
        ) as params:
            found: Any = await async_context.get().edit_webhook_message(
                webhook.id,
                address.token,
                _NAME,
                session=webhook.session,
                payload=params.payload,
                multipart=params.multipart,
                files=params.files,
                with_components=True,
            )
        return dict(found)

    async def delete(self) -> None:
        """Remove it, if it is still there."""
        self._is_closed = True
        with delivering():
            try:
                await self._webhook.delete_message(_NAME)
            except discord.HTTPException as exc:
                if exc.code not in LATE:
                    raise

    async def whisper(self, page: Page) -> Json:
        """A message to the asker alone. Where the acknowledgement still waits, it would take its place: delete it."""
        webhook, address = self._webhook, self._address
        with (
            delivering(),
            parameters(
                page,
                key=self._key,
                conversation=address.conversation,
                is_edit=False,
                is_hidden=bool(address.hidden),
                flags=discord.MessageFlags(ephemeral=True),
            ) as params,
        ):
            found: Any = await async_context.get().execute_webhook(
                webhook.id,
                address.token,
                session=webhook.session,
                payload=params.payload,
                multipart=params.multipart,
                files=params.files,
                wait=True,
                with_components=True,
            )
        return dict(found)
