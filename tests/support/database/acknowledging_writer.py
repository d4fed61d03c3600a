"""A process that writes to an SQLite database with many writes in flight, and tells what was acknowledged."""

import asyncio
import os
from multiprocessing.connection import Connection
from pathlib import Path

from bot.models import Lane
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import ADAPTERS, LANES, event, outcome


def write_until_killed(path: Path, life: str, output: Connection) -> None:
    """Record and commit events; a line of the output tells each, only after the store's word."""
    asyncio.run(_write(path, life, output.fileno()))


async def _write(path: Path, life: str, output: int) -> None:
    async with SqliteStore(path) as store, asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(_ask(store, f"{life}-{number}", f"c{number}", output))
        for _ in range(20):
            tasks.create_task(_answer(store, output))


async def _ask(store: SqliteStore, prefix: str, conversation: str, output: int) -> None:
    for n in range(10**6):
        name = f"{prefix}-{n}"
        assert await store.record(event(name, conversation=conversation), lane=Lane.CONVERSATION)
        os.write(output, f"recorded {name}\n".encode())


async def _answer(store: SqliteStore, output: int) -> None:
    while True:
        job = await store.claim(LANES, ADAPTERS)
        if job is None:
            await store.wait()
            continue
        await store.save_draft(job, job.event.id)
        name = job.event.id
        if await store.commit(job, outcome(name, user=name)):
            os.write(output, f"committed {name}\n".encode())
        await store.complete(job)
