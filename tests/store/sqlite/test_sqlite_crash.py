"""The process is killed with many writes in flight; whatever was acknowledged is there afterwards."""

import json
import os
import sqlite3
from contextlib import closing
from multiprocessing import Pipe
from pathlib import Path

import pytest

from bot.store.sqlite.store import SqliteStore
from tests.support.database.acknowledging_writer import write_until_killed
from tests.support.database.store import ADAPTERS, LANES, said
from tests.support.processes import CONTEXT, LOCK


@pytest.mark.parametrize("acknowledgements", [50, 700])
async def test_a_kill_loses_nothing_acknowledged(tmp_path: Path, acknowledgements: int) -> None:
    """Recorded events are there, committed ones with answer and turns, once; the rest is to be done, in order."""
    path = tmp_path / "bot.db"
    recorded: list[str] = []
    committed: set[str] = set()
    for life in ("a", "b"):  # the second goes on with what the first left behind
        output, end = Pipe(duplex=False)
        process = CONTEXT.Process(target=write_until_killed, args=(path, life, end))
        with LOCK:
            process.start()
        end.close()
        with output, os.fdopen(os.dup(output.fileno()), "rb") as told:
            lines = [told.readline() for _ in range(acknowledgements)]
            process.kill()
            lines += told.readlines()
        process.join()
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
