"""The spool's interface to the place where files are kept: a folder, or an object store."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file where it is kept."""

    size: int  #: bytes
    read: Callable[[int, int], AsyncIterator[bytes]]  #: from a position up to another
    path: Path | None = None  #: on this machine's disk; None: it is elsewhere
    etag: str = ""  #: changes with the content; "": the path is enough


class MediaStore(Protocol):
    """Files by the paths of `Media.path`. Methods raise `MediaUnavailable` where what keeps them can't be reached."""

    #: Where files are made, and where copies are that a platform sends.
    folder: Path

    def name_of(self, path: Path) -> str:
        """Return the name of a file in every process, `DAY/FILE`: a path below `folder`. Raises `MediaError`."""

    async def keep(self, path: Path) -> None:
        """Keep a file that is complete. From then on every process has it."""

    async def find(self, path: Path) -> KeptFile | None:
        """Return a file, None where it is gone or was never in this store."""

    async def copy(self, path: Path) -> Path:
        """Return the path on this machine's disk. There is no file at it where the file is gone."""

    async def release(self, path: Path) -> None:
        """Note that the copy on this machine's disk is not needed any more."""

    async def remove(self, paths: Sequence[Path]) -> None:
        """Delete files with their smaller versions; missing files are ignored."""

    async def reach(self) -> None:
        """Return when files can be read, and where they are made here also written, by one cheap request at most."""

    async def sweep(self, before: datetime | None, *, abandoned: datetime, active: Collection[Path]) -> None:
        """Delete files older than `before` (None: none), temporary ones older than `abandoned`, and empty folders.

        `active`: temporary files that this process writes.
        """
