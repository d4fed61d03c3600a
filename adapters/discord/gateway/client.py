"""The library's client: its intents and caches, and its gateway events."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.explanations import bad_token, has_message_content, no_message_content
from adapters.discord.gateway.action_button import ActionButton
from adapters.discord.gateway.clock import DiscordClock
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.gateway.event_router import EventRouter
from adapters.discord.gateway.readable_messages import parse_without_parts
from adapters.discord.gateway.requests import throttle_cleanup, use_fast_json
from adapters.discord.gateway.sharded_client import ShardedClient
from adapters.discord.timing import Timing
from adapters.kit.bounded import BoundedDict
from adapters.kit.connection.call_recording import record_calls
from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.connection.fenced_connector import FencedConnector
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import DeliveryDelayed, SettingsError
from bot.ports import CallRecorder

log = structlog.get_logger(__name__)

#: Servers that are kept after they were read.
_READ_GUILDS = 1000
_MESSAGES = ("MESSAGE_CREATE", "MESSAGE_UPDATE")


class DiscordClient(ShardedClient):
    """A client that caches servers, channels and roles, but neither messages nor members."""

    def __init__(self, *, message_content: bool, timing: Timing, recorder: CallRecorder | None = None) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)
        use_fast_json()
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is not used here
        super().__init__(
            timing=timing,
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=timing.rate_limit_wait,
            connector=FencedConnector(limit=0),
            proxy=proxy_for(Route.BASE),
        )
        self._recorder = recorder
        self._read_guilds: BoundedDict[str, discord.Guild] = BoundedDict(_READ_GUILDS, lifetime=timing.guild_lifetime)
        self.router: EventRouter | None = None  #: None: events are dropped
        self.has_had_session = False
        self.unreadable: Counter[str] = Counter()  #: events that the library can't parse, by name
        if recorder is not None:
            from adapters.discord.gateway.payloads import note_payloads  # needed seldom

            note_payloads(self._connection.parsers)
        self._skip_own_messages()
        self._skip_unreadable_events()
        self.add_dynamic_items(ActionButton)
        throttle_cleanup(self.http, timing.rate_limit_cleanup)

    async def login(self, token: str) -> None:
        """See `discord.Client.login`."""
        await super().login(token)
        if self._recorder is not None:  # the library makes the session, and takes no middleware
            self.http._HTTPClient__session._middlewares = (record_calls(self._recorder),)  # type: ignore[attr-defined] # noqa: SLF001

    def drop_message_content(self) -> None:
        """Connect without the message content intent. Call it before connecting."""
        self._connection._intents.message_content = False  # noqa: SLF001 - known only after logging in

    def _skip_unreadable_events(self) -> None:
        """Keep an event that the library can't parse from ending the connection, and with it every server's.

        Discord may send what its documentation allows, or something new, and the library expects something else.
        """
        parsers = self._connection.parsers

        def guard(event: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def parse_or_skip(data: Any) -> None:
                try:
                    parse(data)
                except Exception as exc:  # noqa: BLE001 - foreign data in foreign code: any error is possible
                    if event not in _MESSAGES or not _can_be_parsed(parse, data):
                        self._count_unreadable(event, exc)

            return parse_or_skip

        for event, parse in list(parsers.items()):
            parsers[event] = guard(event, parse)

    def _count_unreadable(self, event: str, exc: Exception) -> None:
        self.unreadable[event] += 1
        if self.unreadable[event] == 1:
            log.warning("gateway events skipped", kind=event, reason=f"{type(exc).__name__}: {exc}")

    def _skip_own_messages(self) -> None:
        """Don't parse what the bot itself has posted or edited: Discord sends each of these messages back."""
        parsers = self._connection.parsers

        def guard(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def parse_others(data: Any) -> None:
                own = self._connection.self_id
                if own is None or (data.get("author") or {}).get("id") != str(own):
                    parse(data)
                elif self.router is not None:
                    self.router.messages.note_own_message(int(data["id"]))

            return parse_others

        for event in _MESSAGES:
            parsers[event] = guard(parsers[event])

    def _trim_socket(self, shard: int) -> None:
        """Leave out what the library does for each gateway event without need; let the recorder have their texts."""
        socket = self.sockets().get(shard)
        if socket is not None:
            socket._dispatch = _ignore  # tells of each event by its name alone # noqa: SLF001 - no public way
            # No timer for each event: the library's heartbeats end a connection that is not alive any more.
            socket._max_heartbeat_timeout = None  # type: ignore[assignment] # noqa: SLF001 - no public way
            if self._recorder is not None:
                from adapters.discord.gateway.payloads import note_texts  # needed seldom

                note_texts(socket)

    async def find_guild(self, number: str) -> discord.Guild | None:
        """Return a server; one whose shard this process does not hold is read, once in a while.

        None: in direct messages, or where Discord does not tell.
        """
        if not number:
            return None
        found = self.get_guild(int(number)) or self._read_guilds.get(number)
        if found is None:
            try:
                found = self._read_guilds[number] = await self.fetch_guild(int(number), with_counts=False)
            except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
                log.info("server not read", server=number, reason=type(exc).__name__)
        return found

    # -- events of the library

    async def on_message(self, message: discord.Message) -> None:
        """Route a new message."""
        if self.router is not None:
            await self.router.messages.on_message(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Route an edited message; one that only got the preview of a link was not edited."""
        if self.router is not None and payload.message.edited_at is not None:
            await self.router.messages.on_message_edit(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Route a deleted message."""
        if self.router is not None:
            await self.router.messages.on_message_delete(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Route messages deleted at once."""
        if self.router is not None:
            await self.router.messages.on_message_delete(payload.channel_id, payload.message_ids)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Route an interaction; `ActionButton` routes the buttons of answers."""
        if self.router is not None:
            await self.router.interactions.on_interaction(interaction)

    async def on_shard_connect(self, shard: int) -> None:
        """Route the begin of a session."""
        self.has_had_session = True
        self._trim_socket(shard)
        if self.router is not None:
            await self.router.sessions.on_connect(shard)

    async def on_shard_ready(self, shard: int) -> None:
        """Route that a session's servers are known."""
        if self.router is not None:
            await self.router.sessions.on_ready(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        """Route that a session was resumed."""
        self._trim_socket(shard)
        if self.router is not None:
            await self.router.sessions.on_resume(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """Route that a connection was lost."""
        if self.router is not None:
            await self.router.sessions.on_disconnect(shard)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        """Route an outage of a server."""
        if self.router is not None:
            await self.router.sessions.on_server_unavailable(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Route that a server is known."""
        if self.router is not None:
            await self.router.sessions.on_server_available(guild)


def _can_be_parsed(parse: Callable[[Any], Any], data: Any) -> bool:
    """Parse a message without what the library may not read; whether that was possible."""
    try:
        parse_without_parts(parse, data)
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _ignore(*_: object) -> None:
    """Stand in for a listener."""


def use_api_url(url: str) -> None:
    """Send every request of the library in this process to another REST API."""
    Route.BASE = url


class Login:
    """Logs in with a token. `message_content`: see the setting; `api_url`: of the REST API, "": Discord's own."""

    def __init__(self, token: SecretStr, *, message_content: str, api_url: str, timing: Timing) -> None:
        self._token = token
        self._message_content = message_content
        self._api_url = api_url
        self._timing = timing
        self._lock = asyncio.Lock()
        self._client: DiscordClient | None = None
        self.recorder: CallRecorder | None = None
        self.clock = DiscordClock()

    @property
    def found(self) -> DiscordClient | None:
        """The newest client, if there is one that is not closed."""
        return None if self._client is None or self._client.is_closed() else self._client

    @property
    def client(self) -> DiscordClient:
        """The logged-in client; don't keep it, as it may be replaced. Raises `DeliveryDelayed`."""
        if (client := self.found) is None:
            raise DeliveryDelayed("not logged in to Discord")
        return client

    async def log_in(self) -> DiscordClient:
        """Return the client, a new one where it was closed. Raises `SettingsError`, and the errors of requests."""
        async with self._lock:
            return self.found or await self._log_in()

    async def _log_in(self) -> DiscordClient:
        if self._api_url:
            use_api_url(self._api_url)
        content = self._message_content != "off"
        client = DiscordClient(message_content=content, timing=self._timing, recorder=self.recorder)
        try:
            await client.login(self._token.get_secret_value())
        except discord.LoginFailure as exc:
            await client.close()
            raise SettingsError(bad_token()) from exc
        except (KeyError, TypeError, ValueError) as exc:  # the library takes a proxy's page for an answer
            await client.close()
            raise DeliveryDelayed("an answer to the login that is not Discord's") from exc
        except BaseException:
            await client.close()
            raise
        if self._message_content == "auto" and not has_message_content(client.application_flags):
            self._turn_content_off()
            client.drop_message_content()
        session = client.http._HTTPClient__session  # type: ignore[attr-defined] # noqa: SLF001 - no public way
        await self.clock.ask(session)
        self._client = client
        return client

    async def ensure(self) -> DiscordClient:
        """Return the client, as `log_in`, for a delivery. Raises `DeliveryDelayed`."""
        if (found := self.found) is not None:
            return found
        try:
            with raise_delivery_errors():
                return await self.log_in()
        except SettingsError as exc:
            raise DeliveryDelayed(str(exc)) from exc

    def give_up_content(self) -> None:
        """Go on without the message content, which Discord refuses. Raises `SettingsError` where it is required."""
        if self._message_content == "on":
            raise SettingsError(no_message_content())
        self._turn_content_off()

    def _turn_content_off(self) -> None:
        """Continue without the message content intent, and log once how to grant it."""
        if self._message_content == "auto":
            self._message_content = "off"
            log.warning("no message content", what_to_do=no_message_content())

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.close()
