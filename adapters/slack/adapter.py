"""Lifecycle of the Slack side: listen, deliver."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from starlette.routing import BaseRoute

from adapters.slack import Settings
from adapters.slack.address import Address
from adapters.slack.draft import SlackDraft
from adapters.slack.roots import Roots
from adapters.slack.workspaces import OneToken, Workspaces, retry_handlers
from bot.errors import DeliveryDelayed, DownloadFailed
from bot.models import Attachment, Capabilities, CommandSpec, Earlier, Finding
from bot.ports import Desk, Sink

log = structlog.get_logger(__name__)

ADAPTER = "slack"
API = "https://slack.com/api"
#: Bytes that a file may have.
UPLOAD_LIMIT = 1_000_000_000


class Slack:
    """Slack as a platform. Deliveries need only `connected`."""

    name = ADAPTER
    capabilities = Capabilities(max_text=11_500, max_upload=UPLOAD_LIMIT, edit_interval=1.0, status_interval=8.0)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = settings.slack_api_url or API
        self._session: aiohttp.ClientSession | None = None
        self._workspaces: Workspaces | None = None
        self._roots: Roots | None = None
        self._drafts: WeakValueDictionary[str, SlackDraft] = WeakValueDictionary()

    # -- lifecycle

    @asynccontextmanager
    async def connected(self, desk: Desk) -> AsyncIterator[None]:
        """Hold one HTTP session for everything."""
        token = self._settings.slack_bot_token
        assert token is not None, "a token"
        async with aiohttp.ClientSession(trust_env=True) as self._session:
            self._workspaces = Workspaces(OneToken(token.get_secret_value(), self._client), self._client)
            self._roots = Roots(desk)
            yield

    def _client(self, token: str) -> AsyncWebClient:
        assert self._session is not None, "connected first"
        return AsyncWebClient(
            token=token, base_url=f"{self._api}/", session=self._session, retry_handlers=retry_handlers()
        )

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:  # noqa: ARG002
        """Receive until cancelled."""
        await asyncio.Event().wait()

    # -- delivering

    @property
    def workspaces(self) -> Workspaces:
        """Clients by workspace. Raises `DeliveryDelayed` before `connected`."""
        if self._workspaces is None:
            raise DeliveryDelayed("not connected to Slack")
        return self._workspaces

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,
        private: bool,  # noqa: ARG002
    ) -> SlackDraft:
        """The answer of that key."""
        assert self._roots is not None, "connected first"
        draft = self._drafts.get(key)
        if draft is None:
            draft = self._drafts[key] = SlackDraft(
                self.workspaces, self._roots, Address.of(reply_to), key=key, ref=ref or ""
            )
        return draft

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment in pieces. Raises `DownloadFailed`."""
        raise DownloadFailed(f"{attachment.name} can't be read from Slack yet")
        yield b""

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> Earlier:  # noqa: ARG002
        """What was said before in the thread. Raises `DeliveryError`."""
        return Earlier()

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """What Slack calls over HTTP."""
        return ()

    def health(self) -> str:
        """Whether requests can come in."""
        return "not listening to Slack yet"

    async def check(self) -> Sequence[Finding]:
        """Prove token, scopes and settings."""
        return []
