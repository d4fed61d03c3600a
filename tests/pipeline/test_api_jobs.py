"""The API's jobs: a restart waits for the job that it finds, a stop ends it, and each is asked for once."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.background import BackgroundTasks
from bot.calls.api_job import ApiJob
from bot.models import Actor, Answer, Event, Lane
from bot.pipeline.timing import PipelineTiming
from tests.support.channel.adapter import parse
from tests.support.media_files import MP4, wav
from tests.support.scripted_api import data
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@dataclass
class VideoServer:
    """An OpenAI-compatible server whose jobs end when a test says so."""

    posted: int = 0
    is_done: bool = False
    deleted: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  #: jobs that it knows no more
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    polled: list[str] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if await request.read() == b"[]":  # at its start the service asks which kinds there are
            return web.json_response({"error": {"message": "no such endpoint"}}, status=400)
        job, _, part = request.path.removeprefix("/v1/videos").removeprefix("/").partition("/")
        if request.method == "POST":
            self.posted += 1
            job = f"v{self.posted}"
        elif request.method == "DELETE":
            self.deleted.append(job)
        else:
            self.polled.append(job)
        async with self.changed:
            self.changed.notify_all()
        if job in self.lost:
            return web.json_response({"error": {"message": "no such video"}}, status=404)
        if part:
            return web.Response(body=MP4, content_type="video/mp4")
        state = "completed" if self.is_done else "in_progress"
        return web.json_response({"id": job, "object": "video", "status": state, "progress": 10})

    async def until_polled(self, job: str) -> None:
        """Wait until a job is asked for once more."""
        seen = self.polled.count(job)
        async with self.changed:
            await self.changed.wait_for(lambda: self.polled.count(job) > seen)


@dataclass
class SoundServer:
    """An API as in the reference, which makes sound in a job."""

    posted: int = 0
    is_done: bool = False
    polled: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            self.posted += 1
        else:
            assert request.path == "/v1/audio/generations/a1"
            self.polled.set()
        sound = {"audio": {"b64_json": base64.b64encode(wav()).decode(), "format": "wav"}}
        return await data(sound if self.is_done else {"id": "a1", "status": "processing"})(request)


async def used(one: Service) -> list[tuple[str, int]]:
    """What is counted."""
    return [(row.kind, row.items) for row in await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))]


@asynccontextmanager
async def filming(
    folder: Path, *, timing: PipelineTiming | None = None, **settings: Any
) -> AsyncIterator[tuple[Service, VideoServer, str]]:
    """The service while it waits for a video."""
    videos = VideoServer()
    given = {"aimodels_api_flavor": "openai", "bot_shutdown_timeout": 0, **settings}
    async with service(folder, timing=timing, **given) as one:
        one.api.play(videos)
        event = await one.channel.ask("a film", command="video")
        await videos.until_polled("v1")
        yield one, videos, event


async def test_a_restart_waits_for_the_same_job(tmp_path: Path) -> None:
    """What the API was asked is not asked and paid again."""
    async with filming(tmp_path) as (one, videos, event):
        await one.stop()
        await one.start()
        await videos.until_polled("v1")
        videos.is_done = True
        await one.channel.wait_for_answers(event)
        assert len(one.answer(event).files) == 1
        assert videos.posted == 1
        assert await used(one) == [("video", 1)]


async def test_a_job_that_has_gone_is_made_anew(tmp_path: Path) -> None:
    """A server that lost its jobs, by a restart of its own, gets the request once more."""
    async with filming(tmp_path) as (one, videos, event):
        await one.stop()
        videos.lost, videos.is_done = {"v1"}, True
        await one.start()
        await one.channel.wait_for_answers(event)
        assert len(one.answer(event).files) == 1
        assert videos.posted == 2


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_stop_ends_the_job(tmp_path: Path, is_restarted: bool) -> None:
    """The API is told, also about a job of an earlier run, and what it was asked counts."""
    async with filming(tmp_path) as (one, videos, event):
        if is_restarted:
            await one.stop()
            await one.start()
            await videos.until_polled("v1")
        await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        async with videos.changed:
            await videos.changed.wait_for(lambda: videos.deleted == ["v1"])
        assert one.answer(event).text == "*Stopped.*"
        assert await used(one) == [("video", 1)]


@pytest.mark.parametrize("way", ["stopped", "stopped by its button", "deleted", "edited"])
async def test_a_wait_that_is_ended_counts_and_ends_the_job(tmp_path: Path, way: str) -> None:
    """Between two tries of an event the API goes on with its job: it is counted once, and ended."""
    timing = replace(FAST.pipeline, shortest_pause=1000.0)
    more = {"aimodels_media_timeout": 0.2, "bot_patience": 600}
    async with filming(tmp_path, timing=timing, **more) as (one, videos, event):
        while (await one.core.store.counts())["running"]:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
        if way == "stopped":
            await one.ask("", command="stop")
        elif way == "stopped by its button":
            await one.ask("", command="press", options={"event": event, "action": "stop"})
        elif way == "deleted":
            await one.core.services.retract("channel", event)
        else:
            await one.core.services.revise(parse({**one.channel.questions[event], "text": "another film"}))
        async with videos.changed:
            await videos.changed.wait_for(lambda: videos.deleted == ["v1"])
        assert await used(one) == [("video", 1)]
        if way == "edited":
            await videos.until_polled("v2")


async def test_a_restart_waits_for_the_same_sound(tmp_path: Path) -> None:
    """Sound that the API makes in a job is not asked and paid again either."""
    sounds = SoundServer()
    async with service(tmp_path, bot_shutdown_timeout=0) as one:
        one.api.play(sounds)
        event = await one.channel.ask("rain", command="audio", options={"format": "wav"})
        await sounds.polled.wait()
        await one.stop()
        sounds.is_done = True
        await one.start()
        await one.channel.wait_for_answers(event)
        assert len(one.answer(event).files) == 1
        assert sounds.posted == 1
        assert await used(one) == [("audio", 1)]


async def test_an_edited_question_has_a_job_of_its_own(tmp_path: Path) -> None:
    """Its event is the same; the earlier job was for other words. It is kept as long as its conversation."""
    event = Event(
        id="e1",
        adapter="channel",
        conversation="c",
        actor=Actor(id="ada"),
        command="video",
        prompt="a fox",
        received_at=datetime.now(UTC),
    )
    async with service(tmp_path) as one:
        await one.core.store.record(event, lane=Lane.FREE, answer=Answer())
        background = BackgroundTasks("test")
        ApiJob(one.core.store, event, background).started("/videos/v1")
        await background.drain()
        await one.core.retention.prune(datetime.now(UTC), audit_before=None)
        assert await ApiJob(one.core.store, event, background).find() == "/videos/v1"
        assert await ApiJob(one.core.store, replace(event, prompt="a red fox"), background).find() == ""
