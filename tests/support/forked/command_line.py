"""`python -m bot` in a process that is forked with all modules loaded: its input, its output and its exit status."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from bot import __main__
from bot.platforms import find_platforms
from tests.support.processes import CONTEXT, LOCK

_LONGEST = 120  #: seconds that a command may take


def bot(
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path,
    text: str | None = "",
    absent: str = "",
    users: str = "",
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder to its end. `text`: what is piped in; None: nothing can be read.

    `absent`: a module that is not installed; `users`: the package that imports it, loaded anew without it.
    Not for `PYTHON…` variables other than the path.
    """
    stdin, keyboard = Pipe(duplex=False)
    outputs = [Pipe(duplex=False) for _ in range(2)]
    ends = [stdin, *(written for _, written in outputs)]
    given = (arguments, ends, dict(environment), folder, text is not None, absent, users)
    process = CONTEXT.Process(target=_run, args=given)
    with LOCK:
        process.start()
    for end in ends:
        end.close()
    with ThreadPoolExecutor(3) as threads:
        reads = [threads.submit(_read_all, read) for read, _ in outputs]
        threads.submit(_write_all, keyboard, (text or "").encode()).result()
        stdout, stderr = (read.result() for read in reads)
    assert wait([process.sentinel], _LONGEST), "it does not end"
    with LOCK:
        return subprocess.CompletedProcess(arguments, process.exitcode or 0, stdout, stderr)


def _read_all(end: Connection) -> str:
    with end, os.fdopen(os.dup(end.fileno()), encoding="utf-8") as file:
        return file.read()


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
) -> None:
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
