"""Recorded entries of unfinished requests, for the process that goes on with them after this one.

One file a process: what is new is added at each tick of the recorder, and a request that has ended is taken out. It has
what is answered here, for the time after a kill, and what was received here and is answered elsewhere. It is encrypted,
as it has texts and names: to take them out of each request in turn would cost more than a tenth of answering it.
Reading takes them out.
"""

import errno
import marshal
import os
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bot.security.aes_gcm import AESGCM, InvalidTag

if TYPE_CHECKING:
    from filelock import BaseFileLock

_SUFFIX = ".running"
_NONCE, _LENGTH = 12, 4  # bytes


class InFlight:
    """The file of this process, and those of others in the folder. Methods block and raise `OSError`.

    A lock beside the file is held while its process lives, so that nobody else takes it.
    """

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self._folder = folder
        self._path = folder / f"{name}{_SUFFIX}"
        self._key = key
        self._lock = _lock_of(self._path)
        self._file: BinaryIO | None = None
        self._size = 0  # bytes of the file
        self._is_whole = True  # the file has all of `_written`
        self._written: dict[str, list[bytes]] = {}  # the parts in the file, by request

    def write(self, new: Mapping[str, bytes], unfinished: Collection[str]) -> None:
        """Add what is new of requests, by their ids, and remove those that are not among the unfinished ones."""
        ended = self._written.keys() - unfinished
        if not new and not ended and self._is_whole:
            return
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            self._file = self._path.open("wb", buffering=0)
        for request, part in new.items():
            self._written.setdefault(request, []).append(part)
        for request in ended:
            del self._written[request]
        parts = list(new.items())
        if ended or not self._is_whole:
            self._size = 0
            parts = [(request, part) for request, written in self._written.items() for part in written]
        content = self._encrypt(parts) if parts else b""
        self._is_whole = False
        self._file.seek(self._size)
        if content:
            write_whole(self._file, content)  # what a kill leaves half of can't be decrypted
        self._file.truncate()
        self._size += len(content)
        self._is_whole = True

    def find(self, request: str) -> list[bytes]:
        """Return what other processes have of a request, in parts."""
        found = []
        for path in self._others():
            try:
                found += [part for of, part in self._read(path.read_bytes()) if of == request]
            except FileNotFoundError:
                continue
        return found

    def recover(self) -> Iterator[bytes]:
        """Yield what processes that are no more have left; their files are deleted."""
        for path in self._others():
            yield from (part for _, part in self._read(_take(path)))

    def _others(self) -> list[Path]:
        return [path for path in self._folder.glob(f"*{_SUFFIX}") if path != self._path]

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key)  # imports the library, with the first request that lasts until it is written here

    def _encrypt(self, parts: list[tuple[str, bytes]]) -> bytes:
        nonce = os.urandom(_NONCE)
        content = nonce + self._cipher.encrypt(nonce, marshal.dumps(parts), None)
        return len(content).to_bytes(_LENGTH) + content

    def _read(self, content: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield the parts in a file with their requests; none that is being written, or was cut, or has another key."""
        at = 0
        while at < len(content):
            begin = at + _LENGTH
            at = begin + int.from_bytes(content[at:begin])
            try:
                plain = self._cipher.decrypt(content[begin : begin + _NONCE], content[begin + _NONCE : at], None)
            except (InvalidTag, ValueError):
                return
            yield from marshal.loads(plain)  # noqa: S302  # nosec B302 - authenticated

    def close(self) -> None:
        """Delete the file: its process ends in order."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
            _delete_lock(self._lock)


def write_whole(file: BinaryIO, content: bytes) -> None:
    """Write to a file without a buffer. Raises `OSError` where the disk takes a part alone."""
    if file.write(content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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
