"""The lock file that keeps other processes from a database file, and the watch over what its path names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreInUse, StoreUnavailable
from bot.i18n import operator_text

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Lock files held by this process: the kernel's record locks only keep other processes out.
_held: set[Path] = set()


@contextmanager
def ownership(database: Path) -> Iterator[None]:
    """Hold the database's lock file; the kernel releases it when the process ends, however it ends.

    Raises `StoreInUse` naming the other process, `StoreUnavailable` when the file can't be made.
    """
    path = database.resolve().with_name(database.name + ".lock")
    if path in _held:
        raise StoreInUse(operator_text("database.open_here", name=database, process=os.getpid()))
    lock = _file_lock if fcntl is None else _record_lock
    with lock(path, database):
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)


class OpenFile:
    """The files of a database as they were when it was opened: those that replace them are others."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._paths = (os.fspath(database), f"{os.fspath(database)}-wal")
        self._opened = self._identify()

    def require_named(self) -> None:
        """Raise `StoreUnavailable` where the path names another file, or none: what is written would be lost."""
        if self._identify() != self._opened:
            raise StoreUnavailable(operator_text("database.replaced", name=self._database))

    def _identify(self) -> list[tuple[int, int]]:
        try:
            return [(found.st_dev, found.st_ino) for found in map(os.stat, self._paths)]
        except OSError:
            return []


@contextmanager
def _record_lock(path: Path, database: Path) -> Iterator[None]:
    """Hold a record lock, not `flock`: a child forked by this process does not inherit it, and so can't keep it."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        raise StoreUnavailable(operator_text("database.lock_file", path=path, reason=exc.strerror)) from exc
    try:
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as exc:
            owner = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            raise StoreInUse(operator_text("database.in_use", name=database, process=owner)) from exc
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


@contextmanager
def _file_lock(path: Path, database: Path) -> Iterator[None]:
    """Hold the lock of Windows, under which nobody can read whose it is."""
    from filelock import FileLock, Timeout  # needed on Windows alone

    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as exc:
        raise StoreInUse(operator_text("database.in_use", name=database, process="unknown")) from exc
    except OSError as exc:
        raise StoreUnavailable(operator_text("database.lock_file", path=path, reason=exc.strerror)) from exc
    try:
        yield
    finally:
        lock.release()
