"""`python -m bot` in a process that is forked with all modules loaded: its input, its output and its exit status."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from ctypes import c_uint32
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from bot import __main__
from bot.platforms import find_platforms
from tests.support.processes import CONTEXT, LOCK

_LONGEST = 120  #: seconds that a command may take


class Command:
    """A command that runs in a folder. `text`: what is piped in; None: nothing can be read.

    `absent`: a module that is not installed; `users`: the package that imports it, loaded anew without it.
    `is_unprivileged`: without the administrator's right to read and write everything, so that permissions count.
    Not for `PYTHON…` variables other than the path.
    """

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        folder: Path,
        text: str | None = "",
        absent: str = "",
        users: str = "",
        is_unprivileged: bool = False,
    ) -> None:
        stdin, keyboard = Pipe(duplex=False)
        outputs = [Pipe(duplex=False) for _ in range(2)]
        ends = [stdin, *(written for _, written in outputs)]
        given = (arguments, ends, dict(environment), folder, text is not None, absent, users, is_unprivileged)
        self._arguments = arguments
        self._process = CONTEXT.Process(target=_run, args=given)
        with LOCK:
            self._process.start()
        for end in ends:
            end.close()
        self._threads = ThreadPoolExecutor(3)
        self._first_line: Future[str] = Future()
        reads = zip(outputs, (self._first_line, Future()), strict=True)
        self._reads = [self._threads.submit(_read_all, read, line) for (read, _), line in reads]
        self._write = self._threads.submit(_write_all, keyboard, (text or "").encode())

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, which runs."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def first_line(self) -> str:
        """Wait for the first line of the standard output; return it."""
        return self._first_line.result(_LONGEST)

    def finish(self) -> "subprocess.CompletedProcess[str]":
        """Wait for its end; return its outputs and its exit status."""
        with self._threads:
            self._write.result()
            stdout, stderr = (read.result() for read in self._reads)
        assert wait([self._process.sentinel], _LONGEST), "it does not end"
        with LOCK:
            return subprocess.CompletedProcess(self._arguments, self._process.exitcode or 0, stdout, stderr)


def bot(*arguments: str, **given: Any) -> "subprocess.CompletedProcess[str]":
    """Run a `Command` to its end."""
    return Command(*arguments, **given).finish()


def _read_all(end: Connection, first_line: "Future[str]") -> str:
    with end, os.fdopen(os.dup(end.fileno()), encoding="utf-8") as file:
        first_line.set_result(first := file.readline())
        return first + file.read()


def _write_all(end: Connection, content: bytes) -> None:
    with end, os.fdopen(os.dup(end.fileno()), "wb") as file:
        file.write(content)


def _run(
    arguments: Sequence[str],
    ends: Sequence[Connection],
    environment: Mapping[str, str],
    folder: Path,
    has_input: bool,
    absent: str,
    users: str,
    is_unprivileged: bool,
) -> None:
    if is_unprivileged and os.geteuid() == 0:
        _obey_permissions()
    if absent:
        for name in [name for name in sys.modules if f"{name}.".startswith((f"{absent}.", f"{users}."))]:
            del sys.modules[name]
        sys.modules[absent] = None  # type: ignore[assignment]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, end in enumerate(ends):
        if number or has_input:  # else it is /dev/null
            os.dup2(end.fileno(), number)
        end.close()
    sys.path[:0] = paths = list(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))
    if paths:  # where a platform may be installed
        find_platforms.cache_clear()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the life of the process
    sys.argv = ["bot", *arguments]
    sys.exit(__main__.main(arguments))


def _obey_permissions() -> None:
    """Give up the rights of Linux's administrator to read (2) and to write (1) what its permissions keep."""
    system, header, sets = ctypes.CDLL(None, use_errno=True), (c_uint32 * 2)(0x20080522), (c_uint32 * 6)()
    assert system.capget(header, sets) == 0
    sets[0] &= ~(1 << 1 | 1 << 2)
    assert system.capset(header, sets) == 0
