"""An API that plans films, draws, and makes clips and music in jobs, as in the reference; it counts what it makes."""

import asyncio
import base64
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.channel.adapter import Message
from tests.support.media_files import MP4, PNG, wav
from tests.support.scripted_api import chat_data, data, failure
from tests.support.service import Service, service

SCRIPT: dict[str, Any] = {
    "title": "The fox",
    "shots": [
        {"line": f"Shot {word}", "prompt": f"a fox, {word}", "seconds": 5} for word in ("one", "two", "three", "four")
    ],
    "music": "slow strings",
}
_KINDS = {"images": "image", "audio": "audio", "video": "video"}


@dataclass(slots=True)
class Studio:
    """The API. A prompt with a word of `holds` is not finished before its event is set; one of `broken` fails."""

    is_openai: bool = False  #: it answers to chat as OpenAI does, and to nothing else
    clip: bytes = MP4  #: each clip that it makes; this one can't be joined
    plans: list[str] = field(default_factory=lambda: [json.dumps(SCRIPT)])  #: answers to chat; the last is repeated
    asked: Counter[str] = field(default_factory=Counter)  #: chat requests, and files by "kind: prompt"
    jobs: dict[str, str] = field(default_factory=dict)  #: "kind: prompt" of each job, by its id
    polled: set[str] = field(default_factory=set)  #: jobs that were asked for
    sources: dict[str, str] = field(default_factory=dict)  #: the picture that each clip began with, by prompt
    holds: dict[str, asyncio.Event] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)  #: requests for files in order of arrival
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        _, _, name, _, job = f"{request.path}////".split("/")[:5]
        if request.method != "POST":
            self.polled.add(job)
            return await self._answer(name, self.jobs.get(job, ""), job, request)
        if self.is_openai:
            is_chat = name == "chat"
            return web.json_response(chat_data(self.plans[0])) if is_chat else await failure(400)(request)
        body = await request.json()
        if name == "chat":
            if body["messages"]:
                self.asked["plan"] += 1
                await self._tell()
                await self._wait(f"chat: {body['messages'][-1]['content']}")
            plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
            return await data(chat_data(plan))(request)
        what = f"{_KINDS[name]}: {body['prompt']}"
        self.asked[what] += 1
        self.order.append(what)
        await self._tell()
        if any(word in what for word in self.broken):
            return await failure(400, "content_policy", "not this")(request)
        if name == "video":
            self.sources[body["prompt"]] = body.get("image") or ""
        if name == "images":
            await self._wait(what)
            picture = {"b64_json": base64.b64encode(PNG).decode()}
            return await data({"images": [picture], "usage": {"images": 1, "cost": 0.5}})(request)
        job = f"job{next(self._numbers)}"
        self.jobs[job] = what
        return await data({"id": job, "status": "processing"})(request)

    async def _answer(self, name: str, what: str, job: str, request: web.Request) -> web.StreamResponse:
        is_held = any(word in what and not event.is_set() for word, event in self.holds.items())
        await self._tell()
        if is_held:
            return await data({"id": job, "status": "processing", "progress": 40})(request)
        content = base64.b64encode(self.clip if name == "video" else wav()).decode()
        file = {"b64_json": content, "format": "mp4" if name == "video" else "wav"}
        return await data({name: file, "usage": {"cost": 1.0}})(request)

    async def _wait(self, what: str) -> None:
        for word, event in self.holds.items():
            if word in what:
                await event.wait()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true; checked at each request."""
        async with self.changed:
            await self.changed.wait_for(condition)

    @property
    def made(self) -> dict[str, int]:
        """How often each file was asked for."""
        return {what: count for what, count in self.asked.items() if what != "plan"}

    def made_by(self, *kinds: str) -> int:
        """Return how many requests for files of these kinds there were."""
        return sum(count for what, count in self.made.items() if what.startswith(kinds))


@asynccontextmanager
async def studio(folder: Path, **settings: Any) -> AsyncIterator[tuple[Service, Studio]]:
    """The service in front of an API that makes films."""
    api = Studio()
    async with asyncio.timeout(200), service(folder, **settings) as one:
        one.api.play(api)
        try:
            yield one, api
        finally:
            for event in api.holds.values():
                event.set()


async def press(one: Service, film: str, action: str, *, values: Mapping[str, str] | None = None, **more: Any) -> str:
    """Press a button of a film, and fill in its form; return what the presser reads."""
    options = {"event": film, "action": action, **(values or {})}
    return (await one.ask("", command="press", options=options, **more)).text


async def see(one: Service, film: str, *words: str) -> Message:
    """Wait until the board of a film has words; return it."""
    await one.channel.until(lambda: any(all(word in m.text for word in words) for m in one.channel.answers(film)))
    return one.answer(film)


async def settled(one: Service) -> None:
    """Wait until nothing is asked for any more, nor follows from what was."""
    while True:
        await one.core.worker.drain()
        counts = await one.core.store.counts()
        if not counts["waiting"] + counts["running"]:
            return
        await asyncio.sleep(0.01)  # what a part has made ready is about to be claimed
