"""A small chat platform over HTTP; its adapter is that of `tests/support/channel_platform`, which can be installed.

The server runs in the test's process, so it survives the service. Like real platforms it repeats an event until it is
acknowledged, and posts a second message if asked twice.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.channel_platform.channel_platform.adapter import ChannelAdapter, ChannelDraft, file_bytes, parse

__all__ = ["Channel", "ChannelAdapter", "ChannelDraft", "Message", "channel_server", "parse"]


@dataclass(slots=True)
class Message:
    """A message that the channel shows."""

    key: str
    reply_to: str
    text: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    private: bool = False
    final: bool = False
    elapsed: float = 0.0


@dataclass(slots=True)
class Channel:
    """State of the server: questions and messages."""

    url: str = ""
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    #: statuses of the next calls by kind (post, update, finish): 403 refused, 413 too large, 429 later, 500 unexpected
    faults: dict[str, list[int]] = field(default_factory=dict)
    later: float = 0.01  #: seconds of `Retry-After`
    max_upload: int | None = None  #: bytes; a bigger file is refused with 413
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  #: every change as (event, change), in order
    hold: asyncio.Event | None = None  #: if set, updates that are not final wait for it
    holds: dict[str, asyncio.Event] = field(default_factory=dict)  #: "post e1" or "finish e1" waits for it
    calls: list[str] = field(default_factory=list)  #: "post e1", "update e1" or "finish e1", in order of arrival
    in_flight: dict[str, int] = field(default_factory=dict)  #: changes being made, by event
    most_in_flight: int = 0
    streamed: int = 0  #: bytes of files that are sent in pieces

    async def ask(
        self, text: str, *, command: str = "chat", options: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """Ask as a person; return the event's id."""
        number = next(self.numbers)
        asked = {"id": f"e{number}", "text": text, "command": command, "options": dict(options or {}), **more}
        async with self.changed:
            self.questions[asked["id"]] = asked
            self.changed.notify_all()
        return str(asked["id"])

    def answers(self, event: str) -> list[Message]:
        """Return all messages that answer an event."""
        return [message for message in self.messages.values() if message.reply_to == event]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true; checked at each request of the adapter."""
        async with self.changed:
            await self.changed.wait_for(condition)

    async def wait_for_answers(self, *events: str) -> None:
        """Wait until each of the events has a final answer."""
        await self.until(lambda: all(any(message.final for message in self.answers(event)) for event in events))


@contextlib.asynccontextmanager
async def channel_server() -> AsyncIterator[Channel]:  # noqa: C901 - a small function a route
    """Serve a channel on loopback."""
    channel = Channel()

    async def pending(_request: web.Request) -> web.Response:
        def waiting() -> list[dict[str, Any]]:
            return [asked for id_, asked in channel.questions.items() if id_ not in channel.acknowledged]

        async with channel.changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(channel.changed.wait_for(waiting), 5)
            return web.json_response(waiting())

    async def earlier(request: web.Request) -> web.Response:
        channel.calls.append(f"earlier {request.query['event']}")
        return web.json_response(channel.questions[request.query["event"]].get("earlier", []))

    async def stream(request: web.Request, head: str, size: int) -> web.StreamResponse:
        """Send a file of zeros behind its first bytes, without having it in memory."""
        response = web.StreamResponse()
        await response.prepare(request)
        pieces = [bytes.fromhex(head), *itertools.repeat(bytes(1 << 18), size >> 18)]
        for piece in pieces:
            await response.write(piece)
            channel.streamed += len(piece)
        return response

    async def file(request: web.Request) -> web.StreamResponse:
        asked = channel.questions[request.query["event"]]
        if request.query["name"] in asked.get("streams", {}):
            return await stream(request, *asked["streams"][request.query["name"]])
        if request.query["name"] not in asked["files"]:
            return web.Response(status=404)
        return web.Response(body=file_bytes(asked, request.query["name"]))

    async def acknowledge(request: web.Request) -> web.Response:
        async with channel.changed:
            channel.acknowledged.add(request.match_info["id"])
            channel.changed.notify_all()
        return web.Response(status=204)

    async def find(request: web.Request) -> web.Response:
        found = [ref for ref, message in channel.messages.items() if message.key == request.query["key"]]
        return web.json_response(found)

    def fault(kind: str) -> web.Response | None:
        waiting = channel.faults.get(kind)
        if not waiting:
            return None
        headers = {"Retry-After": str(channel.later)}
        return web.json_response({"limit": channel.max_upload or 0}, status=waiting.pop(0), headers=headers)

    async def called(kind: str, event: str) -> None:
        async with channel.changed:
            channel.calls.append(f"{kind} {event}")
            channel.changed.notify_all()
        if (held := channel.holds.get(f"{kind} {event}")) is not None:
            await held.wait()

    async def post(request: web.Request) -> web.Response:
        message = Message(**await request.json())
        await called("post", message.reply_to)
        if (failed := fault("post")) is not None:
            return failed
        ref = f"m{next(channel.numbers)}"
        channel.messages[ref] = message
        return web.json_response({"ref": ref})

    async def put(request: web.Request) -> web.Response:
        message = channel.messages[request.match_info["ref"]]
        change = await request.json()
        event, kind = message.reply_to, "finish" if change.get("final") else "update"
        channel.in_flight[event] = channel.in_flight.get(event, 0) + 1
        channel.most_in_flight = max(channel.most_in_flight, channel.in_flight[event])
        try:
            channel.seen.append((event, change))
            await called(kind, event)
            if channel.hold is not None and kind == "update":
                await channel.hold.wait()
            if (failed := fault(kind)) is not None:
                return failed
            if channel.max_upload and any(f["bytes"] > channel.max_upload for f in change.get("files", ())):
                return web.json_response({"limit": channel.max_upload}, status=413)
        finally:
            channel.in_flight[event] -= 1
        for name, value in change.items():
            setattr(message, name, value)
        async with channel.changed:
            channel.changed.notify_all()
        return web.Response(status=204)

    app = web.Application()
    app.add_routes(
        [
            web.get("/events", pending),
            web.get("/earlier", earlier),
            web.get("/files", file),
            web.delete("/events/{id}", acknowledge),
            web.get("/messages", find),
            web.post("/messages", post),
            web.put("/messages/{ref}", put),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    channel.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield channel
    finally:
        await runner.cleanup()
