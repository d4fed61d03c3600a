"""Functions that tests run in a child process; see `bot.isolation`."""

import os
import tempfile
from pathlib import Path


def write_file(data: bytes) -> tuple[str, bytes]:
    """Write a file to the folder for temporary ones."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file").write_bytes(data)
    return "written", b""


def environment(_data: bytes) -> tuple[str, bytes]:
    """Return the environment."""
    return "whole", "\n".join(f"{name}={value}" for name, value in os.environ.items()).encode()


def crash(_data: bytes) -> tuple[str, bytes]:
    """End without a result."""
    os.abort()
