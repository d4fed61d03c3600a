"""Killed between any two calls to Discord and started again, the service leaves one visible answer to each question."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.adapters.discord.processes import Process
from tests.adapters.discord.test_discord_interactions import slash
from tests.commands.desk import PNG
from tests.fakes.api import FakeApi, data, fake_api, piece
from tests.fakes.discord.rest import Call, Moment
from tests.fakes.discord.values import CHANNEL, DM, ME, Json
from tests.fakes.discord.wire import Wire

SHORT = ["It is 42."]
LONG = [f"{letter * 1500}." for letter in "abc"]  # a message each


@dataclass
class Stage:
    """Discord, the API and the service in between."""

    wire: Wire
    api: FakeApi
    folder: Path
    answer: list[str]  #: the messages of each answer
    process: Process = field(init=False)
    is_dead: bool = False
    armed: tuple[int, Moment] | None = None
    calls: list[int] = field(default_factory=list)  #: those since it was armed
    shown: asyncio.Event = field(default_factory=asyncio.Event)  #: something of the answer can be seen

    async def start(self) -> None:
        self.is_dead = False
        self.process = Process(self.wire, self.api.url, self.folder)
        await self.process.start()

    async def hook(self, moment: Moment, call: Call) -> bool:
        """Kill the process at the call that it is to die at. The call before an effect is lost with it."""
        if self.armed is None:
            return False
        number, when = self.armed
        if moment == "before":
            self.calls.append(call.number)
        if moment == "after" and call.method != "PUT" and (call.body or {}).get("content"):
            self.shown.set()
        if moment != when or call.number not in self.calls[number - 1 : number]:
            return False
        self.armed = None
        assert await self.process.kill() == -signal.SIGKILL
        self.is_dead = True
        await self.wire.tell()
        return True

    async def died_or_answered(self, places: list[str]) -> bool:
        """Wait until the process is dead, or has answered everything; whether it is dead."""
        await self.wire.until(lambda: self.is_dead or self._count(places) == len(places))
        return self.is_dead

    async def answered(self, places: list[str]) -> None:
        """Wait until there is an answer for each question asked in these places."""
        await self.wire.until(lambda: self._count(places) == len(places))

    def _count(self, places: list[str]) -> int:
        return sum(self.shown_in(place).count(self.answer[-1]) for place in set(places))

    def shown_in(self, place: str) -> list[str]:
        """What everybody sees of the answers there: the texts of messages, and the sizes of their files."""
        return [shown(message) for message in self.wire.said(place)]

    async def step(self, request: web.Request) -> web.StreamResponse:
        """Go on when the person has seen the beginning, so that each run makes the same calls."""
        if request.path.endswith(".png"):
            return web.Response(body=PNG, content_type="image/png")
        if "images" in request.path:
            await self.shown.wait()
            picture = {"url": f"{self.api.url.removesuffix('/v1')}/a.png", "width": 1, "height": 1}
            return await data({"images": [picture], "usage": {"images": 1, "cost": 0.5}})(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        whole = "\n\n".join(self.answer)
        for told in (piece(whole[:6]), piece(whole[6:], finish="stop")):
            await response.write(f"data: {json.dumps(told)}\n\n".encode())
            await self.shown.wait()
        await response.write(b"data: [DONE]\n\n")
        return response


def shown(message: Json) -> str:
    """The text of a message, or the size of its file."""
    files = [f"{file['size']} bytes" for file in message["attachments"]]
    return str(message["content"]) or " ".join(files)


@asynccontextmanager
async def stage(folder: Path, answer: list[str]) -> AsyncIterator[Stage]:
    async with Wire() as wire, fake_api() as api, asyncio.timeout(120):
        one = Stage(wire, api, folder, answer)
        wire.rest.hook = one.hook
        api.play(one.step)
        await one.start()
        await wire.until(lambda: wire.called("PUT", "commands"))
        try:
            yield one
        finally:
            one.shown.set()
            await one.process.stop()


async def mention(wire: Wire, number: int) -> str:
    """A question in a channel; its answer is in the thread that is opened at it."""
    said = await wire.say(CHANNEL, f"<@{ME}> question {number}")
    return str(said["id"])


async def private(wire: Wire, number: int) -> str:
    """A question in direct messages."""
    await wire.say(DM, f"question {number}")
    return DM


async def command(wire: Wire, number: int) -> str:
    """A slash command; what acknowledges it becomes its answer."""
    await wire.interact(2, slash("chat", prompt=f"question {number}"), channel=CHANNEL)
    return CHANNEL


async def picture(wire: Wire, number: int) -> str:
    """A picture; its message is of the newer kind, with the file in it."""
    await wire.interact(2, slash("image", prompt=f"picture {number}"), channel=CHANNEL)
    return CHANNEL


@pytest.mark.parametrize(
    ("ask", "answer"),
    [(mention, SHORT), (private, LONG), (command, SHORT), (picture, [f"{len(PNG)} bytes"])],
    ids=["mention", "long", "command", "picture"],
)
async def test_killed_between_any_two_calls(tmp_path: Path, ask: Any, answer: list[str]) -> None:
    """Each question has one answer and nothing else is left, whatever call the process died before or after."""
    async with stage(tmp_path, answer) as one:
        places: list[str] = []
        for number in count(2):
            moments: tuple[Moment, Moment] = ("before", "after")
            one.armed, one.calls = (number // 2, moments[number % 2]), []
            one.shown.clear()
            places.append(await ask(one.wire, number))
            if not await one.died_or_answered(places):
                break  # it made no more calls than those that it was killed at
            one.shown.set()
            await one.start()
            await one.answered(places)
    assert len(places) > 4
    for place in set(places):
        assert one.shown_in(place) == answer * places.count(place)
