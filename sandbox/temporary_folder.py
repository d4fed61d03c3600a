"""A temporary folder owned by its process; a folder left by a killed process is removed by the next one."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "channelmuse-sandbox-"


class TemporaryFolder:
    """A folder locked while it is open. The kernel releases the lock when the process ends."""

    def __init__(self) -> None:
        """Make the folder, and remove folders without an owner."""
        parent = Path(tempfile.gettempdir())
        for folder in parent.glob(f"{_PREFIX}*"):
            if folder.suffix != _LOCK and (unlock := _lock(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                unlock()
        unlock = None
        while unlock is None:  # another process that starts may take it for ownerless before it is locked
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            unlock = _lock(self.folder)
        self._unlock: Callable[[], None] | None = unlock

    def close(self) -> None:
        """Remove the folder. Safe to repeat."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._unlock is not None:
            self._unlock()
            self._unlock = None


_LOCK = ".lock"


def _lock(folder: Path) -> Callable[[], None] | None:
    """Lock the folder; return what unlocks it, or None when it is locked already, gone, or another user's."""
    if fcntl is None:
        return _lock_beside(folder)
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_uid == os.getuid() and os.path.samestat(os.fstat(fd), folder.stat()):
            return lambda: os.close(fd)
    except OSError:
        pass
    os.close(fd)
    return None


def _lock_beside(folder: Path) -> Callable[[], None] | None:
    """Lock a file beside the folder: Windows has no locks of folders, and each user's own folder of temporary files."""
    from filelock import FileLock, Timeout  # needed on Windows alone

    path = folder.with_suffix(_LOCK)
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):
        return None
    if not folder.is_dir():
        lock.release()
        return None

    def unlock() -> None:
        lock.release()
        path.unlink(missing_ok=True)

    return unlock
