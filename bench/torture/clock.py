"""The wall clock of the machine that the service runs on, which jumps; needs a C compiler."""

import asyncio
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """One wall clock for all processes of the service. The database, the platforms and the API have another."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "clock.so"
        self._set(0)
        compiler = shutil.which("cc")
        self.can_jump = compiler is not None
        if compiler is not None:
            subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", self._library, _SOURCE], check=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of a process that has this clock."""
        return {"LD_PRELOAD": str(self._library), "TORTURE_CLOCK": str(self._file)} if self.can_jump else {}

    async def jump(self, offset: int, seconds: float) -> None:
        """Set the clock forward or back for a while, as when somebody corrects it wrongly."""
        self._set(offset)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._set(0)

    def _set(self, offset: int) -> None:
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", offset))
