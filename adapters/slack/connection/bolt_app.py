"""The Bolt app: who an event is from and who hears it. Listeners record and only then acknowledge."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.workspaces import NotInstalled, Workspace, Workspaces
from adapters.slack.inbound.parse import Json

_ANY = re.compile(".*", re.DOTALL)
_WORKSPACE = "workspace"
#: What Slack tells of the installation itself; it comes when no token works any more.
GONE = ("app_uninstalled", "tokens_revoked")

Listener = Callable[[Workspace, Json], Awaitable[object]]
Reply = dict[str, Any] | None  #: what Slack shows at once, as part of the acknowledgement


class Hears(Protocol):
    """Who hears what people do. Every method raises `StoreError`: Slack is not told that it was taken."""

    async def message(self, workspace: Workspace, event: Json) -> None:
        """Somebody wrote, changed or deleted something."""

    async def home(self, workspace: Workspace, event: Json) -> None:
        """Somebody opened the app's home or its messages."""

    async def stopped(self, workspace: Workspace, event: Json) -> None:
        """Somebody pressed Slack's own Stop."""

    async def gone(self, team: str, enterprise: str, event: Json) -> None:
        """The app was removed, or its tokens were revoked."""

    async def command(self, workspace: Workspace, body: Json) -> Reply:
        """Somebody used a slash command."""

    async def shortcut(self, workspace: Workspace, body: Json) -> None:
        """Somebody used a shortcut, of a message or of anywhere."""

    async def action(self, workspace: Workspace, body: Json) -> None:
        """Somebody pressed a button or chose something."""

    async def submitted(self, workspace: Workspace, body: Json) -> Reply:
        """Somebody sent a form."""


class _Authorize(AsyncAuthorize):
    """Finds the installation without asking Slack each time."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult | None:
        organisation = (enterprise_id or "") if context.is_enterprise_install else ""
        try:
            workspace = await self._workspaces.find(team_id or "", organisation)
        except NotInstalled:
            return None
        if workspace.enterprise and team_id:
            workspace = replace(workspace, team=team_id)
        context[_WORKSPACE] = workspace
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=workspace.bot_user,
            bot_id=workspace.bot,
            bot_token=workspace.token,
            user_id=user_id,
        )


def bolt_app(hears: Hears, workspaces: Workspaces, *, client: AsyncWebClient, signing_secret: str) -> AsyncApp:
    """The app, with everything that Slack sends going to `hears`. `client`: whose session and address are used."""
    logger = logging.getLogger(f"{__name__}.bolt")
    logger.setLevel(logging.ERROR)  # its warnings are advice for who writes such an app
    app = AsyncApp(
        name="slack",
        logger=logger,
        client=client,
        authorize=_Authorize(workspaces),  # type: ignore[arg-type]
        signing_secret=signing_secret,
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
    )

    def listen(kind: str, listener: Listener) -> None:
        async def heard(event: Json, context: AsyncBoltContext) -> None:
            await listener(context[_WORKSPACE], event)

        app.event(kind)(heard)

    # The most frequent first: Bolt asks one listener after the other.
    listen("message", hears.message)
    listen("app_mention", hears.message)

    @app.action(_ANY)
    async def action(body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        await hears.action(context[_WORKSPACE], body)
        await ack()

    @app.command(_ANY)
    async def command(body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        reply = await hears.command(context[_WORKSPACE], body)
        await ack(**(reply or {}))

    @app.view(_ANY)
    async def view(body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        reply = await hears.submitted(context[_WORKSPACE], body)
        await ack(**(reply or {}))

    @app.shortcut(_ANY)
    async def shortcut(body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        await hears.shortcut(context[_WORKSPACE], body)
        await ack()

    listen("app_home_opened", hears.home)
    listen("agent_session_stopped", hears.stopped)

    async def gone(event: Json, context: AsyncBoltContext) -> None:
        organisation = (context.enterprise_id or "") if context.is_enterprise_install else ""
        await hears.gone(context.team_id or "", organisation, event)

    for kind in GONE:
        app.event(kind)(gone)

    @app.event(_ANY)
    async def other(ack: AsyncAck) -> None:
        """What somebody subscribed to and nobody needs: acknowledged, else Slack brings it again."""
        await ack()

    return app
