"""Processes of the service, forked with all modules imported so that they start fast; killed and paused by tests."""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Literal

import aiohttp
import psutil

from bot import __main__
from bot.service import run
from bot.settings.core import load_settings
from bot.timing import ServiceTiming

#: Forks processes from one that has loaded all modules.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.forked.preload"])
#: Held while a process is started or its status is read: starting one reads the statuses of all.
LOCK = threading.Lock()
#: Where there is none, such as on macOS, `megabytes` can't be used.
HAS_PROC = Path("/proc/self/status").is_file()


class Process:
    """A process that runs `target(*given)` with an environment in `folder`; its output is appended to `folder/log`."""

    def __init__(
        self, target: Callable[..., int | None], *given: object, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._process = CONTEXT.Process(target=_run, args=(target, given, {**os.environ, **environment}, folder))

    def start(self) -> None:
        """Start the process."""
        with LOCK:
            self._process.start()
        self._gone: asyncio.Future[Any] = asyncio.ensure_future(asyncio.to_thread(wait, [self._process.sentinel]))

    @property
    def pid(self) -> int | None:
        """Id of the process; None: it was not started."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; negative: the signal that ended the process; None: it is running."""
        if not self._gone.done():
            return None
        with LOCK:
            return self._process.exitcode

    def poll(self) -> int | None:
        """Return `returncode`."""
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal if the process is running."""
        if self._process.pid is not None and not self._gone.done():
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def wait(self) -> int | None:
        """Wait for the end of the process; return its exit status."""
        await asyncio.shield(self._gone)
        return self.returncode


@asynccontextmanager
async def process(
    target: Callable[..., int | None], *given: object, environment: Mapping[str, str], folder: Path
) -> AsyncIterator[Process]:
    """Run a `Process` until the end of the block."""
    one = Process(target, *given, environment=environment, folder=folder)
    one.start()
    try:
        yield one
    finally:
        one.send_signal(signal.SIGTERM)
        one.send_signal(signal.SIGCONT)
        async with asyncio.timeout(200):
            await one.wait()


def megabytes(one: Process, figure: Literal["VmRSS", "VmHWM"]) -> float:
    """Return a figure of a process's memory: VmRSS, which it has, or VmHWM, the most that it has had."""
    status = Path(f"/proc/{one.pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{figure}:")[2].split()[0]) / 1000


def service(timing: ServiceTiming | None = None) -> int:
    """Run the service as `python -m bot run` does, with other times if `timing` is given."""
    if timing is None:
        return __main__.main(["run"])
    asyncio.run(run(load_settings(), timing=timing))
    return 0


def program(*arguments: str) -> int:
    """Run the service's command line."""
    return __main__.main(arguments)


#: "connected": the request has a connection, and nothing is written; "writing": right before it is written.
Moment = Literal["connected", "writing"]


def pausing_service(
    moment: Moment, method: str, path: str, is_unnoticed: bool = False, timing: ServiceTiming | None = None
) -> int:
    """Run the service; it stops at the first request of that method whose path contains `path`.

    `is_unnoticed`: its clock stops with it, as if the pause were too short to tell.
    """
    is_due = True
    clock = time.time

    def stop(request: Any) -> None:
        nonlocal is_due
        if is_due and request.method == method and path in request.url.path:
            is_due = False
            stopped_at = clock()
            signal.raise_signal(signal.SIGSTOP)  # in this thread: sent to the process, it might come a little later
            if is_unnoticed:
                pause = clock() - stopped_at
                time.time = lambda: clock() - pause

    connect, send = aiohttp.TCPConnector.connect, aiohttp.ClientRequest.send

    async def connect_and_stop(connector: Any, request: Any, *given: Any, **more: Any) -> Any:
        connection = await connect(connector, request, *given, **more)
        if moment == "connected":
            stop(request)
        return connection

    async def stop_and_send(request: Any, connection: Any) -> Any:
        if moment == "writing":
            stop(request)
        return await send(request, connection)

    aiohttp.TCPConnector.connect = connect_and_stop  # type: ignore[assignment,method-assign]
    aiohttp.ClientRequest.send = stop_and_send  # type: ignore[assignment,method-assign]
    return service(timing)


async def wait_until_stopped(process: Process) -> None:
    """Return once the process has stopped itself."""
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(0.02)


def _run(
    target: Callable[..., int | None], given: tuple[object, ...], environment: dict[str, str], folder: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with (folder / "log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.exit(target(*given))
