"""State of the simulated Slack: the app, workspaces with their channels, tokens, the calls received, faults."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.changes import PATIENCE, Changes
from simulators.slack.faults import Faults, Limits
from simulators.slack.messages import Message
from simulators.slack.values import Clock, Json, new_id, plain
from simulators.slack.workspace import SCOPES, Channel, Grant, Team, User


@dataclass(slots=True, kw_only=True)
class Call:
    """One Web API call with its answer."""

    number: int  #: counted from 1
    method: str
    params: Json
    token: str
    at: float  #: of `time.monotonic()`
    team: str = ""
    status: int = 0  #: 0: not answered
    ended: float = 0.0  #: when it was answered or cut, of `time.monotonic()`
    answer: Json = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return bool(self.answer.get("ok"))


class SlackState:
    """Slack's data with queries on it. It knows neither the servers nor the people."""

    def __init__(self) -> None:
        self.url = ""  #: of the server, once it listens
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
        self.changes = Changes()
        self.team = self.add_team("T0LAB", "Lab")
        self.general = self.add_channel("general", id="C0GENERAL")
        self.token = self.install(self.team)

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
