"""The pages of `make play`, which a running service can start next to itself."""

import asyncio
import importlib.util
import re
import subprocess  # nosec B404 - it runs this interpreter alone
import sys
import threading

import structlog

log = structlog.get_logger(__name__)

_PROGRAM = "simulators.play"
_STARTS = 20.0  #: seconds


class PlayPages:
    """A second service on simulated platforms, with data of its own, in a process that ends with this one."""

    def __init__(self, *, seconds: float = _STARTS) -> None:
        """`seconds`: within which the program prints its address."""
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._starting = asyncio.Lock()

    @property
    def is_installed(self) -> bool:
        """Whether the simulated platforms are there, as in a clone of the repository."""
        return importlib.util.find_spec(_PROGRAM.partition(".")[0]) is not None

    @property
    def url(self) -> str:
        """The address of the pages, on this machine; "" while they do not run."""
        return self._url if self._process is not None and self._process.poll() is None else ""

    async def start(self) -> bool:
        """Start them, if they do not run yet; False: they can't be started."""
        async with self._starting:
            if not self.url:
                self._url = await asyncio.to_thread(self._run)
            return bool(self.url)

    def stop(self) -> None:
        """End them. They also end when this process does, however that is."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._url = ""

    def _run(self) -> str:
        """Start the program; return the address that it prints, "" without one. It is then ended."""
        command = [sys.executable, "-m", _PROGRAM, "--no-browser", "--until-input-ends"]
        try:
            process = subprocess.Popen(  # noqa: S603  # nosec B603 - nothing that others wrote
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as exc:
            log.warning("the pages to try the service did not start", reason=str(exc))
            return ""
        self._process = process
        assert process.stdout is not None
        limit = threading.Timer(self._seconds, process.kill)
        limit.start()
        found = re.search(rb"http://\S+", process.stdout.readline())
        limit.cancel()
        if found is None:
            with process:  # waits for its end, and closes the pipes
                process.kill()
            log.warning("the pages to try the service did not start", reason="it printed no address")
            return ""
        return found[0].decode()
