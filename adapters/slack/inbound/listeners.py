"""Everybody who hears Slack, put together."""

from collections.abc import Sequence

import structlog

from adapters.kit.background import BackgroundTasks
from adapters.slack.connection.bolt_app import Reply
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.app_home import Home
from adapters.slack.inbound.assistant import Agent
from adapters.slack.inbound.interactions import Interactions
from adapters.slack.inbound.messages import Receiver
from adapters.slack.inbound.parse import Json
from adapters.slack.inbound.recent_threads import Recent
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import People
from adapters.slack.setup import observed_events
from adapters.slack.setup.observed_events import Heard
from adapters.slack.ui import home_view
from adapters.slack.ui.buttons import PRESS
from bot.models import CommandSpec, Event
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)


class Ears:
    """See `adapters.slack.connection.bolt_app.Hears`."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        people: People,
        roots: Roots,
        desk: AdapterServices,
        sink: Sink,
        commands: Sequence[CommandSpec],
        prefix: str,
        noted: Heard,
    ) -> None:
        self._workspaces = workspaces
        self._heard = noted
        recent = Recent(workspaces, roots, desk)

        async def noting(event: Event) -> None:
            await sink(event)
            recent.put(event)

        self._errands = BackgroundTasks("slack")
        self._agent = Agent(workspaces, people, self._errands)
        self._home = Home(
            workspaces=workspaces,
            people=people,
            roots=roots,
            desk=desk,
            commands=commands,
            prefix=prefix,
            errands=self._errands,
        )
        self._receiver = Receiver(
            workspaces=workspaces, people=people, roots=roots, desk=desk, sink=noting, commands=commands
        )
        self._interactions = Interactions(
            workspaces=workspaces,
            people=people,
            roots=roots,
            recent=recent,
            sink=noting,
            commands=commands,
            prefix=prefix,
        )

    async def message(self, workspace: Workspace, event: Json) -> None:
        """Somebody wrote, changed or deleted something."""
        self._heard.note(observed_events.kind_of(event))
        asked = await self._receiver.message(workspace, event)
        if asked is not None:
            self._agent.asked(workspace, asked)

    async def home(self, workspace: Workspace, event: Json) -> None:
        """Somebody opened the app's home or its messages."""
        self._heard.note(observed_events.kind_of(event))
        if event.get("tab") == "messages":
            self._agent.opened(workspace, event)
        else:
            self._home.opened(workspace, str(event.get("user") or ""))

    async def stopped(self, workspace: Workspace, event: Json) -> None:
        """Somebody pressed Slack's own Stop."""
        self._heard.note(observed_events.kind_of(event))
        await self._interactions.stopped(workspace, event)

    async def gone(self, team: str, enterprise: str, event: Json) -> None:
        """The app was removed, or its tokens were revoked."""
        if event.get("type") == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # people's own tokens, of which there are none
        log.warning("app removed", team=team, enterprise=enterprise, kind=event.get("type"))
        await self._workspaces.forget(team, enterprise)

    async def command(self, workspace: Workspace, body: Json) -> Reply:
        """Somebody used a slash command."""
        self._heard.note(observed_events.COMMANDS)
        return await self._interactions.command(workspace, body)

    async def shortcut(self, workspace: Workspace, body: Json) -> None:
        """Somebody used a shortcut, of a message or of anywhere."""
        self._heard.note(observed_events.SHORTCUTS)
        await self._interactions.shortcut(workspace, body)

    async def action(self, workspace: Workspace, body: Json) -> None:
        """Somebody pressed a button or chose something."""
        self._heard.note(observed_events.INTERACTIVITY)
        for action in body.get("actions") or ():
            name = str(action.get("action_id"))
            if name.startswith(PRESS):
                await self._interactions.press(workspace, body, action)
            elif name.startswith(home_view.MAKE):
                await self._interactions.make(workspace, body, name.removeprefix(home_view.MAKE))
            elif name.startswith(home_view.PREFER):
                await self._home.chosen(workspace, str((body.get("user") or {}).get("id") or ""), action)

    async def submitted(self, workspace: Workspace, body: Json) -> Reply:
        """Somebody sent a form."""
        self._heard.note(observed_events.INTERACTIVITY)
        return await self._interactions.submitted(workspace, body)

    async def close(self) -> None:
        """Leave off what nobody waits for."""
        await self._errands.close()
