"""Slack simulator: one HTTP server for the Web API, Socket Mode, files, OAuth and response URLs, and the people."""

from typing import Any, Self

from aiohttp import web

from simulators.changes import PATIENCE
from simulators.slack.parts import SlackParts
from simulators.slack.people.person import Person
from simulators.slack.values import new_id
from simulators.slack.web_api import (  # noqa: F401 - register methods
    assistant,
    chat,
    conversations,
    files,
    oauth,
    usergroups,
    views,
)
from simulators.slack.web_api.calls import answer
from simulators.slack.workspace import Team, User, UserGroup


class SlackSimulator(SlackParts):
    """Slack's state, its servers and its people. See the package's docstring.

    An async context manager that listens on a free port; `start` and `stop` do the same by hand.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ada = self.person("Ada", id="U0ADA", is_admin=True)
        self.bob = self.person("Bob", id="U0BOB")

    def person(self, name: str, *, team: Team | None = None, id: str = "", home: str = "", **more: Any) -> Person:  # noqa: A002
        """Add a user to every channel of a workspace. `home`: workspace of a Slack Connect user."""
        team = team or self.team
        user = User(id=id or new_id("U"), name=name, team=home or team.id, **more)
        if user.is_bot and not user.bot_id:
            user.bot_id, user.app_id = new_id("B"), new_id("A")
        team.users[user.id] = user
        for channel in team.channels.values():
            if not channel.is_im:
                channel.members.append(user.id)
        return Person(self, team, user)

    def group(self, name: str, *people: Person, team: Team | None = None, id: str = "") -> UserGroup:  # noqa: A002
        """Add a user group; the app gets no event."""
        team = team or self.team
        group = UserGroup(id=id or new_id("S"), name=name, team=team.id, users=[person.user.id for person in people])
        team.groups[group.id] = group
        return group

    async def until_delivered(self, seconds: float = PATIENCE) -> None:
        """Wait until every delivery is acknowledged or given up."""
        await self.until(lambda: all(delivery.is_done for delivery in self.sender.deliveries), seconds)

    # ---- start and stop

    async def start(self, port: int = 0) -> None:
        """Listen on a port of the loopback interface; 0: any free one. Raises `OSError` when it is taken."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        for part in (self.sockets, self.storage, self.consent, self.responses):
            app.router.add_routes(part.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url = f"{self.url}/api/"

    async def stop(self) -> None:
        """Close every connection."""
        self.faults.clear()
        await self.sender.close()
        await self.sockets.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """Settings that connect an app to this simulator over Socket Mode, by environment variable."""
        return {
            "SLACK_BOT_TOKEN": self.token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_API_URL": self.api_url.rstrip("/"),
        }

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return await answer(self, request)
