"""Takes away what Windows does not have: loaded before everything else, by `-p` of pytest or as the first import.

It is no Windows: paths, locks of open files, the console and processes stay those of this system. What the
standard library has for this system is loaded before, and keeps what it uses.
"""

import asyncio
import asyncio.unix_events
import multiprocessing.popen_fork  # noqa: F401 - loaded
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from typing import Any, NoReturn

import platformdirs.unix  # noqa: F401 - loaded, as it goes by the name of the system
import psutil  # noqa: F401 - the same

MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty", "uvloop")
SIGNALS = ("SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
OF_OS = (
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "fchmod", "pread", "preadv", "pwrite", "pwritev"),
    *("fork", "forkpty", "getpgid", "getpgrp", "getsid", "killpg", "setpgid", "setsid", "mkfifo", "nice", "statvfs"),
)


def take_away() -> None:
    """Remove it for the rest of this process."""
    kill = os.kill

    def end(self: Any, number: int = 9) -> None:
        if self.poll() is None:
            kill(self.pid, number)

    def no_handlers(*_: object) -> NoReturn:
        raise NotImplementedError

    subprocess.Popen.kill = end  # type: ignore[method-assign]
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in SIGNALS:
        delattr(signal, name)
    for name in OF_OS:
        delattr(os, name)
    loop: Any = asyncio.SelectorEventLoop
    loop.add_signal_handler = loop.remove_signal_handler = no_handlers


tempfile.gettempdir()
take_away()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it has neither the locks of Windows nor of this system, but only files
    import filelock

    assert filelock.FileLock is filelock.SoftFileLock
