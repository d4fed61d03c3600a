"""Lifecycle of the Slack side: listen, deliver."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import BaseRoute

from adapters.kit.background import BackgroundTasks
from adapters.kit.per_key import PerKey
from adapters.slack import APPS, Settings
from adapters.slack.connection.bolt_app import bolt_app
from adapters.slack.connection.feature_gates import Latches
from adapters.slack.connection.http_endpoints import Door
from adapters.slack.connection.proxies import proxy_of
from adapters.slack.connection.rate_limiter import Pacing
from adapters.slack.connection.socket_mode import Sockets
from adapters.slack.connection.web_api import Outbox
from adapters.slack.connection.workspaces import NotInstalled, OneToken, Source, Workspaces, retry_handlers
from adapters.slack.inbound import downloads, history
from adapters.slack.inbound.listeners import Ears
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import People
from adapters.slack.outbound.draft import SlackDraft
from adapters.slack.reply_target import Address
from adapters.slack.setup import check, oauth
from adapters.slack.setup.observed_events import Heard
from bot.errors import DeliveryDelayed, SettingsError
from bot.i18n import translate
from bot.models import Attachment, Capabilities, CheckResult, CommandSpec, PriorMessages
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)

ADAPTER = "slack"
API = "https://slack.com/api"
#: Bytes that a file may have.
UPLOAD_LIMIT = 1_000_000_000


class Slack:
    """Slack as a platform. Deliveries need only `connected`."""

    name = ADAPTER
    capabilities = Capabilities(max_text=11_500, max_upload=UPLOAD_LIMIT, edit_interval=1.0, status_interval=8.0)

    def __init__(self, settings: Settings, *, folder: Path | None = None) -> None:
        """`folder`: where it is noted what has been heard; None: nowhere."""
        self._settings = settings
        self._heard = Heard(folder)
        self._api = settings.slack_api_url or API
        self._session: aiohttp.ClientSession | None = None
        self._desk: AdapterServices | None = None
        self._workspaces: Workspaces | None = None
        self._people: People | None = None
        self._roots: Roots | None = None
        self._sockets: Sockets | None = None
        self._door = Door(
            takes_events=settings.slack_app_token is None,
            installs=settings.slack_bot_token is None,
        )
        self._pacing = Pacing()
        self._latches = Latches()
        self._errands = BackgroundTasks("slack")
        self._drafts: PerKey[str, SlackDraft] = PerKey()

    # -- lifecycle

    @asynccontextmanager
    async def connected(self, desk: AdapterServices) -> AsyncIterator[None]:
        """Hold one HTTP session for everything."""
        self._desk = desk
        async with AsyncExitStack() as stack:
            self._session = await stack.enter_async_context(aiohttp.ClientSession())
            self._workspaces = Workspaces(await stack.enter_async_context(self._source(desk)), self._client)
            self._people = People(self._workspaces)
            stack.push_async_callback(self._people.close)
            self._roots = Roots(desk)
            stack.push_async_callback(self._errands.close)
            yield

    @asynccontextmanager
    async def _source(self, desk: AdapterServices) -> AsyncIterator[Source]:
        """The token of the settings, or those of the workspaces that have installed the app."""
        token = self._settings.slack_bot_token
        if token is not None:
            yield OneToken(token.get_secret_value().strip(), self._client)
            return
        async with oauth.installing(self._settings, desk, self._client(""), api=self._api) as (installations, flow):
            self._door.flow = flow
            yield installations

    def _client(self, token: str) -> AsyncWebClient:
        assert self._session is not None, "connected first"
        client = AsyncWebClient(
            token=token or None, base_url=f"{self._api}/", session=self._session, retry_handlers=retry_handlers()
        )
        client.proxy = proxy_of(self._api)
        return client

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive until cancelled. Raises `SettingsError` when Slack refuses a token."""
        assert self._desk is not None, "connected first"
        assert self._people is not None, "connected first"
        assert self._roots is not None, "connected first"
        await self._prove_token()
        ears = Ears(
            workspaces=self.workspaces,
            people=self._people,
            roots=self._roots,
            desk=self._desk,
            sink=sink,
            commands=commands,
            prefix=self._settings.slack_command_prefix,
            noted=self._heard,
        )
        secret = self._settings.slack_signing_secret
        app = bolt_app(
            ears, self.workspaces, client=self._client(""), signing_secret=secret.get_secret_value() if secret else ""
        )
        try:
            if self._settings.slack_app_token is None:
                with self._door.opened(app):
                    await asyncio.Event().wait()
            else:
                token = self._settings.slack_app_token.get_secret_value().strip()
                self._sockets = Sockets(app, token, self._client(""), deaf_after=self._settings.slack_deaf_after)
                await self._sockets.run()
        finally:
            await ears.close()

    async def _prove_token(self) -> None:
        """Raises `SettingsError` when Slack refuses the bot's token; a Slack that can't be reached is waited for."""
        if self._settings.slack_bot_token is None:
            return
        try:
            await self.workspaces.find("")
        except NotInstalled as exc:
            raise SettingsError(
                f"{exc} Open {APPS}, your app, Install App, copy the Bot User OAuth Token into SLACK_BOT_TOKEN in .env."
            ) from exc
        except DeliveryDelayed as exc:
            log.warning("token not proved yet", reason=str(exc))

    # -- delivering

    @property
    def workspaces(self) -> Workspaces:
        """Clients by workspace. Raises `DeliveryDelayed` before `connected`."""
        if self._workspaces is None:
            raise DeliveryDelayed("not connected to Slack")
        return self._workspaces

    async def draft(self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool) -> SlackDraft:
        """The answer of that key. Shows soon that somebody is at work, where that needs no message."""
        return self._drafts.find_or_make(key, lambda: self._open_draft(reply_to, key, ref, private=private))

    def _open_draft(self, reply_to: Mapping[str, str], key: str, ref: str | None, *, private: bool) -> SlackDraft:
        assert self._roots is not None, "connected first"
        outbox = Outbox(
            workspaces=self.workspaces,
            roots=self._roots,
            pacing=self._pacing,
            latches=self._latches,
            errands=self._errands,
        )
        draft = SlackDraft(outbox, Address.of(reply_to), key=key, ref=ref, private=private)
        draft.announce()
        return draft

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment in pieces. Raises `DownloadFailed`."""
        assert self._session is not None, "connected first"
        async for piece in downloads.read(self._session, self.workspaces, attachment, api=self._api):
            yield piece

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """What was said before in the thread. Raises `DeliveryError`."""
        assert self._people is not None, "connected first"
        return await history.earlier(self.workspaces, self._people, Address.of(reply_to), limit=limit)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What Slack calls over HTTP."""
        return self._door.routes

    def health(self) -> str:
        """Whether requests can come in."""
        if self._workspaces is not None and self._workspaces.problem:
            return self._workspaces.problem
        if self._settings.slack_app_token is None:
            return "" if self._door.is_open else translate("slack.connecting")
        return self._sockets.problem if self._sockets is not None else translate("slack.connecting")

    async def check(self) -> Sequence[CheckResult]:
        """Prove token, scopes and settings."""
        return await check.findings(self._settings, self._api, heard=self._heard.days)
