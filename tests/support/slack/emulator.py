"""A Slack workspace of emulate (from npm), which shares no code with our simulator, and the people in it.

It keeps channels, messages, files and views, and answers the Web API. What people do is told to the app in HTTP mode.
It has neither Socket Mode, streams, nor the agent view: it answers their methods with 404.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from slack_sdk.signature import SignatureVerifier

from adapters.slack.adapter import Slack
from adapters.slack.setup.manifest import SCOPES
from tests.support.third_party.npm_servers import npm_server

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
_APP: dict[str, Any] = {
    "client_id": "1.2",
    "client_secret": "secret",
    "app_id": "A000000001",
    "name": "Muse",
    "redirect_uris": ["http://localhost/installed"],
    "scopes": list(SCOPES),
}
_SEED = {
    "users": [{"name": "ada", "real_name": "Ada", "is_admin": True}],
    "channels": [{"name": "general"}],
    "oauth_apps": [_APP],
    "tokens": [{"token": "xoxp-ada", "user": "ada"}],
    "strict_scopes": True,
}
Json = dict[str, Any]


@dataclass(slots=True)
class Workspace:
    """The workspace, with Ada and the channel #general, of which the app's bot is a member."""

    url: str
    http: aiohttp.ClientSession
    events_url: str = ""  #: of the app; set before people act
    token: str = ""  #: of the bot
    team: str = ""
    ada: str = ""
    bot: str = ""
    general: str = ""
    _numbers: "count[int]" = field(default_factory=count)

    async def call(self, method: str, token: str = "xoxp-ada", **arguments: Any) -> Json:
        """Call a method of the Web API; its answer is ok."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.post(f"{self.url}/api/{method}", json=arguments, headers=headers) as response:
            answer: Json = await response.json()
        assert answer["ok"], (method, answer)
        return answer

    async def install(self) -> None:
        """Ada installs the app by OAuth, with the scopes of its manifest, and invites its bot to #general."""
        users = (await self.call("users.list"))["members"]
        self.ada = next(user["id"] for user in users if user["name"] == "ada")
        asked = {key: _APP[key] for key in ("client_id", "client_secret")} | {"redirect_uri": _APP["redirect_uris"][0]}
        form = {**asked, "user_id": self.ada, "scope": ",".join(SCOPES), "state": "s"}
        address = f"{self.url}/oauth/v2/authorize/callback"
        async with self.http.post(address, data=form, allow_redirects=False) as response:
            (code,) = parse_qs(urlsplit(response.headers["Location"]).query)["code"]
        async with self.http.post(f"{self.url}/api/oauth.v2.access", data={**asked, "code": code}) as response:
            granted = await response.json()
        self.token, self.bot, self.team = granted["access_token"], granted["bot_user_id"], granted["team"]["id"]
        self.general = (await self.call("conversations.list"))["channels"][0]["id"]
        await self.call("conversations.join", channel=self.general)
        await self.call("conversations.invite", channel=self.general, users=self.bot)

    async def say(self, text: str, *, thread: str = "", channel: str = "") -> Json:
        """Ada says something; the app is told. Returns the message."""
        place = channel or self.general
        thread_ts = {"thread_ts": thread} if thread else {}
        message: Json = (await self.call("chat.postMessage", channel=place, text=text, **thread_ts))["message"]
        await self.tell(message, place)
        return message

    async def upload(self, name: str, content: bytes, text: str) -> Json:
        """Ada shares a file with a text; the app is told. Returns the message."""
        session = await self.call("files.getUploadURLExternal", filename=name, length=len(content))
        async with self.http.post(session["upload_url"], data=content):
            pass
        file = {"id": session["file_id"], "title": name}
        await self.call("files.completeUploadExternal", files=[file], channel_id=self.general, initial_comment=text)
        message: Json = (await self.call("conversations.history", channel=self.general, limit=1))["messages"][0]
        await self.tell(message, self.general)
        return message

    async def tell(self, message: Json, channel: str) -> None:
        """Tell the app of a message as Slack does: as a message and, where the bot is mentioned, as a mention."""
        is_direct = channel.startswith("D")
        said = {**message, "channel": channel, "event_ts": message["ts"], "team": self.team}
        await self.event({**said, "type": "message", "channel_type": "im" if is_direct else "channel"})
        if f"<@{self.bot}>" in message["text"] and not is_direct:
            await self.event({key: value for key, value in said.items() if key != "subtype"} | {"type": "app_mention"})

    async def event(self, event: Json) -> None:
        """Send an event to the app."""
        who = {"team_id": self.team, "user_id": self.bot, "is_bot": True, "enterprise_id": None}
        event_id = f"Ev{next(self._numbers):08}"
        body: Json = {
            "type": "event_callback",
            "api_app_id": _APP["app_id"],
            "team_id": self.team,
            "event_id": event_id,
        }
        body |= {"event": event, "event_time": int(time.time()), "authorizations": [who]}
        await self._send(json.dumps(body), "application/json")

    async def slash(self, command: str, text: str, *, channel: str = "", trigger: str = "1.2.3") -> None:
        """Ada types a slash command."""
        given: Json = {"command": command, "text": text, "user_id": self.ada, "user_name": "ada", "team_id": self.team}
        given |= {"channel_id": channel or self.general, "channel_name": "general", "trigger_id": trigger}
        given |= {"api_app_id": str(_APP["app_id"]), "response_url": f"{self.url}/none", "team_domain": "acme"}
        await self._send(urlencode(given), "application/x-www-form-urlencoded")

    async def _send(self, body: str, content_type: str) -> None:
        at = str(int(time.time()))
        signature = SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=at, body=body)
        headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": str(signature), "Content-Type": content_type}
        async with self.http.post(self.events_url, data=body, headers=headers) as response:
            assert response.status == 200, await response.text()

    async def answers(self, question: Json, channel: str = "") -> list[Json]:
        """Return what the bot said in the thread of a message."""
        place = channel or self.general
        found = await self.call("conversations.replies", channel=place, ts=question.get("thread_ts") or question["ts"])
        return [message for message in found["messages"] if message["user"] == self.bot]

    async def edit(self, message: Json, text: str) -> None:
        """Ada edits her message; the app is told."""
        await self.call("chat.update", channel=self.general, ts=message["ts"], text=text)
        at = f"{time.time():.6f}"
        edited = {**message, "text": text, "edited": {"user": self.ada, "ts": at}}
        both = {"message": edited, "previous_message": message, "channel": self.general, "channel_type": "channel"}
        await self.event({**both, "type": "message", "subtype": "message_changed", "ts": at, "hidden": True})

    async def trigger(self) -> str:
        """Return a trigger with which the app may open a form for Ada."""
        return str((await self.call("views.generateTriggerId", self.token, user_id=self.ada))["trigger_id"])

    async def shows(self, text: str) -> bool:
        """Whether App Home or a form has that text: the emulator lists them on a page."""
        async with self.http.get(f"{self.url}/?tab=views") as response:
            return text in await response.text()


@asynccontextmanager
async def workspace() -> AsyncIterator[Workspace]:
    """The emulator, running, with the app installed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with npm_server("slack.mjs", str(port), json.dumps(_SEED)) as url, aiohttp.ClientSession() as http:
        one = Workspace(url, http)
        await one.install()
        yield one


async def until_listening(adapter: Slack) -> None:
    """Wait until the adapter takes what Slack sends."""
    async with asyncio.timeout(120):
        while adapter.health():  # noqa: ASYNC110 - the adapter tells of no change
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], Any]) -> Any:
    """Await an asynchronous condition until it is true; return it."""
    async with asyncio.timeout(120):
        while not (found := await condition()):  # noqa: ASYNC110 - the emulator tells of no change
            await asyncio.sleep(0.02)
    return found
