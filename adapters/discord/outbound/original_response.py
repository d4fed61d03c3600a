"""The original response of an interaction: the "thinking" message that becomes the answer while its token works."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

import discord
from discord.webhook.async_ import async_context

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.interaction_tokens import Acknowledgements, TokenDeadlines
from adapters.discord.outbound.layout import MessagePage
from adapters.discord.outbound.payload import EPHEMERAL, LOADING, leaf_components, request_parameters
from adapters.discord.reply_target import ReplyTarget, created_at
from adapters.discord.timing import Timing
from adapters.discord.ui.buttons import BUTTON_ID, STOP, ButtonIds, signer_of
from bot.ports import AdapterServices

_ORIGINAL: Any = "@original"  # stands in for the message's id
_INVALID_BODY = 50035
#: Codes of a request for it: it is gone; its interaction has ended, by an unknown webhook or an invalid token.
_GONE, _ENDED = 10008, (10015, 50027)
_UNUSABLE = (_GONE, *_ENDED)

#: Code while an interaction is not acknowledged yet, and once its token has ended.
_UNKNOWN_WEBHOOK = 10015

Json = dict[str, Any]
T = TypeVar("T")


class OriginalResponse:
    """One interaction's original response. Every method raises `DeliveryError`."""

    def __init__(
        self,
        client: DiscordClient,
        core: AdapterServices,
        acknowledgements: Acknowledgements,
        deadlines: TokenDeadlines,
        target: ReplyTarget,
        *,
        key: str,
        timing: Timing,
    ) -> None:
        self._client = client
        self._core = core
        self._acknowledgements = acknowledgements
        self._target = target
        self._key = key
        self._deadlines = deadlines
        self._is_closed = False
        self._is_gone = False
        self._timing = timing
        is_new = abs(deadlines.clock.now() - created_at(target.interaction)) < timing.fresh_question
        is_foreign = is_new and not acknowledgements.is_own(target.interaction)
        #: monotonic: until then another process may acknowledge it
        self._acknowledged_by = time.monotonic() + timing.acknowledged if is_foreign else 0.0

    @cached_property
    def _webhook(self) -> discord.Webhook:
        data: Any = {"id": self._target.application, "token": self._target.token, "type": 3}  # an application's
        return discord.Webhook.from_state(data, self._client._connection)  # noqa: SLF001 - as the library's own

    async def is_usable(self) -> bool:
        """Whether it exists and its token works."""
        return not self._is_gone and await self.has_token()

    async def has_token(self) -> bool:
        """Whether its token works, so that an ephemeral message can be sent."""
        if not self._is_closed and self._deadlines.is_over(self._target):
            self._is_closed = True
        if not self._is_closed:
            self._is_closed = await self._acknowledgements.wait(self._target.interaction) is False
        return not self._is_closed

    async def is_unfinished(self) -> bool:
        """Fetch it; whether it still says "thinking" or has a Stop button."""
        if not await self.is_usable():
            return False
        webhook, target = self._webhook, self._target
        with raise_delivery_errors():
            try:
                message: Json = {
                    **await self._request(
                        lambda: async_context.get().get_webhook_message(
                            webhook.id, target.token, _ORIGINAL, session=webhook.session, proxy=webhook.proxy
                        )
                    )
                }
            except discord.HTTPException as exc:
                if exc.code in _UNUSABLE:
                    return False
                raise
        ids = (str(component.get("custom_id")) for component in leaf_components(message))
        buttons = [match for custom_id in ids if (match := BUTTON_ID.fullmatch(custom_id))]
        is_stoppable = any(button["action"] == STOP and button["event"] == self._key for button in buttons)
        return bool(message.get("flags", 0) & LOADING) or is_stoppable

    def close(self) -> None:
        """Use it no longer."""
        self._is_closed = True

    async def edit(self, page: MessagePage) -> Json | None:
        """Make it show a page; return the message as Discord has it now, or None if it no longer exists."""
        with raise_delivery_errors():
            try:
                return await self._request(lambda: self._edit(page))
            except discord.HTTPException as exc:
                if exc.code in _UNUSABLE:
                    self._is_gone = True
                    self._is_closed = exc.code != _GONE
                    return None
                if exc.code != _INVALID_BODY or page.is_components_v2:
                    raise
            return await self._edit(replace(page, is_components_v2=True))  # the message is, and it can't go back

    async def _edit(self, page: MessagePage) -> Json:
        webhook, target = self._webhook, self._target
        ids = self._button_ids(is_ephemeral=target.deferred == "private")
        with request_parameters(page, ids=ids, is_edit=True, is_spoiler=bool(target.spoiler)) as params:
            message: Any = await async_context.get().edit_webhook_message(
                webhook.id,
                target.token,
                _ORIGINAL,
                session=webhook.session,
                proxy=webhook.proxy,
                payload=params.payload,
                multipart=params.multipart,
                files=params.files,
                with_components=True,
            )
        return dict(message)

    def _button_ids(self, *, is_ephemeral: bool) -> ButtonIds:
        target = self._target
        person = target.user if is_ephemeral else ""
        return ButtonIds(
            event=self._key,
            conversation=target.conversation,
            channel=target.channel,
            signer=signer_of(self._core, target.channel, person=person),
        )

    async def _request(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send a request; repeat it until the interaction is acknowledged, where another process does that."""
        pause = self._timing.acknowledged_check
        while True:
            try:
                return await send()
            except discord.HTTPException as exc:
                if exc.code != _UNKNOWN_WEBHOOK or time.monotonic() > self._acknowledged_by:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def delete(self) -> None:
        """Delete it, if it still exists."""
        self._is_gone = True
        with raise_delivery_errors():
            try:
                await self._request(lambda: self._webhook.delete_message(_ORIGINAL))
            except discord.HTTPException as exc:
                if exc.code not in _UNUSABLE:
                    raise

    async def send_ephemeral(self, page: MessagePage) -> Json:
        """Send the asker an ephemeral message. Delete the "thinking" message first, which it would replace."""
        webhook, target = self._webhook, self._target
        with (
            raise_delivery_errors(),
            request_parameters(
                page,
                ids=self._button_ids(is_ephemeral=True),
                is_edit=False,
                is_spoiler=bool(target.spoiler),
                flags=EPHEMERAL,
            ) as params,
        ):
            message: Any = await self._request(
                lambda: async_context.get().execute_webhook(
                    webhook.id,
                    target.token,
                    session=webhook.session,
                    proxy=webhook.proxy,
                    payload=params.payload,
                    multipart=params.multipart,
                    files=params.files,
                    wait=True,
                    with_components=True,
                )
            )
        return dict(message)
