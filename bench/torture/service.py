"""Processes of the service: started as an operator starts them, killed, paused, and short of disk or descriptors."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import psutil

_ROOT = Path(__file__).parents[2]
_READY = b'"event": "ready"'  #: in the log of a process that has started
_STARTS = 5  #: tries to start a process, which may find its database away
_SPARE = 3  #: descriptors that a process may still open when it is short of them


class ServiceProcess:
    """One process, over all its lives; `folder/log` is what it printed.

    `connected` waits until it is reachable, once it is ready. `receives`: whether the platforms send it anything.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        before_start: Callable[[], None],
        connected: Callable[[], Awaitable[None]],
        receives: bool,
    ) -> None:
        self.receives = receives
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(_ROOT), **environment}
        self._before_start = before_start
        self._connected = connected
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.log = folder / "log"
        self.unexpected_ends = 0  #: times it was found dead though nobody had killed it

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """Start it; return once it is connected to its platforms. Raises `TimeoutError`."""
        for _ in range(_STARTS):
            if self._child is not None and self._child.returncode not in (None, -signal.SIGKILL, 0):
                self.unexpected_ends += 1
            self._before_start()
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                env=self._environment,
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            ready = asyncio.Event()
            self._reading = asyncio.create_task(self._read(ready))
            connected = asyncio.ensure_future(self._reach(ready))
            await asyncio.wait({connected, self._reading}, return_when=asyncio.FIRST_COMPLETED)
            if connected.done():
                return connected.result()
            connected.cancel()
            await self._child.wait()
        raise TimeoutError("the service does not start")

    async def _reach(self, ready: asyncio.Event) -> None:
        await ready.wait()
        await self._connected()

    async def _read(self, ready: asyncio.Event) -> None:
        """Copy the output to the log; a pipe, so that a full disk of the service is not one of its logs."""
        assert self._child is not None
        assert self._child.stdout is not None
        last = b""
        with self.log.open("ab") as log:
            while piece := await self._child.stdout.read(1 << 16):
                log.write(piece)
                last = last[-len(_READY) :] + piece
                if _READY in last:
                    ready.set()

    async def kill(self) -> None:
        """End it without any chance to clean up."""
        await self._end(signal.SIGKILL, 30)

    async def stop(self, seconds: float) -> bool:
        """End it as an operator does; False if it had to be killed after that time."""
        try:
            await self._end(signal.SIGTERM, seconds)
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def _end(self, number: signal.Signals, seconds: float) -> None:
        if self._child is not None and self._child.returncode is None:
            self._child.send_signal(number)
            async with asyncio.timeout(seconds):
                await self._child.wait()
        if self._reading is not None:
            await self._reading

    async def pause(self, seconds: float) -> None:
        """Stop it for a while, as when a virtual machine is paused."""
        if self._child is None or not self.is_alive:
            return
        self._child.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.is_alive:
                self._child.send_signal(signal.SIGCONT)

    async def limit(self, kind: int, value: int, seconds: float) -> None:
        """Lower one of its resource limits for a while."""
        if self._child is None or not self.is_alive:
            return
        pid = self._child.pid
        usual = resource.prlimit(pid, kind)
        resource.prlimit(pid, kind, (value, usual[1]))
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.is_alive and self._child.pid == pid:
                resource.prlimit(pid, kind, usual)

    async def fill_disk(self, seconds: float) -> None:
        """Let every write to a file fail that makes it longer than 4 kB."""
        await self.limit(resource.RLIMIT_FSIZE, 4096, seconds)

    async def exhaust_descriptors(self, seconds: float) -> None:
        """Leave it only a few more descriptors than it has open."""
        if self._child is not None and self.is_alive:
            used = psutil.Process(self._child.pid).num_fds()
            await self.limit(resource.RLIMIT_NOFILE, used + _SPARE, seconds)
