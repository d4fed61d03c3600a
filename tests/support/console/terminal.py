"""A process on a real pseudo-terminal."""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from bot import __main__
from tests.support.console import talker
from tests.support.processes import CONTEXT, LOCK

STYLE = r"(?:\x1b\[[0-9;?]*[A-Za-z])*"
READY = "\x1b[?2004h"  # bracketed paste is switched on: the prompt takes keys
WHERE = b"\x1b[6n"  # where is the cursor? A terminal answers, else nothing is drawn below the prompt
PATIENCE = 60.0  # seconds until a test that waits in vain fails


class Terminal:
    """A process on a real pseudo-terminal, and a person before it."""

    def __init__(self, folder: Path, *command: str, stderr: Path | None = None) -> None:
        """`command`: the arguments of the service; none: it is the talker. `stderr`: redirected to this file."""
        self.raw = ""
        self._at = 0  # how far it has been looked at
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._fd, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        with Connection(end) as other_side:
            self.process = CONTEXT.Process(target=_sit_down, args=(other_side, stderr, environment, folder, command))
            with LOCK:
                self.process.start()

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def until(self, text: str) -> str:
        """Wait until the screen is told this text, after the last one waited for; returns all up to it."""
        pattern = re.compile(re.escape(text) if text == READY else STYLE.join(map(re.escape, text)))
        deadline = time.monotonic() + PATIENCE
        while (match := pattern.search(self.raw, self._at)) is None:
            assert time.monotonic() < deadline, f"no {text!r} after {self.raw[self._at :][-2000:]!r}"
            assert self._read(), f"it ended without {text!r} after {self.raw[self._at :][-2000:]!r}"
        seen = self.raw[self._at : match.end()]
        self._at = match.end()
        return re.sub(STYLE, "", seen)

    def ends(self) -> int:
        """Read to the end; returns the exit status."""
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, f"it does not end after {self.raw[self._at :][-2000:]!r}"
        return self._status()

    def leaves(self) -> int:
        """Press Ctrl-D and read to the end; returns the exit status."""
        self.type("\x04")
        return self.ends()

    def close(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self._status()
        os.close(self._fd)

    def _status(self) -> int:
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, "it does not end"
        return self.process.exitcode

    def _read(self) -> bool:
        """Read what is there within a second; False at the end."""
        if select.select([self._fd], [], [], 1)[0]:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # the other side is closed
                return False
            self.raw += self._decoder.decode(data)
            os.write(self._fd, b"\x1b[1;1R" * data.count(WHERE))
            return bool(data)
        return True


def _sit_down(
    terminal: Connection, stderr: Path | None, environment: Mapping[str, str], folder: Path, command: Sequence[str]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.login_tty(os.dup(terminal.fileno()))  # the terminal's Ctrl-C reaches this process
    terminal.close()
    if stderr:
        os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT), 2)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
    sys.exit(__main__.main(command) if command else talker.main(folder))
