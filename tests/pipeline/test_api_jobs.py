"""The API's jobs: a restart waits for the job that it finds, a stop ends it, and each is asked for once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.commands import ApiJob
from bot.models import Actor, Event
from tests.support.media_files import MP4
from tests.support.service import Service, quiet_logs, service

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


@asynccontextmanager
async def filming(folder: Path, **settings: Any) -> AsyncIterator[tuple[Service, VideoServer, str]]:
    """The service while it waits for a video."""
    videos = VideoServer()
    given = {"aimodels_api_flavor": "openai", "bot_shutdown_timeout": 0, **settings}
    async with service(folder, **given) as one:
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
        usage = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert [(row.kind, row.items) for row in usage] == [("video", 1)]


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
        usage = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert [(row.kind, row.items) for row in usage] == [("video", 1)]


async def test_an_edited_question_has_a_job_of_its_own(tmp_path: Path) -> None:
    """Its event is the same; the earlier job was for other words."""
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
        background: set[asyncio.Task[None]] = set()
        ApiJob(one.core.store, event, background).started("/videos/v1")
        await asyncio.gather(*background)
        assert await ApiJob(one.core.store, event, background).find() == "/videos/v1"
        assert await ApiJob(one.core.store, replace(event, prompt="a red fox"), background).find() == ""
