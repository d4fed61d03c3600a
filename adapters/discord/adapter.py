"""Lifecycle of the Discord side: log in, listen, deliver."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog
from discord.http import HTTPClient
from pydantic import SecretStr

from adapters.discord.gateway.client import Client, Ears, use_api, use_gateway
from adapters.discord.gateway.errors import NETWORK, reason
from adapters.discord.gateway.watchdog import Watch
from adapters.discord.inbound import downloads, history
from adapters.discord.inbound.catch_up import Sessions
from adapters.discord.inbound.interactions import Deferrals, Interactions
from adapters.discord.inbound.messages import Receiver
from adapters.discord.inbound.reply_mode import Mode, Replies
from adapters.discord.outbound import token_expiry
from adapters.discord.outbound.draft import DiscordDraft, Means
from adapters.discord.outbound.edit_rate import Paces, Typing
from adapters.discord.outbound.token_expiry import Deadlines
from adapters.discord.outbound.upload_limits import Uploads
from adapters.discord.reply_target import Address
from adapters.discord.setup import check, command_sync
from bot.errors import DeliveryDelayed, DeliveryError, SettingsError, StoreError
from bot.i18n import translate
from bot.models import Attachment, Capabilities, CheckResult, CommandSpec, PriorMessages
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)

ADAPTER = "discord"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_BAD_TOKEN = 4004


class Discord:
    """Discord as a platform. Deliveries need only `connected`."""

    name = ADAPTER
    #: how big a file may be depends on the place: `DiscordDraft.finish` says
    capabilities = Capabilities(max_text=2000, edit_interval=1.2, status_interval=8.0)
    routes: tuple[()] = ()

    def __init__(
        self,
        *,
        token: SecretStr,
        message_content: str = "auto",
        reply_mode: Mode = "auto",
        deaf_after: float = 300.0,
        api_url: str = "",
    ) -> None:
        self._token = token
        self._message_content = message_content
        self._reply_mode = reply_mode
        self._deaf_after = deaf_after
        self._api_url = api_url
        self._client: Client | None = None
        self._session: aiohttp.ClientSession | None = None
        self._desk: AdapterServices | None = None
        self._watch: Watch | None = None
        self.deferrals = Deferrals()  #: draft waits here until its interaction is acknowledged
        self._deadlines = Deadlines(self._due, self._put_deadline)
        self._problem = ""
        self._paces = Paces()
        self._typing = Typing()
        self._uploads = Uploads()
        self._drafts: WeakValueDictionary[str, DiscordDraft] = WeakValueDictionary()

    # -- lifecycle

    @asynccontextmanager
    async def connected(self, desk: AdapterServices) -> AsyncIterator[None]:
        """Hold an HTTP client that is logged in. Raises `SettingsError` when the token is refused."""
        self._desk = desk
        if self._api_url:
            use_api(self._api_url)
        async with aiohttp.ClientSession() as self._session:
            with suppress(*NETWORK, discord.HTTPException):  # `run` tries again
                await self._log_in()
            try:
                yield
            finally:
                await self._deadlines.stop()
                await self._typing.stop()
                if self._client is not None:
                    await self._client.close()

    async def _log_in(self) -> Client:
        """A new client in place of one that is closed. Raises `SettingsError`, or what requests raise."""
        wanted = self._message_content != "off"
        client = Client(None, message_content=wanted)
        try:
            await client.login(self._token.get_secret_value())
        except discord.LoginFailure as exc:
            await client.close()
            raise SettingsError(check.BAD_TOKEN) from exc
        except BaseException:
            await client.close()
            raise
        if self._message_content == "auto" and not check.has_message_content(client.application_flags):
            self._say_without_content()
            client.without_message_content()
        self._client = client
        return client

    def _say_without_content(self) -> None:
        """Said once: from here on the service works without."""
        if self._message_content == "auto":
            self._message_content = "off"
            log.warning("no message content", what_to_do=check.NO_CONTENT)

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive until cancelled. Raises `SettingsError` when Discord refuses the token."""
        assert self._desk is not None, "connected first"
        ears = self._listeners(self._desk, sink, commands)
        await ears.sessions.begin()
        await self._go_on(self._desk)
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._listen(ears, commands)
            except (*NETWORK, discord.DiscordException) as exc:
                self._problem = translate("discord.disconnected", "", reason=type(exc).__name__)
                log.warning("gateway lost", reason=reason(exc))
            pause = _FIRST_PAUSE if time.monotonic() - began > _LONGEST_PAUSE else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads reconnections, no secret

    async def _go_on(self, desk: AdapterServices) -> None:
        """See to what was asked before a restart and may still wait for its turn."""
        try:
            await self._deadlines.begin(await desk.storage(token_expiry.BOOK).items())
        except StoreError as exc:
            log.warning("not known what waits", reason=str(exc))

    async def _put_deadline(self, key: str, note: str | None) -> None:
        assert self._desk is not None, "connected first"
        storage = self._desk.storage(token_expiry.BOOK)
        await (storage.delete(key) if note is None else storage.set(key, note))

    async def _listen(self, ears: Ears, commands: Sequence[CommandSpec]) -> None:
        """One life of a client: until the gateway gives up or refuses."""
        assert self._desk is not None, "connected first"
        client = self._client
        if client is None or client.is_closed():
            client = await self._log_in()
        client.ears = ears
        if self._api_url:
            use_gateway((await client.http.get_bot_gateway())[1])
        log.info("invite", url=check.invite_url(client.application_id or 0))
        watch = self._watch = Watch(client, after=self._deaf_after)
        jobs = (watch.run(), ears.sessions.keep_noting(), command_sync.commands(client, self._desk, commands))
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            await client.connect()
        except discord.PrivilegedIntentsRequired:
            if self._message_content == "on":
                raise SettingsError(check.NO_CONTENT) from None
            self._say_without_content()
        except discord.ConnectionClosed as exc:
            if exc.code == _BAD_TOKEN:
                raise SettingsError(check.BAD_TOKEN) from exc
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await ears.sessions.put_note()

    def _listeners(self, desk: AdapterServices, sink: Sink, commands: Sequence[CommandSpec]) -> Ears:
        replies = Replies(desk, self._reply_mode)
        messages = Receiver(client=lambda: self.client, desk=desk, replies=replies, sink=sink, commands=commands)
        interactions = Interactions(
            sink=sink,
            commands=commands,
            deferrals=self.deferrals,
            deadlines=self._deadlines,
            replies=replies,
            learn_locale=messages.locales.put,
        )
        sessions = Sessions(client=lambda: self.client, desk=desk, receiver=messages)
        return Ears(messages, interactions, sessions)

    @property
    def client(self) -> Client:
        """The client that is logged in now; ask for it each time, as it may be replaced. Raises `DeliveryDelayed`."""
        if self._client is None or self._client.is_closed():
            raise DeliveryDelayed("not logged in to Discord")
        return self._client

    @property
    def http(self) -> HTTPClient:
        """The library's REST client with its rate limits. Raises `DeliveryDelayed` when not logged in."""
        return self.client.http

    # -- delivering

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,
        private: bool,  # noqa: ARG002
    ) -> DiscordDraft:
        """The answer of that key."""
        draft = self._drafts.get(key)
        if draft is None:
            means = Means(
                client=self.client,
                deferrals=self.deferrals,
                deadlines=self._deadlines,
                paces=self._paces,
                typing=self._typing,
                uploads=self._uploads,
            )
            draft = self._drafts[key] = DiscordDraft(means, Address.of(reply_to), key=key, ref=ref)
        return draft

    async def _due(self, address: Address, key: str) -> None:
        """See to an answer that is not there shortly before its interaction can be used no more."""
        try:
            draft = await self.draft(address.to_reply_to(), key=key, ref=None, private=False)
            await draft.move()
        except DeliveryError as exc:
            log.warning("not moved", reason=str(exc))

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment in pieces. Raises `DownloadFailed`."""
        assert self._session is not None, "connected first"
        async for piece in downloads.read(self._session, self.http, attachment):
            yield piece

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """What was said before, from the thread or the chain of replies. Raises `DeliveryError`."""
        return await history.earlier(self.client, Address.of(reply_to), limit=limit)

    def health(self) -> str:
        """Whether requests can come in."""
        if self._client is None or self._client.is_closed() or not self._client.is_heard():
            return self._problem or translate("discord.connecting")
        if self._watch is not None and self._watch.deaf:
            return translate("discord.deaf", "", shards=", ".join(map(str, self._watch.deaf)))
        return ""

    async def check(self) -> Sequence[CheckResult]:
        """Prove token, intents and permissions."""
        return await check.findings(self._token.get_secret_value(), self._message_content, self._api_url)
