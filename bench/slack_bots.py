"""What is measured against a Slack: the service, and a Bolt app that just calls the API and posts the answer."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.api.transport import open_http
from tests.fakes.slack import FakeSlack

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Bot:
    """One of the two, in a process of its own."""

    name: str
    process: psutil.Process

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far, system time included."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @property
    def rss(self) -> float:
        """Megabytes."""
        return float(self.process.memory_info().rss / 1e6)


@asynccontextmanager
async def bot(name: str, slack: FakeSlack, api: str, *, http: bool = False, **settings: str) -> AsyncIterator[Bot]:
    """The "service" or the "bare" Bolt app, once Slack can reach it: over Socket Mode, or with `http` by requests."""
    port = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "AIMODELS_BASE_URL": api,
            "AIMODELS_API_KEY": "key",
            "AIMODELS_STREAMING": "false",
            "BOT_DATA_DIR": folder,
            "BOT_REQUESTS_PER_MINUTE": "0",
            "BOT_MEDIA_PER_DAY": "0",
            "BOT_CHAT_CONCURRENCY": "50",
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_API_URL": slack.api_url,
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        if http:
            port = free_port()
            environment |= {
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "BOT_PORT": str(port),
                "BOT_HOST": "127.0.0.1",
            }
        else:
            environment["SLACK_APP_TOKEN"] = slack.app_token
        module = ("bot", "run") if name == "service" else ("bench.slack_bots",)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *module), env=environment, cwd=folder, stderr=subprocess.DEVNULL
        )
        try:
            if http:
                slack.sender.url = f"http://127.0.0.1:{port}/slack/events"
                await listening(port)
            else:
                slack.sender.url = ""
                before = slack.sockets.connected
                await slack.until(lambda: slack.sockets.connected > before, 60)
            yield Bot(name, psutil.Process(child.pid))
        finally:
            child.terminate()
            await child.wait()


def free_port() -> int:
    """A port that nobody listens on just now."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def listening(port: int) -> None:
    """Wait until somebody listens on the port."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def bare() -> None:
    """Answer mentions: one call of the API, one message; no store, no order, no status."""
    given = os.environ
    client = AsyncWebClient(token=given["SLACK_BOT_TOKEN"], base_url=given["SLACK_API_URL"])
    async with httpx.AsyncClient(transport=open_http(given["AIMODELS_BASE_URL"]), trust_env=False) as api:
        import aiohttp

        async with aiohttp.ClientSession() as client.session:
            app = AsyncApp(client=client, signing_secret=given.get("SLACK_SIGNING_SECRET"))

            @app.event("app_mention")
            async def hear(event: dict[str, Any]) -> None:
                response = await api.post(
                    f"{given['AIMODELS_BASE_URL']}/chat/completions",
                    json={
                        "model": "gpt-4-turbo",
                        "messages": [{"role": "user", "content": event["text"]}],
                        "max_tokens": 2048,
                    },
                    headers={"Authorization": "Bearer key"},
                )
                text = response.json()["data"]["choices"][0]["message"]["content"]
                await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text=text)

            @app.event("message")
            async def ignore() -> None:
                pass

            if port := given.get("BOT_PORT"):
                await served(app, int(port))
            else:
                handler: Any = AsyncSocketModeHandler(app, given["SLACK_APP_TOKEN"])
                handler.client.web_client.base_url = given["SLACK_API_URL"]
                await handler.start_async()


async def served(app: AsyncApp, port: int) -> None:
    """Serve the app as Bolt's own examples do: Starlette on uvicorn."""
    import uvicorn
    from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    handler: Any = AsyncSlackRequestHandler(app)

    async def endpoint(request: Request) -> Response:
        answer: Response = await handler.handle(request)
        return answer

    web = Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
    await uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=port, log_level="error")).serve()


if __name__ == "__main__":
    asyncio.run(bare())
