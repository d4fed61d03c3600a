"""The files of recordings: appended, limited in size and age, one at a time for each process.

They are files, and no table, because nothing asks for them but a person who looks at one request. So neither engine
writes a row more for a message, no process waits for another, and what was written is there after a kill. Where
processes that share a database share `BOT_DATA_DIR`, each sees the recordings of all.
"""

import os
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bot.recorder.in_flight import delete_left, write_whole

_SUFFIX = ".jsonl"
_PARTS = 8  # files that make up the whole size: the oldest is deleted as a whole
_HOUR = 3600.0
_DAY = 86_400.0
_NEW = ".new"  #: suffix of a file that is being written, to take the place of another
REMEMBERED = 365 * _DAY  #: seconds for which it is known who was erased; no process keeps a request that long
_SKEW = 60.0  #: seconds by which the clocks of processes that share the folder may differ


class RequestLine(NamedTuple):
    """A line of a request."""

    content: bytes
    person: str = ""  #: who asked, as the redactor names them; "": not known
    began: float = 0.0  #: when the request came in, in seconds since the epoch


class RecordingFiles:
    """The files in one folder. `largest`: bytes of all together; `days`: age, at most. Methods raise `OSError`."""

    def __init__(self, folder: Path, *, largest: int, days: float) -> None:
        self.folder = folder
        self._largest = largest
        self._age = days * _DAY
        self.process = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._path = folder / f"{time.time_ns()}-{self.process}{_SUFFIX}"
        self._begun = time.time()
        self._looked = 0.0
        self._erased_path = folder / "erased"
        self._erased: Mapping[str, float] = {}
        self._erased_version = (0, 0, 0)  # inode, time and size of the file

    def append(self, lines: Sequence[RequestLine]) -> None:
        """Append lines at once, but none of a person erased since, and delete what is too old or too much."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock():
            erased = self._find_erased()
            kept = [line.content for line in lines if line.began > erased.get(line.person, -1.0)]
            if kept:
                self._append(kept)

    def _append(self, lines: Sequence[bytes]) -> None:
        # Opened each time: another process may have deleted the file, as the oldest of all.
        with self._path.open("ab", buffering=0) as file:
            begin = file.tell()
            try:
                write_whole(file, b"\n".join(lines) + b"\n")
            except OSError:
                file.truncate(begin)  # what is appended later must not go on in half a line
                raise
            size = file.tell()
        now = time.time()
        is_full = size > self._largest // _PARTS
        if is_full or now - self._begun > _DAY:
            self._path = self.folder / f"{time.time_ns()}-{self.process}{_SUFFIX}"
            self._begun = now
        if is_full or now - self._looked > _HOUR:
            self._looked = now
            self._delete(now)

    def prune(self) -> None:
        """Delete what is too old or too much, also where nothing is appended any more."""
        if self.folder.is_dir():
            with self._lock():
                self._delete(time.time())

    def lines_with(self, key: str, *, since: float = 0.0) -> Iterator[bytes]:
        """Return the lines that contain a key, of all processes, in no order.

        `since`: when the key's request came in, in seconds since the epoch; a file that is older has nothing of it.
        """
        wanted = key.encode()
        for path in self._paths():
            try:
                if path.stat().st_mtime > since - _SKEW:
                    yield from _lines_of(path, wanted)
            except FileNotFoundError:
                continue

    def is_erased(self, person: str, at: float) -> bool:
        """Whether a person was erased at that time, or later."""
        return self._find_erased().get(person, -1.0) >= at

    def erase(self, person: str, at: float) -> None:
        """Remove all requests of a person, and let no process append what it has of them in memory.

        A file that can't be read or written keeps none of the others from it. `person`: as the redactor names them;
        `at`: when they asked for it, in seconds since the epoch.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted, failed = person.encode(), []
        with self._lock():
            self._remember(person, at)
            delete_left(self.folder)  # with whatever killed processes had of them
            keys = set()
            for path in self._paths():
                try:
                    keys |= {_key_of(line) for line in _lines_of(path, wanted)}
                except FileNotFoundError:
                    continue
                except OSError as exc:
                    failed.append(exc)
            for path in self._paths() if keys else ():
                try:
                    _remove(path, keys)
                except FileNotFoundError:
                    continue
                except OSError as exc:
                    failed.append(exc)
        if failed:
            raise failed[0]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Have no other process, and no other thread, write in the block."""
        from filelock import FileLock  # needed seldom

        with FileLock(self.folder / "lock", thread_local=False):
            yield

    def _remember(self, person: str, at: float) -> None:
        oldest = time.time() - REMEMBERED
        known = {one: then for one, then in self._find_erased().items() if then > oldest}
        rest = self._erased_path.with_suffix(_NEW)
        rest.write_text("".join(f"{one} {then}\n" for one, then in {**known, person: at}.items()), encoding="ascii")
        rest.replace(self._erased_path)

    def _find_erased(self) -> Mapping[str, float]:
        """Return who was erased, and when; the file is read where it has changed."""
        try:
            found = self._erased_path.stat()
        except FileNotFoundError:
            return {}
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if version != self._erased_version:
            lines = self._erased_path.read_text(encoding="ascii").splitlines()
            self._erased = {person: float(at) for person, _, at in (line.partition(" ") for line in lines)}
            self._erased_version = version
        return self._erased

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{_SUFFIX}")) if self.folder.is_dir() else []

    def _delete(self, now: float) -> None:
        """Delete the oldest files beyond the limits, and what a process that was killed has begun."""
        for path in self.folder.glob(f"*{_NEW}"):
            path.unlink(missing_ok=True)
        total = 0
        for path in reversed(self._paths()):
            try:
                found = path.stat()
                total += found.st_size
                if total > self._largest or now - found.st_mtime > self._age:
                    path.unlink()
            except FileNotFoundError:
                continue


def _lines_of(path: Path, wanted: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from (line for line in file if wanted in line)


def _key_of(line: bytes) -> bytes:
    """Return what a line begins with: its request."""
    return line.partition(b",")[0]


def _remove(path: Path, keys: Collection[bytes]) -> None:
    """Remove the lines of requests from a file, which stays as old as it is."""
    found = path.stat()
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if _key_of(line) not in keys]
    if len(kept) < len(lines):
        rest = path.with_suffix(_NEW)
        rest.write_bytes(b"".join(kept))
        os.utime(rest, ns=(found.st_atime_ns, found.st_mtime_ns))
        rest.replace(path)
