"""Starts what would have to start on Windows: every module, signals, locks, the terminal with the sandbox, then pytest.

The arguments are pytest's.
"""

import tests.support.windows.absent  # noqa: F401, I001 - before everything else

import asyncio
import os
import pkgutil
import signal
import sys
from importlib import import_module
from pathlib import Path

import pytest

import adapters
import aimodels
import bot
import sandbox
from bot.__main__ import main
from bot.errors import StoreInUse
from bot.service import stop_signals
from bot.store.sqlite import lock


def import_everything() -> int:
    """Import every module that is not a program of its own."""
    names = [
        found.name
        for package in (adapters, aimodels, bot, sandbox)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]
    for name in names:
        import_module(name)
    return len(names)


async def stop_on_a_signal() -> None:
    """Stop as the service does, after which the signal has its usual effect again."""
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals() as stopping:
        os.kill(os.getpid(), signal.SIGTERM)
        await stopping.wait()
    assert signal.getsignal(signal.SIGTERM) == before


def lock_a_database(path: Path) -> None:
    """Keep others out, of this process and of another, and let them in afterwards."""
    with lock.ownership(path):
        held, lock._held = lock._held, set()  # as in another process
        try:
            with lock.ownership(path):
                raise AssertionError("two own the database")
        except StoreInUse:
            lock._held = held
    with lock.ownership(path):
        pass


if __name__ == "__main__":
    assert import_everything() > 300
    asyncio.run(stop_on_a_signal())
    lock_a_database(Path("locked.db"))
    status = main([])
    sys.exit(status or pytest.main(sys.argv[1:]))
