"""Which token serves a workspace: the one of the settings, or that of an installation."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import delivering
from bot.errors import DeliveryRefused
from bot.i18n import translate

_KEPT = 1000  # clients that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One installation of the app."""

    team: str  #: of an organisation's installation the workspace that is meant, "" where none is
    token: str
    bot_user: str  #: what mentions of the bot name
    bot: str = ""  #: `bot_id` of its messages
    enterprise: str = ""  #: the organisation that has installed it; "" where a workspace has
    organisation: str = ""  #: the organisation that the workspace is in; who belongs to it is no stranger
    name: str = ""
    url: str = ""
    is_one_of_many: bool = False  #: the service serves several workspaces, so ids are only unique with the owner's

    def scoped(self, name: str) -> str:
        """An id of a person or a channel, unique in the whole service: `U012`, or `T012.U012` among many workspaces."""
        return f"{self.owner}.{name}" if self.is_one_of_many and name else name

    @property
    def owner(self) -> str:
        """What `Address.owner` holds."""
        return self.enterprise or self.team

    def link(self, channel: str, ts: str) -> str:
        """A message's address."""
        if self.url:
            return f"{self.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
        return f"https://app.slack.com/client/{self.team or self.enterprise}/{channel}/thread/{channel}-{ts}"


class NotInstalled(DeliveryRefused):
    """The app is not, or no longer, installed there."""


class Source(Protocol):
    """Where workspaces are known from."""

    @property
    def problem(self) -> str:
        """Why nothing can be heard or said anywhere; "" while it can."""

    async def find(self, team: str, enterprise: str) -> Workspace:
        """The installation that serves a workspace. Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`."""

    async def forget(self, team: str, enterprise: str) -> None:
        """The app was removed from there. Raises `StoreError`."""


class OneToken:
    """The workspace of the token in the settings, asked for once."""

    def __init__(self, token: str, client: Callable[[str], AsyncWebClient]) -> None:
        self._token = token
        self._client = client
        self._found: Workspace | None = None
        self._asking = asyncio.Lock()
        self.problem = ""

    async def find(self, team: str, enterprise: str) -> Workspace:  # noqa: ARG002 - one token hears one installation
        """See `Source.find`."""
        async with self._asking:
            if self._found is None:
                try:
                    with delivering():
                        told = await self._client(self._token).auth_test()
                except DeliveryRefused as exc:
                    self.problem = translate("slack.refused", "", reason=str(exc))
                    raise NotInstalled(self.problem) from exc
                self._found = workspace_of(told.data, self._token)  # type: ignore[arg-type]
                self.problem = ""
        return self._found

    async def forget(self, team: str, enterprise: str) -> None:  # noqa: ARG002
        """The token is the operator's to replace; until then there is a problem."""
        self._found = None
        self.problem = translate("slack.refused", "", reason="removed")


def workspace_of(told: dict[str, object], token: str) -> Workspace:
    """What `auth.test` tells of a token."""
    is_enterprise = bool(told.get("is_enterprise_install"))
    organisation = str(told.get("enterprise_id") or "")
    return Workspace(
        team="" if is_enterprise else str(told.get("team_id") or ""),
        token=token,
        bot_user=str(told.get("user_id") or ""),
        bot=str(told.get("bot_id") or ""),
        enterprise=organisation if is_enterprise else "",
        organisation=organisation,
        name=str(told.get("team") or ""),
        url=str(told.get("url") or ""),
    )


class Workspaces:
    """Clients by workspace. One HTTP session serves them all."""

    def __init__(self, source: Source, client: Callable[[str], AsyncWebClient]) -> None:
        self._source = source
        self._make = client
        self._clients: BoundedDict[str, AsyncWebClient] = BoundedDict(_KEPT, renews_on_read=True)

    @property
    def problem(self) -> str:
        """Why nothing can be heard or said anywhere; "" while it can."""
        return self._source.problem

    async def find(self, team: str, enterprise: str = "") -> Workspace:
        """The installation that serves a workspace. Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`."""
        return await self._source.find(team, enterprise)

    async def client(self, team: str, enterprise: str = "") -> AsyncWebClient:
        """A client with its token; ask for it each time, as tokens are replaced. Raises what `find` does."""
        return self.of(await self.find(team, enterprise))

    def of(self, workspace: Workspace) -> AsyncWebClient:
        """The client of an installation."""
        client = self._clients.get(workspace.owner)
        if client is None or client.token != workspace.token:
            client = self._clients[workspace.owner] = self._make(workspace.token)
        return client

    async def forget(self, team: str, enterprise: str = "") -> None:
        """The app was removed from there. Raises `StoreError`."""
        self._clients.pop(enterprise or team, None)
        await self._source.forget(team, enterprise)


def retry_handlers() -> list[AsyncRetryHandler]:
    """What a client does by itself after a failure; none: a failure is the caller's to judge."""
    return []
