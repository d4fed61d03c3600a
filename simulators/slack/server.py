"""One HTTP server for the Web API, Socket Mode, files, OAuth and response URLs, with the state behind them."""

from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from simulators.changes import PATIENCE, Changes
from simulators.slack import oauth  # noqa: F401 - registers its methods
from simulators.slack.delivery import EventSender
from simulators.slack.faults import Faults, Limits
from simulators.slack.messages import Message
from simulators.slack.oauth import ConsentPage
from simulators.slack.people.app_events import AppEvents
from simulators.slack.people.person import Person
from simulators.slack.responses import ResponseUrls
from simulators.slack.sockets import Sockets
from simulators.slack.values import Clock, new_id, plain
from simulators.slack.web_api import assistant, chat, conversations, usergroups, views  # noqa: F401 - register methods
from simulators.slack.web_api.calls import Call, answer
from simulators.slack.web_api.files import Storage
from simulators.slack.web_api.views import Modals
from simulators.slack.workspace import SCOPES, Channel, Grant, Team, User, UserGroup


class SlackSimulator:
    """Slack's state, its servers, the calls received and the faults to inject. See the package's docstring.

    An async context manager that listens on a free port; `start` and `stop` do the same by hand.
    """

    def __init__(self) -> None:
        self.app_id = "A0MUSE"
        self.client_id, self.client_secret = "3901254001572.1", "client-secret-of-the-simulator"
        self.signing_secret = "signing-secret-of-the-simulator"
        self.verification_token = "xAbCdEfGhIjKlMnOpQrStUvW"
        self.app_token = "xapp-1-A0MUSE-1-simulator"
        self.bot_name = "Muse"
        self.manifest: dict[str, Any] = {}  #: the app's settings, as `apps.manifest.export` tells of them
        self.stream_lifetime = 300.0  #: seconds until a stream expires
        self.history_lag = 0.0  #: seconds until a message of the app shows in the history
        self.trigger_lifetime = 3.0
        self.clock = Clock()
        self.teams: dict[str, Team] = {}
        self.grants: dict[str, Grant] = {
            self.app_token: Grant(token=self.app_token, team="", scopes={"connections:write"})
        }
        self.calls: list[Call] = []
        self.faults = Faults()
        self.limits = Limits()
        self.sender = EventSender(self)
        self.sockets = Sockets(self)
        self.people = AppEvents(self)
        self.modals = Modals(self)
        self.storage = Storage(self)
        self.consent = ConsentPage(self)
        self.responses = ResponseUrls(self)
        self.changes = Changes()
        self.team = self.add_team("T0LAB", "Lab")
        self.general = self.add_channel("general", id="C0GENERAL")
        self.token = self.install(self.team)
        self.ada = self.person("Ada", id="U0ADA", is_admin=True)
        self.bob = self.person("Bob", id="U0BOB")

    # ---- what there is

    def add_team(self, id: str, name: str, *, enterprise: str = "") -> Team:  # noqa: A002
        """Add a workspace with the bot in it; the app is not installed yet."""
        team = Team(id=id, name=name, domain=name.lower(), enterprise=enterprise)
        team.bot = User(
            id=f"U0MUSE{id[2:]}",
            name=self.bot_name,
            team=id,
            is_bot=True,
            bot_id=f"B0MUSE{id[2:]}",
            app_id=self.app_id,
        )
        team.users[team.bot.id] = team.bot
        self.teams[id] = team
        return team

    def add_channel(self, name: str, *, team: Team | None = None, id: str = "", **more: Any) -> Channel:  # noqa: A002
        """Add a channel with all users, the bot included. Several workspaces may use the same id."""
        team = team or self.team
        members = more.pop("members", None) or list(team.users)
        channel = Channel(id=id or new_id("C"), name=name, members=members, **more)
        team.channels[channel.id] = channel
        return channel

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

    def install(self, team: Team, *scopes: str, token: str = "", **more: Any) -> str:
        """Install the app in a workspace and return the bot's token."""
        token = token or f"xoxb-{team.id}-{new_id('X')}"
        granted = plain(scopes or (SCOPES,))
        self.grants[token] = Grant(
            token=token, team=team.id, enterprise=team.enterprise, scopes=granted, user=team.bot.id, **more
        )
        return token

    def revoke(self, token: str, state: str = "revoked") -> None:
        """Make a token "revoked", or its account "inactive"."""
        self.grants[token].state = state

    # ---- what happened

    def called(self, method: str) -> list[Call]:
        """The calls of a method, oldest first."""
        return [call for call in self.calls if call.method == method]

    def messages(self, channel: Channel | None = None, *, thread: str = "", viewer: str = "") -> list[Message]:
        """The visible messages of a channel (else of all), or the replies in one of its threads."""
        everywhere = [c for team in self.teams.values() for c in team.channels.values()]
        visible = [m for c in ([channel] if channel else everywhere) for m in c.visible(viewer)]
        return [m for m in visible if m.thread_ts == thread and m.ts != thread] if thread else visible

    def from_bot(self, channel: Channel | None = None, *, thread: str = "", viewer: str = "") -> list[Message]:
        """The bot's visible messages."""
        return [m for m in self.messages(channel, thread=thread, viewer=viewer) if m.app_id == self.app_id]

    def notify(self) -> None:
        """Announce a change of the state."""
        self.changes.notify()

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until the condition is true and return its value. Raises `TimeoutError`."""
        return await self.changes.until(condition, seconds)

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
