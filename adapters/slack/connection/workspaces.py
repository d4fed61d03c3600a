"""The installation that serves a workspace: that of the token in the settings, or one that was added by OAuth."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.bounded import BoundedDict
from adapters.slack.channel_ids import ChannelIds
from adapters.slack.connection.client import Client
from adapters.slack.connection.errors import delivery_errors
from adapters.slack.types import Json
from bot.errors import DeliveryRefused
from bot.i18n import translate

#: The scope without which an app has no agent view.
AGENT_SCOPE = "assistant:write"
_SCOPES = "x-oauth-scopes"  # a header of Slack's answers: the scopes of the token
_CLIENTS = 1000  # clients in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One installation of the app."""

    team: str  #: of an organisation's installation the workspace that is meant, "" where none is
    token: str
    bot_user: str  #: the user id that mentions of the bot name
    bot: str = ""  #: `bot_id` of its messages
    enterprise: str = ""  #: the organisation that has installed it; "" where a workspace has
    organisation: str = ""  #: the organisation that the workspace is in; its members are no strangers
    name: str = ""
    url: str = ""
    is_agent: bool = True  #: the app has the agent view, where each direct message begins a thread
    is_one_of_many: bool = False  #: the service serves several workspaces, so ids are only unique with the owner's
    owner: str = field(init=False)  #: the value of `ReplyTarget.owner`

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", self.enterprise or self.team)

    def scoped(self, name: str) -> str:
        """An id of a person or a channel, unique in the whole service: `U012`, or `T012.U012` among many workspaces."""
        return f"{self.owner}.{name}" if self.is_one_of_many and name else name

    def link(self, channel: str, ts: str, thread: str = "") -> str:
        """The address of a message. `thread`: ts of the message whose thread it is in; "": it is in none.

        As `chat.getPermalink` returns it: https://docs.slack.dev/reference/methods/chat.getPermalink
        """
        if self.url:
            within = f"?thread_ts={thread}&cid={channel}" if thread else ""
            return f"{self.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}{within}"
        return f"https://app.slack.com/client/{self.team or self.enterprise}/{channel}/thread/{channel}-{ts}"


def split_owner(owner: str) -> tuple[str, str]:
    """Return the workspace and the organisation that an installation's owner stands for; one of them is ""."""
    return ("", owner) if owner.startswith("E") else (owner, "")


class NotInstalled(DeliveryRefused):
    """The app is not, or no longer, installed there."""


class InstallationSource(Protocol):
    """A source of installations."""

    @property
    def problem(self) -> str:
        """The reason why no workspace can be served; "" while one can."""

    async def find(self, team: str, enterprise: str) -> Workspace:
        """Return the installation that serves a workspace. Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`."""

    async def find_bot(self, user: str) -> Workspace | None:
        """Return the installation whose bot that user is; None: it is of none of many. Raises what `find` does."""

    async def forget(self, team: str, enterprise: str, *, before: float) -> bool:
        """Forget an installation that was removed; False: it was made after that time. Raises `StoreError`."""


class SingleWorkspace:
    """The workspace of the token in the settings, read from Slack once."""

    def __init__(self, token: str, client: Callable[[str], AsyncWebClient]) -> None:
        self._token = token
        self._client = client
        self._workspace: Workspace | None = None
        self._lock = asyncio.Lock()
        self.problem = ""

    async def find(self, team: str, enterprise: str) -> Workspace:  # noqa: ARG002 - a token is of one installation
        """See `InstallationSource.find`."""
        if self._workspace is not None:
            return self._workspace
        async with self._lock:
            if self._workspace is None:
                self._workspace = await self._read()
        return self._workspace

    async def _read(self) -> Workspace:
        try:
            with delivery_errors():
                answer = await self._client(self._token).auth_test()
        except DeliveryRefused as exc:
            self.problem = translate("slack.refused", "", reason=str(exc))
            raise NotInstalled(self.problem) from exc
        self.problem = ""
        scopes = next((v for name, v in answer.headers.items() if name.lower() == _SCOPES), "")
        return _parse_auth_test(answer.data, self._token, scopes)  # type: ignore[arg-type]

    async def find_bot(self, user: str) -> Workspace | None:  # noqa: ARG002
        """Return None: there are not many."""
        return None

    async def forget(self, team: str, enterprise: str, *, before: float) -> bool:  # noqa: ARG002
        """Report a problem until the operator has replaced the token."""
        self._workspace = None
        self.problem = translate("slack.refused", "", reason="removed")
        return True


def is_direct(channel: str) -> bool:
    """Return whether a channel is direct messages, be it with the bot or between two people: its id says so."""
    return channel.startswith("D")


def has_agent_view(scopes: Collection[str]) -> bool:
    """Whether an app with these scopes has the agent view; unknown scopes: it has, as the manifest asks for it."""
    return not scopes or AGENT_SCOPE in scopes


def _parse_auth_test(answer: Json, token: str, scopes: str) -> Workspace:
    is_enterprise = bool(answer.get("is_enterprise_install"))
    organisation = str(answer.get("enterprise_id") or "")
    return Workspace(
        team="" if is_enterprise else str(answer.get("team_id") or ""),
        token=token,
        bot_user=str(answer.get("user_id") or ""),
        bot=str(answer.get("bot_id") or ""),
        enterprise=organisation if is_enterprise else "",
        organisation=organisation,
        name=str(answer.get("team") or ""),
        url=str(answer.get("url") or ""),
        is_agent=has_agent_view([scope.strip() for scope in scopes.split(",") if scope.strip()]),
    )


class Workspaces:
    """Installations and their clients. `create_client`: makes the client of a token."""

    def __init__(
        self, source: InstallationSource, create_client: Callable[[str], Client], channel_ids: ChannelIds
    ) -> None:
        self.channel_ids = channel_ids
        self._source = source
        self._create_client = create_client
        self._clients: BoundedDict[str, Client] = BoundedDict(_CLIENTS, renews_on_read=True)

    @property
    def problem(self) -> str:
        """The reason why no workspace can be served; "" while one can."""
        return self._source.problem

    async def find(self, team: str, enterprise: str = "") -> Workspace:
        """Return the installation that serves a workspace. Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`."""
        return await self._source.find(team, enterprise)

    async def find_bot(self, user: str) -> Workspace | None:
        """See `InstallationSource.find_bot`."""
        return await self._source.find_bot(user)

    async def find_client(self, team: str, enterprise: str = "") -> Client:
        """Return the client of that installation; ask each time, as tokens are renewed. Raises what `find` does."""
        return self.client_of(await self._source.find(team, enterprise))

    def client_of(self, workspace: Workspace) -> Client:
        """Return the client of an installation."""
        client = self._clients.get(workspace.owner)
        if client is None or client.token != workspace.token:
            client = self._clients[workspace.owner] = self._create_client(workspace.token)
        client.changed_ids = self.channel_ids.by_owner.get(workspace.owner)
        return client

    async def forget(self, team: str, enterprise: str = "", *, before: float) -> bool:
        """Forget an installation that was removed; False: it was made after that time. Raises `StoreError`."""
        self._clients.pop(enterprise or team, None)
        return await self._source.forget(team, enterprise, before=before)
