"""The Discord adapter: logs in, receives events, opens drafts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import aiohttp
import discord
import structlog
from discord.http import HTTPClient
from pydantic import SecretStr

from adapters.discord import interaction_tokens
from adapters.discord.directory import DiscordDirectory
from adapters.discord.explanations import bad_token
from adapters.discord.gateway.client import DiscordClient, Login
from adapters.discord.gateway.errors import describe_error, raise_delivery_errors
from adapters.discord.gateway.event_router import EventRouter
from adapters.discord.gateway.shards import AUTO, Shards
from adapters.discord.gateway.watchdog import GatewayWatchdog
from adapters.discord.inbound import channel_history, downloads, history
from adapters.discord.inbound.interactions import InteractionHandler
from adapters.discord.inbound.messages import MessageHandler
from adapters.discord.inbound.missed_messages import MissedMessages
from adapters.discord.inbound.parse import ADAPTER
from adapters.discord.inbound.place_changes import PlaceListener
from adapters.discord.inbound.places import ServedPlaces
from adapters.discord.inbound.reply_mode import ReplyModes
from adapters.discord.interaction_tokens import Acknowledgements, TokenDeadlines
from adapters.discord.outbound.draft import DeliveryServices, DiscordDraft
from adapters.discord.outbound.edit_rate import EditRates, TypingIndicator
from adapters.discord.outbound.reaction import add_reaction
from adapters.discord.outbound.upload_limits import UploadLimits
from adapters.discord.outbound.voice import VOICE_MESSAGE
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.setup import application_commands, check
from adapters.discord.timing import Timing
from adapters.kit.connection.backoff import Backoff
from adapters.kit.errors import NETWORK_ERRORS
from adapters.kit.per_key import PerKey
from adapters.kit.reply_target import encrypt_secret
from bot.errors import BotError, DeliveryDelayed, DeliveryError, DeliveryRefused, SettingsError, StoreError
from bot.i18n import translate
from bot.models import Attachment, Capabilities, CheckResult, CommandSpec, PriorMessages
from bot.ports import AdapterServices, ChannelHistory, ChannelSpan, Confirm, ReplyMode, Sink, always_owned

log = structlog.get_logger(__name__)

_BAD_TOKEN = 4004


class Discord(DiscordDirectory):
    """Discord as a platform. Drafts need only `connected`; events need `run`."""

    name = ADAPTER
    routes: tuple[()] = ()

    def __init__(
        self,
        *,
        token: SecretStr,
        message_content: str = "auto",
        reply_mode: ReplyMode = "auto",
        stalled_after: float = 300.0,
        shards: str = AUTO,
        api_url: str = "",
        servers: Collection[str] = (),
        serves_everybody: bool = False,
        timing: Timing | None = None,
    ) -> None:
        self._token = token
        self._message_content = message_content
        self._reply_mode = reply_mode
        self._stalled_after = stalled_after
        self._api_url, self._shards = api_url, shards
        self._timing = timing = timing or Timing()
        #: the size limit of files depends on the channel: `DiscordDraft.finish` enforces it
        self.capabilities = Capabilities(
            edit_interval=timing.edit_interval,
            status_interval=timing.status_interval,
            has_roles=True,
            repeats_private=True,
            voice_message=VOICE_MESSAGE,
        )
        self._served = ServedPlaces(lambda: self.client, servers=servers, serves_everybody=serves_everybody)
        self._login = Login(token, message_content=message_content, api_url=api_url, timing=self._timing)
        self._session: aiohttp.ClientSession | None = None
        self._services: AdapterServices | None = None
        self._watchdog: GatewayWatchdog | None = None
        self._problem = ""  # the last reason why the gateway was lost
        self._has_worked = False
        self.acknowledgements = Acknowledgements()  #: a draft waits for that of its interaction
        self._deadlines = TokenDeadlines(self._detach_draft, self._store_deadline, timing, self._login.clock)
        self._edit_rates = EditRates(timing)
        self._typing = TypingIndicator(timing)
        self._upload_limits = UploadLimits()
        self._drafts: PerKey[str, DiscordDraft] = PerKey()

    # -- lifecycle

    @asynccontextmanager
    async def connected(self, services: AdapterServices) -> AsyncIterator[None]:
        """Hold a logged-in HTTP client. Raises `SettingsError` when Discord refuses the token."""
        self._services, self._login.recorder = services, services.call_recorder
        async with aiohttp.ClientSession() as self._session:
            with suppress(*NETWORK_ERRORS, discord.HTTPException, DeliveryDelayed):  # tried again when it is needed
                await self._login.log_in()
            try:
                yield
            finally:
                await self._deadlines.stop()
                await self._typing.stop()
                await self._login.close()

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive until cancelled. Raises `SettingsError` when Discord refuses the token before the first session.

        Later a refusal is a problem as any other: it may pass, and what else the process does goes on.
        """
        assert self._services is not None, "connected first"
        router, missed = self._build_listeners(self._services, sink, commands)
        shards = Shards(self._shards, self._services, missed, self._timing)
        await self._restore_deadlines(self._services)
        longest = self._timing.reconnect_longest
        backoff = Backoff(first=self._timing.reconnect_first, longest=longest)
        while True:
            started = time.monotonic()
            try:
                await self._listen(router, missed, shards, commands)
            except SettingsError as exc:
                if not self._has_worked:
                    raise
                self._problem = str(exc)
                log.error("gateway refused", reason=str(exc))  # noqa: TRY400 - a traceback adds nothing
            except (discord.DiscordException, BotError, *NETWORK_ERRORS) as exc:
                self._problem = translate("discord.disconnected", "", reason=type(exc).__name__)
                log.warning("gateway lost", reason=describe_error(exc))
            except Exception as exc:  # a defect: a new connection may work all the same
                self._problem = translate("discord.disconnected", "", reason=type(exc).__name__)
                log.exception("gateway lost")
            if time.monotonic() - started > longest:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    def _build_listeners(
        self, services: AdapterServices, sink: Sink, commands: Sequence[CommandSpec]
    ) -> tuple[EventRouter, MissedMessages]:
        messages = MessageHandler(
            client=lambda: self.client,
            services=services,
            reply_modes=ReplyModes(services, self._reply_mode),
            sink=sink,
            commands=commands,
            served=self._served,
            timing=self._timing,
        )
        interactions = InteractionHandler(
            services=services,
            sink=encrypt_secret(sink, ReplyTarget, services),
            commands=commands,
            acknowledgements=self.acknowledgements,
            deadlines=self._deadlines,
            locales=messages.locales,
            active_channels=messages.active_channels,
            served=self._served,
            timing=self._timing,
        )
        missed = MissedMessages(client=lambda: self.client, services=services, messages=messages, timing=self._timing)
        return EventRouter(messages, interactions, missed), missed

    async def _listen(
        self, router: EventRouter, missed: MissedMessages, shards: Shards, commands: Sequence[CommandSpec]
    ) -> None:
        """Connect one client and receive until the gateway ends or refuses the connection."""
        assert self._services is not None, "connected first"
        client = await self._login.log_in()
        client.router = router
        PlaceListener(self._services.places).listen(client)
        log.info("invite", url=check.invite_url(client.application_id or 0))
        self._watchdog = GatewayWatchdog(client, stalled_after=self._stalled_after, timing=self._timing)
        register = partial(application_commands.register_commands, client, self._services, commands, self._timing)
        start = self._services.loops.start
        tasks = [
            start("watchdog of the gateway", self._watchdog.run),
            start("position in the messages", missed.save_periodically),
            start("registration of commands", register),
        ]
        try:
            await shards.connect(client)
        except discord.PrivilegedIntentsRequired:
            self._login.give_up_content()
        except discord.ConnectionClosed as exc:
            if exc.code == _BAD_TOKEN:
                raise SettingsError(bad_token()) from exc
            raise
        finally:
            self._has_worked = self._has_worked or client.has_had_session
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await missed.stop()
            await missed.save_position()

    @property
    def client(self) -> DiscordClient:
        """See `Login.client`."""
        return self._login.client

    @property
    def http(self) -> HTTPClient:
        """The library's REST client, which keeps the rate limits. Raises `DeliveryDelayed` when not logged in."""
        return self.client.http

    # -- delivery

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,
        private: bool,  # noqa: ARG002
        confirm: Confirm = always_owned,
    ) -> DiscordDraft:
        """Return the draft of that key."""
        client = await self._login.ensure()
        draft = self._drafts.find_or_make(key, lambda: self._open_draft(client, reply_to, key, ref))
        draft.confirm = confirm
        if ref is not None and self._services is not None and self._services.has_peers:
            draft.note_retry(ref)
        return draft

    def _open_draft(
        self, client: DiscordClient, reply_to: Mapping[str, str], key: str, ref: str | None
    ) -> DiscordDraft:
        assert self._services is not None, "connected first"
        target = ReplyTarget.decrypt(reply_to, self._services)
        services = DeliveryServices(
            client=client,
            core=self._services,
            acknowledgements=self.acknowledgements,
            deadlines=self._deadlines,
            edit_rates=self._edit_rates,
            typing=self._typing,
            upload_limits=self._upload_limits,
            timing=self._timing,
        )
        return DiscordDraft(services, target, key=key, ref=ref)

    async def _detach_draft(self, target: ReplyTarget, key: str) -> None:
        """Continue an unfinished answer without its interaction's token, shortly before the token ends."""
        try:
            draft = await self.draft(target.to_reply_to(), key=key, ref=None, private=False)
            async with asyncio.timeout(self._timing.token_reserve):
                await draft.detach_from_token()
        except (DeliveryError, TimeoutError) as exc:
            log.warning("answer not detached from its token", reason=repr(exc))

    async def _restore_deadlines(self, services: AdapterServices) -> None:
        """Watch the tokens of interactions that an earlier process left unanswered."""
        try:
            await self._deadlines.restore(await services.storage(interaction_tokens.NAMESPACE).items())
        except StoreError as exc:
            log.warning("token deadlines not restored", reason=str(exc))

    async def _store_deadline(self, key: str, value: str | None) -> None:
        assert self._services is not None, "connected first"
        storage = self._services.storage(interaction_tokens.NAMESPACE)
        await (storage.delete(key) if value is None else storage.set(key, value))

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        """Return the place of a message of its own in a channel, else in a person's direct messages."""
        asked = ReplyTarget.of(reply_to)
        if not channel:
            if not person.isdecimal():
                raise DeliveryRefused("no user of Discord")
            client = await self._login.ensure()
            with raise_delivery_errors():
                channel = str((await client.http.start_private_message(int(person)))["id"])
        return ReplyTarget(
            conversation=conversation,
            channel=channel,
            user=person or asked.user,
            guild="" if person else asked.guild,
            locale=asked.locale,
            is_dm="1" if person else "",
            since=str(discord.utils.time_snowflake(datetime.now(UTC))),
        ).to_reply_to()

    async def place_again(
        self,
        reply_to: Mapping[str, str],
        *,
        conversation: str,
        heading: str = "",  # noqa: ARG002
    ) -> tuple[str, Mapping[str, str]]:
        """Return the place of a message in the same channel, thread or direct messages."""
        target = ReplyTarget.of(reply_to).again(conversation)
        return target.conversation, target.to_reply_to()

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Put 👀 on the message of a request. Raises `DeliveryError`."""
        await add_reaction(await self._login.ensure(), ReplyTarget.of(reply_to))

    # -- reading

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Yield an attachment's bytes in chunks. Raises `DownloadFailed`."""
        assert self._session is not None, "connected first"
        async for chunk in downloads.download(self._session, self.http, attachment, self._timing):
            yield chunk

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Return the messages before the question, from its thread or chain of replies. Raises `DeliveryError`."""
        return await history.read_prior_messages(self.client, ReplyTarget.of(reply_to), limit=limit)

    async def read_channel(
        self, reply_to: Mapping[str, str], span: ChannelSpan, *, on_progress: Callable[[int], None]
    ) -> ChannelHistory:
        """See `ChannelReader.read_channel`."""
        client = await self._login.ensure()
        return await channel_history.ChannelReading(client, ReplyTarget.of(reply_to), span, on_progress).read()

    async def message_links(self, reply_to: Mapping[str, str], ids: Collection[str]) -> Mapping[str, str]:
        """Return the addresses of messages in the channel of a request."""
        target = ReplyTarget.of(reply_to)
        return {name: channel_history.link_of(target, name) for name in ids}

    # -- operation

    def health(self) -> str:
        """Return "" while events can arrive, else a sentence that says why not."""
        client = self._login.found
        if client is None or not client.has_sessions():
            return self._problem or translate("discord.connecting")
        if self._watchdog is not None and self._watchdog.stalled:
            return translate("discord.stalled", "", shards=", ".join(map(str, self._watchdog.stalled)))
        return ""

    async def check(self) -> Sequence[CheckResult]:
        """Check token, intents and permissions."""
        return await check.run_checks(self._token.get_secret_value(), self._message_content, self._api_url)
