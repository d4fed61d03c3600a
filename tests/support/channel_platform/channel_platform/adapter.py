"""The adapter of a small chat platform over HTTP: everything that the service requires of one, and nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import httpx

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
    PlaceName,
    Sink,
    always_owned,
)


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
        self.named: dict[str, str] = {}  #: names of workspaces and channels, by id
        self.private: set[str] = set()  #: channels that not everybody sees
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

    async def name_places(self, location: Location) -> Sequence[PlaceName]:
        place = partial(PlaceName, adapter=self.name, workspace=location.workspace)
        found = {"": self.named.get(location.workspace), location.channel: self.named.get(location.channel)}
        return [
            place(channel=channel, name=name, is_private=channel in self.private)
            for channel, name in found.items()
            if name is not None
        ]

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


def file_bytes(asked: Mapping[str, Any], name: str) -> bytes:
    """A file that came with a message; JSON has it as text."""
    text: str = asked["files"][name]
    return text.encode(asked.get("encoding", "utf-8"))


def _attachments(asked: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of a message; how large one is that is sent in pieces is not told."""
    sizes: dict[str, int | None] = {name: len(file_bytes(asked, name)) for name in asked.get("files", {})}
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
