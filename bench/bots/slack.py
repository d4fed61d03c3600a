"""Bots for the Slack simulator: the service, and bare Bolt apps that call the API and post the answer.

The bare apps keep nothing: no store, no order, no history. They are as fast as the libraries allow: one middleware of
Bolt in place of its own and of listeners, aiohttp for the API, an acknowledgement before anything else.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvloop
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.bolt_app import SocketModeBoltRequest
from bench.bots.common import Bot, ask_api, run_bot
from simulators.slack import SlackSimulator

Json = dict[str, Any]


@asynccontextmanager
async def start_bot(
    name: str, slack: SlackSimulator, api: str, *, http: bool = False, profile: str = "", **settings: str
) -> AsyncIterator[Bot]:
    """Start the "service", or a bare app with the "same calls" or the "fewest calls".

    Yields it once it receives events, by Socket Mode or by HTTP.
    """
    environment = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url, **settings}
    port = find_free_port() if http else 0
    if http:
        environment |= {"SLACK_SIGNING_SECRET": slack.signing_secret, "BOT_PORT": str(port), "BOT_HOST": "127.0.0.1"}
    else:
        environment["SLACK_APP_TOKEN"] = slack.app_token
    module = ("bot", "run") if name == "service" else ("bench.bots.slack", name)
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


class BareRouter(AsyncMiddleware):
    """Acknowledges each event at once, and answers mentions by one API call and one message.

    `same_calls`: with the blocks, buttons and metadata that the service's message has.
    """

    def __init__(self, api: aiohttp.ClientSession, web: AsyncWebClient, *, same_calls: bool) -> None:
        self._api = api
        self._web = web
        self._same_calls = same_calls
        self._tasks: set[asyncio.Task[None]] = set()

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Handle a request."""
        event = req.body["event"]
        if event["type"] == "app_mention":
            task = asyncio.create_task(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return BoltResponse(status=200, body="")

    async def _answer(self, event: Json) -> None:
        text = await ask_api(self._api, event["text"])
        body = {"channel": event["channel"], "thread_ts": event["ts"], "text": text}
        if self._same_calls:
            body |= _parts(text, event["ts"])
        await self._web.api_call("chat.postMessage", json=body)


def _parts(text: str, ts: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    looks = {"again": "Again", "continue": "Continue", "good": "👍", "bad": "👎"}
    buttons = [
        {
            "type": "button",
            "action_id": f"press:{name}",
            "value": ts,
            "text": {"type": "plain_text", "text": label, "emoji": True},
        }
        for name, label in looks.items()
    ]
    return {
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "rich_text", "elements": [section]}, {"type": "actions", "elements": buttons}],
        "metadata": {"event_type": "answer", "event_payload": {"key": ts}},
    }


class BareHandler(AsyncSocketModeHandler):
    """Passes requests to the app without looking for the ids that Bolt's context has."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Handle a request of Socket Mode."""
        response = await self.app.async_dispatch(SocketModeBoltRequest(req.payload))
        await send_async_response(client, req, response, time.time())


async def run_bare_bot(kind: str) -> None:
    """Run a bare app."""
    given = os.environ
    logger = logging.getLogger("bare")
    logger.setLevel(logging.INFO)  # else the library formats each request and its answer for its log
    client = AsyncWebClient(token=given["SLACK_BOT_TOKEN"], base_url=given["SLACK_API_URL"], logger=logger)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as api,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client.session,
    ):
        secret = given.get("SLACK_SIGNING_SECRET")
        app = AsyncApp(client=client, signing_secret=secret, request_verification_enabled=bool(secret))
        own = app._async_middleware_list  # noqa: SLF001 - no public way to leave the others out
        own[:] = [one for one in own if secret and "RequestVerification" in type(one).__name__]
        own.append(BareRouter(api, client, same_calls=kind == "same calls"))
        if port := given.get("BOT_PORT"):
            await serve_app(app, int(port))
        else:
            handler: Any = BareHandler(app, given["SLACK_APP_TOKEN"])
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
    await uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=port, log_level="error", access_log=False)).serve()


if __name__ == "__main__":
    uvloop.run(run_bare_bot(sys.argv[1]))
