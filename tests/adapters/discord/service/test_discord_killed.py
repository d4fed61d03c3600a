"""Killed between any two calls to Discord and started again, the service leaves one visible answer to each question."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulators.discord.checks import EPHEMERAL
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, Json
from tests.support.discord.interactions import slash_command
from tests.support.discord.processes import Process
from tests.support.media_files import PNG
from tests.support.scripted_api import ScriptedApi, data, failure, piece, scripted_api

SHORT = ["It is 42."]
LONG = [f"{letter * 1500}." for letter in "abc"]  # a message each
DRAWN = re.compile(r" \{\d+\}|\d{15,}")  # what makes each answer another one


@dataclass
class Stage:
    """Discord, the API and the service in between."""

    simulator: DiscordSimulator
    api: ScriptedApi
    folder: Path
    answer: list[str]  #: the messages of each answer; none: as the first one is
    forgets: bool = False  #: no message is known by its nonce when the process starts again, and no answer comes twice
    process: Process = field(init=False)
    is_dead: bool = False
    armed: tuple[int, Moment] | None = None
    calls: list[int] = field(default_factory=list)  #: those since it was armed
    shown: asyncio.Event = field(default_factory=asyncio.Event)  #: something of the answer can be seen
    numbers: "count[int]" = field(default_factory=count)

    async def start(self) -> None:
        self.is_dead = False
        if self.forgets:
            self.simulator.nonces.clear()
        self.process = Process(self.simulator, self.api.url, self.folder, is_late=self.forgets)
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
        await self.simulator.notify()
        return True

    def is_over(self, known: int) -> bool:
        """Whether it is dead, or has answered more than was known and is not about to die of it."""
        return self.is_dead or (self.armed is not None and self.has_answered(known))

    def has_answered(self, known: int) -> bool:
        """Whether there are more answers than were known."""
        return self.count() > known

    def count(self) -> int:
        """Answers that can be seen, whole."""
        return sum(self.shown_in(place).count(self.answer[-1]) for place in self.simulator.messages)

    def shown_in(self, place: str) -> list[str]:
        """Return the visible answers there: the texts of messages, or the sizes of their files."""
        own = [message for message in self.simulator.messages.get(place, ()) if message["author"]["id"] == ME]
        return [DRAWN.sub("", shown(message)) for message in own]

    async def killed_at_each_call(self, ask: Any) -> list[str]:
        """Ask, kill it before or after the next of its calls, start it again, until it makes no more calls; where."""
        places: list[str] = []
        for number in count(2):
            moments: tuple[Moment, Moment] = ("before", "after")
            self.armed, self.calls = (number // 2, moments[number % 2]), []
            self.shown.clear()
            answers = self.count()
            places.append(await ask(self.simulator, number))
            await self.simulator.until(partial(self.is_over, answers))
            if not self.is_dead:
                break  # it made no more calls than those that it was killed at
            self.shown.set()
            await self.start()
            await self.simulator.until(partial(self.has_answered, answers))
        assert len(places) > 4
        return places

    async def step(self, request: web.Request) -> web.StreamResponse:
        """Go on when the person has seen the beginning, so that each run makes the same calls."""
        if request.path.endswith(".png"):
            return web.Response(body=PNG, content_type="image/png")
        if "images" in request.path:
            await self.shown.wait()
            picture = {"url": f"{self.api.url.removesuffix('/v1')}/a.png", "width": 1, "height": 1}
            return await data({"images": [picture], "usage": {"images": 1, "cost": 0.5}})(request)
        if "refuse" in str((await request.json())["messages"][-1]["content"]):
            await self.shown.wait()
            return await failure(400, "bad_request")(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        parts = [f"{part} {{{next(self.numbers)}}}" for part in self.answer[:-1]] if self.forgets else self.answer[:-1]
        whole = "\n\n".join([*parts, self.answer[-1]])
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
async def stage(folder: Path, answer: list[str], *, forgets: bool = False) -> AsyncIterator[Stage]:
    async with DiscordSimulator() as simulator, scripted_api() as api, asyncio.timeout(300):
        one = Stage(simulator, api, folder, answer, forgets)
        simulator.rest.hook = one.hook
        api.play(one.step)
        await one.start()
        await simulator.until(lambda: simulator.called("PUT", "commands"))
        try:
            yield one
        finally:
            one.shown.set()
            await one.process.stop()


async def mention(simulator: DiscordSimulator, number: int) -> str:
    """A question in a channel; its answer is in the thread that is opened at it."""
    said = await simulator.say(CHANNEL, f"<@{ME}> question {number}")
    return str(said["id"])


async def private(simulator: DiscordSimulator, number: int) -> str:
    """A question in direct messages."""
    await simulator.say(DM, f"question {number}")
    return DM


async def command(simulator: DiscordSimulator, number: int) -> str:
    """A slash command; what acknowledges it becomes its answer."""
    await simulator.interact(2, slash_command("chat", prompt=f"question {number}"), channel=CHANNEL)
    return CHANNEL


async def picture(simulator: DiscordSimulator, number: int) -> str:
    """A picture; its message is of the newer kind, with the file in it."""
    await simulator.interact(2, slash_command("image", prompt=f"picture {number}"), channel=CHANNEL)
    return CHANNEL


async def alone(simulator: DiscordSimulator, number: int) -> str:
    """A command whose answer the asker alone sees from its beginning."""
    await simulator.interact(2, slash_command("help", command="stop"), channel=CHANNEL)
    return CHANNEL


async def refused(simulator: DiscordSimulator, number: int) -> str:
    """A command that fails: everybody saw the thinking response, and it becomes the reason."""
    await simulator.interact(2, slash_command("chat", prompt=f"refuse this {number}"), channel=CHANNEL)
    return CHANNEL


@pytest.mark.parametrize(
    ("ask", "answer"),
    [(mention, SHORT), (private, LONG), (command, SHORT), (picture, [f"{len(PNG)} bytes"])],
    ids=["mention", "long", "command", "picture"],
)
async def test_killed_between_any_two_calls(tmp_path: Path, ask: Any, answer: list[str]) -> None:
    """Each question has one answer and nothing else is left, whatever call the process died before or after."""
    async with stage(tmp_path, answer) as one:
        places = await one.killed_at_each_call(ask)
    for place in set(places):
        assert one.shown_in(place) == answer * places.count(place)


async def test_killed_and_started_after_a_long_time(tmp_path: Path) -> None:
    """No part of the started answer is left over, though Discord forgot its nonces and another answer is made."""
    async with stage(tmp_path, LONG, forgets=True) as one:
        places = await one.killed_at_each_call(private)
    assert one.shown_in(DM) == LONG * len(places)


async def test_killed_before_an_ephemeral_answer(tmp_path: Path) -> None:
    """An ephemeral answer arrives, and nobody else sees anything.

    When it died before it had acknowledged the command, it writes itself: directly, or a failure where it was asked.
    """
    async with stage(tmp_path, []) as one:
        await alone(one.simulator, 0)
        one.shown.set()
        [message] = await one.simulator.until(lambda: [m for m in one.simulator.messages.get(CHANNEL, ()) if told(m)])
        one.answer.append(DRAWN.sub("", shown(message)))
        places = [CHANNEL, *await one.killed_at_each_call(alone)]
    assert {*one.shown_in(CHANNEL)} == {*one.answer}
    assert one.count() == len(places)
    assert not one.simulator.bot_messages(CHANNEL)


async def test_killed_before_an_error(tmp_path: Path) -> None:
    """An error is said once, where it was asked, whatever call the process died before or after."""
    async with stage(tmp_path, []) as one:
        await refused(one.simulator, 0)
        one.shown.set()
        [message] = await one.simulator.until(
            lambda: [m for m in one.simulator.bot_messages(CHANNEL) if ":retry:" in str(m["components"])]
        )
        one.answer.append(DRAWN.sub("", shown(message)))
        places = [CHANNEL, *await one.killed_at_each_call(refused)]
    assert one.shown_in(CHANNEL) == one.answer * len(places)
    assert len(one.simulator.bot_messages(CHANNEL)) == len(places)


def told(message: Json) -> bool:
    """Whether a message says something to its asker alone."""
    return bool(message["flags"] & EPHEMERAL and message["content"])


@pytest.mark.parametrize("shrinks", [False, True])
async def test_killed_while_a_later_message_is_posted(tmp_path: Path, shrinks: bool) -> None:
    """The messages of an answer stand in order, and none is left over, though the started answer had a later one."""
    async with stage(tmp_path, LONG) as one:

        async def grow(request: web.Request) -> web.StreamResponse:
            """Write the next part of the answer when the one before is seen."""
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
            await response.prepare(request)
            parts = one.answer if not (shrinks and killed) else one.answer[:2]
            for number, part in enumerate(parts):
                told = piece(f"{part}\n\n", finish="stop" if part is parts[-1] else None)
                await response.write(f"data: {json.dumps(told)}\n\n".encode())
                await one.simulator.until(lambda number=number: len(one.shown_in(DM)) > number)  # type: ignore[misc]
            await response.write(b"data: [DONE]\n\n")
            return response

        async def kill(moment: Moment, call: Call) -> bool:
            if killed or moment == "before" or call.method != "POST" or "ccc" not in str(call.body):
                return False
            killed.append(call)
            await one.process.kill()
            await one.simulator.notify()
            return True

        killed: list[Call] = []
        one.api.play(grow)
        one.simulator.rest.hook = kill
        await private(one.simulator, 0)
        await one.simulator.until(lambda: killed)
        await one.start()
        expected = LONG[:2] if shrinks else LONG
        await one.simulator.until(
            lambda: one.shown_in(DM) == expected and "stop" not in str(one.simulator.bot_messages(DM)[-1]["components"])
        )
