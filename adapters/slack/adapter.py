"""The Slack adapter: connects, receives events, opens drafts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp

from adapters.kit.bounded import BoundedDict
from adapters.kit.connection.call_recording import record_calls
from adapters.kit.connection.fenced_connector import FencedConnector
from adapters.kit.per_key import PerKey
from adapters.slack.channel_ids import ChannelIds
from adapters.slack.connection.bolt_app import create_app
from adapters.slack.connection.client import Client, create_client
from adapters.slack.connection.feature_gates import FeatureGates
from adapters.slack.connection.http_mode import create_endpoints
from adapters.slack.connection.rate_limiter import RateLimiter
from adapters.slack.connection.socket_mode import SocketConnections, SocketModeSupervisor
from adapters.slack.connection.web_api import DeliveryServices, WebApi
from adapters.slack.connection.workspaces import InstallationSource, NotInstalled, SingleWorkspace, Workspaces
from adapters.slack.directory import SlackDirectory
from adapters.slack.inbound.downloads import download
from adapters.slack.inbound.listeners import EventRouter
from adapters.slack.inbound.services import InboundServices
from adapters.slack.outbound.draft import SlackDraft
from adapters.slack.outbound.reaction import add_reaction
from adapters.slack.outbound.recovery import is_long_finished
from adapters.slack.people.user_groups import UserGroups
from adapters.slack.people.users import UserDirectory
from adapters.slack.reading.channel_history import ChannelReading, link_of
from adapters.slack.reading.missed_messages import MissedMessages
from adapters.slack.reading.prior_messages import read_prior_messages
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.settings import APPS, Settings
from adapters.slack.setup.check import run_checks
from adapters.slack.setup.oauth import open_installations
from adapters.slack.setup.observed_events import ObservedEvents
from adapters.slack.thread_conversations import ThreadConversations
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER
from bot.background import BackgroundTasks
from bot.errors import DeliveryDelayed, DeliveryRefused, SettingsError
from bot.i18n import operator_text, translate
from bot.models import Attachment, Capabilities, CheckResult, CommandSpec, PriorMessages
from bot.ports import AdapterServices, ChannelHistory, ChannelSpan, Confirm, Sink, always_owned

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

log = structlog.get_logger(__name__)

API = "https://slack.com/api"
#: Bytes of a file.
UPLOAD_LIMIT = 1_000_000_000
#: Answers that are remembered as seen by this process alone, and seconds for which they are.
_KNOWN, _KNOWN_FOR = 10_000, 600.0


class Slack(SlackDirectory):
    """Slack as a platform. Drafts need only `connected`; events need `run`."""

    name = ADAPTER

    def __init__(self, settings: Settings, *, folder: Path | None = None, timing: Timing | None = None) -> None:
        """`folder`: where the kinds of events that came are recorded; None: in memory."""
        self._settings = settings
        self._timing = timing = timing or Timing()
        self.capabilities = Capabilities(
            max_upload=UPLOAD_LIMIT,
            edit_interval=timing.edit_interval,
            status_interval=timing.status_interval,
            has_roles=True,
            lacks=frozenset({"spoiler"}),
        )
        self._observed = ObservedEvents(folder)
        self._api = settings.slack_api_url or API
        self._session: aiohttp.ClientSession | None = None
        self._services: AdapterServices | None = None
        self._workspaces: Workspaces | None = None
        self._inbound: InboundServices | None = None
        self._sockets: SocketConnections | None = None
        self._delivery: DeliveryServices | None = None
        self._endpoints = create_endpoints(settings)
        self._rate_limiter = RateLimiter(patience=timing.rate_limit_patience)
        self._features = FeatureGates(retry=timing.feature_retry, doubt=timing.feature_doubt)
        self._background = BackgroundTasks(ADAPTER)
        self._known_states: BoundedDict[str, bool] = BoundedDict(_KNOWN, lifetime=_KNOWN_FOR)
        self._drafts: PerKey[str, SlackDraft] = PerKey()

    # -- lifecycle

    @asynccontextmanager
    async def connected(self, services: AdapterServices) -> AsyncIterator[None]:
        """Hold one HTTP session for everything."""
        self._services = services
        async with AsyncExitStack() as stack:
            recording = [record_calls(services.call_recorder)] if services.call_recorder is not None else ()
            session = aiohttp.ClientSession(connector=FencedConnector(), middlewares=recording)
            self._session = await stack.enter_async_context(session)
            source = await stack.enter_async_context(self._open_source(services))
            channel_ids = ChannelIds(services)
            await channel_ids.load()
            self._workspaces = Workspaces(source, self._create_client, channel_ids)
            groups = UserGroups(self._workspaces, services, self._timing)
            stack.push_async_callback(groups.close)
            users = UserDirectory(self._workspaces, groups, self._timing)
            stack.push_async_callback(users.close)
            threads = ThreadConversations(services)
            self._inbound = InboundServices(
                core=services, workspaces=self._workspaces, users=users, groups=groups, threads=threads
            )
            self._delivery = DeliveryServices(
                core=services,
                workspaces=self._workspaces,
                rate_limiter=self._rate_limiter,
                features=self._features,
                background=self._background,
                timing=self._timing,
                link_thread=threads.link,
                known_states=self._known_states,
                started_at=time.monotonic(),
            )
            stack.push_async_callback(self._background.close)
            yield

    @asynccontextmanager
    async def _open_source(self, services: AdapterServices) -> AsyncIterator[InstallationSource]:
        """Open the source of tokens: the settings, or the workspaces that have installed the app."""
        token = self._settings.slack_bot_token
        if token is not None:
            yield SingleWorkspace(token.get_secret_value().strip(), self._create_client)
            return
        async with open_installations(
            self._settings, services, self._create_client(""), api=self._api, timing=self._timing
        ) as (installations, oauth):
            assert self._endpoints is not None, "without a token in the settings"
            self._endpoints.oauth = oauth
            yield installations

    def _create_client(self, token: str) -> Client:
        assert self._session is not None, "connected first"
        return create_client(self._session, self._api, token)

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Receive until cancelled. Raises `SettingsError` when Slack refuses a token."""
        inbound = self._inbound
        assert inbound is not None, "connected first"
        await self._check_token()
        inbound.groups.start(has_one_workspace=self._settings.slack_bot_token is not None)
        router = EventRouter(
            inbound,
            sink=sink,
            commands=commands,
            prefix=self._settings.slack_command_prefix,
            observed=self._observed,
            timing=self._timing,
        )
        missed = MissedMessages(
            inbound,
            messages=router.messages,
            rate_limiter=self._rate_limiter,
            is_receiving=self._is_receiving,
            timing=self._timing,
        )
        start = inbound.core.loops.start
        tasks = [start("absences", missed.note_receiving), start("share of missed messages", missed.read)]
        secret = self._settings.slack_signing_secret
        signing_secret = secret.get_secret_value() if secret else ""
        app = create_app(router, client=self._create_client(""), signing_secret=signing_secret)
        try:
            await self._receive(app)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await router.close()

    async def _receive(self, app: AsyncApp) -> None:
        """Hand what Slack sends to the app, over HTTP or over Socket Mode, until cancelled."""
        assert self._services is not None, "connected first"
        token = self._settings.slack_app_token
        if token is None:
            assert self._endpoints is not None, "without Socket Mode"
            with self._endpoints.accepting(app):
                await asyncio.Event().wait()
                return
        self._sockets = SocketConnections(
            lambda: SocketModeSupervisor(
                app,
                token.get_secret_value().strip(),
                self._create_client(""),
                stalled_after=self._settings.slack_stalled_after,
                timing=self._timing,
            ),
            count=self._settings.slack_connections,
        )
        if self._settings.slack_one_receiver:
            await self._sockets.run_while_held(self._services.share(ADAPTER, 1))
        else:
            await self._sockets.run()

    def _is_receiving(self) -> bool:
        """Whether events can come in now, as far as is known: in HTTP mode nothing tells whether Slack gets through."""
        if self._settings.slack_app_token is None:
            return self._endpoints is not None and self._endpoints.is_accepting
        return self._sockets is not None and not self._sockets.stands_by and not self._sockets.problem

    async def _check_token(self) -> None:
        """Raise `SettingsError` when Slack refuses the bot's token; where Slack can't be reached, go on."""
        if self._settings.slack_bot_token is None:
            return
        try:
            await self.workspaces.find("")
        except NotInstalled as exc:
            raise SettingsError(operator_text("slack.setting.bot_token", problem=exc, apps=APPS)) from exc
        except DeliveryDelayed as exc:
            log.warning("token not checked yet", reason=str(exc))

    # -- delivery

    @property
    def workspaces(self) -> Workspaces:
        """Installations and their clients. Raises `DeliveryDelayed` before `connected`."""
        if self._workspaces is None:
            raise DeliveryDelayed("not connected to Slack")
        return self._workspaces

    async def draft(
        self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool, confirm: Confirm = always_owned
    ) -> SlackDraft:
        """Return the draft of that key. A new one announces itself, where that needs no message."""
        draft = self._drafts.find_or_make(key, lambda: self._open_draft(reply_to, key, ref, private=private))
        draft.ownership.confirm = confirm
        draft.finished_at = ""
        if ref is not None:
            draft.indicator.note_retry()
            if self._services is not None and self._services.has_peers:
                draft.messages.note_retry(is_recent=not is_long_finished(ref))
        return draft

    def _open_draft(self, reply_to: Mapping[str, str], key: str, ref: str | None, *, private: bool) -> SlackDraft:
        assert self._services is not None, "connected first"
        target = ReplyTarget.decrypt(reply_to, self._services)
        draft = SlackDraft(self._delivery_services(), target, key=key, ref=ref, private=private)
        draft.announce()
        return draft

    def _delivery_services(self) -> DeliveryServices:
        """Raises `DeliveryDelayed` before `connected`."""
        if self._delivery is None:
            raise DeliveryDelayed("not connected to Slack")
        return self._delivery

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        """Return the place of a message of its own in the same workspace. Raises `DeliveryRefused` for another's."""
        target = ReplyTarget.of(reply_to).beside(conversation, channel=channel, person=person)
        if target is None:
            raise DeliveryRefused("of another workspace")
        return target.to_reply_to()

    async def place_again(
        self, reply_to: Mapping[str, str], *, conversation: str, heading: str = ""
    ) -> tuple[str, Mapping[str, str]]:
        """Return the place of a message in the same thread, channel or direct messages."""
        target = ReplyTarget.of(reply_to).again(conversation, heading=heading)
        return target.conversation, target.to_reply_to()

    async def react(self, reply_to: Mapping[str, str]) -> None:
        """Put 👀 on the message of a request. Raises `DeliveryError`."""
        await add_reaction(WebApi(self._delivery_services(), ReplyTarget.of(reply_to)))

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment in pieces. Raises `DownloadFailed`."""
        assert self._session is not None, "connected first"
        async for piece in download(self._session, self.workspaces, attachment, api=self._api):
            yield piece

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Return the messages of the thread from before the question. Raises `DeliveryError`."""
        assert self._inbound is not None, "connected first"
        return await read_prior_messages(self.workspaces, self._inbound.users, ReplyTarget.of(reply_to), limit=limit)

    async def read_channel(
        self, reply_to: Mapping[str, str], span: ChannelSpan, *, on_progress: Callable[[int], None]
    ) -> ChannelHistory:
        """See `ChannelReader.read_channel`."""
        assert self._inbound is not None, "connected first"
        api = WebApi(self._delivery_services(), ReplyTarget.of(reply_to).source)
        return await ChannelReading(api, self._inbound.users, span, on_progress).read()

    async def message_links(self, reply_to: Mapping[str, str], ids: Collection[str]) -> Mapping[str, str]:
        """Return the addresses of messages in the channel of a request. Raises `DeliveryError`."""
        target = ReplyTarget.of(reply_to).source
        workspace = await self.workspaces.find(target.team, target.enterprise)
        return {name: link_of(workspace, target.channel, name) for name in ids}

    @property
    def routes(self) -> "Sequence[BaseRoute]":
        """The endpoints that Slack calls."""
        return [] if self._endpoints is None else self._endpoints.routes

    def health(self) -> str:
        """Return "" when requests can come in, else a sentence that says what is wrong."""
        if self._workspaces is not None and self._workspaces.problem:
            return self._workspaces.problem
        if self._settings.slack_app_token is None:
            is_ready = self._endpoints is not None and self._endpoints.is_accepting
            return "" if is_ready else translate("slack.connecting")
        return self._sockets.problem if self._sockets is not None else translate("slack.connecting")

    async def check(self) -> Sequence[CheckResult]:
        """Prove tokens, scopes and settings."""
        return await run_checks(self._settings, self._api, last_seen=self._observed.last_seen)
