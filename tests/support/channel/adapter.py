"""A small chat platform over HTTP, and its adapter.

The server runs in the test's process, so it survives the service. Like real platforms it repeats an event until it is
acknowledged, and posts a second message if asked twice.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import httpx
from aiohttp import web

from aimodels.transport import AiohttpTransport
from bot.errors import DeliveryDelayed, DeliveryRefused, DownloadFailed, StoreError, UploadTooLarge
from bot.models import (
    Actor,
    Answer,
    Attachment,
    Capabilities,
    CheckResult,
    CommandSpec,
    Event,
    Location,
    PriorMessages,
    Status,
    Turn,
)
from bot.ports import (
    AdapterServices,
    ChannelHistory,
    ChannelMessage,
    ChannelProblem,
    ChannelSpan,
    Confirm,
    NoChannels,
    NoDirectory,
    NoReactions,
    Sink,
    always_owned,
)


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
        return web.Response(body=_bytes(asked, request.query["name"]))

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


@dataclass(slots=True)
class ChannelDraft:
    """A draft that is one message of the channel."""

    http: httpx.AsyncClient
    ref: str

    async def status(self, status: Status) -> None:
        await self._put({"text": f"({status.text})", "elapsed": status.elapsed})

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        await before_message()
        await self._put({"text": f"({text})"})

    async def write(self, text: str) -> None:
        await self._put({"text": text})

    async def finish(self, answer: Answer) -> None:
        files = [
            {
                "name": media.name,
                "size": media.size,
                "type": media.content_type,
                "bytes": 0 if media.url else _size(media.path),
                "url": media.url,
            }
            for media in answer.media
        ]
        actions = [action.name for action in answer.actions]
        await self._put(
            {"text": answer.text, "files": files, "actions": actions, "private": answer.private, "final": True}
        )

    async def _put(self, change: dict[str, Any]) -> None:
        try:
            response = await self.http.put(f"/messages/{self.ref}", json=change)
        except httpx.TransportError as exc:
            raise DeliveryDelayed("the channel is not there") from exc
        _check(response)


def _check(response: httpx.Response) -> None:
    match response.status_code:
        case 200 | 204:
            return
        case 413:
            raise UploadTooLarge(response.json()["limit"])
        case 429:
            raise DeliveryDelayed("the channel is busy", retry_after=float(response.headers["Retry-After"]))
        case 403 | 404:
            raise DeliveryRefused(f"the channel says {response.status_code}")
        case _:
            raise RuntimeError("unexpected status")


def _size(path: Any) -> int:
    return path.stat().st_size if path is not None else 0


class ChannelAdapter(NoDirectory, NoChannels, NoReactions):
    """The test platform's adapter."""

    name = "channel"
    routes: Sequence[Any] = ()

    def __init__(self, url: str, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or Capabilities(edit_interval=0.05)
        self.members: dict[str, Actor] = {}  #: what the platform tells of people, by id
        self.gone: set[str] = set()  #: people who have left
        self.closed: set[str] = set()  #: channels in which the service can't write
        self.direct: set[str] = set()  #: channels that are direct messages
        self.asked_of: list[str] = []  #: people whom it was asked for
        # httpx's own transport takes several times the CPU
        self.http = httpx.AsyncClient(base_url=url, timeout=30, transport=AiohttpTransport(aiohttp.ClientSession))

    def connected(self, services: AdapterServices) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    async def find_actor(self, reply_to: Mapping[str, str], person: str) -> Actor | None:
        self.asked_of.append(person)
        return self.members.get(person)

    async def is_gone(self, reply_to: Mapping[str, str], person: str) -> bool:
        return person in self.gone

    async def channel_problem(
        self, channel: str, *, reply_to: Mapping[str, str] | None = None, person: str = ""
    ) -> ChannelProblem:
        return "closed" if channel in self.closed else ""

    def is_direct(self, channel: str) -> bool:
        return channel in self.direct

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        while True:
            for asked in (await self.http.get("/events")).json():
                try:
                    await sink(parse(asked))
                except StoreError:  # not acknowledged, so it is repeated
                    await asyncio.sleep(0.01)
                    continue
                await self.http.delete(f"/events/{asked['id']}")

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,
        private: bool,
        confirm: Confirm = always_owned,
    ) -> ChannelDraft:
        if not ref:
            known = (await self.http.get("/messages", params={"key": key})).json()
            ref = known[0] if known else ""
        if not ref:
            message = {"key": key, "reply_to": reply_to["event"], "private": private}
            response = await self.http.post("/messages", json=message)
            _check(response)
            ref = response.json()["ref"]
        return ChannelDraft(self.http, str(ref))

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        return {"event": f"to {channel or person}"}

    async def place_again(
        self, reply_to: Mapping[str, str], *, conversation: str, heading: str = ""
    ) -> tuple[str, Mapping[str, str]]:
        return conversation, {"event": reply_to["event"].removeprefix("again ").join(("again ", ""))}

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        async with self.http.stream("GET", "/files", params=attachment.source) as response:
            if response.status_code == 404:
                raise DownloadFailed(f"{attachment.name} is not there any more")
            async for piece in response.aiter_bytes(64 * 1024):
                yield piece

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        said = (await self.http.get("/earlier", params={"event": reply_to["event"]})).json()
        turns = (Turn(role="user", content=text, speaker=who.title(), actor=who) for who, text in said)
        return PriorMessages(turns=tuple(turns)[-limit:])

    async def read_channel(
        self,
        reply_to: Mapping[str, str],
        span: ChannelSpan,
        *,
        on_progress: Callable[[int], None],
    ) -> ChannelHistory:
        """Return what was said before a request, a second each."""
        said = (await self.http.get("/earlier", params={"event": reply_to["event"]})).json()
        on_progress(len(said))
        times = [span.until - timedelta(seconds=len(said) - number) for number in range(len(said))]
        messages = tuple(
            ChannelMessage(id=str(number), at=at, speaker=who.title(), actor=who, text=text)
            for number, (at, (who, text)) in enumerate(zip(times, said, strict=True))
        )
        return ChannelHistory(messages=messages[-span.limit :])

    async def message_links(self, reply_to: Mapping[str, str], ids: Collection[str]) -> Mapping[str, str]:
        return {name: f"https://channel.example/{name}" for name in ids}

    def health(self) -> str:
        return ""

    async def check(self) -> Sequence[CheckResult]:
        return ()


def _bytes(asked: Mapping[str, Any], name: str) -> bytes:
    """A file that came with a message; JSON has it as text."""
    text: str = asked["files"][name]
    return text.encode(asked.get("encoding", "utf-8"))


def _attachments(asked: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of a message; how large one is that is sent in pieces is not told."""
    sizes: dict[str, int | None] = {name: len(_bytes(asked, name)) for name in asked.get("files", {})}
    sizes |= dict.fromkeys(asked.get("streams", {}))
    return tuple(
        Attachment(name=name, size=size, source={"event": asked["id"], "name": name}) for name, size in sizes.items()
    )


def parse(asked: Mapping[str, Any]) -> Event:
    """Convert the platform's payload to an event."""
    who = asked.get("who", "ada")
    return Event(
        id=asked["id"],
        adapter="channel",
        conversation=asked.get("conversation", "general"),
        actor=Actor(
            id=who,
            name=who.title(),
            locale=asked.get("locale", ""),
            roles=tuple(asked.get("roles", ())),
            is_admin=not asked.get("member", False),
            is_bot=asked.get("bot", False),
        ),
        location=Location(
            workspace=asked.get("workspace", "w"),
            channel=asked.get("channel", "general"),
            is_private=asked.get("direct", False),
        ),
        command=asked["command"],
        prompt=asked["text"],
        options=asked["options"],
        rejection=asked.get("rejection", ""),
        attachments=_attachments(asked),
        has_prior_messages="earlier" in asked,
        reply_to={"event": asked["id"]},
        received_at=datetime.now(UTC),
        is_message=asked.get("is_message", False),
    )
