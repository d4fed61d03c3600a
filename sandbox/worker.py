"""A worker process that runs one task at a time, so that a render never blocks the event loop.

The process starts with the first task and stays; `worker_process.py` is its program. When it dies, its task fails and
the next task gets a new process.
"""

import asyncio
import contextlib
import os
import pickle  # nosec B403
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.worker_process import LENGTH

_BOOT = "from sandbox.worker_process import main; main()"
_ROOT = str(Path(__file__).parents[1])


class WorkerDied(Exception):
    """The process ended before the task did."""


class TaskFailed(Exception):
    """The task raised an exception, whose text this has."""


class Worker:
    """Runs functions, named as `module:function`, one after the other."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Id of the process; None: there is none."""
        return self._process.pid if self._process else None

    async def run(self, target: str, /, progress: Callable[[float], None] | None = None, **kwargs: Any) -> Any:
        """Run `target(**kwargs)` in the process, with `progress=` when one is given, and return its result.

        Cancelling drops a waiting task and kills a running one. Raises `TaskFailed` or `WorkerDied`.
        """
        async with self._turn:
            try:
                process = await self._start()
                return await self._exchange(process, (target, kwargs, progress is not None), progress)
            except (OSError, EOFError) as exc:
                await self._kill()
                raise WorkerDied("the worker process died") from exc
            except (asyncio.CancelledError, WorkerDied):
                await self._kill()
                raise

    async def close(self) -> None:
        """Kill the process. No task runs afterwards."""
        self._closed = True
        await self._kill()

    async def _start(self) -> asyncio.subprocess.Process:
        if self._closed:
            raise WorkerDied("the sandbox is being closed")
        if self._process is None or self._process.returncode is not None:
            await self._kill()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-S", "-c", _BOOT),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (_ROOT, *sys.path)))},
                start_new_session=True,  # Ctrl-C in the terminal is for the service, which ends this process itself
            )
        return self._process

    async def _exchange(
        self, process: asyncio.subprocess.Process, task: tuple[str, Mapping[str, Any], bool], progress: Any
    ) -> Any:
        assert process.stdin
        assert process.stdout
        frame = pickle.dumps(task)
        process.stdin.write(LENGTH.pack(len(frame)) + frame)
        await process.stdin.drain()
        while True:
            size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
            kind, value = pickle.loads(await process.stdout.readexactly(size))  # our own process  # noqa: S301  # nosec B301
            if kind == "progress":
                progress(value)
            elif kind == "failed":
                raise TaskFailed(value)
            else:
                return value

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        assert process.stdin
        process.stdin.close()
        await asyncio.shield(process.wait())
