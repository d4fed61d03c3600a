"""Delivery to the app: over a socket or by signed requests, repeated until acknowledged."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp

from simulators.slack.delivery import Delivery
from simulators.slack.sockets import Sockets
from simulators.slack.state import SlackState
from simulators.slack.values import Json


class EventSender:
    """Delivers by signed requests to `url` if it is set, else over the app's sockets."""

    def __init__(self, slack: SlackState, sockets: Sockets) -> None:
        self.slack = slack
        self.sockets = sockets
        self.url = ""  #: where requests go, such as http://127.0.0.1:8080/slack/events
        self.commands_url = ""  #: where slash commands go; "": as `url`
        self.interactions_url = ""  #: where interactions go; "": as `url`
        self.timeout = 3.0  #: seconds within which to be acknowledged
        self.pauses: tuple[float, ...] = (0.0, 0.05, 0.05)  #: before each further try of an event; Slack's: 0, 60, 300
        self.delay = 0.0  #: seconds by which the next event is late, once
        self.signature = "right"  #: or "wrong", "missing", "old"
        #: The app is away for longer than an event is sent again: what happens meanwhile never reaches it.
        #: https://docs.slack.dev/apis/events-api/#retries
        self.gives_up = False
        self.deliveries: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def send(self, kind: str, body: Json) -> Delivery:
        """Start a delivery."""
        delivery = Delivery(kind=kind, body=body)
        self.deliveries.append(delivery)
        if self.gives_up:
            delivery.is_given_up = True
        else:
            self._start(self._deliver(delivery))
        return delivery

    async def again(self, delivery: Delivery, *, reason: str = "http_timeout", number: int = 1) -> int:
        """Deliver once more, acknowledged or not; returns the HTTP status, 0 over a socket."""
        if self.url:
            return await self._post(delivery, number, reason)
        await self.sockets.send(delivery, attempt=number, reason="timeout")
        return 0

    async def later(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        """Run an action now, or after some seconds."""
        if not seconds:
            await action()
            return

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await action()

        self._start(wait())

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop all deliveries."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _deliver(self, delivery: Delivery) -> None:
        pauses = self.pauses if delivery.kind == "events_api" else ()
        delay, self.delay = self.delay, 0.0
        if delay:
            await asyncio.sleep(delay)
        delivery.sent_at = time.monotonic()
        reason = ""
        for number, pause in enumerate((0.0, *pauses)):
            if pause:
                await asyncio.sleep(pause)
            if self.url:
                status = await self._post(delivery, number, reason)
                reason = "http_error" if status else "http_timeout"
            else:
                await self.sockets.deliver(delivery, number, self.timeout)
            if delivery.is_acknowledged or delivery.is_given_up:
                break
        delivery.is_given_up = not delivery.is_acknowledged
        self.slack.notify()

    async def _post(self, delivery: Delivery, number: int, reason: str) -> int:
        if delivery.kind == "events_api":
            body, content_type, url = json.dumps(delivery.body), "application/json", self.url
        elif delivery.kind == "slash_commands":
            body, content_type = urlencode(delivery.body), "application/x-www-form-urlencoded"
            url = self.commands_url or self.url
        else:
            body = urlencode({"payload": json.dumps(delivery.body)})
            content_type, url = "application/x-www-form-urlencoded", self.interactions_url or self.url
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **self.sign(body)}
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        status = await self._request(delivery, url, body, headers)
        delivery.tries += 1
        delivery.statuses.append(status)
        self.slack.notify()
        return status

    async def _request(self, delivery: Delivery, url: str, body: str, headers: dict[str, str]) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, timeout=timeout) as response:
                text = await response.text()
                if response.status == 200:
                    is_json = response.content_type == "application/json"
                    delivery.acknowledge(json.loads(text) if is_json and text else text)
                elif response.headers.get("X-Slack-No-Retry") == "1":
                    delivery.is_given_up = True
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def sign(self, body: str) -> dict[str, str]:
        """The headers that prove the sender; wrong or missing ones on demand."""
        if self.signature == "missing":
            return {}
        at = int(time.time()) - (301 if self.signature == "old" else 0)
        secret = self.slack.signing_secret if self.signature != "wrong" else "another"
        digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}
