"""The process that renders."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.files import GeneratedFiles
from sandbox.worker import TaskFailed, Worker, WorkerDied

TASKS = "tests.support.sandbox.tasks:"


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    running = Worker()
    yield running
    await running.close()


async def seen(path: Path) -> None:
    while not path.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)


async def test_results_and_progress_come_back(worker: Worker) -> None:
    """A task runs in another process and tells how far it is."""
    steps: list[float] = []
    assert await worker.run(f"{TASKS}count", steps.append) == worker.pid != os.getpid()
    assert steps == [0, 1 / 3, 2 / 3, 1]


async def test_an_exception_is_told_and_the_process_stays(worker: Worker) -> None:
    """What a task raises is the caller's; the process serves the next one."""
    with pytest.raises(TaskFailed, match="ValueError"):
        await worker.run("builtins:complex", real="no number")
    pid = worker.pid
    assert await worker.run("builtins:dict", a=1) == {"a": 1}
    assert worker.pid == pid


async def test_a_dead_process_fails_its_task_and_the_next_works(worker: Worker, tmp_path: Path) -> None:
    """A crash is one failure, not the end."""
    task = asyncio.create_task(worker.run(f"{TASKS}wait_for", path=str(tmp_path / "x"), started=str(tmp_path / "on")))
    await seen(tmp_path / "on")
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await task
    assert await worker.run("builtins:dict", a=1) == {"a": 1}


async def test_cancelling_drops_what_waits_and_kills_what_runs(worker: Worker, tmp_path: Path) -> None:
    """A cancelled task does not hold up the ones after it."""
    path, on = str(tmp_path / "never"), tmp_path / "on"
    running = asyncio.create_task(worker.run(f"{TASKS}wait_for", path=path, started=str(on)))
    await seen(on)
    waiting = asyncio.create_task(worker.run(f"{TASKS}wait_for", path=path, started=str(tmp_path / "second")))
    last = asyncio.create_task(worker.run("builtins:dict", a=1))
    await asyncio.sleep(0)
    waiting.cancel()
    running.cancel()
    assert await last == {"a": 1}
    assert not (tmp_path / "second").exists()


async def test_the_folder_of_files_is_bounded(tmp_path: Path) -> None:
    """The oldest files make room for new ones; names that leave the folder are not found."""
    files = GeneratedFiles(tmp_path / "files", max_bytes=25, max_age=3600)
    paths = [files.save("image", bytes(10), "image/png") for _ in range(2)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (time.time() - age - 1,) * 2)
    paths.append(files.save("image", bytes(10), "image/png"))
    os.utime(paths[1], (time.time() - 1,) * 2)
    paths.append(files.save("image", bytes(10), "image/png"))
    assert [path.exists() for path in paths] == [False, True, True, True]
    os.utime(paths[1], (0, 0))
    files.new("image", "image/png")
    assert not paths[1].exists()
    (tmp_path / "secret").touch()
    assert files.find("../secret") is None
    assert files.find(paths[2].name) == (paths[2], "image/png")
