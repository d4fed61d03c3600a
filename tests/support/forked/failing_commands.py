"""`python -m bot` in processes that fail: on a full disk, or at a change of a file."""

import os
import re
import resource
import signal
import sys
from typing import Any

from bot.__main__ import main


def command_on_full_disk(arguments: tuple[str, ...]) -> int:
    """Run the command; a file can't have more than 40 kB: less than a database, more than its index of a log."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    return main(arguments)


def command_until(folder: str, arguments: tuple[str, ...], changes: set[str], number: int) -> int:
    """Run the command; before the n-th change of a file in the folder the process sends itself SIGKILL."""
    left = number

    def hook(event: str, given: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in changes or not str(given[0]).startswith(folder):
            return
        if event == "open" and not (isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if event == "os.rename" or not re.search(r"/backups|\.restoring", str(given[0])):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return main(arguments)
