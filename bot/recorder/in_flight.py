"""What this process has of requests that are not at their end: for the one that goes on with them.

One small file a process, written once a second where something has changed. It has what is answered here, for the time
after a kill, and what was received here and is answered elsewhere. It is encrypted, as it has texts and names: to take
them out of each request in turn would cost more than a tenth of answering it. Who reads it takes them out.
"""

import marshal
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bot.security.aes_gcm import AESGCM, InvalidTag

if TYPE_CHECKING:
    from filelock import BaseFileLock

_SUFFIX = ".running"
_NONCE = 12  # bytes


class InFlight:
    """The file of this process, and those of others in the folder. Methods block and raise `OSError`.

    A lock beside the file is held while its process lives, so that nobody else takes it.
    """

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self._folder = folder
        self._path = folder / f"{name}{_SUFFIX}"
        self._cipher = AESGCM(key)
        self._lock = _lock_of(self._path)
        self._file: BinaryIO | None = None
        self._written: Mapping[str, bytes] = {}

    def write(self, requests: Mapping[str, bytes]) -> None:
        """Replace the content of the file: requests by id."""
        if requests == self._written:
            return
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            self._file = self._path.open("wb", buffering=0)
        nonce = os.urandom(_NONCE)
        content = nonce + self._cipher.encrypt(nonce, marshal.dumps(dict(requests)), None) if requests else b""
        self._file.seek(0)
        self._file.write(content)  # a file of which a kill leaves a half can't be decrypted
        self._file.truncate()
        self._written = requests

    def find(self, request: str) -> bytes | None:
        """Return what another process has of a request; None: nothing."""
        for path in self._others():
            try:
                found = self._read(path.read_bytes()).get(request)
            except FileNotFoundError:
                continue
            if found is not None:
                return found
        return None

    def recover(self) -> Iterator[bytes]:
        """Yield what processes that are no more have left; their files are deleted."""
        for path in self._others():
            yield from self._read(_take(path)).values()

    def _others(self) -> list[Path]:
        return [path for path in self._folder.glob(f"*{_SUFFIX}") if path != self._path]

    def _read(self, content: bytes) -> dict[str, bytes]:
        """Return the requests in a file; none of one that is just being written, or was cut, or has another key."""
        try:
            plain = self._cipher.decrypt(content[:_NONCE], content[_NONCE:], None) if content else b""
        except (InvalidTag, ValueError):
            return {}
        found: dict[str, bytes] = marshal.loads(plain) if plain else {}  # noqa: S302  # nosec B302 - authenticated
        return found

    def close(self) -> None:
        """Delete the file: its process ends in order."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
            _delete_lock(self._lock)


def _lock_of(path: Path) -> "BaseFileLock":
    from filelock import FileLock  # needed seldom

    return FileLock(path.with_suffix(".lock"), thread_local=False)


def _delete_lock(lock: "BaseFileLock") -> None:
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


def _take(path: Path) -> bytes:
    """Return and delete what a process has left; nothing while it lives."""
    lock = _lock_of(path)
    try:
        lock.acquire(blocking=False)
    except TimeoutError:
        return b""
    try:
        content = path.read_bytes()
        path.unlink()
    except FileNotFoundError:  # another process has taken it
        return b""
    finally:
        _delete_lock(lock)
    return content


def delete_left(folder: Path) -> None:
    """Delete what processes that are no more have left."""
    for path in folder.glob(f"*{_SUFFIX}"):
        _take(path)
