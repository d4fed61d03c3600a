import asyncio
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette

from adapters.slack import Settings
from adapters.slack.adapter import Slack
from adapters.slack.setup.manifest import SCOPES
from adapters.slack.timing import Timing
from bot.ops.web import WebServer
from simulators.slack import SlackSimulator
from tests.support.core import COMMANDS, RecordingCore

__all__ = ["COMMANDS", "RecordingCore", "RunningAdapter", "settings"]


def settings(slack: SlackSimulator, *, http: bool = False, **more: Any) -> Settings:
    """Settings for a simulator: Socket Mode, or HTTP mode. The bot's scopes are those of the manifest."""
    slack.grants[slack.token].scopes &= set(SCOPES)
    chosen: dict[str, Any] = {
        "slack_bot_token": slack.token,
        "slack_api_url": slack.api_url,
        "slack_signing_secret": slack.signing_secret,
        **({} if http else {"slack_app_token": slack.app_token}),
        **more,
    }
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


class RunningAdapter:
    """The adapter, receiving from and sending to a simulated Slack."""

    def __init__(
        self,
        slack: SlackSimulator,
        core: RecordingCore,
        *,
        http: bool = False,
        folder: Path | None = None,
        timing: Timing | None = None,
        **more: Any,
    ) -> None:
        self.slack = slack
        self.core = core
        self.adapter = Slack(settings(slack, http=http, **more), folder=folder, timing=timing)

    async def __aenter__(self) -> Self:
        self._connected = self.adapter.connected(self.core)
        await self._connected.__aenter__()
        self._web: WebServer | None = None
        if routes := self.adapter.routes:
            self._web = WebServer(Starlette(routes=list(routes)), host="127.0.0.1", port=0)
            await self._web.__aenter__()
            self.slack.sender.url = f"http://127.0.0.1:{self._web.port}/slack/events"
            self.url = f"http://127.0.0.1:{self._web.port}"
        self.running = asyncio.create_task(self.adapter.run(self.core.sink, COMMANDS))
        await self.listening()
        return self

    async def listening(self) -> None:
        """Wait until the adapter is healthy, or has ended."""
        async with asyncio.timeout(120):
            while self.adapter.health() and not self.running.done():  # noqa: ASYNC110 - health tells when asked
                await asyncio.sleep(0.01)

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        if self._web is not None:
            await self._web.__aexit__(None, None, None)
        await self._connected.__aexit__(None, None, None)
