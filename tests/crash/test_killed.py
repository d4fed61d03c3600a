"""The process is killed at every step of an event; a restart yields exactly one visible answer."""

import asyncio
import contextlib
import json
import signal
import sqlite3
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.channel.adapter import Channel, channel_server
from tests.support.killed_service import serve
from tests.support.media_files import PNG
from tests.support.processes import Process, process
from tests.support.scripted_api import events, piece, scripted_api, silence
from tests.support.service import EchoApi

STEPS = (
    "store.record:before",
    "store.record:after",
    "store.claim_some:before",
    "store.claim_some:after",
    "adapter.draft:before",
    "adapter.draft:after",
    "store.save_draft:before",
    "store.save_draft:after",
    "store.commit:before",
    "store.commit:after",
    "draft.finish:before",
    "draft.finish:after",
    "store.complete:before",
    "store.complete:after",
)


def service(
    channel: Channel, api: tuple[str, str], folder: Path, seam: str = ""
) -> contextlib.AbstractAsyncContextManager[Process]:
    """Run the service in a process of its own; `api`: address and key of the API."""
    environment = {
        "AIMODELS_BASE_URL": api[0],
        "AIMODELS_API_KEY": api[1],
        "AIMODELS_STREAMING": "true",
        "BOT_DATA_DIR": str(folder),
    }
    return process(serve, channel.url, seam, environment=environment, folder=folder)


async def kill_and_restart(
    channel: Channel, api: tuple[str, str], folder: Path, seam: str, event: str, dead: asyncio.Event
) -> None:
    """Kill the process at the seam, restart it, and wait for the answer and for another one."""
    async with service(channel, api, folder, seam) as doomed:
        assert await doomed.wait() == -signal.SIGKILL, f"the process did not die at {seam}"
    dead.set()
    async with service(channel, api, folder) as restarted:
        await channel.wait_for_answers(event)
        after = await channel.ask("what is 6 * 7?", conversation="elsewhere")
        await channel.wait_for_answers(after)
    assert restarted.returncode == 0


def stored_roles(folder: Path, event: str) -> list[str]:
    """Return the roles of the stored turns of an event."""
    with contextlib.closing(sqlite3.connect(folder / "bot.db")) as database:
        turns = [json.loads(data) for (data,) in database.execute("SELECT data FROM turns ORDER BY seq")]
    return [turn["role"] for turn in turns if turn["event"] == event]


@pytest.mark.parametrize("seam", [*STEPS, "draft.status:after", "draft.write:after"])
async def test_a_killed_process_leaves_one_answer_to_a_question(tmp_path: Path, seam: str) -> None:
    """At any moment of death one whole answer is visible and its turns are stored once."""
    dead = asyncio.Event()
    whole = events(piece("Hello "), piece("Ada", finish="stop"))
    # A process that is to die while it waits or writes is not hurried by an answer.
    before = {"draft.status:after": silence, "draft.write:after": events(piece("Hello "), wait=dead)}.get(seam, whole)
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):

        async def step(request: web.Request) -> web.StreamResponse:
            return await (whole if dead.is_set() else before)(request)

        api.play(step)
        event = await channel.ask("my name is Ada")
        await kill_and_restart(channel, (api.url, "key"), tmp_path, seam, event, dead)
    [answer] = channel.answers(event)
    assert (answer.text, answer.final, answer.private) == ("Hello Ada", True, False)
    assert stored_roles(tmp_path, event) == ["user", "assistant"]


def drafts(folder: Path) -> list[tuple[str | None, int]]:
    """Return references and tries of the events in the database."""
    with contextlib.closing(sqlite3.connect(folder / "bot.db")) as database:
        return database.execute("SELECT ref, attempts FROM events WHERE event IS NOT NULL").fetchall()


@pytest.mark.parametrize(
    ("seam", "command"),
    [("draft.status:before", "chat"), ("draft.write:before", "chat"), ("draft.finish:before", "unknown")],
)
async def test_a_draft_is_stored_before_it_is_shown(tmp_path: Path, seam: str, command: str) -> None:
    """Reference and try are stored before anything is shown."""
    dead = asyncio.Event()
    slow = silence if seam == "draft.status:before" else events(piece("Hello "), wait=dead)
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):
        api.play(slow)
        await channel.ask("my name is Ada", command=command)
        async with service(channel, (api.url, "key"), tmp_path, seam) as doomed:
            assert await doomed.wait() == -signal.SIGKILL
        dead.set()
        [(ref, attempts)] = drafts(tmp_path)
        assert (ref is not None, attempts) == (True, 1)


async def test_a_question_that_kills_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A try counts while it runs: after the last one the person gets an error message."""
    monkeypatch.setenv("BOT_MAX_ATTEMPTS", "3")
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):
        api.play(silence)
        event = await channel.ask("hello?")
        for attempt in (1, 2, 3):
            async with service(channel, (api.url, "key"), tmp_path) as doomed:
                await channel.until(lambda: event in channel.acknowledged)
                while [tries for _, tries in drafts(tmp_path)] != [attempt]:  # noqa: ASYNC110 - only the file tells
                    await asyncio.sleep(0.02)
                doomed.send_signal(signal.SIGKILL)
                await doomed.wait()
        async with service(channel, (api.url, "key"), tmp_path):
            await channel.wait_for_answers(event)
    [answer] = channel.answers(event)
    assert (answer.final, answer.private) == (True, True)


@pytest.mark.parametrize("seam", [*STEPS, "draft.status:after"])
async def test_a_killed_process_leaves_one_image(tmp_path: Path, seam: str) -> None:
    """At any moment of death one answer with its whole file is visible and its turns are stored once."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):
        dead = asyncio.Event()
        echo = EchoApi(api.url, files={"a.png": PNG + bytes(20_000)})
        if seam == "draft.status:after":  # there is a status where a picture takes its time
            echo.holds["fox"] = dead
        api.play(echo)
        event = await channel.ask("a red fox in snow", command="image", options={"size": "512x512"})
        await kill_and_restart(channel, (api.url, "key"), tmp_path, seam, event, dead)
    [answer] = channel.answers(event)
    assert (answer.final, answer.private) == (True, False)
    assert [file["bytes"] == file["size"] > 10_000 for file in answer.files] == [True]
    assert stored_roles(tmp_path, event) == ["user", "assistant"]
