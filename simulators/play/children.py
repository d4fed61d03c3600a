"""Programs that run beside the page: the service and its AI API."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Variables of the caller's environment that a child gets: what a program needs in order to run. No setting is among
#: them, be it of a platform that is installed besides: a child must never act with real tokens.
_INHERITED = frozenset(
    (
        *("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP"),  # Windows
        *("USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    )
)
_INHERITED_PREFIXES = ("LC_", "PYTHON")
_STOPS = 10.0  #: seconds for an orderly end
#: Runs a module as `python -m` does, and ends it in order when its input ends: with this process, however that ends.
_RUN = """
import os, runpy, signal, sys, threading
def watch():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a child gets, without settings of any program."""
    return {
        key: value
        for key, value in environment.items()
        if key.upper() in _INHERITED or key.upper().startswith(_INHERITED_PREFIXES)
    }


class Child:
    """One program, over all its lives; `folder/NAME.log` is what it printed. Without this process it ends."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str], *, code: Path
    ) -> None:
        """`code`: the folder that has the packages; `folder`: where it runs."""
        self.environment = {**inherited(os.environ), "PYTHONPATH": str(code), **environment}
        self._command = command
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.log = folder / f"{name}.log"
        self.starts = 0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; return at once."""
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _RUN, *self._command),
                env=self.environment,
                cwd=self._folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    async def ended(self) -> int:
        """Wait until it ends; return its exit status."""
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        """End it without any chance to clean up: with SIGKILL, where there is one."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """End it as an operator does, or by force after ten seconds."""
        try:
            async with asyncio.timeout(_STOPS):
                if self._process is not None and self._process.returncode is None:
                    self._process.terminate()
                    await self._process.wait()
        except TimeoutError:
            await self.kill()
