"""The child processes that parse people's files."""

import asyncio

import psutil


def parsers(pid: int | None = None) -> list[psutil.Process]:
    """Return the child processes that parse files. `pid`: of the service; None: this process."""
    return [child for child in psutil.Process(pid).children() if "bot.isolation.child" in " ".join(child.cmdline())]


async def until_parsing(pid: int | None = None) -> psutil.Process:
    """Wait for a child process; return it."""
    while not (found := parsers(pid)):  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(0.01)
    return found[0]
