"""Runs one function on one foreign file in a child process with limits; `child.py` is the program of that process.

Each file gets a process of its own: a parser that a prepared file takes over sees no other file, no environment of the
service and no key. Its result is read as bytes and never unpickled.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from mmap import mmap
from pathlib import Path

_PIECE = 1 << 18  # bytes per write to the process
_LONGEST_WORD = 100  # bytes of the first line of a result
_BOOT = "import sys; sys.path[:0] = sys.argv[1:]; from bot.isolation.child import main; main()"
_ROOT = str(Path(__file__).parents[2])
#: Variables that a process may need to find its libraries; all others, secrets among them, are withheld.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one child process."""

    seconds: float  #: of time, and of CPU time
    memory: int  #: bytes of address space; not enforced on Windows
    output: int = 0  #: bytes of the result
    file_size: int = 0  #: bytes of each file that it writes


class ParsingFailed(Exception):
    """A file could not be parsed.

    `reason` is "slow", "memory" or "output" (a limit was reached), "crashed", or a word of the function's own.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def run_isolated(
    target: str, data: bytes | bytearray | mmap, limits: Limits, options: Mapping[str, str | float]
) -> tuple[str, bytes]:
    """Run `target` ("module:function") on `data` in a process of low priority; return its word and its result.

    The process ends when this call is cancelled, and when this process dies. Raises `ParsingFailed`.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, _ROOT, *(path for path in sys.path if path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            # Each thread's arena reserves address space, which counts.
            "MALLOC_ARENA_MAX": "2",
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        },
        start_new_session=True,  # Ctrl-C in the terminal is for the service, which ends this process itself
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(limits.seconds):
            task = {"target": target, "size": len(data), "limits": asdict(limits), "options": dict(options)}
            await _send(process.stdin, json.dumps(task).encode() + b"\n", data)
            output = await _read(process.stdout, _LONGEST_WORD + limits.output)
            status = await process.wait()
    except TimeoutError as exc:
        raise ParsingFailed("slow") from exc
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        process.stdin.close()
        await asyncio.shield(process.wait())
    word, found, result = output.partition(b"\n")
    if status != 0 or not found:
        raise ParsingFailed(_reason(status))
    state, _, word = word.partition(b" ")
    if state != b"done":
        raise ParsingFailed(word.decode("ascii", "replace"))
    return word.decode("ascii", "replace"), result


async def _send(stdin: asyncio.StreamWriter, head: bytes, data: bytes | bytearray | mmap) -> None:
    """Send the task; the pipe stays open, as its end tells the process that its parent has died."""
    with suppress(ConnectionError):  # it has ended: its status says why
        stdin.write(head)
        for start in range(0, len(data), _PIECE):
            stdin.write(data[start : start + _PIECE])
            await stdin.drain()
        await stdin.drain()


async def _read(stdout: asyncio.StreamReader, limit: int) -> bytes:
    found = bytearray()
    while piece := await stdout.read(_PIECE):
        found += piece
        if len(found) > limit:
            raise ParsingFailed("output")
    return bytes(found)


def _reason(status: int) -> str:
    if hasattr(signal, "SIGXCPU") and status == -signal.SIGXCPU:
        return "slow"
    if hasattr(signal, "SIGKILL") and status == -signal.SIGKILL:
        return "memory"  # by the system, which chose it first
    return "crashed"
