"""The program of a child process: limits itself, runs one function on one file, writes the result and ends.

Input: a line of JSON (`target`, `size`, `limits`, `options`), then the file's bytes; the pipe stays open until the
parent has the result, or dies. Output: the line "done WORD" and the result, or the line "failed REASON".
"""

import json
import math
import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

#: Takes a file's bytes and options; returns a word about the result, and the result.
Parser = Callable[..., tuple[str, bytes]]


class Unparsable(Exception):
    """A file can't be parsed; the text is one word, the reason."""


def main() -> None:
    """Run the task of the standard input."""
    source = sys.stdin.buffer
    task: dict[str, Any] = json.loads(source.readline())
    limit_resources(**task["limits"])
    data = source.read(task["size"])
    threading.stack_size(1 << 18)
    threading.Thread(target=_end_with_parent, args=(source,), daemon=True).start()
    # Whatever a library prints must not end up in the result.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    module, _, name = task["target"].partition(":")
    try:
        parse: Parser = getattr(import_module(module), name)
        word, result = parse(data, **task["options"])
    except Unparsable as exc:
        head, result = f"failed {exc}\n", b""
    except MemoryError:
        head, result = "failed memory\n", b""
    except Exception:  # noqa: BLE001 - parsers of damaged files raise almost anything
        head, result = "failed damaged\n", b""
    else:
        head = f"done {word}\n"
    out.write(head.encode("ascii"))
    out.write(result)
    out.flush()
    os._exit(0)  # threads of a media library must not delay the end


def limit_resources(*, seconds: float, memory: int, output: int, file_size: int) -> None:  # noqa: ARG001 - the parent's
    """Lower the priority and the limits of this process, as far as the system has them."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        import resource
    except ImportError:  # Windows
        return
    cpu = math.ceil(seconds)
    for name, low, high in (
        ("RLIMIT_CPU", cpu, cpu + 1),
        ("RLIMIT_AS", memory, memory),
        ("RLIMIT_FSIZE", file_size, file_size),
        ("RLIMIT_CORE", 0, 0),  # a dump would be a copy of somebody's file
    ):
        try:
            resource.setrlimit(getattr(resource, name), (low, high))
        except (ValueError, OSError):  # not lower than now, or not on this system
            continue
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes 10 ms
            file.write("1000")  # where memory runs out nevertheless, this process goes first
    except OSError:
        return


def _end_with_parent(source: BinaryIO) -> None:
    source.read()
    os._exit(1)
