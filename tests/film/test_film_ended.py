"""Films whose request is edited or taken back, or that are deleted: what is made of them ends, and is charged once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.models import Event, Job
from bot.ports import RequestFilter
from tests.support.channel.adapter import parse
from tests.support.database.engines import engine, server, url
from tests.support.film.studio import press, see, settled, studio
from tests.support.service import FAST, Service, quiet_logs

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def make(one: Service) -> Job:
    """Plan a film and begin to make it."""
    film = (await one.ask("a fox", command="film", options={"transition": "none"})).reply_to
    await press(one, film, "make")
    job = await one.core.store.job("channel", film)
    assert job is not None
    return job


async def open_parts(one: Service) -> list[str]:
    """Return the commands of the parts that are not answered, once nothing follows from what was asked."""
    await settled(one)
    return await running_parts(one)


async def running_parts(one: Service) -> list[str]:
    """Return the commands of the parts that are not answered."""
    rows = await one.core.store.list_requests(RequestFilter(is_open=True), limit=9)
    return [row.command for row in rows if row.command in ("image", "video", "audio")]


async def requests(one: Service) -> dict[str, int]:
    """Return how many requests are charged, by kind."""
    rows = await one.core.store.usage(since=datetime.fromtimestamp(0, UTC))
    return {row.kind: row.requests for row in rows}


async def test_an_edited_request_is_planned_anew(tmp_path: Path, engine: dict[str, Any]) -> None:
    """What is made of the earlier plan ends and is charged once; what both plans need is made once more at most."""
    async with studio(tmp_path, bot_media_concurrency=1, **engine) as (one, api):
        api.holds["video: a fox, two"] = asyncio.Event()
        job = await make(one)
        film = job.event.id
        await see(one, film, "clip 40%")
        before = api.made
        await one.core.services.revise(replace(job.event, prompt="a fox at night"))
        board = await see(one, film, "Nothing is made until")
        assert board.actions[0] == "make"
        assert await open_parts(one) == []
        assert api.made == before  # nothing is begun any more
        assert await requests(one) == {
            "chat": 2,
            "image": api.made_by("image"),
            "video": api.made_by("video"),
            "audio": 1,
        }
        api.holds.clear()
        await press(one, film, "make")
        await see(one, film, "music ✓")
        await settled(one)
        assert {what: count for what, count in api.made.items() if count > 1} == {"video: a fox, two": 2}
        # Edited to something else, it is shown and made no more.
        api.holds["wolf"] = asyncio.Event()
        await press(one, film, "edit", values={"prompt": "5 | a wolf"})
        await api.until(lambda: "image: a wolf" in api.made)
        other = parse({"id": film, "command": "chat", "text": "hello", "options": {}})
        await one.core.services.revise(other)
        assert await open_parts(one) == []
        assert [message.text == "" for message in one.channel.answers(film)] == [True, False]
        assert not [path for path in tmp_path.rglob("*") if path.suffix in {".png", ".mp4", ".wav"}]


async def test_nothing_is_begun_for_a_plan_that_is_replaced(tmp_path: Path) -> None:
    """Not while the new plan waits for its turn; where the edit is taken back, the film goes on and is charged once."""
    async with studio(tmp_path, bot_chat_concurrency=1) as (one, api):
        api.holds["video: a fox, one"] = first = asyncio.Event()
        job = await make(one)
        await api.until(lambda: (api.made_by("image"), api.made_by("audio"), api.made_by("video")) == (4, 1, 1))
        while await running_parts(one) != ["video"]:  # noqa: ASYNC110 - the database has no such event
            await asyncio.sleep(0.01)
        api.holds["chat: busy"] = other = asyncio.Event()
        await one.channel.ask("busy", conversation="elsewhere")
        await api.until(lambda: api.asked["plan"] == 2)
        await one.core.services.revise(replace(job.event, prompt="a fox at night"))
        first.set()
        while await running_parts(one) and api.made_by("video") == 1:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        assert api.made_by("video") == 1
        await one.core.services.revise(job.event)
        other.set()
        await settled(one)
        assert await requests(one) == {"chat": 2, "image": 4, "video": 4, "audio": 1}


async def test_an_edit_of_a_film_waits_for_its_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is applied when a board that is just being shown is there."""
    async with studio(tmp_path, timing=replace(FAST.pipeline, cancel=0.01)) as (one, api):
        film = (await one.ask("a fox", command="film")).reply_to
        job = await one.core.store.job("channel", film)
        assert job is not None
        one.channel.holds[f"finish {film}"] = shown = asyncio.Event()
        refused, reopen = asyncio.Event(), one.core.store.reopen

        async def reopen_once_shown(event: Event, **more: Any) -> bool:
            reopened = await reopen(event, **more)
            if event.prompt == "a wolf" and not reopened:
                refused.set()
            return reopened

        monkeypatch.setattr(one.core.store, "reopen", reopen_once_shown)
        pressed = asyncio.create_task(press(one, film, "fewer"))
        await one.channel.until(lambda: one.channel.calls.count(f"finish {film}") > 1)
        revised = asyncio.create_task(one.core.services.revise(replace(job.event, prompt="a wolf")))
        await refused.wait()  # an edit that is not tried again is lost now
        shown.set()
        await asyncio.gather(revised, pressed)
        await settled(one)
        assert api.asked["plan"] == 2


async def test_a_film_that_is_deleted_as_a_part_ends(tmp_path: Path) -> None:
    """It is neither kept nor shown anew by that part."""
    async with studio(tmp_path) as (one, api):
        composites, store = one.core.worker.composites, one.core.store
        film = await make(one)
        await settled(one)
        job = await store.job("channel", film.event.id)
        assert job is not None
        cancel = partial(one.core.worker.canceller.cancel_event, "channel", by=job.event.actor)
        async with composites.films.changing("channel", job.event.id):  # as the part that ends
            kept = await composites.films.find(job.event, job.event.id)
            assert kept is not None
            removing = asyncio.create_task(composites.remove(job, cancel))
            await composites.films.states(kept, job.event)  # reads more than the removal does before it writes
            await composites.films.save(kept, job.event)
            assert await store.reopen(job.event, answer=job.answer)
            await settled(one)
        assert len({file.path for file in await removing or ()}) == len(api.made)
        assert await composites.films.find(job.event, job.event.id) is None
        left = await store.job("channel", job.event.id)
        assert left is not None
        assert left.answer is not None
        assert left.answer.is_empty
