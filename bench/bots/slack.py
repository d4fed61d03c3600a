"""Bots for the Slack simulator: the service, and a bare Bolt app that calls the API and posts the answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from aimodels.transport import open_http
from bench.bots.common import Bot, run_bot
from simulators.slack import SlackSimulator

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def start_bot(
    name: str, slack: SlackSimulator, api: str, *, http: bool = False, profile: str = "", **settings: str
) -> AsyncIterator[Bot]:
    """Start the "service" or the "bare" Bolt app; yields it once it receives events, by Socket Mode or by HTTP."""
    environment = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url, **settings}
    port = find_free_port() if http else 0
    if http:
        environment |= {"SLACK_SIGNING_SECRET": slack.signing_secret, "BOT_PORT": str(port), "BOT_HOST": "127.0.0.1"}
    else:
        environment["SLACK_APP_TOKEN"] = slack.app_token
    module = ("bot", "run") if name == "service" else ("bench.bots.slack",)
    before = slack.sockets.connected
    slack.sender.url = f"http://127.0.0.1:{port}/slack/events" if http else ""
    async with run_bot(name, *module, api=api, environment=environment, profile=profile) as one:
        if http:
            await wait_for_port(port)
        else:
            await slack.until(lambda: slack.sockets.connected > before, 60)
        yield one


def find_free_port() -> int:
    """Return a free port."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def wait_for_port(port: int) -> None:
    """Wait until a server listens on the port."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def run_bare_bot() -> None:
    """Run the bare app: it answers a mention with one API call and one message; no store, no ordering, no status."""
    given = os.environ
    client = AsyncWebClient(token=given["SLACK_BOT_TOKEN"], base_url=given["SLACK_API_URL"])
    async with httpx.AsyncClient(transport=open_http(given["AIMODELS_BASE_URL"]), trust_env=False) as api:
        import aiohttp

        async with aiohttp.ClientSession() as client.session:
            app = AsyncApp(client=client, signing_secret=given.get("SLACK_SIGNING_SECRET"))

            @app.event("app_mention")
            async def answer_mention(event: dict[str, Any]) -> None:
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
                await serve_app(app, int(port))
            else:
                handler: Any = AsyncSocketModeHandler(app, given["SLACK_APP_TOKEN"])
                handler.client.web_client.base_url = given["SLACK_API_URL"]
                await handler.start_async()


async def serve_app(app: AsyncApp, port: int) -> None:
    """Serve the app by Starlette on uvicorn, as in Bolt's examples."""
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
    asyncio.run(run_bare_bot())
