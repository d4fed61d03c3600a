import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A process on a real pseudo-terminal, and a person before it."""

    def __init__(self, folder: Path) -> None:
        self.raw = ""
        self._fd, end = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.console.talker", str(folder)],
            stdin=end, stdout=end, stderr=end, cwd=ROOT, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(end)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def until(self, text: str) -> str:
        """Read on until the screen was told this text; returns all that was read for it."""
        deadline = time.monotonic() + 60
        start = len(self.raw)
        while text not in STYLE.sub("", self.raw[start:]):
            assert time.monotonic() < deadline, f"no {text!r} in {self.raw!r}"
            if select.select([self._fd], [], [], 1)[0]:
                self.raw += os.read(self._fd, 65536).decode(errors="replace")
        return self.raw[start:]

    def ends(self) -> int:
        """Read to the end; returns the exit status."""
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # the other side is closed
                break
            if not data:
                break
            self.raw += data.decode(errors="replace")
        return self.process.wait(timeout=60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)
        os.close(self._fd)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def test_lines_and_history(terminal: Terminal, tmp_path: Path) -> None:
    """Alt-Enter begins a new line of the same message, and the history is its owner's alone."""
    terminal.until("› ")
    terminal.type("one\x1b\rtwo\r")
    terminal.until("The end of one")
    terminal.type("\x04")
    assert terminal.ends() == 0
    history = tmp_path / "console.history"
    assert "+one\n+two\n" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
