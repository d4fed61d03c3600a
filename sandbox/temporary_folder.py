"""A temporary folder owned by its process; a folder left by a killed process is removed by the next one."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "channelmuse-sandbox-"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TemporaryFolder:
    """A folder locked while it is open. The kernel releases the lock when the process ends."""

    def __init__(self) -> None:
        """Make the folder, and remove folders without an owner."""
        parent = Path(tempfile.gettempdir())
        for folder in parent.glob(f"{_PREFIX}*"):
            _remove_ownerless(folder)
        lock = None
        while lock is None:  # another process that starts may take it for ownerless before it is locked
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            lock = _lock(self.folder)
        self._lock = lock

    def close(self) -> None:
        """Remove the folder. Safe to repeat."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _lock(folder: Path) -> int | None:
    """Lock the folder and return its descriptor, or None when it is locked already, gone, or another user's."""
    try:
        fd = os.open(folder, _OPEN)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_uid == os.getuid() and os.path.samestat(os.fstat(fd), folder.stat()):
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


def _remove_ownerless(folder: Path) -> None:
    fd = _lock(folder)
    if fd is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(fd)
