"""The program of a worker process: runs tasks one after the other until its input ends.

Tasks and results travel over its standard input and output as pickled frames, each after its length.
"""

import contextlib
import importlib
import os
import pickle  # nosec B403
import struct
import sys
from typing import Any, BinaryIO

LENGTH = struct.Struct("!Q")


def _write(out: BinaryIO, kind: str, value: Any) -> None:
    frame = pickle.dumps((kind, value))
    out.write(LENGTH.pack(len(frame)) + frame)
    out.flush()


def _serve(tasks: BinaryIO, out: BinaryIO) -> None:
    """Run tasks until the input ends."""
    while len(head := tasks.read(LENGTH.size)) == LENGTH.size:
        target, kwargs, wants_progress = pickle.loads(tasks.read(LENGTH.unpack(head)[0]))  # our parent  # noqa: S301  # nosec B301
        module, _, name = target.partition(":")
        if wants_progress:
            kwargs = {**kwargs, "progress": lambda share: _write(out, "progress", share)}
        try:
            result = getattr(importlib.import_module(module), name)(**kwargs)
        except Exception as exc:  # noqa: BLE001 - whatever it is belongs to the caller
            _write(out, "failed", f"{type(exc).__name__}: {exc}")
        else:
            _write(out, "done", result)


def main() -> None:
    """Run as the worker process."""
    # Whatever a library prints must not end up between the frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(BrokenPipeError):
        _serve(sys.stdin.buffer, out)
