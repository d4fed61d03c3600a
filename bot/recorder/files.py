"""The files of recordings: appended, limited in size and age, one at a time for each process.

They are files, and no table, because nothing asks for them but a person who looks at one request. So neither engine
writes a row more for a message, no process waits for another, and what was written is there after a kill. Processes
that share a database share `BOT_DATA_DIR`, so that each sees the recordings of all.
"""

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

_SUFFIX = ".jsonl"
_PARTS = 8  # files that make up the whole size: the oldest is deleted as a whole
_HOUR = 3600.0
_DAY = 86_400.0


class RecordingFiles:
    """The files in one folder. `largest`: bytes of all together; `days`: age, at most. Methods raise `OSError`."""

    def __init__(self, folder: Path, *, largest: int, days: float) -> None:
        self.folder = folder
        self._largest = largest
        self._age = days * _DAY
        self._process = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._path = folder / f"{time.time_ns()}-{self._process}{_SUFFIX}"
        self._begun = time.time()
        self._looked = 0.0

    def append(self, lines: Sequence[bytes]) -> None:
        """Append lines at once, and delete what is too old or too much."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Opened each time: another process may have deleted the file, as the oldest of all.
        with self._path.open("ab") as file:
            file.write(b"\n".join(lines) + b"\n")
            size = file.tell()
        now = time.time()
        is_full = size > self._largest // _PARTS
        if is_full or now - self._begun > _DAY:
            self._path = self.folder / f"{time.time_ns()}-{self._process}{_SUFFIX}"
            self._begun = now
        if is_full or now - self._looked > _HOUR:
            self._looked = now
            self._delete(now)

    def lines_with(self, key: str) -> Iterator[bytes]:
        """Return the lines that contain a key, of all processes, in no order."""
        wanted = key.encode()
        for path in self._paths():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            if wanted in content:
                yield from (line for line in content.split(b"\n") if wanted in line)

    def erase(self, text: str) -> None:
        """Remove all lines of the requests of which a line contains the text."""
        found = text.encode()
        keys = {line.partition(b",")[0] for line in self.lines_with(text)}  # a line begins with its request
        for path in self._paths() if keys else ():
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if found not in line and line.partition(b",")[0] not in keys]
            if len(kept) < len(lines):
                rest = path.with_suffix(".new")
                rest.write_bytes(b"".join(kept))
                rest.replace(path)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{_SUFFIX}")) if self.folder.is_dir() else []

    def _delete(self, now: float) -> None:
        """Delete the oldest files beyond the limits."""
        total = 0
        for path in reversed(self._paths()):
            try:
                found = path.stat()
                total += found.st_size
                if total > self._largest or now - found.st_mtime > self._age:
                    path.unlink()
            except FileNotFoundError:
                continue
