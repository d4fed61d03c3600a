"""Servers that are not ours, each in a process of its own."""

import asyncio
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "npm"


@asynccontextmanager
async def npm_server(script: str, *arguments: str) -> AsyncIterator[str]:
    """A server of a package from npm, which a script in `FOLDER` starts; yields its address."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip(f"node is not installed, or npm ci --prefix {FOLDER} was not run")
    async with serving(node, str(FOLDER / script), *arguments) as url:
        yield url


@asynccontextmanager
async def serving(*command: str) -> AsyncIterator[str]:
    """A process that prints its address and ends with its input."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()
