"""The process is killed with many writes in flight; whatever was acknowledged is there afterwards."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import ADAPTERS, LANES, said

ROOT = Path(__file__).parents[3]
#: Tells, one line each and only after the store's word: recorded and committed events.
WRITER = """
import asyncio, os, sys
from pathlib import Path
from bot.models import Lane
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import ADAPTERS, LANES, event, outcome

def tell(*words):
    os.write(1, (" ".join(words) + chr(10)).encode())

async def ask(store, number):
    for n in range(10**6):
        name = f"{sys.argv[2]}-{number}-{n}"
        assert await store.record(event(name, conversation=f"c{number}"), lane=Lane.CONVERSATION)
        tell("recorded", name)

async def answer(store):
    while True:
        job = await store.claim(LANES, ADAPTERS)
        if job is None:
            await store.wait()
            continue
        await store.save_draft(job, job.event.id)
        name = job.event.id
        if await store.commit(job, outcome(name, user=name)):
            tell("committed", name)
        await store.complete(job)

async def main():
    async with SqliteStore(Path(sys.argv[1])) as store:
        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(ask(store, number))
            for _ in range(20):
                tasks.create_task(answer(store))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledgements", [50, 700])
async def test_a_kill_loses_nothing_acknowledged(tmp_path: Path, acknowledgements: int) -> None:
    """Recorded events are there, committed ones with answer and turns, once; the rest is to be done, in order."""
    path = tmp_path / "bot.db"
    recorded: list[str] = []
    committed: set[str] = set()
    for life in ("a", "b"):  # the second goes on with what the first left behind
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs here
            [sys.executable, "-c", WRITER, str(path), life],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(acknowledgements)]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.read().splitlines(keepends=True)
        for line in lines:
            assert line.endswith(b"\n"), "the writer ended by itself"
            what, name = line.decode().split()
            recorded.append(name) if what == "recorded" else committed.add(name)
    async with SqliteStore(path) as store:
        with closing(sqlite3.connect(path)) as db:
            stored = dict(db.execute("SELECT id, json_extract(answer, '$.text') FROM events"))
        assert set(recorded) <= set(stored)
        assert all(stored[name] == name for name in committed)
        unfinished = []
        while job := await store.claim(LANES, ADAPTERS):
            unfinished.append(job.event.id)
            assert job.answer is not None or job.event.id not in committed
            await store.complete(job)
        for number in range(20):
            turns = await said(store, f"c{number}", limit=10**6)
            assert turns[::2] == turns[1::2]
            assert len(set(turns)) * 2 == len(turns), json.dumps(turns)
            mine = [name for name in recorded if name.split("-")[1] == str(number)]
            assert [name for name in turns[::2] if name in mine] == [name for name in mine if name in turns]
            left = [name for name in unfinished if name.split("-")[1] == str(number)]
            assert left == sorted(left, key=lambda name: (name[0], int(name.split("-")[2])))
            assert set(mine) <= set(turns) | set(left)
