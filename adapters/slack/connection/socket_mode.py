"""Socket Mode: connections, each supervised and replaced when it is lost or stalled."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.connection.backoff import Backoff
from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.connection.fast_json import read_json, write_json
from adapters.kit.connection.shares import work_while_held
from adapters.kit.connection.watchdog import Watchdog, interval
from adapters.slack.connection.bolt_app import SocketModeBoltRequest, is_about_own_message
from adapters.slack.connection.errors import API_ERRORS, error_code, log_reason, retry_after
from adapters.slack.settings import APPS
from adapters.slack.timing import Timing
from bot.errors import SettingsError
from bot.i18n import operator_text, translate

log = structlog.get_logger(__name__)

_OK = 200  # of HTTP
_SLACK_WAITS = 3.0  # seconds for an acknowledgement
#: Why a connection ends without a word of Slack.
_CLOSED = "closed"
_TOO_MANY = "too_many_websockets"  # Slack's limit of connections of one app is reached
_WRONG_TOKEN = ("invalid_auth", "not_allowed_token_type", "account_inactive", "token_revoked", "missing_scope")


def _payload_of(response: BoltResponse) -> dict[str, Any]:
    """Return what an acknowledgement carries besides the id of its envelope."""
    if not response.body:
        return {}
    is_json = response.headers["content-type"][0].startswith("application/json")
    return {"payload": read_json(response.body) if is_json else {"text": response.body}}


class _Client(SocketModeClient):
    """The library's client, for one connection: its own way of making another has no pauses, and closes the old first.

    `on_message`: awaited with each message, one after the other.
    `end_reason`: why the connection ends, or has ended; "" while it does not.
    """

    def __init__(self, token: str, on_message: Callable[[str], Awaitable[None]], **given: Any) -> None:
        super().__init__(token, **given)
        self._on_message = on_message
        self.end_reason = ""
        self.ending = asyncio.Event()

    async def enqueue_message(self, message: str) -> None:
        """Handle a message at once: the library's way takes two more tasks, and twice as long to read it."""
        await self._on_message(message)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002 - the library's
        """Take note that the connection was closed, or does not answer pings."""
        self.end(_CLOSED)

    def end(self, reason: str) -> None:
        """Note why the connection ends; the first reason stays."""
        self.end_reason = self.end_reason or reason
        self.ending.set()


class Connection:
    """One connection, from hello to its end."""

    def __init__(self, app: AsyncApp, token: str, web: AsyncWebClient, *, stalled_after: float, timing: Timing) -> None:
        ping = min(timing.ping_interval, stalled_after / 3)
        self._app, self._web, self._token = app, web, token
        self._timeout = timing.hello_timeout
        self._stalled_after = stalled_after
        self._client = _Client(token, self._on_message, logger=app.logger, web_client=web, ping_interval=ping)
        self._hello = asyncio.Event()
        self._handling: set[asyncio.Task[None]] = set()  #: of requests that are not acknowledged yet
        self._start_watching()

    def _start_watching(self) -> None:
        self._last_event = time.monotonic()
        self._watchdog = Watchdog(stalled_after=self._stalled_after, probe_timeout=None, now=self._last_event)

    async def open(self) -> None:
        """Connect and wait for hello. Raises `SettingsError` for a wrong token, else one of `API_ERRORS`.

        Beyond its limit of connections Slack takes another one, only to say goodbye in place of hello.
        """
        client = self._client
        try:
            client.wss_uri = (await self._web.apps_connections_open(app_token=self._token))["url"]
        except SlackApiError as exc:
            if error_code(exc) in _WRONG_TOKEN:
                text = operator_text("slack.setting.app_token", reason=error_code(exc), apps=APPS)
                raise SettingsError(text) from exc
            raise
        client.proxy = proxy_for(client.wss_uri or "")
        async with asyncio.timeout(self._timeout):
            await client.connect()  # type: ignore[no-untyped-call]
            hello, end = asyncio.ensure_future(self._hello.wait()), asyncio.ensure_future(client.ending.wait())
            try:
                await asyncio.wait({hello, end}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                hello.cancel()
                end.cancel()
        if not self._hello.is_set():
            raise SlackApiError("no hello", {"ok": False, "error": client.end_reason})  # type: ignore[no-untyped-call]
        self._start_watching()

    async def _on_message(self, raw: str) -> None:
        """Note Slack's hello or goodbye, or begin to handle a request."""
        now = time.monotonic()
        self._watchdog.sign(now)
        try:
            message = read_json(raw) if raw.startswith("{") else {}
        except ValueError:
            log.exception("message not read")
            return
        kind, envelope_id = message.get("type"), message.get("envelope_id")
        if kind == "hello":
            self._hello.set()
        elif kind == "disconnect":
            self._client.end(str(message.get("reason")))
        elif envelope_id:
            self._last_event = now
            payload = message.get("payload") or {}
            if is_about_own_message(payload):  # most of what comes while an answer grows: worth no task
                await self._acknowledge(envelope_id)
                return
            task = asyncio.create_task(self._handle(envelope_id, payload, raw))
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)

    async def _handle(self, envelope_id: str, payload: dict[str, Any], raw: str) -> None:
        """Pass a request to the app and acknowledge it; one that failed is sent again by Slack."""
        try:
            response = await self._app.async_dispatch(SocketModeBoltRequest(payload, raw))
        except Exception:
            log.exception("request failed")
            return
        if response.status == _OK:
            await self._acknowledge(envelope_id, _payload_of(response))

    async def _acknowledge(self, envelope_id: str, answer: Mapping[str, Any] = MappingProxyType({})) -> None:
        session = self._client.current_session
        assert session is not None, "a message came"
        try:
            await session.send_str(write_json({"envelope_id": envelope_id, **answer}).decode())
        except ConnectionError as exc:
            log.info("not acknowledged", reason=log_reason(exc))

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        session = self._client.current_session
        return self._hello.is_set() and session is not None and not session.closed and not self._client.closed

    @property
    def end_reason(self) -> str:
        """Return why the connection ends, such as Slack's goodbye; "" while it does not."""
        return self._client.end_reason or ("" if self.is_open else _CLOSED)

    async def wait_for_end(self, seconds: float) -> None:
        """Return when the connection ends, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._client.ending.wait()

    def is_stalled(self) -> bool:
        """Whether neither a frame nor an answer to a ping has come for too long."""
        now, pong = time.monotonic(), self._client.last_ping_pong_time
        if pong is not None:
            self._watchdog.sign(now - (time.time() - pong))
        return self._watchdog.check(now) == "stalled"

    def seconds_since_event(self) -> float:
        """Return the seconds since the last event, or since the connection was opened."""
        return time.monotonic() - self._last_event

    async def drain(self) -> None:
        """Wait until what came in is acknowledged, as long as Slack does: it sends no button or command again."""
        if self.is_open:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SLACK_WAITS):
                    while self._handling:
                        await asyncio.wait(self._handling)

    async def close(self) -> None:
        """Close the connection. Slack repeats events that were received and not acknowledged."""
        client = self._client
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await client.close()  # type: ignore[no-untyped-call]
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


class SocketModeSupervisor:
    """Keeps one working connection. `problem` is "" while there is one.

    `stalled_after`: seconds without a sign of life until a connection is replaced.
    """

    def __init__(self, app: AsyncApp, token: str, web: AsyncWebClient, *, stalled_after: float, timing: Timing) -> None:
        self._app = app
        self._token = token
        self._web = web
        self._stalled_after = stalled_after
        self._timing = timing
        self._connection: Connection | None = None
        self.problem = translate("slack.connecting")

    async def run(self) -> None:
        """Receive until cancelled. Raises `SettingsError` when Slack refuses the token of the first connection.

        Later a refusal is a problem as any other: it may pass, and what else the process does goes on.
        """
        backoff = Backoff(first=self._timing.reconnect_first, longest=self._timing.reconnect_longest)
        has_worked = False
        try:
            while True:
                began = time.monotonic()
                try:
                    await self._replace()
                except API_ERRORS as exc:
                    self.problem = translate("slack.disconnected", "", reason=log_reason(exc))
                    wait = max(backoff.next(), retry_after(exc))
                    log.warning("connection failed", reason=log_reason(exc), seconds=round(wait, 1))
                    await asyncio.sleep(wait)
                    continue
                except SettingsError as exc:
                    if not has_worked:
                        raise
                    self.problem = str(exc)
                    log.error("connection refused", reason=str(exc))  # noqa: TRY400 - a traceback adds nothing
                    await asyncio.sleep(backoff.next())
                    continue
                has_worked, self.problem = True, ""
                self.problem = await self._watch()
                backoff.reset()
                await asyncio.sleep(max(0.0, self._timing.reconnect_first - (time.monotonic() - began)))
        finally:
            await self._close()

    async def _replace(self) -> None:
        """Open a new connection, and close the old one only then, so that no event is missed between them.

        Where Slack takes no further one, the old one is closed, to make room for the next try.
        """
        fresh = Connection(self._app, self._token, self._web, stalled_after=self._stalled_after, timing=self._timing)
        try:
            await fresh.open()
        except BaseException as exc:
            await fresh.close()
            if error_code(exc) == _TOO_MANY:
                await self._close()
            raise
        old, self._connection = self._connection, fresh
        if old is not None:
            await old.drain()
            await old.close()

    async def _watch(self) -> str:
        """Return when the connection has to be replaced: the problem; "" when it is replaced as a precaution."""
        connection = self._connection
        assert connection is not None, "replaced"
        while True:
            await connection.wait_for_end(interval(self._stalled_after, at_most=self._timing.loss_noticed))
            if connection.end_reason == _CLOSED:
                log.warning("connection lost")
                return translate("slack.disconnected", "", reason=_CLOSED)
            if connection.end_reason:
                log.info("connection ends: reconnecting", reason=connection.end_reason)
                return ""
            if connection.is_stalled():
                log.error("connection stalled: reconnecting", stalled_after=self._stalled_after)
                return translate("slack.stalled")
            if connection.seconds_since_event() > self._timing.replace_after:
                log.info("no events: reconnecting", seconds=round(connection.seconds_since_event()))
                return ""

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class SocketConnections:
    """The connections of this process, all the time or while they are this process's. `make`: makes each."""

    def __init__(self, make: Callable[[], SocketModeSupervisor], *, count: int) -> None:
        self._make = make
        self._count = count
        self._supervisors: list[SocketModeSupervisor] = []
        self.stands_by = False  #: another process has the connections

    @property
    def problem(self) -> str:
        """Return "" where events can come in, or another process has the connections; else what is wrong."""
        problems = [one.problem for one in self._supervisors]
        if self.stands_by or "" in problems:
            return ""
        return next(iter(problems), translate("slack.connecting"))

    async def run(self) -> None:
        """Receive until cancelled. Raises `SettingsError` when Slack refuses the token."""
        self._supervisors = [self._make() for _ in range(self._count)]
        try:
            async with asyncio.TaskGroup() as group:
                for one in self._supervisors:
                    group.create_task(one.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        finally:
            self._supervisors = []

    async def run_while_held(self, shares: AsyncGenerator[frozenset[int], None]) -> None:
        """Receive while this process holds the share; see `run`."""

        def note(is_held: bool) -> None:
            self.stands_by = not is_held

        await work_while_held(shares, lambda: asyncio.ensure_future(self.run()), on_change=note)
