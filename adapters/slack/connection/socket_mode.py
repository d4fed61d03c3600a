"""Socket Mode: one connection, replaced when it hears nothing."""

import asyncio
import time
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.backoff import Backoff
from adapters.kit.watchdog import Watchdog, interval
from adapters.slack.connection.errors import FAILED, asked_to_wait, code, reason
from adapters.slack.connection.proxies import proxy_of
from bot.errors import SettingsError
from bot.i18n import translate

log = structlog.get_logger(__name__)

#: Seconds between two pings of ours.
PING = 10.0
#: Seconds that a new connection has to say hello.
PATIENCE = 20.0
#: Seconds without any event after which a connection is replaced, even though it answers pings. It costs one request.
QUIET = 600.0
#: Looks at a closed connection before it is given up: the library connects again by itself when Slack says goodbye.
_LOOKS = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_WRONG_TOKEN = ("invalid_auth", "not_allowed_token_type", "account_inactive", "token_revoked", "missing_scope")


class Connection:
    """One connection, from hello to its end."""

    def __init__(self, app: AsyncApp, token: str, web: AsyncWebClient, *, ping: float) -> None:
        handler = AsyncSocketModeHandler(app, token, web_client=web, ping_interval=ping)
        self._web, self._token = web, token
        self._client: SocketModeClient = handler.client
        self._client.message_listeners.append(self._heard)
        self._client.on_message_listeners.append(self._received)
        self._hello = asyncio.Event()
        self._events = self._anything = time.monotonic()

    async def open(self) -> None:
        """Connect and wait for hello. Raises `SettingsError` for a wrong token, else `SlackApiError` and the like."""
        client = self._client
        try:
            client.wss_uri = (await self._web.apps_connections_open(app_token=self._token))["url"]
        except SlackApiError as exc:
            if code(exc) in _WRONG_TOKEN:
                raise SettingsError(
                    f"Slack refuses SLACK_APP_TOKEN ({code(exc)}): open https://api.slack.com/apps, your app, Basic "
                    "Information, App-Level Tokens, generate one with connections:write and put it into .env"
                ) from exc
            raise
        client.proxy = proxy_of(client.wss_uri or "")
        async with asyncio.timeout(PATIENCE):
            await client.connect()  # type: ignore[no-untyped-call]
            await self._hello.wait()
        self._events = self._anything = time.monotonic()

    async def _heard(self, client: Any, message: dict[str, Any], raw: str | None = None) -> None:  # noqa: ARG002
        if message.get("type") == "hello":
            self._hello.set()
        elif message.get("envelope_id"):
            self._events = time.monotonic()

    async def _received(self, message: Any) -> None:  # noqa: ARG002
        self._anything = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether there is a session at all."""
        session = self._client.current_session
        return self._hello.is_set() and session is not None and not session.closed and not self._client.closed

    def silence(self) -> float:
        """Seconds since the connection gave any sign of life, answers to our pings included."""
        pong = self._client.last_ping_pong_time
        since_pong = time.time() - pong if pong is not None else float("inf")
        return min(time.monotonic() - self._anything, since_pong)

    def quiet(self) -> float:
        """Seconds since the last event, or since the connection was opened."""
        return time.monotonic() - self._events

    async def close(self) -> None:
        """Let go of it. What it had heard and not acknowledged, Slack tells again."""
        client = self._client
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await client.close()  # type: ignore[no-untyped-call]
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


class Sockets:
    """Keeps one connection that hears. `problem` is "" while it does."""

    def __init__(self, app: AsyncApp, token: str, web: AsyncWebClient, *, deaf_after: float) -> None:
        self._app = app
        self._token = token
        self._web = web
        self._deaf_after = deaf_after
        self._connection: Connection | None = None
        self.problem = translate("slack.connecting")

    async def run(self) -> None:
        """Listen until cancelled. Raises `SettingsError` when Slack refuses the token."""
        backoff = Backoff(first=_FIRST_PAUSE, longest=_LONGEST_PAUSE)
        try:
            while True:
                try:
                    await self._replace()
                except FAILED as exc:
                    self.problem = translate("slack.disconnected", "", reason=reason(exc))
                    wait = max(backoff.next(), asked_to_wait(exc))
                    log.warning("no connection", reason=reason(exc), seconds=round(wait, 1))
                    await asyncio.sleep(wait)
                    continue
                backoff.reset()
                self.problem = ""
                self.problem = await self._listen()
        finally:
            if self._connection is not None:
                await self._connection.close()

    async def _replace(self) -> None:
        """A new connection in place of the old one, which is let go only then, so that nothing falls between."""
        fresh = Connection(self._app, self._token, self._web, ping=min(PING, self._deaf_after / 3))
        try:
            await fresh.open()
        except BaseException:
            await fresh.close()
            raise
        old, self._connection = self._connection, fresh
        if old is not None:
            await old.close()

    async def _listen(self) -> str:
        """Return when the connection is to be replaced: "" when it is only to be sure, else why it does not hear."""
        connection = self._connection
        assert connection is not None, "replaced"
        watchdog = Watchdog(stalled_after=self._deaf_after, probe_timeout=None, now=time.monotonic())
        lost = 0
        while True:
            await asyncio.sleep(interval(self._deaf_after, at_most=PING))
            lost = 0 if connection.is_open else lost + 1
            if lost > _LOOKS:
                log.warning("connection lost")
                return translate("slack.disconnected", "", reason="closed")
            now = time.monotonic()
            watchdog.sign(now - connection.silence())
            if watchdog.check(now) == "stalled":
                log.error("connection deaf: connecting anew", seconds=round(connection.silence()))
                return translate("slack.deaf")
            if connection.quiet() > QUIET:
                log.info("connection quiet: connecting anew", seconds=round(connection.quiet()))
                return ""
